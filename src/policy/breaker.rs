use std::fmt;
use std::time::Duration;

use super::error::SettingError;

/// Keeps deliveries from a handler that fails too often, and tries it again after a
/// while.
///
/// It is **closed** at first: everything is let through, and the last
/// [`window`](Self::window) deliveries that have ended are kept count of. Once
/// [`failure_rate`](Self::failure_rate) of them have failed, of
/// [`min_calls`](Self::min_calls) at least, it **opens**: for [`open_for`](Self::open_for)
/// everything is refused, as [`Reason::BreakerOpen`](crate::Reason::BreakerOpen). Then it
/// is **half open**: it lets [`probes`](Self::probes) through. Are all of them
/// handled, it closes, and counts anew; does one fail, it opens again. In place of
/// probes that have not ended after `open_for`, it lets further ones through.
///
/// A delivery counts for the state in which it was let through, however late it ends.
///
/// By default: half of 20 deliveries, open for 5 seconds, and one probe. These numbers
/// are Hystrix's (whose 20 are those of the last 10 seconds).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ventix::Breaker;
///
/// let wary = Breaker::new()
///     .failure_rate(0.2)
///     .window(50)
///     .min_calls(10)
///     .open_for(Duration::from_secs(30))
///     .probes(3);
/// # assert_ne!(wary, Breaker::new());
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use = "it is an option of a subscription"]
pub struct Breaker {
    pub(super) window: u32,
    pub(super) failure_rate: f64,
    min_calls: Option<u32>,
    pub(super) open_for: Duration,
    pub(super) probes: u32,
}

/// Whether a [`Breaker`] lets deliveries through.
///
/// # Examples
///
/// ```
/// use ventix::BreakerState;
///
/// assert_eq!(BreakerState::HalfOpen.to_string(), "half open");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BreakerState {
    /// It lets everything through.
    Closed,
    /// It lets nothing through.
    Open,
    /// It lets a few through, to see how they end.
    HalfOpen,
}

impl Default for Breaker {
    fn default() -> Self {
        Self::new()
    }
}

impl Breaker {
    /// Opens when half of the last 20 deliveries have failed, for 5 seconds, and
    /// then lets one probe through.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::Breaker;
    /// assert_eq!(Breaker::new(), Breaker::new().failure_rate(0.5).window(20).probes(1));
    /// ```
    pub const fn new() -> Self {
        Self {
            window: 20,
            failure_rate: 0.5,
            min_calls: None,
            open_for: Duration::from_secs(5),
            probes: 1,
        }
    }

    /// Sets how many of the deliveries that ended last are looked at. By default 20;
    /// none is no setting: the subscription is refused then.
    ///
    /// # Examples
    ///
    /// See [`Breaker`].
    pub const fn window(mut self, deliveries: u32) -> Self {
        self.window = deliveries;
        self
    }

    /// Sets the share of them that must have failed for it to open. By default 0.5;
    /// what is not above 0, and 1 at most, is no setting: the subscription is refused
    /// then.
    ///
    /// # Examples
    ///
    /// See [`Breaker`].
    pub const fn failure_rate(mut self, share: f64) -> Self {
        self.failure_rate = share;
        self
    }

    /// Sets how many must have ended for it to open, while the window is not full yet.
    /// By default the window must be; none, or more than it holds, is no setting: the
    /// subscription is refused then.
    ///
    /// # Examples
    ///
    /// See [`Breaker`].
    pub const fn min_calls(mut self, deliveries: u32) -> Self {
        self.min_calls = Some(deliveries);
        self
    }

    /// Sets how long it stays open; and, half open, how long it waits for
    /// probes before it lets further ones through. By default 5 seconds; no time is no
    /// setting: the subscription is refused then.
    ///
    /// # Examples
    ///
    /// See [`Breaker`].
    pub const fn open_for(mut self, time: Duration) -> Self {
        self.open_for = time;
        self
    }

    /// Sets how many deliveries it lets through when it has been open for long enough,
    /// all of which must be handled for it to close. By default 1; none is no setting:
    /// the subscription is refused then.
    ///
    /// # Examples
    ///
    /// See [`Breaker`].
    pub const fn probes(mut self, deliveries: u32) -> Self {
        self.probes = deliveries;
        self
    }

    /// How many must have ended for it to open.
    pub(super) fn least(&self) -> u32 {
        self.min_calls.unwrap_or(self.window)
    }

    /// Whether it can be followed.
    pub(crate) fn check(&self) -> Result<(), SettingError> {
        let (window, min_calls) = (self.window, self.least());
        if window == 0 {
            return Err(SettingError::BreakerWindow);
        }
        if !(1..=window).contains(&min_calls) {
            return Err(SettingError::BreakerMinCalls { min_calls, window });
        }
        if !(self.failure_rate > 0.0 && self.failure_rate <= 1.0) {
            return Err(SettingError::BreakerRate);
        }
        if self.open_for.is_zero() {
            return Err(SettingError::BreakerOpenFor);
        }
        if self.probes == 0 {
            return Err(SettingError::BreakerProbes);
        }
        Ok(())
    }
}

/// As a word, like `half open`.
impl fmt::Display for BreakerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half open",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_out_of_range_are_named() {
        let new = Breaker::new;
        let outside = |min_calls, window| SettingError::BreakerMinCalls { min_calls, window };
        for (breaker, error) in [
            (new().window(0), SettingError::BreakerWindow),
            (new().min_calls(0), outside(0, 20)),
            (new().min_calls(21), outside(21, 20)),
            (new().failure_rate(0.0), SettingError::BreakerRate),
            (new().failure_rate(1.01), SettingError::BreakerRate),
            (new().failure_rate(f64::NAN), SettingError::BreakerRate),
            (new().open_for(Duration::ZERO), SettingError::BreakerOpenFor),
            (new().probes(0), SettingError::BreakerProbes),
        ] {
            assert_eq!(breaker.check(), Err(error));
        }
        assert_eq!(new().window(1).failure_rate(1.0).check(), Ok(()));
    }
}
