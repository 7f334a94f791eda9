//! Counts that one thread adds to at next to no cost.
//!
//! Atomic additions are a good part of what a delivery costs, and nearly always it is the
//! same thread that makes them. So the first one that counts has a word of its own that no
//! other writes, which a load and a store are enough for. This is *biased* counting, as in
//! J. Choi, T. Shull, J. Torrellas, "Biased Reference Counting", PACT 2018.

use std::cell::Cell;
use std::sync::atomic::{
    AtomicU64,
    Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst},
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

/// Beside the owner's number: it is sent away.
const AWAY: u64 = 1 << 63;
/// No thread's number.
const NOBODY: u64 = AWAY - 1;

impl Owner {
    /// None, ever.
    pub(crate) fn nobody() -> Self {
        Self(AtomicU64::new(NOBODY))
    }

    /// Sends it away, or calls it back: until then it is no thread. Returns whether it was
    /// away.
    pub(crate) fn set_away(&self, is_away: bool) -> bool {
        let before = match is_away {
            true => self.0.fetch_or(AWAY, AcqRel),
            false => self.0.fetch_and(!AWAY, AcqRel),
        };
        before & AWAY != 0
    }

    /// Whether it is sent away.
    pub(crate) fn is_away(&self) -> bool {
        self.0.load(Acquire) & AWAY != 0
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
        assert!(!owner.is_away());
    }

    #[test]
    fn who_is_sent_away_owns_it_again_when_called_back() {
        let me = ThisThread::get();
        let other = thread::spawn(ThisThread::get).join().unwrap();
        let owner = Owner::default();
        assert!(!owner.set_away(true) && owner.set_away(true) && owner.is_away());
        assert!(!owner.is(me) && !owner.is(other));
        assert!(owner.set_away(false) && !owner.set_away(false) && !owner.is_away());
        assert!(owner.is(me) && !owner.is(other));
        owner.set_away(true);
        assert!(!owner.is(me) && !owner.is(other));
        owner.set_away(false);
        assert!(!owner.is(other) && owner.is(me));
    }
}
