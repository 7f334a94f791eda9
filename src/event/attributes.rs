use std::sync::Arc;

use actix::clock::Instant;

use super::headers::Headers;
use super::id::EmissionId;

/// What an emission may carry beside its event. Boxed in the metadata, so an
/// emission that carries none of it pays one word.
#[derive(Debug, Clone, Default)]
pub(crate) struct Attributes {
    pub(crate) key: Option<Arc<str>>,
    pub(crate) correlation: Option<EmissionId>,
    pub(crate) causation: Option<EmissionId>,
    pub(crate) deadline: Option<Instant>,
    pub(crate) headers: Headers,
}

/// What an emission hands down to those that its handlers make.
#[derive(Debug, Clone)]
pub(crate) struct Cause {
    pub(crate) id: EmissionId,
    pub(crate) correlation: EmissionId,
    pub(crate) deadline: Option<Instant>,
}

impl Attributes {
    /// Fills in from `cause` what was not said. A deadline can be brought
    /// forward, never put off: the work is for the one that waits for the cause.
    pub(crate) fn inherit(&mut self, cause: &Cause) {
        self.causation.get_or_insert(cause.id);
        self.correlation.get_or_insert(cause.correlation);
        self.deadline = match (self.deadline, cause.deadline) {
            (Some(own), Some(inherited)) => Some(own.min(inherited)),
            (own, inherited) => own.or(inherited),
        };
    }
}
