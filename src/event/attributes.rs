use std::sync::Arc;

use actix::clock::Instant;

use super::handler_ref::HandlerRef;
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
    /// The handlers that led to it, the latest last.
    pub(crate) path: Option<Arc<[HandlerRef]>>,
    pub(crate) headers: Headers,
    /// Whether a handler of notices made it, directly or not.
    pub(crate) is_about_notices: bool,
}

/// What an emission hands down to those that its handlers make.
#[derive(Debug, Clone)]
pub(crate) struct Cause {
    pub(crate) id: EmissionId,
    pub(crate) correlation: EmissionId,
    pub(crate) deadline: Option<Instant>,
    pub(crate) path: Arc<[HandlerRef]>,
    pub(crate) is_about_notices: bool,
}

impl Attributes {
    /// Fills in from `cause` what was not said. A deadline can be brought
    /// forward, never put off: the work is for the one that waits for the cause.
    pub(crate) fn inherit(&mut self, cause: &Cause) {
        self.causation.get_or_insert(cause.id);
        self.correlation.get_or_insert(cause.correlation);
        self.path.get_or_insert_with(|| cause.path.clone());
        self.is_about_notices |= cause.is_about_notices;
        self.deadline = match (self.deadline, cause.deadline) {
            (Some(own), Some(inherited)) => Some(own.min(inherited)),
            (own, inherited) => own.or(inherited),
        };
    }
}
