//! The shortest way of a batch: its events wait as one, in one place of the line.
//!
//! It is open where [the short way](super::short) is, to callbacks that nobody has to be asked
//! about, under a strategy whose line is taken as a whole. Each event is an emission of its
//! own all the same: it has its id, its place in the room until it begins, its count in the
//! load until it ends.

use std::vec;

use crate::delivery::Fleet;
use crate::handler::PER_TURN;
use crate::outcome::{Receipt, Receipts};

use super::shared::Shared;
use super::ways::{Found, WayCell};

impl Shared {
    /// Emits the next events of a batch together: as many as are run in one turn. Returns
    /// whether it has, so that the rest can be tried as well.
    pub(super) fn emit_together<E: Send + Sync + 'static>(
        &self,
        events: &mut vec::IntoIter<E>,
        cell: &WayCell<E>,
        receipts: &mut Receipts,
    ) -> bool {
        let core = &*self.core;
        if self.is_seen_or_kept() || core.linker.core().registry().wants_dead_letters() {
            return false;
        }
        let found = Found::known(cell).unwrap_or_else(|| self.find_way());
        let (route, Some(gear)) = (found.route(), found.gear()) else {
            return false;
        };
        let Some(places) = gear.reserve_together(events.len().min(PER_TURN)) else {
            return false;
        };
        let count = places.count();
        let Some(number) = u64::try_from(count).ok().filter(|_| route.len() > 0) else {
            return false;
        };
        if core.load.begin_many(count).is_err() {
            return false;
        }
        if !route.claim_together(number) {
            core.load.end_many(count);
            return false;
        }
        let mut ids = core.ids.next_many(number).peekable();
        let Some(first) = ids.peek().copied() else {
            return false;
        };
        let mut fleet = Fleet::new(first, count, found.leads().course(gear));
        for (id, event) in ids.zip(events) {
            receipts.push(Receipt::complete(id, route.len()));
            fleet.add(id, route.timed(id), event);
        }
        places.send(fleet);
        true
    }
}
