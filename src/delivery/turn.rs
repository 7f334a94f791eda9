use std::ops::Deref;
use std::sync::Arc;

use crate::outcome::Verdict;

use super::delivery::Delivery;
use super::held::Held;
use super::parcel::Parcel;
use super::slip::Slip;

/// A handler's turn in an emission: what it takes to deliver to it.
///
/// A sync callback borrows the one delivery that all callbacks of the emission
/// look at, so no reference count is touched; everything else gets its own. The last one
/// may be given what was lent to the others.
#[derive(Debug)]
pub(crate) struct Turn<'a, E: ?Sized + 'static> {
    lent: Lent<'a, E>,
    position: usize,
    may_block: bool,
}

#[derive(Debug)]
enum Lent<'a, E: ?Sized + 'static> {
    Borrowed(&'a Delivery<E>),
    Given(Delivery<E>),
}

impl<E: ?Sized> Deref for Lent<'_, E> {
    type Target = Delivery<E>;

    #[inline]
    fn deref(&self) -> &Delivery<E> {
        match self {
            Self::Borrowed(lent) => lent,
            Self::Given(lent) => lent,
        }
    }
}

impl<'a, E: ?Sized> Turn<'a, E> {
    /// `may_block` says that this thread is there to be blocked.
    pub(crate) fn new(lent: &'a Delivery<E>, position: usize, may_block: bool) -> Self {
        Self {
            lent: Lent::Borrowed(lent),
            position,
            may_block,
        }
    }

    /// The turn of the last one, who is given what was lent to the others.
    pub(crate) fn last(lent: Delivery<E>, position: usize, may_block: bool) -> Self {
        Self {
            lent: Lent::Given(lent),
            position,
            may_block,
        }
    }

    /// The delivery that every turn of an emission can borrow.
    #[inline(always)]
    pub(crate) fn lend(held: Held<E>) -> Delivery<E> {
        Delivery::lent(held)
    }

    pub(crate) fn may_block(&self) -> bool {
        self.may_block
    }

    /// The delivery to look at.
    pub(crate) fn delivery(&self) -> &Delivery<E> {
        self.lent.lend_to(self.position);
        &self.lent
    }

    /// The handler begins.
    pub(crate) fn begin(&self) {
        self.lent.held().begin(self.position);
    }

    /// Runs the handler in the span of its delivery.
    pub(crate) fn in_span<R>(&self, run: impl FnOnce() -> R) -> R {
        self.lent.held().in_span(self.position, run)
    }

    /// Ends the turn of a handler that has only looked.
    pub(crate) fn end(self, verdict: Verdict) {
        self.lent.held().close(self.position, verdict);
    }

    /// Sends a delivery that completes itself to an actor.
    ///
    /// It is given where it is made: to pass it on would be to copy it.
    #[inline(always)]
    pub(crate) fn deliver(self, send: impl Fn(Delivery<E>)) {
        match self.lent {
            Lent::Borrowed(lent) => {
                send(Delivery::owned(lent.held().clone(), self.position, None));
            }
            Lent::Given(lent) => send(lent.into_owned(self.position)),
        }
    }

    /// What is delivered, and whose delivery it is among those of its emission.
    pub(crate) fn into_held(self) -> (Held<E>, usize) {
        (self.lent.held().clone(), self.position)
    }

    /// A delivery that waits to be made.
    pub(crate) fn into_parcel(self) -> Parcel<E> {
        Parcel::new(self.lent.held().clone(), self.position)
    }

    /// A delivery for a callback that owns it, and the slip that the callback's
    /// result goes on.
    pub(crate) fn into_shared(self) -> (Delivery<E>, Arc<Slip<E>>) {
        Slip::pair(self.lent.held().clone(), self.position)
    }
}
