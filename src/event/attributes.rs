use std::sync::{Arc, Weak};
use std::time::SystemTime;

use actix::clock::Instant;
use tracing::Span;

use super::handler_ref::HandlerRef;
use super::headers::Headers;
use super::id::EmissionId;
use super::topic::Topic;
use super::trace_context::TraceContext;

/// What an emission may carry beside its event. Boxed in the metadata, so an
/// emission that carries none of it pays one word.
#[derive(Debug, Clone, Default)]
pub(crate) struct Attributes {
    /// Its id, if it has one from elsewhere.
    pub(crate) id: Option<EmissionId>,
    /// The handlers that are done with it, by what they are called elsewhere.
    pub(crate) done: Option<Arc<[Box<str>]>>,
    /// When it may be handed to a worker.
    pub(crate) not_before: Option<SystemTime>,
    /// What it was emitted on.
    pub(crate) topic: Option<Topic>,
    pub(crate) key: Option<Arc<str>>,
    pub(crate) correlation: Option<EmissionId>,
    pub(crate) causation: Option<EmissionId>,
    pub(crate) deadline: Option<Instant>,
    /// The handlers that led to it, the latest last.
    pub(crate) path: Option<Arc<[HandlerRef]>>,
    pub(crate) headers: Headers,
    /// Those of the emission whose handler made it.
    pub(crate) cause_headers: Headers,
    /// Whether a handler of notices made it, directly or not.
    pub(crate) is_about_notices: bool,
    /// The span of the delivery whose handler made it, while that runs.
    pub(crate) follows: Weak<Span>,
    /// Whether a layer made it, directly or not.
    pub(crate) passes_layers: bool,
}

/// What an emission hands down to those that its handlers make.
#[derive(Debug, Clone)]
pub(crate) struct Cause {
    pub(crate) id: EmissionId,
    pub(crate) correlation: EmissionId,
    pub(crate) deadline: Option<Instant>,
    pub(crate) path: Arc<[HandlerRef]>,
    pub(crate) headers: Headers,
    pub(crate) is_about_notices: bool,
    /// Weak: a span ends with its delivery.
    pub(crate) span: Weak<Span>,
    /// Where what it causes stands in a trace.
    pub(crate) trace: Option<TraceContext>,
    pub(crate) passes_layers: bool,
}

impl Attributes {
    /// Starts a trace, if it is in none.
    pub(crate) fn start_trace(&mut self, id: EmissionId) {
        let correlation = self.correlation.unwrap_or(id);
        TraceContext::ensure(&mut self.headers, id, correlation);
    }

    /// Fills in from `cause` what was not said. A deadline can be brought
    /// forward, never put off: the work is for the one that waits for the cause.
    pub(crate) fn inherit(&mut self, cause: &Cause) {
        self.causation.get_or_insert(cause.id);
        self.correlation.get_or_insert(cause.correlation);
        self.path.get_or_insert_with(|| cause.path.clone());
        self.cause_headers = cause.headers.clone();
        self.is_about_notices |= cause.is_about_notices;
        self.follows.clone_from(&cause.span);
        if let Some(trace) = &cause.trace {
            trace.put(&mut self.headers);
        }
        self.passes_layers |= cause.passes_layers;
        self.deadline = match (self.deadline, cause.deadline) {
            (Some(own), Some(inherited)) => Some(own.min(inherited)),
            (own, inherited) => own.or(inherited),
        };
    }
}
