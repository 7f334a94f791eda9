use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::event::SubscriptionId;

use super::event::{EventKind, EventNode};
use super::graph::Graph;
use super::handler::HandlerNode;
use super::ids::Ids;
use super::short::short;

/// A graph as boxes and arrows: what the languages have in common.
pub(super) struct Drawing<'a> {
    graph: &'a Graph,
    ids: Ids<'a>,
    /// The short names of types, and how many types have each.
    shorts: HashMap<String, usize>,
    /// The handlers that have emitted something for several events.
    forks: HashSet<SubscriptionId>,
}

pub(super) struct Shape {
    pub(super) id: String,
    /// What it says, line by line.
    pub(super) lines: Vec<String>,
    pub(super) look: Look,
    pub(super) mark: Option<Mark>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Event(EventKind),
    Handler,
}

/// What is worth a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Unheard,
    Unreached,
    Gone,
}

pub(super) struct Arrow {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) stroke: Stroke,
    pub(super) label: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stroke {
    Link,
    Feed,
    Chain,
}

impl Mark {
    pub(super) const ALL: [Self; 3] = [Self::Unheard, Self::Unreached, Self::Gone];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Unheard => "unheard",
            Self::Unreached => "unreached",
            Self::Gone => "gone",
        }
    }

    /// The colour of its line.
    pub(super) fn colour(self) -> &'static str {
        match self {
            Self::Unheard => "#c62828",
            Self::Unreached => "#ef6c00",
            Self::Gone => "#757575",
        }
    }
}

impl<'a> Drawing<'a> {
    pub(super) fn new(graph: &'a Graph) -> Self {
        let mut shorts = HashMap::new();
        for node in graph.events() {
            if node.kind() == EventKind::Type {
                *shorts.entry(short(node.name())).or_default() += 1;
            }
        }
        let mut causes = HashMap::new();
        let mut forks = HashSet::new();
        for chain in graph.chains() {
            if causes.entry(chain.handler()).or_insert(chain.cause()) != &chain.cause() {
                forks.insert(chain.handler());
            }
        }
        Self {
            graph,
            forks,
            ids: Ids::of(graph),
            shorts,
        }
    }

    pub(super) fn shapes(&self) -> impl Iterator<Item = Shape> {
        let events = self.graph.events().iter().map(|node| self.event(node));
        events.chain(self.graph.handlers().iter().map(handler))
    }

    pub(super) fn arrows(&self) -> impl Iterator<Item = Arrow> {
        let links = self.graph.links().iter().map(|link| Arrow {
            from: self.ids.event(link.event()),
            to: Ids::handler(link.handler()),
            stroke: Stroke::Link,
            label: None,
        });
        let feeds = self.graph.feeds().iter().map(|feed| Arrow {
            from: self.ids.event(feed.event()),
            to: self.ids.event(feed.reaches()),
            stroke: Stroke::Feed,
            label: None,
        });
        let chains = self.graph.chains().iter().map(|chain| {
            let label = if self.forks.contains(&chain.handler()) {
                let cause = &self.graph.events()[self.ids.place(chain.cause())];
                format!("{}× on {}", chain.count(), self.name(cause))
            } else {
                format!("{}×", chain.count())
            };
            Arrow {
                from: Ids::handler(chain.handler()),
                to: self.ids.event(chain.event()),
                stroke: Stroke::Chain,
                label: Some(label),
            }
        });
        links.chain(feeds).chain(chains)
    }

    fn event(&self, node: &EventNode) -> Shape {
        let mut lines = vec![self.name(node).into_owned()];
        if node.kind() == EventKind::Topic && !node.types().is_empty() {
            let types: Vec<_> = node
                .types()
                .iter()
                .map(|(of, _)| short(of.name()))
                .collect();
            lines.push(types.join(", "));
        }
        match (node.emitted(), node.missed()) {
            (0, _) => {}
            (emitted, _) if node.is_unheard() => lines.push(format!("{emitted} seen, unheard")),
            (emitted, 0) => lines.push(format!("{emitted} seen")),
            (emitted, missed) => lines.push(format!("{emitted} seen, {missed} unheard")),
        }
        Shape {
            id: self.ids.event(node.selector()),
            lines,
            look: Look::Event(node.kind()),
            mark: node.is_unheard().then_some(Mark::Unheard),
        }
    }

    /// A type's name without the modules, if no other type here has the same.
    fn name(&self, node: &'a EventNode) -> Cow<'a, str> {
        if node.kind() == EventKind::Type {
            let short = short(node.name());
            if self.shorts.get(&short) == Some(&1) {
                return Cow::Owned(short);
            }
        }
        Cow::Borrowed(node.name())
    }
}

fn handler(node: &HandlerNode) -> Shape {
    let id = node.id();
    let mut lines = match node.name() {
        Some(name) => vec![name.to_owned(), id.to_string()],
        None => vec![id.to_string()],
    };
    let mark = match node.counts() {
        None => Some(Mark::Gone),
        Some(counts) => {
            lines.push(format!("{} matched", counts.matched));
            node.is_unreached().then_some(Mark::Unreached)
        }
    };
    if mark == Some(Mark::Gone) {
        lines.push("unsubscribed".to_owned());
    }
    Shape {
        id: Ids::handler(id),
        lines,
        look: Look::Handler,
        mark,
    }
}
