use std::fmt;

use actix::Message;

use crate::event::SubscriptionId;
use crate::registry::{Selector, Snapshot};

use super::linker::Linker;

/// A question to a linker, as a message: each method of [`Linker`] that
/// looks at subscriptions has one of the same name. `R` is the answer.
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
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker, Query, Subscribe};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start().addr();
    /// assert!(linker.send(Query::is_empty()).await?);
    /// linker.do_send(Subscribe(on::<u8>().call(|_| ())));
    /// assert!(!linker.send(Query::is_empty()).await?, "messages are taken in order");
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn is_empty() -> Self {
        Self::new(Linker::is_empty)
    }

    /// As [`Linker::contains_event`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker, Query, Selector};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// let addr = linker.addr();
    /// assert!(addr.send(Query::contains_event(Selector::event::<u8>())).await?);
    /// assert!(!addr.send(Query::contains_event(Selector::event::<u16>())).await?);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn contains_event(event: Selector) -> Self {
        Self::new(move |linker| linker.contains_event(&event))
    }

    /// As [`Linker::contains`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker, Query, Unsubscribe};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let id = linker.subscribe(on::<u8>().call(|_| ()))?.id();
    /// let addr = linker.addr();
    /// assert!(addr.send(Query::contains(id)).await?);
    /// addr.do_send(Unsubscribe::subscription(id));
    /// assert!(!addr.send(Query::contains(id)).await?);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn contains(id: SubscriptionId) -> Self {
        Self::new(move |linker| linker.contains(id))
    }

    /// As [`Linker::are_linked`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker, Query, Selector};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let id = linker.subscribe(on::<u8>().or_topic("bytes.>").call(|_| ()))?.id();
    /// let bytes = Selector::topic("bytes.>")?;
    /// assert!(linker.addr().send(Query::are_linked(id, bytes)).await?);
    /// assert!(!linker.addr().send(Query::are_linked(id, Selector::everything())).await?);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn are_linked(id: SubscriptionId, event: Selector) -> Self {
        Self::new(move |linker| linker.are_linked(id, &event))
    }

    /// As [`Linker::has_default_on_success`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Linker, Query};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// assert!(!linker.addr().send(Query::has_default_on_success()).await?);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn has_default_on_success() -> Self {
        Self::new(Linker::has_default_on_success)
    }

    /// As [`Linker::has_default_on_failure`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Linker, Query};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::builder().on_failure(|_| ()).start()?;
    /// assert!(linker.addr().send(Query::has_default_on_failure()).await?);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn has_default_on_failure() -> Self {
        Self::new(Linker::has_default_on_failure)
    }
}

impl Query<usize> {
    /// As [`Linker::subscription_count`].
    ///
    /// # Examples
    ///
    /// A recipient of one answer takes every question that has it:
    ///
    /// ```
    /// # use ventix::{on, Linker, Query};
    /// # use actix::Recipient;
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().or_topic("bytes.>").call(|_| ()))?;
    /// let counts: Recipient<Query<usize>> = linker.addr().recipient();
    /// assert_eq!(counts.send(Query::subscription_count()).await?, 1);
    /// assert_eq!(counts.send(Query::event_count()).await?, 2);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn subscription_count() -> Self {
        Self::new(Linker::subscription_count)
    }

    /// As [`Linker::event_count`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker, Query};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// assert_eq!(linker.addr().send(Query::event_count()).await?, 1);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn event_count() -> Self {
        Self::new(Linker::event_count)
    }

    /// As [`Linker::event_count_of`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on_any, on_topic, Linker, Query};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let two = linker.subscribe(on_topic::<u8>("a").or_topic("b.*").call(|_| ()))?;
    /// let one = linker.subscribe(on_any().call(|_| ()))?;
    /// assert_eq!(linker.addr().send(Query::event_count_of(two.id())).await?, 2);
    /// assert_eq!(linker.addr().send(Query::event_count_of(one.id())).await?, 1, "everything");
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn event_count_of(id: SubscriptionId) -> Self {
        Self::new(move |linker| linker.event_count_of(id))
    }

    /// As [`Linker::subscription_count_of`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on_any, Linker, Query, Selector};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on_any().call(|_| ()))?;
    /// let of = |event| linker.addr().send(Query::subscription_count_of(event));
    /// assert_eq!(of(Selector::everything()).await?, 1);
    /// assert_eq!(of(Selector::event::<u8>()).await?, 0, "nothing names `u8` itself");
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn subscription_count_of(event: Selector) -> Self {
        Self::new(move |linker| linker.subscription_count_of(&event))
    }
}

impl Query<Option<usize>> {
    /// As [`Linker::max_subscribers`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Linker, Query};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::builder().max_subscribers(100).start()?;
    /// assert_eq!(linker.addr().send(Query::max_subscribers()).await?, Some(100));
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn max_subscribers() -> Self {
        Self::new(Linker::max_subscribers)
    }
}

impl Query<Vec<Selector>> {
    /// As [`Linker::events`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, on_any, Linker, Query, Selector};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// linker.subscribe(on_any().call(|_| ()))?;
    /// let events = linker.addr().send(Query::events()).await?;
    /// assert_eq!(events, [Selector::everything(), Selector::event::<u8>()]);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn events() -> Self {
        Self::new(Linker::events)
    }

    /// As [`Linker::events_of`].
    ///
    /// # Examples
    ///
    /// Finds out what the subscription of somebody else listens to:
    ///
    /// ```
    /// # use ventix::{on, Linker, Query};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let links = linker.subscribe(on::<u8>().or_topic("bytes.*").call(|_| ()))?;
    /// let events = linker.addr().send(Query::events_of(links.id())).await?;
    /// assert_eq!(events.iter().map(|event| event.to_string()).collect::<Vec<_>>(), ["u8", "bytes.*"]);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn events_of(id: SubscriptionId) -> Self {
        Self::new(move |linker| linker.events_of(id))
    }
}

impl Query<Vec<SubscriptionId>> {
    /// As [`Linker::subscriptions_of`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker, Query, Selector, Unsubscribe};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// let last = linker.subscribe(on::<u8>().call(|_| ()))?;
    /// let found = linker.addr().send(Query::subscriptions_of(Selector::event::<u8>())).await?;
    /// // In the order of subscription: all but the last one go.
    /// for id in found.into_iter().rev().skip(1) {
    ///     linker.addr().send(Unsubscribe::subscription(id)).await?;
    /// }
    /// assert!(linker.subscription_count() == 1 && last.is_active());
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn subscriptions_of(event: Selector) -> Self {
        Self::new(move |linker| linker.subscriptions_of(&event))
    }
}

impl Query<Snapshot> {
    /// As [`Linker::snapshot`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker, Query};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()).named("sum"))?;
    /// let snapshot = linker.addr().send(Query::snapshot()).await?;
    /// assert_eq!(snapshot.to_string(), "#1 (sum) on u8\n");
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
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
