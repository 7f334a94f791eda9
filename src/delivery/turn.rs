use std::sync::Arc;

use crate::outcome::Verdict;

use super::delivery::Delivery;
use super::emitted::Held;
use super::parcel::Parcel;
use super::slip::Slip;

/// A handler's turn in an emission: what it takes to deliver to it.
///
/// A sync callback borrows the one delivery that all callbacks of the emission
/// look at, so no reference count is touched; everything else gets its own.
#[derive(Debug)]
pub(crate) struct Turn<'a, E: ?Sized + 'static> {
    lent: &'a Delivery<E>,
    position: usize,
    may_block: bool,
}

impl<'a, E: ?Sized> Turn<'a, E> {
    /// `may_block` says that this thread is there to be blocked.
    pub(crate) fn new(lent: &'a Delivery<E>, position: usize, may_block: bool) -> Self {
        Self {
            lent,
            position,
            may_block,
        }
    }

    /// The delivery that every turn of an emission can borrow.
    pub(crate) fn lend(held: Held<E>) -> Delivery<E> {
        Delivery::lent(held)
    }

    pub(crate) fn may_block(&self) -> bool {
        self.may_block
    }

    /// The delivery to look at.
    pub(crate) fn delivery(&self) -> &Delivery<E> {
        self.lent.lend_to(self.position);
        self.lent
    }

    /// Ends the turn of a handler that has only looked.
    pub(crate) fn end(self, verdict: Verdict) {
        self.lent.held().close(self.position, verdict);
    }

    /// A delivery that completes itself, for an actor.
    pub(crate) fn into_delivery(self) -> Delivery<E> {
        Delivery::owned(self.lent.held().clone(), self.position, None)
    }

    /// A delivery that waits to be made.
    pub(crate) fn into_parcel(self) -> Parcel<E> {
        Parcel::new(self.lent.held().clone(), self.position)
    }

    /// A delivery for a callback that owns it, and the slip that the callback's
    /// result goes on.
    pub(crate) fn into_shared(self) -> (Delivery<E>, Arc<Slip<E>>) {
        let held = self.lent.held();
        let slip = Arc::new(Slip::new(held.clone(), self.position));
        (Delivery::shared(held.clone(), slip.clone()), slip)
    }
}
