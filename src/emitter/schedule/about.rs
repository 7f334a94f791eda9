use std::sync::atomic::{AtomicU64, Ordering};

use crate::event::{Address, ScheduleId};

use super::kind::ScheduleKind;

/// What is known of a schedule, for its handle and its task; also after it has ended.
#[derive(Debug)]
pub(super) struct About {
    pub(super) id: ScheduleId,
    /// Of what it emits.
    pub(super) address: Address,
    pub(super) kind: ScheduleKind,
    /// Not if a handler of notices has made it.
    pub(super) makes_notices: bool,
    fired: AtomicU64,
    missed: AtomicU64,
}

impl About {
    pub(super) fn new(
        id: ScheduleId,
        address: Address,
        kind: ScheduleKind,
        makes_notices: bool,
    ) -> Self {
        let (fired, missed) = (AtomicU64::new(0), AtomicU64::new(0));
        Self {
            id,
            address,
            kind,
            makes_notices,
            fired,
            missed,
        }
    }

    pub(super) fn name(&self) -> &str {
        self.address.name()
    }

    pub(super) fn fired(&self) -> u64 {
        self.fired.load(Ordering::Relaxed)
    }

    pub(super) fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }

    pub(super) fn count_fired(&self) {
        self.fired.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_missed(&self, ticks: u64) {
        self.missed.fetch_add(ticks, Ordering::Relaxed);
    }
}
