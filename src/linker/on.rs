use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, AsyncContext, Context, Handler, Message, Recipient};
use actix_rt::ArbiterHandle;

use crate::delivery::Delivery;
use crate::event::{AnyEvent, Metadata, Payload, TopicError};
use crate::handler::{
    ActorTarget, AsyncTarget, BlockingTarget, CallTarget, Channel, EventStream, Factory, Lease,
    Linked, PlainActorTarget, Routing, StreamPart,
};
use crate::outcome::{IntoOutcome, Reply, Verdict};
use crate::registry::{Aim, Filter, Part, Selector, SubscribeError, Target, TypedPart};

use super::making::{Kinds, Making};
use super::on_batch::OnBatch;
use super::spec::SubscriptionSpec;

/// Selects the events of type `E` that are emitted on no topic.
///
/// # Examples
///
/// ```
/// use ventix::{on, Emitter, Linker, Strategy};
///
/// struct OrderPlaced { id: u64 }
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<OrderPlaced>().call(|order| println!("{}", order.id)))?;
/// let emitter = Emitter::start(&linker, Strategy::inline());
/// assert_eq!(emitter.emit(OrderPlaced { id: 1 }).accepted(), 1);
/// // On a topic it is addressed by that topic, and no longer by its type.
/// assert!(emitter.prepare(OrderPlaced { id: 2 }).topic("orders").emit().is_unheard());
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
pub fn on<E: Send + Sync + 'static>() -> On<E> {
    On::new().or_event()
}

/// Selects the events of type `E` on a topic, or on all topics of a pattern.
///
/// A text that is neither is an error of [`subscribe`](crate::Linker::subscribe).
/// With [`AnyEvent`] as type, events of every type on the topic are selected.
///
/// # Examples
///
/// ```
/// use ventix::{on_topic, AnyEvent, Emitter, Linker, Strategy};
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// let lines = on_topic::<String>("audit.>").call(|line| println!("{}", **line));
/// linker.subscribe(lines.named("lines"))?;
/// linker.subscribe(on_topic::<AnyEvent>("audit.*").call(|any| println!("{}", any.name())))?;
///
/// let emitter = Emitter::start(&linker, Strategy::inline());
/// assert_eq!(emitter.prepare(String::from("hello")).topic("audit.login").emit().accepted(), 2);
/// let receipt = emitter.prepare(7_u64).topic("audit.login").emit();
/// assert_eq!(receipt.refusals()[0].name(), Some("lines"), "it takes no `u64`");
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
pub fn on_topic<E: ?Sized + Payload>(topic: impl AsRef<str>) -> On<E> {
    On::new().or_topic(topic)
}

/// Selects the events of type `E` on any of several topics or patterns.
///
/// An empty list is [`SubscribeError::NoSelector`]
/// when it is subscribed.
///
/// # Examples
///
/// ```
/// # use ventix::{on_topics, Linker, SubscribeError};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// let doors = ["doors.front", "doors.back.*"];
/// linker.subscribe(on_topics::<bool>(doors).call(|open| println!("{}", **open)))?;
/// assert_eq!(linker.event_count(), 2);
///
/// let none = linker.subscribe(on_topics::<bool>(Vec::<String>::new()).call(|_| ()));
/// assert_eq!(none.unwrap_err(), SubscribeError::NoSelector);
/// # Ok::<(), SubscribeError>(())
/// # }).unwrap();
/// ```
pub fn on_topics<E: ?Sized + Payload>(topics: impl IntoIterator<Item = impl AsRef<str>>) -> On<E> {
    topics.into_iter().fold(On::new(), On::or_topic)
}

/// Selects every event, of whatever type and topic.
///
/// # Examples
///
/// ```
/// use ventix::{on_any, Emitter, Linker, Strategy};
///
/// # actix::System::new().block_on(async {
/// let (tell, told) = std::sync::mpsc::channel();
/// let linker = Linker::start();
/// linker.subscribe(on_any().call(move |any| tell.send(any.name().to_owned())))?;
/// let emitter = Emitter::start(&linker, Strategy::inline());
/// emitter.emit(1_u8);
/// emitter.prepare("hello").topic("audit.login").emit();
/// assert_eq!(told.try_iter().collect::<Vec<_>>(), ["u8", "audit.login"]);
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
pub fn on_any() -> On<AnyEvent> {
    let mut on = On::new();
    on.selectors.push(Selector::everything());
    on
}

/// What a handler is about to listen to. The first half of a subscription; a
/// handler makes it a [`SubscriptionSpec`].
///
/// # Examples
///
/// ```
/// use ventix::{on_topic, Emitter, Linker, Strategy};
///
/// # actix::System::new().block_on(async {
/// let selected = on_topic::<u32>("readings.indoor").or_topic("readings.outdoor.*");
/// let spec = selected.call(|reading| println!("{}", **reading));
///
/// let linker = Linker::start();
/// linker.subscribe(spec)?;
/// let emitter = Emitter::start(&linker, Strategy::inline());
/// assert_eq!(emitter.prepare(21_u32).topic("readings.outdoor.north").emit().accepted(), 1);
/// assert!(emitter.prepare(21_u32).topic("readings.outdoor").emit().is_unheard());
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[must_use = "it selects, but nothing handles: add `call`, `actor` ..."]
pub struct On<E: ?Sized + 'static> {
    selectors: Vec<Selector>,
    invalid: Option<TopicError>,
    filter: Option<Filter<E>>,
}

impl<E: ?Sized> fmt::Debug for On<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("On")
            .field("selectors", &self.selectors)
            .field("invalid", &self.invalid)
            .field("is_filtered", &self.filter.is_some())
            .finish()
    }
}

impl<E: ?Sized + Send + Sync + 'static> On<E> {
    fn new() -> Self {
        Self {
            selectors: Vec::new(),
            invalid: None,
            filter: None,
        }
    }

    /// Selects a topic or pattern as well, for the same handler.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().or_topic("bytes.>").call(|byte| println!("{}", **byte)))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// assert_eq!(emitter.emit(1_u8).accepted(), 1);
    /// assert_eq!(emitter.prepare(2_u8).topic("bytes.in").emit().accepted(), 1);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn or_topic(mut self, topic: impl AsRef<str>) -> Self {
        match Selector::topic(topic.as_ref()) {
            Ok(selector) => self.selectors.push(selector),
            Err(error) => {
                self.invalid.get_or_insert(error);
            }
        }
        self
    }

    /// Collects deliveries into batches of `size`, for a handler that takes them together.
    ///
    /// A batch is handed over when it has `size` deliveries, or `within` after the first
    /// of them came, whichever is first. See [`OnBatch`] for where that is, and for what
    /// the other options of a subscription mean for batches.
    ///
    /// A size of 0, or of more than the [lane](SubscriptionSpec::capacity) has room for,
    /// would never fill: [`SubscribeError::BatchSize`], when it is subscribed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let pairs = on::<u8>().batch(2, Duration::from_millis(50));
    /// linker.subscribe(pairs.call(move |pair| tell.send(pair.len())))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// (0..3_u8).for_each(|n| drop(emitter.emit(n)));
    /// assert!(emitter.drain(Duration::from_secs(5)).await.is_complete());
    /// assert_eq!(told.try_iter().collect::<Vec<_>>(), [2, 1], "the rest is not lost");
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn batch(self, size: usize, within: Duration) -> OnBatch<E> {
        OnBatch::new(self, size, within)
    }

    /// Wants those events only for which `wants` says so, of the event and what is known
    /// of it.
    ///
    /// It is asked when an event is emitted, on that thread, before the delivery claims
    /// anything: it should look and decide, and nothing else. What it does not want is
    /// skipped, as [`Reason::Filtered`](crate::Reason::Filtered); one that panics refuses,
    /// as [`Reason::FilterPanicked`](crate::Reason::FilterPanicked). With several, all of
    /// them must want it. In a subscription of several handlers, the first that takes an
    /// event's type is the one whose filter is asked.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// struct OrderPlaced { total: u32 }
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let large = on::<OrderPlaced>().filter(|order, about| {
    ///     order.total >= 100 && about.key() != Some("test")
    /// });
    /// linker.subscribe(large.call(|order| println!("{}", order.total)))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// assert_eq!(emitter.emit(OrderPlaced { total: 100 }).accepted(), 1);
    /// assert_eq!(emitter.emit(OrderPlaced { total: 99 }).accepted(), 0);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn filter(mut self, wants: impl Fn(&E, &Metadata) -> bool + Send + Sync + 'static) -> Self {
        self.filter = Some(match self.filter {
            Some(first) => first.and(wants),
            None => Filter::new(wants),
        });
        self
    }

    /// Delivers to an actor that handles `Delivery<E>`.
    ///
    /// The subscription keeps the actor alive. When it stops by itself, it is
    /// unlinked by the next emission that finds it gone. An actor that emits does so
    /// through [`Delivery::emitter`]: a handler that holds its own emitter keeps
    /// both alive.
    ///
    /// # Examples
    ///
    /// ```
    /// # use actix::prelude::*;
    /// # use ventix::{on, Delivery, Emitter, Linker, Strategy};
    /// struct Mailer;
    ///
    /// impl Actor for Mailer {
    ///     type Context = Context<Self>;
    /// }
    ///
    /// impl Handler<Delivery<String>> for Mailer {
    ///     type Result = ();
    ///
    ///     fn handle(&mut self, mail: Delivery<String>, _: &mut Context<Self>) {
    ///         println!("{}", *mail);
    ///     }
    /// }
    /// # System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<String>().actor(Mailer.start()))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// assert!(emitter.emit_and_wait(String::from("hello")).await.all_handled());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn actor<A>(self, addr: Addr<A>) -> SubscriptionSpec
    where
        A: Actor<Context: AsyncContext<A> + ToEnvelope<A, Delivery<E>>> + Handler<Delivery<E>>,
    {
        self.recipient(addr.recipient())
    }

    /// Delivers to whatever actor is behind a recipient.
    ///
    /// Behind a `SyncArbiter`, whose mailbox outlives its threads, a delivery that a
    /// panic left unread cannot be told from one that was handled or that panicked.
    /// Use [`call_blocking`](Self::call_blocking) for work that blocks.
    ///
    /// # Examples
    ///
    /// ```
    /// # use actix::prelude::*;
    /// # use ventix::{on, Delivery, Emitter, Linker, Strategy};
    /// # struct Printer;
    /// # impl Actor for Printer { type Context = Context<Self>; }
    /// # impl Handler<Delivery<String>> for Printer {
    /// #     type Result = ();
    /// #     fn handle(&mut self, page: Delivery<String>, _: &mut Context<Self>) { drop(page) }
    /// # }
    /// # struct Screen;
    /// # impl Actor for Screen { type Context = Context<Self>; }
    /// # impl Handler<Delivery<String>> for Screen {
    /// #     type Result = ();
    /// #     fn handle(&mut self, page: Delivery<String>, _: &mut Context<Self>) { drop(page) }
    /// # }
    /// # System::new().block_on(async {
    /// let linker = Linker::start();
    /// let outputs: [Recipient<Delivery<String>>; 2] =
    ///     [Printer.start().recipient(), Screen.start().recipient()];
    /// for output in outputs {
    ///     linker.subscribe(on::<String>().recipient(output))?;
    /// }
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// assert_eq!(emitter.emit_and_wait(String::from("hello")).await.handled(), 2);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn recipient(self, recipient: Recipient<Delivery<E>>) -> SubscriptionSpec {
        let kinds = Kinds {
            queued: true,
            actors: true,
            made: false,
        };
        self.with(kinds, move |making| {
            Ok(Arc::new(ActorTarget::new(recipient, making.weak)))
        })
    }

    /// Calls a function with a reference to the delivery, on the thread that
    /// runs the emission.
    ///
    /// The cheapest handler there is, for work that is short. It returns `()` or
    /// a `Result`; see [`IntoOutcome`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<String>().call(|line| line.parse::<u64>()))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// let report = emitter.emit_and_wait(String::from("42")).await;
    /// assert_eq!(report.replies::<u64>().next(), Some(&42));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn call<F, R>(self, callback: F) -> SubscriptionSpec
    where
        F: Fn(&Delivery<E>) -> R + Send + Sync + 'static,
        R: IntoOutcome + 'static,
    {
        self.with(Kinds::default(), move |_| {
            Ok(Arc::new(CallTarget(callback)))
        })
    }

    /// Calls a function whose future runs on the arbiter that runs the emission.
    /// The future need not be `Send`.
    ///
    /// The delivery ends when the future has ended and the delivery has been
    /// dropped, by what the future returns. When the arbiter stops first, it is
    /// lost. Off an arbiter the delivery is refused with
    /// [`Reason::NoArbiter`](crate::Reason::NoArbiter).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # async fn store(line: &str) -> Result<usize, ventix::BoxError> { Ok(line.len()) }
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<String>().call_async(|line| async move { store(&line).await }))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// let report = emitter.emit_and_wait(String::from("hello")).await;
    /// assert_eq!(report.replies::<usize>().next(), Some(&5));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn call_async<F, U, R>(self, callback: F) -> SubscriptionSpec
    where
        F: Fn(Delivery<E>) -> U + Send + Sync + 'static,
        U: Future<Output = R> + 'static,
        R: IntoOutcome + 'static,
    {
        self.queued(move |making| AsyncTarget {
            callback,
            limit: making.timeout,
        })
    }

    /// Calls a function that may block or compute for long, on tokio's pool of
    /// threads for such work. It never stalls an arbiter.
    ///
    /// Deliveries of one subscription start in the order of emission and run side by
    /// side, 32 at a time at most; the others wait, up to its
    /// [capacity](SubscriptionSpec::capacity).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, BoxError, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u64>().call_blocking(|n| Ok::<u64, BoxError>((1..=*n).sum())))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// let report = emitter.emit_and_wait(100_000_u64).await;
    /// assert_eq!(report.replies::<u64>().next(), Some(&5_000_050_000));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn call_blocking<F, R>(self, callback: F) -> SubscriptionSpec
    where
        F: Fn(Delivery<E>) -> R + Send + Sync + 'static,
        R: IntoOutcome + 'static,
    {
        self.queued(move |making| BlockingTarget::new(callback, making.home))
    }

    /// Delivers to a stream: its consumer takes the next delivery when it is ready for
    /// it, on any thread and any executor.
    ///
    /// Up to `capacity` deliveries wait to be taken; the next one drops the oldest of
    /// them, and the consumer is told in its place. The stream lives before its
    /// subscription, and unlinks its handler when it is dropped; see
    /// [`handler::stream`](crate::handler::stream). A capacity of 0 is
    /// [`SubscribeError::ZeroCapacity`] when it is subscribed, and a stream that has been
    /// dropped by then is [`SubscribeError::StreamDropped`].
    ///
    /// The subscription has no lane, unless it is given a
    /// [`capacity`](SubscriptionSpec::capacity) or an
    /// [`overflow`](SubscriptionSpec::overflow): the stream is its bound.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::StreamExt;
    /// use ventix::{on_any, Emitter, Linker, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let (spec, stream) = on_any().stream(16);
    /// linker.subscribe(spec.named("first news").once())?;
    ///
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// emitter.emit(1_u8);
    /// emitter.emit("and no other");
    /// let names = stream.deliveries().map(|any| any.name().to_owned());
    /// assert_eq!(names.collect::<Vec<_>>().await, ["u8"]);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn stream(self, capacity: usize) -> (SubscriptionSpec, EventStream<E>) {
        let channel = Arc::new(Channel::new(capacity));
        let stream = EventStream::new(channel.clone());
        let tie = Linked::new(channel.clone());
        let (selectors, filter) = (self.selectors, self.filter);
        let expects = channel.clone();
        let part = move |_: &Making<'_>| -> Result<Box<dyn Part>, SubscribeError> {
            if channel.capacity() == 0 {
                return Err(SubscribeError::ZeroCapacity);
            }
            if channel.is_closed() {
                return Err(SubscribeError::StreamDropped);
            }
            Ok(Box::new(StreamPart::new(selectors, filter, tie)))
        };
        let spec = SubscriptionSpec::new(Box::new(part), Kinds::default(), self.invalid);
        (spec.followed_by(expects), stream)
    }

    /// Makes an actor on an arbiter, and delivers to it: the bus starts it, makes it
    /// anew when it dies of a panic, and stops it when the subscription has ended
    /// and its last delivery is done.
    ///
    /// `make` runs on the arbiter. [`Restart`](crate::Restart) says when it is run again; an actor that
    /// stops by itself is unlinked, and not restarted.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix::prelude::*;
    /// use ventix::{on, Delivery, Emitter, Linker, Strategy};
    ///
    /// struct Printer { pages: u32 }
    ///
    /// impl Actor for Printer {
    ///     type Context = Context<Self>;
    /// }
    ///
    /// impl Handler<Delivery<&'static str>> for Printer {
    ///     type Result = ();
    ///
    ///     fn handle(&mut self, text: Delivery<&'static str>, _: &mut Context<Self>) {
    ///         self.pages += 1;
    ///         assert_ne!(*text, "jam", "out of order");
    ///         text.reply(self.pages);
    ///     }
    /// }
    ///
    /// # System::new().block_on(async {
    /// let linker = Linker::start();
    /// let arbiter = Arbiter::new();
    /// let printer = on::<&'static str>().actor_in(&arbiter.handle(), || Printer { pages: 0 });
    /// # let at_once = ventix::Restart::default().backoff(Default::default(), Default::default());
    /// # let printer = printer.restart(at_once);
    /// linker.subscribe(printer)?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// let both = futures::join!(emitter.emit_and_wait("jam"), emitter.emit_and_wait("page"));
    /// assert_eq!(both.0.outcomes().next().unwrap().as_str(), "panicked");
    /// // The second one waited for the new printer.
    /// assert_eq!(both.1.replies::<u32>().next(), Some(&1));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn actor_in<A>(
        self,
        arbiter: &ArbiterHandle,
        make: impl Fn() -> A + Send + Sync + 'static,
    ) -> SubscriptionSpec
    where
        A: Actor<Context = Context<A>> + Handler<Delivery<E>>,
    {
        self.made_by(&Factory::in_arbiter(arbiter, make))
    }

    /// Makes `size` equal actors, each on an arbiter of its own, and delivers to one
    /// of them at a time: so one subscription uses several threads.
    ///
    /// The arbiters are stopped with the subscription. Each actor is made, made anew
    /// and stopped as with [`actor_in`](Self::actor_in). Deliveries start in the order
    /// of emission with one actor, or per key with [`Routing::Keyed`].
    ///
    /// A size of 0 or of more than 1,024 is an error of subscribing, and so is
    /// subscribing outside a `System`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::collections::HashSet;
    /// # use std::thread::ThreadId;
    /// # use actix::prelude::*;
    /// # use ventix::{on, Delivery, Emitter, Linker, Routing, Strategy};
    /// # struct Hasher;
    /// # impl Actor for Hasher { type Context = Context<Self>; }
    /// # impl Handler<Delivery<u8>> for Hasher {
    /// #     type Result = ();
    /// #     fn handle(&mut self, n: Delivery<u8>, _: &mut Context<Self>) {
    /// #         n.reply(std::thread::current().id());
    /// #     }
    /// # }
    /// # System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().actor_pool(4, Routing::RoundRobin, || Hasher))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// # let mut threads = HashSet::new();
    /// for n in 0..4_u8 {
    ///     let report = emitter.emit_and_wait(n).await;
    /// #   threads.extend(report.replies::<ThreadId>().cloned());
    /// }
    /// # assert_eq!(threads.len(), 4);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn actor_pool<A>(
        self,
        size: usize,
        routing: Routing,
        make: impl Fn() -> A + Send + Sync + 'static,
    ) -> SubscriptionSpec
    where
        A: Actor<Context = Context<A>> + Handler<Delivery<E>>,
    {
        self.made_by(&Factory::pool(size, make).routing(routing))
    }

    /// Like [`actor_pool`](Self::actor_pool), with one actor on each of the given
    /// arbiters, which are the user's to stop.
    ///
    /// # Examples
    ///
    /// ```
    /// # use actix::prelude::*;
    /// # use ventix::{on, Delivery, Emitter, Linker, Routing, Strategy};
    /// # struct Hasher;
    /// # impl Actor for Hasher { type Context = Context<Self>; }
    /// # impl Handler<Delivery<u8>> for Hasher {
    /// #     type Result = ();
    /// #     fn handle(&mut self, _: Delivery<u8>, _: &mut Context<Self>) {}
    /// # }
    /// # System::new().block_on(async {
    /// let linker = Linker::start();
    /// let (a, b) = (Arbiter::new(), Arbiter::new());
    /// let arbiters = [a.handle(), b.handle()];
    /// linker.subscribe(on::<u8>().actor_pool_in(arbiters, Routing::Keyed, || Hasher))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// assert!(emitter.prepare(1_u8).key("customer 7").emit_and_wait().await.all_handled());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn actor_pool_in<A>(
        self,
        arbiters: impl IntoIterator<Item = ArbiterHandle>,
        routing: Routing,
        make: impl Fn() -> A + Send + Sync + 'static,
    ) -> SubscriptionSpec
    where
        A: Actor<Context = Context<A>> + Handler<Delivery<E>>,
    {
        self.made_by(&Factory::pool_in(arbiters, make).routing(routing))
    }

    /// Delivers to the actors of a factory, which may handle other events too: see
    /// [`Factory`].
    ///
    /// # Examples
    ///
    /// See [`Factory`].
    pub fn made_by<A>(self, factory: &Factory<A>) -> SubscriptionSpec
    where
        A: Actor<Context = Context<A>> + Handler<Delivery<E>>,
    {
        let kinds = Kinds {
            queued: true,
            actors: false,
            made: true,
        };
        let factory = factory.clone();
        self.with(kinds, move |making| making.crew(&factory))
    }

    /// A handler whose deliveries may wait, and so need a bound.
    fn queued<T: Target<E> + 'static>(
        self,
        target: impl FnOnce(&Making<'_>) -> T + Send + 'static,
    ) -> SubscriptionSpec {
        let kinds = Kinds {
            queued: true,
            ..Kinds::default()
        };
        self.with(kinds, move |making| Ok(Arc::new(target(making))))
    }

    pub(super) fn with<T: Target<E> + 'static>(
        self,
        kinds: Kinds,
        target: impl FnOnce(&Making<'_>) -> Result<Arc<T>, SubscribeError> + Send + 'static,
    ) -> SubscriptionSpec {
        let (selectors, filter) = (self.selectors, self.filter);
        let part = move |making: &Making<'_>| -> Result<Box<dyn Part>, SubscribeError> {
            let target: Arc<dyn Target<E>> = target(making)?;
            let aim = Aim { target, filter };
            Ok(Box::new(TypedPart { selectors, aim }))
        };
        SubscriptionSpec::new(Box::new(part), kinds, self.invalid)
    }
}

impl<E: Send + Sync + 'static> On<E> {
    /// Selects the events of type `E` that are on no topic as well, for the same
    /// handler.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on_topic, Linker, Selector};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let spec = on_topic::<u8>("bytes.>").or_event().call(|byte| println!("{}", **byte));
    /// let id = linker.subscribe(spec)?.id();
    /// assert_eq!(linker.events_of(id), [Selector::topic("bytes.>")?, Selector::event::<u8>()]);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn or_event(mut self) -> Self {
        self.selectors.push(Selector::event::<E>());
        self
    }

    /// Delivers to an actor that takes the bare event: any actix actor there
    /// already is, unchanged, with any result.
    ///
    /// The actor gets a clone of the event, and its reply ends the delivery as
    /// handled, with the reply as answer, *whatever it is*: a reply of type
    /// `Result` is an answer too. Where its `Err` is to be a failure, use
    /// [`plain_actor_with`](Self::plain_actor_with). Each delivery pays actix's
    /// reply channel; [`actor`](Self::actor) does not. A panic of an actor on another
    /// thread within some hundred nanoseconds of the sending counts as lost.
    ///
    /// # Examples
    ///
    /// ```
    /// # use actix::prelude::*;
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// #[derive(Message, Clone)]
    /// #[rtype(result = "usize")]
    /// struct Line(String);
    ///
    /// struct Counter(usize);
    ///
    /// impl Actor for Counter {
    ///     type Context = Context<Self>;
    /// }
    ///
    /// impl Handler<Line> for Counter {
    ///     type Result = usize;
    ///
    ///     fn handle(&mut self, line: Line, _: &mut Context<Self>) -> usize {
    ///         self.0 += line.0.len();
    ///         self.0
    ///     }
    /// }
    /// # System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<Line>().plain_actor(Counter(0).start()))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// let report = emitter.emit_and_wait(Line("four".into())).await;
    /// assert_eq!(report.replies::<usize>().next(), Some(&4));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn plain_actor<A>(self, addr: Addr<A>) -> SubscriptionSpec
    where
        A: Actor<Context: ToEnvelope<A, E>> + Handler<E>,
        E: Message<Result: Send> + Clone,
    {
        self.judged(addr, |reply| Verdict::Handled(Reply::new(reply)))
    }

    /// Like [`plain_actor`](Self::plain_actor), and lets `judge` say what a
    /// reply means.
    ///
    /// # Examples
    ///
    /// ```
    /// # use actix::prelude::*;
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// #[derive(Message, Clone)]
    /// #[rtype(result = "Result<(), std::fmt::Error>")]
    /// struct Line(String);
    /// # struct Printer;
    /// # impl Actor for Printer { type Context = Context<Self>; }
    /// # impl Handler<Line> for Printer {
    /// #     type Result = Result<(), std::fmt::Error>;
    /// #     fn handle(&mut self, line: Line, _: &mut Context<Self>) -> Self::Result {
    /// #         if line.0.is_empty() { Err(std::fmt::Error) } else { Ok(()) }
    /// #     }
    /// # }
    ///
    /// # System::new().block_on(async {
    /// let linker = Linker::start();
    /// // An `Err` of the printer is a failure.
    /// linker.subscribe(on::<Line>().plain_actor_with(Printer.start(), |reply| reply))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// assert!(emitter.emit_and_wait(Line("hello".into())).await.all_handled());
    /// let report = emitter.emit_and_wait(Line(String::new())).await;
    /// assert!(report.errors().next().unwrap().is::<std::fmt::Error>());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn plain_actor_with<A, J, R>(self, addr: Addr<A>, judge: J) -> SubscriptionSpec
    where
        A: Actor<Context: ToEnvelope<A, E>> + Handler<E>,
        E: Message<Result: Send> + Clone,
        J: Fn(E::Result) -> R + Clone + Send + Sync + 'static,
        R: IntoOutcome,
    {
        self.judged(addr, move |reply| judge(reply).judge())
    }

    fn judged<A, F>(self, addr: Addr<A>, judge: F) -> SubscriptionSpec
    where
        A: Actor<Context: ToEnvelope<A, E>> + Handler<E>,
        E: Message<Result: Send> + Clone,
        F: Fn(E::Result) -> Verdict + Clone + Send + Sync + 'static,
    {
        let kinds = Kinds {
            queued: true,
            actors: true,
            made: false,
        };
        self.with(kinds, move |making| {
            Ok(Arc::new(PlainActorTarget {
                addr: Lease::new(addr, making.weak),
                judge,
                home: making.home.clone(),
            }))
        })
    }
}
