use serde::{Serialize, Serializer};

use super::event::EventNode;
use super::graph::Graph;
use super::handler::HandlerNode;
use super::ids::Ids;

/// As an object: the linker's name, what [`one_in`](Graph::one_in) and
/// [`omitted`](Graph::omitted) return, and lists of events, handlers, links, feeds and
/// chains. Events are named `e` and a number within this graph, handlers `h` and the
/// number of their subscription, as in [`dot`](Graph::dot) and
/// [`mermaid`](Graph::mermaid).
impl Serialize for Graph {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written::of(self).serialize(serializer)
    }
}

impl Graph {
    /// Returns it as JSON. With serde, `Graph` is [`Serialize`] too.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()).named("sum"))?;
    /// let graph: serde_json::Value = serde_json::from_str(&linker.graph().to_json())?;
    /// assert_eq!(graph["handlers"][0]["name"], "sum");
    /// assert_eq!(graph["handlers"][0]["unreached"], true);
    /// assert_eq!(graph["links"][0]["event"], graph["events"][0]["id"]);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts, numbers and lists of them are JSON")
    }
}

/// The graph as it is written.
#[derive(Serialize)]
struct Written<'a> {
    linker: Option<&'a str>,
    one_in: Option<u32>,
    omitted: u64,
    events: Vec<Event<'a>>,
    handlers: Vec<Handler<'a>>,
    links: Vec<Link>,
    feeds: Vec<Feed>,
    chains: Vec<Chain>,
}

#[derive(Serialize)]
struct Event<'a> {
    id: String,
    kind: &'static str,
    name: &'a str,
    listeners: usize,
    emitted: u64,
    missed: u64,
    unheard: bool,
    types: Vec<Type>,
}

#[derive(Serialize)]
struct Type {
    name: &'static str,
    emitted: u64,
}

#[derive(Serialize)]
struct Handler<'a> {
    id: String,
    subscription: u64,
    name: Option<&'a str>,
    linked: bool,
    once: bool,
    /// Of one that is not subscribed any more, nobody knows.
    matched: Option<u64>,
    handled: Option<u64>,
    unreached: bool,
}

#[derive(Serialize)]
struct Link {
    event: String,
    handler: String,
}

#[derive(Serialize)]
struct Feed {
    event: String,
    reaches: String,
}

#[derive(Serialize)]
struct Chain {
    cause: String,
    handler: String,
    event: String,
    count: u64,
}

impl<'a> Written<'a> {
    fn of(graph: &'a Graph) -> Self {
        let ids = Ids::of(graph);
        let links = graph.links().iter().map(|link| Link {
            event: ids.event(link.event()),
            handler: Ids::handler(link.handler()),
        });
        let feeds = graph.feeds().iter().map(|feed| Feed {
            event: ids.event(feed.event()),
            reaches: ids.event(feed.reaches()),
        });
        let chains = graph.chains().iter().map(|chain| Chain {
            cause: ids.event(chain.cause()),
            handler: Ids::handler(chain.handler()),
            event: ids.event(chain.event()),
            count: chain.count(),
        });
        let events = graph.events().iter();
        Self {
            linker: graph.name(),
            one_in: graph.one_in(),
            omitted: graph.omitted(),
            events: events.map(|node| Event::of(node, &ids)).collect(),
            handlers: graph.handlers().iter().map(Handler::of).collect(),
            links: links.collect(),
            feeds: feeds.collect(),
            chains: chains.collect(),
        }
    }
}

impl<'a> Event<'a> {
    fn of(node: &'a EventNode, ids: &Ids<'_>) -> Self {
        let types = node.types().iter().map(|(of, emitted)| Type {
            name: of.name(),
            emitted: *emitted,
        });
        Self {
            id: ids.event(node.selector()),
            kind: node.kind().as_str(),
            name: node.name(),
            listeners: node.listeners(),
            emitted: node.emitted(),
            missed: node.missed(),
            unheard: node.is_unheard(),
            types: types.collect(),
        }
    }
}

impl<'a> Handler<'a> {
    fn of(node: &'a HandlerNode) -> Self {
        let counts = node.counts();
        Self {
            id: Ids::handler(node.id()),
            subscription: node.id().number(),
            name: node.name(),
            linked: node.is_linked(),
            once: node.is_once(),
            matched: counts.map(|counts| counts.matched),
            handled: counts.map(|counts| counts.handled),
            unreached: node.is_unreached(),
        }
    }
}
