use std::sync::Arc;

use actix::clock::Instant;

use crate::event::{EmissionId, HandlerRef, Metadata};
use crate::in_time::in_time;
use crate::outcome::Reason;

use super::overflow::Overflow;
use super::queue::{Displaced, Standing};
use super::record::Record;

/// What a handler has to say to an emission.
pub(super) trait Taker {
    /// Whether it wants it.
    fn admits(&self, metadata: &Metadata) -> Result<(), Reason>;

    /// Whether it could take it.
    fn check(&self) -> Result<(), Reason>;
}

/// The room of a delivery in its lane.
#[derive(Clone, Copy)]
enum Place {
    /// It has waited for it, and has it.
    Taken,
    ToFind(Standing),
}

/// What has become of the room that was waited for.
enum Room {
    Used,
    Spare,
}

/// The algebra of a subscription's options: the questions that a delivery is asked
/// before it is accepted, in one order. What an earlier one turns away never reaches a
/// later one.
impl Record {
    /// Claims one delivery, and counts the answer.
    #[inline]
    pub(super) fn claim(
        self: &Arc<Self>,
        taker: &impl Taker,
        metadata: &Metadata,
    ) -> Result<(), Reason> {
        self.claim_as(Standing::Last, taker, metadata)
    }

    /// The same, for one that may not come after all others.
    pub(super) fn claim_as(
        self: &Arc<Self>,
        standing: Standing,
        taker: &impl Taker,
        metadata: &Metadata,
    ) -> Result<(), Reason> {
        self.count(self.try_claim(standing, taker, metadata))
    }

    /// Counts how it answered an emission.
    #[inline]
    pub(super) fn count(&self, answer: Result<(), Reason>) -> Result<(), Reason> {
        self.tally().answered(&answer);
        answer
    }

    #[inline]
    fn try_claim(
        self: &Arc<Self>,
        standing: Standing,
        taker: &impl Taker,
        metadata: &Metadata,
    ) -> Result<(), Reason> {
        if metadata.is_done_by(&self.handler) {
            return Err(Reason::Done);
        }
        if self.tally().asks_nothing() {
            taker.admits(metadata)?;
            taker.check()?;
            if self.tally().try_enter() {
                return Ok(());
            }
            return self.commit(taker, metadata, Place::ToFind(standing));
        }
        self.ask(taker, metadata)?;
        if self.take_over(standing, taker, metadata)? {
            return Ok(());
        }
        self.commit(taker, metadata, Place::ToFind(standing))
    }

    /// What [`claim`](Self::claim) would answer: the same questions in the same order,
    /// with nothing taken, given back or counted.
    pub(super) fn peek(&self, taker: &impl Taker, metadata: &Metadata) -> Result<(), Reason> {
        self.ask_interest(taker, metadata)?;
        if let Some(pace) = &self.pace {
            let now = Instant::now();
            pace.peek(now).map_err(|when| throttled(when, now))?;
        }
        if self.lane.debounces() {
            taker.check()?;
            if self.lane.would_supersede(metadata) {
                return Ok(());
            }
        }
        if self.shots.as_ref().is_some_and(|s| !s.is_any_free()) {
            return Err(Reason::Spent);
        }
        taker.check()?;
        if let Some(runs) = &self.runs {
            runs.peek()?;
        }
        let room = self.lane.peek(metadata);
        room.map_err(|reason| self.explain(reason, metadata))
    }

    /// What costs it nothing but a turn of its throttle.
    #[inline]
    fn ask(&self, taker: &impl Taker, metadata: &Metadata) -> Result<(), Reason> {
        self.ask_interest(taker, metadata)?;
        let Some(pace) = &self.pace else {
            return Ok(());
        };
        let now = Instant::now();
        pace.try_take(now).map_err(|when| throttled(when, now))
    }

    /// What costs it nothing.
    fn ask_interest(&self, taker: &impl Taker, metadata: &Metadata) -> Result<(), Reason> {
        self.is_open()?;
        taker.admits(metadata)
    }

    /// Whether it takes anything at this time.
    fn is_open(&self) -> Result<(), Reason> {
        if self.refuses_for_now() {
            return Err(Reason::Paused);
        }
        if self.until.is_some_and(|until| until <= Instant::now()) {
            return Err(Reason::Over);
        }
        Ok(())
    }

    /// Takes the place of an older one that waits for newer ones, with all that it has
    /// claimed. Returns whether there was any.
    #[inline]
    fn take_over(
        self: &Arc<Self>,
        standing: Standing,
        taker: &impl Taker,
        metadata: &Metadata,
    ) -> Result<bool, Reason> {
        if !self.lane.debounces() {
            return Ok(false);
        }
        taker.check()?;
        if standing == Standing::First {
            return match self.lane.would_supersede(metadata) {
                true => Err(Reason::Debounced),
                false => Ok(false),
            };
        }
        let Some(older) = self.lane.supersede(metadata) else {
            return Ok(false);
        };
        if let Some(runs) = &self.runs {
            runs.pass_on(older.id, metadata.id());
        }
        if let Some(errand) = older.errand {
            errand.end(Reason::Debounced);
        }
        Ok(true)
    }

    /// What is claimed, to be given back if a later step turns it away.
    #[inline]
    fn commit(
        self: &Arc<Self>,
        taker: &impl Taker,
        metadata: &Metadata,
        place: Place,
    ) -> Result<(), Reason> {
        if self
            .shots
            .as_ref()
            .is_some_and(|shots| !shots.is_any_free())
        {
            return Err(Reason::Spent);
        }
        taker.check()?;
        let (pass, change) = match &self.runs {
            Some(runs) => runs.ask()?,
            None => (None, None),
        };
        // Whoever comes second must not drop what the first one put in the lane.
        // There is room for the first: so it is still the last thing to be refused.
        let claimed = self.claim_shot().and_then(|()| {
            let evicted = match place {
                Place::Taken => {
                    self.lane.admit(metadata, Standing::Last);
                    None
                }
                Place::ToFind(standing) => {
                    let claimed = self.lane.claim(metadata, standing);
                    claimed.inspect_err(|_| self.give_shot_back())?
                }
            };
            if let Some(evicted) = evicted {
                self.evict(evicted);
            }
            Ok(())
        });
        if let Some(runs) = &self.runs {
            match claimed {
                Ok(()) => runs.claimed(metadata.id(), pass),
                Err(_) => runs.give_back(pass),
            }
        }
        self.tell_of_change(change);
        claimed.map_err(|reason| self.explain(reason, metadata))
    }

    /// Like [`claim`](Self::claim), and waits for room in its lane. The answer is not
    /// counted yet.
    ///
    /// Dropped before it has resolved, it has claimed nothing.
    pub(super) async fn claim_when_ready(
        self: &Arc<Self>,
        taker: &impl Taker,
        metadata: &Metadata,
    ) -> Result<(), Reason> {
        let claimed = self.try_claim(Standing::Last, taker, metadata);
        // What is full of itself would only use its time up.
        let (Err(Reason::LaneFull { .. }), Overflow::Wait(limit)) =
            (&claimed, self.lane.overflow())
        else {
            return claimed;
        };
        // Its deadline is looked after by the one that waits for all lanes.
        let until = Instant::now().checked_add(limit);
        let registry = self.registry.upgrade();
        let host = registry.and_then(|registry| registry.host());
        let room = match &host {
            Some(host) => {
                let entered = in_time(host.home(), until, self.lane.enter());
                entered.await.unwrap_or(false)
            }
            // The linker has gone.
            None => false,
        };
        if !room {
            return claimed;
        }
        let claimed = self.claim_with_room(taker, metadata);
        if !matches!(claimed, Ok(Room::Used)) {
            self.lane.exit();
        }
        claimed.map(drop)
    }

    /// Claims for one that has waited for room: meanwhile it may have been paused, or
    /// its time be over, or one have come whose place it can take.
    fn claim_with_room(
        self: &Arc<Self>,
        taker: &impl Taker,
        metadata: &Metadata,
    ) -> Result<Room, Reason> {
        self.is_open()?;
        if self.take_over(Standing::Last, taker, metadata)? {
            return Ok(Room::Spare);
        }
        self.commit(taker, metadata, Place::Taken)?;
        Ok(Room::Used)
    }

    /// Ends one that has lost its place. If its emission is still to be run, it ends
    /// then, and what it claimed is free by now.
    fn evict(&self, Displaced { id, errand }: Displaced) {
        if let Some(errand) = errand {
            return errand.end(self.lane.dropped());
        }
        if let Some(runs) = &self.runs {
            drop(runs.end(id));
        }
        self.give_shot_back();
    }

    #[inline]
    fn claim_shot(&self) -> Result<(), Reason> {
        match &self.shots {
            Some(shots) if !shots.try_claim() => return Err(Reason::Spent),
            _ => {}
        }
        self.expect();
        Ok(())
    }

    #[inline]
    pub(super) fn give_shot_back(&self) {
        if let Some(shots) = &self.shots {
            shots.give_back();
        }
        drop(self.arrival());
    }

    /// Gives back what one has claimed whose emission was never made, unless it has lost
    /// that to a newer one.
    pub(super) fn unclaim(self: &Arc<Self>, id: EmissionId) {
        if self.lane.withdraw(id).is_some() {
            return;
        }
        if let Some(runs) = &self.runs {
            drop(runs.end(id));
        }
        self.leave(id);
        self.give_shot_back();
    }

    /// A full lane, or one that is full of what leads back to it.
    fn explain(&self, reason: Reason, metadata: &Metadata) -> Reason {
        match (reason, HandlerRef::back_to(metadata.path(), self.id())) {
            (Reason::LaneFull { capacity }, Some(path)) => Reason::Cycle { capacity, path },
            (reason, _) => reason,
        }
    }
}

fn throttled(when: Instant, now: Instant) -> Reason {
    Reason::Throttled {
        retry_in: when.saturating_duration_since(now),
    }
}
