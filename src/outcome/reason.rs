use crate::event::{EventType, TopicError};

/// Why an emission, or one delivery of it, was turned away.
///
/// # Examples
///
/// ```
/// # use ventix::{on_topic, Emitter, Linker, Reason, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on_topic::<String>("audit.login").call(|_| ()))?;
/// let emitter = Emitter::start(&linker, Strategy::inline());
/// let receipt = emitter.prepare(7_u64).topic("audit.login").emit();
/// let reason = receipt.refusals()[0].reason();
/// assert!(matches!(reason, Reason::Mismatch { .. }));
/// assert_eq!(
///     reason.to_string(),
///     "the subscription expects alloc::string::String, the emission has u64",
/// );
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// The emission's deadline had passed before the handler was to start.
    #[error("the deadline has passed")]
    Expired,
    /// The subscription fires once and has fired, or another emission holds
    /// its one shot.
    #[error("the subscription fires once and has been claimed")]
    OnceSpent,
    /// The handling actor has stopped. The subscription is unlinked from
    /// what led to it.
    #[error("the handling actor has stopped")]
    HandlerGone,
    /// As many deliveries as the subscription allows are in flight.
    ///
    /// Nothing waits for room. Keep fewer emissions on their way than the lane
    /// takes: await each `emit_and_wait`, or several at a time as the example
    /// `log_watch` does with `buffered`; or give the subscription a larger
    /// [`capacity`](crate::SubscriptionSpec::capacity). The event is not given back,
    /// and emitting it again delivers it anew to those that took it.
    #[error("the lane is full (capacity {capacity})")]
    LaneFull {
        /// How many the subscription allows.
        capacity: usize,
    },
    /// The subscription is on the emission's topic, but for another type.
    #[error("the subscription expects {expected}, the emission has {found}")]
    Mismatch {
        /// The type that the subscription handles.
        expected: EventType,
        /// The type that was emitted.
        found: EventType,
    },
    /// An async callback needs an arbiter, and the emission runs on a thread
    /// that has none. Use a strategy that has one: `current`, `on`, `dedicated`.
    #[error("an async callback cannot run on a thread without an arbiter")]
    NoArbiter,
    /// As many emissions as the emitter allows are waiting for its arbiter.
    ///
    /// Nothing waits for room: let the arbiter run now and then, by awaiting an
    /// `emit_and_wait`; or give the emitter a larger
    /// [`capacity`](crate::EmitterBuilder::capacity).
    #[error("the emitter is full (capacity {capacity})")]
    EmitterFull {
        /// How many the emitter allows.
        capacity: usize,
    },
    /// The emitter's actor, or its arbiter, has stopped.
    #[error("the emitter has stopped")]
    EmitterStopped,
    /// [`Linker::stop`](crate::Linker::stop) was called.
    #[error("the linker has stopped")]
    LinkerStopped,
    /// The text given as topic is none.
    #[error(transparent)]
    InvalidTopic(#[from] TopicError),
}

impl Reason {
    /// Returns whether the subscription had no more use for the emission, rather
    /// than no way to take it: then nothing went wrong.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::Reason;
    ///
    /// assert!(Reason::OnceSpent.is_skip());
    /// assert!(!Reason::LaneFull { capacity: 1 }.is_skip());
    /// ```
    #[must_use]
    pub fn is_skip(&self) -> bool {
        matches!(self, Self::OnceSpent)
    }
}
