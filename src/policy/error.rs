use std::time::Duration;

/// Why a policy of a subscription cannot be followed: a setting of it is out of range.
///
/// # Examples
///
/// ```
/// use ventix::{SettingError, SubscribeError};
///
/// let error = SubscribeError::from(SettingError::ThrottleRate);
/// assert_eq!(error.to_string(), "a throttle must allow one delivery at least, in a time above 0");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingError {
    /// [`Retry::attempts`](crate::Retry::attempts) of 0 would never try.
    #[error("a retry must allow one attempt at least")]
    RetryAttempts,
    /// [`Retry::factor`](crate::Retry::factor) below 1, or not a finite number.
    #[error("the factor of a retry must be a number of 1 or more")]
    RetryFactor,
    /// [`Breaker::window`](crate::Breaker::window) of 0.
    #[error("the window of a breaker must hold one delivery at least")]
    BreakerWindow,
    /// [`Breaker::failure_rate`](crate::Breaker::failure_rate) that is not above 0, and 1
    /// at most.
    #[error("the failure rate of a breaker must be above 0, and 1 at most")]
    BreakerRate,
    /// [`Breaker::min_calls`](crate::Breaker::min_calls) of 0, or of more than the window
    /// holds, so that it would never open.
    #[error("`min_calls` is {min_calls}, and must be between 1 and the window's {window}")]
    BreakerMinCalls {
        /// What was asked for.
        min_calls: u32,
        /// How many deliveries the window holds.
        window: u32,
    },
    /// [`Breaker::open_for`](crate::Breaker::open_for) no time.
    #[error("a breaker must stay open for a time above 0")]
    BreakerOpenFor,
    /// [`Breaker::probes`](crate::Breaker::probes) of 0 would never close it.
    #[error("a breaker must let one probe through at least")]
    BreakerProbes,
    /// [`Throttle::per`](crate::Throttle::per) of no deliveries, or of no time.
    #[error("a throttle must allow one delivery at least, in a time above 0")]
    ThrottleRate,
    /// [`Throttle::burst`](crate::Throttle::burst) of 0 would let nothing through.
    #[error("the burst of a throttle must be one delivery at least")]
    ThrottleBurst,
    /// [`Debounce::quiet`](crate::Debounce::quiet) of no time.
    #[error("a debounce must wait for a quiet time above 0")]
    DebounceQuiet,
    /// [`Debounce::max_wait`](crate::Debounce::max_wait) below the quiet time, which
    /// would then never be waited for.
    #[error("`max_wait` is {max_wait:?}, less than the quiet time of {quiet:?}")]
    DebounceMaxWait {
        /// The quiet time.
        quiet: Duration,
        /// What was asked for.
        max_wait: Duration,
    },
}
