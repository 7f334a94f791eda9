use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix::clock::{Instant, sleep_until};
use actix_rt::ArbiterHandle;

use crate::delivery::{Held, Parcel, Turn};
use crate::event::EmissionId;
use crate::later::later;
use crate::outcome::{Reason, Verdict};
use crate::shield::shielded;

use super::queue::Errand;
use super::record::Record;
use super::runs::Spot;
use super::target::Target;

/// What batches go to.
pub(crate) trait BatchTarget<E: ?Sized + 'static>: Send + Sync {
    /// Starts to handle a batch of one delivery at least, and never waits for it.
    fn start(&self, batch: Vec<Parcel<E>>, may_block: bool);

    /// Whether starting a batch takes no longer than passing it on. Then one is started
    /// at a time, in order.
    fn passes_on(&self) -> bool {
        true
    }

    /// Whether there is still somebody to deliver to.
    fn is_alive(&self) -> bool {
        true
    }

    /// Whether it ends by itself what takes longer than the subscription's timeout.
    fn ends_in_time(&self) -> bool {
        false
    }

    /// Whether it can start on this thread.
    fn can_start(&self) -> bool {
        true
    }
}

/// Collects deliveries, and hands them over in batches.
///
/// A delivery that comes is put behind those that wait. Whoever makes a batch complete
/// hands it over, right there. What has waited for too long is handed over on the
/// linker's arbiter, and so is what waits when it is [flushed](Target::flush). One that
/// comes when nothing is to wait any more is put behind the others first and asks then:
/// so either it sees that, or the one that flushes sees it.
///
/// What waits here has been handed over by its lane, and keeps its room there. It
/// [begins](Record::begin) when its batch does, so that is when its shot is spent, and
/// when its time starts to run.
pub(crate) struct Collector<E: ?Sized + Send + Sync + 'static>(Arc<Shared<E>>);

struct Shared<E: ?Sized + Send + Sync + 'static> {
    size: usize,
    within: Duration,
    record: Arc<Record>,
    home: ArbiterHandle,
    target: Box<dyn BatchTarget<E>>,
    state: Mutex<State<E>>,
}

struct State<E: ?Sized + Send + Sync + 'static> {
    waiting: VecDeque<Waiting<E>>,
    /// How many of them are not to wait for more.
    hurried: usize,
    /// Somebody is handing batches over, and will see to the next one too.
    busy: bool,
    /// Somebody looks again when the first of them has waited for long enough.
    watched: bool,
}

impl<E: ?Sized + Send + Sync + 'static> Collector<E> {
    pub(crate) fn new(
        size: usize,
        within: Duration,
        record: &Arc<Record>,
        home: &ArbiterHandle,
        target: Box<dyn BatchTarget<E>>,
    ) -> Self {
        Self(Arc::new(Shared {
            size,
            within,
            record: record.clone(),
            home: home.clone(),
            target,
            state: Mutex::new(State {
                waiting: VecDeque::new(),
                hurried: 0,
                busy: false,
                watched: false,
            }),
        }))
    }
}

impl<E: ?Sized + Send + Sync + 'static> Target<E> for Collector<E> {
    fn start(&self, turn: Turn<'_, E>) {
        let shared = &self.0;
        let may_block = turn.may_block();
        let (held, position) = turn.into_held();
        let origin = held.ledger().origin().clone();
        let due = later(Instant::now(), shared.within);
        let waiting = Waiting {
            held: Some(held),
            position,
            record: shared.record.clone(),
            spot: Spot::here(may_block),
            due,
        };
        let mut state = shared.state();
        state.waiting.push_back(waiting);
        let count = state.waiting.len();
        // To be asked after it has come: see above.
        let is_hurried = shared.record.is_hurried(&*origin);
        let is_last = !shared.record.has_more(count);
        if is_hurried || is_last {
            state.hurried = count;
        }
        let is_complete = is_last || count >= shared.size;
        let waits = !is_complete && !is_hurried;
        let watch = waits && !std::mem::replace(&mut state.watched, true);
        drop(state);
        if watch {
            shared.watch(due);
        }
        if is_complete {
            shared.hand_over(may_block);
        } else if is_hurried {
            // After this turn, which may bring more.
            shared.hand_over_at_home();
        }
    }

    fn begins_later(&self) -> bool {
        true
    }

    fn flush(&self) {
        if self.0.hurry() {
            Shared::hand_over_at_home(&self.0);
        }
    }

    fn is_alive(&self) -> bool {
        self.0.target.is_alive()
    }

    fn ends_in_time(&self) -> bool {
        self.0.target.ends_in_time()
    }

    fn can_start(&self) -> bool {
        self.0.target.can_start()
    }
}

impl<E: ?Sized + Send + Sync + 'static> Shared<E> {
    /// Lets nothing that waits wait for more. Returns whether anything did.
    fn hurry(&self) -> bool {
        let mut state = self.state();
        state.hurried = state.waiting.len();
        state.hurried > 0
    }

    /// Hands over what is complete.
    fn hand_over(self: &Arc<Self>, may_block: bool) {
        while let Some(batch) = self.take() {
            shielded(|| self.begin(batch, may_block));
            if self.target.passes_on() {
                self.state().busy = false;
            }
        }
    }

    /// Takes a batch that is complete, if it may begin.
    fn take(self: &Arc<Self>) -> Option<Vec<Waiting<E>>> {
        let mut state = self.state();
        let waiting = state.waiting.len();
        let count = if waiting < self.size {
            state.hurried
        } else {
            self.size
        };
        if state.busy || count == 0 {
            return None;
        }
        let ids = state.waiting.iter().take(count).map(Waiting::id);
        let errand = || -> Box<dyn Errand> { Box::new(HandOver(Some(self.clone()))) };
        if !self.record.lane.begin_batch(ids, errand) {
            return None;
        }
        state.hurried = state.hurried.saturating_sub(count);
        state.busy = self.target.passes_on();
        Some(state.waiting.drain(..count).collect())
    }

    fn begin(&self, batch: Vec<Waiting<E>>, may_block: bool) {
        let ends_itself = self.target.ends_in_time();
        let batch = batch.into_iter();
        let batch: Vec<_> = batch.filter_map(|one| one.begin(ends_itself)).collect();
        if !batch.is_empty() {
            self.target.start(batch, may_block);
        }
    }

    /// Hands over what is complete, on the linker's arbiter.
    fn hand_over_at_home(self: &Arc<Self>) {
        let hand_over = HandOver(Some(self.clone()));
        // Where that has stopped, it is dropped.
        self.home.spawn_fn(move || hand_over.run());
    }

    /// Looks again when what waits has waited for long enough.
    ///
    /// One task does so for all that come. It is there only while any wait.
    fn watch(self: &Arc<Self>, mut due: Instant) {
        let mut vigil = HandOver(Some(self.clone()));
        self.home.spawn(async move {
            while let Some(shared) = &vigil.0 {
                sleep_until(due).await;
                match shared.end_due() {
                    Some(next) => due = next,
                    None => vigil.0 = None,
                }
            }
        });
    }

    /// Hands over what is due, and returns when to look again, if anything is left.
    fn end_due(self: &Arc<Self>) -> Option<Instant> {
        let first = self.state().first_due();
        if first.is_some_and(|due| due <= Instant::now()) {
            self.hurry();
            self.hand_over(false);
        }
        let mut state = self.state();
        let next = state.first_due();
        state.watched = next.is_some();
        next
    }

    /// Nobody will look again: what waits is lost.
    fn give_up(&self) {
        let mut state = self.state();
        state.watched = false;
        state.hurried = 0;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        for one in waiting {
            shielded(move || drop(one));
        }
    }

    fn state(&self) -> MutexGuard<'_, State<E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: ?Sized + Send + Sync + 'static> State<E> {
    /// When the first is due of those that wait for more.
    fn first_due(&self) -> Option<Instant> {
        self.waiting.get(self.hurried).map(|one| one.due)
    }
}

/// Hands over what is complete, on the linker's arbiter. Dropped before it has, because
/// that has stopped, it gives up what waits.
struct HandOver<E: ?Sized + Send + Sync + 'static>(Option<Arc<Shared<E>>>);

impl<E: ?Sized + Send + Sync + 'static> HandOver<E> {
    fn run(mut self) {
        if let Some(shared) = self.0.take() {
            shared.hand_over(false);
        }
    }
}

/// Waits for the batch before it to end.
impl<E: ?Sized + Send + Sync + 'static> Errand for HandOver<E> {
    fn start(mut self: Box<Self>) {
        if let Some(shared) = self.0.take() {
            shared.hand_over_at_home();
        }
    }

    fn end(self: Box<Self>, _: Reason) {}
}

impl<E: ?Sized + Send + Sync + 'static> Drop for HandOver<E> {
    fn drop(&mut self) {
        if let Some(shared) = self.0.take() {
            shared.give_up();
        }
    }
}

/// A delivery that waits for more. Dropped, it is lost, and says so.
struct Waiting<E: ?Sized + Send + Sync + 'static> {
    /// Taken out when it begins.
    held: Option<Held<E>>,
    position: usize,
    record: Arc<Record>,
    /// Where it came from, and is tried again.
    spot: Spot,
    due: Instant,
}

impl<E: ?Sized + Send + Sync + 'static> Waiting<E> {
    fn id(&self) -> EmissionId {
        let held = self.held.as_ref().expect("it waits until it begins");
        held.header().metadata.id()
    }

    /// Returns what is to be handled, unless it comes too late.
    fn begin(mut self, ends_itself: bool) -> Option<Parcel<E>> {
        let (held, position) = (self.held.take()?, self.position);
        if held.header().metadata.is_expired() {
            let verdict = Verdict::Refused(Reason::Expired);
            shielded(|| self.record.abandon(position, &held, verdict));
            return None;
        }
        let spot = self.spot.clone();
        if !self.record.begin(position, &held, ends_itself, || spot) {
            return None;
        }
        drop(self.record.arrival());
        Some(Parcel::new(held, position))
    }
}

impl<E: ?Sized + Send + Sync + 'static> Drop for Waiting<E> {
    fn drop(&mut self) {
        if let Some(held) = self.held.take() {
            self.record.abandon(self.position, &held, Verdict::Lost);
        }
    }
}
