use std::collections::{BTreeMap, BTreeSet, HashMap};

use actix::clock::Instant;

use crate::event::{EmissionId, EventType, Metadata, Topic};

use super::queue::Errand;

/// A delivery that is not with its handler yet, from the moment its emission was
/// accepted.
pub(super) struct Ticket {
    pub(super) id: EmissionId,
    pub(super) group: Option<Group>,
    /// Once its emission has been run.
    pub(super) errand: Option<Box<dyn Errand>>,
    pub(super) quiet: Option<Quiet>,
    /// Until it has come, those behind it wait.
    pub(super) is_awaited: bool,
}

/// How long a delivery waits for newer ones.
#[derive(Clone, Copy)]
pub(super) struct Quiet {
    /// When the first of those came whose place it has.
    pub(super) first: Instant,
    pub(super) due: Instant,
}

/// What makes two deliveries the same to a lane.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Group {
    event: EventType,
    topic: Option<Topic>,
    key: Option<Box<str>>,
}

/// The tickets of a lane in their order. A lane may hold very many of them, so whatever
/// is asked for has an index; a search from one end to the other would be made for each
/// of them.
#[derive(Default)]
pub(super) struct Tickets {
    all: BTreeMap<Number, Ticket>,
    /// Those whose emission has not been run.
    coming: BTreeSet<(EmissionId, Number)>,
    /// Those of them that others wait for.
    awaited: BTreeSet<Number>,
    /// Those that wait for nothing but their turn.
    ready: BTreeSet<Number>,
    /// Those that have come and wait for newer ones, by when that is over.
    quiet: BTreeSet<(Instant, Number)>,
    groups: HashMap<Group, BTreeSet<Number>>,
    /// How many there have been.
    count: u64,
}

/// Where a ticket stands: by its rank, and within it.
pub(super) type Number = (Rank, u64);

/// Which tickets go before others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// What is to be tried again: in the order of emission, or in that in which it came.
    Again(Option<EmissionId>),
    /// What is older than all others: the last that came, first.
    First,
    /// In the order in which they came.
    InTurn,
}

impl Tickets {
    pub(super) fn push(&mut self, rank: Rank, ticket: Ticket) {
        self.count += 1;
        let within = match rank {
            Rank::First => u64::MAX - self.count,
            Rank::Again(_) | Rank::InTurn => self.count,
        };
        self.insert((rank, within), ticket);
    }

    fn insert(&mut self, number: Number, ticket: Ticket) {
        if let Some(group) = &ticket.group {
            let group = self.groups.entry(group.clone());
            group.or_default().insert(number);
        }
        if ticket.errand.is_none() {
            self.coming.insert((ticket.id, number));
            if ticket.is_awaited {
                self.awaited.insert(number);
            }
        } else if let Some(quiet) = &ticket.quiet {
            self.quiet.insert((quiet.due, number));
        } else {
            self.ready.insert(number);
        }
        self.all.insert(number, ticket);
    }

    pub(super) fn take(&mut self, number: Number) -> Option<Ticket> {
        let ticket = self.all.remove(&number)?;
        if let Some(group) = &ticket.group {
            if let Some(numbers) = self.groups.get_mut(group) {
                numbers.remove(&number);
                if numbers.is_empty() {
                    self.groups.remove(group);
                }
            }
        }
        if ticket.errand.is_none() {
            self.coming.remove(&(ticket.id, number));
            self.awaited.remove(&number);
        } else if !self.ready.remove(&number) {
            let due = ticket.quiet.map(|quiet| quiet.due);
            due.map(|due| self.quiet.remove(&(due, number)));
        }
        Some(ticket)
    }

    /// The one of an emission that has not been run.
    pub(super) fn coming(&self, id: EmissionId) -> Option<Number> {
        let of_id = (id, (Rank::Again(None), 0))..=(id, (Rank::InTurn, u64::MAX));
        self.coming.range(of_id).next().map(|(_, number)| *number)
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn first(&self) -> Option<Number> {
        self.all.keys().next().copied()
    }

    pub(super) fn first_of(&self, group: &Group) -> Option<Number> {
        self.groups.get(group)?.first().copied()
    }

    /// The first that others wait for.
    pub(super) fn first_awaited(&self) -> Option<Number> {
        self.awaited.first().copied()
    }

    pub(super) fn is_awaited(&self, number: Number) -> bool {
        self.awaited.contains(&number)
    }

    /// The first of a group that may lose its place to a newer one.
    pub(super) fn quiet_of(&self, group: &Group) -> Option<Number> {
        let may_wait = |number: &&Number| self.all[*number].quiet.is_some();
        self.groups.get(group)?.iter().find(may_wait).copied()
    }

    /// Until when one waits for newer ones.
    pub(super) fn due_of(&self, number: Number) -> Option<Instant> {
        self.all.get(&number)?.quiet.map(|quiet| quiet.due)
    }

    /// Lets one that is coming not wait for newer ones.
    pub(super) fn hurry(&mut self, number: Number) {
        if let Some(ticket) = self.all.get_mut(&number) {
            ticket.quiet = None;
        }
    }

    /// Lets none wait for newer ones.
    pub(super) fn hurry_all(&mut self) {
        let quiet = std::mem::take(&mut self.quiet);
        self.ready
            .extend(quiet.into_iter().map(|(_, number)| number));
        self.all.values_mut().for_each(|ticket| ticket.quiet = None);
    }

    /// The emission of one has been run.
    pub(super) fn came(&mut self, number: Number, errand: Box<dyn Errand>) {
        if let Some(mut ticket) = self.take(number) {
            ticket.errand = Some(errand);
            self.insert(number, ticket);
        }
    }

    /// The first that waits for nothing but its turn.
    pub(super) fn ready(&mut self, now: Instant) -> Option<Number> {
        while let Some((due, number)) = self.quiet.first().copied() {
            if due > now {
                break;
            }
            self.quiet.remove(&(due, number));
            self.ready.insert(number);
        }
        self.ready.first().copied()
    }

    /// When the next one of those has waited for long enough that wait for newer ones.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.quiet.first().map(|(due, _)| *due)
    }

    /// Takes out all whose emission has been run.
    pub(super) fn take_errands(&mut self) -> Vec<Box<dyn Errand>> {
        let come = self
            .all
            .iter()
            .filter(|(_, ticket)| ticket.errand.is_some());
        let come: Vec<_> = come.map(|(number, _)| *number).collect();
        let taken = come.into_iter().filter_map(|number| self.take(number));
        taken.filter_map(|ticket| ticket.errand).collect()
    }
}

impl Group {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            event: metadata.event_type(),
            topic: metadata.topic().cloned(),
            key: metadata.key().map(Into::into),
        }
    }
}
