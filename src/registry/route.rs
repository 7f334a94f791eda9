use std::fmt;
use std::sync::Arc;

use crate::debug::debug_line;
use crate::delivery::{Delivery, Emitted, Header, Ledger, Turn};
use crate::event::{AnyEvent, Metadata};
use crate::outcome::{Ended, Outcome, Reason, Refusal, Stage, Verdict};
use crate::shield::shielded;

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

impl<E: Send + Sync + 'static> Route<E> {
    pub(super) fn new(entries: Vec<Entry<E>>) -> Self {
        Self {
            entries: entries.into_boxed_slice(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Claims a delivery for every entry, and says which refused.
    pub(crate) fn claim(&self, place: Place, metadata: &Metadata) -> (Accepted, Vec<Refusal>) {
        let mut accepted = Accepted::All;
        let mut refusals = Vec::new();
        for (position, Entry { record, goal }) in self.entries.iter().enumerate() {
            match record.claim(goal.check(place)) {
                Ok(()) => {
                    if let Accepted::Only(positions) = &mut accepted {
                        positions.push(position);
                    }
                }
                Err(reason) => {
                    if matches!(accepted, Accepted::All) {
                        accepted = Accepted::Only((0..position).collect());
                    }
                    if reason == Reason::HandlerGone {
                        self.unlink(record);
                    }
                    refusals.push(record.refusal(metadata, reason));
                }
            }
        }
        (accepted, refusals)
    }

    fn unlink(&self, record: &Record) {
        debug_line!(record.debug, linker = %record.debug.name, subscription = %record, "gone");
        if let Some(registry) = record.registry.upgrade() {
            registry.remove_dead(record.id);
        }
    }

    /// The position in the order of delivery of each subscription that refused,
    /// with its line for a report.
    pub(crate) fn refused_lines(&self, refusals: &[Refusal]) -> Vec<(usize, Ended)> {
        let mut refusals = refusals.iter().peekable();
        let mut lines = Vec::new();
        for (position, Entry { record, .. }) in self.entries.iter().enumerate() {
            if let Some(refusal) = refusals.next_if(|r| r.subscription() == record.id) {
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
        header: &Header,
        accepted: &Accepted,
        verdict: impl Fn() -> Verdict,
    ) {
        for position in accepted.positions(self.entries.len()) {
            let record = &self.entries[position].record;
            record.abandon(position, header, verdict());
        }
    }

    /// Starts the accepted deliveries, one after the other, on this thread. One
    /// that cannot start here is refused, and spends nothing.
    pub(crate) fn run(&self, emitted: Arc<Emitted<E>>, accepted: &Accepted) {
        let lent = Turn::lend(emitted);
        let mut lent_any: Option<Delivery<AnyEvent>> = None;
        let mut positions = accepted.positions(self.entries.len());
        // One shield for all of them; after a panic the next one goes on.
        let mut done = false;
        while !done {
            shielded(|| {
                for position in positions.by_ref() {
                    self.start(&lent, &mut lent_any, position);
                }
                done = true;
            });
        }
    }

    fn start(
        &self,
        lent: &Delivery<E>,
        lent_any: &mut Option<Delivery<AnyEvent>>,
        position: usize,
    ) {
        let Entry { record, goal } = &self.entries[position];
        let header = &lent.emitted().header;
        if !goal.can_start() {
            let verdict = Verdict::Refused(Reason::NoArbiter);
            return record.abandon(position, header, verdict);
        }
        record.begin(header);
        match goal {
            Goal::Typed(target) => target.start(Turn::new(lent, position)),
            Goal::Any(target) => {
                let lent = lent_any.get_or_insert_with(|| {
                    let emitted: Arc<Emitted<AnyEvent>> = lent.emitted().clone();
                    Turn::lend(emitted)
                });
                target.start(Turn::new(lent, position));
            }
            Goal::Mismatch(_) => unreachable!("a mismatch is never accepted"),
        }
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
    fn check(&self, place: Place) -> Result<(), Reason> {
        match self {
            Self::Mismatch(reason) => Err(reason.clone()),
            _ if !self.is_alive() => Err(Reason::HandlerGone),
            _ if place == Place::Here && !self.can_start() => Err(Reason::NoArbiter),
            _ => Ok(()),
        }
    }
}

impl Accepted {
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

    fn close(&self, position: usize, header: &Header, verdict: Verdict) {
        self.entries[position]
            .record
            .close(position, header, verdict);
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
