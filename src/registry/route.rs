use std::fmt;
use std::sync::Arc;

use crate::delivery::{AnyHeld, Delivery, Emitted, Held, Ledger, Turn};
use crate::event::{AnyEvent, EmissionId, HandlerRef, Metadata};
use crate::outcome::{Ended, Outcome, Reason, Refusal, Stage, Verdict};
use crate::shield::shielded;

use super::claims::Claims;
use super::errand::LaneErrand;
use super::lane::{Errand, Turnout};
use super::record::Record;
use super::target::Target;

/// Who an event of type `E` is for, in the order of delivery: a snapshot that
/// never changes, and the ledger of the emissions that were matched against it.
pub(crate) struct Route<E: 'static> {
    entries: Box<[Entry<E>]>,
}

pub(super) struct Entry<E: 'static> {
    pub(super) record: Arc<Record>,
    pub(super) goal: Goal<E>,
}

/// How an entry takes the event.
pub(super) enum Goal<E: 'static> {
    Typed(Arc<dyn Target<E>>),
    Any(Arc<dyn Target<AnyEvent>>),
    Mismatch(Reason),
}

/// Where an emission is to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// On this thread, as soon as it is claimed.
    Here,
    /// Somewhere else, or later.
    Elsewhere,
}

/// Which entries of a route get an emission.
#[derive(Debug)]
pub(crate) enum Accepted {
    All,
    /// Those at these positions.
    Only(Vec<usize>),
}

/// One that leads to nobody.
impl<E> Default for Route<E> {
    fn default() -> Self {
        let entries = Box::default();
        Self { entries }
    }
}

impl<E: Send + Sync + 'static> Route<E> {
    pub(super) fn new(entries: Vec<Entry<E>>) -> Self {
        Self {
            entries: entries.into_boxed_slice(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn entries(&self) -> &[Entry<E>] {
        &self.entries
    }

    /// Whether this thread has what the handlers need.
    pub(super) fn can_start(&self) -> bool {
        self.entries.iter().all(|entry| entry.goal.can_start())
    }

    /// Claims a delivery for every entry, and says which refused.
    pub(crate) fn claim(&self, place: Place, metadata: &Metadata) -> (Accepted, Vec<Refusal>) {
        let answers = 0..self.entries.len();
        self.sort(
            metadata,
            answers.map(|at| self.claim_one(at, place, metadata)),
        )
    }

    pub(super) fn claim_one(
        &self,
        position: usize,
        place: Place,
        metadata: &Metadata,
    ) -> Result<(), Reason> {
        let Entry { record, goal } = &self.entries[position];
        record.claim(goal.check(place), metadata)
    }

    /// Sorts the answers of the entries into accepted and refused.
    pub(super) fn sort(
        &self,
        metadata: &Metadata,
        answers: impl Iterator<Item = Result<(), Reason>>,
    ) -> (Accepted, Vec<Refusal>) {
        let mut accepted = Accepted::All;
        let mut refusals = Vec::new();
        for (position, answer) in answers.enumerate() {
            match answer {
                Ok(()) => {
                    if let Accepted::Only(positions) = &mut accepted {
                        positions.push(position);
                    }
                }
                Err(reason) => {
                    if matches!(accepted, Accepted::All) {
                        accepted = Accepted::Only((0..position).collect());
                    }
                    let record = &self.entries[position].record;
                    if reason == Reason::HandlerGone {
                        // Drops handlers, and tells of it.
                        shielded(|| record.unlink_dead());
                    }
                    refusals.push(record.refusal(metadata, reason));
                }
            }
        }
        (accepted, refusals)
    }

    /// Whether a subscription lets the waiting calls wait for room in its lane.
    pub(crate) fn waits(&self) -> bool {
        self.entries.iter().any(|entry| entry.record.waits())
    }

    /// Like [`claim`](Self::claim), and waits for room where a subscription says so.
    ///
    /// Dropped before it has resolved, it gives back what it has claimed.
    pub(crate) async fn claim_when_ready(
        &self,
        place: Place,
        metadata: &Metadata,
    ) -> (Accepted, Vec<Refusal>) {
        Claims::new(self, place, metadata).ask().await
    }

    /// The position in the order of delivery of each subscription that refused,
    /// with its line for a report.
    pub(crate) fn refused_lines(&self, refusals: &[Refusal]) -> Vec<(usize, Ended)> {
        let mut refusals = refusals.iter().peekable();
        let mut lines = Vec::new();
        for (position, Entry { record, .. }) in self.entries.iter().enumerate() {
            if let Some(refusal) = refusals.next_if(|r| r.subscription() == record.id()) {
                let outcome = Outcome::from(refusal.reason().clone());
                lines.push((position, record.ended(Stage::Handler, outcome)));
            }
        }
        lines
    }

    /// A line for every entry: all of them were turned away for one reason.
    pub(crate) fn refused_all(&self, reason: &Reason) -> Vec<(usize, Ended)> {
        let line = |(position, entry): (usize, &Entry<E>)| {
            let outcome = Outcome::from(reason.clone());
            (position, entry.record.ended(Stage::Handler, outcome))
        };
        self.entries.iter().enumerate().map(line).collect()
    }

    /// Ends deliveries that were claimed and are never to start.
    pub(crate) fn abandon(
        &self,
        emitted: &Arc<Emitted<E>>,
        accepted: &Accepted,
        verdict: &dyn Fn() -> Verdict,
    ) {
        let held = Held::new(emitted.clone());
        for position in accepted.positions(self.entries.len()) {
            let record = &self.entries[position].record;
            shielded(|| record.abandon(position, &held, verdict()));
        }
    }

    /// Starts the accepted deliveries, one after the other, on this thread. One
    /// that cannot start here is refused, and spends nothing.
    pub(crate) fn run(&self, emitted: Arc<Emitted<E>>, accepted: &Accepted, may_block: bool) {
        let lent = Turn::lend(Held::new(emitted));
        let mut lent_any: Option<Delivery<AnyEvent>> = None;
        let mut positions = accepted.positions(self.entries.len());
        // One shield for all of them; after a panic the next one goes on.
        let mut done = false;
        while !done {
            shielded(|| {
                for position in positions.by_ref() {
                    self.start(&lent, &mut lent_any, position, may_block);
                }
                done = true;
            });
        }
        // The last to hold the event, perhaps.
        shielded(move || drop((lent, lent_any)));
    }

    fn start(
        &self,
        lent: &Delivery<E>,
        lent_any: &mut Option<Delivery<AnyEvent>>,
        position: usize,
        may_block: bool,
    ) {
        let Entry { record, goal } = &self.entries[position];
        if !goal.can_start() {
            let verdict = Verdict::Refused(Reason::NoArbiter);
            return record.abandon(position, lent.held(), verdict);
        }
        match goal {
            Goal::Typed(target) => deliver(record, target, lent, position, may_block),
            Goal::Any(target) => {
                let lent =
                    lent_any.get_or_insert_with(|| Turn::lend(Held::any(lent.held().share())));
                deliver(record, target, lent, position, may_block);
            }
            Goal::Mismatch(_) => unreachable!("a mismatch is never accepted"),
        }
    }
}

/// Makes one delivery, or lets it wait for its turn in the lane.
fn deliver<E: ?Sized + Send + Sync + 'static>(
    record: &Arc<Record>,
    target: &Arc<dyn Target<E>>,
    lent: &Delivery<E>,
    position: usize,
    may_block: bool,
) {
    let held = lent.held();
    let errand = || -> Box<dyn Errand> {
        let held = held.clone();
        Box::new(LaneErrand::new(held, position, record, target, may_block))
    };
    match record
        .lane
        .arrive(held.emitted.header.metadata.id(), errand)
    {
        Turnout::Now => {
            record.begin(position, held, target.ends_in_time());
            target.start(Turn::new(lent, position, may_block));
        }
        Turnout::Later => {}
        Turnout::Dropped(reason) => record.drop_out(position, held, reason),
    }
}

impl<E: 'static> Goal<E> {
    fn can_start(&self) -> bool {
        match self {
            Self::Typed(target) => target.can_start(),
            Self::Any(target) => target.can_start(),
            Self::Mismatch(_) => true,
        }
    }

    fn is_alive(&self) -> bool {
        match self {
            Self::Typed(target) => target.is_alive(),
            Self::Any(target) => target.is_alive(),
            Self::Mismatch(_) => true,
        }
    }

    /// Whether the handler could take the event.
    pub(super) fn check(&self, place: Place) -> Result<(), Reason> {
        match self {
            Self::Mismatch(reason) => return Err(reason.clone()),
            Self::Typed(target) => target.check()?,
            Self::Any(target) => target.check()?,
        }
        match self {
            _ if place == Place::Here && !self.can_start() => Err(Reason::NoArbiter),
            _ => Ok(()),
        }
    }
}

impl Accepted {
    /// Whether nobody takes it.
    pub(super) fn is_none(&self) -> bool {
        matches!(self, Self::Only(positions) if positions.is_empty())
    }

    /// The accepted positions of a route of `len` entries.
    fn positions(&self, len: usize) -> impl Iterator<Item = usize> {
        let (all, only) = match self {
            Self::All => (0..len, [].iter()),
            Self::Only(positions) => (0..0, positions.iter()),
        };
        all.chain(only.copied())
    }
}

impl<E: Send + Sync + 'static> Ledger for Route<E> {
    fn connected(&self, position: usize) -> bool {
        self.entries[position].goal.is_alive()
    }

    fn close(&self, position: usize, event: &dyn AnyHeld, verdict: Verdict) {
        self.entries[position]
            .record
            .close(position, event, verdict);
    }

    fn is_over(&self, position: usize, id: EmissionId) -> bool {
        self.entries[position].record.is_over(id)
    }

    fn handler(&self, position: usize) -> HandlerRef {
        self.entries[position].record.handler.clone()
    }

    fn as_any(&self) -> &AnyEvent {
        self
    }
}

impl<E> fmt::Debug for Route<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.entries.iter().map(|e| &e.record))
            .finish()
    }
}
