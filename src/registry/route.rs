use std::collections::HashSet;
use std::fmt;
use std::iter;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use actix::clock::Instant;

use crate::biased::ThisThread;
use crate::debug::Mode;
use crate::delivery::Held;
use crate::event::{EmissionId, Metadata};
use crate::latency::Sampling;
use crate::outcome::{Ended, Outcome, Reason, Refusal, Stage, Verdict};
use crate::shield::shielded;

use super::claims::Claims;
use super::entry::Entry;
use super::goal::Place;
use super::record::Record;

/// Who an event of type `E` is for, in the order of delivery: a snapshot that
/// never changes, and the ledger of the emissions that were matched against it.
pub(crate) struct Route<E: 'static> {
    entries: Box<[Entry<E>]>,
    sampling: Sampling,
    /// How many emissions are still to be timed because they are the first.
    first: AtomicU32,
    /// Whether all that it leads to are callbacks whose deliveries do nothing but come and go.
    is_of_callbacks: bool,
    /// And whether as many as come can do so at a time.
    is_unbounded: bool,
    /// Whether it leads to one actor, whose deliveries do nothing but come and go.
    is_of_one_actor: bool,
    /// Whether it is written what becomes of its deliveries: the linker's, for all of them.
    mode: Mode,
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
        Self {
            entries: Box::default(),
            sampling: Sampling::one_in(0),
            first: AtomicU32::new(0),
            is_of_callbacks: false,
            is_of_one_actor: false,
            is_unbounded: false,
            mode: Mode::Off,
        }
    }
}

impl<E: Send + Sync + 'static> Route<E> {
    pub(super) fn new(entries: Vec<Entry<E>>, sampling: Sampling) -> Self {
        Self {
            is_of_callbacks: entries.iter().all(Entry::is_plain_callback),
            is_of_one_actor: matches!(&*entries, [entry] if entry.is_plain_mailbox()),
            is_unbounded: entries.iter().all(Entry::is_unbounded),
            mode: entries.first().map_or(Mode::Off, Entry::mode),
            entries: entries.into_boxed_slice(),
            sampling,
            first: AtomicU32::new(if sampling.is_off() {
                0
            } else {
                Sampling::FIRST
            }),
        }
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// When an emission was accepted, which has just been, if it is one of those that are
    /// timed.
    #[inline(always)]
    pub(crate) fn timed(&self, id: EmissionId) -> Option<Instant> {
        (self.sampling.picks(id) || self.is_first()).then(Instant::now)
    }

    /// Whether it is one of the first.
    #[inline]
    fn is_first(&self) -> bool {
        let one_less = |left: u32| left.checked_sub(1);
        self.first.load(Relaxed) > 0 && self.first.fetch_update(Relaxed, Relaxed, one_less).is_ok()
    }

    /// The subscriptions that an older route does not lead to.
    pub(super) fn records_beside(&self, older: &Self) -> impl Iterator<Item = &Record> {
        let known: HashSet<_> = older.entries.iter().map(|e| e.record.id()).collect();
        let records = self.entries.iter().map(|entry| &*entry.record);
        records.filter(move |record| !known.contains(&record.id()))
    }

    pub(super) fn entries(&self) -> &[Entry<E>] {
        &self.entries
    }

    /// Whether an emission that nobody looks at can be [run alone](Self::run_alone).
    #[inline(always)]
    pub(crate) fn runs_alone(&self) -> bool {
        self.is_of_callbacks && !self.is_heard()
    }

    /// Whether an emission that nobody looks at can be [posted](Self::post).
    #[inline(always)]
    pub(crate) fn posts(&self) -> bool {
        self.is_of_one_actor && !self.is_heard()
    }

    #[inline]
    pub(super) fn is_heard(&self) -> bool {
        self.mode.is_heard()
    }

    /// Whether this thread has what the handlers need.
    pub(super) fn can_start(&self) -> bool {
        self.entries.iter().all(Entry::can_start)
    }

    /// Claims a delivery for every entry, and says which refused.
    pub(crate) fn claim(
        &self,
        place: Place,
        event: &E,
        metadata: &Metadata,
    ) -> (Accepted, Vec<Refusal>) {
        let taken = match metadata.is_done_by_some() {
            // Each has to be asked whether it is.
            true => Err(0),
            false => self.claim_shortly(),
        };
        match taken {
            Ok(()) => (Accepted::All, Vec::new()),
            Err(taken) => self.claim_rest(taken, place, event, metadata),
        }
    }

    /// Claims a delivery for every entry, as long as there is nothing to ask. Returns how
    /// many have been claimed, if not all: [the rest](Self::claim_rest) is still to be.
    #[inline(always)]
    pub(crate) fn claim_shortly(&self) -> Result<(), usize> {
        let me = ThisThread::get();
        let mut entries = self.entries.iter();
        let refused = if self.is_of_callbacks && self.is_unbounded {
            entries.position(|entry| !entry.tally().enter_open(me))
        } else if self.is_of_one_actor {
            return match self.entries[0].claim_mailbox(me) {
                true => Ok(()),
                false => Err(0),
            };
        } else {
            entries.position(|entry| !entry.claim_shortly(me))
        };
        match refused {
            None => Ok(()),
            Some(taken) => Err(taken),
        }
    }

    /// Claims a delivery for every entry of each of so many emissions, if nobody has to be
    /// asked.
    pub(crate) fn claim_together(&self, emissions: u64) -> bool {
        let takes = |entry: &Entry<E>| entry.tally().asks_nothing();
        let is_taken = self.is_unbounded && self.runs_alone() && self.entries.iter().all(takes);
        if is_taken {
            let me = ThisThread::get();
            self.entries
                .iter()
                .for_each(|entry| entry.tally().enter_many(emissions, me));
        }
        is_taken
    }

    /// Claims what is left, after the first few.
    pub(crate) fn claim_rest(
        &self,
        taken: usize,
        place: Place,
        event: &E,
        metadata: &Metadata,
    ) -> (Accepted, Vec<Refusal>) {
        let rest = taken..self.entries.len();
        let rest = rest.map(|at| self.claim_one(at, place, event, metadata));
        self.sort(metadata, iter::repeat_n(Ok(()), taken).chain(rest))
    }

    pub(super) fn claim_one(
        &self,
        position: usize,
        place: Place,
        event: &E,
        metadata: &Metadata,
    ) -> Result<(), Reason> {
        self.entries[position].claim(place, event, metadata)
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
        event: &E,
        metadata: &Metadata,
    ) -> (Accepted, Vec<Refusal>) {
        Claims::new(self, place, event, metadata).ask().await
    }

    /// The position in the order of delivery of each subscription that refused,
    /// with its line for a report.
    pub(crate) fn refused_lines(&self, refusals: &[Refusal]) -> Vec<(usize, Ended)> {
        let mut refusals = refusals.iter().peekable();
        let mut lines = Vec::new();
        for (position, entry) in self.entries.iter().enumerate() {
            let record = &entry.record;
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
        held: &Held<E>,
        accepted: &Accepted,
        verdict: &dyn Fn() -> Verdict,
    ) {
        for position in accepted.positions(self.entries.len()) {
            let record = &self.entries[position].record;
            shielded(|| record.abandon(position, held, verdict()));
        }
    }
}

impl Accepted {
    /// Whether nobody takes it.
    pub(super) fn is_none(&self) -> bool {
        matches!(self, Self::Only(positions) if positions.is_empty())
    }

    /// How many of so many.
    #[inline]
    pub(crate) fn count(&self, len: usize) -> usize {
        match self {
            Self::All => len,
            Self::Only(positions) => positions.len(),
        }
    }

    /// The position of the nth.
    #[inline]
    pub(super) fn position(&self, n: usize) -> usize {
        match self {
            Self::All => n,
            Self::Only(positions) => positions[n],
        }
    }

    /// The accepted positions of a route of `len` entries.
    fn positions(&self, len: usize) -> impl Iterator<Item = usize> {
        (0..self.count(len)).map(|n| self.position(n))
    }
}

impl<E> fmt::Debug for Route<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.entries.iter().map(|e| &e.record))
            .finish()
    }
}
