use std::time::Duration;

use actix::clock::Instant;

use crate::later::later;

use super::error::SettingError;

/// How many quiet times a burst may last by default.
const PATIENCE: u32 = 10;

/// Delivers the last of a burst: once nothing came for a while.
///
/// Each emission takes the place of the one that waits, which is skipped as
/// [`Reason::Debounced`](crate::Reason::Debounced). A burst that does not end is
/// interrupted: after [`max_wait`](Self::max_wait), counted from its first emission, the
/// last one so far is delivered. By default that is 10 quiet times.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ventix::Debounce;
///
/// // Indexes a document half a second after the last change, and every 5 seconds
/// // while the changes do not cease.
/// let index = Debounce::quiet(Duration::from_millis(500));
/// assert_eq!(index, index.max_wait(Duration::from_secs(5)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "it is an option of a subscription"]
pub struct Debounce {
    quiet: Duration,
    max_wait: Duration,
}

impl Debounce {
    /// Waits until nothing came for that long. Nothing at all is no setting: the
    /// subscription is refused then.
    ///
    /// # Examples
    ///
    /// See [`Debounce`].
    pub const fn quiet(quiet: Duration) -> Self {
        Self {
            quiet,
            max_wait: quiet.saturating_mul(PATIENCE),
        }
    }

    /// Sets how long the first emission of a burst keeps the last one waiting at most.
    /// By default 10 quiet times; [`Duration::MAX`] waits for the quiet time, though it
    /// never come.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::Debounce;
    /// let however_long = Debounce::quiet(Duration::from_secs(1)).max_wait(Duration::MAX);
    /// # assert_ne!(however_long, Debounce::quiet(Duration::from_secs(1)));
    /// ```
    pub const fn max_wait(mut self, max_wait: Duration) -> Self {
        self.max_wait = max_wait;
        self
    }

    /// Whether it can be followed.
    pub(crate) fn check(&self) -> Result<(), SettingError> {
        let Self { quiet, max_wait } = *self;
        if quiet.is_zero() {
            return Err(SettingError::DebounceQuiet);
        }
        if max_wait < quiet {
            return Err(SettingError::DebounceMaxWait { quiet, max_wait });
        }
        Ok(())
    }

    /// When a burst is delivered whose first and latest emission came at these times.
    pub(crate) fn due(&self, first: Instant, latest: Instant) -> Instant {
        later(latest, self.quiet).min(later(first, self.max_wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_last_of_a_burst_waits_for_quiet() {
        let (debounce, start) = (Debounce::quiet(2 * SECOND), Instant::now());
        assert_eq!(debounce.due(start, start), start + 2 * SECOND);
        assert_eq!(debounce.due(start, start + SECOND), start + 3 * SECOND);
    }

    #[test]
    fn a_burst_that_does_not_end_is_interrupted_after_ten_quiet_times() {
        let (debounce, start) = (Debounce::quiet(SECOND), Instant::now());
        let nearly = start + Duration::from_millis(9_500);
        assert_eq!(debounce.due(start, nearly), start + 10 * SECOND);
        let debounce = debounce.max_wait(3 * SECOND);
        assert_eq!(debounce.due(start, nearly), start + 3 * SECOND);
    }

    #[test]
    fn times_out_of_range_are_named() {
        assert_eq!(Debounce::quiet(SECOND).check(), Ok(()));
        let none = Debounce::quiet(Duration::ZERO);
        assert_eq!(none.check(), Err(SettingError::DebounceQuiet));
        let impatient = Debounce::quiet(2 * SECOND).max_wait(SECOND);
        let error = SettingError::DebounceMaxWait {
            quiet: 2 * SECOND,
            max_wait: SECOND,
        };
        assert_eq!(impatient.check(), Err(error));
    }

    #[test]
    fn a_time_beyond_the_clock_is_far_ahead() {
        let (for_ever, start) = (Debounce::quiet(Duration::MAX), Instant::now());
        assert_eq!(for_ever.check(), Ok(()));
        assert!(for_ever.due(start, start) > start + 1_000_000 * SECOND);
    }
}
