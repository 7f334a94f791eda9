use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{
    AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};
use std::thread::{self, ThreadId};

thread_local! {
    /// This thread's, once it has been asked for: to ask costs more than to count.
    static ME: Cell<Option<ThreadId>> = const { Cell::new(None) };
}

/// The thread that a subscription's deliveries end on, as a rule.
///
/// Atomic additions are a good part of what a delivery costs, and nearly always it is the
/// same thread that makes them. So the first one that counts has a word of its own that no
/// other writes, which a load and a store are enough for. This is *biased* counting, as in
/// J. Choi, T. Shull, J. Torrellas, "Biased Reference Counting", PACT 2018.
#[derive(Debug, Default)]
pub(super) struct Owner(OnceLock<ThreadId>);

impl Owner {
    /// Whether it is this thread, which it becomes if it is none yet.
    #[inline]
    pub(super) fn is(&self, me: ThisThread) -> bool {
        *self.0.get_or_init(|| me.0) == me.0
    }
}

/// The thread that asks.
#[derive(Clone, Copy)]
pub(super) struct ThisThread(ThreadId);

impl ThisThread {
    #[inline]
    pub(super) fn get() -> Self {
        Self(ME.get().unwrap_or_else(Self::ask))
    }

    #[cold]
    fn ask() -> ThreadId {
        let me = thread::current().id();
        ME.set(Some(me));
        me
    }
}

/// A count that never falls, and that one thread adds to at next to no cost.
#[derive(Debug, Default)]
pub(super) struct Biased {
    /// Written by the owner alone.
    owned: AtomicU64,
    shared: AtomicU64,
}

impl Biased {
    /// Adds one. `is_owner` says that this is the one thread that ever says so.
    #[inline]
    pub(super) fn add(&self, is_owner: bool) {
        self.add_many(1, is_owner);
    }

    /// Adds several.
    #[inline]
    pub(super) fn add_many(&self, count: u64, is_owner: bool) {
        if is_owner {
            self.owned.store(self.owned.load(Relaxed) + count, Release);
        } else {
            self.shared.fetch_add(count, Release);
        }
    }

    /// What all but the owner write, for one that has more to say about it.
    #[inline]
    pub(super) fn shared(&self) -> &AtomicU64 {
        &self.shared
    }

    #[inline]
    pub(super) fn get(&self) -> u64 {
        self.owned.load(Acquire) + self.shared.load(Acquire)
    }
}

#[cfg(test)]
mod tests {
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
                    count.add(is_here());
                }
                is_owner
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(add)).collect();
            let owns = threads.into_iter().map(|thread| thread.join().unwrap());
            owns.filter(|owns| *owns).count()
        });
        assert_eq!((owners, count.get()), (1, 40_000));
    }
}
