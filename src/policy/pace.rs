use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix::clock::Instant;

use crate::later::later;

use super::throttle::Throttle;

/// The allowance of a throttled subscription: whether it is time for another delivery.
///
/// The generic cell rate algorithm, in its virtual scheduling form (ITU-T I.371, annex
/// A): what is kept is the time at which the next delivery would come, did they all come
/// evenly. One that comes earlier than that by more than the tolerance, `burst - 1`
/// intervals, is too early. So any time `w` sees `ceil(w / interval) + burst - 1`
/// deliveries at most, in whatever order threads read the clock.
///
/// (The crate `governor` has the same, but reads its clock by itself, and cannot be
/// told the time at which the decisions before this one were taken.)
#[derive(Debug)]
pub(crate) struct Pace {
    /// What the nanoseconds below are counted from.
    start: Instant,
    interval: u64,
    tolerance: u64,
    /// When the next one would come.
    next: AtomicU64,
}

impl Pace {
    /// The pace of what begins now, with its whole burst allowed.
    pub(crate) fn new(throttle: &Throttle, now: Instant) -> Self {
        Self {
            start: now,
            interval: throttle.interval(),
            tolerance: throttle.interval().saturating_mul(throttle.spare()),
            next: AtomicU64::new(0),
        }
    }

    /// Says what [`try_take`](Self::try_take) would, and takes nothing.
    pub(crate) fn peek(&self, now: Instant) -> Result<(), Instant> {
        let early = self.next.load(Ordering::Relaxed);
        let early = early.saturating_sub(self.tolerance);
        if early <= self.since_start(now) {
            return Ok(());
        }
        Err(later(self.start, Duration::from_nanos(early)))
    }

    fn since_start(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.start).as_nanos();
        u64::try_from(since).unwrap_or(u64::MAX)
    }

    /// Takes one delivery's allowance, or says when there will be one.
    pub(crate) fn try_take(&self, now: Instant) -> Result<(), Instant> {
        let now = self.since_start(now);
        // It guards nothing but itself.
        let taken = self
            .next
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |next| {
                let in_time = next.saturating_sub(self.tolerance) <= now;
                in_time.then(|| next.max(now).saturating_add(self.interval))
            });
        match taken {
            Ok(_) => Ok(()),
            Err(next) => {
                let wait = Duration::from_nanos(next.saturating_sub(self.tolerance));
                Err(later(self.start, wait))
            }
        }
    }
}
