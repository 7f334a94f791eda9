use std::time::{Duration, SystemTime};

use actix::clock::Instant;
use jiff::Timestamp;

/// The time as an envelope has it; those that no calendar knows are left out.
pub(super) fn timestamp(time: SystemTime) -> Option<Timestamp> {
    Timestamp::try_from(time).ok()
}

/// How long it is until then; none, if that has passed.
pub(super) fn until(time: SystemTime) -> Option<Duration> {
    let left = time.duration_since(SystemTime::now()).ok()?;
    (!left.is_zero()).then_some(left)
}

/// Whether it has passed.
pub(super) fn has_passed(time: Timestamp) -> bool {
    until(SystemTime::from(time)).is_none()
}

/// The instant that a deadline on the wire is here: now, if it has passed.
pub(super) fn instant_of(time: Timestamp) -> Instant {
    let now = Instant::now();
    let left = until(SystemTime::from(time)).unwrap_or_default();
    now.checked_add(left).unwrap_or(now)
}

/// The wall-clock time of an instant, as far as both clocks agree.
pub(super) fn wall_clock(deadline: Instant) -> Option<Timestamp> {
    let left = deadline.saturating_duration_since(Instant::now());
    timestamp(SystemTime::now().checked_add(left)?)
}
