use std::fmt;
use std::sync::Arc;

use actix_rt::ArbiterHandle;

use crate::event::TopicError;
use crate::outcome::{Failure, IntoOutcome, Success};
use crate::registry::{Callbacks, Lane, Part, SubscribeError};

/// The arbiter of the linker, for handlers that need one where there is none.
pub(super) type Home = ArbiterHandle;

type MakePart = Box<dyn FnOnce(&Home) -> Box<dyn Part> + Send>;

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
    /// Whether any handler's deliveries may wait, so that they need a bound.
    queued: bool,
    invalid: Option<TopicError>,
    pub(super) name: Option<Arc<str>>,
    pub(super) once: bool,
    capacity: Option<usize>,
    callbacks: Callbacks,
}

impl SubscriptionSpec {
    pub(super) fn new(part: MakePart, queued: bool, invalid: Option<TopicError>) -> Self {
        Self {
            parts: vec![part],
            queued,
            invalid,
            name: None,
            once: false,
            capacity: None,
            callbacks: Callbacks::default(),
        }
    }

    /// Adds the selectors and handlers of `other` to this subscription.
    ///
    /// Options that both set are taken from `self`; it fires once if either is
    /// to. Where several of its handlers take an event, as its own type or as any
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
        self.queued |= other.queued;
        self.invalid = self.invalid.or(other.invalid);
        self.name = self.name.or(other.name);
        self.once |= other.once;
        self.capacity = self.capacity.or(other.capacity);
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
    /// [`Reason::LaneFull`](crate::Reason::LaneFull), which says what to do then.
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
            None => Ok(()),
        }
    }

    pub(super) fn lane(&self, default_capacity: usize) -> Lane {
        let default = if self.queued {
            default_capacity
        } else {
            Lane::UNBOUNDED
        };
        Lane::new(self.capacity.unwrap_or(default))
    }

    /// Its own callbacks, or else `defaults`.
    pub(super) fn callbacks_or(&self, defaults: &Callbacks) -> Callbacks {
        self.callbacks.clone().or(defaults)
    }

    pub(super) fn into_parts(self, home: &Home) -> Vec<Box<dyn Part>> {
        self.parts.into_iter().map(|make| make(home)).collect()
    }
}

impl fmt::Debug for SubscriptionSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscriptionSpec")
            .field("name", &self.name)
            .field("handlers", &self.parts.len())
            .field("once", &self.once)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}
