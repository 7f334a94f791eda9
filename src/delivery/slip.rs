use std::sync::{Arc, Mutex, PoisonError};

use crate::outcome::Verdict;

use super::emitted::Emitted;

/// What a callback that owns its delivery, and the code that runs the callback,
/// have between them.
///
/// Either may decide; the first decision stands. The delivery ends when both
/// have let go of the slip: the callback has returned *and* the delivery is
/// dropped, wherever it went. Undecided by then, it is lost.
#[derive(Debug)]
pub(crate) struct Slip<E: ?Sized> {
    emitted: Arc<Emitted<E>>,
    position: usize,
    verdict: Mutex<Option<Verdict>>,
}

impl<E: ?Sized> Slip<E> {
    pub(super) fn new(emitted: Arc<Emitted<E>>, position: usize) -> Self {
        Self {
            emitted,
            position,
            verdict: Mutex::new(None),
        }
    }

    /// Decides how the delivery ends, unless that has been decided.
    pub(crate) fn decide(&self, verdict: Verdict) {
        let mut decided = self.verdict.lock().unwrap_or_else(PoisonError::into_inner);
        decided.get_or_insert(verdict);
    }
}

impl<E: ?Sized> Drop for Slip<E> {
    fn drop(&mut self) {
        let decided = self.verdict.get_mut();
        let decided = decided.unwrap_or_else(PoisonError::into_inner).take();
        let header = &self.emitted.header;
        let verdict = decided.unwrap_or(Verdict::Lost);
        header.ledger.close(self.position, header, verdict);
    }
}
