use std::sync::Arc;
use std::time::Duration;

use crate::event::{EventType, HandlerRef, TopicError};

use super::described::Described;
use super::error::BoxError;
use super::rejected::Rejected;

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
    /// The subscription is paused, and does not hold what comes meanwhile:
    /// [`WhenPaused`](crate::WhenPaused). Resume it, or let it hold.
    #[error("the subscription is paused; resume it, or let it hold what comes meanwhile")]
    Paused,
    /// The subscription's filter said no: it has no use for this one.
    #[error("the subscription's filter does not want it")]
    Filtered,
    /// The subscription's filter panicked, so nobody knows whether it wants it. Mend
    /// the filter: it should look at the event and decide, nothing else.
    #[error("the subscription's filter panicked; mend it")]
    FilterPanicked,
    /// The subscription fires a limited number of times, and each has fired or is
    /// held by another emission.
    #[error("the subscription fires a limited number of times, and all of them are claimed")]
    Spent,
    /// The subscription's time is over.
    #[error("the subscription's time is over")]
    Over,
    /// Too much of what the handler got lately has failed, so its
    /// [`Breaker`](crate::Breaker) keeps the rest from it for a while.
    ///
    /// See what fails: failure callbacks and [`DeadLetter`](crate::DeadLetter) say so.
    /// What is emitted after that time may be let through.
    #[error("the breaker is open after too many failures; try again in {retry_in:?}")]
    BreakerOpen {
        /// How long it lets nothing through, at least.
        retry_in: Duration,
    },
    /// It came sooner than the subscription's [`Throttle`](crate::Throttle) allows.
    ///
    /// Emit less often, allow larger bursts, or let what is too fast wait for its turn.
    #[error("too fast for the subscription's throttle; try again in {retry_in:?}")]
    Throttled {
        /// How long the throttle lets nothing through.
        retry_in: Duration,
    },
    /// A newer one took its place: [`Debounce`](crate::Debounce) delivers the last of a
    /// burst.
    #[error("a newer one took its place before the burst was over")]
    Debounced,
    /// It [took too long](crate::SubscriptionSpec::timeout) and was ended, and its handler
    /// has not let go of it: it cannot be delivered again before that.
    #[error("it was ended because it took too long, and its handler still holds it")]
    StillHeld,
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
    /// This handler is done with it: it was carried here once more for others, that are not.
    #[error("this handler is done with it; it is here for others")]
    Done,
    /// No such event is [registered](crate::remote::Remote::register) with the remote, so it
    /// has no name to go out by. Register it, before the first is emitted.
    #[error("{event} is not registered with the remote, so it has no name to go out by")]
    Unregistered {
        /// The event.
        event: EventType,
    },
    /// The event could not be made bytes.
    #[error("the event cannot be encoded: {0}")]
    Unencodable(Described),
    /// The event, with what is known of it, is larger than the remote takes.
    #[error("it takes {size} bytes, and the remote takes {limit} at most")]
    TooLarge {
        /// What it takes, in bytes.
        size: usize,
        /// What may be taken.
        limit: usize,
    },
    /// The backend will not take it, and would not the next time.
    #[error("the backend will not take it: {0}")]
    Unpublishable(Described),
    /// It was still on its way to the backend when the program, or the remote, ended: it may
    /// have arrived or not. [Drain](crate::Linker::drain) before you end.
    #[error("it was not confirmed by the backend before the end; it may have arrived")]
    Unconfirmed,
    /// Only a [remote](crate::Strategy::remote) strategy can keep it until a time. To emit
    /// it later from this program, use [`Prepared::after`](crate::Prepared::after).
    #[error("only a remote strategy can keep it until a time; use `after` or `at` here")]
    NotRemote,
    /// It has been handled already, or is being handled:
    /// [`Deduplicate`](crate::middleware::Deduplicate).
    #[error("a duplicate of one that has been handled, or is being handled")]
    Duplicate,
    /// A [layer](crate::middleware) turned it away, for a reason of its own.
    #[error(transparent)]
    Layer(Rejected),
    /// A [layer](crate::middleware) panicked, so nobody knows what it would have said.
    #[error("a layer panicked; mend it")]
    LayerPanicked,
    /// The text given as topic is none.
    #[error(transparent)]
    InvalidTopic(#[from] TopicError),
}

impl Reason {
    /// Makes the reason of a [layer](crate::middleware) of one's own: any error, or a
    /// text.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::Reason;
    ///
    /// let reason = Reason::layer("no tenant");
    /// assert_eq!(reason.to_string(), "a layer turned it away: no tenant");
    /// assert!(!reason.is_skip() && !reason.is_drop(), "it is a refusal");
    /// ```
    #[must_use]
    pub fn layer(error: impl Into<BoxError>) -> Self {
        Self::Layer(Rejected::new(error.into()))
    }

    /// Returns whether the subscription had no more use for the emission, rather
    /// than no way to take it: then nothing went wrong.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::Reason;
    ///
    /// assert!(Reason::Spent.is_skip());
    /// assert!(Reason::Filtered.is_skip());
    /// assert!(!Reason::LaneFull { capacity: 1 }.is_skip());
    /// ```
    #[must_use]
    pub fn is_skip(&self) -> bool {
        matches!(
            self,
            Self::Filtered
                | Self::Spent
                | Self::Over
                | Self::Debounced
                | Self::Duplicate
                | Self::Done
        )
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
