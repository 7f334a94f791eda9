use std::fmt;
use std::sync::Arc;

use crate::event::{EventType, HandlerRef, SubscriptionId};

use super::error::{Lost, Panicked, SharedError, TimedOut};
use super::into_outcome::Verdict;
use super::reason::Reason;
use super::reply::Reply;

/// How one delivery ended.
///
/// # Examples
///
/// ```
/// use ventix::Outcome;
///
/// fn retry(outcome: &Outcome) -> bool {
///     match outcome {
///         Outcome::Handled(_) => false,
///         Outcome::Failed(error) => error.to_string().contains("temporary"),
///         _ => true,
///     }
/// }
/// # assert!(retry(&Outcome::Lost(Default::default())));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// The handler finished, perhaps with an answer.
    Handled(Reply),
    /// The handler ended it with an error.
    Failed(SharedError),
    /// The handler panicked.
    Panicked(Panicked),
    /// The handler did not end in time. It may still be running.
    TimedOut(TimedOut),
    /// The delivery was dropped before its handler had begun or finished.
    Lost(Lost),
    /// The subscription is on the emission's topic, but for another type.
    Mismatch {
        /// The type that the subscription handles.
        expected: EventType,
        /// The type that was emitted.
        found: EventType,
    },
    /// The subscription had no more use for it: nothing went wrong.
    Skipped(Reason),
    /// It never reached the handler.
    Refused(Reason),
    /// The subscription's, or the emitter's, overflow policy dropped it.
    Dropped(Reason),
}

impl Outcome {
    /// Returns whether the handler finished without an error.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::{Lost, Outcome, Reply};
    ///
    /// assert!(Outcome::Handled(Reply::default()).is_handled());
    /// assert!(!Outcome::Lost(Lost::default()).is_handled());
    /// ```
    #[must_use]
    pub fn is_handled(&self) -> bool {
        matches!(self, Self::Handled(_))
    }

    /// Whether it holds nothing of a user's.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self, Self::Handled(reply) if reply.is_empty())
    }

    /// Returns what went wrong: nothing if it was handled or skipped.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::{Lost, Outcome, Reason, Reply};
    ///
    /// assert!(Outcome::Handled(Reply::default()).error().is_none());
    /// assert!(Outcome::Lost(Lost::default()).error().unwrap().is::<Lost>());
    ///
    /// let refused = Outcome::Refused(Reason::LaneFull { capacity: 8 });
    /// let error = refused.error().unwrap();
    /// assert_eq!(error.downcast_ref(), Some(&Reason::LaneFull { capacity: 8 }));
    /// ```
    #[must_use]
    pub fn error(&self) -> Option<SharedError> {
        match self {
            Self::Handled(_) | Self::Skipped(_) => None,
            Self::Failed(error) => Some(error.clone()),
            Self::Panicked(panic) => Some(Arc::new(panic.clone())),
            Self::TimedOut(late) => Some(Arc::new(*late)),
            Self::Lost(lost) => Some(Arc::new(*lost)),
            Self::Mismatch { expected, found } => Some(Arc::new(Reason::Mismatch {
                expected: *expected,
                found: *found,
            })),
            Self::Refused(reason) | Self::Dropped(reason) => Some(Arc::new(reason.clone())),
        }
    }

    /// Returns one word for it, as the debug mode prints it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # use std::collections::BTreeMap;
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()))?;
    /// linker.subscribe(on::<&str>().call(|text| text.parse::<f32>()))?;
    /// linker.subscribe(on::<&str>().call(|_| ()))?;
    ///
    /// let report = Emitter::start(&linker, Strategy::inline()).emit_and_wait("1.5").await;
    /// let mut counts = BTreeMap::new();
    /// for outcome in report.outcomes() {
    ///     *counts.entry(outcome.as_str()).or_insert(0) += 1;
    /// }
    /// assert_eq!(counts, BTreeMap::from([("failed", 1), ("handled", 2)]));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Handled(_) => "handled",
            Self::Failed(_) => "failed",
            Self::Panicked(_) => "panicked",
            Self::TimedOut(_) => "timed out",
            Self::Lost(_) => "lost",
            Self::Mismatch { .. } => "mismatch",
            Self::Skipped(_) => "skipped",
            Self::Refused(_) => "refused",
            Self::Dropped(_) => "dropped",
        }
    }
}

impl From<Verdict> for Outcome {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Handled(reply) => Self::Handled(reply),
            Verdict::Failed(error) => Self::Failed(error),
            Verdict::Panicked(panic) => Self::Panicked(panic),
            Verdict::TimedOut(late) => Self::TimedOut(late),
            Verdict::Lost => Self::Lost(Lost),
            Verdict::Refused(reason) => reason.into(),
        }
    }
}

impl From<Reason> for Outcome {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Mismatch { expected, found } => Self::Mismatch { expected, found },
            reason if reason.is_skip() => Self::Skipped(reason),
            reason if reason.is_drop() => Self::Dropped(reason),
            reason => Self::Refused(reason),
        }
    }
}

/// What ended: the handler, or a callback that looked at how the handler ended.
///
/// # Examples
///
/// ```
/// # use ventix::{on, Emitter, Linker, Stage, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<u8>().call(|_| ()).on_success(|_| -> Result<(), _> { Err("no paper") }))?;
/// let emitter = Emitter::start(&linker, Strategy::inline());
/// let report = emitter.emit_and_wait(1_u8).await;
/// let ended: Vec<_> = report.iter().map(|e| (e.stage(), e.outcome().as_str())).collect();
/// assert_eq!(ended, [(Stage::Handler, "handled"), (Stage::OnSuccess, "failed")]);
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Stage {
    /// The subscription's handler.
    Handler,
    /// Its success callback. Listed only when it failed or panicked.
    OnSuccess,
    /// Its failure callback. Listed only when it failed or panicked.
    OnFailure,
}

/// One line of a [`Report`](crate::Report): which subscription, what ended, how.
///
/// # Examples
///
/// ```
/// # use ventix::{on, Emitter, Linker, Stage, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// let links = linker.subscribe(on::<u8>().call(|_| ()).named("printer"))?;
/// let emitter = Emitter::start(&linker, Strategy::inline());
/// let report = emitter.emit_and_wait(1_u8).await;
/// let ended = report.iter().next().unwrap();
/// assert_eq!(ended.subscription(), links.id());
/// assert_eq!(ended.name(), Some("printer"));
/// assert_eq!(ended.stage(), Stage::Handler);
/// assert!(ended.outcome().is_handled());
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct Ended {
    pub(super) handler: HandlerRef,
    /// Its place in the order of delivery.
    pub(super) position: usize,
    pub(super) stage: Stage,
    pub(super) outcome: Outcome,
}

/// The subscription, its name if it has one, and how it ended, with the error:
/// `#7 (mailer) failed: no paper`.
impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.handler.fmt(f)?;
        match self.stage {
            Stage::Handler => {}
            Stage::OnSuccess => f.write_str(" on_success")?,
            Stage::OnFailure => f.write_str(" on_failure")?,
        }
        write!(f, " {}", self.outcome.as_str())?;
        match self.outcome.error() {
            Some(error) => write!(f, ": {error}"),
            None => Ok(()),
        }
    }
}

impl Ended {
    pub(crate) fn new(handler: HandlerRef, stage: Stage, outcome: Outcome) -> Self {
        Self {
            handler,
            position: 0,
            stage,
            outcome,
        }
    }

    /// Says where it stands in the order of delivery.
    #[inline]
    pub(crate) fn at(self, position: usize) -> Self {
        Self { position, ..self }
    }

    /// The handler's answer, if it is a `T`, with whose it is.
    pub(crate) fn into_reply<T: 'static>(self) -> Result<(HandlerRef, T), Self> {
        let (handler, stage) = (self.handler, self.stage);
        let outcome = match self.outcome {
            Outcome::Handled(reply) => match reply.downcast() {
                Ok(value) => return Ok((handler, value)),
                Err(reply) => Outcome::Handled(reply),
            },
            outcome => outcome,
        };
        Err(Self::new(handler, stage, outcome))
    }

    /// Whose handler or callback ended.
    pub(crate) fn handler(&self) -> &HandlerRef {
        &self.handler
    }

    /// Returns the subscription's id.
    ///
    /// # Examples
    ///
    /// Ends every subscription that does not handle an event:
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let parser = linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()))?;
    /// let printer = linker.subscribe(on::<&str>().call(|text| println!("{}", **text)))?;
    /// let report = Emitter::start(&linker, Strategy::inline()).emit_and_wait("no number").await;
    /// for ended in report.iter().filter(|ended| !ended.outcome().is_handled()) {
    ///     linker.unsubscribe(ended.subscription());
    /// }
    /// assert!(!parser.is_active() && printer.is_active());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn subscription(&self) -> SubscriptionId {
        self.handler.subscription()
    }

    /// Returns the subscription's name, if it has one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()).named("parser"))?;
    /// linker.subscribe(on::<&str>().call(|_| ()))?;
    /// let report = Emitter::start(&linker, Strategy::inline()).emit_and_wait("42").await;
    /// let names: Vec<_> = report.iter().map(|ended| ended.name()).collect();
    /// assert_eq!(names, [Some("parser"), None]);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.handler.name()
    }

    /// Returns what ended: the handler or one of its callbacks.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Stage, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let parser = on::<&str>().call(|text| text.parse::<u32>());
    /// linker.subscribe(parser.on_failure(|failure| panic!("{}", failure.error())))?;
    /// let report = Emitter::start(&linker, Strategy::inline()).emit_and_wait("no number").await;
    ///
    /// // The handler failed, and so did the callback that was to see to it.
    /// let stages: Vec<_> = report.iter().map(|ended| ended.stage()).collect();
    /// assert_eq!(stages, [Stage::Handler, Stage::OnFailure]);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Returns how it ended.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Outcome, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()))?;
    /// let report = Emitter::start(&linker, Strategy::inline()).emit_and_wait("42").await;
    /// for ended in &report {
    ///     match ended.outcome() {
    ///         Outcome::Handled(reply) => assert_eq!(reply.downcast_ref::<u32>(), Some(&42)),
    ///         other => panic!("{:?}: {}", ended.name(), other.as_str()),
    ///     }
    /// }
    /// # assert_eq!(report.iter().count(), 1);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// Returns how it ended, by value.
    ///
    /// # Examples
    ///
    /// Takes an answer that cannot be cloned out of a report:
    ///
    /// ```
    /// # use ventix::{on, BoxError, Emitter, Linker, Outcome, Strategy};
    /// struct Receipt(u64);
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u64>().call(|order| Ok::<_, BoxError>(Receipt(**order))))?;
    /// let report = Emitter::start(&linker, Strategy::inline()).emit_and_wait(7_u64).await;
    /// let ended = report.into_iter().next().ok_or("one subscription matched")?;
    /// let Outcome::Handled(reply) = ended.into_outcome() else { return Err("not handled".into()) };
    /// let Receipt(order) = reply.downcast().map_err(|_| "no receipt")?;
    /// assert_eq!(order, 7);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn into_outcome(self) -> Outcome {
        self.outcome
    }
}
