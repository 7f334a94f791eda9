use std::time::Duration;

use actix::clock::Instant;

/// Thirty years: as good as never, and what tokio's `sleep` takes for it.
pub(crate) const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 3_600);

/// The time that lies `by` after `from`, or [`FAR`] after it, if that is less: so it is
/// one that the clock reaches.
pub(crate) fn later(from: Instant, by: Duration) -> Instant {
    from + by.min(FAR)
}
