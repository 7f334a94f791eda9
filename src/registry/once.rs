use std::sync::atomic::{AtomicU8, Ordering};

/// The one shot of a subscription that fires once, whatever selector it is hit
/// through.
///
/// An emission claims the shot when it is accepted and spends it when it is run.
/// Between the two nobody else gets it; if the emission is dropped without being
/// run, the shot is free again. So it is never fired twice, and never lost to an
/// emitter that stopped.
#[derive(Debug, Default)]
pub(crate) struct Once(AtomicU8);

const FREE: u8 = 0;
const CLAIMED: u8 = 1;
const SPENT: u8 = 2;

impl Once {
    pub(crate) fn is_free(&self) -> bool {
        self.0.load(Ordering::Acquire) == FREE
    }

    pub(crate) fn try_claim(&self) -> bool {
        self.0
            .compare_exchange(FREE, CLAIMED, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    }

    pub(crate) fn spend(&self) {
        self.0.store(SPENT, Ordering::Release);
    }

    pub(crate) fn give_back(&self) {
        self.0.store(FREE, Ordering::Release);
    }
}
