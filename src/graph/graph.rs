use std::any::TypeId;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::registry::{Kind, Selector, Snapshot};

use super::dot::Dot;
use super::edge::{Chain, Feed, Link};
use super::event::EventNode;
use super::handler::HandlerNode;
use super::mermaid::Mermaid;
use super::sampler::{Sample, Seen};

/// Who listens to what, and who emits what, at one moment: plain data. Made by
/// [`Linker::graph`](crate::Linker::graph); see the [module's page](crate::graph).
///
/// Everything in it comes in the same order whenever the same is in it.
///
/// # Examples
///
/// ```
/// use ventix::{on, Emitter, Linker, Strategy};
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::builder().sample_graph(1).start()?;
/// linker.subscribe(on::<u8>().call(|byte| drop(byte.emitter().emit("odd"))).named("check"))?;
/// linker.subscribe(on::<bool>().call(|_| ()).named("switch"))?;
/// Emitter::start(&linker, Strategy::inline()).emit(1_u8);
///
/// let graph = linker.graph();
/// assert!(graph.unheard().map(|event| event.name()).eq(["&str"]));
/// assert!(graph.unreached().map(|handler| handler.name()).eq([Some("switch")]));
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Graph {
    name: Option<Arc<str>>,
    one_in: Option<u32>,
    omitted: u64,
    events: Vec<EventNode>,
    handlers: Vec<HandlerNode>,
    links: Vec<Link>,
    feeds: Vec<Feed>,
    chains: Vec<Chain>,
}

impl Graph {
    pub(crate) fn new(name: Option<&str>, snapshot: &Snapshot, sample: Option<Sample>) -> Self {
        let one_in = sample.as_ref().map(|sample| sample.one_in);
        let mut sample = sample.unwrap_or_default();
        let mut events = Vec::new();
        for (event, mut seen) in sample.events.drain() {
            seen.types.sort_by_key(|(of, _)| (of.name(), of.id()));
            events.push(EventNode::new(event, seen));
        }
        let mut events = Events::new(events);
        let mut handlers = BTreeMap::new();
        let mut chains = Vec::new();
        for (hop, chained) in sample.chains {
            events.node(&hop.cause);
            events.node(&hop.event);
            let node = HandlerNode::gone(hop.handler, chained.name);
            handlers.insert(hop.handler, node);
            chains.push(Chain {
                cause: hop.cause,
                handler: hop.handler,
                event: hop.event,
                count: chained.count,
            });
        }
        // Whatever is known up to here has been emitted.
        let emitted = events.nodes.len();
        let mut links = Vec::new();
        for info in snapshot {
            handlers.insert(info.id(), HandlerNode::linked(info));
            for selector in info.selectors() {
                events.node(selector).listeners += 1;
                let (event, handler) = (selector.clone(), info.id());
                links.push(Link { event, handler });
            }
        }
        let nodes = &events.nodes;
        let wide = nodes.iter().filter(|node| node.kind().is_wide());
        let feed = |into: &EventNode| {
            let fed = nodes[..emitted].iter().filter(|node| into.takes(node));
            let feeds = fed.map(|node| Feed {
                event: node.selector().clone(),
                reaches: into.selector().clone(),
            });
            feeds.collect::<Vec<_>>()
        };
        let mut feeds: Vec<_> = wide.flat_map(feed).collect();
        links.sort_by_cached_key(|link| (order(&link.event), link.handler));
        feeds.sort_by_cached_key(|feed| (order(&feed.event), order(&feed.reaches)));
        chains.sort_by_cached_key(|c| (order(&c.cause), c.handler, order(&c.event)));
        let mut events = events.nodes;
        events.sort_by_cached_key(|node| order(node.selector()));
        Self {
            name: name.map(Arc::from),
            one_in,
            omitted: sample.omitted,
            events,
            handlers: handlers.into_values().collect(),
            links,
            feeds,
            chains,
        }
    }

    /// Returns the linker's name, if it has one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::Linker;
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::builder().name("orders").start()?;
    /// assert_eq!(linker.graph().name(), Some("orders"));
    /// # Ok::<(), ventix::StartError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Returns one in how many emissions is sampled, and `None` when none is: then
    /// there are no [`feeds`](Self::feeds) and no [`chains`](Self::chains).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::Linker;
    /// # actix::System::new().block_on(async {
    /// assert_eq!(Linker::start().graph().one_in(), None);
    /// let sampled = Linker::builder().sample_graph(100).start()?;
    /// assert_eq!(sampled.graph().one_in(), Some(100));
    /// # Ok::<(), ventix::StartError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn one_in(&self) -> Option<u32> {
        self.one_in
    }

    /// Returns of how many sampled emissions the event or the chain is missing,
    /// because the sample was full. See
    /// [`sample_capacity`](crate::LinkerBuilder::sample_capacity).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::builder().sample_graph(1).sample_capacity(1).start()?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// emitter.emit(1_u8);
    /// emitter.emit(1_u16);
    /// emitter.emit(2_u8);
    /// assert_eq!(linker.graph().omitted(), 1);
    /// # Ok::<(), ventix::StartError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn omitted(&self) -> u64 {
        self.omitted
    }

    /// Returns the events that somebody listens to, and those in the sample: types,
    /// topics, patterns, everything, each in the order of their text.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, on_topic, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on_topic::<u8>("bytes.>").or_topic("all").call(|_| ()))?;
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// let graph = linker.graph();
    /// assert!(graph.events().iter().map(|event| event.name()).eq(["u8", "all", "bytes.>"]));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn events(&self) -> &[EventNode] {
        &self.events
    }

    /// Returns the handlers, in the order of subscription: those that are
    /// subscribed, and those in the sample.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// assert_eq!(linker.graph().handlers().len(), 1);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn handlers(&self) -> &[HandlerNode] {
        &self.handlers
    }

    /// Returns which handler listens to which event, in the order of the events.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().or_topic("bytes").call(|_| ()))?;
    /// assert_eq!(linker.graph().links().len(), 2);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// Returns which event of the sample reaches which pattern, and everything.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on_any, Emitter, Linker, Selector, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::builder().sample_graph(1).start()?;
    /// linker.subscribe(on_any().call(|_| ()))?;
    /// Emitter::start(&linker, Strategy::inline()).emit(1_u8);
    /// assert_eq!(linker.graph().feeds()[0].reaches(), &Selector::everything());
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn feeds(&self) -> &[Feed] {
        &self.feeds
    }

    /// Returns which handler emitted what while it handled what, in the order of
    /// what it handled.
    ///
    /// # Examples
    ///
    /// See [`Chain`].
    #[must_use]
    pub fn chains(&self) -> &[Chain] {
        &self.chains
    }

    /// Returns the events that were emitted and that nobody heard.
    ///
    /// # Examples
    ///
    /// See [`Graph`].
    pub fn unheard(&self) -> impl Iterator<Item = &EventNode> {
        self.events.iter().filter(|event| event.is_unheard())
    }

    /// Returns the handlers that no emission has reached.
    ///
    /// # Examples
    ///
    /// See [`Graph`].
    pub fn unreached(&self) -> impl Iterator<Item = &HandlerNode> {
        self.handlers
            .iter()
            .filter(|handler| handler.is_unreached())
    }

    /// Prints it in the language of [Graphviz](https://graphviz.org/doc/info/lang.html).
    ///
    /// # Examples
    ///
    /// ```
    /// # actix::System::new().block_on(async {
    /// let graph = ventix::Linker::start().graph();
    /// assert!(graph.dot().to_string().starts_with("digraph"));
    /// # });
    /// ```
    #[must_use]
    pub fn dot(&self) -> Dot<'_> {
        Dot(self)
    }

    /// Prints it as a flowchart of [Mermaid](https://mermaid.js.org), which code hosts
    /// draw where they find it in Markdown.
    ///
    /// # Examples
    ///
    /// ```
    /// # actix::System::new().block_on(async {
    /// let graph = ventix::Linker::start().graph();
    /// assert!(graph.mermaid().to_string().starts_with("flowchart"));
    /// # });
    /// ```
    #[must_use]
    pub fn mermaid(&self) -> Mermaid<'_> {
        Mermaid(self)
    }
}

/// The events while they are collected.
struct Events {
    nodes: Vec<EventNode>,
    places: HashMap<Selector, usize>,
}

impl Events {
    fn new(nodes: Vec<EventNode>) -> Self {
        let places = nodes.iter().enumerate();
        let places = places.map(|(at, node)| (node.selector().clone(), at));
        let places = places.collect();
        Self { nodes, places }
    }

    fn node(&mut self, selector: &Selector) -> &mut EventNode {
        let place = self.places.entry(selector.clone()).or_insert_with(|| {
            let node = EventNode::new(selector.clone(), Seen::default());
            self.nodes.push(node);
            self.nodes.len() - 1
        });
        &mut self.nodes[*place]
    }
}

/// Where an event comes. The names of two types may be the same.
fn order(selector: &Selector) -> (u8, String, Option<TypeId>) {
    let (rank, of) = match selector.kind() {
        Kind::Event(event) => (0, Some(event.id())),
        Kind::Topic(_) => (1, None),
        Kind::Pattern(_) => (2, None),
        Kind::Everything => (3, None),
    };
    (rank, selector.to_string(), of)
}
