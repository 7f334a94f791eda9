use crate::event::SubscriptionId;
use crate::registry::Selector;

/// A handler listens to an event.
///
/// # Examples
///
/// ```
/// # use ventix::{on, Linker, Selector};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// let sum = linker.subscribe(on::<u8>().call(|_| ()))?;
/// let graph = linker.graph();
/// let link = &graph.links()[0];
/// assert_eq!((link.event(), link.handler()), (&Selector::event::<u8>(), sum.id()));
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub(super) event: Selector,
    pub(super) handler: SubscriptionId,
}

impl Link {
    /// Returns the event.
    ///
    /// # Examples
    ///
    /// See [`Link`].
    #[must_use]
    pub fn event(&self) -> &Selector {
        &self.event
    }

    /// Returns the handler.
    ///
    /// # Examples
    ///
    /// See [`Link`].
    #[must_use]
    pub fn handler(&self) -> SubscriptionId {
        self.handler
    }
}

/// What was emitted on a topic reaches a pattern too; and everything gets whatever
/// was emitted.
///
/// # Examples
///
/// ```
/// # use ventix::{on_topic, Emitter, Linker, Selector, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::builder().sample_graph(1).start()?;
/// linker.subscribe(on_topic::<u8>("orders.*").call(|_| ()))?;
/// Emitter::start(&linker, Strategy::inline()).prepare(1_u8).topic("orders.created").emit();
/// let graph = linker.graph();
/// let feed = &graph.feeds()[0];
/// assert_eq!(feed.event(), &Selector::topic("orders.created")?);
/// assert_eq!(feed.reaches(), &Selector::topic("orders.*")?);
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    pub(super) event: Selector,
    pub(super) reaches: Selector,
}

impl Feed {
    /// Returns what was emitted: a type or a topic.
    ///
    /// # Examples
    ///
    /// See [`Feed`].
    #[must_use]
    pub fn event(&self) -> &Selector {
        &self.event
    }

    /// Returns what it reaches: a pattern or everything.
    ///
    /// # Examples
    ///
    /// See [`Feed`].
    #[must_use]
    pub fn reaches(&self) -> &Selector {
        &self.reaches
    }
}

/// A handler, while it handled an event, emitted another one through
/// [`Delivery::emitter`](crate::Delivery::emitter).
///
/// # Examples
///
/// ```
/// # use ventix::{on, Emitter, Linker, Selector, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::builder().sample_graph(1).start()?;
/// let wide = linker.subscribe(on::<u8>().call(|byte| {
///     byte.emitter().emit(u16::from(**byte));
/// }))?;
/// Emitter::start(&linker, Strategy::inline()).emit(1_u8);
/// let graph = linker.graph();
/// let chain = &graph.chains()[0];
/// assert_eq!((chain.cause(), chain.handler()), (&Selector::event::<u8>(), wide.id()));
/// assert_eq!((chain.event(), chain.count()), (&Selector::event::<u16>(), 1));
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    pub(super) cause: Selector,
    pub(super) handler: SubscriptionId,
    pub(super) event: Selector,
    pub(super) count: u64,
}

impl Chain {
    /// Returns what was handled.
    ///
    /// # Examples
    ///
    /// See [`Chain`].
    #[must_use]
    pub fn cause(&self) -> &Selector {
        &self.cause
    }

    /// Returns who handled it.
    ///
    /// # Examples
    ///
    /// See [`Chain`].
    #[must_use]
    pub fn handler(&self) -> SubscriptionId {
        self.handler
    }

    /// Returns what the handler emitted.
    ///
    /// # Examples
    ///
    /// See [`Chain`].
    #[must_use]
    pub fn event(&self) -> &Selector {
        &self.event
    }

    /// Returns how often, among the emissions in the sample.
    ///
    /// # Examples
    ///
    /// See [`Chain`].
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }
}
