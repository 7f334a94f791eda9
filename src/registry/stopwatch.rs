use std::sync::Arc;

use crate::delivery::Held;
use crate::event::{AnyEvent, EmissionId};

use super::record::Record;

/// Times the deliveries of a subscription, from the moment they are handed over.
pub(crate) trait Stopwatch: Send + Sync {
    /// `ends_itself` says that the handler does, unless it is stuck.
    fn start(
        &self,
        record: &Arc<Record>,
        position: usize,
        event: Held<AnyEvent>,
        ends_itself: bool,
    );

    /// Whether one has been ended, and its place is not free yet.
    fn is_late(&self, emission: EmissionId) -> bool;

    /// How many have been ended and are still held by their handlers.
    fn late(&self) -> usize;

    /// The delivery has ended. If late, its place is about to be free.
    fn stop(&self, emission: EmissionId) -> Stopped;

    /// The place of one that ended late is free.
    fn let_go(&self, emission: EmissionId);
}

/// Whether a delivery ended in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopped {
    InTime,
    /// It has been ended already; now its handler has let go of it.
    Late,
}
