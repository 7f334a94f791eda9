use std::sync::Arc;
use std::time::Duration;

use crate::event::EmissionId;

/// A message to be published: bytes, with what an engine needs to know of them.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Outgoing {
    /// What makes two publishes of one message one message.
    pub id: EmissionId,
    /// What has the same key stays in order, in an [ordered](super::Topology::ordered) queue.
    pub key: Option<Arc<str>>,
    /// How long it is not to be handed out, by the engine's own clock.
    pub delay: Option<Duration>,
    /// The envelope.
    pub body: Arc<[u8]>,
}

impl Outgoing {
    /// Makes a message without key or delay.
    #[must_use]
    pub fn new(id: EmissionId, body: impl Into<Arc<[u8]>>) -> Self {
        Self {
            id,
            key: None,
            delay: None,
            body: body.into(),
        }
    }
}

/// A publish that the engine has confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmed {
    /// It is stored.
    Stored,
    /// It had been stored before.
    Duplicate,
}
