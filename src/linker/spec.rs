use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Context};
use actix_rt::ArbiterHandle;

use crate::event::{AnyValue, TopicError};
use crate::handler::{Crew, Factory, Restart};
use crate::outcome::{Failure, IntoOutcome, Success};
use crate::registry::{Callbacks, Lane, Overflow, Part, Record, Stopwatch, SubscribeError};

use super::heartbeat::Heartbeat;
use super::timeouts::Timeouts;

/// What the handlers of a subscription are made of, beside what they are.
pub(super) struct Making<'a> {
    /// The linker's arbiter, for what needs one where there is none.
    pub(super) home: &'a ArbiterHandle,
    pub(super) weak: bool,
    pub(super) timeout: Option<Duration>,
    record: &'a Arc<Record>,
    restart: Restart,
    heartbeat: Option<&'a Heartbeat>,
    /// The actors that have been made, by their factory.
    crews: RefCell<Vec<(*const (), Box<AnyValue>)>>,
}

impl Making<'_> {
    /// The actors of a factory: the same for all handlers that name it.
    pub(super) fn crew<A>(&self, factory: &Factory<A>) -> Result<Arc<Crew<A>>, SubscribeError>
    where
        A: Actor<Context = Context<A>>,
    {
        let mut crews = self.crews.borrow_mut();
        let known = crews.iter().find(|(of, _)| *of == factory.identity());
        let known = known.and_then(|(_, crew)| crew.downcast_ref::<Arc<Crew<A>>>());
        if let Some(crew) = known {
            return Ok(crew.clone());
        }
        let site = factory.site()?;
        if let Some(heartbeat) = self.heartbeat {
            heartbeat.watch("handler", &site);
        }
        let crew = Crew::start(site, factory, self.restart, self.record, self.home);
        let crew = Arc::new(crew);
        crews.push((factory.identity(), Box::new(crew.clone())));
        Ok(crew)
    }
}

type MakePart = Box<dyn FnOnce(&Making<'_>) -> Result<Box<dyn Part>, SubscribeError> + Send>;

/// A subscription that has not been linked yet: selectors, handlers, options.
///
/// Options belong to the whole subscription, whichever of its handlers runs.
/// [`Linker::subscribe`](crate::Linker::subscribe) links it.
///
/// # Examples
///
/// ```
/// use ventix::{on, Emitter, Linker, Strategy};
///
/// struct OrderPlaced { id: u64 }
///
/// let spec = on::<OrderPlaced>()
///     .call(|order| println!("{}", order.id))
///     .named("printer")
///     .once();
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// let printer = linker.subscribe(spec)?;
/// Emitter::start(&linker, Strategy::inline()).emit(OrderPlaced { id: 1 });
/// assert!(!printer.is_active(), "it has fired");
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[must_use = "nothing is subscribed until `Linker::subscribe` gets it"]
pub struct SubscriptionSpec {
    parts: Vec<MakePart>,
    kinds: Kinds,
    invalid: Option<TopicError>,
    pub(super) name: Option<Arc<str>>,
    pub(super) once: bool,
    capacity: Option<usize>,
    overflow: Option<Overflow>,
    timeout: Option<Duration>,
    weak: bool,
    restart: Option<Restart>,
    callbacks: Callbacks,
}

/// What kinds of handlers there are.
#[derive(Clone, Copy, Default)]
pub(super) struct Kinds {
    /// Their deliveries may wait, so that they need a bound.
    pub(super) queued: bool,
    /// Actors of the user's, which can be held weakly.
    pub(super) actors: bool,
    /// Actors that the bus makes, and can make anew.
    pub(super) made: bool,
}

impl SubscriptionSpec {
    pub(super) fn new(part: MakePart, kinds: Kinds, invalid: Option<TopicError>) -> Self {
        Self {
            parts: vec![part],
            kinds,
            invalid,
            name: None,
            once: false,
            capacity: None,
            overflow: None,
            timeout: None,
            weak: false,
            restart: None,
            callbacks: Callbacks::default(),
        }
    }

    /// Adds the selectors and handlers of `other` to this subscription.
    ///
    /// Options that both set are taken from `self`; it fires once, and holds
    /// its actors weakly, if either is to. Where several of its handlers take an event, as its own type or as any
    /// event, the one that was added first runs.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::{on, Emitter, Linker, Strategy};
    ///
    /// struct Opened;
    /// struct Closed;
    ///
    /// # actix::System::new().block_on(async {
    /// let either = on::<Opened>().call(|_| println!("opened"))
    ///     .and(on::<Closed>().call(|_| println!("closed")))
    ///     .once();
    /// let linker = Linker::start();
    /// linker.subscribe(either)?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// assert_eq!(emitter.emit(Closed).accepted(), 1);
    /// assert!(emitter.emit(Opened).is_unheard(), "there was one shot for both");
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn and(mut self, other: Self) -> Self {
        self.parts.extend(other.parts);
        self.kinds.queued |= other.kinds.queued;
        self.kinds.actors |= other.kinds.actors;
        self.kinds.made |= other.kinds.made;
        self.invalid = self.invalid.or(other.invalid);
        self.name = self.name.or(other.name);
        self.once |= other.once;
        self.capacity = self.capacity.or(other.capacity);
        self.overflow = self.overflow.or(other.overflow);
        self.timeout = self.timeout.or(other.timeout);
        self.weak |= other.weak;
        self.restart = self.restart.or(other.restart);
        self.callbacks = self.callbacks.or(&other.callbacks);
        self
    }

    /// Gives the subscription a name: for reports, snapshots and the debug mode.
    /// Names need not differ.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// for _ in 0..2 {
    ///     linker.subscribe(on::<u8>().call(|_| ()).named("mailer"))?;
    /// }
    /// assert_eq!(linker.snapshot().to_string(), "#1 (mailer) on u8\n#2 (mailer) on u8\n");
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn named(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Makes it fire once: at most once across all its selectors, however many
    /// emitters there are.
    ///
    /// The shot is spent when the emission that claimed it is run, and the
    /// subscription is unlinked then. An emission that was refused, or was
    /// dropped without being run, spends nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()).once())?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// assert_eq!(emitter.emit(1_u8).accepted(), 1);
    /// assert!(emitter.emit(2_u8).is_unheard());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// Bounds the deliveries that may be in flight: accepted, and neither
    /// finished nor dropped. What comes on top is refused with
    /// [`Reason::LaneFull`](crate::Reason::LaneFull), which says what to do then, or
    /// treated as [`overflow`](Self::overflow) says.
    ///
    /// By default 1,024, or what
    /// [`LinkerBuilder::capacity`](crate::LinkerBuilder::capacity) says. Sync
    /// callbacks never wait in a queue, and have no bound unless this gives one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Reason, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call_async(|_| std::future::pending::<()>()).capacity(1))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// assert!(emitter.emit(1_u8).is_complete());
    /// let receipt = emitter.emit(2_u8);
    /// assert_eq!(receipt.refusals()[0].reason(), &Reason::LaneFull { capacity: 1 });
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn capacity(mut self, deliveries: usize) -> Self {
        self.capacity = Some(deliveries);
        self
    }

    /// Sets what happens to the next delivery when the lane is full: by default it
    /// is refused. See [`Overflow`](crate::Overflow).
    ///
    /// A sync callback, which needs no lane, gets one by it, with the linker's
    /// default capacity if none is given.
    ///
    /// # Examples
    ///
    /// Prices that change faster than they can be stored: when 500 wait, a new one drops
    /// the one of the same share.
    ///
    /// ```
    /// # use ventix::{on, Linker, Overflow};
    /// # struct Price;
    /// # async fn store(_: &Price) {}
    /// # actix::System::new().block_on(async {
    /// # let linker = Linker::start();
    /// let prices = on::<Price>().call_async(|price| async move { store(&price).await });
    /// linker.subscribe(prices.capacity(500).overflow(Overflow::Coalesce))?;
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = Some(overflow);
        self
    }

    /// Ends a delivery as [`TimedOut`](crate::Outcome::TimedOut) that has not ended
    /// this long after it was handed to the handler, waiting in an actor's mailbox
    /// included. By default there is no limit.
    ///
    /// The future of an async callback is dropped then, unless its arbiter is stuck.
    /// An actor or a thread cannot be told to stop: the delivery keeps its place in the
    /// lane until its handler lets go of it, so what is stuck cannot pile up. Time is
    /// taken on the linker's [arbiter](crate::LinkerBuilder::arbiter), which must not be
    /// the one that is stuck; for an async callback on its own, and 100 milliseconds
    /// later on the linker's.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let slow = on::<u8>().call_async(|_| std::future::pending::<()>());
    /// linker.subscribe(slow.timeout(Duration::from_millis(1)))?;
    /// let report = Emitter::start(&linker, Strategy::current()).emit_and_wait(1_u8).await;
    /// assert_eq!(report.outcomes().next().unwrap().as_str(), "timed out");
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Does not keep the actor alive: when all other addresses of it have gone, it
    /// stops, and is unlinked. By default a subscription keeps its actor.
    ///
    /// For [`actor`](crate::On::actor), [`recipient`](crate::On::recipient) and
    /// [`plain_actor`](crate::On::plain_actor); otherwise subscribing is an error.
    ///
    /// # Examples
    ///
    /// ```
    /// # use actix::prelude::*;
    /// # use ventix::{on, Delivery, Linker};
    /// # struct Session;
    /// # impl Actor for Session { type Context = Context<Self>; }
    /// # impl Handler<Delivery<u8>> for Session {
    /// #     type Result = ();
    /// #     fn handle(&mut self, _: Delivery<u8>, _: &mut Context<Self>) {}
    /// # }
    /// # System::new().block_on(async {
    /// let linker = Linker::start();
    /// let session = Session.start();
    /// let seen = linker.subscribe(on::<u8>().actor(session.clone()).weak())?;
    /// drop(session); // the last one, so the session ends
    /// # for _ in 0..10 { actix_rt::task::yield_now().await; }
    /// assert_eq!(linker.sweep(), 1);
    /// assert!(!seen.is_active());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn weak(mut self) -> Self {
        self.weak = true;
        self
    }

    /// Sets what happens when an actor that the bus [made](crate::On::actor_in)
    /// dies. By default it is restarted 5 times within 60 seconds: see [`Restart`](crate::Restart).
    /// For other handlers subscribing is an error.
    ///
    /// # Examples
    ///
    /// ```
    /// # use actix::prelude::*;
    /// # use ventix::{on, Delivery, Linker, Restart, SubscribeError};
    /// # struct Mailer;
    /// # impl Actor for Mailer { type Context = Context<Self>; }
    /// # impl Handler<Delivery<u8>> for Mailer {
    /// #     type Result = ();
    /// #     fn handle(&mut self, _: Delivery<u8>, _: &mut Context<Self>) {}
    /// # }
    /// # System::new().block_on(async {
    /// let linker = Linker::start();
    /// let mailer = on::<u8>().actor_in(&Arbiter::current(), || Mailer);
    /// linker.subscribe(mailer.restart(Restart::never()))?;
    ///
    /// let callback = on::<u8>().call(|_| ()).restart(Restart::default());
    /// assert_eq!(linker.subscribe(callback).unwrap_err(), SubscribeError::NotMade);
    /// # Ok::<(), SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn restart(mut self, restart: Restart) -> Self {
        self.restart = Some(restart);
        self
    }

    /// Calls back when a delivery was handled, with the handler's answer.
    ///
    /// It runs where the delivery ends, before the report hears of it, so it
    /// should be short. When it fails or panics itself, that is a line of its own
    /// in the report. Without one, the linker's default is called, if it has one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let linker = Linker::start();
    /// let parser = on::<&str>()
    ///     .call(|line| line.parse::<u64>())
    ///     .on_success(move |done| tell.send(done.value::<u64>().copied()));
    /// linker.subscribe(parser)?;
    /// Emitter::start(&linker, Strategy::inline()).emit("42");
    /// assert_eq!(told.try_recv()?, Some(42));
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

    /// Calls back when an accepted delivery did not end as handled, with the
    /// error.
    ///
    /// It runs where the delivery ends, before the report hears of it, so it
    /// should be short. When it fails or panics itself, that is a line of its own
    /// in the report. Without one, the linker's default is called, if it has one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let linker = Linker::start();
    /// let parser = on::<&str>()
    ///     .call(|line| line.parse::<u64>())
    ///     .on_failure(move |it| tell.send(format!("{}: {}", it.metadata().name(), it.error())));
    /// linker.subscribe(parser)?;
    /// Emitter::start(&linker, Strategy::inline()).emit("forty-two");
    /// assert_eq!(told.try_recv()?, "&str: invalid digit found in string");
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

    /// Returns the first thing that is wrong with the subscription itself.
    pub(super) fn check(&self) -> Result<(), SubscribeError> {
        match &self.invalid {
            Some(error) => Err(error.clone().into()),
            None if self.capacity == Some(0) => Err(SubscribeError::ZeroCapacity),
            None if self.weak && !self.kinds.actors => Err(SubscribeError::NotWeak),
            None if self.restart.is_some() && !self.kinds.made => Err(SubscribeError::NotMade),
            None => Ok(()),
        }
    }

    pub(super) fn lane(&self, default_capacity: usize) -> Lane {
        let bounded = self.kinds.queued || self.capacity.is_some() || self.overflow.is_some();
        if !bounded {
            return Lane::OPEN;
        }
        let capacity = self.capacity.unwrap_or(default_capacity);
        Lane::new(capacity, self.overflow.unwrap_or_default())
    }

    pub(super) fn stopwatch(&self, home: &ArbiterHandle) -> Option<Arc<dyn Stopwatch>> {
        Timeouts::start(self.timeout?, home)
    }

    pub(super) fn callbacks_or(&self, defaults: &Callbacks) -> Callbacks {
        self.callbacks.clone().or(defaults)
    }

    /// Makes the handlers.
    pub(super) fn into_parts(
        self,
        record: &Arc<Record>,
        home: &ArbiterHandle,
        heartbeat: Option<&Heartbeat>,
    ) -> Result<Vec<Box<dyn Part>>, SubscribeError> {
        let making = Making {
            home,
            weak: self.weak,
            timeout: self.timeout,
            record,
            restart: self.restart.unwrap_or_default(),
            heartbeat,
            crews: RefCell::default(),
        };
        self.parts.into_iter().map(|make| make(&making)).collect()
    }
}

impl fmt::Debug for SubscriptionSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscriptionSpec")
            .field("name", &self.name)
            .field("handlers", &self.parts.len())
            .field("once", &self.once)
            .field("capacity", &self.capacity)
            .field("overflow", &self.overflow)
            .field("timeout", &self.timeout)
            .field("weak", &self.weak)
            .field("restart", &self.restart)
            .finish_non_exhaustive()
    }
}
