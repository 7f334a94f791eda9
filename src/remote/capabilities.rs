use std::time::Duration;

/// What an engine can do, and so what the conformance suite may skip, and no more.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// What is published survives the engine's restart, as it is configured by default.
    pub persistent: bool,
    /// The longest delay that it can keep by itself. `None`: any.
    pub max_delay: Option<Duration>,
    /// It counts how often it hands a message out.
    pub counts_deliveries: bool,
    /// How long it knows ids that were published. `None`: not at all.
    pub dedup_window: Option<Duration>,
    /// In an [ordered](super::Topology::ordered) queue, one message of a key is out at a time,
    /// and they come in the order of their publishing, retries included.
    pub key_order: bool,
    /// A message that is released does not count as delivered.
    pub release_uncounted: bool,
    /// The most bytes that it takes in one message.
    pub max_bytes: Option<usize>,
}

impl Capabilities {
    /// An engine that can do everything, without limits, and deduplicates within a window.
    #[must_use]
    pub fn all(dedup_window: Duration) -> Self {
        Self {
            persistent: true,
            max_delay: None,
            counts_deliveries: true,
            dedup_window: Some(dedup_window),
            key_order: true,
            release_uncounted: true,
            max_bytes: None,
        }
    }
}
