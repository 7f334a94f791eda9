use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::outcome::{Outcome, Reason};

use super::counts::Counts;

/// How often deliveries ended how, while they do.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    matched: AtomicU64,
    handled: AtomicU64,
    failed: AtomicU64,
    panicked: AtomicU64,
    timed_out: AtomicU64,
    lost: AtomicU64,
    refused: AtomicU64,
    dropped: AtomicU64,
    skipped: AtomicU64,
    retried: AtomicU64,
}

impl Outcomes {
    pub(super) fn matched(&self) {
        self.matched.fetch_add(1, Relaxed);
    }

    /// One has matched, and was turned away.
    pub(crate) fn turned_away(&self, reason: &Reason) {
        self.matched();
        let count = if reason.is_skip() {
            &self.skipped
        } else if reason.is_drop() {
            &self.dropped
        } else {
            &self.refused
        };
        count.fetch_add(1, Relaxed);
    }

    pub(crate) fn ended(&self, outcome: &Outcome) {
        let count = match outcome {
            Outcome::Handled(_) => &self.handled,
            Outcome::Failed(_) => &self.failed,
            Outcome::Panicked(_) => &self.panicked,
            Outcome::TimedOut(_) => &self.timed_out,
            Outcome::Lost(_) => &self.lost,
            Outcome::Mismatch { .. } | Outcome::Refused(_) => &self.refused,
            Outcome::Dropped(_) => &self.dropped,
            Outcome::Skipped(_) => &self.skipped,
        };
        count.fetch_add(1, Relaxed);
    }

    pub(crate) fn tried_again(&self) {
        self.retried.fetch_add(1, Relaxed);
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts {
            handled: self.handled.load(Relaxed),
            failed: self.failed.load(Relaxed),
            panicked: self.panicked.load(Relaxed),
            timed_out: self.timed_out.load(Relaxed),
            lost: self.lost.load(Relaxed),
            refused: self.refused.load(Relaxed),
            dropped: self.dropped.load(Relaxed),
            skipped: self.skipped.load(Relaxed),
            retried: self.retried.load(Relaxed),
            // Last: nothing has ended that was not counted in before.
            matched: self.matched.load(Relaxed),
        }
    }
}
