use crate::delivery::Turn;

/// What a subscription delivers to, for one type of event.
pub(crate) trait Target<E: ?Sized + 'static>: Send + Sync {
    /// Starts to handle one delivery, and never waits for it. It has been asked
    /// whether it can.
    fn start(&self, turn: Turn<'_, E>);

    /// Whether there is still somebody to deliver to.
    fn is_alive(&self) -> bool {
        true
    }

    /// Whether it can start on this thread. Async callbacks need an arbiter.
    fn can_start(&self) -> bool {
        true
    }
}
