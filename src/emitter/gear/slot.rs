use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Weak};

use arc_swap::{ArcSwap, Guard};

use crate::emitter::ways::Ways;
use crate::event::Metadata;

use super::gear::Gear;

/// Which gear is in.
pub(in crate::emitter) struct Slot {
    gear: ArcSwap<Gear>,
    ways: Ways,
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Slot").field(&self.gear).finish()
    }
}

impl Slot {
    pub(in crate::emitter) fn new(gear: Arc<Gear>) -> Self {
        Self {
            gear: ArcSwap::new(gear),
            ways: Ways::default(),
        }
    }

    /// What is known of the ways through the gear that is in.
    #[inline]
    pub(in crate::emitter) fn ways(&self) -> &Ways {
        &self.ways
    }

    #[inline]
    pub(in crate::emitter) fn load(&self) -> Guard<Arc<Gear>> {
        self.gear.load()
    }

    /// Returns the gear that is in.
    pub(in crate::emitter) fn gear(self: &Arc<Self>) -> Arc<Gear> {
        self.newest().gear.load_full()
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

    /// Counts one in, at the gear that was `known` to be in if it still is. One that a
    /// handler of an emission of `origin` emits goes there, if that hands over and this
    /// one belongs to what it still has to run.
    #[inline]
    pub(in crate::emitter) fn enter_from<'a>(
        &self,
        known: Option<&'a Arc<Gear>>,
        origin: &Weak<Gear>,
        metadata: &Metadata,
        is_awaited: bool,
    ) -> Entered<'a> {
        let gear = match known {
            Some(gear) if gear.enter() => Entered::Known(gear),
            _ => Entered::Found(self.enter()),
        };
        if Arc::as_ptr(&gear) == origin.as_ptr() {
            return gear;
        }
        match origin.upgrade() {
            Some(origin) if origin.enter_nested(metadata, is_awaited) => {
                gear.left();
                Entered::Found(Guard::from_inner(origin))
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
        let gear = slot.gear.swap(next.clone());
        slot.ways.forget();
        gear.precede(next.clone(), slot);
        gear
    }

    /// The slot that leads to the newest gear: this one, but for handles that were
    /// made of an emission of a gear that has handed over.
    fn newest(self: &Arc<Self>) -> Arc<Self> {
        let mut slot = self.clone();
        loop {
            let gear = slot.gear.load();
            match gear.successor() {
                Some(next) if !Arc::ptr_eq(next, &slot) => slot = next.clone(),
                _ => return slot,
            }
        }
    }
}

/// A gear that has counted one in.
pub(in crate::emitter) enum Entered<'a> {
    Known(&'a Arc<Gear>),
    Found(Guard<Arc<Gear>>),
}

impl Deref for Entered<'_> {
    type Target = Arc<Gear>;

    #[inline]
    fn deref(&self) -> &Arc<Gear> {
        match self {
            Self::Known(gear) => gear,
            Self::Found(gear) => gear,
        }
    }
}
