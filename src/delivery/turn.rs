use std::sync::Arc;

use crate::outcome::Verdict;

use super::delivery::Delivery;
use super::emitted::Emitted;
use super::slip::Slip;

/// A handler's turn in an emission: what it takes to deliver to it.
///
/// A sync callback borrows the one delivery that all callbacks of the emission
/// look at, so no reference count is touched; everything else gets its own.
#[derive(Debug)]
pub(crate) struct Turn<'a, E: ?Sized + 'static> {
    lent: &'a Delivery<E>,
    position: usize,
}

impl<'a, E: ?Sized> Turn<'a, E> {
    pub(crate) fn new(lent: &'a Delivery<E>, position: usize) -> Self {
        Self { lent, position }
    }

    /// The delivery that every turn of an emission can borrow.
    pub(crate) fn lend(emitted: Arc<Emitted<E>>) -> Delivery<E> {
        Delivery::lent(emitted)
    }

    /// The delivery to look at.
    pub(crate) fn delivery(&self) -> &Delivery<E> {
        self.lent
    }

    /// Ends the turn of a handler that has only looked.
    pub(crate) fn end(self, verdict: Verdict) {
        let header = &self.lent.emitted().header;
        header.ledger.close(self.position, header, verdict);
    }

    /// A delivery that completes itself, for an actor.
    pub(crate) fn into_delivery(self) -> Delivery<E> {
        Delivery::owned(self.lent.emitted().clone(), self.position)
    }

    /// A delivery for a callback that owns it, and the slip that the callback's
    /// result goes on.
    pub(crate) fn into_shared(self) -> (Delivery<E>, Arc<Slip<E>>) {
        let emitted = self.lent.emitted();
        let slip = Arc::new(Slip::new(emitted.clone(), self.position));
        (Delivery::shared(emitted.clone(), slip.clone()), slip)
    }
}
