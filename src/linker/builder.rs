use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use actix::Actor;
use actix::clock::sleep;
use actix_rt::{Arbiter, ArbiterHandle};

use crate::debug::Debug;
use crate::graph::Sampler;
use crate::latency::Sampling;
use crate::middleware::{DeliveryLayer, EmissionLayer, Stack};
use crate::outcome::{Failure, IntoOutcome, Success};
use crate::registry::{Callbacks, Registry, Shelf};

use super::actor::LinkerActor;
use super::error::StartError;
use super::heartbeat::Heartbeat;
use super::linker::Linker;
use super::load::{Load, Loads};
use super::shared::Core;

/// The default number of deliveries in flight per subscription. Enough for a
/// burst, and the size that other systems take (vert.x buffers 1,000 messages per
/// consumer); a stuck handler of 32-byte events then holds some 300 KiB.
const LANE_CAPACITY: usize = 1_024;

/// The default number of events, and of chains of them, that a sample keeps: more than
/// anybody can look at, in 5 MiB at most, were every topic as long as it may be.
const SAMPLE_CAPACITY: usize = 4_096;

/// What a linker is made of.
///
/// # Examples
///
/// ```
/// use ventix::Linker;
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::builder()
///     .name("orders")
///     .max_subscribers(100)
///     .on_failure(|failure| eprintln!("{}", failure.error()))
///     .start()?;
/// assert_eq!(linker.name(), Some("orders"));
/// # Ok::<(), ventix::StartError>(())
/// # }).unwrap();
/// ```
#[derive(Default)]
#[must_use = "nothing starts until `start` is called"]
pub struct LinkerBuilder {
    name: Option<Arc<str>>,
    max_subscribers: Option<usize>,
    capacity: Option<usize>,
    callbacks: Callbacks,
    layers: Stack<dyn DeliveryLayer>,
    emission_layers: Stack<dyn EmissionLayer>,
    debug: Option<bool>,
    arbiter: Option<ArbiterHandle>,
    sweep: Option<Duration>,
    heartbeat: Option<Duration>,
    dead_letters: Option<usize>,
    sample: Option<u32>,
    sample_capacity: Option<usize>,
    latency: Option<u32>,
}

impl LinkerBuilder {
    /// Names the linker, for the debug mode. By default it has no name.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::Linker;
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::builder().name("orders").start()?;
    /// assert_eq!(linker.name(), Some("orders"));
    /// assert!(format!("{linker:?}").contains("orders"));
    /// # Ok::<(), ventix::StartError>(())
    /// # }).unwrap();
    /// ```
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Bounds the subscriptions per event type, topic, pattern, or everything,
    /// each for itself. By default there is no bound; 0 is an error of
    /// [`start`](Self::start).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, on_topic, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::builder().max_subscribers(1).start()?;
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// assert!(linker.subscribe(on::<u8>().call(|_| ())).is_err());
    /// // A topic is another event, with a bound of its own.
    /// assert!(linker.subscribe(on_topic::<u8>("bytes").call(|_| ())).is_ok());
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn max_subscribers(mut self, max: usize) -> Self {
        self.max_subscribers = Some(max);
        self
    }

    /// Sets how many deliveries may be in flight for a subscription that says
    /// nothing of its own, 1,024 by default. 0 is an error of
    /// [`start`](Self::start). See
    /// [`SubscriptionSpec::capacity`](crate::SubscriptionSpec::capacity).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::builder().capacity(8).start()?;
    /// linker.subscribe(on::<u8>().call_async(|_| async {}))?;
    /// linker.subscribe(on::<u8>().call_async(|_| async {}).capacity(2))?;
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// let bounds: Vec<_> = linker.snapshot().iter().map(|info| info.capacity()).collect();
    /// assert_eq!(bounds, [Some(8), Some(2), None]);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn capacity(mut self, deliveries: usize) -> Self {
        self.capacity = Some(deliveries);
        self
    }

    /// Sets the success callback of subscriptions that have none of their own.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let linker = Linker::builder()
    ///     .on_success(move |done| tell.send(done.name().map(str::to_owned)))
    ///     .start()?;
    /// linker.subscribe(on::<u8>().call(|_| ()).named("sum"))?;
    /// // Its own callback stands in for the default.
    /// linker.subscribe(on::<u8>().call(|_| ()).named("count").on_success(|_| ()))?;
    /// Emitter::start(&linker, Strategy::inline()).emit(1_u8);
    /// assert_eq!(told.try_iter().collect::<Vec<_>>(), [Some("sum".into())]);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn on_success<F, R>(mut self, callback: F) -> Self
    where
        F: Fn(&Success<'_>) -> R + Send + Sync + 'static,
        R: IntoOutcome + 'static,
    {
        self.callbacks.set_on_success(callback);
        self
    }

    /// Sets the failure callback of subscriptions that have none of their own.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let linker = Linker::builder()
    ///     .on_failure(move |failure| tell.send(failure.error().to_string()))
    ///     .start()?;
    /// linker.subscribe(on::<&str>().call(|text| text.parse::<u8>()))?;
    /// Emitter::start(&linker, Strategy::inline()).emit("300");
    /// assert_eq!(told.try_recv()?, "number too large to fit in target type");
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn on_failure<F, R>(mut self, callback: F) -> Self
    where
        F: Fn(&Failure<'_>) -> R + Send + Sync + 'static,
        R: IntoOutcome + 'static,
    {
        self.callbacks.set_on_failure(callback);
        self
    }

    /// Puts a layer around the deliveries of all subscriptions, around their own layers
    /// and inside those that were added before. See [`middleware`](crate::middleware).
    ///
    /// [Notices](crate::notice) pass by.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{middleware::Timing, on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let timing = Timing::new();
    /// let linker = Linker::builder().layer(timing.clone()).start()?;
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// Emitter::start(&linker, Strategy::inline()).emit(1_u8);
    /// assert_eq!(timing.summary().len(), 1);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn layer(mut self, layer: impl DeliveryLayer) -> Self {
        self.layers.push(Arc::new(layer));
        self
    }

    /// Puts a layer around the emissions of all emitters, around their own layers and
    /// inside those that were added before. See [`middleware`](crate::middleware).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{middleware::Correlate, on, BoxError, Emitter, EmissionId, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let correlate = Correlate::new().id_from(|_| Some(EmissionId::from_u128(7)));
    /// let linker = Linker::builder().emission_layer(correlate).start()?;
    /// linker.subscribe(on::<u8>().call(|n| Ok::<_, BoxError>(n.metadata().correlation())))?;
    /// for emitter in [Strategy::inline(), Strategy::current()].map(|s| Emitter::start(&linker, s)) {
    ///     let report = emitter.emit_and_wait(1_u8).await;
    ///     assert_eq!(report.replies().next(), Some(&EmissionId::from_u128(7)));
    /// }
    /// # Ok::<(), BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn emission_layer(mut self, layer: impl EmissionLayer) -> Self {
        self.emission_layers.push(Arc::new(layer));
        self
    }

    /// Switches the [debug mode](crate#debug-mode) on or off, whatever the
    /// environment says.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::Linker;
    /// # use std::sync::Mutex;
    /// # use tracing_subscriber::util::SubscriberInitExt;
    /// # let log = tempfile::NamedTempFile::new().unwrap();
    /// # let written = Mutex::new(log.reopen().unwrap());
    /// # let lines = tracing_subscriber::fmt().with_ansi(false).with_writer(written);
    /// # let _listening = lines.set_default();
    /// # actix::System::new().block_on(async {
    /// let loud = Linker::builder().name("orders").debug(true).start()?;
    /// loud.clear(); // INFO ventix: cleared ... linker=orders count=0
    /// let silent = Linker::builder().name("users").debug(false).start()?;
    /// silent.clear();
    /// # let log = std::fs::read_to_string(log.path())?;
    /// # assert!(log.contains("INFO ventix: cleared") && log.contains("linker=orders"), "{log}");
    /// # assert!(!log.contains("users"), "{log}");
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn debug(mut self, on: bool) -> Self {
        self.debug = Some(on);
        self
    }

    /// Starts the linker's actor on `arbiter` instead of the current one.
    ///
    /// # Examples
    ///
    /// From a thread that runs no arbiter of its own:
    ///
    /// ```
    /// # use ventix::Linker;
    /// # use actix::Arbiter;
    /// # actix::System::new().block_on(async {
    /// let here = Arbiter::current();
    /// let elsewhere = std::thread::spawn(move || {
    ///     assert!(Linker::builder().start().is_err());
    ///     Linker::builder().arbiter(&here).start()
    /// });
    /// assert!(elsewhere.join().unwrap().is_ok());
    /// # });
    /// ```
    pub fn arbiter(mut self, arbiter: &ArbiterHandle) -> Self {
        self.arbiter = Some(arbiter.clone());
        self
    }

    /// Unlinks handlers that have gone regularly, as [`Linker::sweep`] does. By default
    /// nobody does, and an actor that has stopped is unlinked by the next emission
    /// for it.
    ///
    /// The times are those of the linker's arbiter. 0 is an error of
    /// [`start`](Self::start).
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
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
    /// # tokio::time::pause();
    /// let linker = Linker::builder().sweep_every(Duration::from_secs(60)).start()?;
    /// linker.subscribe(on::<u8>().actor(Session.start()))?; // it stops at once
    /// actix::clock::sleep(Duration::from_secs(61)).await;
    /// assert!(linker.is_empty());
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn sweep_every(mut self, period: Duration) -> Self {
        self.sweep = Some(period);
        self
    }

    /// Notices arbiters that do not answer for so long: the linker's, those of its
    /// emitters, and those of the actors that it makes. Each is an
    /// [`ArbiterBlocked`](crate::ArbiterBlocked). By default nobody looks.
    ///
    /// It costs a thread, which asks each arbiter once in the period, and ends with the
    /// linker. A period of 0 is an error of [`start`](Self::start).
    ///
    /// # Examples
    ///
    /// See [`ArbiterBlocked`](crate::ArbiterBlocked).
    pub fn heartbeat(mut self, period: Duration) -> Self {
        self.heartbeat = Some(period);
        self
    }

    /// Keeps the last so many dead letters, to be looked at and delivered again:
    /// [`Linker::dead_letters`]. By default none are kept, and that costs one branch. 0 is
    /// an error of [`start`](Self::start).
    ///
    /// A letter keeps its event, and all that the event owns: an address keeps an actor
    /// alive, and the other end of a channel waits as long as the letter is there. So it is
    /// asked for, and the number of letters times the size of the largest event is the
    /// memory that it may take. A refusal takes twice its time with it, some 0.25
    /// microseconds more: `benches/letters.rs`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::builder().dead_letters(100).start()?;
    /// linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()))?;
    /// Emitter::start(&linker, Strategy::inline()).emit("three");
    /// assert_eq!(linker.dead_letters().len(), 1);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn dead_letters(mut self, capacity: usize) -> Self {
        self.dead_letters = Some(capacity);
        self
    }

    /// Samples the traffic for [`Linker::graph`]: on average one emission in so many, at
    /// random, and each of them with 1. By default none is, and that costs one branch.
    ///
    /// A sampled emission takes a lock that the emitters of the linker share, and a
    /// look-up or two. 0 is an error of [`start`](Self::start).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::builder().sample_graph(1).start()?;
    /// Emitter::start(&linker, Strategy::inline()).emit(1_u8);
    /// let graph = linker.graph();
    /// assert!(graph.unheard().map(|event| event.name()).eq(["u8"]));
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn sample_graph(mut self, one_in: u32) -> Self {
        self.sample = Some(one_in);
        self
    }

    /// Times the deliveries of one emission in so many, and of the first 16 of each new
    /// way: one in 64 by default, each with 1, none with 0. See
    /// [`latency`](crate::latency).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// for (one_in, timed) in [(1, 1_000), (0, 0)] {
    ///     let linker = Linker::builder().sample_latency(one_in).start()?;
    ///     linker.subscribe(on::<u8>().call(|_| ()))?;
    ///     let emitter = Emitter::start(&linker, Strategy::inline());
    ///     for _ in 0..1_000 {
    ///         emitter.emit(1_u8);
    ///     }
    ///     assert_eq!(linker.stats().run.count(), timed);
    /// }
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn sample_latency(mut self, one_in: u32) -> Self {
        self.latency = Some(one_in);
        self
    }

    /// Bounds how many different events a sample keeps, and how many different
    /// chains "a handler of one event emits another": 4,096 of each by default. What does
    /// not fit is counted as [`omitted`](crate::Graph::omitted). 0 is an error of
    /// [`start`](Self::start). It means nothing without
    /// [`sample_graph`](Self::sample_graph).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::builder().sample_graph(1).sample_capacity(10).start()?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// for user in 0..12 {
    ///     emitter.prepare("moved").topic(format!("users.{user}")).emit();
    /// }
    /// let graph = linker.graph();
    /// assert_eq!((graph.events().len(), graph.omitted()), (10, 2));
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn sample_capacity(mut self, events: usize) -> Self {
        self.sample_capacity = Some(events);
        self
    }

    /// Starts the linker.
    ///
    /// # Errors
    ///
    /// When there is no arbiter on this thread and none was named, when the
    /// arbiter has stopped, when a setting is 0, or when the system has no thread for
    /// the heartbeat.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::{Linker, StartError};
    ///
    /// # actix::System::new().block_on(async {
    /// let error = Linker::builder().max_subscribers(0).start().unwrap_err();
    /// assert_eq!(error, StartError::Zero { setting: "max_subscribers" });
    /// # });
    /// ```
    pub fn start(self) -> Result<Linker, StartError> {
        let zero = |setting| Err(StartError::Zero { setting });
        if self.max_subscribers == Some(0) {
            return zero("max_subscribers");
        }
        if self.capacity == Some(0) {
            return zero("capacity");
        }
        let home = self.arbiter.or_else(Arbiter::try_current);
        let home = home.ok_or(StartError::NoArbiter)?;
        if self.sweep == Some(Duration::ZERO) {
            return zero("sweep_every");
        }
        if self.heartbeat == Some(Duration::ZERO) {
            return zero("heartbeat");
        }
        if self.dead_letters == Some(0) {
            return zero("dead_letters");
        }
        if self.sample == Some(0) {
            return zero("sample_graph");
        }
        if self.sample_capacity == Some(0) {
            return zero("sample_capacity");
        }
        let sampler = self.sample.map(|one_in| {
            let capacity = self.sample_capacity.unwrap_or(SAMPLE_CAPACITY);
            Arc::new(Sampler::new(one_in, capacity))
        });
        let sampling = self
            .latency
            .map_or_else(Sampling::default, Sampling::one_in);
        let shelf = self.dead_letters.map(Shelf::new);
        let registry = Registry::new(self.max_subscribers, sampling).keeping(shelf);
        let registry = Arc::new(registry);
        let heartbeat = self.heartbeat.map(|period| {
            let heartbeat = Heartbeat::start(period, &home, Arc::downgrade(&registry));
            heartbeat.map_err(|_| StartError::NoThread)
        });
        let core = Arc::new(Core {
            registry,
            notices: Load::default(),
            heartbeat: heartbeat.transpose()?,
            callbacks: self.callbacks,
            layers: self.layers,
            emission_layers: self.emission_layers,
            capacity: self.capacity.unwrap_or(LANE_CAPACITY),
            debug: Arc::new(Debug::new(self.name.clone(), self.debug)),
            name: self.name,
            home: home.clone(),
            sampler,
            loads: Loads::default(),
            schedules: AtomicU64::new(0),
            addr: OnceLock::new(),
        });
        let host = Arc::downgrade(&core);
        core.registry.belong_to(host);
        if let Some(period) = self.sweep {
            sweep(&home, period, Arc::downgrade(&core));
        }
        let owned = core.clone();
        let addr = LinkerActor::start_in_arbiter(&home, |_| LinkerActor::new(owned));
        core.addr.get_or_init(|| addr.downgrade());
        if addr.connected() {
            Ok(Linker::new(core, addr))
        } else {
            Err(StartError::ArbiterStopped)
        }
    }
}

/// Sweeps until the linker has gone.
fn sweep(home: &ArbiterHandle, period: Duration, core: Weak<Core>) {
    home.spawn(async move {
        loop {
            sleep(period).await;
            let Some(core) = core.upgrade() else {
                return;
            };
            core.registry.sweep();
        }
    });
}

impl fmt::Debug for LinkerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkerBuilder")
            .field("name", &self.name)
            .field("max_subscribers", &self.max_subscribers)
            .field("capacity", &self.capacity)
            .field("debug", &self.debug)
            .finish_non_exhaustive()
    }
}
