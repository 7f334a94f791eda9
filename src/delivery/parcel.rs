use std::sync::Arc;

use crate::event::Metadata;
use crate::outcome::Verdict;

use super::delivery::Delivery;
use super::held::Held;
use super::instance::Instance;
use super::slip::Slip;

/// A delivery that waits to be made, until its actor is there again. Dropped, it is lost,
/// and says so.
pub(crate) struct Parcel<E: ?Sized + 'static> {
    /// Taken out when it is delivered or ended.
    held: Option<Held<E>>,
    position: usize,
}

impl<E: ?Sized> Parcel<E> {
    pub(crate) fn new(held: Held<E>, position: usize) -> Self {
        Self {
            held: Some(held),
            position,
        }
    }

    /// The emission that it is of.
    pub(crate) fn metadata(&self) -> Option<&Metadata> {
        let held = self.held.as_ref();
        held.map(|held| &held.header().metadata)
    }

    /// Whether it took too long to begin, and has been ended.
    pub(crate) fn is_over(&self) -> bool {
        let held = self.held.as_ref();
        held.is_some_and(|held| held.is_over(self.position))
    }

    /// A delivery for an actor.
    pub(crate) fn into_delivery(mut self, actor: Arc<dyn Instance<E>>) -> Option<Delivery<E>> {
        let held = self.held.take()?;
        Some(Delivery::owned(held, self.position, Some(actor)))
    }

    /// A delivery for an actor that nobody watches.
    pub(super) fn into_owned(mut self) -> Option<Delivery<E>> {
        let held = self.held.take()?;
        Some(Delivery::owned(held, self.position, None))
    }

    /// A delivery for a callback that owns it, and the slip for its result.
    pub(super) fn into_shared(mut self) -> Option<(Delivery<E>, Arc<Slip<E>>)> {
        let held = self.held.take()?;
        Some(Slip::pair(held, self.position))
    }

    /// Ends it undelivered.
    pub(crate) fn end(mut self, verdict: Verdict) {
        if let Some(held) = self.held.take() {
            held.close(self.position, verdict);
        }
    }
}

impl<E: ?Sized> Drop for Parcel<E> {
    fn drop(&mut self) {
        if let Some(held) = self.held.take() {
            held.close(self.position, Verdict::Lost);
        }
    }
}
