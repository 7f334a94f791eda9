use std::sync::Arc;

/// What wants to know how many deliveries of a subscription are on their way: to
/// know when none can come any more.
pub(crate) trait Expects: Send + Sync {
    /// One was accepted, and is on its way to a handler of the subscription.
    fn claimed(&self);

    /// One of those has arrived at its handler, or never will.
    fn accounted(&self);
}

/// A delivery that is arriving. Accounted for when this is dropped: after its
/// handler has it, whatever panicked meanwhile.
#[must_use]
pub(super) struct Arriving<'a>(pub(super) &'a [Arc<dyn Expects>]);

impl Drop for Arriving<'_> {
    #[inline]
    fn drop(&mut self) {
        for expects in self.0 {
            expects.accounted();
        }
    }
}
