use std::fmt;
use std::sync::Arc;

use crate::event::{AnyEvent, EmissionId, HandlerRef};
use crate::latency::Timed;
use crate::outcome::{Outcome, Verdict};

use super::delivery::Delivery;
use super::emitted::Header;
use super::held::AnyHeld;
use super::timing::Laps;

/// Where the deliveries of an emission are accounted for, each by its position: the
/// snapshot of subscriptions that it was matched against.
pub(crate) trait Ledger: Send + Sync + fmt::Debug {
    /// How many deliveries there are, of whoever was matched.
    fn len(&self) -> usize;

    /// Whether the actor behind the delivery still has its mailbox.
    fn connected(&self, position: usize) -> bool;

    /// Ends the delivery. Called exactly once for each that was accepted.
    fn close(&self, position: usize, event: &dyn AnyHeld, verdict: Verdict);

    /// Ends the delivery as handled, if nobody looks at that, and returns whether it has.
    /// [`close`](Self::close) does the same, and whatever else there is to do.
    fn close_shortly(&self, _position: usize, _header: &Header) -> bool {
        false
    }

    /// Whether the delivery has been ended already, because it took too long.
    fn is_over(&self, position: usize, id: EmissionId) -> bool;

    /// Which of its attempts the delivery is at.
    fn attempt(&self, position: usize, id: EmissionId) -> u32;

    /// Whose delivery it is.
    fn handler(&self, position: usize) -> HandlerRef;

    /// Whether those that wait for the emission hear of its ends. Not of what is delivered
    /// once more: that one they have heard of.
    fn is_reported(&self) -> bool {
        true
    }

    /// What made the emission, for what its handlers emit.
    fn origin(&self) -> &Arc<dyn Origin>;

    /// Itself, for the one that knows its type.
    fn as_any(&self) -> &AnyEvent;
}

/// A ledger that calls the callbacks that it leads to, for events of type `E`.
pub(crate) trait Caller<E: ?Sized + 'static>: Ledger {
    /// Runs those from a position on, up to the first that ends otherwise than as handled
    /// without an answer, and returns where that is. To be asked of one that leads to nothing
    /// but callbacks.
    fn run_from(
        &self,
        lent: &Delivery<E>,
        first: usize,
        laps: Option<&mut Laps>,
    ) -> Option<(usize, Verdict)>;
}

impl<E: ?Sized + 'static, L: Caller<E> + ?Sized> Caller<E> for Arc<L> {
    #[inline]
    fn run_from(
        &self,
        lent: &Delivery<E>,
        first: usize,
        laps: Option<&mut Laps>,
    ) -> Option<(usize, Verdict)> {
        (**self).run_from(lent, first, laps)
    }
}

impl<L: Ledger + ?Sized> Ledger for Arc<L> {
    #[inline]
    fn len(&self) -> usize {
        (**self).len()
    }

    fn connected(&self, position: usize) -> bool {
        (**self).connected(position)
    }

    fn close(&self, position: usize, event: &dyn AnyHeld, verdict: Verdict) {
        (**self).close(position, event, verdict);
    }

    #[inline]
    fn close_shortly(&self, position: usize, header: &Header) -> bool {
        (**self).close_shortly(position, header)
    }

    fn is_over(&self, position: usize, id: EmissionId) -> bool {
        (**self).is_over(position, id)
    }

    fn attempt(&self, position: usize, id: EmissionId) -> u32 {
        (**self).attempt(position, id)
    }

    fn handler(&self, position: usize) -> HandlerRef {
        (**self).handler(position)
    }

    fn is_reported(&self) -> bool {
        (**self).is_reported()
    }

    #[inline]
    fn origin(&self) -> &Arc<dyn Origin> {
        (**self).origin()
    }

    fn as_any(&self) -> &AnyEvent {
        (**self).as_any()
    }
}

/// What makes emissions. It learns when one has ended.
pub(crate) trait Origin: Send + Sync + fmt::Debug {
    /// One of its emissions has ended, with all its deliveries, of which there were so many.
    fn ended(&self, deliveries: usize);

    /// One of them has ended, otherwise than as handled.
    fn went_wrong(&self, _: &Outcome) {}

    /// One of them is tried again.
    fn tried_again(&self) {}

    /// One of them was timed.
    fn timed(&self, _: Timed) {}

    /// One of its emissions that have waited together begins, or never will: it waits no
    /// longer.
    fn waits_no_longer(&self) {}

    /// One of its emissions has been run, on the thread that made it: by the one that has
    /// taken it over to say so.
    fn ran(&self) {}

    /// Whether what it emits are notices.
    fn is_of_notices(&self) -> bool {
        false
    }

    /// Whether it lets nothing in any more, and waits for what there is.
    fn is_draining(&self) -> bool;

    /// Itself, for the one that knows its type.
    fn into_any(self: Arc<Self>) -> Arc<AnyEvent>;
}
