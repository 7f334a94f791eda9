use crate::event::TopicError;
use crate::policy::SettingError;

use super::selector::Selector;

/// Why nothing was subscribed. Nothing of the subscription is kept then, of
/// whichever of its selectors it may be.
///
/// # Examples
///
/// ```
/// use ventix::{on, Linker, Selector, SubscribeError};
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::builder().max_subscribers(1).start()?;
/// linker.subscribe(on::<u8>().call(|_| ()))?;
/// let error = linker
///     .subscribe(on::<u16>().call(|_| ()).and(on::<u8>().call(|_| ())))
///     .unwrap_err();
/// assert_eq!(
///     error,
///     SubscribeError::TooManySubscribers { event: Selector::event::<u8>(), max: 1 },
/// );
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubscribeError {
    /// An event has as many subscribers as the linker allows.
    #[error("`{event}` has {max} subscribers, the most that its linker allows")]
    TooManySubscribers {
        /// The event.
        event: Selector,
        /// What [`max_subscribers`](crate::LinkerBuilder::max_subscribers) says.
        max: usize,
    },
    /// The subscription selects nothing.
    #[error("the subscription selects no event")]
    NoSelector,
    /// A topic or pattern of the subscription is none.
    #[error(transparent)]
    InvalidTopic(#[from] TopicError),
    /// A setting of one of its policies is out of range.
    #[error(transparent)]
    InvalidSetting(#[from] SettingError),
    /// A capacity of 0 would refuse everything, or drop it.
    #[error("a lane or a stream must have room for one delivery at least")]
    ZeroCapacity,
    /// [`for_at_most`](crate::SubscriptionSpec::for_at_most) 0 would never fire.
    #[error("a subscription must be allowed to fire once at least")]
    ZeroShots,
    /// A [batch](crate::On::batch) of so many deliveries would never be full.
    #[error("a batch of {size} deliveries: between 1 and the lane's {capacity} are allowed")]
    BatchSize {
        /// What was asked for.
        size: usize,
        /// How many deliveries the lane has room for.
        capacity: usize,
    },
    /// Batches are handled one after the other, because the subscription is
    /// [`in_order`](crate::SubscriptionSpec::in_order) or takes back what waits, and share
    /// their lane with another handler, whose deliveries they would wait for.
    #[error("batches that are handled one at a time need a subscription of their own")]
    BatchNotAlone,
    /// No handler of the subscription is an actor that it could hold weakly.
    #[error("`weak` is for actors that are subscribed by their address")]
    NotWeak,
    /// No handler of the subscription is made by the bus, so none can be made anew.
    #[error("`restart` is for actors that are made by a factory: `actor_in`, `actor_pool`")]
    NotMade,
    /// The stream that the deliveries were for has been dropped.
    #[error("the stream to deliver to has been dropped")]
    StreamDropped,
    /// A pool of so many actors makes no sense.
    #[error("a pool of {size} actors: between 1 and {max} are allowed")]
    PoolSize {
        /// What was asked for.
        size: usize,
        /// The most that are allowed.
        max: usize,
    },
    /// A pool of actors starts arbiters, and they belong to a `System`.
    #[error("a pool of actors must be subscribed on a thread of a `System`")]
    NoSystem,
    /// [`Linker::stop`](crate::Linker::stop) was called.
    #[error("the linker has stopped")]
    LinkerStopped,
}
