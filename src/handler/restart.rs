use std::collections::VecDeque;
use std::time::Duration;

use crate::policy::{Backoff, Growth};
use actix::clock::Instant;

/// What happens when an actor that the bus [made](crate::On::actor_in) dies of a
/// panic.
///
/// By default it is made anew up to 5 times within 60 seconds, after a delay of
/// 100 milliseconds that doubles with each restart, up to 10 seconds, and up to
/// as much again by chance; and what waited for it is handed to the new one. Once
/// the budget is spent it is suspended, until
/// [`Subscription::resume`](crate::Subscription::resume).
///
/// A delivery that the actor panicked over has ended; it is not handed over. An actor
/// that stops by itself is not restarted.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// # use actix::prelude::*;
/// # use ventix::{on, Delivery, Linker, Restart};
/// # struct Mailer;
/// # impl Actor for Mailer { type Context = Context<Self>; }
/// # impl Handler<Delivery<u8>> for Mailer {
/// #     type Result = ();
/// #     fn handle(&mut self, _: Delivery<u8>, _: &mut Context<Self>) {}
/// # }
///
/// # System::new().block_on(async {
/// let linker = Linker::start();
/// let patient = Restart::default()
///     .budget(20, Duration::from_secs(600))
///     .backoff(Duration::from_secs(1), Duration::from_secs(60));
/// let mailer = on::<u8>().actor_in(&Arbiter::current(), || Mailer);
/// let mailer = linker.subscribe(mailer.restart(patient))?;
/// assert!(mailer.is_active());
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "it is an option of a subscription: `SubscriptionSpec::restart`"]
pub struct Restart {
    pub(super) budget: u32,
    pub(super) within: Duration,
    first: Duration,
    longest: Duration,
    jitter: bool,
    pub(super) queued: Queued,
}

/// What becomes of the deliveries that waited in the mailbox of an actor that died.
///
/// # Examples
///
/// ```
/// use ventix::{Queued, Restart};
///
/// let fresh = Restart::default().queued(Queued::DeadLetter);
/// # assert_ne!(fresh, Restart::default());
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Queued {
    /// The new one gets them, in the order of emission. The default.
    #[default]
    HandOver,
    /// They are [`Lost`](crate::Outcome::Lost), and so dead letters. What is emitted
    /// while there is no actor waits for the new one all the same.
    DeadLetter,
}

impl Default for Restart {
    fn default() -> Self {
        Self {
            budget: 5,
            within: Duration::from_secs(60),
            first: Duration::from_millis(100),
            longest: Duration::from_secs(10),
            jitter: true,
            queued: Queued::HandOver,
        }
    }
}

impl Restart {
    /// Never restarts: an actor that dies is unlinked.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::Restart;
    /// assert_eq!(Restart::never(), Restart::default().budget(0, Duration::from_secs(60)));
    /// ```
    pub fn never() -> Self {
        Self {
            budget: 0,
            ..Self::default()
        }
    }

    /// Sets how many restarts are allowed within what time. By default 5 times in 60
    /// seconds.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::Restart;
    /// let once_a_day = Restart::default().budget(1, Duration::from_secs(24 * 3_600));
    /// # assert_ne!(once_a_day, Restart::default());
    /// ```
    pub fn budget(mut self, restarts: u32, within: Duration) -> Self {
        self.budget = restarts;
        self.within = within;
        self
    }

    /// Sets the delay before the first restart within the time of the budget, which
    /// doubles with each further one, and the longest. By default 100 milliseconds
    /// and 10 seconds.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::Restart;
    /// let at_once = Restart::default().backoff(Duration::ZERO, Duration::ZERO).jitter(false);
    /// # assert_ne!(at_once, Restart::default());
    /// ```
    pub fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        self.first = first;
        self.longest = longest;
        self
    }

    /// Sets whether up to as much again is added to each delay by chance, so that
    /// many actors that died together do not come back together. By default it is.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::Restart;
    /// let exact = Restart::default().jitter(false);
    /// # assert_ne!(exact, Restart::default());
    /// ```
    pub fn jitter(mut self, jitter: bool) -> Self {
        self.jitter = jitter;
        self
    }

    /// Sets what becomes of the deliveries that waited for an actor that died. By
    /// default the new one gets them.
    ///
    /// # Examples
    ///
    /// See [`Queued`].
    pub fn queued(mut self, queued: Queued) -> Self {
        self.queued = queued;
        self
    }

    /// The delay before a restart, the first being number 1.
    fn delay(&self, restart: u32) -> Duration {
        let backoff = Backoff {
            growth: Growth::Exponential(2.0),
            first: self.first,
            longest: self.longest,
            jitter: self.jitter,
        };
        backoff.delay(restart)
    }
}

/// How often an actor was restarted lately.
#[derive(Debug, Default)]
pub(super) struct Budget {
    restarts: VecDeque<Instant>,
}

impl Budget {
    /// Spends a restart. Returns its number within the time, and the delay before
    /// it; or nothing, if the budget is spent.
    pub(super) fn spend(&mut self, restart: &Restart, now: Instant) -> Option<(u32, Duration)> {
        let over = |at: &Instant| now.duration_since(*at) >= restart.within;
        while self.restarts.front().is_some_and(over) {
            self.restarts.pop_front();
        }
        let number = u32::try_from(self.restarts.len()).unwrap_or(u32::MAX);
        if number >= restart.budget {
            return None;
        }
        self.restarts.push_back(now);
        Some((number + 1, restart.delay(number + 1)))
    }

    /// Starts anew.
    pub(super) fn refill(&mut self) {
        self.restarts.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_budget_is_spent_and_comes_back_with_time() {
        let restart = Restart::default().budget(2, 10 * SECOND).jitter(false);
        let (mut budget, start) = (Budget::default(), Instant::now());
        let number = |spent: Option<(u32, Duration)>| spent.map(|(number, _)| number);
        assert_eq!(number(budget.spend(&restart, start)), Some(1));
        assert_eq!(number(budget.spend(&restart, start + SECOND)), Some(2));
        assert_eq!(number(budget.spend(&restart, start + 9 * SECOND)), None);
        assert_eq!(number(budget.spend(&restart, start + 10 * SECOND)), Some(2));
        budget.refill();
        assert_eq!(number(budget.spend(&restart, start + 10 * SECOND)), Some(1));
    }

    #[test]
    fn delays_double_up_to_the_longest() {
        let restart = Restart::default().backoff(SECOND, 5 * SECOND).jitter(false);
        let delays: Vec<_> = (1..=5).map(|n| restart.delay(n).as_secs()).collect();
        assert_eq!(delays, [1, 2, 4, 5, 5]);
        assert_eq!(restart.delay(u32::MAX), 5 * SECOND);
    }

    #[test]
    fn no_delay_is_none() {
        let restart = Restart::default().backoff(Duration::ZERO, Duration::ZERO);
        assert_eq!(restart.delay(3), Duration::ZERO);
    }
}
