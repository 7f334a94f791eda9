use std::hint;
use std::sync::atomic::{
    AtomicBool, AtomicU8,
    Ordering::{Acquire, Relaxed, Release, SeqCst},
};
use std::thread;

use crate::biased::{Owner, ThisThread};

use super::{heavy, is_asymmetric, light};

/// How often a thread looks before it lets another one run.
const SPINS: u32 = 64;

/// A word that one thread changes by plain reads and writes, until a second one wants to.
///
/// From then on all do so by atomic operations: the second thread forbids the first its plain
/// ones, and waits until it has ended the one that it is at, which is a few instructions long.
/// This is *lock reservation*, as in K. Kawachiya, A. Koseki, T. Onodera, OOPSLA 2002, with the
/// fence of the reserving thread on the side of the one that takes the reservation away.
#[derive(Debug)]
pub(crate) struct Bias {
    owner: Owner,
    /// The owner is at a plain operation.
    is_busy: AtomicBool,
    state: AtomicU8,
}

const RESERVED: u8 = 0;
/// The owner begins nothing plain any more.
const CANCELLED: u8 = 1;
/// And has ended what it had begun.
const SHARED: u8 = 2;

impl Default for Bias {
    fn default() -> Self {
        let (owner, state) = match is_asymmetric() {
            true => (Owner::default(), RESERVED),
            false => (Owner::nobody(), SHARED),
        };
        Self {
            owner,
            is_busy: AtomicBool::new(false),
            state: AtomicU8::new(state),
        }
    }
}

impl Bias {
    /// Runs `plain`, if this is the one thread that ever does and none runs `atomic`; or else
    /// `atomic`. Neither may panic, or come back here.
    #[inline(always)]
    pub(crate) fn run<R>(
        &self,
        me: ThisThread,
        plain: impl FnOnce() -> R,
        atomic: impl FnOnce() -> R,
    ) -> R {
        let state = self.state.load(Acquire);
        if state == RESERVED && self.owner.is(me) {
            self.is_busy.store(true, Relaxed);
            light();
            let is_still_reserved = self.state.load(Acquire) == RESERVED;
            let result = is_still_reserved.then(plain);
            self.is_busy.store(false, Release);
            if let Some(result) = result {
                return result;
            }
        } else if state != SHARED && !self.owner.is(me) {
            self.share();
        }
        atomic()
    }

    /// Takes it from its owner.
    #[cold]
    fn share(&self) {
        self.state.store(CANCELLED, SeqCst);
        heavy();
        let mut spins = 0;
        while self.is_busy.load(Acquire) {
            match spins {
                SPINS.. => thread::yield_now(),
                _ => hint::spin_loop(),
            }
            spins += 1;
        }
        self.state.store(SHARED, Release);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;
    use std::sync::{Barrier, Mutex};

    use super::*;

    /// Nothing is lost and nothing is given twice, whenever the second thread comes.
    #[test]
    fn numbers_are_unique_while_it_changes_hands() {
        for head_start in 0..200 {
            let (bias, next) = (Bias::default(), AtomicU64::new(0));
            let take = |me| {
                let plain = || {
                    let number = next.load(Relaxed);
                    next.store(number + 1, Relaxed);
                    number
                };
                bias.run(me, plain, || next.fetch_add(1, Relaxed))
            };
            let (taken, begin) = (Mutex::new(Vec::new()), Barrier::new(3));
            thread::scope(|scope| {
                for thread in 0..3 {
                    let (take, taken, begin) = (&take, &taken, &begin);
                    scope.spawn(move || {
                        let me = ThisThread::get();
                        let mut mine = Vec::with_capacity(1_000);
                        begin.wait();
                        // The others come a little later in each round.
                        (0..thread * head_start).for_each(|_| hint::spin_loop());
                        for _ in 0..500 {
                            mine.push(take(me));
                        }
                        assert!(mine.is_sorted());
                        taken.lock().unwrap().extend(mine);
                    });
                }
            });
            let mut taken = taken.into_inner().unwrap();
            taken.sort_unstable();
            assert!(taken.into_iter().eq(0..1_500));
        }
    }
}
