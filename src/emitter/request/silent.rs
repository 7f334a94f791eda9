use std::fmt;
use std::sync::Arc;

use crate::event::HandlerRef;
use crate::outcome::{Ended, Lost, Outcome, Panicked, Reason, SharedError, TimedOut};

/// A handler that has not replied to a request, and why.
///
/// # Examples
///
/// ```
/// # use ventix::{on, Emitter, Linker, RequestError, Silence, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()).named("parser"))?;
/// let emitter = Emitter::start(&linker, Strategy::current());
/// let error = emitter.request::<_, u32>("no number").await.unwrap_err();
/// let silent = &error.handlers()[0];
/// assert_eq!(silent.handler().name(), Some("parser"));
/// assert!(matches!(silent.why(), Silence::Failed(_)));
/// assert_eq!(silent.to_string(), "#1 (parser) failed: invalid digit found in string");
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Silent {
    handler: HandlerRef,
    why: Silence,
}

/// Why a handler has not replied.
///
/// # Examples
///
/// Asks again where that may help:
///
/// ```
/// use ventix::{Reason, Silence};
///
/// fn is_busy(why: &Silence) -> bool {
///     matches!(why, Silence::Open | Silence::Refused(Reason::LaneFull { .. }))
/// }
/// assert!(is_busy(&Silence::Open) && !is_busy(&Silence::Nothing));
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Silence {
    /// It finished without a reply.
    Nothing,
    /// It replied with a value of another type.
    OtherType,
    /// It ended with an error.
    Failed(SharedError),
    /// It panicked.
    Panicked(Panicked),
    /// It did not end within the subscription's timeout.
    TimedOut(TimedOut),
    /// Its delivery was dropped before it had begun or finished.
    Lost(Lost),
    /// It never got the request: it was refused, or dropped by an overflow policy.
    Refused(Reason),
    /// The subscription had no more use for it.
    Skipped(Reason),
    /// It had not ended when the limit was reached.
    Open,
}

impl Silent {
    pub(super) fn new(handler: HandlerRef, why: Silence) -> Self {
        Self { handler, why }
    }

    /// Of one that has ended without the reply that was asked for.
    pub(super) fn of(ended: &Ended) -> Self {
        let why = match ended.outcome() {
            Outcome::Handled(reply) if reply.is_empty() => Silence::Nothing,
            Outcome::Handled(_) => Silence::OtherType,
            Outcome::Failed(error) => Silence::Failed(error.clone()),
            Outcome::Panicked(panic) => Silence::Panicked(panic.clone()),
            Outcome::TimedOut(late) => Silence::TimedOut(*late),
            Outcome::Lost(lost) => Silence::Lost(*lost),
            Outcome::Skipped(reason) => Silence::Skipped(reason.clone()),
            Outcome::Refused(reason) | Outcome::Dropped(reason) => Silence::Refused(reason.clone()),
            Outcome::Mismatch { expected, found } => Silence::Refused(Reason::Mismatch {
                expected: *expected,
                found: *found,
            }),
        };
        Self::new(ended.handler().clone(), why)
    }

    /// Returns whose handler it is.
    ///
    /// # Examples
    ///
    /// Ends the subscriptions of those that never reply:
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// for silent in emitter.request::<_, u8>(1_u8).all().await.silent() {
    ///     linker.unsubscribe(silent.handler().subscription());
    /// }
    /// assert!(linker.is_empty());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn handler(&self) -> &HandlerRef {
        &self.handler
    }

    /// Returns why it has not replied.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Silence, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|n| n.checked_add(1).ok_or("too much")))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// let replies = emitter.request::<_, u16>(1_u8).all().await;
    /// assert!(matches!(replies.silent()[0].why(), Silence::OtherType), "a `u8` is no `u16`");
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn why(&self) -> &Silence {
        &self.why
    }
}

impl Silence {
    /// Returns what went wrong: nothing where it finished, was skipped, or is
    /// [open](Self::Open).
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::{Lost, Silence};
    ///
    /// assert!(Silence::Lost(Lost::default()).error().unwrap().is::<Lost>());
    /// assert!(Silence::OtherType.error().is_none());
    /// ```
    #[must_use]
    pub fn error(&self) -> Option<SharedError> {
        match self {
            Self::Failed(error) => Some(error.clone()),
            Self::Panicked(panic) => Some(Arc::new(panic.clone())),
            Self::TimedOut(late) => Some(Arc::new(*late)),
            Self::Lost(lost) => Some(Arc::new(*lost)),
            Self::Refused(reason) => Some(Arc::new(reason.clone())),
            Self::Nothing | Self::OtherType | Self::Skipped(_) | Self::Open => None,
        }
    }

    /// In a few words, without the error.
    pub(super) fn as_str(&self) -> &'static str {
        match self {
            Self::Nothing => "replied nothing",
            Self::OtherType => "replied with another type",
            Self::Failed(_) => "failed",
            Self::Panicked(_) => "panicked",
            Self::TimedOut(_) => "timed out",
            Self::Lost(_) => "was lost",
            Self::Refused(_) => "was refused",
            Self::Skipped(_) => "was skipped",
            Self::Open => "has not ended",
        }
    }
}

/// The subscription, its name if it has one, and why it has not replied, with the
/// error: `#7 (pricing) failed: no such article`.
impl fmt::Display for Silent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.handler, self.why.as_str())?;
        match self.why.error() {
            Some(error) => write!(f, ": {error}"),
            None => Ok(()),
        }
    }
}
