use std::sync::{Arc, Weak};

use arc_swap::{ArcSwap, Guard};

use crate::event::Metadata;

use super::gear::Gear;

/// Which gear is in.
#[derive(Debug)]
pub(in crate::emitter) struct Slot(ArcSwap<Gear>);

impl Slot {
    pub(in crate::emitter) fn new(gear: Arc<Gear>) -> Self {
        Self(ArcSwap::new(gear))
    }

    #[inline]
    pub(super) fn load(&self) -> Guard<Arc<Gear>> {
        self.0.load()
    }

    /// Returns the gear that is in.
    pub(in crate::emitter) fn gear(self: &Arc<Self>) -> Arc<Gear> {
        self.newest().0.load_full()
    }

    /// Counts one in at the gear that is in. One that is just handing over sends it
    /// on to the next.
    #[inline]
    pub(in crate::emitter) fn enter(&self) -> Guard<Arc<Gear>> {
        let mut gear = self.load();
        while !gear.enter() {
            gear = match gear.successor() {
                Some(slot) => slot.load(),
                None => self.load(),
            };
        }
        gear
    }

    /// Counts one in that a handler of an emission of `origin` emits: there, if that
    /// hands over and this one belongs to what it still has to run.
    pub(in crate::emitter) fn enter_from(
        &self,
        origin: &Weak<Gear>,
        metadata: &Metadata,
        is_awaited: bool,
    ) -> Guard<Arc<Gear>> {
        let gear = self.enter();
        if Arc::as_ptr(&gear) == origin.as_ptr() {
            return gear;
        }
        match origin.upgrade() {
            Some(origin) if origin.enter_nested(metadata, is_awaited) => {
                gear.left();
                Guard::from_inner(origin)
            }
            _ => gear,
        }
    }

    /// Where [`enter_from`](Self::enter_from) would count one in.
    pub(in crate::emitter) fn gear_from(
        self: &Arc<Self>,
        origin: &Weak<Gear>,
        metadata: &Metadata,
        is_awaited: bool,
    ) -> Arc<Gear> {
        let gear = self.gear();
        if Arc::as_ptr(&gear) == origin.as_ptr() {
            return gear;
        }
        let takes = |origin: &Arc<Gear>| origin.takes_nested(metadata, is_awaited);
        origin.upgrade().filter(takes).unwrap_or(gear)
    }

    /// Puts another gear in, and returns the one that is to hand over.
    pub(in crate::emitter) fn shift(self: &Arc<Self>, next: &Arc<Gear>) -> Arc<Gear> {
        let slot = self.newest();
        let gear = slot.0.swap(next.clone());
        gear.precede(next.clone(), slot);
        gear
    }

    /// The slot that leads to the newest gear: this one, but for handles that were
    /// made of an emission of a gear that has handed over.
    fn newest(self: &Arc<Self>) -> Arc<Self> {
        let mut slot = self.clone();
        loop {
            let gear = slot.0.load();
            match gear.successor() {
                Some(next) if !Arc::ptr_eq(next, &slot) => slot = next.clone(),
                _ => return slot,
            }
        }
    }
}
