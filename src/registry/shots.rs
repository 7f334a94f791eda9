use std::sync::atomic::{AtomicUsize, Ordering};

/// The shots of a subscription that fires a limited number of times, whatever selector
/// it is hit through.
///
/// An emission claims a shot when it is accepted and spends it when it is run.
/// Between the two nobody else gets it; if the emission is dropped without being
/// run, the shot is free again. So none is fired twice, and none is lost to an
/// emitter that stopped.
#[derive(Debug)]
pub(crate) struct Shots {
    free: AtomicUsize,
    unspent: AtomicUsize,
    total: usize,
}

impl Shots {
    pub(crate) fn new(total: usize) -> Self {
        Self {
            free: AtomicUsize::new(total),
            unspent: AtomicUsize::new(total),
            total,
        }
    }

    /// How often it fires at most.
    pub(crate) fn total(&self) -> usize {
        self.total
    }

    pub(super) fn is_any_free(&self) -> bool {
        self.free.load(Ordering::Acquire) > 0
    }

    pub(super) fn try_claim(&self) -> bool {
        let fewer = |free: usize| free.checked_sub(1);
        self.free
            .fetch_update(Ordering::AcqRel, Ordering::Relaxed, fewer)
            .is_ok()
    }

    /// How many have not been spent.
    pub(super) fn unspent(&self) -> usize {
        self.unspent.load(Ordering::Acquire)
    }

    /// Spends one that was claimed. Returns whether it was the last.
    pub(super) fn spend(&self) -> bool {
        self.unspent.fetch_sub(1, Ordering::AcqRel) == 1
    }

    pub(super) fn give_back(&self) {
        self.free.fetch_add(1, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Threads that walk over the same shots run into one another: whoever is
    /// behind skips what is taken and catches up.
    #[test]
    fn a_shot_is_claimed_by_one_of_many_threads() {
        let shots: Vec<Shots> = (0..1_000_000).map(|_| Shots::new(1)).collect();
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
        let shots = Shots::new(2);
        assert!(shots.try_claim() && shots.try_claim() && !shots.try_claim());
        shots.give_back();
        assert!(shots.is_any_free() && shots.try_claim());
        assert!(!shots.spend() && !shots.is_any_free());
        assert!(shots.spend(), "the last one");
    }
}
