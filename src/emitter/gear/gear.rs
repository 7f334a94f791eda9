//! The gear itself, as the [module's page](super) describes it.
//!
//! It is long because letting in, handing over and running are one protocol: each step
//! says which of the others may still come.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use actix::clock::Instant;
use futures::FutureExt;

use crate::delivery::Origin;
use crate::emitter::emission::Emission;
use crate::emitter::outward::Outlet;
use crate::emitter::shared::Core;
use crate::event::{AnyEvent, Metadata};
use crate::handler::Site;
use crate::in_time::in_time;
use crate::latency::Timed;
use crate::linker::{Load, StartError};
use crate::outcome::{Outcome, Reason};
use crate::registry::{Closed, Place, Room};
use crate::shield::shielded;

use super::batch::Batch;
use super::line::{Line, Plan, Pushed, Service};
use super::pass::{Admission, NoPlace, Reserved};
use super::places::Places;
use super::runner::Runner;
use super::slot::Slot;
use super::ticket::Ticket;
use super::turnstile::Turnstile;
use super::work::{How, Work};

/// A strategy at work. See the [module's page](super).
#[derive(Debug)]
pub(in crate::emitter) struct Gear {
    core: Arc<Core>,
    /// The core's: it is asked at the end of every emission.
    load: Arc<Load>,
    pub(super) room: Room,
    turnstile: Turnstile,
    pub(super) work: Arc<Work>,
    /// The gear that waits for this one to hand over.
    next: Mutex<Option<Arc<Gear>>>,
    /// Where to go once this one lets nothing in any more.
    successor: OnceLock<Arc<Slot>>,
    /// Every emission holds the gear, so what runs on its arbiters has ended when
    /// they are stopped.
    site: Site,
}

/// What a strategy comes to, when it is placed.
pub(in crate::emitter) struct Placement {
    pub(in crate::emitter) how: How,
    pub(in crate::emitter) plan: Plan,
    pub(in crate::emitter) capacity: usize,
    /// An arbiter for each seat, if those that sit there are to stay.
    pub(in crate::emitter) site: Site,
}

impl Gear {
    /// Puts a strategy to work. One that is `held` runs nothing until the gear
    /// before it has handed over.
    pub(in crate::emitter) fn start(
        core: &Arc<Core>,
        placement: Placement,
        held: bool,
    ) -> Result<Arc<Self>, StartError> {
        let line = Line::new(placement.plan, held);
        let seats = placement.site.arbiters().to_vec();
        let gear = Arc::new(Self {
            core: core.clone(),
            load: core.load.clone(),
            room: Room::new(placement.capacity, placement.plan.overflow),
            turnstile: Turnstile::new(usize::from(held)),
            work: Arc::new(Work::new(line, placement.how, seats)),
            next: Mutex::new(None),
            successor: OnceLock::new(),
            site: placement.site,
        });
        for (seat, arbiter) in gear.site.arbiters().iter().enumerate() {
            if !arbiter.spawn(Runner::new(&gear.work, seat).stay()) {
                return Err(StartError::ArbiterStopped);
            }
        }
        core.linker.core().watch("emitter", &gear.site);
        Ok(gear)
    }

    pub(in crate::emitter) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// Where its emissions go, if they are not run here.
    #[inline]
    pub(in crate::emitter) fn outlet(&self) -> Option<&Arc<dyn Outlet>> {
        match &self.work.how {
            How::Outward(outlet) => Some(outlet),
            _ => None,
        }
    }

    pub(super) fn room(&self) -> &Room {
        &self.room
    }

    /// How many wait for their turn.
    pub(in crate::emitter) fn waiting(&self) -> usize {
        self.room.occupied()
    }

    pub(super) fn turnstile(&self) -> &Turnstile {
        &self.turnstile
    }

    pub(super) fn work(&self) -> &Work {
        &self.work
    }

    /// Where to go once this one lets nothing in any more.
    pub(in crate::emitter) fn successor(&self) -> Option<&Arc<Slot>> {
        self.successor.get()
    }

    /// Counts one in, unless the gear hands over.
    #[inline(always)]
    pub(super) fn enter(&self) -> bool {
        let entered = self.turnstile.enter();
        if !entered {
            self.left();
        }
        entered
    }

    /// Counts one off that was let in.
    #[inline]
    pub(super) fn left(&self) {
        if self.turnstile.leave() {
            self.hand_over();
        }
    }

    /// Counts one in that belongs to what has not been run, even if the gear hands
    /// over.
    pub(super) fn enter_nested(&self, metadata: &Metadata, is_awaited: bool) -> bool {
        let entered = self.turnstile.enter_late() && self.is_part(metadata, is_awaited);
        if !entered {
            self.left();
        }
        entered
    }

    /// Whether [`enter_nested`](Self::enter_nested) would count one in.
    pub(super) fn takes_nested(&self, metadata: &Metadata, is_awaited: bool) -> bool {
        let takes = self.enter_nested(metadata, is_awaited);
        if takes {
            self.left();
        }
        takes
    }

    /// Whether one that a handler has emitted belongs to what the gear has to run
    /// before it hands over: in order, what comes right after its cause; and what is
    /// waited for, where it runs while a thread is blocked by that.
    fn is_part(&self, metadata: &Metadata, is_awaited: bool) -> bool {
        let line = &self.work.line;
        if !self.work.is_alive() {
            return false;
        }
        match (line.plan().in_order, is_awaited) {
            (true, true) => line.is_nested(metadata),
            (true, false) => line.comes_right_after(metadata),
            (false, true) => self.runs_here() || self.work.places() > 1,
            // It would hold up the next gear as long as handlers emit.
            (false, false) => false,
        }
    }

    /// Names the gear that comes next, and where to find it.
    pub(super) fn precede(&self, next: Arc<Self>, slot: Arc<Slot>) {
        *self.next() = Some(next);
        self.successor.get_or_init(|| slot);
    }

    fn next(&self) -> MutexGuard<'_, Option<Arc<Self>>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets nothing in any more. The next gear starts when this one has run all that
    /// it let in.
    pub(in crate::emitter) fn close(&self) {
        self.room.close();
        if self.turnstile.close() {
            self.hand_over();
        }
    }

    /// Waits until it has handed over.
    pub(in crate::emitter) async fn handed_over(&self) {
        self.turnstile.passed().await;
    }

    /// Opens the next gear; and if that has nothing to run and hands over as well, the
    /// one after it, and so on.
    fn hand_over(&self) {
        let mut next = self.pass_on();
        while let Some(gear) = next {
            gear.open();
            next = if gear.turnstile.leave() {
                gear.pass_on()
            } else {
                None
            };
        }
    }

    /// Tells those that wait for it that it has run everything, and names the one that
    /// comes next.
    fn pass_on(&self) -> Option<Arc<Self>> {
        shielded(|| self.turnstile.tell());
        self.next().take()
    }

    /// Starts to run what has come meanwhile. Whoever opens it counts itself off.
    fn open(&self) {
        if self.work.line.open() {
            let serving = Runner::new(&self.work, 0).serve();
            self.core.linker.core().home().spawn(serving);
        }
    }

    /// Whether a waiting call may have to wait for a place.
    pub(in crate::emitter) fn may_wait(&self, metadata: &Metadata, is_awaited: bool) -> bool {
        let runs_at_once = || is_awaited && self.work.line.is_nested(metadata);
        self.room.patience().is_some() && !self.runs_here() && !runs_at_once()
    }

    /// Takes a place among those that wait, if it needs one, and waits for it where
    /// that is allowed, from `since` on, which is set when it begins to. One that is
    /// to take another's does so when it comes.
    pub(in crate::emitter) async fn reserve(
        self: &Arc<Self>,
        metadata: &Metadata,
        is_awaited: bool,
        since: &mut Option<Instant>,
    ) -> Result<Option<Reserved>, NoPlace> {
        let refused = |reason| Err(NoPlace::Refused(reason));
        let reserved = || {
            let (gear, is_spent) = (self.clone(), false);
            Ok(Some(Reserved { gear, is_spent }))
        };
        if self.runs_here() {
            return Ok(None);
        }
        if !self.work.is_alive() {
            return refused(Reason::EmitterStopped);
        }
        // Before the room, which lets everything in that is still under way.
        if self.turnstile.is_closed() && !self.takes_nested(metadata, is_awaited) {
            return Err(NoPlace::HandsOver);
        }
        let line = &self.work.line;
        let is_nested = line.is_nested(metadata);
        if is_awaited && is_nested {
            return Ok(None);
        }
        if self.room.try_enter() {
            return reserved();
        }
        if line.can_evict(metadata) {
            return Ok(None);
        }
        let Some(patience) = self.room.patience() else {
            return refused(self.is_full());
        };
        if is_nested {
            // No place becomes free before the one that waits for it has ended.
            return refused(self.is_full());
        }
        let since = since.get_or_insert_with(Instant::now);
        let patient = since.checked_add(patience);
        let (until, reason) = match (patient, metadata.deadline()) {
            (Some(patient), Some(deadline)) if deadline < patient => {
                (Some(deadline), Reason::Expired)
            }
            (None, Some(deadline)) => (Some(deadline), Reason::Expired),
            (patient, _) => (patient, self.is_full()),
        };
        let home = self.core.linker.core().home();
        match in_time(home, until, self.room.enter()).await {
            Some(Ok(())) => reserved(),
            Some(Err(Closed)) => Err(NoPlace::HandsOver),
            None => refused(reason),
        }
    }

    fn is_full(&self) -> Reason {
        let capacity = self.room.capacity();
        let full = Reason::EmitterFull { capacity };
        let overflow = self.work.line.plan().overflow;
        overflow.turned_away(capacity, full)
    }

    /// Where one would be run that comes now, or why it would be turned away. It takes no
    /// place.
    pub(in crate::emitter) fn peek(&self, metadata: &Metadata) -> Result<Place, Reason> {
        if self.runs_here() {
            return Ok(Place::Here);
        }
        if !self.work.is_alive() {
            return Err(Reason::EmitterStopped);
        }
        let line = &self.work.line;
        if !self.room.has_place() && !line.can_evict(metadata) {
            return Err(self.is_full());
        }
        Ok(match line.plan().service {
            Service::OnDemand => Place::Here,
            _ => Place::Elsewhere,
        })
    }

    /// Whether one that comes now is run by the one that emits it.
    #[inline(always)]
    pub(super) fn runs_here(&self) -> bool {
        let plan = self.work.line.plan();
        matches!(self.work.how, How::Run)
            && plan.service == Service::Bypass
            && self.work.line.is_clear()
    }

    /// Which way one goes that was let in, or why it is turned away.
    #[inline]
    pub(super) fn admit(
        &self,
        metadata: &Metadata,
        is_awaited: bool,
        has_place: bool,
    ) -> Result<Admission, Reason> {
        if self.runs_here() {
            return Ok(Admission::Here);
        }
        if !self.work.is_alive() {
            return Err(Reason::EmitterStopped);
        }
        let line = &self.work.line;
        if is_awaited && line.is_nested(metadata) {
            return Ok(Admission::AtOnce);
        }
        if has_place || self.room.try_enter() {
            return Ok(Admission::Line { has_place: true });
        }
        if line.can_evict(metadata) {
            return Ok(Admission::Line { has_place: false });
        }
        Err(self.is_full())
    }

    /// Puts one into the line; one of a batch together with the others.
    pub(super) fn queue(
        self: &Arc<Self>,
        mut emission: Emission,
        is_forced: bool,
        batch: Option<&mut Batch>,
    ) {
        let has_place = emission.ticket().is_none_or(Ticket::try_enter) || is_forced;
        let line = &self.work.line;
        let pushed = match batch.filter(|_| has_place) {
            Some(batch) => {
                batch.owe(self);
                line.push_quietly(emission, has_place)
            }
            None => line.push(emission, has_place),
        };
        match pushed {
            Pushed::Waits { evicted, serve } => {
                if let Some(evicted) = evicted {
                    let capacity = self.room.capacity();
                    let overflow = self.work.line.plan().overflow;
                    // It is not the newcomer's to suffer from its event's drop.
                    shielded(|| evicted.refuse(&overflow.evicted(capacity)));
                }
                if serve {
                    self.serve();
                }
            }
            Pushed::Clear(emission) => self.work.run(emission, None),
            Pushed::Full(emission) => emission.refuse(&self.is_full()),
            Pushed::Dead(emission) => drop(emission),
        }
    }

    /// Lets several in that are to wait together, as many as there is room for, where nobody
    /// can tell from their waiting one by one.
    pub(in crate::emitter) fn reserve_together(
        self: &Arc<Self>,
        count: usize,
    ) -> Option<Places<'_>> {
        let plan = self.work.line.plan();
        let waits = plan.takes_all() && plan.service == Service::Stays;
        let runs = matches!(self.work.how, How::Run) && self.work.is_alive();
        if !waits || !runs || !self.enter() {
            return None;
        }
        let count = self.room.try_enter_many(count);
        let places = Places::new(self, count);
        (count > 0).then_some(places)
    }

    /// Serves the line on this thread, as far as that goes without waiting, and has
    /// the rest done on the linker's arbiter.
    fn serve(&self) {
        let mut serving = Box::pin(Runner::new(&self.work, 0).serve());
        if serving.as_mut().now_or_never().is_none() {
            self.core.linker.core().home().spawn(serving);
        }
    }

    /// Runs one in the middle of the one whose handler waits for it.
    pub(super) fn run_at_once(self: &Arc<Self>, emission: Emission) {
        let about = emission.metadata();
        let (cause, id) = (about.causation().unwrap_or(about.id()), about.id());
        let end = Box::pin(emission.ended());
        match self.work.line.join(cause, id, end) {
            Some(seat) => self.work.run_at(emission, seat),
            // It has ended meanwhile: nobody holds this one up any more.
            None => self.queue(emission, true, None),
        }
    }
}

impl Drop for Gear {
    fn drop(&mut self) {
        // Nothing waits any more: whatever did would hold the gear.
        self.work.line.close();
    }
}

/// Every emission holds the gear that runs it, so it lives until its work is done.
impl Origin for Gear {
    #[inline]
    fn ended(&self, deliveries: usize) {
        self.load.end_with(deliveries);
    }

    fn went_wrong(&self, outcome: &Outcome) {
        self.core.deliveries.went_wrong(outcome);
    }

    fn tried_again(&self) {
        self.core.deliveries.tried_again();
    }

    fn timed(&self, timed: Timed) {
        self.core.deliveries.timed(timed);
    }

    #[inline]
    fn waits_no_longer(&self) {
        self.room.leave();
    }

    #[inline]
    fn ran(&self) {
        self.left();
    }

    fn is_draining(&self) -> bool {
        self.load.is_closed()
    }

    fn into_any(self: Arc<Self>) -> Arc<AnyEvent> {
        self
    }
}
