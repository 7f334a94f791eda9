use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::latency::{Latency, Meter, Timed};
use crate::outcome::{Outcome, Receipt};
use crate::registry::Counts;
use crate::stripes::Sum;

/// What has become of the deliveries of an emitter's emissions, while it becomes.
///
/// Nearly all are handled, and end without a look: to count each of them at its end would cost
/// as much as a tenth of one. So they are counted with their emission, all at once when that
/// has ended, and what became otherwise of some is taken off.
#[derive(Debug, Default)]
pub(super) struct Deliveries {
    /// Of all emissions that have ended, as many as they were matched with.
    ended: Sum,
    /// Of those, as many as were never accepted.
    not_accepted: AtomicU64,
    /// Those that were turned away are part of the next ones, and of no emission that ends.
    turned_away: AtomicU64,
    failed: AtomicU64,
    panicked: AtomicU64,
    timed_out: AtomicU64,
    lost: AtomicU64,
    refused: AtomicU64,
    dropped: AtomicU64,
    skipped: AtomicU64,
    retried: AtomicU64,
    meter: Meter,
}

impl Deliveries {
    /// An emission that was matched with so many has ended.
    #[inline]
    pub(super) fn ended(&self, deliveries: usize) {
        self.ended.add(deliveries as u64);
    }

    /// How an emission was answered by those that it was matched with.
    pub(super) fn answered(&self, receipt: &Receipt) {
        for refusal in receipt.refusals() {
            self.turned_away.fetch_add(1, Relaxed);
            let count = match refusal.reason() {
                reason if reason.is_skip() => &self.skipped,
                reason if reason.is_drop() => &self.dropped,
                _ => &self.refused,
            };
            count.fetch_add(1, Relaxed);
        }
    }

    /// An emission is on its way that not all have accepted, or none.
    pub(super) fn departs_short(&self, not_accepted: usize) {
        self.not_accepted.fetch_add(not_accepted as u64, Relaxed);
    }

    /// A delivery has ended otherwise than as handled.
    pub(super) fn went_wrong(&self, outcome: &Outcome) {
        let count = match outcome {
            Outcome::Handled(_) => return,
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

    pub(super) fn tried_again(&self) {
        self.retried.fetch_add(1, Relaxed);
    }

    pub(super) fn timed(&self, timed: Timed) {
        self.meter.record(timed);
    }

    pub(super) fn counts(&self) -> Counts {
        let read = |count: &AtomicU64| count.load(Relaxed);
        let mut counts = Counts {
            failed: read(&self.failed),
            panicked: read(&self.panicked),
            timed_out: read(&self.timed_out),
            lost: read(&self.lost),
            refused: read(&self.refused),
            dropped: read(&self.dropped),
            skipped: read(&self.skipped),
            retried: read(&self.retried),
            ..Counts::default()
        };
        let otherwise = counts.ended().saturating_sub(read(&self.turned_away));
        let accepted = self.ended.get().saturating_sub(read(&self.not_accepted));
        counts.handled = accepted.saturating_sub(otherwise);
        counts.matched = counts.ended();
        counts
    }

    /// How long deliveries queued, and how long they ran.
    pub(super) fn latencies(&self) -> (Latency, Latency) {
        self.meter.latencies()
    }
}
