use std::sync::Arc;

use crate::emitter::emission::{Emission, Together};

use super::gear::Gear;
use super::ticket::Ticket;

/// Places among those that wait, for several that a gear has let in as one. Given back when
/// they are dropped.
pub(in crate::emitter) struct Places<'a> {
    gear: &'a Arc<Gear>,
    count: usize,
}

impl<'a> Places<'a> {
    pub(super) fn new(gear: &'a Arc<Gear>, count: usize) -> Self {
        Self { gear, count }
    }

    pub(in crate::emitter) fn count(&self) -> usize {
        self.count
    }

    /// Sends as many on their way.
    pub(in crate::emitter) fn send<E: Send + Sync + 'static>(self, fleet: Together<E>) {
        let gear = self.gear;
        // Its ticket and its emissions give back what this would.
        std::mem::forget(self);
        let emission = Emission::together(fleet, Ticket::of_fleet(gear));
        gear.queue(emission, false, None);
    }
}

impl Drop for Places<'_> {
    fn drop(&mut self) {
        (0..self.count).for_each(|_| self.gear.room().leave());
        self.gear.left();
    }
}
