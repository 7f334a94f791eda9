use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::latency::{Latency, Meter, Timed};
use crate::outcome::{Outcome, Receipt};
use crate::registry::{Counts, Outcomes};

/// What has become of the deliveries of an emitter's emissions, while it becomes.
///
/// Nearly all are handled, and end without a look: to count each of them at its end would cost
/// as much as a tenth of one. So they are counted with their emission, all at once when that
/// has ended, and what became otherwise of some is taken off.
#[derive(Debug, Default)]
pub(super) struct Deliveries {
    /// As many as were never accepted, of those that emissions on their way were matched with.
    not_accepted: AtomicU64,
    /// What became otherwise of those that were accepted.
    otherwise: Outcomes,
    turned_away: Outcomes,
    meter: Meter,
}

impl Deliveries {
    /// How an emission was answered by those that it was matched with.
    pub(super) fn answered(&self, receipt: &Receipt) {
        for refusal in receipt.refusals() {
            self.turned_away.turned_away(refusal.reason());
        }
    }

    /// An emission is on its way that not all have accepted, or none.
    pub(super) fn departs_short(&self, not_accepted: usize) {
        self.not_accepted.fetch_add(not_accepted as u64, Relaxed);
    }

    /// A delivery has ended otherwise than as handled.
    pub(super) fn went_wrong(&self, outcome: &Outcome) {
        self.otherwise.ended(outcome);
    }

    pub(super) fn tried_again(&self) {
        self.otherwise.tried_again();
    }

    pub(super) fn timed(&self, timed: Timed) {
        self.meter.record(timed);
    }

    /// Of emissions that were matched with so many, as their [load](crate::linker::Load) has
    /// counted them, and have ended.
    pub(super) fn counts(&self, ended: u64) -> Counts {
        let mut counts = self.otherwise.counts();
        let accepted = ended.saturating_sub(self.not_accepted.load(Relaxed));
        counts.handled = accepted.saturating_sub(counts.ended());
        counts.matched = counts.ended();
        counts += self.turned_away.counts();
        counts
    }

    /// How long deliveries queued, and how long they ran.
    pub(super) fn latencies(&self) -> (Latency, Latency) {
        self.meter.latencies()
    }
}
