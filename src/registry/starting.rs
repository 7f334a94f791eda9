//! How the deliveries of an emission are started, once they have been claimed.
//!
//! Where nobody looks, there are short ways: callbacks are lent one delivery after the other,
//! and an emission to one actor is the delivery. All else takes [`run`](Route::run).

use std::sync::Arc;

use actix::clock::Instant;

use crate::biased::ThisThread;
use crate::delivery::{Alone, AnyHeld, Delivery, Held, Laps, Origin, Parted, Turn};
use crate::event::AnyEvent;
use crate::outcome::{Reason, Verdict, panicked};
use crate::shield::{shielded, try_run};

use super::course::Course;
use super::errand::LaneErrand;
use super::goal::Goal;
use super::queue::{Errand, Turnout};
use super::record::Record;
use super::route::{Accepted, Route};
use super::runs::Spot;
use super::target::Target;

impl<E: Send + Sync + 'static> Route<E> {
    /// Starts the accepted deliveries, one after the other, on this thread. One
    /// that cannot start here is refused, and spends nothing.
    pub(crate) fn run(&self, held: Held<E>, accepted: &Accepted, may_block: bool) {
        let is_unwatched = held.header().is_unwatched();
        let is_short = is_unwatched && !self.is_heard();
        let mut lent = Some(Turn::lend(held));
        let mut lent_any: Option<Delivery<AnyEvent>> = None;
        let (mut next, count) = (0, accepted.count(self.entries().len()));
        // One shield for all of them; after a panic the next one goes on.
        while next < count {
            shielded(|| {
                while next < count {
                    let (position, is_last) = (accepted.position(next), next + 1 == count);
                    next += 1;
                    let entry = &self.entries()[position];
                    // What it is given is not needed any more, but for other types.
                    let is_last = is_last && lent_any.is_none();
                    let is_done =
                        is_short && entry.run_shortly(&mut lent, position, is_last, may_block);
                    if !is_done {
                        if let Some(lent) = &lent {
                            self.start(lent, &mut lent_any, position, may_block);
                        }
                    }
                }
            });
        }
        if lent.is_some() || lent_any.is_some() {
            // The last to hold the event, perhaps.
            shielded(move || drop((lent, lent_any)));
        }
    }

    /// Passes an emission that nobody else holds or looks at on to the one actor that it is
    /// for.
    #[inline(always)]
    pub(crate) fn post(&self, alone: Alone<E>) {
        shielded(|| self.entries()[0].post(alone));
    }

    /// Runs an emission that nobody else holds or looks at, and of which all deliveries were
    /// accepted, on this thread. Its origin is told that it has.
    #[inline(always)]
    pub(crate) fn run_alone(alone: Alone<E>, timed: Option<Instant>) {
        let mut lent = Turn::lend(alone.into());
        Self::run_lent(&mut lent, timed.map(Laps::since).as_mut());
        shielded(|| {
            lent.held().ledger().origin().ran();
            lent.put_aside();
        });
    }

    #[inline]
    fn run_lent(lent: &mut Delivery<E>, mut laps: Option<&mut Laps>) {
        let mut next = 0;
        while let Some((position, verdict)) = lent.held().run_from(lent, next, laps.as_deref_mut())
        {
            next = position + 1;
            // Whoever hears of such an end may keep the event.
            lent.share();
            shielded(|| lent.held().close(position, verdict));
        }
    }

    /// Runs emissions that have waited together, one after the other, on this thread. All
    /// their deliveries were accepted.
    pub(crate) fn run_together(&self, mut fleet: Parted<E, Arc<Course<E>>>, origin: &dyn Origin) {
        let mut lent = None;
        while let Some((emitted, mut laps)) = fleet.next() {
            origin.waits_no_longer();
            // The one before ends here, with all that it holds of a user's.
            shielded(|| fleet.lend(&mut lent, emitted));
            if let Some(lent) = &mut lent {
                Self::run_lent(lent, laps.as_mut());
            }
        }
        shielded(|| lent.iter_mut().for_each(Delivery::put_aside));
    }

    /// Ends such emissions unrun.
    pub(crate) fn abandon_together(
        &self,
        mut fleet: Parted<E, Arc<Course<E>>>,
        origin: &dyn Origin,
        verdict: &dyn Fn() -> Verdict,
    ) {
        while let Some((emitted, _)) = fleet.next() {
            origin.waits_no_longer();
            let held = fleet.share(emitted);
            self.abandon(&held, &Accepted::All, verdict);
            // The last to hold the event, perhaps.
            shielded(move || drop(held));
        }
    }

    /// Runs the callbacks from a position on, up to the first that ends otherwise than as
    /// handled without an answer. Returns where that is.
    #[inline]
    pub(super) fn run_from(
        &self,
        lent: &Delivery<E>,
        first: usize,
        mut laps: Option<&mut Laps>,
    ) -> Option<(usize, Verdict)> {
        let entries = self.entries();
        let me = ThisThread::get();
        // One shield for all of them.
        let ran = try_run(|| {
            let mut rest = entries.iter().enumerate().skip(first);
            let Some(laps) = &mut laps else {
                return rest.find_map(|(position, entry)| {
                    lent.lend_to(position);
                    entry.call(lent, me)
                });
            };
            rest.find_map(|(position, entry)| {
                lent.lend_to(position);
                let verdict = entry.call(lent, me);
                entry.timed(laps, lent);
                verdict
            })
        });
        let position = lent.position();
        let verdict = ran.unwrap_or_else(|panic| {
            let verdict = Box::new(panicked(panic));
            if let Some(laps) = &mut laps {
                entries[position].timed(laps, lent);
            }
            Some(verdict)
        })?;
        Some((position, *verdict))
    }

    fn start(
        &self,
        lent: &Delivery<E>,
        lent_any: &mut Option<Delivery<AnyEvent>>,
        position: usize,
        may_block: bool,
    ) {
        let entry = &self.entries()[position];
        let (record, goal) = (&entry.record, &entry.goal);
        if !entry.can_start() {
            let verdict = Verdict::Refused(Reason::NoArbiter);
            return record.abandon(position, lent.held(), verdict);
        }
        match goal {
            Goal::Typed(aim) => deliver(record, &aim.target, lent, position, may_block),
            Goal::Any(aim) => {
                let lent = lent_any.get_or_insert_with(|| Turn::lend(lent.held().share()));
                deliver(record, &aim.target, lent, position, may_block);
            }
            Goal::Mismatch(_) => unreachable!("a mismatch is never accepted"),
        }
    }
}

/// Makes one delivery, or lets it wait for its turn in the lane.
pub(super) fn deliver<E: ?Sized + Send + Sync + 'static>(
    record: &Arc<Record>,
    target: &Arc<dyn Target<E>>,
    lent: &Delivery<E>,
    position: usize,
    may_block: bool,
) {
    let held = lent.held();
    let header = held.header();
    let errand = || -> Box<dyn Errand> {
        let spot = Spot::here(may_block);
        Box::new(LaneErrand::new(
            held.clone(),
            position,
            record,
            target,
            spot,
        ))
    };
    let is_hurried = || record.is_hurried(&**held.ledger().origin());
    match record.lane.arrive(header.metadata.id(), is_hurried, errand) {
        Turnout::Now => {
            // What begins later arrives then.
            if target.begins_later() {
                return target.start(Turn::new(lent, position, may_block));
            }
            let spot = || Spot::here(may_block);
            if record.begin(position, held, target.ends_in_time(), spot) {
                let _arrival = record.arrival();
                target.start(Turn::new(lent, position, may_block));
            }
        }
        Turnout::Later(next) => record.pump(next),
        Turnout::Dropped(reason) => record.displace(position, held, reason),
    }
}
