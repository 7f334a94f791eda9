use crate::delivery::Turn;

/// What a subscription delivers to, for one type of event.
pub(crate) trait Target<E: ?Sized + 'static>: Send + Sync {
    /// Starts to handle one delivery, and never waits for it.
    fn start(&self, turn: Turn<'_, E>);

    /// Whether there is still somebody to deliver to.
    fn is_alive(&self) -> bool {
        true
    }

    /// Whether it can only start on a thread that has an arbiter.
    fn needs_arbiter(&self) -> bool {
        false
    }
}
