use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix::clock::Instant;

use crate::event::{EmissionId, Metadata};
use crate::outcome::Reason;

use super::overflow::Overflow;
use super::queue::{Arrival, Displaced, Errand, Next, Queue, Rules, Standing, Turnout};
use super::room::Room;
use super::tally::Tally;

/// The bound on a subscription's deliveries in flight, and what happens at it.
///
/// actix's mailboxes have none that holds: `do_send` ignores the capacity, and a
/// fresh clone of an address starts with a free slot. So a delivery enters its
/// lane before it is sent, and leaves it when it is dropped.
///
/// A lane in which deliveries may have to wait keeps them here, out of the actor's
/// mailbox: see [`Queue`]. Whatever it returns as [`Next`] is to be done after its lock,
/// and after what was started, [`next`](Self::next) is to be asked.
pub(crate) struct Lane {
    /// Those that are in, unless they wait for [room](Bounds::room).
    pub(super) tally: Arc<Tally>,
    /// None for a handler that never waits: a sync callback runs where its emission
    /// runs, so the emitter's bound is its bound.
    bounds: Option<Box<Bounds>>,
}

/// What is said of a lane that has an end.
struct Bounds {
    capacity: usize,
    overflow: Overflow,
    /// Where some wait for a place, in a line.
    room: Option<Room>,
    kept: Option<Kept>,
}

/// What is kept of a lane in which deliveries wait.
struct Kept {
    rules: Rules,
    queue: Mutex<Queue>,
    /// What stands for the time where no rule asks for it.
    start: Instant,
}

impl Lane {
    /// For a handler that never waits.
    pub(crate) fn unbounded() -> Self {
        Self {
            tally: Arc::new(Tally::open()),
            bounds: None,
        }
    }

    /// One with a bound. `held` says that it may be paused, and keeps what comes then.
    pub(crate) fn new(capacity: usize, overflow: Overflow, rules: Rules, held: bool) -> Self {
        let takes_back = overflow.takes_back();
        let waits = rules.is_any();
        let rules = Rules {
            coalesces: overflow == Overflow::Coalesce,
            ..rules.taking_back(takes_back)
        };
        let kept = (takes_back || waits || held).then(|| Kept {
            rules,
            queue: Mutex::default(),
            start: Instant::now(),
        });
        let awaits = matches!(overflow, Overflow::Wait(_));
        Self {
            tally: Arc::new(Tally::bounded(capacity)),
            bounds: Some(Box::new(Bounds {
                capacity,
                overflow,
                room: awaits.then(|| Room::new(capacity, overflow)),
                kept,
            })),
        }
    }

    /// The same, in which nothing goes on before it is [opened](Self::open). It must be
    /// one that may be paused.
    pub(crate) fn shut(mut self) -> Self {
        let kept = self.bounds.as_mut().and_then(|b| b.kept.as_mut());
        if let Some(kept) = kept {
            kept.queue = Mutex::new(Queue::shut());
        }
        self
    }

    /// Whether deliveries do nothing here but come and go.
    pub(super) fn is_plain(&self) -> bool {
        let bounds = self.bounds.as_ref();
        bounds.is_none_or(|bounds| bounds.room.is_none() && bounds.kept.is_none())
    }

    fn room(&self) -> Option<&Room> {
        self.bounds.as_ref()?.room.as_ref()
    }

    fn kept(&self) -> Option<&Kept> {
        self.bounds.as_ref()?.kept.as_ref()
    }

    /// Takes room for one delivery in a lane where none waits, if there is any.
    #[inline]
    fn try_enter(&self) -> bool {
        match self.room() {
            Some(room) => room.try_enter(),
            None => self.tally.try_enter(),
        }
    }

    /// Gives the room of one back that is not in the lane otherwise. Where deliveries are
    /// [plain](Self::is_plain), they have given it back when they ended.
    #[inline]
    pub(super) fn exit(&self) {
        match self.room() {
            Some(room) => room.leave(),
            None => self.tally.leave(),
        }
    }

    /// How many are in flight at most, if there is a bound.
    pub(crate) fn capacity(&self) -> Option<usize> {
        self.bounds.as_ref().map(|bounds| bounds.capacity)
    }

    pub(crate) fn overflow(&self) -> Overflow {
        let bounds = self.bounds.as_ref();
        bounds.map_or_else(Overflow::default, |bounds| bounds.overflow)
    }

    /// Whether a delivery may wait for a newer one.
    #[inline]
    pub(super) fn debounces(&self) -> bool {
        let kept = self.kept();
        kept.is_some_and(|kept| kept.rules.debounce.is_some())
    }

    /// Gives a newer delivery the place of one that waits for such, with all that it
    /// has claimed, if there is one.
    pub(super) fn supersede(&self, metadata: &Metadata) -> Option<Displaced> {
        let kept = self.kept()?;
        let now = kept.now();
        kept.queue().supersede(&kept.rules, metadata, now)
    }

    /// Takes room for one delivery. Returns what was dropped for it.
    #[inline]
    pub(super) fn claim(
        &self,
        metadata: &Metadata,
        standing: Standing,
    ) -> Result<Option<Displaced>, Reason> {
        if self.try_enter() {
            self.admit(metadata, standing);
            return Ok(None);
        }
        self.make_room(metadata, standing)
    }

    /// Takes the room of one that waits, where the lane takes back.
    fn make_room(
        &self,
        metadata: &Metadata,
        standing: Standing,
    ) -> Result<Option<Displaced>, Reason> {
        let (capacity, overflow) = (self.bound(), self.overflow());
        let full = || Reason::LaneFull { capacity };
        if !overflow.takes_back() {
            return Err(overflow.turned_away(capacity, full()));
        }
        if standing == Standing::First {
            // It is the oldest itself.
            return Err(match overflow {
                Overflow::DropOldest => self.dropped(),
                _ => full(),
            });
        }
        let kept = self.kept().ok_or_else(full)?;
        let now = kept.now();
        let mut queue = kept.queue();
        let evicted = queue.evict(&kept.rules, metadata, self.dropped());
        let evicted = evicted.ok_or_else(full)?;
        queue.admit(&kept.rules, metadata, standing, now);
        drop(queue);
        Ok(Some(evicted))
    }

    /// How many are in flight at most.
    fn bound(&self) -> usize {
        self.capacity().unwrap_or(usize::MAX)
    }

    /// Whether a delivery would be [given the place](Self::supersede) of one that waits.
    pub(super) fn would_supersede(&self, metadata: &Metadata) -> bool {
        let kept = self.kept();
        kept.is_some_and(|kept| kept.queue().is_superseded(metadata))
    }

    /// Says what [`claim`](Self::claim) would, and takes nothing.
    pub(super) fn peek(&self, metadata: &Metadata) -> Result<(), Reason> {
        let (capacity, overflow) = (self.bound(), self.overflow());
        let has_place = match self.room() {
            Some(room) => room.has_place(),
            None => self.tally.has_place(),
        };
        if has_place {
            return Ok(());
        }
        let full = Reason::LaneFull { capacity };
        if !overflow.takes_back() {
            return Err(overflow.turned_away(capacity, full));
        }
        let kept = self.kept();
        let makes_room = |kept: &Kept| kept.queue().can_evict(&kept.rules, metadata);
        if kept.is_some_and(makes_room) {
            return Ok(());
        }
        Err(full)
    }

    /// Waits for room, in a line of those that do, and takes it. Returns whether there
    /// was any to wait for.
    ///
    /// Dropped before it has resolved, it takes no room.
    pub(super) async fn enter(&self) -> bool {
        match self.room() {
            Some(room) => room.enter().await.is_ok(),
            None => false,
        }
    }

    /// Notes one that has room.
    #[inline]
    pub(super) fn admit(&self, metadata: &Metadata, standing: Standing) {
        if let Some(kept) = self.kept() {
            let now = kept.now();
            kept.queue().admit(&kept.rules, metadata, standing, now);
        }
    }

    /// Lets it all go on, now that what comes first has been claimed.
    pub(super) fn open(&self) -> Next {
        self.ask(Queue::open)
    }

    /// Goes on after one that was awaited.
    pub(super) fn go_on(&self) -> Next {
        self.ask(Queue::go_on)
    }

    /// Asks whether a delivery that has room can be made now. If it must wait,
    /// `errand` says how it is made; unless it `is_hurried`, it may be for something
    /// newer.
    #[inline]
    pub(super) fn arrive(
        &self,
        id: EmissionId,
        is_hurried: impl FnOnce() -> bool,
        errand: impl FnOnce() -> Box<dyn Errand>,
    ) -> Turnout {
        let Some(kept) = self.kept() else {
            return Turnout::Now;
        };
        let arrival = Arrival {
            now: kept.now(),
            is_hurried: kept.rules.debounce.is_some() && is_hurried(),
        };
        kept.queue().arrive(&kept.rules, id, arrival, errand)
    }

    /// Why one is dropped that waited.
    pub(super) fn dropped(&self) -> Reason {
        self.overflow().evicted(self.bound())
    }

    /// A delivery is with its handler.
    pub(super) fn handed_over(&self, id: EmissionId) -> Next {
        self.ask(|queue, rules, now| queue.handed_over(rules, id, now))
    }

    /// A batch of those that were handed over is to begin. Returns whether it may now;
    /// `errand` begins it when it may.
    pub(super) fn begin_batch(
        &self,
        ids: impl Iterator<Item = EmissionId>,
        errand: impl FnOnce() -> Box<dyn Errand>,
    ) -> bool {
        match self.kept() {
            Some(kept) if kept.rules.serial_batches => kept.queue().begin_batch(ids, errand),
            _ => true,
        }
    }

    /// Gives the room of one delivery back. Returns what is to be started next.
    #[inline]
    pub(super) fn leave(&self, id: EmissionId) -> Next {
        let next = self.ask(|queue, rules, now| queue.leave(rules, id, now));
        self.exit();
        next
    }

    /// Takes out a delivery whose emission is not to be run, but not its room; or returns
    /// why it had lost both to a newer one before.
    pub(super) fn withdraw(&self, id: EmissionId) -> Option<Reason> {
        self.kept()?.queue().withdraw(id)
    }

    /// A delivery waits to be tried again. It keeps its room.
    pub(super) fn park(&self, id: EmissionId) -> Next {
        self.ask(|queue, rules, now| queue.park(rules, id, now))
    }

    /// A delivery is to be tried again, before all others.
    pub(super) fn unpark(&self, id: EmissionId, errand: Box<dyn Errand>) -> Next {
        match self.kept() {
            None => Next::Start(errand),
            Some(kept) => {
                let now = kept.now();
                kept.queue().unpark(&kept.rules, id, errand, now)
            }
        }
    }

    /// Keeps what comes and what waits, or lets it go on: whatever is said under the
    /// lock.
    pub(super) fn hold(&self, held: impl FnOnce() -> bool) -> Next {
        self.ask(|queue, rules, now| queue.hold(rules, held(), now))
    }

    /// Lets nothing wait for something newer any more.
    pub(super) fn flush(&self) -> Next {
        self.ask(Queue::flush)
    }

    /// Looks again, as was asked for.
    pub(super) fn wake(&self, asked: Instant) -> Next {
        self.ask(|queue, rules, now| queue.wake(rules, asked, now))
    }

    /// Nobody will look again. Returns what waits.
    pub(super) fn give_up(&self) -> Vec<Box<dyn Errand>> {
        let kept = self.kept();
        kept.map_or_else(Vec::new, |kept| kept.queue().give_up())
    }

    /// How many wait here.
    pub(super) fn waiting(&self) -> usize {
        let kept = self.kept();
        kept.map_or(0, |kept| kept.queue().waiting())
    }

    /// Returns what is to be started after the last that was.
    pub(super) fn next(&self) -> Next {
        self.ask(Queue::next)
    }

    #[inline]
    fn ask(&self, ask: impl FnOnce(&mut Queue, &Rules, Instant) -> Next) -> Next {
        match self.kept() {
            Some(kept) => {
                let now = kept.now();
                ask(&mut kept.queue(), &kept.rules, now)
            }
            None => Next::Nothing,
        }
    }
}

impl Kept {
    fn now(&self) -> Instant {
        if self.rules.pace.is_some() || self.rules.debounce.is_some() {
            Instant::now()
        } else {
            self.start
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::event::{Attributes, EventType, IdSource};

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

    fn lane(capacity: usize, overflow: Overflow) -> Lane {
        Lane::new(capacity, overflow, Rules::default(), false)
    }

    /// Whether something is started.
    fn starts(next: Next) -> bool {
        if let Next::Start(errand) = next {
            errand.start();
            return true;
        }
        false
    }

    fn arrives(lane: &Lane, about: &Metadata) -> &'static str {
        match lane.arrive(about.id(), || false, || Box::new(Nothing)) {
            Turnout::Now => "now",
            Turnout::Later(_) => "later",
            Turnout::Dropped(Reason::Coalesced) => "coalesced",
            Turnout::Dropped(_) => "dropped",
        }
    }

    #[test]
    fn the_oldest_that_waits_is_dropped_and_never_the_one_being_handled() {
        let ids = IdSource::new();
        let lane = lane(3, Overflow::DropOldest);
        let five: Vec<_> = (0..5).map(|_| emission(&ids, None)).collect();
        assert!(lane.claim(&five[0], Standing::Last).unwrap().is_none());
        assert_eq!(arrives(&lane, &five[0]), "now");
        assert!(lane.claim(&five[1], Standing::Last).unwrap().is_none());
        assert!(lane.claim(&five[2], Standing::Last).unwrap().is_none());
        assert_eq!(arrives(&lane, &five[1]), "later");
        // The one that has been run already hands its errand out.
        let claim = |n: usize| lane.claim(&five[n], Standing::Last).unwrap();
        assert!(claim(3).unwrap().errand.is_some());
        // The one that has not finds its ticket gone.
        assert!(claim(4).unwrap().errand.is_none());
        let arrive = |n: usize| arrives(&lane, &five[n]);
        assert_eq!([2, 3, 4].map(arrive), ["dropped", "later", "later"]);
        assert!(starts(lane.leave(five[0].id())), "the next one's turn");
        assert!(!starts(lane.next()), "it runs");
        assert!(starts(lane.leave(five[3].id())));
        assert!(!starts(lane.next()));
        assert!(!starts(lane.leave(five[4].id())));
    }

    #[test]
    fn one_that_ends_while_it_is_started_leaves_the_next_to_the_one_that_starts() {
        let ids = IdSource::new();
        let lane = lane(4, Overflow::DropOldest);
        let four: Vec<_> = (0..4).map(|_| emission(&ids, None)).collect();
        assert!(
            four[..3]
                .iter()
                .all(|about| lane.claim(about, Standing::Last).is_ok())
        );
        let arrive = |n: usize| arrives(&lane, &four[n]);
        assert_eq!([0, 1, 2].map(arrive), ["now", "later", "later"]);
        assert!(starts(lane.leave(four[0].id())));
        assert!(!starts(lane.leave(four[1].id())));
        assert!(lane.claim(&four[3], Standing::Last).is_ok());
        assert_eq!(arrive(3), "later", "others have waited longer");
        assert!(starts(lane.next()));
        assert!(!starts(lane.next()), "it runs");
        assert!(starts(lane.leave(four[2].id())));
        assert!(!starts(lane.leave(four[3].id())));
        assert!(!starts(lane.next()));
        assert!(lane.claim(&four[0], Standing::Last).is_ok());
        assert_eq!(arrive(0), "now");
    }

    #[test]
    fn when_all_are_being_handled_the_newcomer_is_refused() {
        let ids = IdSource::new();
        let lane = lane(1, Overflow::DropOldest);
        let (first, second) = (emission(&ids, None), emission(&ids, None));
        assert!(lane.claim(&first, Standing::Last).is_ok());
        assert_eq!(arrives(&lane, &first), "now");
        let full = Reason::LaneFull { capacity: 1 };
        assert_eq!(lane.claim(&second, Standing::Last).err(), Some(full));
        assert!(!starts(lane.leave(first.id())));
        assert!(lane.claim(&second, Standing::Last).is_ok());
    }

    #[test]
    fn the_same_key_makes_room_for_its_latest_and_no_other_does() {
        let ids = IdSource::new();
        let lane = lane(2, Overflow::Coalesce);
        let (a, b) = (emission(&ids, Some("a")), emission(&ids, Some("b")));
        let (newer, other) = (emission(&ids, Some("a")), emission(&ids, Some("c")));
        assert!(lane.claim(&a, Standing::Last).is_ok() && lane.claim(&b, Standing::Last).is_ok());
        assert!(lane.claim(&newer, Standing::Last).is_ok());
        assert!(lane.claim(&other, Standing::Last).is_err());
        assert!(lane.claim(&emission(&ids, None), Standing::Last).is_err());
        assert_eq!(arrives(&lane, &a), "coalesced");
        assert_eq!(arrives(&lane, &b), "now");
        assert_eq!(arrives(&lane, &newer), "later");
    }

    #[test]
    fn an_emission_that_is_never_run_gives_its_place_back() {
        let ids = IdSource::new();
        let lane = lane(1, Overflow::DropOldest);
        let [first, second, third] = [(); 3].map(|()| emission(&ids, None));
        assert!(lane.claim(&first, Standing::Last).is_ok());
        assert_eq!(lane.withdraw(first.id()), None);
        // Until it leaves it has its room, and nothing newer can take that.
        assert!(lane.claim(&second, Standing::Last).is_err());
        assert!(!starts(lane.leave(first.id())));
        assert!(lane.claim(&second, Standing::Last).is_ok());
        // One that has lost its place has none to give back.
        assert!(lane.claim(&third, Standing::Last).is_ok());
        let reason = Reason::DroppedOldest { capacity: 1 };
        assert_eq!(lane.withdraw(second.id()), Some(reason));
        assert_eq!(arrives(&lane, &third), "now");
        assert!(lane.claim(&emission(&ids, None), Standing::Last).is_err());
    }
}
