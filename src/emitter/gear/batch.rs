use std::sync::Arc;

use super::gear::Gear;

/// How many are put into a line before somebody is woken for them: few enough that
/// the first need not wait for the last.
const TOGETHER: usize = 64;

/// Emissions that one call makes one after the other. Each is in the line when the
/// next is made; only those who sleep are woken for several at a time: to wake a
/// thread costs more than to emit.
///
/// Whoever else puts something into the line wakes them as well. So nobody waits for
/// the batch but its own emissions.
#[derive(Debug, Default)]
pub(in crate::emitter) struct Batch {
    /// Whose sleepers are owed a call, and for how many.
    owed: Option<(Arc<Gear>, usize)>,
}

impl Batch {
    /// One is about to be put into the line of a gear.
    pub(super) fn owe(&mut self, gear: &Arc<Gear>) {
        match &mut self.owed {
            Some((owed, count)) if Arc::ptr_eq(owed, gear) && *count < TOGETHER => *count += 1,
            _ => {
                self.settle();
                self.owed = Some((gear.clone(), 1));
            }
        }
    }

    /// Wakes those who have something to do.
    pub(in crate::emitter) fn settle(&mut self) {
        if let Some((gear, _)) = self.owed.take() {
            gear.work().line.rouse();
        }
    }
}

/// The rest of a batch is not to wait for ever, whatever has ended it.
impl Drop for Batch {
    fn drop(&mut self) {
        self.settle();
    }
}
