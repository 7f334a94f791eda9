use std::sync::atomic::{AtomicU8, Ordering};

/// The one shot of a subscription that fires once, whatever selector it is hit
/// through.
///
/// An emission claims the shot when it is accepted and spends it when it is run.
/// Between the two nobody else gets it; if the emission is dropped without being
/// run, the shot is free again. So it is never fired twice, and never lost to an
/// emitter that stopped.
#[derive(Debug, Default)]
pub(crate) struct Once(AtomicU8);

const FREE: u8 = 0;
const CLAIMED: u8 = 1;
const SPENT: u8 = 2;

impl Once {
    pub(crate) fn is_free(&self) -> bool {
        self.0.load(Ordering::Acquire) == FREE
    }

    pub(crate) fn try_claim(&self) -> bool {
        self.0
            .compare_exchange(FREE, CLAIMED, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    }

    pub(crate) fn spend(&self) {
        self.0.store(SPENT, Ordering::Release);
    }

    pub(crate) fn give_back(&self) {
        self.0.store(FREE, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Threads that walk over the same shots run into one another: whoever is
    /// behind skips what is taken and catches up.
    #[test]
    fn a_shot_is_claimed_by_one_of_many_threads() {
        let shots: Vec<Once> = (0..1_000_000).map(|_| Once::default()).collect();
        let claimed = std::thread::scope(|scope| {
            let claim = || shots.iter().filter(|shot| shot.try_claim()).count();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(claim)).collect();
            threads
                .into_iter()
                .map(|t| t.join().unwrap())
                .sum::<usize>()
        });
        assert_eq!(claimed, shots.len());
    }

    #[test]
    fn a_shot_that_is_given_back_is_free_and_one_that_is_spent_is_not() {
        let once = Once::default();
        assert!(once.is_free() && once.try_claim());
        assert!(!once.is_free() && !once.try_claim());
        once.give_back();
        assert!(once.is_free() && once.try_claim());
        once.spend();
        assert!(!once.is_free() && !once.try_claim());
    }
}
