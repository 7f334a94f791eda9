use std::fmt;
use std::sync::Arc;

use actix::{Addr, Recipient};

use crate::delivery::Delivery;
use crate::event::Cause;
use crate::linker::Linker;
use crate::outcome::{Receipt, Report};

use super::actor::EmitterActor;
use super::builder::EmitterBuilder;
use super::emission::Emission;
use super::launch::{Caller, Watch};
use super::message::Emit;
use super::prepared::Prepared;
use super::shared::Shared;
use super::strategy::Strategy;

/// The handle to an actor that runs emissions. See the [module's page](crate::emitter).
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
    shared: Arc<Shared>,
    /// Set on the emitter that a delivery hands out.
    cause: Option<Arc<Cause>>,
}

impl Emitter {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let cause = None;
        Self { shared, cause }
    }

    /// Starts an emitter with the default settings.
    ///
    /// # Panics
    ///
    /// When the strategy needs an arbiter and there is none, or when the arbiter
    /// has stopped. [`Emitter::builder`] returns an error instead.
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

    /// Returns a builder: strategy, name, capacity, debug mode. The strategy is
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
    ///     .capacity(64)
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
        self.shared.addr.clone()
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
        self.launch(Emit(event))
    }

    /// Emits an event by its type, and waits until every delivery has ended.
    ///
    /// # Cancel safety
    ///
    /// Nothing is emitted before the future is polled. When it is dropped later,
    /// the deliveries go on, and their outcomes are told to nobody.
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
        self.launch_and_wait(Emit(event)).await
    }

    /// Prepares an event to be emitted with a topic, key, correlation, deadline
    /// or headers.
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

    pub(super) fn launch<E: Send + Sync + 'static>(&self, emit: Emit<E>) -> Receipt {
        let emit = emit.caused_by(self.cause());
        self.shared.launch(emit, Caller::Handle, None)
    }

    pub(super) async fn launch_and_wait<E: Send + Sync + 'static>(&self, emit: Emit<E>) -> Report {
        let emit = emit.caused_by(self.cause());
        let mut watch = Watch::default();
        let receipt = self.shared.launch(emit, Caller::Handle, Some(&mut watch));
        watch.report(receipt).await
    }

    pub(super) fn cause(&self) -> Option<&Cause> {
        self.cause.as_deref()
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
        let origin = self.emitted().header.origin.clone();
        let shared = origin.downcast::<Shared>();
        Emitter {
            shared: shared.expect("only emitters make emissions"),
            cause: Some(Arc::new(self.metadata().as_cause())),
        }
    }
}
