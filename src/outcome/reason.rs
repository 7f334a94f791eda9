use std::sync::Arc;
use std::time::Duration;

use crate::event::{EventType, HandlerRef, TopicError};

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
    /// Keep fewer emissions on their way than the lane takes: await each
    /// `emit_and_wait`, or several at a time as the example `log_watch` does with
    /// `buffered`; give the subscription a larger
    /// [`capacity`](crate::SubscriptionSpec::capacity); or let the waiting calls wait
    /// for room, with [`Overflow::Wait`](crate::Overflow::Wait). The event is not given
    /// back, and emitting it again delivers it anew to those that took it.
    #[error("the lane is full (capacity {capacity})")]
    LaneFull {
        /// How many the subscription allows.
        capacity: usize,
    },
    /// The lane is full, and its own handler made the emission, directly or through
    /// the handlers in between: waiting for room would be waiting for itself.
    ///
    /// Known of what is emitted through [`Delivery::emitter`](crate::Delivery::emitter).
    #[error(
        "the lane is full (capacity {capacity}) with what leads back to it: {}",
        HandlerRef::chain(path)
    )]
    Cycle {
        /// How many the subscription allows.
        capacity: usize,
        /// The handlers that lead back to it, itself first.
        path: Arc<[HandlerRef]>,
    },
    /// It was the oldest that waited in a full lane, or for a full emitter, and
    /// made room for a newer one: [`Overflow::DropOldest`](crate::Overflow::DropOldest).
    #[error("dropped for a newer one (capacity {capacity})")]
    DroppedOldest {
        /// How many there is room for.
        capacity: usize,
    },
    /// The lane, or the emitter, was full:
    /// [`Overflow::DropNewest`](crate::Overflow::DropNewest).
    #[error("dropped: there is no room (capacity {capacity})")]
    DroppedNewest {
        /// How many there is room for.
        capacity: usize,
    },
    /// It made room for a newer one with the same key:
    /// [`Overflow::Coalesce`](crate::Overflow::Coalesce).
    #[error("dropped for a newer one with the same key")]
    Coalesced,
    /// The handler died more often than its [`Restart`](crate::Restart) allows;
    /// [`Subscription::resume`](crate::Subscription::resume) tries again.
    #[error("the handler is suspended: it was restarted {restarts} times within {within:?}")]
    Suspended {
        /// How often it was restarted.
        restarts: u32,
        /// Within which time.
        within: Duration,
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
    /// that has none. Every built-in strategy but `inline` has one.
    #[error("an async callback cannot run on a thread without an arbiter")]
    NoArbiter,
    /// As many emissions as the emitter allows are waiting to be run.
    ///
    /// Let the arbiter run now and then, by awaiting an `emit_and_wait`; give the emitter
    /// more room with [`bounded`](crate::Strategy::bounded); or let the waiting calls
    /// wait for it, with [`Overflow::Wait`](crate::Overflow::Wait).
    #[error("the emitter is full (capacity {capacity})")]
    EmitterFull {
        /// How many the emitter allows.
        capacity: usize,
    },
    /// The emitter, or its linker, takes no more: it is being
    /// [drained](crate::Emitter::drain).
    #[error("shutting down: no more emissions are taken")]
    ShuttingDown,
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

    /// Returns whether the overflow policy dropped it, as it was told to.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::Reason;
    ///
    /// assert!(Reason::Coalesced.is_drop());
    /// assert!(!Reason::LaneFull { capacity: 1 }.is_drop());
    /// ```
    #[must_use]
    pub fn is_drop(&self) -> bool {
        matches!(
            self,
            Self::DroppedOldest { .. } | Self::DroppedNewest { .. } | Self::Coalesced
        )
    }
}
