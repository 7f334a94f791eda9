use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix::clock::Instant;
use actix::{Addr, Recipient};

use crate::delivery::Delivery;
use crate::in_time::in_time;
use crate::linker::{Drained, Linker, StartError};
use crate::outcome::{Receipt, Receipts, Report};

use super::actor::EmitterActor;
use super::builder::EmitterBuilder;
use super::emission::Emission;
use super::message::{Emit, Parent};
use super::prepared::Prepared;
use super::request::{Arrivals, Request};
use super::schedule::ScheduleInfo;
use super::shared::Shared;
use super::stats::EmitterStats;
use super::strategy::Strategy;
use super::typed::TypedEmitter;
use super::watch::Watch;
use super::weak::WeakEmitter;

/// The handle to what runs emissions. See the [module's page](crate::emitter).
///
/// Cloning is cheap, every clone is the same emitter, and it works from any
/// thread, inside a `System` or not.
///
/// # Examples
///
/// ```
/// use ventix::{on, Emitter, Linker, Strategy};
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<String>().call(|line| println!("{}", **line)))?;
/// let emitter = Emitter::start(&linker, Strategy::current());
///
/// let from_a_thread = emitter.clone();
/// std::thread::spawn(move || from_a_thread.emit(String::from("hello")));
///
/// let report = emitter.emit_and_wait(String::from("world")).await;
/// assert!(report.all_handled());
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Emitter {
    pub(super) shared: Arc<Shared>,
    /// Set on the emitter that a delivery hands out.
    parent: Option<Arc<Parent>>,
}

impl Emitter {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let parent = None;
        Self { shared, parent }
    }

    /// Starts an emitter with the default settings.
    ///
    /// # Panics
    ///
    /// When the strategy needs an arbiter and there is none, when the arbiter has
    /// stopped, or when the strategy has a size or bound that
    /// [`EmitterBuilder::start`] refuses. [`Emitter::builder`] returns an error instead.
    ///
    /// # Examples
    ///
    /// Two emitters that serve the same subscriptions, on different threads:
    ///
    /// ```
    /// use ventix::{on, BoxError, Emitter, Linker, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| Ok::<_, BoxError>(std::thread::current().id())))?;
    /// let here = Emitter::start(&linker, Strategy::current()).emit_and_wait(1_u8).await;
    /// let elsewhere = Emitter::start(&linker, Strategy::dedicated()).emit_and_wait(1_u8).await;
    /// let thread = std::thread::current().id();
    /// assert_eq!(here.replies().next(), Some(&thread));
    /// assert!(elsewhere.all_handled() && elsewhere.replies().next() != Some(&thread));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    #[track_caller]
    pub fn start(linker: &Linker, strategy: Strategy) -> Self {
        match Self::builder(linker).strategy(strategy).start() {
            Ok(emitter) => emitter,
            Err(error) => panic!("{error}"),
        }
    }

    /// Starts an emitter whose emissions are run by an actor of the user's: the
    /// same as [`start`](Self::start) with [`Strategy::custom`].
    ///
    /// # Panics
    ///
    /// When no arbiter runs on this thread and that of the linker has stopped.
    ///
    /// # Examples
    ///
    /// With `Direct`, a user's actor that runs what it gets at once; [`Emission`]
    /// shows how to write one.
    ///
    /// ```
    /// # use actix::prelude::*;
    /// # use ventix::{on, Emission, Emitter, Linker};
    /// # struct Direct;
    /// # impl Actor for Direct { type Context = Context<Self>; }
    /// # impl Handler<Emission> for Direct {
    /// #     type Result = ();
    /// #     fn handle(&mut self, emission: Emission, _: &mut Context<Self>) { emission.run() }
    /// # }
    /// # System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|n| println!("{}", **n)))?;
    /// let emitter = Emitter::with(&linker, Direct.start().recipient());
    /// assert_eq!(emitter.emit_and_wait(1_u8).await.handled(), 1);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    #[track_caller]
    pub fn with(linker: &Linker, strategy: Recipient<Emission>) -> Self {
        Self::start(linker, Strategy::custom(strategy))
    }

    /// Returns a builder: strategy, name, debug mode. The strategy is
    /// [`Strategy::current`] if nothing is said.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::{Emitter, Linker, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let emitter = Emitter::builder(&linker)
    ///     .strategy(Strategy::dedicated())
    ///     .name("mail")
    ///     .start()?;
    /// assert!(emitter.emit("nobody listens").is_unheard());
    /// # Ok::<(), ventix::StartError>(())
    /// # }).unwrap();
    /// ```
    pub fn builder(linker: &Linker) -> EmitterBuilder {
        EmitterBuilder::new(linker.clone())
    }

    /// Returns the linker whose subscriptions it emits to.
    ///
    /// # Examples
    ///
    /// Code that was given an emitter can subscribe too:
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// fn listen(emitter: &Emitter) -> Result<(), ventix::SubscribeError> {
    ///     emitter.linker().subscribe(on::<&str>().call(|line| println!("{}", **line)))?;
    ///     Ok(())
    /// }
    ///
    /// # actix::System::new().block_on(async {
    /// let emitter = Emitter::start(&Linker::start(), Strategy::inline());
    /// listen(&emitter)?;
    /// assert_eq!(emitter.emit("hello").accepted(), 1);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn linker(&self) -> &Linker {
        &self.shared.core.linker
    }

    /// Returns the emitter's name, if it has one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Emitter, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// assert_eq!(Emitter::builder(&linker).name("mail").start()?.name(), Some("mail"));
    /// assert_eq!(Emitter::builder(&linker).start()?.name(), None);
    /// # Ok::<(), ventix::StartError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.shared.core.name.as_deref()
    }

    /// Returns how many emissions were refused as a whole, whatever the reason.
    ///
    /// What single subscriptions turned away is in their
    /// [`counts`](crate::Subscription::counts).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Overflow, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// let emitter = Emitter::start(&linker, Strategy::current().bounded(1, Overflow::Refuse));
    /// emitter.emit(1_u8);
    /// emitter.emit(2_u8); // the first one is still waiting
    /// assert_eq!(emitter.refused(), 1);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.shared.core.refused.load(Ordering::Relaxed)
    }

    /// Returns what is [scheduled](crate::emitter::schedule) and pending: what is due
    /// first comes first.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let emitter = Emitter::start(&Linker::start(), Strategy::inline());
    /// emitter.prepare("much later").after(Duration::from_secs(3_600));
    /// emitter.prepare(1_u8).after(Duration::from_secs(60));
    /// let names: Vec<_> = emitter.schedules().iter().map(|s| s.name().to_owned()).collect();
    /// assert_eq!(names, ["u8", "&str"]);
    /// # });
    /// ```
    #[must_use]
    pub fn schedules(&self) -> Vec<ScheduleInfo> {
        self.shared.core.schedules.list()
    }

    /// Returns how much it has emitted, how much of it is on its way, and what has become of the
    /// rest.
    ///
    /// # Examples
    ///
    /// See [`EmitterStats`].
    #[must_use]
    pub fn stats(&self) -> EmitterStats {
        let core = &self.shared.core;
        let (queue, run) = core.deliveries.latencies();
        EmitterStats {
            emitted: core.ids.given(),
            refused: self.refused(),
            waiting: self.shared.slot.gear().waiting(),
            in_flight: core.load.in_flight(),
            deliveries: core.deliveries.counts(core.load.ended_deliveries()),
            queue,
            run,
        }
    }

    /// Returns the address of the actor, for code that prefers messages: it
    /// handles [`Emit`](struct@Emit).
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::{Emit, Emitter, Linker, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// let receipt = emitter.addr().send(Emit("nobody listens")).await?;
    /// assert!(receipt.is_unheard());
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn addr(&self) -> Addr<EmitterActor> {
        self.shared.addr().clone()
    }

    /// Emits an event by its type, and never waits.
    ///
    /// The receipt says which subscriptions matched and which of them get it. It is
    /// the only one to say so: a loop that emits and never awaits fills the emitter
    /// ([`Reason::EmitterFull`](crate::Reason::EmitterFull)) or a lane
    /// ([`Reason::LaneFull`](crate::Reason::LaneFull)), and what comes then is
    /// refused.
    ///
    /// With [`Strategy::inline`] sync callbacks have run by then, and everything
    /// else has been handed over.
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
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// let receipt = emitter.emit(OrderPlaced { id: 1 });
    /// assert_eq!(receipt.accepted(), 1);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn emit<E: Send + Sync + 'static>(&self, event: E) -> Receipt {
        match self.parent {
            None => self.shared.emit(event),
            Some(_) => self.launch(Emit(event)),
        }
    }

    /// Returns a handle for events of one type: it keeps their way to the handlers, and
    /// finds it faster than [`emit`](Self::emit) does.
    ///
    /// It is the same emitter all the same: what it emits is counted, ordered, bounded and
    /// switched as everything else.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// struct Reading(f64);
    ///
    /// let linker = Linker::start();
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// let readings = emitter.typed::<Reading>();
    /// linker.subscribe(on::<Reading>().call(|reading| println!("{}", reading.0)))?;
    /// assert_eq!(readings.emit(Reading(20.5)).accepted(), 1);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn typed<E: Send + Sync + 'static>(&self) -> TypedEmitter<E> {
        TypedEmitter::new(self.clone(), self.shared.cell())
    }

    /// Emits several events, one after the other, and never waits.
    ///
    /// It is the same as that many calls of [`emit`](Self::emit): order, bounds,
    /// refusals and dead letters are theirs. It costs less where another thread runs
    /// the emissions, which is woken for many at a time. The iterator is run to its end
    /// before the first event is emitted, so what it emits itself comes before.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::{on, Emitter, Linker, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u64>().call(|line| println!("line {}", **line)))?;
    /// let emitter = Emitter::start(&linker, Strategy::dedicated());
    /// let receipts = emitter.emit_all(1..=100_u64);
    /// assert!(receipts.is_complete());
    /// assert_eq!((receipts.len(), receipts.accepted()), (100, 100));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn emit_all<E>(&self, events: impl IntoIterator<Item = E>) -> Receipts
    where
        E: Send + Sync + 'static,
    {
        let events = Vec::from_iter(events);
        self.shared.launch_all(events, self.parent())
    }

    /// Emits an event by its type, after waiting for room where that is allowed, and
    /// does not wait for its deliveries.
    ///
    /// It waits for a place among the emissions that wait, if the strategy is
    /// [`bounded`](Strategy::bounded) with [`Overflow::Wait`](crate::Overflow::Wait),
    /// and for room in the lanes of subscriptions with that policy; for as long as
    /// these say, and no longer than its deadline. Where nothing says so it is the
    /// same as [`emit`](Self::emit). Those that wait are served in their order. A
    /// handler of an emission that runs [in order](Strategy::in_order) does not wait
    /// for a place, which could not become free.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped before it has resolved, nothing was emitted, and
    /// nothing is kept: no place, no room, no turn of one that waits behind it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use ventix::{on, Emitter, Linker, Overflow, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// let wait = Overflow::Wait(Duration::from_secs(5));
    /// let emitter = Emitter::start(&linker, Strategy::current().bounded(8, wait));
    /// for n in 0..100_u8 {
    ///     assert!(emitter.emit_when_ready(n).await.is_complete());
    /// }
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub async fn emit_when_ready<E: Send + Sync + 'static>(&self, event: E) -> Receipt {
        self.launch_when_ready(Emit(event)).await
    }

    /// Emits an event by its type, and waits until every delivery has ended; and
    /// before that for room, as [`emit_when_ready`](Self::emit_when_ready) does.
    ///
    /// # Cancel safety
    ///
    /// Nothing is emitted before the future is polled, or while it waits for room.
    /// When it is dropped later, the deliveries go on, and their outcomes are told to
    /// nobody.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::{on, Emitter, Linker, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u32>().call_async(|n| async move { Ok::<_, ventix::BoxError>(*n + 1) }))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// let report = emitter.emit_and_wait(41_u32).await;
    /// assert_eq!(report.replies::<u32>().next(), Some(&42));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub async fn emit_and_wait<E: Send + Sync + 'static>(&self, event: E) -> Report {
        match self.parent {
            None => {
                let cell = self.shared.slot.ways().get();
                self.shared.emit_and_wait(event, cell).await
            }
            Some(_) => self.launch_and_wait(Emit(event)).await,
        }
    }

    /// Asks a question: emits an event by its type, for the replies of its handlers
    /// that are an `R`. Awaited, it is the first of them. See
    /// [`request`](crate::emitter::request).
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::{on, Emitter, Linker, RequestError, Strategy};
    ///
    /// struct Price { of: &'static str }
    /// struct Euros(u32);
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<Price>().call(|price| match price.of {
    ///     "tea" => Ok(Euros(3)),
    ///     _ => Err("not for sale"),
    /// }))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    ///
    /// let Euros(tea) = emitter.request(Price { of: "tea" }).await?;
    /// assert_eq!(tea, 3);
    /// let error = emitter.request::<_, Euros>(Price { of: "fame" }).await.err();
    /// assert!(matches!(error, Some(RequestError::NoReply { .. })));
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn request<E, R>(&self, event: E) -> Request<'_, E, R>
    where
        E: Send + Sync + 'static,
        R: Send + 'static,
    {
        self.prepare(event).request()
    }

    /// Prepares an event to be emitted with a topic, key, correlation, deadline
    /// or headers, now or [later](crate::emitter::schedule).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, on_topic, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<&str>().call(|_| ()).named("by type"))?;
    /// linker.subscribe(on_topic::<&str>("news.*").call(|_| ()).named("by topic"))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// let report = emitter.prepare("hello").topic("news.local").header("lang", "en").emit_and_wait();
    /// assert!(report.await.iter().map(|ended| ended.name()).eq([Some("by topic")]));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn prepare<E: Send + Sync + 'static>(&self, event: E) -> Prepared<'_, E> {
        Prepared::new(self, Emit(event))
    }

    /// Runs emissions by another strategy from now on.
    ///
    /// What is emitted from now on is accepted by the new strategy at once, and runs
    /// when the old one has run all that it had accepted (in order: when the last of
    /// that has ended). So order holds across the hand-over, for each key as well;
    /// nothing is lost and nothing runs twice. The future resolves when the old one
    /// has run everything; its arbiters stop when its last delivery has ended. Where
    /// the strategy speaks of the arbiter that starts the emitter, it is the one
    /// that calls this.
    ///
    /// What handlers of the old strategy emit meanwhile goes to the new one too, with
    /// two exceptions, which the old one runs before it hands over: what is
    /// [nested](Strategy::in_order) in what it runs in order, and what is waited for
    /// under [`inline`](Strategy::inline) or a strategy of several threads, where the
    /// thread may be blocked by that.
    ///
    /// What comes meanwhile waits, under [`inline`](Strategy::inline) as well: it
    /// then runs on the linker's arbiter. A [custom](Strategy::custom) strategy has run
    /// an emission when its actor has, or has dropped it. Switches that come
    /// together are carried out one after the other. A handler that waits for the
    /// switch of its own emitter waits for itself; it may well begin one.
    ///
    /// # Errors
    ///
    /// When the new strategy cannot be started, as for
    /// [`EmitterBuilder::start`]. Then nothing has changed.
    ///
    /// # Cancel safety
    ///
    /// Nothing happens before the future is polled. When it is dropped later, the
    /// hand-over goes on, and nobody is told of its end.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::{on, Emitter, Linker, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(move |n| tell.send(**n)))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// emitter.emit(1_u8);
    /// let switching = emitter.switch(Strategy::dedicated());
    /// let emitting = async { emitter.emit(2_u8) };
    /// let (switched, _) = futures::join!(switching, emitting);
    /// switched?;
    /// assert!(emitter.emit_and_wait(3_u8).await.all_handled());
    /// assert_eq!(told.try_iter().collect::<Vec<_>>(), [1, 2, 3]);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub async fn switch(&self, strategy: Strategy) -> Result<(), StartError> {
        let before = self.shared.switch(strategy)?;
        before.handed_over().await;
        Ok(())
    }

    /// Shuts the emitter down: no emission is taken any more, through whatever handle
    /// or message, and those on their way are waited for, for `within` at most.
    ///
    /// What comes from now on is refused as a whole, with
    /// [`Reason::ShuttingDown`](crate::Reason::ShuttingDown); what handlers emit, too.
    /// Emissions end when all their deliveries have, wherever these went. What is
    /// [scheduled](crate::emitter::schedule) for later is cancelled, and
    /// [counted](Drained::cancelled).
    ///
    /// What waits for more of its kind goes out at once: a [batch](crate::On::batch) that is
    /// not full, the last of a [burst](crate::Debounce). What waits for something else is
    /// waited for: its turn in a lane, another attempt, that a paused subscription which
    /// [holds](crate::WhenPaused::Hold) it is resumed.
    ///
    /// After a complete drain nothing is lost when the `System` stops.
    ///
    /// It may be called again, to go on waiting. A handler that waits for the drain
    /// of its own emitter waits for itself.
    ///
    /// # Cancel safety
    ///
    /// Nothing happens before the future is polled. When it is dropped later, the
    /// emitter stays shut.
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
    /// assert!(emitter.drain(Duration::from_secs(5)).await.is_complete());
    /// assert_eq!(emitter.emit("too late").refusal(), Some(&Reason::ShuttingDown));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub async fn drain(&self, within: Duration) -> Drained {
        let core = &self.shared.core;
        let linker = core.linker.core();
        core.load.close();
        let cancelled = core.load.cancel_pending();
        linker.registry().flush();
        let until = Instant::now().checked_add(within);
        let ended = in_time(linker.home(), until, core.load.idle()).await;
        let left = ended.map_or_else(|| core.load.in_flight(), |()| 0);
        linker.drained(left, cancelled)
    }

    /// Returns a handle that does not keep the emitter alive.
    ///
    /// # Examples
    ///
    /// A handler that emits for its own account, and can go when its emitter does:
    ///
    /// ```
    /// use ventix::{on, Emitter, Linker, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// let weak = emitter.downgrade();
    /// linker.subscribe(on::<u8>().call(move |n| {
    ///     if let Some(emitter) = weak.upgrade() {
    ///         emitter.emit(u16::from(**n));
    ///     }
    /// }))?;
    /// assert!(emitter.emit_and_wait(1_u8).await.all_handled());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn downgrade(&self) -> WeakEmitter {
        WeakEmitter::new(&self.shared)
    }

    pub(super) fn launch<E: Send + Sync + 'static>(&self, emit: Emit<E>) -> Receipt {
        let emit = emit.caused_by(self.parent());
        self.shared.launch(emit, None)
    }

    pub(super) async fn launch_and_wait<E: Send + Sync + 'static>(&self, emit: Emit<E>) -> Report {
        let emit = emit.caused_by(self.parent());
        let mut watch = Watch::default();
        let receipt = self.shared.launch_when_ready(emit, Some(&mut watch)).await;
        watch.report(receipt).await
    }

    /// Emits it, for one who wants to hear of each delivery as soon as it ends.
    pub(super) async fn launch_for_each<E>(&self, emit: Emit<E>) -> Arrivals
    where
        E: Send + Sync + 'static,
    {
        let emit = emit.caused_by(self.parent());
        let until = emit.deadline();
        let mut watch = Watch::for_each();
        let receipt = self.shared.launch_when_ready(emit, Some(&mut watch)).await;
        let home = self.linker().core().home().clone();
        Arrivals::new(receipt, watch, until, home)
    }

    pub(super) async fn launch_when_ready<E>(&self, emit: Emit<E>) -> Receipt
    where
        E: Send + Sync + 'static,
    {
        let emit = emit.caused_by(self.parent());
        self.shared.launch_when_ready(emit, None).await
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(super) fn parent(&self) -> Option<&Parent> {
        self.parent.as_deref()
    }
}

impl fmt::Debug for Emitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emitter")
            .field("name", &self.shared.core.debug.name)
            .field("linker", self.linker())
            .finish_non_exhaustive()
    }
}

impl<E: ?Sized> Delivery<E> {
    /// Returns the emitter that made the emission, for what its handlers emit.
    ///
    /// What is emitted through it names this emission as its cause, shares its
    /// correlation id, and is wanted no longer than it is.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::{on, Emitter, Linker, Strategy};
    ///
    /// struct OrderPlaced;
    /// struct InvoiceSent;
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<OrderPlaced>().call(|order| {
    ///     order.emitter().emit(InvoiceSent);
    /// }))?;
    /// linker.subscribe(on::<InvoiceSent>().call(|invoice| {
    ///     let about = invoice.metadata();
    ///     assert_eq!(about.causation(), Some(about.correlation()));
    /// }))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// assert!(emitter.emit_and_wait(OrderPlaced).await.all_handled());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn emitter(&self) -> Emitter {
        let origin = self.held().ledger().origin().clone();
        let handler = self.handler();
        let is_notice = origin.is_of_notices();
        let (shared, gear) = Shared::of_origin(origin);
        let sampler = shared.core.linker.core().sampler();
        let trace = sampler.map(|sampler| sampler.trace(self.metadata(), &handler));
        let subscription = handler.subscription();
        let mut cause = self.metadata().as_cause(handler, is_notice);
        let spans = self.held().header().spans();
        let span = spans.and_then(|spans| spans.of(subscription));
        cause.span = span.as_ref().map(Arc::downgrade).unwrap_or_default();
        Emitter {
            shared,
            parent: Some(Arc::new(Parent { cause, gear, trace })),
        }
    }
}
