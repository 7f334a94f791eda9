use crate::event::{EventType, Metadata, Topic};
use crate::outcome::Reason;

use super::explanation::{Explained, Explanation};
use super::goal::Place;
use super::registry::Registry;
use super::route::Route;

/// A dry run: what an emission would come to.
impl Registry {
    /// Asks those that an event is for, as if it was to be run there, and takes nothing.
    pub(crate) fn explain<E: Send + Sync + 'static>(
        &self,
        event: &E,
        metadata: &Metadata,
        place: Place,
    ) -> Explanation {
        let topic = metadata.topic();
        let route = self.route_to::<E>(topic);
        Explanation {
            event: metadata.event_type(),
            topic: topic.cloned(),
            refusal: self.is_closed().then_some(Reason::LinkerStopped),
            lines: route.peek(place, event, metadata),
            near_misses: self.near_misses::<E>(metadata),
        }
    }

    /// What an event is explained as of which nothing but a topic and the type is known.
    pub(crate) fn metadata_of<E: 'static>(&self, topic: Option<Topic>) -> Metadata {
        Metadata::new(self.notice_id(), EventType::of::<E>(), topic, None)
    }
}

impl Explanation {
    /// What would reach nobody, for its topic is none.
    pub(crate) fn nobody<E: 'static>(reason: Reason) -> Self {
        Self {
            event: EventType::of::<E>(),
            topic: None,
            refusal: Some(reason),
            lines: Vec::new(),
            near_misses: Vec::new(),
        }
    }
}

impl<E: Send + Sync + 'static> Route<E> {
    /// What each would answer to [`claim`](Self::claim).
    fn peek(&self, place: Place, event: &E, metadata: &Metadata) -> Vec<Explained> {
        let entries = self.entries().iter();
        let ask = entries.map(|entry| Explained {
            handler: entry.record.handler.clone(),
            answer: entry.record.peek(&entry.goal.ask(event, place), metadata),
        });
        ask.collect()
    }
}
