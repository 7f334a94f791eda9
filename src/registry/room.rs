use std::time::Duration;

use tokio::sync::{Semaphore, TryAcquireError};

use crate::shield::shielded;

use super::bound::Bound;
use super::overflow::Overflow;

/// A bound that may be waited for: on the deliveries in flight of a subscription, or
/// on the emissions that wait for an emitter. Exact under any number of threads.
#[derive(Debug)]
pub(crate) struct Room {
    capacity: usize,
    places: Places,
}

#[derive(Debug)]
enum Places {
    Counted(Bound),
    /// With a line of those that wait for one: first come, first served, and one
    /// that goes away passes its turn on.
    Awaited {
        free: Semaphore,
        patience: Duration,
    },
}

/// There is nothing to wait for: the room is closed, or is none to wait for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Closed;

impl Room {
    /// How many are in it.
    pub(crate) fn occupied(&self) -> usize {
        match &self.places {
            Places::Counted(bound) => bound.taken(),
            Places::Awaited { free, .. } => {
                let capacity = self.capacity.min(Semaphore::MAX_PERMITS);
                capacity.saturating_sub(free.available_permits())
            }
        }
    }

    /// One to wait for, if the policy says so.
    pub(crate) fn new(capacity: usize, overflow: Overflow) -> Self {
        let places = match overflow {
            Overflow::Wait(patience) => Places::Awaited {
                free: Semaphore::new(capacity.min(Semaphore::MAX_PERMITS)),
                patience,
            },
            _ => Places::Counted(Bound::new(capacity)),
        };
        Self { capacity, places }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// How long the waiting calls wait for a place, if they do.
    pub(crate) fn patience(&self) -> Option<Duration> {
        match self.places {
            Places::Counted(_) => None,
            Places::Awaited { patience, .. } => Some(patience),
        }
    }

    /// Takes a place, if there is one and nobody waits for it.
    #[inline]
    pub(crate) fn try_enter(&self) -> bool {
        match &self.places {
            Places::Counted(bound) => bound.try_enter(),
            Places::Awaited { free, .. } => match free.try_acquire() {
                Ok(place) => {
                    place.forget();
                    true
                }
                // An emitter's gear hands over: what it had let in by then goes in.
                Err(error) => error == TryAcquireError::Closed,
            },
        }
    }

    /// Takes up to so many places, where nobody waits for one. Returns how many.
    pub(crate) fn try_enter_many(&self, count: usize) -> usize {
        match &self.places {
            Places::Counted(bound) => bound.try_enter_many(count),
            Places::Awaited { .. } => 0,
        }
    }

    /// Whether [`try_enter`](Self::try_enter) would find a place.
    pub(crate) fn has_place(&self) -> bool {
        match &self.places {
            Places::Counted(bound) => bound.has_room(),
            Places::Awaited { free, .. } => free.is_closed() || free.available_permits() > 0,
        }
    }

    /// Waits for a place and takes it. Dropped while it waits, it takes none.
    pub(crate) async fn enter(&self) -> Result<(), Closed> {
        match &self.places {
            Places::Counted(_) => Err(Closed),
            Places::Awaited { free, .. } => match free.acquire().await {
                Ok(place) => {
                    place.forget();
                    Ok(())
                }
                Err(_) => Err(Closed),
            },
        }
    }

    /// Gives a place back.
    #[inline]
    pub(crate) fn leave(&self) {
        match &self.places {
            Places::Counted(bound) => bound.leave(),
            // It wakes one that waits, by a waker of the user's.
            Places::Awaited { free, .. } => shielded(|| free.add_permits(1)),
        }
    }

    /// Sends away those that wait.
    pub(crate) fn close(&self) {
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
        for overflow in [Overflow::Refuse, Overflow::Wait(Duration::from_secs(1))] {
            let room = Room::new(2, overflow);
            assert!(room.try_enter() && room.try_enter() && !room.try_enter());
            room.leave();
            assert!(room.try_enter() && !room.try_enter());
        }
    }

    #[test]
    fn those_that_wait_are_served_in_their_order_and_nobody_overtakes_them() {
        let room = Room::new(1, Overflow::Wait(Duration::from_secs(1)));
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
        assert_eq!(third.now_or_never(), Some(Err(Closed)));
    }
}
