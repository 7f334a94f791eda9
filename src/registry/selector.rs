use std::fmt;

use crate::event::{self, EventType, Metadata, Pattern, Topic, TopicError};

/// What a subscription listens to: an event type, a topic, a pattern of topics,
/// or everything.
///
/// # Examples
///
/// ```
/// use ventix::Selector;
///
/// struct OrderPlaced;
///
/// assert_ne!(Selector::event::<OrderPlaced>(), Selector::everything());
/// assert_eq!(Selector::topic("orders.*")?.to_string(), "orders.*");
/// assert!(Selector::topic("orders.*.").is_err());
/// # Ok::<(), ventix::TopicError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Selector(Kind);

#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Event(EventType),
    Topic(Topic),
    Pattern(Pattern),
    Everything,
}

impl Selector {
    /// Selects the emissions of type `E` that are on no topic.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(ventix::Selector::event::<u8>().to_string(), "u8");
    /// ```
    #[must_use]
    pub fn event<E: 'static>() -> Self {
        Self(Kind::Event(EventType::of::<E>()))
    }

    /// Selects the emissions on a topic, or on all topics of a pattern.
    ///
    /// # Errors
    ///
    /// When `text` is neither a topic nor a pattern.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(ventix::Selector::topic("orders.created").is_ok());
    /// assert!(ventix::Selector::topic("orders.>").is_ok());
    /// assert!(ventix::Selector::topic("> orders").is_err());
    /// ```
    pub fn topic(text: &str) -> Result<Self, TopicError> {
        Ok(Self(if event::has_wildcard(text) {
            Kind::Pattern(Pattern::new(text)?)
        } else {
            Kind::Topic(Topic::new(text)?)
        }))
    }

    /// Selects every emission.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(ventix::Selector::everything().to_string(), "everything");
    /// ```
    #[must_use]
    pub fn everything() -> Self {
        Self(Kind::Everything)
    }

    pub(crate) fn kind(&self) -> &Kind {
        &self.0
    }

    pub(crate) fn of_type(event: EventType) -> Self {
        Self(Kind::Event(event))
    }

    pub(super) fn of_pattern(pattern: Pattern) -> Self {
        Self(Kind::Pattern(pattern))
    }

    pub(crate) fn of_topic(topic: Topic) -> Self {
        Self(Kind::Topic(topic))
    }

    /// What an emission is addressed by.
    pub(crate) fn of_emission(metadata: &Metadata) -> Self {
        match metadata.topic() {
            Some(topic) => Self::of_topic(topic.clone()),
            None => Self::of_type(metadata.event_type()),
        }
    }

    /// Whether it selects an emission.
    pub(super) fn selects(&self, metadata: &Metadata) -> bool {
        match (&self.0, metadata.topic()) {
            (Kind::Event(event), None) => *event == metadata.event_type(),
            (Kind::Topic(own), Some(topic)) => own == topic,
            (Kind::Pattern(pattern), Some(topic)) => pattern.matches(topic),
            (Kind::Everything, _) => true,
            _ => false,
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Event(event) => event.fmt(f),
            Kind::Topic(topic) => topic.fmt(f),
            Kind::Pattern(pattern) => pattern.fmt(f),
            Kind::Everything => f.write_str("everything"),
        }
    }
}

impl fmt::Debug for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Event(event) => write!(f, "Selector::event({event})"),
            Kind::Topic(topic) => write!(f, "Selector::topic({topic})"),
            Kind::Pattern(pattern) => write!(f, "Selector::topic({pattern})"),
            Kind::Everything => f.write_str("Selector::everything"),
        }
    }
}

/// Selectors with commas between them.
pub(crate) struct Listed<'a>(pub(crate) &'a [Selector]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, selector) in self.0.iter().enumerate() {
            let comma = if i > 0 { ", " } else { "" };
            write!(f, "{comma}{selector}")?;
        }
        Ok(())
    }
}
