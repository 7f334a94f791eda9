use std::time::Duration;

use actix::clock::Instant;

use crate::handler::Restart;
use crate::policy::{Breaker, Debounce, Retry, SettingError, Throttle, WhenPaused};
use crate::registry::Overflow;

/// What may be said once: of two that are joined, the first one's is taken.
#[derive(Debug, Default)]
pub(super) struct Options {
    pub(super) priority: Option<i32>,
    pub(super) shots: Option<usize>,
    pub(super) until: Option<Instant>,
    pub(super) when_paused: Option<WhenPaused>,
    pub(super) throttle: Option<Throttle>,
    pub(super) debounce: Option<Debounce>,
    pub(super) breaker: Option<Breaker>,
    pub(super) retry: Option<Retry>,
    pub(super) capacity: Option<usize>,
    pub(super) overflow: Option<Overflow>,
    pub(super) timeout: Option<Duration>,
    pub(super) restart: Option<Restart>,
}

impl Options {
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            priority: self.priority.or(other.priority),
            shots: self.shots.or(other.shots),
            until: self.until.or(other.until),
            when_paused: self.when_paused.or(other.when_paused),
            throttle: self.throttle.or(other.throttle),
            debounce: self.debounce.or(other.debounce),
            breaker: self.breaker.or(other.breaker),
            retry: self.retry.or(other.retry),
            capacity: self.capacity.or(other.capacity),
            overflow: self.overflow.or(other.overflow),
            timeout: self.timeout.or(other.timeout),
            restart: self.restart.or(other.restart),
        }
    }

    /// Returns the first that is out of range.
    pub(super) fn check(&self) -> Result<(), SettingError> {
        self.throttle.as_ref().map_or(Ok(()), Throttle::check)?;
        self.debounce.as_ref().map_or(Ok(()), Debounce::check)?;
        self.breaker.as_ref().map_or(Ok(()), Breaker::check)?;
        self.retry.as_ref().map_or(Ok(()), Retry::check)
    }
}
