use std::fmt;

use crate::event::HandlerRef;
use crate::policy::{BreakerState, Change};

/// The [`Breaker`](crate::Breaker) of a subscription opened, half opened or closed.
///
/// # Examples
///
/// ```
/// # use ventix::{on, BreakerChanged, BreakerState};
/// on::<BreakerChanged>().call(|breaker| {
///     if breaker.to() == BreakerState::Open {
///         println!("{}: {:.0} % failed", breaker.handler(), breaker.failure_rate() * 100.0);
///     }
/// });
/// ```
#[derive(Debug, Clone)]
pub struct BreakerChanged {
    pub(crate) handler: HandlerRef,
    pub(crate) change: Change,
}

impl BreakerChanged {
    /// Returns whose breaker it is.
    ///
    /// # Examples
    ///
    /// See [`BreakerChanged`].
    #[must_use]
    pub fn handler(&self) -> &HandlerRef {
        &self.handler
    }

    /// Returns the state it was in.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, BreakerChanged, BreakerState};
    /// on::<BreakerChanged>().call(|breaker| {
    ///     if (breaker.from(), breaker.to()) == (BreakerState::HalfOpen, BreakerState::Open) {
    ///         println!("still no better");
    ///     }
    /// });
    /// ```
    #[must_use]
    pub fn from(&self) -> BreakerState {
        self.change.from
    }

    /// Returns the state it is in now.
    ///
    /// # Examples
    ///
    /// See [`BreakerChanged`].
    #[must_use]
    pub fn to(&self) -> BreakerState {
        self.change.to
    }

    /// Returns the share that failed, from 0 to 1, of what it was decided on: of the
    /// window, when a closed one opens; of the probes, when a half open one opens or
    /// closes; and when it half opens, what it had opened for.
    ///
    /// # Examples
    ///
    /// See [`BreakerChanged`].
    #[must_use]
    pub fn failure_rate(&self) -> f64 {
        self.change.failure_rate
    }
}

impl fmt::Display for BreakerChanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { handler, change } = self;
        let Change {
            from,
            to,
            failure_rate,
        } = change;
        let percent = failure_rate * 100.0;
        write!(
            f,
            "the breaker of {handler} is {to}, and was {from}: {percent:.0} % failed"
        )
    }
}

#[cfg(test)]
mod tests {
    use crate::event::SubscriptionId;

    use super::*;

    #[test]
    fn it_says_whose_and_why() {
        let changed = BreakerChanged {
            handler: HandlerRef {
                subscription: SubscriptionId::new(7),
                name: Some("mailer".into()),
            },
            change: Change {
                from: BreakerState::Closed,
                to: BreakerState::Open,
                failure_rate: 0.5,
            },
        };
        assert_eq!(
            changed.to_string(),
            "the breaker of #7 (mailer) is open, and was closed: 50 % failed"
        );
    }
}
