use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, TryAcquireError};

use crate::shield::shielded;

/// How many emissions may wait for a gear.
///
/// One that waits holds a place, which it gives back when it starts to run or is
/// dropped. Exact under any number of threads.
#[derive(Debug)]
pub(super) struct Room {
    capacity: usize,
    places: Places,
}

#[derive(Debug)]
enum Places {
    Counted(AtomicUsize),
    /// With a line of those that wait for one: first come, first served, and one
    /// that goes away passes its turn on.
    Awaited {
        free: Semaphore,
        patience: Duration,
    },
}

/// The gear hands over: ask the next one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HandsOver;

impl Room {
    pub(super) fn new(capacity: usize, patience: Option<Duration>) -> Self {
        let places = match patience {
            None => Places::Counted(AtomicUsize::new(0)),
            Some(patience) => Places::Awaited {
                free: Semaphore::new(capacity.min(Semaphore::MAX_PERMITS)),
                patience,
            },
        };
        Self { capacity, places }
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// How long the waiting calls wait for a place, if they do.
    pub(super) fn patience(&self) -> Option<Duration> {
        match self.places {
            Places::Counted(_) => None,
            Places::Awaited { patience, .. } => Some(patience),
        }
    }

    /// Takes a place, if there is one and nobody waits for it.
    #[inline]
    pub(super) fn try_enter(&self) -> bool {
        match &self.places {
            Places::Counted(taken) => {
                let entered = |n| (n < self.capacity).then_some(n + 1);
                taken
                    .fetch_update(Ordering::Acquire, Ordering::Relaxed, entered)
                    .is_ok()
            }
            Places::Awaited { free, .. } => match free.try_acquire() {
                Ok(place) => {
                    place.forget();
                    true
                }
                // The gear hands over: what it had let in by then goes in.
                Err(error) => error == TryAcquireError::Closed,
            },
        }
    }

    /// Waits for a place and takes it. Dropped while it waits, it takes none.
    pub(super) async fn enter(&self) -> Result<(), HandsOver> {
        match &self.places {
            Places::Counted(_) => Err(HandsOver),
            Places::Awaited { free, .. } => match free.acquire().await {
                Ok(place) => {
                    place.forget();
                    Ok(())
                }
                Err(_) => Err(HandsOver),
            },
        }
    }

    /// Gives a place back.
    #[inline]
    pub(super) fn leave(&self) {
        match &self.places {
            Places::Counted(taken) => {
                taken.fetch_sub(1, Ordering::Release);
            }
            // It wakes one that waits, by a waker of the user's.
            Places::Awaited { free, .. } => shielded(|| free.add_permits(1)),
        }
    }

    /// Sends away those that wait.
    pub(super) fn close(&self) {
        let Places::Awaited { free, .. } = &self.places else {
            return;
        };
        // A waker that panics leaves those behind it to the next time.
        let mut all_woken = false;
        while !all_woken {
            shielded(|| {
                free.close();
                all_woken = true;
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn a_room_takes_its_capacity_and_not_one_more() {
        for patience in [None, Some(Duration::from_secs(1))] {
            let room = Room::new(2, patience);
            assert!(room.try_enter() && room.try_enter() && !room.try_enter());
            room.leave();
            assert!(room.try_enter() && !room.try_enter());
        }
    }

    #[test]
    fn those_that_wait_are_served_in_their_order_and_nobody_overtakes_them() {
        let room = Room::new(1, Some(Duration::from_secs(1)));
        assert!(room.try_enter());
        let mut first = Box::pin(room.enter());
        let mut second = Box::pin(room.enter());
        let mut third = Box::pin(room.enter());
        for waiting in [&mut first, &mut second, &mut third] {
            assert_eq!(waiting.now_or_never(), None);
        }
        room.leave();
        assert!(!room.try_enter(), "it is the first one's");
        // Woken, and gone: its turn is the next one's.
        drop(first);
        assert_eq!(third.as_mut().now_or_never(), None);
        assert_eq!(second.now_or_never(), Some(Ok(())));
        room.close();
        assert_eq!(third.now_or_never(), Some(Err(HandsOver)));
    }
}
