use std::sync::Arc;

use crate::outcome::Verdict;
use crate::shield::shielded;

use super::slip::Slip;

/// The slips of a batch: what a callback that got it, and the code that runs the
/// callback, have between them.
pub(crate) struct Slips<E: ?Sized + 'static>(Vec<Arc<Slip<E>>>);

impl<E: ?Sized> Slips<E> {
    pub(super) fn new(slips: Vec<Arc<Slip<E>>>) -> Self {
        Self(slips)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Slip<E>>> {
        self.0.iter()
    }

    /// Notes how the callback returned, for each delivery of which nothing has been said.
    /// An answer is nobody's.
    pub(crate) fn returned(&self, verdict: Verdict) {
        for slip in &self.0 {
            shielded(|| slip.returned(verdict.without_reply()));
        }
        // What it holds is a user's.
        shielded(move || drop(verdict));
    }
}

impl<E: ?Sized> Clone for Slips<E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}
