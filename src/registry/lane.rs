use std::sync::atomic::{AtomicUsize, Ordering};

/// The bound on a subscription's deliveries in flight.
///
/// actix's mailboxes have none that holds: `do_send` ignores the capacity, and a
/// fresh clone of an address starts with a free slot. So a delivery enters its
/// lane before it is sent, and leaves it when it is dropped.
#[derive(Debug)]
pub(crate) struct Lane {
    capacity: usize,
    in_flight: AtomicUsize,
}

impl Lane {
    /// For handlers that never wait in a queue: a sync callback runs where its
    /// emission runs, so the emitter's bound is its bound.
    pub(crate) const UNBOUNDED: usize = usize::MAX;

    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            in_flight: AtomicUsize::new(0),
        }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Takes room for one delivery. Never takes more than there is, and never
    /// refuses while there is some, however many try at once.
    pub(crate) fn try_enter(&self) -> bool {
        if self.capacity == Self::UNBOUNDED {
            return true;
        }
        let entered = |n| (n < self.capacity).then_some(n + 1);
        self.in_flight
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, entered)
            .is_ok()
    }

    /// Gives the room of one delivery back.
    pub(crate) fn leave(&self) {
        if self.capacity != Self::UNBOUNDED {
            self.in_flight.fetch_sub(1, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_takes_its_capacity_and_not_one_more() {
        let lane = Lane::new(2);
        assert!(lane.try_enter() && lane.try_enter());
        assert!(!lane.try_enter());
        lane.leave();
        assert!(lane.try_enter());
        assert!(!lane.try_enter());
    }

    #[test]
    fn a_lane_is_exact_under_threads() {
        let lane = Lane::new(100);
        let entered = std::thread::scope(|scope| {
            let enter = || (0..1_000).filter(|_| lane.try_enter()).count();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(enter)).collect();
            threads
                .into_iter()
                .map(|t| t.join().unwrap())
                .sum::<usize>()
        });
        assert_eq!(entered, 100);
    }
}
