use super::event_type::EventType;
use super::topic::Topic;

/// What an event is emitted as: its type, and the topic, if it has one.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    pub(crate) event: EventType,
    pub(crate) topic: Option<Topic>,
}

impl Address {
    pub(crate) fn of<E: ?Sized + 'static>(topic: Option<Topic>) -> Self {
        let event = EventType::of::<E>();
        Self { event, topic }
    }

    /// The topic, or the type.
    pub(crate) fn name(&self) -> &str {
        match &self.topic {
            Some(topic) => topic.as_str(),
            None => self.event.name(),
        }
    }
}
