use actix::Message;

use crate::event::SubscriptionId;
use crate::registry::{Selector, SubscribeError};

use super::shared::Core;
use super::spec::SubscriptionSpec;
use super::subscription::Subscription;

/// Links a subscription, as [`Linker::subscribe`](crate::Linker::subscribe) does.
///
/// # Examples
///
/// ```
/// use ventix::{on, Linker, Subscribe};
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// let subscription = linker.addr().send(Subscribe(on::<u8>().call(|_| ()))).await??;
/// assert!(subscription.is_active());
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Message)]
#[rtype(result = "Result<Subscription, SubscribeError>")]
pub struct Subscribe(pub SubscriptionSpec);

/// Unlinks. The answer is how much was: the number of subscriptions, or of links
/// where one selector of one subscription was named.
///
/// # Examples
///
/// ```
/// use ventix::{on, Linker, Unsubscribe};
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// let id = linker.subscribe(on::<u8>().call(|_| ()))?.id();
/// assert_eq!(linker.addr().send(Unsubscribe::subscription(id)).await?, 1);
/// assert_eq!(linker.addr().send(Unsubscribe::everything()).await?, 0);
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Message)]
#[rtype(result = "usize")]
pub struct Unsubscribe(What);

#[derive(Debug)]
enum What {
    Subscription(SubscriptionId),
    Link(SubscriptionId, Selector),
    Event(Selector),
    Everything,
}

impl Unsubscribe {
    /// Unlinks one subscription from everything.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker, Unsubscribe};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let id = linker.subscribe(on::<u8>().or_topic("bytes").call(|_| ()))?.id();
    /// assert_eq!(linker.addr().send(Unsubscribe::subscription(id)).await?, 1);
    /// assert_eq!(linker.addr().send(Unsubscribe::subscription(id)).await?, 0, "it was gone");
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn subscription(id: SubscriptionId) -> Self {
        Self(What::Subscription(id))
    }

    /// Unlinks one subscription from one event.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker, Selector, Unsubscribe};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let links = linker.subscribe(on::<u8>().or_topic("bytes").call(|_| ()))?;
    /// let unlink = Unsubscribe::link(links.id(), Selector::topic("bytes")?);
    /// assert_eq!(linker.addr().send(unlink).await?, 1);
    /// assert!(links.is_active(), "it still listens to `u8`");
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn link(id: SubscriptionId, event: Selector) -> Self {
        Self(What::Link(id, event))
    }

    /// Unlinks everything from one event.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker, Selector, Unsubscribe};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let both = linker.subscribe(on::<u8>().or_topic("bytes").call(|_| ()))?;
    /// let one = linker.subscribe(on::<u8>().call(|_| ()))?;
    /// let unlink = Unsubscribe::event(Selector::event::<u8>());
    /// assert_eq!(linker.addr().send(unlink).await?, 2);
    /// assert!(both.is_active() && !one.is_active());
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn event(event: Selector) -> Self {
        Self(What::Event(event))
    }

    /// Unlinks everything from everything.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker, Unsubscribe};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().or_topic("bytes").call(|_| ()))?;
    /// linker.subscribe(on::<u16>().call(|_| ()))?;
    /// assert_eq!(linker.addr().send(Unsubscribe::everything()).await?, 2);
    /// // Unlike a linker that was stopped, this one takes new ones.
    /// assert!(linker.subscribe(on::<u8>().call(|_| ())).is_ok());
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn everything() -> Self {
        Self(What::Everything)
    }

    pub(super) fn carry_out(&self, core: &Core) -> usize {
        match &self.0 {
            What::Subscription(id) => usize::from(core.unsubscribe(*id)),
            What::Link(id, event) => usize::from(core.unsubscribe_from(*id, event)),
            What::Event(event) => core.remove_event(event),
            What::Everything => core.clear(),
        }
    }
}
