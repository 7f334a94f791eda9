use std::sync::Arc;

use futures::channel::oneshot;

use crate::emitter::emission::Emission;
use crate::event::Metadata;

use super::gear::Gear;
use super::line::Waits;

/// What an emission holds of the gear that let it in: a place in the room until it
/// starts, and a count in the turnstile until it has run.
///
/// Given back when it is dropped, whatever became of the emission.
#[derive(Debug)]
pub(in crate::emitter) struct Ticket {
    gear: Arc<Gear>,
    has_place: bool,
    /// Whether those that wait together give their places back themselves.
    is_of_fleet: bool,
    /// What is told when it starts. Boxed: it is carried through every queue, and
    /// most carry none.
    told: Option<Box<Told>>,
}

#[derive(Debug, Default)]
struct Told {
    /// The user's actor that it was handed to.
    actor: Option<usize>,
    /// Dropped when it starts.
    started: Option<oneshot::Sender<()>>,
}

impl Ticket {
    /// For one that the turnstile has counted in.
    pub(super) fn new(gear: &Arc<Gear>, has_place: bool) -> Self {
        Self {
            gear: gear.clone(),
            has_place,
            is_of_fleet: false,
            told: None,
        }
    }

    /// For several that have their places and are counted as one.
    pub(super) fn of_fleet(gear: &Arc<Gear>) -> Self {
        let mut ticket = Self::new(gear, false);
        ticket.is_of_fleet = true;
        ticket
    }

    /// Enters the room, if it has not.
    pub(super) fn try_enter(&mut self) -> bool {
        self.has_place = self.has_place || !self.is_of_fleet && self.gear.room().try_enter();
        self.has_place || self.is_of_fleet
    }

    pub(super) fn hand_to(&mut self, actor: usize) {
        self.told.get_or_insert_default().actor = Some(actor);
    }

    /// Returns what resolves when it starts, or is dropped.
    pub(super) fn until_started(&mut self) -> oneshot::Receiver<()> {
        let (started, start) = oneshot::channel();
        self.told.get_or_insert_default().started = Some(started);
        start
    }

    /// Counts it once more: it is not to count as run before the other is dropped.
    pub(super) fn again(&self) -> Self {
        self.gear.turnstile().enter_again();
        Self::new(&self.gear, false)
    }

    /// It waits no longer: the next one may come in while this one runs.
    pub(in crate::emitter) fn start(&mut self) {
        if std::mem::take(&mut self.has_place) {
            self.gear.room().leave();
        }
        if let Some(actor) = self.told.take().and_then(|told| told.actor) {
            self.gear.work().taken_by(actor);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.start();
        self.gear.left();
    }
}

impl Waits for Emission {
    fn metadata(&self) -> &Metadata {
        self.metadata()
    }

    fn take_place_of(&mut self, older: &mut Self) {
        if let (Some(newer), Some(older)) = (self.ticket(), older.ticket()) {
            newer.has_place = std::mem::take(&mut older.has_place);
        }
    }
}
