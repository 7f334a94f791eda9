use std::sync::Arc;

use crate::event::{AnyEvent, Metadata};
use crate::outcome::{Tracker, Verdict};

/// An event on its way, shared by all its deliveries: one allocation for all.
///
/// The payload comes last, so that an `Arc<Emitted<E>>` is also an
/// `Arc<Emitted<AnyEvent>>` for the handlers that take any event.
#[derive(Debug)]
pub(crate) struct Emitted<E: ?Sized> {
    pub(crate) header: Header,
    pub(crate) payload: E,
}

/// What is known of an emission without knowing its type.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) metadata: Metadata,
    /// Where its deliveries are accounted for: the snapshot of subscriptions
    /// that it was matched against.
    pub(crate) ledger: Arc<dyn Ledger>,
    /// The emitter that made it, for what its handlers emit. Held while any of
    /// its deliveries lives, so that an emitter outlasts its work.
    pub(crate) origin: Arc<AnyEvent>,
    /// Where the outcomes go, if somebody waits for them.
    pub(crate) tracker: Option<Tracker>,
}

/// Where the deliveries of an emission are accounted for, each by its position.
pub(crate) trait Ledger: Send + Sync + std::fmt::Debug {
    /// Whether the actor behind the delivery still has its mailbox.
    fn connected(&self, position: usize) -> bool;

    /// Ends the delivery. Called exactly once for each that was accepted.
    fn close(&self, position: usize, header: &Header, verdict: Verdict);

    /// Itself, for the one that knows its type.
    fn as_any(&self) -> &AnyEvent;
}
