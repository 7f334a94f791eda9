//! Counts that one thread adds to at next to no cost.
//!
//! Atomic additions are a good part of what a delivery costs, and nearly always it is the
//! same thread that makes them. So the first one that counts has a word of its own that no
//! other writes, which a load and a store are enough for. This is *biased* counting, as in
//! J. Choi, T. Shull, J. Torrellas, "Biased Reference Counting", PACT 2018.

use std::cell::Cell;
use std::sync::atomic::{
    AtomicU64,
    Ordering::{Acquire, Relaxed, Release, SeqCst},
};

/// What the next thread is called. 0 is nobody.
static NEXT: AtomicU64 = AtomicU64::new(1);

thread_local! {
    /// This thread's number, once it has been asked for.
    static ME: Cell<u64> = const { Cell::new(0) };
}

/// The thread that asks, by a number that no other thread ever has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ThisThread(u64);

impl ThisThread {
    #[inline]
    pub(crate) fn get() -> Self {
        match ME.get() {
            0 => Self::new(),
            me => Self(me),
        }
    }

    #[cold]
    fn new() -> Self {
        let me = NEXT.fetch_add(1, Relaxed);
        ME.set(me);
        Self(me)
    }

    /// Threads that begin to count one after the other have numbers in a row.
    #[inline]
    pub(crate) fn number(self) -> u64 {
        self.0
    }
}

/// The one thread whose word it is.
#[derive(Debug, Default)]
pub(crate) struct Owner(AtomicU64);

impl Owner {
    /// None, ever.
    pub(crate) fn nobody() -> Self {
        Self(AtomicU64::new(u64::MAX))
    }

    /// Whether it is this thread, which it becomes if it is none yet.
    #[inline]
    pub(crate) fn is(&self, me: ThisThread) -> bool {
        let owner = self.0.load(Relaxed);
        owner == me.0 || (owner == 0 && self.becomes(me))
    }

    #[cold]
    fn becomes(&self, me: ThisThread) -> bool {
        self.0.compare_exchange(0, me.0, Relaxed, Relaxed).is_ok()
    }
}

/// A count that never falls.
#[derive(Debug, Default)]
pub(crate) struct Biased {
    /// Written by the owner alone.
    owned: AtomicU64,
    shared: AtomicU64,
}

impl Biased {
    /// Adds so many. `is_owner` says that this is the one thread that ever says so.
    #[inline]
    pub(crate) fn add(&self, count: u64, is_owner: bool) {
        if is_owner {
            self.owned.store(self.owned.load(Relaxed) + count, Release);
        } else {
            self.shared.fetch_add(count, SeqCst);
        }
    }

    #[inline]
    pub(crate) fn get(&self) -> u64 {
        self.owned.load(Acquire) + self.shared.load(Acquire)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn one_thread_owns_and_all_count() {
        let (owner, count) = (Owner::default(), Biased::default());
        let owners = thread::scope(|scope| {
            let add = || {
                let is_here = || owner.is(ThisThread::get());
                let is_owner = is_here();
                for _ in 0..10_000 {
                    assert_eq!(is_here(), is_owner);
                    count.add(1, is_here());
                }
                is_owner
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(add)).collect();
            let owns = threads.into_iter().map(|thread| thread.join().unwrap());
            owns.filter(|owns| *owns).count()
        });
        assert_eq!((owners, count.get()), (1, 40_000));
    }

    #[test]
    fn what_is_nobodys_stays_so() {
        let owner = Owner::nobody();
        assert!(!owner.is(ThisThread::get()) && !owner.is(ThisThread::get()));
    }
}
