use std::any::Any;
use std::sync::Arc;

use crate::delivery::{Alone, Delivery, Turn};
use crate::outcome::{Reason, Verdict};

/// What is held as long as something is linked.
pub(crate) type Tie = Arc<dyn Any + Send + Sync>;

/// What a subscription delivers to, for one type of event.
pub(crate) trait Target<E: ?Sized + 'static>: Send + Sync {
    /// Starts to handle one delivery, and never waits for it. It has been asked
    /// whether it can.
    fn start(&self, turn: Turn<'_, E>);

    /// Whether there is still somebody to deliver to.
    fn is_alive(&self) -> bool {
        true
    }

    /// Why it takes nothing, if it does not.
    fn check(&self) -> Result<(), Reason> {
        if self.is_alive() {
            Ok(())
        } else {
            Err(Reason::HandlerGone)
        }
    }

    /// Whether it says itself when a delivery [begins](super::Record::begin), because
    /// it may let it wait.
    fn begins_later(&self) -> bool {
        false
    }

    /// Lets nothing wait for more any longer. Called without a lock, from anywhere.
    fn flush(&self) {}

    /// Tries again with a handler that was suspended. Returns whether it was.
    fn resume(&self) -> bool {
        false
    }

    /// What is to be held as long as this is linked, if it wants to know: dropped,
    /// not under a lock, when it is linked no more, whatever emissions may still
    /// know of it.
    fn tie(&self) -> Option<Tie> {
        None
    }

    /// Whether it ends by itself what takes longer than the subscription's timeout.
    fn ends_in_time(&self) -> bool {
        false
    }

    /// What a delivery that nobody looks at need not ask of it.
    fn nature(&self) -> Nature {
        Nature::Other
    }

    /// Handles a delivery that nobody looks at, and says how that ended, if not as handled
    /// without an answer. Called only where it is a [callback](Nature::Callback). A panic of
    /// the callback's is the caller's to catch. In a box, so that the answer of nearly all is
    /// one register.
    fn run(&self, _: &Delivery<E>) -> Option<Box<Verdict>> {
        Some(Box::new(Verdict::Lost))
    }

    /// Passes on the one delivery of an emission. Called only where it is a [mailbox](Nature::Mailbox).
    fn post(&self, _: Alone<E>) {}

    /// Whether it can start on this thread. Async callbacks need an arbiter.
    fn can_start(&self) -> bool {
        true
    }
}

/// How a handler takes what comes to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nature {
    /// It takes whatever comes, wherever it is run, and has handled it when it returns.
    Callback,
    /// It takes whatever comes as long as it is [alive](Target::is_alive), from anywhere,
    /// and only passes it on.
    Mailbox,
    /// Anything else.
    Other,
}
