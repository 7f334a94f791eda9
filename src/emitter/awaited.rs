//! The [short way](super::short) of an emission whose outcomes somebody waits for.
//!
//! It is short as long as there is nothing to wait for before: where the emitter or a
//! lane has no room at this moment, the event goes the long way, and waits there.

use crate::event::Metadata;
use crate::outcome::{Receipt, Report};

use super::gear::Pass;
use super::launch::{Begun, Claimed, Owned};
use super::message::Emit;
use super::shared::Shared;
use super::watch::Watch;
use super::ways::{Found, WayCell};

impl Shared {
    /// Emits an event by its type, whose way the cell holds, and waits for what becomes of
    /// it.
    pub(super) async fn emit_and_wait<E: Send + Sync + 'static>(
        &self,
        event: E,
        cell: Option<&WayCell<E>>,
    ) -> Report {
        let mut watch = Watch::default();
        let emitted = match cell {
            Some(cell) => self.emit_watched(event, cell, &mut watch),
            None => Err(event),
        };
        let receipt = match emitted {
            Ok(receipt) => receipt,
            Err(event) => {
                let watch = Some(&mut watch);
                self.launch_when_ready(Emit(event), watch).await
            }
        };
        watch.report(receipt).await
    }

    fn emit_watched<E: Send + Sync + 'static>(
        &self,
        event: E,
        cell: &WayCell<E>,
        watch: &mut Watch,
    ) -> Result<Receipt, E> {
        if self.is_seen() {
            return Err(event);
        }
        let core = &*self.core;
        let Some(found) = Found::known(cell) else {
            return Err(event);
        };
        let route = found.route();
        if route.len() == 0 || route.waits() {
            return Err(event);
        }
        let Ok(begun) = Begun::new(&core.load) else {
            return Err(event);
        };
        let Some(mut pass) = found.gear().and_then(Pass::enter) else {
            return Err(event);
        };
        // Nobody's handler emits it, so there is no place for it but among all others.
        if !pass.admit_shortly() {
            return Err(event);
        }
        let metadata = Metadata::of::<E>(core.ids.next());
        let claims = route.claim(pass.place(), &event, &metadata);
        let claimed = Claimed {
            event: Owned::new(event),
            metadata,
            leads: found.leads(),
            pass,
            begun,
            claims,
            is_forced: false,
        };
        Ok(self.launch_claimed(claimed, Some(watch), None))
    }
}
