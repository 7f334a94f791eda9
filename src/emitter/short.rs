//! The short way of an emission: of an event and nothing else, by an emitter whose
//! emissions nobody looks at before they are matched.
//!
//! It takes the steps of [`launch`](super::launch) in their order, and leaves out those
//! that such an emission need not take. Whatever comes in between gives the event back:
//! then it goes the long way.

use crate::delivery::{Alone, Emitted, Header, Held};
use crate::event::Metadata;
use crate::middleware::is_inside;
use crate::outcome::Receipt;
use crate::registry::{Accepted, Route};

use super::gear::{Batch, Pass};
use super::launch::{Begun, Claimed, Owned};
use super::message::Emit;
use super::shared::Shared;
use super::ways::{Leads, Passing, WayCell};

impl Shared {
    /// Emits an event by its type.
    #[inline]
    pub(super) fn emit<E: Send + Sync + 'static>(&self, event: E) -> Receipt {
        let Some(any) = self.slot.ways().find::<E>() else {
            return self.launch(Emit(event), None);
        };
        let emitted = match any.is_unheard() {
            true => self.emit_unheard(event),
            false => match any.of() {
                Some(cell) => self.emit_shortly(event, cell, None),
                None => Err(event),
            },
        };
        emitted.unwrap_or_else(|event| self.launch(Emit(event), None))
    }

    /// Emits an event of the type whose way the cell holds.
    #[inline]
    pub(super) fn emit_by<E: Send + Sync + 'static>(&self, event: E, cell: &WayCell<E>) -> Receipt {
        self.emit_known(event, cell, None)
            .unwrap_or_else(|event| self.launch(Emit(event), None))
    }

    /// Emits an event of a batch by its type, whose way the cell holds.
    #[inline]
    pub(super) fn emit_in<E: Send + Sync + 'static>(
        &self,
        event: E,
        cell: &WayCell<E>,
        batch: &mut Batch,
    ) -> Receipt {
        self.emit_known(event, cell, Some(batch))
            .unwrap_or_else(|event| self.launch_in(Emit(event), batch))
    }

    #[inline(always)]
    fn emit_known<E: Send + Sync + 'static>(
        &self,
        event: E,
        cell: &WayCell<E>,
        batch: Option<&mut Batch>,
    ) -> Result<Receipt, E> {
        match cell.is_unheard() {
            true => self.emit_unheard(event),
            false => self.emit_shortly(event, cell, batch),
        }
    }

    /// Whether anybody may look at an emission before it is matched.
    #[inline(always)]
    pub(super) fn is_seen(&self) -> bool {
        let core = &*self.core;
        !core.is_plain || is_inside() || !core.debug.is_quiet()
    }

    /// Whether anybody may look at it, or keep it.
    #[inline(always)]
    pub(super) fn is_seen_or_kept(&self) -> bool {
        self.is_seen() || self.core.linker.core().registry().keeps_any()
    }

    /// Emits an event that nobody listens to.
    #[inline]
    fn emit_unheard<E>(&self, event: E) -> Result<Receipt, E> {
        let core = &*self.core;
        let is_closed = core.linker.core().registry().is_closed() || core.load.is_closed();
        if is_closed || self.is_seen_or_kept() {
            return Err(event);
        }
        drop(Owned::new(event));
        Ok(Receipt::complete(core.ids.next_unheard(), 0))
    }

    #[inline]
    fn emit_shortly<E: Send + Sync + 'static>(
        &self,
        event: E,
        cell: &WayCell<E>,
        batch: Option<&mut Batch>,
    ) -> Result<Receipt, E> {
        if self.is_seen_or_kept() {
            return Err(event);
        }
        let core = &*self.core;
        let (registry, load) = (core.linker.core().registry(), &core.load);
        // It stays where it is until it is passed on: a move costs more than a look.
        let found = cell.load();
        let Some(way) = found.as_deref() else {
            return Err(event);
        };
        let route = way.course().route();
        if route.len() == 0 {
            return Err(event);
        }
        let Ok(begun) = Begun::new(load) else {
            return Err(event);
        };
        let Some(mut pass) = Pass::enter(way.gear()) else {
            return Err(event);
        };
        if !pass.admit_shortly() {
            return Err(event);
        }
        let id = core.ids.next();
        if let Err(taken) = route.claim_shortly() {
            let metadata = Metadata::of::<E>(id);
            let claims = route.claim_rest(taken, pass.place(), &event, &metadata);
            if !claims.1.is_empty() {
                let claimed = Claimed {
                    event: Owned::new(event),
                    metadata,
                    leads: Leads::Way(way),
                    pass,
                    begun,
                    claims,
                    is_forced: false,
                };
                return Ok(self.launch_claimed(claimed, None, batch));
            }
        }
        let timed = route.timed(id);
        let is_kept = registry.wants_dead_letters();
        let is_unseen = !is_kept && pass.is_here();
        let receipt = Receipt::complete(id, route.len());
        // The one that holds it counts it off from now on.
        begun.pass_on();
        // Written where it is going to be read.
        let emitted = |payload| Emitted {
            header: Header::new(Metadata::of::<E>(id), false),
            payload,
        };
        if is_unseen && route.runs_alone() {
            pass.pass_on();
            Route::run_alone(Alone::new(|| emitted(event), Passing::new(found)), timed);
            return Ok(receipt);
        }
        let course = way.course().clone();
        if is_unseen && timed.is_none() && route.posts() {
            route.post(Alone::new(|| emitted(event), course));
            return Ok(receipt);
        }
        let mut emitted = emitted(event);
        emitted.header.watch(timed, None);
        let held = if is_kept {
            Held::to_keep(emitted, course)
        } else {
            Held::new(emitted, course)
        };
        pass.send(route, held, Accepted::All, false, batch);
        Ok(receipt)
    }
}
