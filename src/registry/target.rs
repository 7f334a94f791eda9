use crate::delivery::Turn;
use crate::outcome::Reason;

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

    /// Tries again with a handler that was suspended. Returns whether it was.
    fn resume(&self) -> bool {
        false
    }

    /// Whether it ends by itself what takes longer than the subscription's timeout.
    fn ends_in_time(&self) -> bool {
        false
    }

    /// Whether it can start on this thread. Async callbacks need an arbiter.
    fn can_start(&self) -> bool {
        true
    }
}
