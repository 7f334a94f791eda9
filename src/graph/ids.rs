use std::collections::HashMap;

use crate::event::SubscriptionId;
use crate::registry::Selector;

use super::graph::Graph;

/// What events and handlers are called where a name must be a plain word.
pub(super) struct Ids<'a>(HashMap<&'a Selector, usize>);

impl<'a> Ids<'a> {
    pub(super) fn of(graph: &'a Graph) -> Self {
        let events = graph.events().iter().enumerate();
        Self(events.map(|(at, node)| (node.selector(), at)).collect())
    }

    /// Where an event of the graph stands in its list.
    pub(super) fn place(&self, event: &Selector) -> usize {
        self.0[event]
    }

    pub(super) fn event(&self, event: &Selector) -> String {
        format!("e{}", self.place(event))
    }

    pub(super) fn handler(handler: SubscriptionId) -> String {
        format!("h{}", handler.number())
    }
}
