use std::time::Duration;

use super::error::SettingError;

/// Lets a subscription have so many deliveries in a time, and no more.
///
/// The allowance comes back evenly: with 10 a second, one every 100 milliseconds. What
/// was not used of it is kept, up to the [`burst`](Self::burst), which is the whole
/// number by default. So a subscription that was idle takes 10 at once and then one
/// every 100 milliseconds; within any second that is 19 at most (burst + number - 1).
/// A burst of 1 keeps the deliveries apart.
///
/// What comes too fast is refused, as [`Reason::Throttled`](crate::Reason::Throttled),
/// or with [`hold`](Self::hold) waits.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ventix::Throttle;
///
/// // The mail server takes 100 mails a minute, and never two at a time.
/// let mails = Throttle::per(100, Duration::from_secs(60)).burst(1).hold();
/// # assert_ne!(mails, Throttle::per_second(100));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "it is an option of a subscription"]
pub struct Throttle {
    number: u32,
    per: Duration,
    burst: Option<u32>,
    hold: bool,
}

impl Throttle {
    /// Allows `number` deliveries in that time. None, or no time, is no setting: the
    /// subscription is refused then.
    ///
    /// # Examples
    ///
    /// See [`Throttle`].
    pub const fn per(number: u32, time: Duration) -> Self {
        Self {
            number,
            per: time,
            burst: None,
            hold: false,
        }
    }

    /// Allows `number` deliveries a second.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::Throttle;
    /// assert_eq!(Throttle::per_second(5), Throttle::per(5, Duration::from_secs(1)));
    /// ```
    pub const fn per_second(number: u32) -> Self {
        Self::per(number, Duration::from_secs(1))
    }

    /// Sets how many deliveries may come at once after an idle time. By default as
    /// many as are allowed in its time.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::Throttle;
    /// let one_every_200_milliseconds = Throttle::per_second(5).burst(1);
    /// # assert_ne!(one_every_200_milliseconds, Throttle::per_second(5));
    /// ```
    pub const fn burst(mut self, burst: u32) -> Self {
        self.burst = Some(burst);
        self
    }

    /// Lets what comes too fast wait in the subscription's lane, as far as there is
    /// room. By default it is refused.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::Throttle;
    /// let in_turn = Throttle::per_second(5).hold();
    /// # assert_ne!(in_turn, Throttle::per_second(5));
    /// ```
    pub const fn hold(mut self) -> Self {
        self.hold = true;
        self
    }

    /// Whether what comes too fast waits.
    pub(crate) fn holds(&self) -> bool {
        self.hold
    }

    /// Whether it can be followed.
    pub(crate) fn check(&self) -> Result<(), SettingError> {
        if self.number == 0 || self.per.is_zero() {
            return Err(SettingError::ThrottleRate);
        }
        if self.burst == Some(0) {
            return Err(SettingError::ThrottleBurst);
        }
        Ok(())
    }

    /// The nanoseconds in which one delivery's allowance comes back, rounded up so that
    /// it is never more than was allowed.
    pub(super) fn interval(&self) -> u64 {
        let nanos = self.per.as_nanos().div_ceil(self.number.max(1).into());
        u64::try_from(nanos).unwrap_or(u64::MAX)
    }

    /// How many may come at once beside the first.
    pub(super) fn spare(&self) -> u64 {
        u64::from(self.burst.unwrap_or(self.number).saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_out_of_range_are_named() {
        let rate = Err(SettingError::ThrottleRate);
        assert_eq!(Throttle::per_second(0).check(), rate);
        assert_eq!(Throttle::per(1, Duration::ZERO).check(), rate);
        let burst = Throttle::per_second(1).burst(0);
        assert_eq!(burst.check(), Err(SettingError::ThrottleBurst));
        assert_eq!(Throttle::per_second(1).check(), Ok(()));
    }

    #[test]
    fn an_interval_is_rounded_up() {
        assert_eq!(Throttle::per_second(3).interval(), 333_333_334);
        let many = Throttle::per(u32::MAX, Duration::from_nanos(1));
        assert_eq!(many.interval(), 1);
        assert_eq!(Throttle::per(1, Duration::MAX).interval(), u64::MAX);
    }
}
