use std::sync::{Arc, OnceLock};

use crate::event::{AnyEvent, EmissionId, HandlerRef, Metadata};
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
    /// What made it, for what its handlers emit. Held while any of its deliveries
    /// lives, so that an emitter outlasts its work.
    pub(crate) origin: Arc<dyn Origin>,
    /// Where the outcomes go, if somebody waits for them.
    pub(crate) tracker: OnceLock<Tracker>,
}

impl Header {
    /// Whether what becomes of it is worth a notice: not if it is one, or if the
    /// handler of one made it. So there are no loops.
    pub(crate) fn makes_notices(&self) -> bool {
        !self.origin.is_of_notices() && !self.metadata.is_about_notices()
    }
}

impl Drop for Header {
    fn drop(&mut self) {
        self.origin.ended();
    }
}

/// Where the deliveries of an emission are accounted for, each by its position.
pub(crate) trait Ledger: Send + Sync + std::fmt::Debug {
    /// Whether the actor behind the delivery still has its mailbox.
    fn connected(&self, position: usize) -> bool;

    /// Ends the delivery. Called exactly once for each that was accepted.
    fn close(&self, position: usize, event: &dyn AnyHeld, verdict: Verdict);

    /// Whether the delivery has been ended already, because it took too long.
    fn is_over(&self, position: usize, id: EmissionId) -> bool;

    /// Whose delivery it is.
    fn handler(&self, position: usize) -> HandlerRef;

    /// Itself, for the one that knows its type.
    fn as_any(&self) -> &AnyEvent;
}

/// What makes emissions. It learns when nothing is left of one.
pub(crate) trait Origin: Send + Sync + std::fmt::Debug {
    /// One of its emissions has ended, with all its deliveries.
    fn ended(&self);

    /// Whether what it emits are notices.
    fn is_of_notices(&self) -> bool {
        false
    }

    /// Itself, for the one that knows its type.
    fn into_any(self: Arc<Self>) -> Arc<AnyEvent>;
}

/// An emission in the hands of one that delivers it.
pub(crate) struct Held<E: ?Sized> {
    pub(crate) emitted: Arc<Emitted<E>>,
    share: fn(&Arc<Emitted<E>>) -> Arc<Emitted<AnyEvent>>,
}

impl<E: Send + Sync + 'static> Held<E> {
    pub(crate) fn new(emitted: Arc<Emitted<E>>) -> Self {
        Self {
            emitted,
            share: |emitted| emitted.clone(),
        }
    }
}

impl Held<AnyEvent> {
    pub(crate) fn any(emitted: Arc<Emitted<AnyEvent>>) -> Self {
        Self {
            emitted,
            share: Arc::clone,
        }
    }
}

impl<E: ?Sized> Clone for Held<E> {
    fn clone(&self) -> Self {
        Self {
            emitted: self.emitted.clone(),
            share: self.share,
        }
    }
}

/// An emission whose type is somebody else's business.
pub(crate) trait AnyHeld {
    fn header(&self) -> &Header;

    /// The emission, as that of any event.
    fn share(&self) -> Arc<Emitted<AnyEvent>>;
}

impl<E: ?Sized + 'static> AnyHeld for Held<E> {
    fn header(&self) -> &Header {
        &self.emitted.header
    }

    fn share(&self) -> Arc<Emitted<AnyEvent>> {
        (self.share)(&self.emitted)
    }
}

impl<E: ?Sized + 'static> Held<E> {
    /// Whether one of its deliveries took too long, and needs no handler any more.
    pub(crate) fn is_over(&self, position: usize) -> bool {
        let header = &self.emitted.header;
        header.ledger.is_over(position, header.metadata.id())
    }

    /// Ends one of its deliveries.
    pub(crate) fn close(&self, position: usize, verdict: Verdict) {
        self.emitted.header.ledger.close(position, self, verdict);
    }
}
