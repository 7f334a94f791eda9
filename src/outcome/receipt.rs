use crate::event::{EmissionId, HandlerRef, SubscriptionId};

use super::reason::Reason;

/// What [`emit`](crate::Emitter::emit) returns at once: who matched, who is to
/// get it, and why the others will not.
///
/// `matched` is always `accepted` plus the number of `refusals`, unless the
/// emission as a whole was refused: then nothing was accepted.
///
/// # Examples
///
/// ```
/// # use ventix::{on, Emitter, Linker, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// let emitter = Emitter::start(&linker, Strategy::inline());
///
/// assert!(emitter.emit("nobody listens").is_unheard());
///
/// linker.subscribe(on::<&str>().call(|_| ()))?;
/// let receipt = emitter.emit("somebody does");
/// assert_eq!((receipt.matched(), receipt.accepted()), (1, 1));
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    id: EmissionId,
    matched: usize,
    accepted: usize,
    /// Rarely there, so that a receipt is a few words.
    detail: Option<Box<Detail>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Detail {
    /// By some subscriptions.
    Partly(Vec<Refusal>),
    /// As a whole.
    Wholly(Reason),
    /// It goes out, and is not confirmed yet.
    Queued,
    /// It went out, and the backend has it.
    Confirmed,
}

impl Receipt {
    pub(crate) fn new(id: EmissionId, matched: usize, refusals: Vec<Refusal>) -> Self {
        Self {
            id,
            matched,
            accepted: matched - refusals.len(),
            detail: (!refusals.is_empty()).then(|| Box::new(Detail::Partly(refusals))),
        }
    }

    /// All that matched get it.
    #[inline]
    pub(crate) fn complete(id: EmissionId, matched: usize) -> Self {
        Self {
            id,
            matched,
            accepted: matched,
            detail: None,
        }
    }

    /// Of one that goes out.
    pub(crate) fn queued(id: EmissionId) -> Self {
        Self {
            detail: Some(Box::new(Detail::Queued)),
            ..Self::complete(id, 0)
        }
    }

    /// What has become of one that went out; nothing, if it was lost on the way.
    pub(crate) fn settled(self, end: Result<Result<(), Reason>, impl Sized>) -> Self {
        let detail = match end {
            Ok(Ok(())) => Detail::Confirmed,
            Ok(Err(reason)) => Detail::Wholly(reason),
            Err(_) => Detail::Wholly(Reason::Unconfirmed),
        };
        let detail = Some(Box::new(detail));
        Self { detail, ..self }
    }

    pub(crate) fn refused(id: EmissionId, matched: usize, reason: Reason) -> Self {
        Self {
            id,
            matched,
            accepted: 0,
            detail: Some(Box::new(Detail::Wholly(reason))),
        }
    }

    /// Returns the emission's id. If [nobody heard it](Self::is_unheard), the time that is
    /// part of it may be that of the emitter's last emission that somebody did hear: no
    /// clock is read for nobody.
    ///
    /// # Examples
    ///
    /// Names the emission in another one:
    ///
    /// ```
    /// # use ventix::{on, BoxError, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<&str>().call(|news| Ok::<_, BoxError>(news.metadata().correlation())))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// let order = emitter.emit("order placed").id();
    /// let report = emitter.prepare("invoice sent").correlation(order).emit_and_wait().await;
    /// assert_eq!(report.replies().next(), Some(&order));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn id(&self) -> EmissionId {
        self.id
    }

    /// Returns how many subscriptions the emission is for.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, on_any, on_topic, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// linker.subscribe(on_topic::<u8>("bytes.*").call(|_| ()))?;
    /// linker.subscribe(on_any().call(|_| ()))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// assert_eq!(emitter.emit(1_u8).matched(), 2, "the type, and everything");
    /// assert_eq!(emitter.emit(1_u16).matched(), 1, "everything");
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn matched(&self) -> usize {
        self.matched
    }

    /// Returns how many of them get it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// let stuck = on::<u8>().call_async(|_| std::future::pending::<()>());
    /// linker.subscribe(stuck.capacity(1))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// assert_eq!(emitter.emit(1_u8).accepted(), 2);
    /// assert_eq!(emitter.emit(2_u8).accepted(), 1, "the lane of one subscription is full");
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.accepted
    }

    /// Returns the others, each with its reason.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on_topic, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on_topic::<String>("audit.>").call(|_| ()).named("log"))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// let receipt = emitter.prepare(7_u64).topic("audit.login").emit();
    /// let why: Vec<_> = receipt
    ///     .refusals()
    ///     .iter()
    ///     .map(|refusal| format!("{}: {}", refusal.name().unwrap_or("?"), refusal.reason()))
    ///     .collect();
    /// assert_eq!(why, ["log: the subscription expects alloc::string::String, the emission has u64"]);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn refusals(&self) -> &[Refusal] {
        match self.detail.as_deref() {
            Some(Detail::Partly(refusals)) => refusals,
            _ => &[],
        }
    }

    /// Returns why the emission as a whole was turned away, if it was.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Emitter, Linker, Reason, Strategy};
    /// # actix::System::new().block_on(async {
    /// let emitter = Emitter::start(&Linker::start(), Strategy::inline());
    /// let receipt = emitter.prepare("hello").topic("no topic").emit();
    /// let Some(Reason::InvalidTopic(error)) = receipt.refusal() else { panic!("{receipt:?}") };
    /// assert_eq!(error.position(), 2);
    /// assert_eq!(emitter.emit("hello").refusal(), None, "nobody listens, but that is no refusal");
    /// # });
    /// ```
    #[must_use]
    pub fn refusal(&self) -> Option<&Reason> {
        match self.detail.as_deref() {
            Some(Detail::Wholly(reason)) => Some(reason),
            _ => None,
        }
    }

    /// Returns whether it was put on its way to a backend, by a
    /// [remote](crate::Strategy::remote) strategy. It may still be turned away there, which
    /// makes it a dead letter.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let emitter = Emitter::start(&Linker::start(), Strategy::inline());
    /// assert!(!emitter.emit("stays here").is_queued());
    /// # });
    /// ```
    #[must_use]
    pub fn is_queued(&self) -> bool {
        matches!(
            self.detail.as_deref(),
            Some(Detail::Queued | Detail::Confirmed)
        )
    }

    /// Returns whether a backend has confirmed it: in the receipt of a
    /// [report](crate::Report::receipt), which has waited for that.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::remote::{Memory, Remote};
    /// use ventix::{Emitter, Linker, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let remote = Remote::start(Memory::new())?;
    /// remote.register::<u32>("meter.reading", 1)?;
    /// let emitter = Emitter::start(&Linker::start(), Strategy::remote(&remote));
    /// assert!(emitter.emit(1_u32).is_queued());
    /// let report = emitter.emit_and_wait(2_u32).await;
    /// assert!(report.receipt().is_confirmed());
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        matches!(self.detail.as_deref(), Some(Detail::Confirmed))
    }

    /// Returns whether nobody listens to this event: no subscription matched,
    /// and the emission was not refused either.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// assert!(emitter.emit("nobody listens").is_unheard());
    /// linker.stop();
    /// assert!(!emitter.emit("nobody may listen").is_unheard());
    /// # });
    /// ```
    #[must_use]
    pub fn is_unheard(&self) -> bool {
        self.matched == 0 && self.detail.is_none()
    }

    /// Returns whether every subscription that matched gets it, or had no more
    /// use for it ([`Reason::is_skip`]).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// assert!(emitter.emit(1_u8).is_complete(), "there is nobody to miss it");
    ///
    /// let stuck = on::<u8>().call_async(|_| std::future::pending::<()>());
    /// linker.subscribe(stuck.capacity(1))?;
    /// assert!(emitter.emit(2_u8).is_complete());
    /// assert!(!emitter.emit(3_u8).is_complete());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let skipped = |refusal: &Refusal| refusal.reason.is_skip();
        self.refusals().iter().all(skipped) && self.refusal().is_none()
    }
}

/// A subscription that matched and does not get the emission.
///
/// # Examples
///
/// ```
/// # use ventix::{on_topic, Emitter, Linker, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// let links = linker.subscribe(on_topic::<u8>("a.b").call(|_| ()).named("bytes"))?;
/// let emitter = Emitter::start(&linker, Strategy::inline());
/// let receipt = emitter.prepare("text").topic("a.b").emit();
/// assert_eq!(receipt.refusals()[0].subscription(), links.id());
/// assert_eq!(receipt.refusals()[0].name(), Some("bytes"));
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub(super) handler: HandlerRef,
    pub(super) reason: Reason,
}

impl Refusal {
    /// Whose refusal it is.
    pub(crate) fn handler(&self) -> &HandlerRef {
        &self.handler
    }

    pub(crate) fn new(handler: HandlerRef, reason: Reason) -> Self {
        Self { handler, reason }
    }

    /// Returns the subscription's id.
    ///
    /// # Examples
    ///
    /// Drops a subscriber that cannot keep up:
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let stuck = on::<u8>().call_async(|_| std::future::pending::<()>());
    /// linker.subscribe(stuck.capacity(1))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// emitter.emit(1_u8);
    /// for refusal in emitter.emit(2_u8).refusals() {
    ///     assert!(linker.unsubscribe(refusal.subscription()));
    /// }
    /// assert!(linker.is_empty());
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
    /// # use ventix::{on_topic, AnyEvent, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on_topic::<u16>("size").call(|_| ()).named("narrow"))?;
    /// linker.subscribe(on_topic::<u32>("size").call(|_| ()))?;
    /// linker.subscribe(on_topic::<AnyEvent>("size").call(|_| ()).named("any"))?;
    /// let receipt = Emitter::start(&linker, Strategy::inline()).prepare(1_u64).topic("size").emit();
    /// let names: Vec<_> = receipt.refusals().iter().map(|refusal| refusal.name()).collect();
    /// assert_eq!(names, [Some("narrow"), None]);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.handler.name()
    }

    /// Returns why.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Reason, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call_async(|_| async {}))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    ///
    /// // A thread without an arbiter has nowhere to run a future.
    /// let receipt = std::thread::spawn(move || emitter.emit(1_u8)).join().unwrap();
    /// assert_eq!(receipt.refusals()[0].reason(), &Reason::NoArbiter);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn reason(&self) -> &Reason {
        &self.reason
    }
}
