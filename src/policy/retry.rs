use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::outcome::Outcome;
use crate::shield::shielded;

use super::backoff::{Backoff, Growth};
use super::error::SettingError;

/// Tries a delivery again that went wrong: how often, after how long, and in what cases.
///
/// By default it is tried 3 times in all, as the standard mode of the AWS SDKs and
/// Resilience4j do; a delay grows up to 60 seconds, as in the crate `backon`, which
/// counts them. What failed, panicked or timed out is tried again; what was
/// lost, with the actor that was to handle it, or was refused, is not.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use actix::clock::Instant;
/// use ventix::{on, Emitter, Linker, Retry, Strategy};
///
/// # actix::System::new().block_on(async {
/// # tokio::time::pause();
/// // At once, and then after 1, 2, 4 and 8 seconds; `jitter` adds up to as much again.
/// let patient = Retry::exponential(Duration::from_secs(1)).attempts(5).jitter();
/// let linker = Linker::start();
/// let broken = linker.subscribe(on::<u8>().call(|_| Err::<(), _>("no")).retry(patient))?;
///
/// let began = Instant::now();
/// Emitter::start(&linker, Strategy::current()).emit_and_wait(1_u8).await;
/// assert_eq!((broken.counts().retried, broken.counts().failed), (4, 1));
/// assert!(began.elapsed() >= Duration::from_secs(15));
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
#[must_use = "it is an option of a subscription"]
pub struct Retry {
    attempts: u32,
    backoff: Backoff,
    when: Option<Arc<When>>,
}

type When = dyn Fn(&RetryCase<'_>) -> bool + Send + Sync;

/// An attempt that went wrong, for [`Retry::when`] to judge.
///
/// # Examples
///
/// ```
/// use std::io::{Error, ErrorKind};
/// use std::time::Duration;
/// use ventix::{on, Emitter, Linker, Retry, RetryCase, Strategy};
///
/// fn is_worth_it(case: &RetryCase<'_>) -> bool {
///     let error = case.error().downcast_ref::<Error>();
///     error.is_some_and(|error| error.kind() == ErrorKind::ConnectionRefused)
/// }
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// let retry = Retry::constant(Duration::ZERO).when(is_worth_it);
/// let calls = on::<ErrorKind>().call(|kind| Err::<(), _>(Error::from(**kind)));
/// let calls = linker.subscribe(calls.retry(retry))?;
/// let emitter = Emitter::start(&linker, Strategy::current());
/// emitter.emit_and_wait(ErrorKind::NotFound).await;
/// assert_eq!(calls.counts().retried, 0);
/// emitter.emit_and_wait(ErrorKind::ConnectionRefused).await;
/// assert_eq!(calls.counts().retried, 2);
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct RetryCase<'a> {
    attempt: u32,
    outcome: &'a Outcome,
    error: &'a (dyn Error + Send + Sync + 'static),
}

impl Retry {
    /// Waits as long before each attempt.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use actix::clock::Instant;
    /// # use ventix::{on, Emitter, Linker, Retry, Strategy};
    /// # actix::System::new().block_on(async {
    /// # tokio::time::pause();
    /// let retry = Retry::constant(Duration::from_secs(5)).attempts(2);
    /// let linker = Linker::start();
    /// let broken = linker.subscribe(on::<u8>().call(|_| Err::<(), _>("no")).retry(retry))?;
    /// let began = Instant::now();
    /// Emitter::start(&linker, Strategy::current()).emit_and_wait(1_u8).await;
    /// assert_eq!(broken.counts().retried, 1);
    /// assert!(began.elapsed() >= Duration::from_secs(5));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub const fn constant(delay: Duration) -> Self {
        Self::new(Growth::Constant, delay)
    }

    /// Waits for `first`, then twice `first`, then thrice.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use actix::clock::Instant;
    /// # use ventix::{on, Emitter, Linker, Retry, Strategy};
    /// # actix::System::new().block_on(async {
    /// # tokio::time::pause();
    /// let retry = Retry::linear(Duration::from_secs(1)); // after 1 and 2 seconds
    /// let linker = Linker::start();
    /// let broken = linker.subscribe(on::<u8>().call(|_| Err::<(), _>("no")).retry(retry))?;
    /// let began = Instant::now();
    /// Emitter::start(&linker, Strategy::current()).emit_and_wait(1_u8).await;
    /// assert_eq!(broken.counts().retried, 2);
    /// assert!(began.elapsed() >= Duration::from_secs(3));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub const fn linear(first: Duration) -> Self {
        Self::new(Growth::Linear, first)
    }

    /// Waits for `first`, and then twice as long each time.
    ///
    /// # Examples
    ///
    /// See [`Retry`].
    pub const fn exponential(first: Duration) -> Self {
        Self::new(Growth::Exponential(2.0), first)
    }

    const fn new(growth: Growth, first: Duration) -> Self {
        Self {
            attempts: 3,
            backoff: Backoff {
                growth,
                first,
                longest: Duration::from_secs(60),
                jitter: false,
            },
            when: None,
        }
    }

    /// Sets how many times as long each delay of an [`exponential`](Self::exponential)
    /// one is as the one before; 2 by default. The others do not heed it. Less than 1,
    /// or what is not a finite number, is no setting: the subscription is refused then.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use actix::clock::Instant;
    /// # use ventix::{on, Emitter, Linker, Retry, Strategy};
    /// # actix::System::new().block_on(async {
    /// # tokio::time::pause();
    /// let retry = Retry::exponential(Duration::from_secs(1)).factor(10.0); // after 1 and 10 seconds
    /// let linker = Linker::start();
    /// let broken = linker.subscribe(on::<u8>().call(|_| Err::<(), _>("no")).retry(retry))?;
    /// let began = Instant::now();
    /// Emitter::start(&linker, Strategy::current()).emit_and_wait(1_u8).await;
    /// assert_eq!(broken.counts().retried, 2);
    /// assert!(began.elapsed() >= Duration::from_secs(11));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub const fn factor(mut self, factor: f32) -> Self {
        if let Growth::Exponential(it) = &mut self.backoff.growth {
            *it = factor;
        }
        self
    }

    /// Sets how often it is tried at most, the first time included. By default 3
    /// times; none is no setting: the subscription is refused then.
    ///
    /// # Examples
    ///
    /// See [`Retry`].
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Sets the longest delay, before what [`jitter`](Self::jitter) adds. By default 60
    /// seconds.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use actix::clock::Instant;
    /// # use ventix::{on, Emitter, Linker, Retry, Strategy};
    /// # actix::System::new().block_on(async {
    /// # tokio::time::pause();
    /// let minute = Duration::from_secs(60);
    /// let retry = Retry::exponential(minute).max_delay(minute).attempts(4);
    /// let linker = Linker::start();
    /// let broken = linker.subscribe(on::<u8>().call(|_| Err::<(), _>("no")).retry(retry))?;
    /// let began = Instant::now();
    /// Emitter::start(&linker, Strategy::current()).emit_and_wait(1_u8).await;
    /// assert_eq!(broken.counts().retried, 3);
    /// assert!(began.elapsed() < 4 * minute);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub const fn max_delay(mut self, longest: Duration) -> Self {
        self.backoff.longest = longest;
        self
    }

    /// Adds to each delay a part of it by chance, up to as much again, so that what
    /// failed together is not tried again together: 1 second becomes 1 to 2. It is
    /// never tried earlier than without. By default nothing is added.
    ///
    /// # Examples
    ///
    /// See [`Retry`].
    pub const fn jitter(mut self) -> Self {
        self.backoff.jitter = true;
        self
    }

    /// Tries again only what `when` says is worth it, in place of what
    /// failed, panicked or timed out. It is asked after each attempt that went wrong
    /// but the last; if it panics, the delivery is not tried again.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{on, Emitter, Linker, Outcome, Retry, Strategy};
    /// # actix::System::new().block_on(async {
    /// let not_panics = Retry::constant(Duration::ZERO)
    ///     .when(|case| !matches!(case.outcome(), Outcome::Panicked(_)));
    /// let linker = Linker::start();
    /// let broken = on::<u8>().call(|_| panic!("no"));
    /// let broken = linker.subscribe(broken.retry(not_panics))?;
    /// Emitter::start(&linker, Strategy::current()).emit_and_wait(1_u8).await;
    /// assert_eq!(broken.counts().retried, 0);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn when(mut self, when: impl Fn(&RetryCase<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.when = Some(Arc::new(when));
        self
    }

    /// Whether it can be followed.
    pub(crate) fn check(&self) -> Result<(), SettingError> {
        if self.attempts == 0 {
            return Err(SettingError::RetryAttempts);
        }
        match self.backoff.growth {
            Growth::Exponential(factor) if !(factor.is_finite() && factor >= 1.0) => {
                Err(SettingError::RetryFactor)
            }
            _ => Ok(()),
        }
    }

    /// How long to wait before the attempt after this one, the first being number 1; or
    /// nothing, if this was the last.
    pub(crate) fn next(
        &self,
        attempt: u32,
        outcome: &Outcome,
        error: &(dyn Error + Send + Sync + 'static),
    ) -> Option<Duration> {
        if attempt >= self.attempts {
            return None;
        }
        let case = RetryCase {
            attempt,
            outcome,
            error,
        };
        self.is_worth_it(&case).then(|| self.backoff.delay(attempt))
    }

    /// How often it is tried, in all.
    pub(crate) fn most(&self) -> u32 {
        self.attempts
    }

    /// How long to wait after this attempt has failed, the first being 1.
    pub(crate) fn delay(&self, attempt: u32) -> Duration {
        self.backoff.delay(attempt)
    }

    fn is_worth_it(&self, case: &RetryCase<'_>) -> bool {
        let Some(when) = &self.when else {
            return matches!(
                case.outcome,
                Outcome::Failed(_) | Outcome::Panicked(_) | Outcome::TimedOut(_)
            );
        };
        let mut worth_it = false;
        shielded(|| worth_it = when(case));
        worth_it
    }
}

impl fmt::Debug for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry")
            .field("attempts", &self.attempts)
            .field("backoff", &self.backoff)
            .field("when", &self.when.as_ref().map(|_| "Fn"))
            .finish()
    }
}

impl RetryCase<'_> {
    /// Returns the error: the handler's own, [`Panicked`](crate::Panicked),
    /// [`TimedOut`](crate::TimedOut) or [`Lost`](crate::Lost).
    ///
    /// # Examples
    ///
    /// See [`RetryCase`].
    #[must_use]
    pub fn error(&self) -> &(dyn Error + Send + Sync + 'static) {
        self.error
    }

    /// Returns the number of the attempt, the first being 1.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{on, Emitter, Linker, Outcome, Retry, Strategy};
    /// # actix::System::new().block_on(async {
    /// let once_more_if_it_failed = Retry::constant(Duration::ZERO)
    ///     .when(|case| case.attempt() == 1 && matches!(case.outcome(), Outcome::Failed(_)));
    /// let linker = Linker::start();
    /// let broken = on::<u8>().call(|_| Err::<(), _>("no"));
    /// let broken = linker.subscribe(broken.retry(once_more_if_it_failed))?;
    /// Emitter::start(&linker, Strategy::current()).emit_and_wait(1_u8).await;
    /// assert_eq!(broken.counts().retried, 1);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Returns how the attempt ended.
    ///
    /// # Examples
    ///
    /// See [`RetryCase::attempt`].
    #[must_use]
    pub fn outcome(&self) -> &Outcome {
        self.outcome
    }
}
