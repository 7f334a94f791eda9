use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix::Addr;
use actix::clock::Instant;

use crate::event::{IntoTopic, SubscriptionId, Topic};
use crate::graph::Graph;
use crate::handler::EventStream;
use crate::in_time::in_time;
use crate::registry::{Explanation, Place, Selector, Snapshot, Stats, SubscribeError};

use super::actor::LinkerActor;
use super::builder::LinkerBuilder;
use super::drained::Drained;
use super::letters::DeadLetters;
use super::on::on;
use super::shared::Core;
use super::spec::SubscriptionSpec;
use super::subscription::Subscription;
use super::weak::WeakLinker;

/// The handle to the actor that owns subscriptions. See the
/// [module's page](crate::linker).
///
/// Cloning is cheap, and every clone is the same linker. When the last handle,
/// emitter and address has gone, the actor stops.
///
/// # Examples
///
/// ```
/// use ventix::{on, Emitter, Linker, Strategy};
///
/// # actix::System::new().block_on(async {
/// let users = Linker::start();
/// let orders = Linker::start();
/// users.subscribe(on::<String>().call(|_| ()))?;
///
/// let emitter = Emitter::start(&orders, Strategy::inline());
/// assert!(emitter.emit(String::from("not for users")).is_unheard());
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Linker {
    core: Arc<Core>,
    addr: Addr<LinkerActor>,
}

impl Linker {
    pub(super) fn new(core: Arc<Core>, addr: Addr<LinkerActor>) -> Self {
        Self { core, addr }
    }

    /// Starts a linker with the default settings on the current arbiter.
    ///
    /// # Panics
    ///
    /// When no arbiter runs on this thread, as [`Actor::start`](actix::Actor::start)
    /// does, or when it has stopped. [`Linker::builder`] returns an error instead.
    ///
    /// # Examples
    ///
    /// ```
    /// # actix::System::new().block_on(async {
    /// assert!(ventix::Linker::start().is_empty());
    /// # });
    /// ```
    #[must_use]
    #[track_caller]
    pub fn start() -> Self {
        match Self::builder().start() {
            Ok(linker) => linker,
            Err(error) => panic!("{error}"),
        }
    }

    /// Returns a builder: name, limits, default callbacks, debug mode, arbiter.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix::Arbiter;
    /// use ventix::Linker;
    ///
    /// # actix::System::new().block_on(async {
    /// let arbiter = Arbiter::new();
    /// let linker = Linker::builder().name("orders").arbiter(&arbiter.handle()).start()?;
    /// assert_eq!(linker.name(), Some("orders"));
    /// # Ok::<(), ventix::StartError>(())
    /// # }).unwrap();
    /// ```
    pub fn builder() -> LinkerBuilder {
        LinkerBuilder::default()
    }

    /// Returns the linker's name, if it has one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::Linker;
    /// # actix::System::new().block_on(async {
    /// let orders = Linker::builder().name("orders").start()?;
    /// assert_eq!(orders.clone().name(), Some("orders"), "every clone is the same linker");
    /// assert_eq!(Linker::start().name(), None);
    /// # Ok::<(), ventix::StartError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.core.name.as_deref()
    }

    /// Returns the address of the actor, for code that prefers messages:
    /// [`Subscribe`](crate::Subscribe), [`Unsubscribe`](crate::Unsubscribe) and
    /// [`Query`](crate::Query).
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::{on, Linker, Query, Subscribe};
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.addr().send(Subscribe(on::<u8>().call(|_| ()))).await??;
    /// assert_eq!(linker.addr().send(Query::subscription_count()).await?, 1);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn addr(&self) -> Addr<LinkerActor> {
        self.addr.clone()
    }

    /// Links a subscription, and returns the handle to end it with.
    ///
    /// It takes effect before this returns, for every emission that starts
    /// afterwards. Dropping the handle changes nothing.
    ///
    /// # Errors
    ///
    /// When one of its events has as many subscribers as the linker allows, a
    /// topic is invalid, it selects nothing, the capacity is 0, `weak` or `restart` is
    /// said of handlers that cannot, a pool has no actor or more than 1,024 or is
    /// subscribed outside a `System`, or the linker was stopped. Nothing of the
    /// subscription is kept then.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::{on, on_topic, Linker, SubscribeError};
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let printer = linker.subscribe(on::<u8>().call(|byte| println!("{}", **byte)))?;
    /// assert!(printer.is_active());
    ///
    /// let wrong = linker.subscribe(on_topic::<u8>("bytes..in").call(|_| ()));
    /// assert!(matches!(wrong, Err(SubscribeError::InvalidTopic(_))));
    /// # Ok::<(), SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn subscribe(&self, spec: SubscriptionSpec) -> Result<Subscription, SubscribeError> {
        self.core.subscribe(spec)
    }

    /// Subscribes a stream to the events of type `E`: the short form of
    /// [`on::<E>().stream(capacity)`](super::On::stream), for a subscription without options.
    ///
    /// Up to `capacity` deliveries wait for the consumer; the next one drops the oldest
    /// of them. Dropping the stream unsubscribes. See
    /// [`handler::stream`](crate::handler::stream).
    ///
    /// # Errors
    ///
    /// When the capacity is 0, when there are
    /// [too many subscribers](SubscribeError::TooManySubscribers), or when the linker has
    /// stopped.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::StreamExt;
    /// use ventix::{Emitter, Linker, Strategy, SubscribeError};
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let mut lines = linker.stream::<&str>(64)?.deliveries();
    /// Emitter::start(&linker, Strategy::current()).emit("hello");
    /// assert_eq!(lines.next().await.as_deref(), Some(&"hello"));
    /// drop(lines);
    /// assert!(linker.is_empty());
    ///
    /// assert_eq!(linker.stream::<&str>(0).unwrap_err(), SubscribeError::ZeroCapacity);
    /// # Ok::<(), SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn stream<E: Send + Sync + 'static>(
        &self,
        capacity: usize,
    ) -> Result<EventStream<E>, SubscribeError> {
        let (spec, stream) = on::<E>().stream(capacity);
        self.subscribe(spec)?;
        Ok(stream)
    }

    /// Unlinks a subscription from everything, and returns whether it was linked.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let id = linker.subscribe(on::<u8>().call(|_| ()))?.id();
    /// assert!(linker.unsubscribe(id));
    /// assert!(!linker.unsubscribe(id));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn unsubscribe(&self, id: SubscriptionId) -> bool {
        self.core.unsubscribe(id)
    }

    /// Unlinks a subscription from one of its selectors, and returns whether it
    /// was linked to it. A subscription that loses its last one is gone.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker, Selector};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let id = linker.subscribe(on::<u8>().or_topic("bytes").call(|_| ()))?.id();
    /// assert!(linker.unsubscribe_from(id, &Selector::event::<u8>()));
    /// assert_eq!(linker.events_of(id), [Selector::topic("bytes")?]);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn unsubscribe_from(&self, id: SubscriptionId, event: &Selector) -> bool {
        self.core.unsubscribe_from(id, event)
    }

    /// Unlinks everything from an event, and returns how many subscriptions
    /// listened to it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker, Selector};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// assert_eq!(linker.remove_event(&Selector::event::<u8>()), 2);
    /// assert_eq!(linker.remove_event(&Selector::event::<u8>()), 0);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn remove_event(&self, event: &Selector) -> usize {
        self.core.remove_event(event)
    }

    /// Unlinks everything, and returns how many subscriptions there were.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// assert_eq!(linker.clear(), 1);
    /// assert!(linker.is_empty());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn clear(&self) -> usize {
        self.core.clear()
    }

    /// Unlinks everything and lets nothing in any more: from now on `subscribe`
    /// is an error, and every emission is refused with
    /// [`Reason::LinkerStopped`](crate::Reason::LinkerStopped). What was accepted
    /// before is delivered; what is [scheduled](crate::emitter::schedule) is cancelled.
    /// Returns how many subscriptions there were.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Reason, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// linker.stop();
    /// assert!(linker.subscribe(on::<u8>().call(|_| ())).is_err());
    /// assert_eq!(emitter.emit(1_u8).refusal(), Some(&Reason::LinkerStopped));
    /// # });
    /// ```
    pub fn stop(&self) -> usize {
        self.core.stop()
    }

    /// Unlinks the handlers that have gone, and returns how many subscriptions had
    /// one. Each is a [`HandlerGone`](crate::HandlerGone).
    ///
    /// An actor that has stopped is also unlinked by the next emission for it.
    /// [`LinkerBuilder::sweep_every`] does this regularly.
    ///
    /// # Examples
    ///
    /// ```
    /// # use actix::prelude::*;
    /// # use ventix::{on, Delivery, Linker};
    /// # struct Session;
    /// # impl Actor for Session {
    /// #     type Context = Context<Self>;
    /// #     fn started(&mut self, ctx: &mut Context<Self>) { ctx.stop() }
    /// # }
    /// # impl Handler<Delivery<u8>> for Session {
    /// #     type Result = ();
    /// #     fn handle(&mut self, _: Delivery<u8>, _: &mut Context<Self>) {}
    /// # }
    /// # System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().actor(Session.start()))?; // it stops at once
    /// # for _ in 0..10 { actix_rt::task::yield_now().await; }
    /// assert_eq!(linker.sweep(), 1);
    /// assert!(linker.is_empty());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn sweep(&self) -> usize {
        self.core.registry.sweep()
    }

    /// Pauses a subscription. Returns whether it was linked, and not paused. See
    /// [`Subscription::pause`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let id = linker.subscribe(on::<u8>().call(|_| ()))?.id();
    /// assert!(linker.pause(id) && !linker.pause(id));
    /// assert!(linker.resume(id));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn pause(&self, id: SubscriptionId) -> bool {
        self.core.registry.pause(id)
    }

    /// Lets a subscription go on that was paused, and tries again with those of its actors
    /// that are suspended, with a budget as at the beginning. Returns whether there was
    /// either. See [`Subscription::resume`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, HandlerSuspended, Linker, SubscribeError};
    /// fn never_give_up(linker: &Linker) -> Result<(), SubscribeError> {
    ///     let again = linker.downgrade();
    ///     linker.subscribe(on::<HandlerSuspended>().call(move |suspended| {
    ///         again.upgrade().is_some_and(|l| l.resume(suspended.handler().subscription()));
    ///     }))?;
    ///     Ok(())
    /// }
    /// # actix::System::new().block_on(async {
    /// # let linker = Linker::start();
    /// # never_give_up(&linker)?;
    /// # let id = linker.subscribe(on::<u8>().call(|_| ()))?.id();
    /// assert!(!linker.resume(id), "it is neither paused nor suspended");
    /// # Ok::<(), SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn resume(&self, id: SubscriptionId) -> bool {
        self.core.registry.resume(id)
    }

    /// Returns how many [notices](crate::notice) nobody heard, because 1,024 waited
    /// for the linker's arbiter already.
    ///
    /// # Examples
    ///
    /// ```
    /// # actix::System::new().block_on(async {
    /// assert_eq!(ventix::Linker::start().missed_notices(), 0);
    /// # });
    /// ```
    #[must_use]
    pub fn missed_notices(&self) -> u64 {
        self.core.registry.missed_notices()
    }

    /// Says who would get `event`, emitted on no topic at this moment, and why the others
    /// would not; and changes nothing.
    ///
    /// [`Prepared::explain`](crate::Prepared::explain) does so for an event with a key or
    /// headers, and for one emitter. See [`Explanation`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker, Reason};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let sum = linker.subscribe(on::<u8>().call(|_| ()).named("sum"))?;
    /// sum.pause();
    /// let explanation = linker.explain(&7_u8);
    /// assert_eq!(explanation.lines()[0].answer(), Err(&Reason::Paused));
    /// println!("{explanation}");
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn explain<E: Send + Sync + 'static>(&self, event: &E) -> Explanation {
        self.explain_at(None, event)
    }

    /// Like [`explain`](Self::explain), for an event on a topic.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on_topic, Linker, Reason};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on_topic::<u16>("bytes.*").call(|_| ()))?;
    /// let explanation = linker.explain_on("bytes.in", &7_u8);
    /// assert!(matches!(explanation.lines()[0].answer(), Err(Reason::Mismatch { .. })));
    /// let explanation = linker.explain_on("bytes..in", &7_u8);
    /// assert!(matches!(explanation.refusal(), Some(Reason::InvalidTopic(_))));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn explain_on<E: Send + Sync + 'static>(
        &self,
        topic: impl IntoTopic,
        event: &E,
    ) -> Explanation {
        match topic.into_topic() {
            Ok(topic) => self.explain_at(Some(topic), event),
            Err(error) => Explanation::nobody::<E>(error.into()),
        }
    }

    fn explain_at<E: Send + Sync + 'static>(&self, topic: Option<Topic>, event: &E) -> Explanation {
        let registry = &self.core.registry;
        let metadata = registry.metadata_of::<E>(topic);
        registry.explain(event, &metadata, Place::Elsewhere)
    }

    /// Returns the dead letters that the linker keeps; none, unless
    /// [`LinkerBuilder::dead_letters`] says so.
    ///
    /// # Examples
    ///
    /// See [`DeadLetters`].
    #[must_use]
    pub fn dead_letters(&self) -> DeadLetters {
        DeadLetters::new(&self.core.registry)
    }

    /// Shuts all its emitters down: no emission is taken any more, from nobody, and
    /// those on their way are waited for, for `within` at most.
    ///
    /// What comes from now on is refused as a whole, with
    /// [`Reason::ShuttingDown`](crate::Reason::ShuttingDown); an emitter that is
    /// started later takes nothing either. Emissions end when all their deliveries
    /// have, wherever these went. What is [scheduled](crate::emitter::schedule) for later is
    /// cancelled, and [counted](Drained::cancelled).
    ///
    /// What waits for more of its kind goes out at once: a [batch](crate::On::batch) that is
    /// not full, the last of a [burst](crate::Debounce). What waits for something else is
    /// waited for: its turn in a lane, another attempt, that a paused subscription which
    /// [holds](crate::WhenPaused::Hold) it is resumed.
    ///
    /// After a complete drain nothing is lost when the `System` stops. The subscriptions
    /// stay.
    ///
    /// It may be called again, to go on waiting. A handler that waits for the drain
    /// of its own linker waits for itself.
    ///
    /// # Cancel safety
    ///
    /// Nothing happens before the future is polled. When it is dropped later, the
    /// emitters stay shut.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use ventix::{on, Emitter, Linker, Reason, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<&str>().call_async(async |line| println!("{line}")))?;
    /// let emitter = Emitter::start(&linker, Strategy::dedicated());
    /// emitter.emit("last words");
    /// assert!(linker.drain(Duration::from_secs(5)).await.is_complete());
    /// assert_eq!(emitter.emit("too late").refusal(), Some(&Reason::ShuttingDown));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub async fn drain(&self, within: Duration) -> Drained {
        let until = Instant::now().checked_add(within);
        let loads = self.core.loads.close();
        let cancelled = loads.iter().map(|load| load.cancel_pending()).sum();
        self.core.registry.flush();
        let mut left = 0;
        for load in loads {
            if in_time(&self.core.home, until, load.idle()).await.is_none() {
                left += load.in_flight();
            }
        }
        // What they had to say comes after them.
        let notices = &self.core.notices;
        notices.close();
        if in_time(&self.core.home, until, notices.idle())
            .await
            .is_none()
        {
            left += notices.in_flight();
        }
        self.core.drained(left, cancelled)
    }

    /// Returns a handle that does not keep the linker alive.
    ///
    /// # Examples
    ///
    /// A handler that asks its own linker:
    ///
    /// ```
    /// # use ventix::{on, BoxError, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let weak = linker.downgrade();
    /// linker.subscribe(on::<u8>().call(move |_| {
    ///     Ok::<_, BoxError>(weak.upgrade().map_or(0, |linker| linker.subscription_count()))
    /// }))?;
    /// let report = Emitter::start(&linker, Strategy::inline()).emit_and_wait(1_u8).await;
    /// assert_eq!(report.replies::<usize>().next(), Some(&1));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn downgrade(&self) -> WeakLinker {
        WeakLinker::new(&self.core, &self.addr)
    }

    /// Returns whether nothing is subscribed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let printer = linker.subscribe(on::<u8>().call(|byte| println!("{}", **byte)))?;
    /// assert!(!linker.is_empty());
    /// printer.unsubscribe();
    /// assert!(linker.is_empty());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.subscription_count() == 0
    }

    /// Returns how many subscriptions there are.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// // One subscription, whatever it listens to.
    /// linker.subscribe(on::<u8>().or_topic("bytes.>").call(|_| ()))?;
    /// assert_eq!(linker.subscription_count(), 1);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn subscription_count(&self) -> usize {
        self.core.registry.subscription_count()
    }

    /// Returns how many events have subscribers: types, topics, patterns, and
    /// everything, each counted once.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, on_any, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().or_topic("bytes.>").call(|_| ()))?;
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// linker.subscribe(on_any().call(|_| ()))?;
    /// assert_eq!(linker.event_count(), 3, "`u8`, `bytes.>`, and everything");
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn event_count(&self) -> usize {
        self.core.registry.selector_count()
    }

    /// Returns the events that have subscribers, in the order of their text.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on_topic, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on_topic::<String>("orders.>").or_event().call(|_| ()))?;
    /// linker.subscribe(on_topic::<String>("audit.login").call(|_| ()))?;
    /// let events: Vec<_> = linker.events().iter().map(|event| event.to_string()).collect();
    /// assert_eq!(events, ["alloc::string::String", "audit.login", "orders.>"]);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn events(&self) -> Vec<Selector> {
        self.core.registry.selectors()
    }

    /// Returns the events that a subscription listens to.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker, Selector};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let links = linker.subscribe(on::<u8>().or_topic("bytes").call(|_| ()))?;
    /// assert_eq!(linker.events_of(links.id()), [Selector::event::<u8>(), Selector::topic("bytes")?]);
    /// links.unsubscribe();
    /// assert_eq!(linker.events_of(links.id()), []);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn events_of(&self, id: SubscriptionId) -> Vec<Selector> {
        self.core.registry.selectors_of(id)
    }

    /// Returns to how many events a subscription listens.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let either = on::<u8>().call(|_| ()).and(on::<u16>().call(|_| ()));
    /// let links = linker.subscribe(either)?;
    /// assert_eq!(linker.event_count_of(links.id()), 2);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn event_count_of(&self, id: SubscriptionId) -> usize {
        self.events_of(id).len()
    }

    /// Returns the subscriptions that listen to exactly this event, in the order
    /// of subscription.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on_topic, Linker, Selector};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let exact = linker.subscribe(on_topic::<u8>("orders.created").call(|_| ()))?;
    /// let wide = linker.subscribe(on_topic::<u8>("orders.*").call(|_| ()))?;
    /// assert_eq!(linker.subscriptions_of(&Selector::topic("orders.created")?), [exact.id()]);
    /// assert_eq!(linker.subscriptions_of(&Selector::topic("orders.*")?), [wide.id()]);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn subscriptions_of(&self, event: &Selector) -> Vec<SubscriptionId> {
        self.core.registry.subscribers(event)
    }

    /// Returns how many subscriptions listen to exactly this event.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, on_any, Linker, Selector};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// linker.subscribe(on_any().call(|_| ()))?;
    /// assert_eq!(linker.subscription_count_of(&Selector::event::<u8>()), 2);
    /// assert_eq!(linker.subscription_count_of(&Selector::everything()), 1);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn subscription_count_of(&self, event: &Selector) -> usize {
        self.core.registry.subscriber_count(event)
    }

    /// Returns whether anything listens to exactly this event.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on_topic, Linker, Selector};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on_topic::<u8>("orders.>").call(|_| ()))?;
    /// assert!(linker.contains_event(&Selector::topic("orders.>")?));
    /// assert!(!linker.contains_event(&Selector::topic("orders.created")?), "only its pattern");
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn contains_event(&self, event: &Selector) -> bool {
        self.subscription_count_of(event) > 0
    }

    /// Returns whether the subscription is linked.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker};
    /// # actix::System::new().block_on(async {
    /// let (orders, users) = (Linker::start(), Linker::start());
    /// let printer = orders.subscribe(on::<u8>().call(|_| ()))?;
    /// assert!(orders.contains(printer.id()));
    /// assert!(!users.contains(printer.id()), "each linker counts its own");
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn contains(&self, id: SubscriptionId) -> bool {
        self.core.registry.contains(id)
    }

    /// Returns whether the subscription listens to exactly this event.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker, Selector};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let id = linker.subscribe(on::<u8>().or_topic("bytes").call(|_| ()))?.id();
    /// let bytes = Selector::event::<u8>();
    /// assert!(linker.are_linked(id, &bytes));
    /// linker.unsubscribe_from(id, &bytes);
    /// assert!(!linker.are_linked(id, &bytes));
    /// assert!(linker.contains(id), "the topic is left");
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn are_linked(&self, id: SubscriptionId, event: &Selector) -> bool {
        self.core.registry.are_linked(id, event)
    }

    /// Returns how many subscribers an event may have, if there is a bound.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::Linker;
    /// # actix::System::new().block_on(async {
    /// assert_eq!(Linker::start().max_subscribers(), None);
    /// let bounded = Linker::builder().max_subscribers(100).start()?;
    /// assert_eq!(bounded.max_subscribers(), Some(100));
    /// # Ok::<(), ventix::StartError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn max_subscribers(&self) -> Option<usize> {
        self.core.registry.max_subscribers()
    }

    /// Returns whether the linker has a success callback for subscriptions
    /// without one of their own.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::Linker;
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::builder().on_success(|_| ()).start()?;
    /// assert!(linker.has_default_on_success());
    /// assert!(!linker.has_default_on_failure());
    /// # Ok::<(), ventix::StartError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn has_default_on_success(&self) -> bool {
        self.core.callbacks.on_success.is_some()
    }

    /// Returns whether the linker has a failure callback for subscriptions
    /// without one of their own.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::Linker;
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::builder().on_failure(|f| eprintln!("{}", f.error())).start()?;
    /// assert!(linker.has_default_on_failure());
    /// # Ok::<(), ventix::StartError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn has_default_on_failure(&self) -> bool {
        self.core.callbacks.on_failure.is_some()
    }

    /// Returns what has become of the deliveries of all its subscriptions, how many
    /// wait, and how long they took. Those of subscriptions that have ended are
    /// forgotten; a [`Subscription`] knows its own.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// linker.subscribe(on::<u16>().call(|_| ()))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// emitter.emit(1_u8);
    /// emitter.emit(2_u16);
    /// assert_eq!(linker.stats().counts.handled, 2);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.core.registry.stats(None)
    }

    /// Returns the same of the subscriptions that are linked to an event. One that is
    /// linked to several counts what it got of all of them.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Selector, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// linker.subscribe(on::<u16>().call(|_| ()))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// emitter.emit(1_u8);
    /// emitter.emit(2_u16);
    /// assert_eq!(linker.stats_of(&Selector::event::<u8>()).counts.handled, 1);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn stats_of(&self, event: &Selector) -> Stats {
        self.core.registry.stats(Some(event))
    }

    /// Returns all subscriptions at this moment, to look at or to print.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, on_topic, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()).named("sum"))?;
    /// linker.subscribe(on_topic::<String>("audit.>").call_async(|_| async {}).capacity(8))?;
    /// let before = linker.snapshot();
    /// linker.clear();
    /// assert_eq!(before.to_string(), "#1 (sum) on u8\n#2 on audit.>; at most 8 in flight\n");
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.core.registry.snapshot()
    }

    /// Returns who listens to what, to look at or to draw; and, with
    /// [`LinkerBuilder::sample_graph`], what was emitted, by whom, and what of it nobody
    /// heard. See [`graph`](crate::graph).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()).named("sum"))?;
    /// let graph = linker.graph();
    /// assert!(graph.unreached().map(|handler| handler.name()).eq([Some("sum")]));
    /// println!("{}", graph.mermaid());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn graph(&self) -> Graph {
        let sample = self.core.sampler().map(|sampler| sampler.sample());
        Graph::new(self.name(), &self.snapshot(), sample)
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }
}

impl fmt::Debug for Linker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Linker")
            .field("name", &self.core.name)
            .field("subscriptions", &self.subscription_count())
            .finish_non_exhaustive()
    }
}
