use std::fmt;

use crate::event::EventType;
use crate::registry::{Kind, Selector};

use super::sampler::Seen;

/// An event in a [`Graph`](crate::Graph): what somebody listens to, or what was
/// emitted, or both.
///
/// Emissions on one topic are one event, whatever their types: who hears them
/// depends on the topic alone.
///
/// # Examples
///
/// ```
/// # use ventix::{on_topic, Emitter, Linker, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::builder().sample_graph(1).start()?;
/// linker.subscribe(on_topic::<f64>("readings.*").call(|_| ()))?;
/// let emitter = Emitter::start(&linker, Strategy::inline());
/// emitter.prepare(21.5).topic("readings.kitchen").emit();
///
/// let graph = linker.graph();
/// let seen = graph.events().iter().map(|event| (event.name(), event.emitted()));
/// assert!(seen.eq([("readings.kitchen", 1), ("readings.*", 0)]));
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct EventNode {
    selector: Selector,
    pub(super) listeners: usize,
    seen: Seen,
}

/// What kind of event an [`EventNode`] is.
///
/// # Examples
///
/// ```
/// assert_eq!(ventix::graph::EventKind::Pattern.to_string(), "pattern");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum EventKind {
    /// A type, emitted on no topic.
    Type,
    /// A topic.
    Topic,
    /// A pattern of topics. Nobody can emit one: it takes what topics get.
    Pattern,
    /// Everything. It takes what all the others get.
    Everything,
}

impl EventNode {
    pub(super) fn new(selector: Selector, seen: Seen) -> Self {
        Self {
            selector,
            listeners: 0,
            seen,
        }
    }

    /// Returns what selects it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker, Selector};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// assert_eq!(linker.graph().events()[0].selector(), &Selector::event::<u8>());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn selector(&self) -> &Selector {
        &self.selector
    }

    /// Returns its name: the type's, the topic, the pattern, or `everything`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on_any, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on_any().call(|_| ()))?;
    /// assert_eq!(linker.graph().events()[0].name(), "everything");
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        match self.selector.kind() {
            Kind::Event(event) => event.name(),
            Kind::Topic(topic) => topic.as_str(),
            Kind::Pattern(pattern) => pattern.as_str(),
            Kind::Everything => "everything",
        }
    }

    /// Returns what kind of event it is.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{graph::EventKind, on_topic, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on_topic::<u8>("bytes.>").call(|_| ()))?;
    /// assert_eq!(linker.graph().events()[0].kind(), EventKind::Pattern);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn kind(&self) -> EventKind {
        match self.selector.kind() {
            Kind::Event(_) => EventKind::Type,
            Kind::Topic(_) => EventKind::Topic,
            Kind::Pattern(_) => EventKind::Pattern,
            Kind::Everything => EventKind::Everything,
        }
    }

    /// Returns how many subscriptions listen to exactly this.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// assert_eq!(linker.graph().events()[0].listeners(), 2);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn listeners(&self) -> usize {
        self.listeners
    }

    /// Returns how many emissions of it are in the sample.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::builder().sample_graph(1).start()?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// (0..3_u8).for_each(|byte| drop(emitter.emit(byte)));
    /// assert_eq!(linker.graph().events()[0].emitted(), 3);
    /// # Ok::<(), ventix::StartError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn emitted(&self) -> u64 {
        self.seen.emitted
    }

    /// Returns how many of them matched no subscription.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::builder().sample_graph(1).start()?;
    /// linker.subscribe(on::<u8>().call(|_| ()).once())?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// (0..3_u8).for_each(|byte| drop(emitter.emit(byte)));
    /// let graph = linker.graph();
    /// let bytes = &graph.events()[0];
    /// assert_eq!((bytes.emitted(), bytes.missed()), (3, 2));
    /// assert!(!bytes.is_unheard(), "the first one was heard");
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.seen.unheard
    }

    /// Returns whether it was emitted, and nobody heard it: no emission of it in the
    /// sample has matched any subscription.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::builder().sample_graph(1).start()?;
    /// Emitter::start(&linker, Strategy::inline()).emit("hello?");
    /// assert!(linker.graph().events()[0].is_unheard());
    /// # Ok::<(), ventix::StartError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn is_unheard(&self) -> bool {
        self.seen.emitted > 0 && self.seen.unheard == self.seen.emitted
    }

    /// Returns the types of the emissions in the sample, and how many there were of
    /// each, in the order of their names. On a topic there may be several.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Emitter, EventType, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::builder().sample_graph(1).start()?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// emitter.prepare(1_u8).topic("numbers").emit();
    /// emitter.prepare(1_u16).topic("numbers").emit();
    /// let graph = linker.graph();
    /// let types = graph.events()[0].types();
    /// assert_eq!(types, [(EventType::of::<u16>(), 1), (EventType::of::<u8>(), 1)]);
    /// # Ok::<(), ventix::StartError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn types(&self) -> &[(EventType, u64)] {
        &self.seen.types
    }

    /// Whether an emission of `event`, which is none of its own, reaches it too.
    pub(super) fn takes(&self, event: &Self) -> bool {
        match (self.selector.kind(), event.selector.kind()) {
            (Kind::Pattern(pattern), Kind::Topic(topic)) => pattern.matches(topic),
            (Kind::Everything, Kind::Event(_) | Kind::Topic(_)) => true,
            _ => false,
        }
    }
}

impl EventKind {
    /// Whether it takes what is emitted as something else.
    pub(super) fn is_wide(self) -> bool {
        matches!(self, Self::Pattern | Self::Everything)
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Topic => "topic",
            Self::Pattern => "pattern",
            Self::Everything => "everything",
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
