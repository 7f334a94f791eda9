use std::fmt;

use actix::Message;

use crate::event::SubscriptionId;
use crate::registry::{Selector, Snapshot};

use super::linker::Linker;

/// A question to a linker, as a message: each method of [`Linker`] that only
/// looks has one of the same name. `R` is the answer.
///
/// # Examples
///
/// ```
/// use ventix::{on, Linker, Query, Selector};
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// let id = linker.subscribe(on::<u8>().call(|_| ()))?.id();
///
/// let bytes = Selector::event::<u8>();
/// assert!(!linker.addr().send(Query::is_empty()).await?);
/// assert!(linker.addr().send(Query::are_linked(id, bytes.clone())).await?);
/// assert_eq!(linker.addr().send(Query::subscriptions_of(bytes)).await?, [id]);
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
pub struct Query<R>(Box<dyn FnOnce(&Linker) -> R + Send>);

impl<R> Query<R> {
    fn new(question: impl FnOnce(&Linker) -> R + Send + 'static) -> Self {
        Self(Box::new(question))
    }

    pub(super) fn ask(self, linker: &Linker) -> R {
        (self.0)(linker)
    }
}

impl Query<bool> {
    /// As [`Linker::is_empty`].
    #[must_use]
    pub fn is_empty() -> Self {
        Self::new(Linker::is_empty)
    }

    /// As [`Linker::contains_event`].
    #[must_use]
    pub fn contains_event(event: Selector) -> Self {
        Self::new(move |linker| linker.contains_event(&event))
    }

    /// As [`Linker::contains`].
    #[must_use]
    pub fn contains(id: SubscriptionId) -> Self {
        Self::new(move |linker| linker.contains(id))
    }

    /// As [`Linker::are_linked`].
    #[must_use]
    pub fn are_linked(id: SubscriptionId, event: Selector) -> Self {
        Self::new(move |linker| linker.are_linked(id, &event))
    }
}

impl Query<usize> {
    /// As [`Linker::subscription_count`].
    #[must_use]
    pub fn subscription_count() -> Self {
        Self::new(Linker::subscription_count)
    }

    /// As [`Linker::event_count`].
    #[must_use]
    pub fn event_count() -> Self {
        Self::new(Linker::event_count)
    }

    /// As [`Linker::event_count_of`].
    #[must_use]
    pub fn event_count_of(id: SubscriptionId) -> Self {
        Self::new(move |linker| linker.event_count_of(id))
    }

    /// As [`Linker::subscription_count_of`].
    #[must_use]
    pub fn subscription_count_of(event: Selector) -> Self {
        Self::new(move |linker| linker.subscription_count_of(&event))
    }
}

impl Query<Option<usize>> {
    /// As [`Linker::max_subscribers`].
    #[must_use]
    pub fn max_subscribers() -> Self {
        Self::new(Linker::max_subscribers)
    }
}

impl Query<Vec<Selector>> {
    /// As [`Linker::events`].
    #[must_use]
    pub fn events() -> Self {
        Self::new(Linker::events)
    }

    /// As [`Linker::events_of`].
    #[must_use]
    pub fn events_of(id: SubscriptionId) -> Self {
        Self::new(move |linker| linker.events_of(id))
    }
}

impl Query<Vec<SubscriptionId>> {
    /// As [`Linker::subscriptions_of`].
    #[must_use]
    pub fn subscriptions_of(event: Selector) -> Self {
        Self::new(move |linker| linker.subscriptions_of(&event))
    }
}

impl Query<Snapshot> {
    /// As [`Linker::snapshot`].
    #[must_use]
    pub fn snapshot() -> Self {
        Self::new(Linker::snapshot)
    }
}

impl<R: 'static> Message for Query<R> {
    type Result = R;
}

impl<R> fmt::Debug for Query<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Query<{}>", std::any::type_name::<R>())
    }
}
