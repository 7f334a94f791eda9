//! What waits in a strategy, and who takes it.
//!
//! It is long because it is one decision under one lock: what is queued, what is at work,
//! what is nested in it and who sleeps change together, and whoever reads one of them has
//! to see the others. What happens to an emission once it is taken is the runner's.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures::future::BoxFuture;

use crate::event::{EmissionId, Metadata};
use crate::handler::{Router, Routing, round};
use crate::registry::Overflow;

/// What waits to be run, and who may take it: the decisions of a strategy, without
/// an arbiter or a clock.
///
/// There is one queue for all **seats** (whoever takes from the line has one), or
/// one for each. What waits is bounded by the places of a
/// [`Room`](crate::registry::Room), which is asked before; one that found none there
/// comes in by taking the place of one that waits, if the overflow policy says so.
///
/// In order, a queue is **at work** from the taking of an emission until it has
/// ended, and gives out nothing meanwhile. What its handlers emit is nested: it is
/// put aside, in the order in which it comes, and goes to the front when the
/// running one has ended. So it comes before everything that waited, and what is
/// nested in it comes right after it. One that a handler waits for is run at once
/// and [joins](Self::join) the running one, which then ends when both have.
///
/// No user's value is dropped and nobody is woken under the lock.
#[derive(Debug)]
pub(super) struct Line<T> {
    plan: Plan,
    router: Router,
    /// Whether nothing is in the line, nobody serves it, and so whatever comes may
    /// go ahead at once. See [`Service::Bypass`].
    clear: AtomicBool,
    /// Whether somebody is left who takes from the line.
    alive: AtomicBool,
    state: Mutex<State<T>>,
}

/// What a line is like.
#[derive(Debug, Clone, Copy)]
pub(in crate::emitter) struct Plan {
    pub(in crate::emitter) seats: usize,
    /// Whether each seat has its own queue.
    pub(in crate::emitter) is_split: bool,
    pub(in crate::emitter) routing: Routing,
    pub(in crate::emitter) overflow: Overflow,
    pub(in crate::emitter) in_order: bool,
    pub(in crate::emitter) service: Service,
}

/// Who takes what waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::emitter) enum Service {
    /// Every seat has a task that stays.
    Stays,
    /// Whoever finds nobody serving does.
    OnDemand,
    /// Nobody needs to: a line forms only while another gear hands over.
    Bypass,
}

/// What waits in a line.
pub(super) trait Waits {
    fn metadata(&self) -> &Metadata;

    /// Takes over the place that `older` holds in the room.
    fn take_place_of(&mut self, older: &mut Self);
}

/// What became of one that came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pushed<T> {
    /// It waits. The one that was to make room for it is to be told; and if nobody
    /// serves the line, the caller is to.
    Waits { evicted: Option<T>, serve: bool },
    /// Nothing is in its way.
    Clear(T),
    /// There is no room, and none to be made.
    Full(T),
    /// Nobody is left who would take it.
    Dead(T),
}

/// Resolves when one that runs has ended.
pub(super) type End = BoxFuture<'static, ()>;

struct State<T> {
    queues: Vec<Queue<T>>,
    seats: Vec<Seat>,
    /// How many came before.
    came: u64,
    /// Nothing is given out yet: the gear before is still at it.
    held: bool,
    /// Nothing comes any more.
    closed: bool,
    /// Somebody serves the line on demand.
    served: bool,
}

struct Queue<T> {
    waiting: VecDeque<Slot<T>>,
    nested: VecDeque<Slot<T>>,
    work: Option<Group>,
}

/// Where one stands.
pub(super) struct Slot<T> {
    number: u64,
    is_nested: bool,
    pub(super) item: T,
}

/// An emission that runs in order, with those that are run in the middle of it.
struct Group {
    running: Vec<EmissionId>,
    joined: Vec<End>,
    seat: usize,
    /// Whoever waits for the group to end.
    waker: Option<Waker>,
}

#[derive(Default)]
struct Seat {
    is_empty: bool,
    is_busy: bool,
    sleeps: Option<Waker>,
}

impl<T: Waits> Line<T> {
    /// One that is `held` gives nothing out until it is [opened](Self::open).
    pub(super) fn new(plan: Plan, held: bool) -> Self {
        let queues = if plan.is_split { plan.seats } else { 1 };
        let queue = |_| Queue {
            waiting: VecDeque::new(),
            nested: VecDeque::new(),
            work: None,
        };
        let state = State {
            queues: (0..queues).map(queue).collect(),
            seats: (0..plan.seats).map(|_| Seat::default()).collect(),
            came: 0,
            held,
            closed: false,
            served: false,
        };
        Self {
            router: Router::new(plan.routing),
            clear: AtomicBool::new(plan.service == Service::Bypass && !held),
            alive: AtomicBool::new(true),
            state: Mutex::new(state),
            plan,
        }
    }

    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Whether what comes may go ahead at once.
    #[inline]
    pub(super) fn is_clear(&self) -> bool {
        self.clear.load(Ordering::Acquire)
    }

    pub(super) fn is_alive(&self) -> bool {
        self.alive.load(Ordering::Acquire)
    }

    /// Whether a handler of what runs in order emitted this.
    pub(super) fn is_nested(&self, metadata: &Metadata) -> bool {
        let Some(cause) = metadata.causation().filter(|_| self.plan.in_order) else {
            return false;
        };
        self.state().group_of(cause).is_some()
    }

    /// Whether it is nested, and comes right after its cause if nobody waits for it.
    pub(super) fn comes_right_after(&self, metadata: &Metadata) -> bool {
        let Some(cause) = metadata.causation().filter(|_| self.plan.in_order) else {
            return false;
        };
        let state = self.state();
        let at = state.group_of(cause);
        at.is_some() && at == Some(self.route(&state, metadata))
    }

    /// Whether one that found no place might come in.
    pub(super) fn can_evict(&self, metadata: &Metadata) -> bool {
        let state = self.state();
        state.oldest(&self.plan, metadata).is_some()
    }

    /// Adds one, which has a place in the room or is to take another's.
    pub(super) fn push(&self, item: T, has_place: bool) -> Pushed<T> {
        self.add(item, has_place, true)
    }

    /// Adds one as [`push`](Self::push) does, and lets those sleep that could take
    /// it: until [`rouse`](Self::rouse) is called, or somebody else pushes.
    pub(super) fn push_quietly(&self, item: T, has_place: bool) -> Pushed<T> {
        self.add(item, has_place, false)
    }

    /// Wakes those who sleep and could take what waits.
    pub(super) fn rouse(&self) {
        let mut state = self.state();
        let mut sleepers = Sleepers::default();
        for queue in 0..state.queues.len() {
            sleepers.join(state.sleepers_of(queue, self.plan.is_split));
        }
        drop(state);
        sleepers.wake();
    }

    fn add(&self, mut item: T, has_place: bool, wakes: bool) -> Pushed<T> {
        let mut state = self.state();
        if self.is_clear() {
            return Pushed::Clear(item);
        }
        if !self.is_alive() {
            return Pushed::Dead(item);
        }
        let mut evicted = None;
        if !has_place {
            let oldest = state.oldest(&self.plan, item.metadata());
            let Some(mut older) = oldest.and_then(|at| state.remove(at)) else {
                return Pushed::Full(item);
            };
            item.take_place_of(&mut older);
            evicted = Some(older);
        }
        let queue = self.route(&state, item.metadata());
        let cause = item.metadata().causation();
        let number = state.came;
        state.came += 1;
        let to = &mut state.queues[queue];
        let runs = |work: &Group| cause.is_some_and(|cause| work.running.contains(&cause));
        let is_nested = to.work.as_ref().is_some_and(runs);
        let slots = if is_nested {
            &mut to.nested
        } else {
            &mut to.waiting
        };
        slots.push_back(Slot {
            number,
            is_nested,
            item,
        });
        let serve = self.plan.service != Service::Stays && !state.served && !state.held;
        state.served |= serve;
        let sleepers = if wakes {
            state.sleepers_of(queue, self.plan.is_split)
        } else {
            Sleepers::default()
        };
        drop(state);
        sleepers.wake();
        Pushed::Waits { evicted, serve }
    }

    /// The queue that one belongs to: that of its cause, if it has no key that
    /// says otherwise.
    fn route(&self, state: &State<T>, metadata: &Metadata) -> usize {
        let places = state.queues.len();
        if places == 1 {
            return 0;
        }
        let cause = metadata.causation();
        let parent = cause.and_then(|cause| state.group_of(cause));
        if let (Some(queue), None) = (parent, metadata.key()) {
            return queue;
        }
        let load = |queue: usize| state.load(queue);
        let picked = self.router.pick(places, metadata.key(), load);
        // A seat that nobody sits on any more hands its share on.
        let alive = round(picked, places).find(|queue| !state.seats[*queue].is_empty);
        alive.unwrap_or(picked)
    }

    /// Takes the next one for a seat. Nothing is to come any more when there is
    /// none.
    pub(super) fn poll_take(&self, seat: usize, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let mut state = self.state();
        state.seats[seat].is_busy = false;
        if let Some(item) = state.take(seat, &self.plan) {
            return Poll::Ready(Some(item));
        }
        if state.closed {
            return Poll::Ready(None);
        }
        state.seats[seat].sleep(cx);
        Poll::Pending
    }

    /// Takes all that waits for a seat, into `batch`, which is empty. Nothing is to
    /// come any more when there is none.
    ///
    /// Only where [nobody can tell](Plan::takes_all) from taking them one by one.
    pub(super) fn poll_take_all(
        &self,
        seat: usize,
        batch: &mut VecDeque<Slot<T>>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let mut state = self.state();
        let queue = self.plan.queue_of(seat);
        if state.can_give(queue) {
            std::mem::swap(&mut state.queues[queue].waiting, batch);
            return Poll::Ready(());
        }
        if state.closed {
            return Poll::Ready(());
        }
        state.seats[seat].sleep(cx);
        Poll::Pending
    }

    /// Takes the next one, or stops serving the line.
    pub(super) fn take_or_leave(&self) -> Option<T> {
        let mut state = self.state();
        let item = state.take(0, &self.plan);
        if item.is_none() {
            state.served = false;
            self.clear_if_bypassed();
        }
        item
    }

    /// Whether the next one has nothing to do with the one that has just ended.
    pub(super) fn is_next_a_stranger(&self) -> bool {
        let state = self.state();
        let next = state.queues[0].waiting.front();
        next.is_some_and(|slot| !slot.is_nested)
    }

    fn clear_if_bypassed(&self) {
        if self.plan.service == Service::Bypass {
            self.clear.store(true, Ordering::Release);
        }
    }

    /// Lets one that was emitted by a handler of `cause`, and is waited for, run in
    /// the middle of it. Returns the seat where that runs, or nothing if it does not.
    pub(super) fn join(&self, cause: EmissionId, id: EmissionId, end: End) -> Option<usize> {
        let mut state = self.state();
        let queue = state.group_of(cause)?;
        let group = state.queues[queue].work.as_mut()?;
        group.running.push(id);
        group.joined.push(end);
        let (seat, waker) = (group.seat, group.waker.take());
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        Some(seat)
    }

    /// Takes what has joined the group that a seat has at work, and wakes `cx` when
    /// more does.
    pub(super) fn joined(&self, seat: usize, cx: &mut Context<'_>) -> Vec<End> {
        let mut state = self.state();
        let queue = self.plan.queue_of(seat);
        let Some(group) = &mut state.queues[queue].work else {
            return Vec::new();
        };
        group.waker = Some(cx.waker().clone());
        std::mem::take(&mut group.joined)
    }

    /// Ends the group that a seat has at work, unless more has joined it. What is
    /// nested in it comes next.
    pub(super) fn try_end(&self, seat: usize) -> bool {
        let mut state = self.state();
        let queue = &mut state.queues[self.plan.queue_of(seat)];
        let ended = queue
            .work
            .as_ref()
            .is_none_or(|work| work.joined.is_empty());
        if ended {
            queue.end();
        }
        ended
    }

    /// Gives out what waits. Returns whether the caller is to serve it.
    pub(super) fn open(&self) -> bool {
        let mut state = self.state();
        state.held = false;
        if self.plan.service == Service::Stays {
            let sleepers = state.sleepers();
            drop(state);
            sleepers.wake();
            return false;
        }
        let serve = state.queues[0].len() > 0 && !state.served;
        if !serve && !state.served {
            self.clear_if_bypassed();
        }
        state.served |= serve;
        serve
    }

    /// Says that nothing comes any more.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        let sleepers = state.sleepers();
        drop(state);
        sleepers.wake();
    }

    /// Empties a seat for good: its arbiter has gone. Returns what nobody will take
    /// any more, to be dropped.
    #[must_use = "it is lost"]
    pub(super) fn vacate(&self, seat: usize) -> (Vec<T>, Vec<End>) {
        let mut state = self.state();
        state.seats[seat].is_empty = true;
        state.seats[seat].is_busy = false;
        let sleeps = state.seats[seat].sleeps.take();
        let queue = self.plan.queue_of(seat);
        let mut ends = Vec::new();
        if let Some(group) = &mut state.queues[queue].work {
            if group.seat == seat {
                ends = std::mem::take(&mut group.joined);
                state.queues[queue].end();
            }
        }
        let mut lost = Vec::new();
        let mut others = Sleepers::default();
        let is_alive = state.seats.iter().any(|seat| !seat.is_empty);
        self.alive.store(is_alive, Ordering::Release);
        if self.plan.is_split || !is_alive {
            let queue = &mut state.queues[queue];
            let nested = std::mem::take(&mut queue.nested);
            let waiting = std::mem::take(&mut queue.waiting);
            lost.extend(nested.into_iter().chain(waiting).map(|slot| slot.item));
        } else {
            // It may have been woken and not have come to take it.
            others = state.sleepers_of(queue, self.plan.is_split);
        }
        drop(state);
        drop(sleeps);
        others.wake();
        (lost, ends)
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Plan {
    /// Whether a seat may take all that waits for it: when no other seat could take
    /// it, nothing can be taken back, nothing comes in between, and nobody asks how
    /// much waits. The places in the room are given back one by one all the same.
    pub(super) fn takes_all(&self) -> bool {
        let is_alone = self.is_split || self.seats == 1;
        let is_counted = self.routing == Routing::LeastLoaded;
        is_alone && !self.overflow.takes_back() && !self.in_order && !is_counted
    }

    fn queue_of(&self, seat: usize) -> usize {
        if self.is_split { seat } else { 0 }
    }
}

impl<T: Waits> State<T> {
    /// The queue that has `cause` at work.
    fn group_of(&self, cause: EmissionId) -> Option<usize> {
        let runs = |group: &Group| group.running.contains(&cause);
        self.queues
            .iter()
            .position(|queue| queue.work.as_ref().is_some_and(runs))
    }

    /// How much the seat of a queue has to do.
    fn load(&self, queue: usize) -> usize {
        self.queues[queue].len() + usize::from(self.seats[queue].is_busy)
    }

    fn can_give(&self, queue: usize) -> bool {
        !self.held && self.queues[queue].work.is_none() && self.queues[queue].len() > 0
    }

    fn take(&mut self, seat: usize, plan: &Plan) -> Option<T> {
        let queue = plan.queue_of(seat);
        if !self.can_give(queue) {
            return None;
        }
        let queue = &mut self.queues[queue];
        let item = queue.waiting.pop_front()?.item;
        if plan.in_order {
            queue.work = Some(Group {
                running: vec![item.metadata().id()],
                joined: Vec::new(),
                seat,
                waker: None,
            });
        }
        self.seats[seat].is_busy = true;
        Some(item)
    }

    /// Those who sleep and could take from a queue what it gives. All of them: a seat
    /// may sleep while an async callback blocks its thread, and the first to come
    /// takes it.
    fn sleepers_of(&mut self, queue: usize, is_split: bool) -> Sleepers {
        if !self.can_give(queue) {
            return Sleepers::default();
        }
        if is_split {
            let (first, rest) = (self.seats[queue].sleeps.take(), Vec::new());
            return Sleepers { first, rest };
        }
        self.sleepers()
    }

    fn sleepers(&mut self) -> Sleepers {
        let seats = self.seats.iter_mut();
        let mut wakers = seats.filter_map(|seat| seat.sleeps.take());
        let (first, rest) = (wakers.next(), wakers.collect());
        Sleepers { first, rest }
    }

    /// The one that is to go for a newer one: its queue, whether it is nested,
    /// and its position.
    fn oldest(&self, plan: &Plan, newer: &Metadata) -> Option<(usize, bool, usize)> {
        if !plan.overflow.takes_back() {
            return None;
        }
        let may_go = |item: &T| match plan.overflow {
            Overflow::Coalesce => stands_for_the_same(item.metadata(), newer),
            _ => true,
        };
        let mut oldest = None;
        for (at, queue) in self.queues.iter().enumerate() {
            for (nested, slots) in [(false, &queue.waiting), (true, &queue.nested)] {
                for (position, slot) in slots.iter().enumerate() {
                    let number = slot.number;
                    if oldest.is_some_and(|(least, _)| least < number) || !may_go(&slot.item) {
                        continue;
                    }
                    oldest = Some((number, (at, nested, position)));
                    // All stand in the order in which they came, but for what was
                    // nested in others.
                    if !plan.in_order {
                        break;
                    }
                }
            }
        }
        oldest.map(|(_, at)| at)
    }

    fn remove(&mut self, (queue, nested, position): (usize, bool, usize)) -> Option<T> {
        let queue = &mut self.queues[queue];
        let slots = if nested {
            &mut queue.nested
        } else {
            &mut queue.waiting
        };
        slots.remove(position).map(|slot| slot.item)
    }
}

/// Those to be woken. Mostly one, and that needs no allocation.
#[derive(Default)]
struct Sleepers {
    first: Option<Waker>,
    rest: Vec<Waker>,
}

impl Sleepers {
    fn join(&mut self, others: Self) {
        if self.first.is_none() {
            *self = others;
        } else {
            self.rest
                .extend(others.first.into_iter().chain(others.rest));
        }
    }

    fn wake(self) {
        self.first
            .into_iter()
            .chain(self.rest)
            .for_each(Waker::wake);
    }
}

impl Seat {
    fn sleep(&mut self, cx: &Context<'_>) {
        if !self
            .sleeps
            .as_ref()
            .is_some_and(|w| w.will_wake(cx.waker()))
        {
            self.sleeps = Some(cx.waker().clone());
        }
    }
}

impl<T> Queue<T> {
    fn len(&self) -> usize {
        self.waiting.len() + self.nested.len()
    }

    fn end(&mut self) {
        self.work = None;
        while let Some(slot) = self.nested.pop_back() {
            self.waiting.push_front(slot);
        }
    }
}

/// Whether a newer emission says what an older one has said: the same type, topic
/// and key. Without a key, none stands for another.
fn stands_for_the_same(older: &Metadata, newer: &Metadata) -> bool {
    older.key().is_some()
        && older.key() == newer.key()
        && older.event_type() == newer.event_type()
        && older.topic() == newer.topic()
}

impl<T> std::fmt::Debug for State<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let waiting: Vec<_> = self.queues.iter().map(Queue::len).collect();
        f.debug_struct("State")
            .field("waiting", &waiting)
            .field("held", &self.held)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;

    use crate::event::{Attributes, EventType};

    use super::*;

    #[derive(Debug)]
    struct Note {
        metadata: Metadata,
        has_place: bool,
    }

    impl Waits for Note {
        fn metadata(&self) -> &Metadata {
            &self.metadata
        }

        fn take_place_of(&mut self, older: &mut Self) {
            self.has_place = std::mem::take(&mut older.has_place);
        }
    }

    impl PartialEq for Note {
        fn eq(&self, other: &Self) -> bool {
            self.number() == other.number()
        }
    }

    impl Note {
        fn number(&self) -> u128 {
            self.metadata.id().as_u128()
        }

        fn id(number: u128) -> EmissionId {
            EmissionId::from_u128(number)
        }
    }

    fn note(number: u128, cause: Option<u128>, key: Option<&str>) -> Note {
        let attributes = Attributes {
            key: key.map(Arc::from),
            causation: cause.map(Note::id),
            ..Attributes::default()
        };
        let id = Note::id(number);
        let of = EventType::of::<u8>();
        Note {
            metadata: Metadata::new(id, of, None, Some(Box::new(attributes))),
            has_place: true,
        }
    }

    fn plain(number: u128) -> Note {
        note(number, None, None)
    }

    const PLAN: Plan = Plan {
        seats: 1,
        is_split: false,
        routing: Routing::RoundRobin,
        overflow: Overflow::Refuse,
        in_order: false,
        service: Service::Stays,
    };

    /// How often it was woken.
    #[derive(Default)]
    struct Sleeper(AtomicUsize);

    impl Wake for Sleeper {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    impl Sleeper {
        fn take(self: &Arc<Self>, line: &Line<Note>, seat: usize) -> Option<u128> {
            let waker = self.clone().into();
            match line.poll_take(seat, &mut Context::from_waker(&waker)) {
                Poll::Ready(item) => item.map(|note| note.number()),
                Poll::Pending => None,
            }
        }

        fn woken(&self) -> usize {
            self.0.load(Ordering::SeqCst)
        }
    }

    fn push(line: &Line<Note>, note: Note) -> Option<u128> {
        match line.push(note, true) {
            Pushed::Waits { evicted, .. } => evicted.map(|note| note.number()),
            other => panic!("{other:?}"),
        }
    }

    fn all_of(line: &Line<Note>) -> Vec<u128> {
        let sleeper = Arc::<Sleeper>::default();
        std::iter::from_fn(|| sleeper.take(line, 0)).collect()
    }

    #[test]
    fn what_waits_is_taken_in_its_order_and_wakes_all_that_sleep() {
        let line = Line::new(Plan { seats: 2, ..PLAN }, false);
        let sleepers = [Arc::<Sleeper>::default(), Arc::default()];
        for (seat, sleeper) in sleepers.iter().enumerate() {
            assert_eq!(sleeper.take(&line, seat), None);
        }
        push(&line, plain(1));
        assert_eq!((sleepers[0].woken(), sleepers[1].woken()), (1, 1));
        push(&line, plain(2));
        push(&line, plain(3));
        assert_eq!((sleepers[0].woken(), sleepers[1].woken()), (1, 1));
        assert_eq!(all_of(&line), [1, 2, 3]);
    }

    #[test]
    fn what_comes_quietly_is_there_for_whoever_is_awake_and_wakes_with_the_rest() {
        for is_split in [false, true] {
            let plan = Plan {
                seats: 2,
                is_split,
                ..PLAN
            };
            let line = Line::new(plan, false);
            let sleepers = [Arc::<Sleeper>::default(), Arc::default()];
            let woken = || (sleepers[0].woken(), sleepers[1].woken());
            let sleep = |seat: usize| assert_eq!(sleepers[seat].take(&line, seat), None);
            (0..2).for_each(sleep);
            let quietly = |number| match line.push_quietly(plain(number), true) {
                Pushed::Waits { .. } => assert_eq!(woken(), (0, 0)),
                other => panic!("{other:?}"),
            };
            (0..2).for_each(quietly);
            assert_eq!(sleepers[0].take(&line, 0), Some(0));
            line.rouse();
            assert_eq!(woken().1, 1);
            assert_eq!(sleepers[1].take(&line, 1), Some(1));
            let before = woken();
            line.rouse();
            assert_eq!(woken(), before, "nothing waits");
        }
    }

    #[test]
    fn what_one_seat_leaves_behind_is_another_ones() {
        let line = Line::new(Plan { seats: 2, ..PLAN }, false);
        let sleepers = [Arc::<Sleeper>::default(), Arc::default()];
        for (seat, sleeper) in sleepers.iter().enumerate() {
            assert_eq!(sleeper.take(&line, seat), None);
        }
        push(&line, plain(1));
        let (lost, _) = line.vacate(0);
        assert!(lost.is_empty());
        assert_eq!(sleepers[1].woken(), 1);
        assert_eq!(sleepers[1].take(&line, 1), Some(1));
        push(&line, plain(2));
        let (lost, _) = line.vacate(1);
        assert_eq!(lost, [plain(2)]);
        assert!(!line.is_alive());
        assert_eq!(line.push(plain(3), true), Pushed::Dead(plain(3)));
    }

    #[test]
    fn a_split_line_goes_by_its_router_and_around_seats_that_are_empty() {
        let plan = Plan {
            seats: 3,
            is_split: true,
            routing: Routing::LeastLoaded,
            ..PLAN
        };
        let line = Line::new(plan, false);
        let sleeper = Arc::<Sleeper>::default();
        (0..6).for_each(|n| assert_eq!(push(&line, plain(n)), None));
        assert_eq!(sleeper.take(&line, 1), Some(1));
        assert_eq!(sleeper.take(&line, 1), Some(4));
        // Seat 1 is busy with one, the others have two to do.
        push(&line, plain(6));
        assert_eq!(sleeper.take(&line, 1), Some(6));
        let (lost, _) = line.vacate(0);
        assert_eq!(lost, [plain(0), plain(3)]);
        let (lost, _) = line.vacate(1);
        assert!(lost.is_empty());
        (7..10).for_each(|n| assert_eq!(push(&line, plain(n)), None));
        let at_2: Vec<_> = std::iter::from_fn(|| sleeper.take(&line, 2)).collect();
        assert_eq!(at_2, [2, 5, 7, 8, 9]);
    }

    #[test]
    fn the_oldest_of_all_queues_makes_room() {
        let plan = Plan {
            seats: 2,
            is_split: true,
            overflow: Overflow::DropOldest,
            ..PLAN
        };
        let line = Line::new(plan, false);
        assert!(!line.can_evict(&plain(9).metadata));
        assert_eq!(line.push(plain(9), false), Pushed::Full(plain(9)));
        (0..4).for_each(|n| assert_eq!(push(&line, plain(n)), None));
        let sleeper = Arc::<Sleeper>::default();
        assert_eq!(sleeper.take(&line, 0), Some(0));
        assert!(line.can_evict(&plain(9).metadata));
        let mut newer = plain(4);
        newer.has_place = false;
        let Pushed::Waits { evicted, .. } = line.push(newer, false) else {
            panic!("there is one to go");
        };
        let evicted = evicted.unwrap();
        assert_eq!(evicted, plain(1));
        assert!(!evicted.has_place, "its place is the newer one's");
    }

    #[test]
    fn only_what_stands_for_the_same_is_coalesced() {
        let overflow = Overflow::Coalesce;
        let line = Line::new(Plan { overflow, ..PLAN }, false);
        push(&line, note(1, None, Some("a")));
        push(&line, note(2, None, Some("b")));
        push(&line, plain(3));
        let none = [plain(4), note(4, None, Some("c"))];
        for note in none {
            assert!(!line.can_evict(&note.metadata));
            assert!(matches!(line.push(note, false), Pushed::Full(_)));
        }
        let mut other_type = note(4, None, Some("a"));
        let attributes = Attributes {
            key: Some("a".into()),
            ..Attributes::default()
        };
        let of = EventType::of::<u16>();
        other_type.metadata = Metadata::new(Note::id(4), of, None, Some(Box::new(attributes)));
        assert!(matches!(line.push(other_type, false), Pushed::Full(_)));
        let Pushed::Waits { evicted, .. } = line.push(note(4, None, Some("a")), false) else {
            panic!("there is one to go");
        };
        assert_eq!(evicted, Some(note(1, None, Some("a"))));
        assert_eq!(all_of(&line), [2, 3, 4], "the newer one goes to the back");
    }

    #[test]
    fn nested_ones_come_right_after_their_cause_in_their_order() {
        let in_order = true;
        let line = Line::new(Plan { in_order, ..PLAN }, false);
        let sleeper = Arc::<Sleeper>::default();
        push(&line, plain(1));
        push(&line, plain(2));
        assert_eq!(sleeper.take(&line, 0), Some(1));
        assert_eq!(sleeper.take(&line, 0), None, "1 has not ended");
        push(&line, note(11, Some(1), None));
        push(&line, note(12, Some(1), None));
        push(&line, note(21, Some(2), None));
        assert!(line.is_nested(&note(13, Some(1), None).metadata));
        assert!(!line.is_nested(&note(22, Some(2), None).metadata));
        assert!(line.try_end(0));
        assert_eq!(sleeper.take(&line, 0), Some(11));
        push(&line, note(111, Some(11), None));
        assert!(line.try_end(0));
        for number in [111, 12, 2, 21] {
            assert_eq!(sleeper.take(&line, 0), Some(number));
            assert!(line.try_end(0));
        }
    }

    #[test]
    fn what_joins_is_part_of_what_it_joins_until_that_ends() {
        let in_order = true;
        let line = Line::new(Plan { in_order, ..PLAN }, false);
        let sleeper = Arc::<Sleeper>::default();
        let end = || -> End { Box::pin(std::future::ready(())) };
        push(&line, plain(1));
        assert_eq!(line.join(Note::id(1), Note::id(2), end()), None);
        assert_eq!(sleeper.take(&line, 0), Some(1));
        let waker = sleeper.clone().into();
        let mut cx = Context::from_waker(&waker);
        assert!(line.joined(0, &mut cx).is_empty());
        assert_eq!(line.join(Note::id(1), Note::id(2), end()), Some(0));
        assert_eq!(sleeper.woken(), 1);
        assert!(!line.try_end(0), "one has joined");
        assert_eq!(line.joined(0, &mut cx).len(), 1);
        // What is nested in what has joined is nested too.
        push(&line, plain(4));
        push(&line, note(3, Some(2), None));
        assert!(line.try_end(0));
        assert_eq!(line.join(Note::id(1), Note::id(5), end()), None);
        assert_eq!(sleeper.take(&line, 0), Some(3));
    }

    #[test]
    fn nested_ones_with_a_key_go_where_the_key_says() {
        let plan = Plan {
            seats: 2,
            is_split: true,
            routing: Routing::Keyed,
            in_order: true,
            ..PLAN
        };
        let line = Line::new(plan, false);
        let sleeper = Arc::<Sleeper>::default();
        let router = Router::new(Routing::Keyed);
        let at = |key: &String| router.pick(2, Some(key), |_| 0);
        let keys: Vec<_> = (0..64).map(|n| n.to_string()).collect();
        let here = keys.iter().find(|key| at(key) == 0).unwrap();
        let there = keys.iter().find(|key| at(key) == 1).unwrap();
        push(&line, note(1, None, Some(here)));
        push(&line, note(2, None, Some(here)));
        assert_eq!(sleeper.take(&line, 0), Some(1));
        push(&line, note(11, Some(1), None));
        push(&line, note(12, Some(1), Some(there)));
        push(&line, note(13, Some(1), Some(here)));
        assert!(line.try_end(0));
        for number in [11, 13, 2] {
            assert_eq!(sleeper.take(&line, 0), Some(number));
            assert!(line.try_end(0));
        }
        assert_eq!(sleeper.take(&line, 1), Some(12));
    }

    #[test]
    fn a_line_that_is_held_gives_nothing_out_before_it_is_opened() {
        let line = Line::new(PLAN, true);
        let sleeper = Arc::<Sleeper>::default();
        assert_eq!(sleeper.take(&line, 0), None);
        push(&line, plain(1));
        assert_eq!(sleeper.woken(), 0);
        assert!(!line.open(), "it has somebody who stays");
        assert_eq!(sleeper.woken(), 1);
        assert_eq!(sleeper.take(&line, 0), Some(1));
    }

    #[test]
    fn a_line_without_anybody_is_served_by_the_one_that_comes_first() {
        let service = Service::OnDemand;
        let line = Line::new(Plan { service, ..PLAN }, false);
        let serve = |number| match line.push(plain(number), true) {
            Pushed::Waits { serve, .. } => serve,
            other => panic!("{other:?}"),
        };
        assert!(serve(1));
        assert!(!serve(2), "somebody does");
        assert_eq!(line.take_or_leave(), Some(plain(1)));
        assert_eq!(line.take_or_leave(), Some(plain(2)));
        assert_eq!(line.take_or_leave(), None);
        assert!(serve(3));
    }

    #[test]
    fn a_line_that_nobody_needs_forms_only_while_it_is_held() {
        let service = Service::Bypass;
        let plan = Plan { service, ..PLAN };
        assert!(Line::<Note>::new(plan, false).is_clear());
        let line = Line::new(plan, true);
        assert!(!line.is_clear());
        push(&line, plain(1));
        assert!(line.open(), "one has come meanwhile");
        push(&line, plain(2));
        assert_eq!(line.take_or_leave(), Some(plain(1)));
        assert_eq!(line.take_or_leave(), Some(plain(2)));
        assert!(!line.is_clear(), "the last one is still being run");
        assert_eq!(line.take_or_leave(), None);
        assert!(line.is_clear());
        assert_eq!(line.push(plain(3), true), Pushed::Clear(plain(3)));
        let line = Line::<Note>::new(plan, true);
        assert!(!line.open());
        assert!(line.is_clear());
    }
}
