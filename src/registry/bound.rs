use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many may be somewhere at a time.
#[derive(Debug)]
pub(crate) struct Bound {
    capacity: usize,
    in_flight: AtomicUsize,
}

impl Bound {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            in_flight: AtomicUsize::new(0),
        }
    }

    /// Takes room for one. Never takes more than there is, and never
    /// refuses while there is some, however many try at once.
    pub(crate) fn try_enter(&self) -> bool {
        let entered = |n| (n < self.capacity).then_some(n + 1);
        self.in_flight
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, entered)
            .is_ok()
    }

    /// Takes room for so many, or for as many as there is room for. Returns for how many.
    pub(crate) fn try_enter_many(&self, count: usize) -> usize {
        let mut taken = 0;
        let entered = |n: usize| {
            taken = count.min(self.capacity.saturating_sub(n));
            (taken > 0).then_some(n + taken)
        };
        let entered = self
            .in_flight
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, entered);
        if entered.is_ok() { taken } else { 0 }
    }

    /// How many are taken.
    pub(super) fn taken(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Whether there is room for one.
    pub(crate) fn has_room(&self) -> bool {
        self.in_flight.load(Ordering::Acquire) < self.capacity
    }

    /// Gives the room of one back.
    pub(crate) fn leave(&self) {
        self.in_flight.fetch_sub(1, Ordering::Release);
    }
}

/// A place within a bound, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Permit(Arc<Bound>);

impl Permit {
    pub(crate) fn try_take(bound: &Arc<Bound>) -> Option<Self> {
        bound.try_enter().then(|| Self(bound.clone()))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_takes_its_capacity_and_not_one_more() {
        let bound = Bound::new(2);
        assert!(bound.try_enter() && bound.try_enter());
        assert!(!bound.try_enter());
        bound.leave();
        assert!(bound.try_enter());
        assert!(!bound.try_enter());
    }

    #[test]
    fn several_come_in_at_once_as_far_as_there_is_room() {
        let bound = Bound::new(3);
        assert_eq!(bound.try_enter_many(2), 2);
        assert_eq!(bound.try_enter_many(2), 1);
        assert_eq!(bound.try_enter_many(2), 0);
        bound.leave();
        assert_eq!((bound.taken(), bound.try_enter_many(1)), (2, 1));
    }

    #[test]
    fn a_bound_is_exact_under_threads() {
        let bound = Bound::new(100);
        let entered = std::thread::scope(|scope| {
            let enter = || (0..1_000).filter(|_| bound.try_enter()).count();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(enter)).collect();
            threads
                .into_iter()
                .map(|t| t.join().unwrap())
                .sum::<usize>()
        });
        assert_eq!(entered, 100);
    }
}
