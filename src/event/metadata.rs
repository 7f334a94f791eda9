use std::time::SystemTime;

use actix::clock::Instant;

use super::attributes::{Attributes, Cause};
use super::event_type::EventType;
use super::headers::Headers;
use super::id::EmissionId;
use super::topic::Topic;

/// What an emission says about itself: the same for all its handlers.
///
/// # Examples
///
/// ```
/// # use ventix::{on_topic, Emitter, Linker, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on_topic::<u64>("orders.*").call(|order| {
///     let about = order.metadata();
///     assert_eq!(about.name(), "orders.created");
///     assert_eq!(about.key(), Some("customer-7"));
///     assert_eq!(about.headers().get("tenant"), Some("acme"));
///     assert_eq!(about.correlation(), about.id());
///     assert_eq!(about.causation(), None);
/// }))?;
/// let emitter = Emitter::start(&linker, Strategy::inline());
/// let report = emitter
///     .prepare(1_u64)
///     .topic("orders.created")
///     .key("customer-7")
///     .header("tenant", "acme")
///     .emit_and_wait()
///     .await;
/// assert!(report.all_handled());
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct Metadata {
    id: EmissionId,
    event: EventType,
    topic: Option<Topic>,
    attributes: Option<Box<Attributes>>,
}

impl Metadata {
    pub(crate) fn new(
        id: EmissionId,
        event: EventType,
        topic: Option<Topic>,
        attributes: Option<Box<Attributes>>,
    ) -> Self {
        Self {
            id,
            event,
            topic,
            attributes,
        }
    }

    /// Returns the emission's id.
    #[must_use]
    pub fn id(&self) -> EmissionId {
        self.id
    }

    /// Returns the event's name for people: the topic, or else the name of the
    /// event's type.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.topic {
            Some(topic) => topic.as_str(),
            None => self.event.name(),
        }
    }

    /// Returns the type of the event.
    #[must_use]
    pub fn event_type(&self) -> EventType {
        self.event
    }

    /// Returns the topic, if the event was emitted on one.
    #[must_use]
    pub fn topic(&self) -> Option<&Topic> {
        self.topic.as_ref()
    }

    /// Returns the wall-clock time of the emission, in whole milliseconds. On
    /// Linux it is that of the kernel's last tick, 1 to 10 ms ago.
    #[must_use]
    pub fn time(&self) -> SystemTime {
        self.id.time()
    }

    /// Returns the key: emissions of one key belong together.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.attributes.as_ref()?.key.as_deref()
    }

    /// Returns the id that all emissions of one piece of work share: what the
    /// emitter set, or what the cause had, or else the emission's own id.
    #[must_use]
    pub fn correlation(&self) -> EmissionId {
        let set = self.attributes.as_ref().and_then(|a| a.correlation);
        set.unwrap_or(self.id)
    }

    /// Returns the id of the emission whose handler made this one through
    /// [`Delivery::emitter`](crate::Delivery::emitter).
    #[must_use]
    pub fn causation(&self) -> Option<EmissionId> {
        self.attributes.as_ref()?.causation
    }

    /// Returns the time after which nobody wants the work done any more.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.attributes.as_ref()?.deadline
    }

    /// Returns the free-form headers.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        match &self.attributes {
            Some(attributes) => &attributes.headers,
            None => Headers::EMPTY,
        }
    }

    /// What the handlers of this emission hand down to what they emit.
    pub(crate) fn as_cause(&self) -> Cause {
        Cause {
            id: self.id,
            correlation: self.correlation(),
            deadline: self.deadline(),
        }
    }
}
