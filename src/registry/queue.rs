//! What waits in a lane, and what is next.
//!
//! It is long because its rules meet here: serial, batches, pace, debounce, coalescing,
//! a pause and an order of arrival decide about one queue, under one lock, and each has to
//! heed the others. [`Lane`](super::lane::Lane) is the way in.

use std::collections::{HashMap, HashSet};

use actix::clock::Instant;

use crate::event::{EmissionId, Metadata};
use crate::outcome::Reason;
use crate::policy::{Debounce, Pace};

use super::tickets::{Group, Quiet, Rank, Ticket, Tickets};

/// A delivery whose emission has been run, and that waits for the handler.
/// Dropped, it is lost, and says so.
pub(super) trait Errand: Send {
    /// Starts it, on the arbiter that its emission ran on.
    fn start(self: Box<Self>);

    /// Ends it unstarted.
    fn end(self: Box<Self>, reason: Reason);
}

/// Where a delivery comes in its lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// After all others, and it need not arrive in that order.
    Last,
    /// After all others; and what comes after it waits until it has arrived.
    Late,
    /// Before all others, which are newer: what it would drive out is worth more than
    /// it. They wait until it has arrived.
    First,
}

/// Whether a delivery can be made, when its emission is run.
pub(super) enum Turnout {
    Now,
    /// Its errand waits.
    Later(Next),
    /// It has lost its place to a newer one.
    Dropped(Reason),
}

/// What is to be done for those that wait.
#[must_use = "what waits is to be started"]
pub(super) enum Next {
    Nothing,
    Start(Box<dyn Errand>),
    /// Somebody is to look again then.
    Wake(Instant),
}

/// A delivery whose place is a newer one's.
pub(super) struct Displaced {
    pub(super) id: EmissionId,
    /// If its emission has been run.
    pub(super) errand: Option<Box<dyn Errand>>,
}

/// What makes deliveries wait in their lane.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    /// One is handled at a time.
    pub(super) serial: bool,
    /// Deliveries are handled in batches.
    pub(super) batches: bool,
    /// One batch is handled at a time.
    pub(super) serial_batches: bool,
    /// It is handled to its end, attempts to come included, before the next.
    pub(crate) in_order: bool,
    /// What has the same key makes room for its latest.
    pub(super) coalesces: bool,
    pub(crate) pace: Option<Pace>,
    pub(crate) debounce: Option<Debounce>,
}

impl Rules {
    pub(crate) fn new(in_order: bool, pace: Option<Pace>, debounce: Option<Debounce>) -> Self {
        Self {
            in_order,
            pace,
            debounce,
            ..Self::default()
        }
    }

    /// For a handler of batches, or of single deliveries.
    pub(crate) fn in_batches(self, batches: bool) -> Self {
        Self { batches, ..self }
    }

    /// For a lane that takes back what waits, or not.
    pub(super) fn taking_back(self, takes_back: bool) -> Self {
        let serial = self.in_order || takes_back;
        Self {
            serial: serial && !self.batches,
            serial_batches: serial && self.batches,
            ..self
        }
    }

    /// Whether a delivery may have to wait for more than room.
    pub(crate) fn is_any(&self) -> bool {
        self.in_order || self.pace.is_some() || self.debounce.is_some()
    }
}

/// The deliveries of a lane that are not with the handler yet, from the moment their
/// emissions were accepted.
///
/// When an emission is run, its delivery finds its ticket gone, or its turn come, or
/// waits as an [`Errand`]. One errand is started at a time. In a serial lane the next
/// waits until that has ended, in any other until it has been handed over: so what had
/// to wait keeps its order, and nothing that comes meanwhile overtakes it.
///
/// A handler of batches collects what is handed over. Where the lane is one in which one
/// thing is handled at a time, that is a batch: from when it [begins](Self::begin_batch)
/// until all in it have ended, nothing more is handed over, and waits here.
#[derive(Default)]
pub(super) struct Queue {
    waiting: Tickets,
    /// The one that the next waits for.
    current: Option<EmissionId>,
    /// What has not ended of the batch that the next waits for.
    batch: HashSet<EmissionId>,
    /// Begins the next batch, which waits for that.
    next_batch: Option<Box<dyn Errand>>,
    /// Somebody is starting errands, and will see to the next one too.
    starting: bool,
    /// The subscription is paused.
    held: bool,
    /// What is to come first has not been claimed yet.
    shut: bool,
    /// When somebody looks again.
    alarm: Option<Instant>,
    /// Those whose place went to a newer one before their emission was run, and why.
    displaced: HashMap<EmissionId, Reason>,
}

impl Queue {
    /// How many are not with the handler yet.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// One in which what comes first is still to be claimed.
    pub(super) fn shut() -> Self {
        Self {
            shut: true,
            ..Self::default()
        }
    }

    /// Adds the ticket of one that has room.
    pub(super) fn admit(
        &mut self,
        rules: &Rules,
        metadata: &Metadata,
        standing: Standing,
        now: Instant,
    ) {
        let quiet = rules.debounce.as_ref().map(|debounce| Quiet {
            first: now,
            due: debounce.due(now, now),
        });
        self.push(rules, metadata, quiet, standing);
    }

    fn push(
        &mut self,
        rules: &Rules,
        metadata: &Metadata,
        quiet: Option<Quiet>,
        standing: Standing,
    ) {
        let grouped = rules.debounce.is_some() || (rules.coalesces && metadata.key().is_some());
        let ticket = Ticket {
            id: metadata.id(),
            group: grouped.then(|| Group::of(metadata)),
            errand: None,
            quiet,
            is_awaited: standing != Standing::Last,
        };
        let rank = match standing {
            Standing::First => Rank::First,
            Standing::Last | Standing::Late => Rank::InTurn,
        };
        self.waiting.push(rank, ticket);
    }

    /// Gives a newer one the place of the one that it makes needless, if there is one
    /// that waits for that.
    pub(super) fn supersede(
        &mut self,
        rules: &Rules,
        metadata: &Metadata,
        now: Instant,
    ) -> Option<Displaced> {
        let debounce = rules.debounce.as_ref()?;
        let at = self.waiting.quiet_of(&Group::of(metadata))?;
        let older = self.waiting.take(at)?;
        if older.errand.is_none() {
            self.displaced.insert(older.id, Reason::Debounced);
        }
        let first = older.quiet.map_or(now, |quiet| quiet.first);
        let due = debounce.due(first, now);
        self.push(rules, metadata, Some(Quiet { first, due }), Standing::Last);
        let Ticket { id, errand, .. } = older;
        Some(Displaced { id, errand })
    }

    /// Whether one waits whose place [`supersede`](Self::supersede) would give to a newer one.
    pub(super) fn is_superseded(&self, metadata: &Metadata) -> bool {
        self.waiting.quiet_of(&Group::of(metadata)).is_some()
    }

    /// Whether [`evict`](Self::evict) would find one that makes room.
    pub(super) fn can_evict(&self, rules: &Rules, metadata: &Metadata) -> bool {
        if !rules.coalesces {
            return self.waiting.first().is_some();
        }
        let group = metadata.key().map(|_| Group::of(metadata));
        group.is_some_and(|group| self.waiting.first_of(&group).is_some())
    }

    /// Makes room for a newer one, if the lane takes back what waits, for `reason`.
    /// Returns the one that lost its place.
    pub(super) fn evict(
        &mut self,
        rules: &Rules,
        metadata: &Metadata,
        reason: Reason,
    ) -> Option<Displaced> {
        let at = if rules.coalesces {
            let group = metadata.key().map(|_| Group::of(metadata))?;
            self.waiting.first_of(&group)?
        } else {
            self.waiting.first()?
        };
        let evicted = self.waiting.take(at)?;
        if evicted.errand.is_none() {
            self.displaced.insert(evicted.id, reason);
        }
        let Ticket { id, errand, .. } = evicted;
        Some(Displaced { id, errand })
    }

    /// Asks whether a delivery that has room can be made now. If it must wait,
    /// `errand` says how it is made.
    pub(super) fn arrive(
        &mut self,
        rules: &Rules,
        id: EmissionId,
        arrival: Arrival,
        errand: impl FnOnce() -> Box<dyn Errand>,
    ) -> Turnout {
        let now = arrival.now;
        let Some(at) = self.waiting.coming(id) else {
            let displaced = self.displaced.remove(&id);
            return Turnout::Dropped(displaced.expect("what was let in has a place, or lost it"));
        };
        if arrival.is_hurried {
            self.waiting.hurry(at);
        }
        let due = self.waiting.due_of(at).filter(|due| *due > now);
        let awaited = self.waiting.first_awaited();
        let others = self.waiting.ready(now).is_some() || awaited.is_some_and(|first| first < at);
        let is_free = !self.is_held() && !self.starting && self.is_idle();
        // Those that wait for one that was awaited are started after it: so it goes the
        // way that they go.
        let is_awaited = self.waiting.is_awaited(at);
        let mut look_again = due;
        if due.is_none() && !others && is_free && !is_awaited {
            let pace = rules.pace.as_ref();
            match pace.map_or(Ok(()), |pace| pace.try_take(now)) {
                Ok(()) => {
                    self.waiting.take(at);
                    self.current = rules.serial.then_some(id);
                    return Turnout::Now;
                }
                Err(when) => look_again = Some(when),
            }
        }
        self.waiting.came(at, errand());
        Turnout::Later(match look_again {
            _ if is_awaited => self.next_unless_starting(rules, now),
            Some(when) => self.wake_at(when),
            None => Next::Nothing,
        })
    }

    fn is_held(&self) -> bool {
        self.held || self.shut
    }

    /// A delivery has been handed over to its handler.
    pub(super) fn handed_over(&mut self, rules: &Rules, id: EmissionId, now: Instant) -> Next {
        if rules.serial || self.current != Some(id) {
            return Next::Nothing;
        }
        self.current = None;
        self.next_unless_starting(rules, now)
    }

    /// A delivery has ended, or its emission was never run.
    ///
    /// One that cannot be started, because its arbiter has stopped, ends at once and
    /// so leaves while it is being started. The one that starts it then goes on with
    /// the next, and not this: thousands of them would be as many levels deep.
    pub(super) fn leave(&mut self, rules: &Rules, id: EmissionId, now: Instant) -> Next {
        if self.current == Some(id) {
            self.current = None;
            self.batch.remove(&id);
            return self.next_unless_starting(rules, now);
        }
        if self.batch.remove(&id) {
            return self.next_unless_starting(rules, now);
        }
        Next::Nothing
    }

    /// Takes out one whose emission is not to be run; or returns why it had lost its
    /// place to a newer one before, and forgets it. From then on nothing newer takes it.
    pub(super) fn withdraw(&mut self, id: EmissionId) -> Option<Reason> {
        if let Some(at) = self.waiting.coming(id) {
            self.waiting.take(at);
            return None;
        }
        self.displaced.remove(&id)
    }

    /// A delivery waits to be tried again, and the others do not wait for it, unless
    /// that is asked for.
    pub(super) fn park(&mut self, rules: &Rules, id: EmissionId, now: Instant) -> Next {
        if rules.in_order {
            return Next::Nothing;
        }
        if !self.batch.remove(&id) && self.current != Some(id) {
            return Next::Nothing;
        }
        self.current = self.current.filter(|current| *current != id);
        self.next_unless_starting(rules, now)
    }

    /// A delivery is to be tried again, before all that have not been tried.
    pub(super) fn unpark(
        &mut self,
        rules: &Rules,
        id: EmissionId,
        errand: Box<dyn Errand>,
        now: Instant,
    ) -> Next {
        if self.current == Some(id) {
            self.current = None;
        }
        self.batch.remove(&id);
        // Those of one batch come back in any order, and the ids of an emitter rise.
        let order = rules.in_order.then_some(id);
        let ticket = Ticket {
            id,
            group: None,
            errand: Some(errand),
            quiet: None,
            is_awaited: false,
        };
        self.waiting.push(Rank::Again(order), ticket);
        self.next_unless_starting(rules, now)
    }

    /// A batch is to begin. Returns whether it may now; `errand` begins it as soon as it
    /// may, if it may not.
    pub(super) fn begin_batch(
        &mut self,
        ids: impl Iterator<Item = EmissionId>,
        errand: impl FnOnce() -> Box<dyn Errand>,
    ) -> bool {
        if !self.batch.is_empty() {
            self.next_batch.get_or_insert_with(errand);
            return false;
        }
        self.batch.extend(ids);
        true
    }

    /// Holds everything that waits, or lets it go on.
    pub(super) fn hold(&mut self, rules: &Rules, held: bool, now: Instant) -> Next {
        self.held = held;
        self.next_unless_starting(rules, now)
    }

    /// What is to come first has been claimed.
    pub(super) fn open(&mut self, rules: &Rules, now: Instant) -> Next {
        self.shut = false;
        self.next_unless_starting(rules, now)
    }

    /// One that was awaited has come to its end, however it did.
    pub(super) fn go_on(&mut self, rules: &Rules, now: Instant) -> Next {
        self.next_unless_starting(rules, now)
    }

    /// Lets nothing wait for something newer any more.
    pub(super) fn flush(&mut self, rules: &Rules, now: Instant) -> Next {
        self.waiting.hurry_all();
        self.next_unless_starting(rules, now)
    }

    /// Somebody looks again, as was asked for.
    pub(super) fn wake(&mut self, rules: &Rules, asked: Instant, now: Instant) -> Next {
        self.alarm = self.alarm.filter(|alarm| *alarm != asked);
        self.next_unless_starting(rules, now)
    }

    /// Nobody will look again: what waits is given up.
    pub(super) fn give_up(&mut self) -> Vec<Box<dyn Errand>> {
        self.alarm = None;
        self.waiting.take_errands()
    }

    /// Returns what is to be started after the last that was.
    pub(super) fn next(&mut self, rules: &Rules, now: Instant) -> Next {
        self.starting = false;
        if self.batch.is_empty() {
            // It has been handed over before the lane was held.
            if let Some(errand) = self.next_batch.take() {
                self.starting = true;
                return Next::Start(errand);
            }
        }
        if self.is_held() || !self.is_idle() {
            return Next::Nothing;
        }
        let ready = self.waiting.ready(now);
        let awaited = self.waiting.first_awaited();
        if ready.is_some_and(|ready| awaited.is_some_and(|awaited| awaited < ready)) {
            return Next::Nothing;
        }
        let Some(at) = ready else {
            let due = self.waiting.next_due();
            return due.map_or(Next::Nothing, |due| self.wake_at(due));
        };
        if let Some(Err(when)) = rules.pace.as_ref().map(|pace| pace.try_take(now)) {
            return self.wake_at(when);
        }
        let Some(Ticket { id, errand, .. }) = self.waiting.take(at) else {
            return Next::Nothing;
        };
        self.current = Some(id);
        self.starting = errand.is_some();
        errand.map_or(Next::Nothing, Next::Start)
    }

    /// Whether nothing is handled that the next waits for.
    fn is_idle(&self) -> bool {
        self.current.is_none() && self.batch.is_empty()
    }

    fn next_unless_starting(&mut self, rules: &Rules, now: Instant) -> Next {
        if self.starting {
            Next::Nothing
        } else {
            self.next(rules, now)
        }
    }

    /// Asks for somebody to look again, unless somebody does so in time.
    fn wake_at(&mut self, when: Instant) -> Next {
        if self.alarm.is_some_and(|alarm| alarm <= when) {
            return Next::Nothing;
        }
        self.alarm = Some(when);
        Next::Wake(when)
    }
}

/// How a delivery comes, when its emission is run.
#[derive(Clone, Copy)]
pub(super) struct Arrival {
    pub(super) now: Instant,
    /// It is not to wait for a newer one.
    pub(super) is_hurried: bool,
}
