use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::event::{EmissionId, EventType, Metadata, Topic};
use crate::outcome::Reason;

use super::overflow::Overflow;
use super::room::Room;

/// The bound on a subscription's deliveries in flight, and what happens at it.
///
/// actix's mailboxes have none that holds: `do_send` ignores the capacity, and a
/// fresh clone of an address starts with a free slot. So a delivery enters its
/// lane before it is sent, and leaves it when it is dropped.
///
/// A lane that drops what waits keeps it here, out of the actor's mailbox, and
/// hands one delivery over at a time. It has a ticket for every delivery that is
/// not with the handler yet, from the moment its emission was accepted. When the
/// emission is run, the delivery finds its ticket gone, or its turn come, or waits
/// as an [`Errand`].
pub(crate) struct Lane {
    capacity: usize,
    overflow: Overflow,
    kind: Kind,
}

enum Kind {
    /// For handlers that never wait: a sync callback runs where its emission runs,
    /// so the emitter's bound is its bound.
    Open,
    Bounded(Room),
    /// Keeps what waits.
    Kept(Mutex<Queue>),
}

/// A delivery whose emission has been run, and that waits for the handler.
/// Dropped, it is lost, and says so.
pub(super) trait Errand: Send {
    /// Starts it, on the arbiter that its emission ran on.
    fn start(self: Box<Self>);

    /// Ends it unstarted.
    fn end(self: Box<Self>, reason: Reason);
}

/// Whether a delivery can be made, when its emission is run.
pub(super) enum Turnout {
    Now,
    /// Its errand waits.
    Later,
    /// It has been dropped for a newer one, and has no place any more.
    Dropped(Reason),
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Ticket>,
    running: Option<EmissionId>,
    /// Somebody is starting errands, and will see to the next one too.
    starting: bool,
}

struct Ticket {
    id: EmissionId,
    key: Option<Key>,
    /// Once its emission has been run.
    errand: Option<Box<dyn Errand>>,
}

/// What makes two deliveries the same to a lane that coalesces.
#[derive(PartialEq)]
struct Key {
    event: EventType,
    topic: Option<Topic>,
    key: Box<str>,
}

impl Lane {
    /// For a handler that never waits.
    pub(crate) const OPEN: Self = Self {
        capacity: usize::MAX,
        overflow: Overflow::Refuse,
        kind: Kind::Open,
    };

    pub(crate) fn new(capacity: usize, overflow: Overflow) -> Self {
        let kind = match overflow {
            overflow if overflow.takes_back() => Kind::Kept(Mutex::default()),
            overflow => Kind::Bounded(Room::new(capacity, overflow)),
        };
        Self {
            capacity,
            overflow,
            kind,
        }
    }

    /// How many are in flight at most, if there is a bound.
    pub(crate) fn capacity(&self) -> Option<usize> {
        (!matches!(self.kind, Kind::Open)).then_some(self.capacity)
    }

    pub(crate) fn overflow(&self) -> Overflow {
        self.overflow
    }

    /// Takes room for one delivery. Returns what was dropped for it, if that has
    /// an errand to be ended.
    pub(super) fn claim(&self, metadata: &Metadata) -> Result<Option<Box<dyn Errand>>, Reason> {
        let capacity = self.capacity;
        let entered = match &self.kind {
            Kind::Open => true,
            Kind::Bounded(room) => room.try_enter(),
            Kind::Kept(queue) => return self.claim_kept(&mut lock(queue), metadata),
        };
        if entered {
            return Ok(None);
        }
        let full = Reason::LaneFull { capacity };
        Err(self.overflow.turned_away(capacity, full))
    }

    fn claim_kept(
        &self,
        queue: &mut Queue,
        metadata: &Metadata,
    ) -> Result<Option<Box<dyn Errand>>, Reason> {
        let key = match self.overflow {
            Overflow::Coalesce => Key::of(metadata),
            _ => None,
        };
        let mut dropped = None;
        if queue.waiting.len() + usize::from(queue.running.is_some()) >= self.capacity {
            let at = match self.overflow {
                Overflow::Coalesce => {
                    let same = |ticket: &Ticket| key.is_some() && ticket.key == key;
                    queue.waiting.iter().position(same)
                }
                _ => (!queue.waiting.is_empty()).then_some(0),
            };
            let ticket = at.and_then(|at| queue.waiting.remove(at));
            let capacity = self.capacity;
            dropped = ticket.ok_or(Reason::LaneFull { capacity })?.errand;
        }
        queue.waiting.push_back(Ticket {
            id: metadata.id(),
            key,
            errand: None,
        });
        Ok(dropped)
    }

    /// Waits for room, in a line of those that do, and takes it. Returns whether there
    /// was any to wait for.
    ///
    /// Dropped before it has resolved, it takes no room.
    pub(super) async fn enter(&self) -> bool {
        match &self.kind {
            Kind::Bounded(room) => room.enter().await.is_ok(),
            Kind::Open | Kind::Kept(_) => false,
        }
    }

    /// Asks whether a delivery that has room can be made now. If it must wait,
    /// `errand` says how it is made.
    pub(super) fn arrive(
        &self,
        id: EmissionId,
        errand: impl FnOnce() -> Box<dyn Errand>,
    ) -> Turnout {
        let Kind::Kept(queue) = &self.kind else {
            return Turnout::Now;
        };
        let mut queue = lock(queue);
        let Some(at) = queue.waiting.iter().position(|ticket| ticket.id == id) else {
            return Turnout::Dropped(self.dropped());
        };
        // Otherwise no errand waits: it would have been started.
        if queue.running.is_none() && !queue.starting {
            queue.waiting.remove(at);
            queue.running = Some(id);
            return Turnout::Now;
        }
        queue.waiting[at].errand = Some(errand());
        Turnout::Later
    }

    /// Why one is dropped that waited.
    pub(super) fn dropped(&self) -> Reason {
        self.overflow.evicted(self.capacity)
    }

    /// Gives the room of one delivery back. Returns what is to be started next; and
    /// what after it, [`next`](Self::next) is to be asked.
    ///
    /// One that cannot be started, because its arbiter has stopped, ends at once and
    /// so leaves while it is being started. The one that starts it then goes on with
    /// the next, and not this: thousands of them would be as many levels deep.
    #[must_use = "what waits is to be started"]
    pub(super) fn leave(&self, id: EmissionId) -> Option<Box<dyn Errand>> {
        match &self.kind {
            Kind::Open => None,
            Kind::Bounded(room) => {
                room.leave();
                None
            }
            Kind::Kept(queue) => lock(queue).leave(id),
        }
    }

    /// Returns what is to be started after the last that was.
    #[must_use = "what waits is to be started"]
    pub(super) fn next(&self) -> Option<Box<dyn Errand>> {
        match &self.kind {
            Kind::Kept(queue) => lock(queue).next(),
            _ => None,
        }
    }
}

impl Queue {
    fn leave(&mut self, id: EmissionId) -> Option<Box<dyn Errand>> {
        if self.running != Some(id) {
            // Its emission was never run; or it has no place any more.
            let at = self.waiting.iter().position(|ticket| ticket.id == id)?;
            self.waiting.remove(at);
            return None;
        }
        self.running = None;
        if self.starting { None } else { self.next() }
    }

    fn next(&mut self) -> Option<Box<dyn Errand>> {
        let ready = |ticket: &Ticket| ticket.errand.is_some();
        let at = match self.running {
            None => self.waiting.iter().position(ready),
            Some(_) => None,
        };
        let ticket = at.and_then(|at| self.waiting.remove(at));
        self.starting = ticket.is_some();
        let ticket = ticket?;
        self.running = Some(ticket.id);
        ticket.errand
    }
}

impl Key {
    fn of(metadata: &Metadata) -> Option<Self> {
        Some(Self {
            event: metadata.event_type(),
            topic: metadata.topic().cloned(),
            key: metadata.key()?.into(),
        })
    }
}

fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::event::{Attributes, IdSource};

    struct Nothing;

    impl Errand for Nothing {
        fn start(self: Box<Self>) {}
        fn end(self: Box<Self>, _: Reason) {}
    }

    fn emission(ids: &IdSource, key: Option<&str>) -> Metadata {
        let attributes = Attributes {
            key: key.map(Arc::from),
            ..Attributes::default()
        };
        let event = EventType::of::<u8>();
        Metadata::new(ids.next(), event, None, Some(Box::new(attributes)))
    }

    fn arrives(lane: &Lane, about: &Metadata) -> &'static str {
        match lane.arrive(about.id(), || Box::new(Nothing)) {
            Turnout::Now => "now",
            Turnout::Later => "later",
            Turnout::Dropped(Reason::Coalesced) => "coalesced",
            Turnout::Dropped(_) => "dropped",
        }
    }

    #[test]
    fn the_oldest_that_waits_is_dropped_and_never_the_one_being_handled() {
        let ids = IdSource::new();
        let lane = Lane::new(3, Overflow::DropOldest);
        let five: Vec<_> = (0..5).map(|_| emission(&ids, None)).collect();
        assert!(lane.claim(&five[0]).unwrap().is_none());
        assert_eq!(arrives(&lane, &five[0]), "now");
        assert!(lane.claim(&five[1]).unwrap().is_none());
        assert!(lane.claim(&five[2]).unwrap().is_none());
        assert_eq!(arrives(&lane, &five[1]), "later");
        // The one that has been run already hands its errand out.
        assert!(lane.claim(&five[3]).unwrap().is_some());
        // The one that has not finds its ticket gone.
        assert!(lane.claim(&five[4]).unwrap().is_none());
        let arrive = |n: usize| arrives(&lane, &five[n]);
        assert_eq!([2, 3, 4].map(arrive), ["dropped", "later", "later"]);
        assert!(lane.leave(five[0].id()).is_some(), "the next one's turn");
        assert!(lane.next().is_none(), "it runs");
        assert!(lane.leave(five[3].id()).is_some());
        assert!(lane.next().is_none());
        assert!(lane.leave(five[4].id()).is_none());
    }

    #[test]
    fn one_that_ends_while_it_is_started_leaves_the_next_to_the_one_that_starts() {
        let ids = IdSource::new();
        let lane = Lane::new(4, Overflow::DropOldest);
        let four: Vec<_> = (0..4).map(|_| emission(&ids, None)).collect();
        assert!(four[..3].iter().all(|about| lane.claim(about).is_ok()));
        let arrive = |n: usize| arrives(&lane, &four[n]);
        assert_eq!([0, 1, 2].map(arrive), ["now", "later", "later"]);
        assert!(lane.leave(four[0].id()).is_some());
        assert!(lane.leave(four[1].id()).is_none());
        assert!(lane.claim(&four[3]).is_ok());
        assert_eq!(arrive(3), "later", "others have waited longer");
        assert!(lane.next().is_some());
        assert!(lane.next().is_none(), "it runs");
        assert!(lane.leave(four[2].id()).is_some());
        assert!(lane.leave(four[3].id()).is_none());
        assert!(lane.next().is_none());
        assert!(lane.claim(&four[0]).is_ok());
        assert_eq!(arrive(0), "now");
    }

    #[test]
    fn when_all_are_being_handled_the_newcomer_is_refused() {
        let ids = IdSource::new();
        let lane = Lane::new(1, Overflow::DropOldest);
        let (first, second) = (emission(&ids, None), emission(&ids, None));
        assert!(lane.claim(&first).is_ok());
        assert_eq!(arrives(&lane, &first), "now");
        let full = Reason::LaneFull { capacity: 1 };
        assert_eq!(lane.claim(&second).err(), Some(full));
        assert!(lane.leave(first.id()).is_none());
        assert!(lane.claim(&second).is_ok());
    }

    #[test]
    fn the_same_key_makes_room_for_its_latest_and_no_other_does() {
        let ids = IdSource::new();
        let lane = Lane::new(2, Overflow::Coalesce);
        let (a, b) = (emission(&ids, Some("a")), emission(&ids, Some("b")));
        let (newer, other) = (emission(&ids, Some("a")), emission(&ids, Some("c")));
        assert!(lane.claim(&a).is_ok() && lane.claim(&b).is_ok());
        assert!(lane.claim(&newer).is_ok());
        assert!(lane.claim(&other).is_err());
        assert!(lane.claim(&emission(&ids, None)).is_err());
        assert_eq!(arrives(&lane, &a), "coalesced");
        assert_eq!(arrives(&lane, &b), "now");
        assert_eq!(arrives(&lane, &newer), "later");
    }

    #[test]
    fn an_emission_that_is_never_run_gives_its_place_back() {
        let ids = IdSource::new();
        let lane = Lane::new(1, Overflow::DropOldest);
        let (first, second) = (emission(&ids, None), emission(&ids, None));
        assert!(lane.claim(&first).is_ok());
        assert!(lane.leave(first.id()).is_none());
        assert!(lane.claim(&second).is_ok());
        assert_eq!(arrives(&lane, &second), "now");
        // Ending one that was dropped does not end the one being handled.
        assert!(lane.leave(first.id()).is_none());
        assert_eq!(
            lane.claim(&emission(&ids, None)).err().map(|_| ()),
            Some(())
        );
    }
}
