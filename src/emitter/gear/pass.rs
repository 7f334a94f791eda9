use std::sync::Arc;

use crate::delivery::Held;
use crate::emitter::emission::Emission;
use crate::event::Metadata;
use crate::outcome::Reason;
use crate::registry::{Accepted, Place, Route};

use super::batch::Batch;
use super::gear::Gear;
use super::line::Service;
use super::ticket::Ticket;

/// A place for one that is not counted in yet. Given back when it is dropped.
#[derive(Debug)]
pub(in crate::emitter) struct Reserved {
    pub(in crate::emitter) gear: Arc<Gear>,
    pub(super) is_spent: bool,
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if !self.is_spent {
            self.gear.room.leave();
        }
    }
}

/// Why there is no place.
#[derive(Debug)]
pub(in crate::emitter) enum NoPlace {
    Refused(Reason),
    /// Another gear is in.
    HandsOver,
}

/// The way that an emission goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// It is run by the one that emits it.
    Here,
    /// It waits.
    Line { has_place: bool },
    /// It is run in the middle of the one whose handler waits for it.
    AtOnce,
}

/// One that a gear has let in, until it is on its way.
#[derive(Debug)]
pub(in crate::emitter) struct Pass<'a> {
    gear: &'a Arc<Gear>,
    way: Admission,
}

impl<'a> Pass<'a> {
    /// For one that has been counted in.
    pub(in crate::emitter) fn new(gear: &'a Arc<Gear>) -> Self {
        let way = Admission::Here;
        Self { gear, way }
    }

    /// For one that a gear counts in, unless it hands over.
    #[inline(always)]
    pub(in crate::emitter) fn enter(gear: &'a Arc<Gear>) -> Option<Self> {
        gear.enter().then(|| Self::new(gear))
    }

    /// Finds its way, or why it is turned away.
    #[inline]
    pub(in crate::emitter) fn admit(
        &mut self,
        metadata: &Metadata,
        is_awaited: bool,
        reserved: Option<&mut Reserved>,
    ) -> Result<(), Reason> {
        let reserved = reserved.filter(|place| Arc::ptr_eq(&place.gear, self.gear));
        self.way = self.gear.admit(metadata, is_awaited, reserved.is_some())?;
        if let (Some(reserved), Admission::Line { .. }) = (reserved, self.way) {
            reserved.is_spent = true;
        }
        Ok(())
    }

    /// Finds its way, if there is a place and nothing to ask.
    #[inline(always)]
    pub(in crate::emitter) fn admit_shortly(&mut self) -> bool {
        if self.gear.runs_here() {
            return true;
        }
        if self.gear.outlet().is_some() {
            return false;
        }
        let is_let_in = self.gear.work.is_alive() && self.gear.room.try_enter();
        if is_let_in {
            self.way = Admission::Line { has_place: true };
        }
        is_let_in
    }

    /// Whether it is run by the one that emits it.
    #[inline]
    pub(in crate::emitter) fn is_here(&self) -> bool {
        self.way == Admission::Here
    }

    /// It is somebody else's to say that it [was run](crate::delivery::Origin::ran).
    #[inline]
    pub(in crate::emitter) fn pass_on(self) {
        std::mem::forget(self);
    }

    #[inline]
    pub(in crate::emitter) fn gear(&self) -> &'a Arc<Gear> {
        self.gear
    }

    /// Goes to the line even if there is no place: it has claimed its deliveries.
    pub(in crate::emitter) fn squeeze_in(&mut self) {
        if !self.gear.runs_here() {
            let has_place = self.gear.room.try_enter();
            self.way = Admission::Line { has_place };
        }
    }

    /// Where its deliveries are going to start.
    pub(in crate::emitter) fn place(&self) -> Place {
        let plan = self.gear.work.line.plan();
        match self.way {
            Admission::Here => Place::Here,
            // What waits in order waits on behalf of its caller.
            _ if plan.service == Service::OnDemand => Place::Here,
            _ => Place::Elsewhere,
        }
    }

    /// What one holds that goes out, until it has ended.
    pub(in crate::emitter) fn into_ticket(self) -> Ticket {
        let has_place = self.way == Admission::Line { has_place: true };
        let ticket = Ticket::new(self.gear, has_place);
        // The ticket gives back what this would.
        std::mem::forget(self);
        ticket
    }

    /// Sends it on its way.
    pub(in crate::emitter) fn send<E: Send + Sync + 'static>(
        self,
        route: &Route<E>,
        held: Held<E>,
        accepted: Accepted,
        is_forced: bool,
        batch: Option<&mut Batch>,
    ) {
        let (gear, way) = (self.gear, self.way);
        let has_place = way == Admission::Line { has_place: true };
        if way == Admission::Here {
            return route.run(held, &accepted, false);
        }
        let ticket = Ticket::new(gear, has_place);
        // The ticket gives back what this would.
        std::mem::forget(self);
        let emission = Emission::new(held, accepted, ticket);
        match way {
            Admission::AtOnce => gear.run_at_once(emission),
            Admission::Here | Admission::Line { .. } => gear.queue(emission, is_forced, batch),
        }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if self.way == (Admission::Line { has_place: true }) {
            self.gear.room.leave();
        }
        self.gear.left();
    }
}
