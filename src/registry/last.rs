use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::delivery::{AnyHeld, Held, Kept};
use crate::event::{Metadata, SubscriptionId};
use crate::shield::shielded;

use super::queue::Standing;
use super::record::Record;
use super::registry::Registry;
use super::route::Route;
use super::selector::Selector;

/// The last values of a linker: one for each event type or topic that is kept.
///
/// # How a new subscription gets the last value, and no emission twice
///
/// An emission (1) reads the route, (2) claims its deliveries, (3) stores itself here,
/// (4) reads the route again, and is only then (5) sent. A subscription that asks for the
/// last values (a) links itself, has the routes that do not lead to it thrown away, and
/// reads the values, all under the table's lock; and then it (b) claims what it has read,
/// before everything else in its lane, which is shut until then. Storing numbers the
/// values; reading notes the number it has come to.
///
/// - *Not twice.* Routes are built under the table's lock, so whoever finds the
///   subscription in (1) stores itself after (a): what is read in (a) was matched without
///   it. Step (4) looks only at subscriptions that (1) did not find, and leaves out those
///   whose (a) came after its (3), which have read it, or something newer.
/// - *Not missed.* What (a) did not read is stored after it. Its (4) comes later still,
///   when there is no route left without the subscription: so (4) finds it, unless (1) has.
/// - *In order.* What was stored after (a) is sent after (a), and waits in the lane until
///   what was read has arrived. What (4) delivers has its place in the lane before
///   the next emission of the same thread, which waits until it has arrived.
///
/// Replays and what (4) delivers take the way over the linker's arbiter. Nothing of a
/// user's runs or is dropped under a lock.
#[derive(Default)]
pub(super) struct LastValues {
    /// Whether there is anything to keep: all that an emission asks if there is not.
    is_any: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    slots: HashMap<Selector, Option<Value>>,
    /// How many values have been stored.
    stored: u64,
}

struct Value {
    number: u64,
    kept: Kept,
}

/// That a subscription wants the last values.
#[derive(Debug, Default)]
pub(crate) struct Replay {
    /// The number of the last value there was when it read them.
    read: AtomicU64,
}

impl Replay {
    /// Whether it had read the last values before this one was stored.
    fn has_missed(&self, number: u64) -> bool {
        self.read.load(Ordering::Acquire) < number
    }
}

impl LastValues {
    fn keep(&self, selector: &Selector) -> bool {
        let mut state = self.state();
        let is_new = !state.slots.contains_key(selector);
        state.slots.entry(selector.clone()).or_default();
        self.is_any.store(true, Ordering::Release);
        is_new
    }

    /// Takes a slot out, with its value.
    fn forget(&self, selector: &Selector) -> Option<Option<Value>> {
        let mut state = self.state();
        let slot = state.slots.remove(selector);
        self.is_any
            .store(!state.slots.is_empty(), Ordering::Release);
        slot
    }

    #[inline]
    fn is_kept(&self, metadata: &Metadata) -> bool {
        self.is_any.load(Ordering::Acquire) && self.has(metadata)
    }

    fn has(&self, metadata: &Metadata) -> bool {
        let address = Selector::of_emission(metadata);
        self.state().slots.contains_key(&address)
    }

    /// Stores a value, and returns its number, and the value that was there before.
    fn store(&self, kept: &Kept) -> Option<(u64, Option<Value>)> {
        let mut state = self.state();
        let number = state.stored + 1;
        let slot = state
            .slots
            .get_mut(&Selector::of_emission(kept.metadata()))?;
        let kept = kept.clone();
        let older = slot.replace(Value { number, kept });
        state.stored = number;
        Some((number, older))
    }

    fn get(&self, selector: &Selector) -> Option<Kept> {
        let state = self.state();
        let value = state.slots.get(selector)?.as_ref()?;
        Some(value.kept.clone())
    }

    /// Reads all values that are selected, for one that is being linked, the oldest first.
    pub(super) fn read(&self, replay: &Replay, selectors: &[Selector]) -> Vec<Kept> {
        let state = self.state();
        let is_selected = |value: &&Value| {
            let metadata = value.kept.metadata();
            selectors.iter().any(|selector| selector.selects(metadata))
        };
        let stored = state.slots.values().flatten();
        let mut values: Vec<_> = stored.filter(is_selected).collect();
        values.sort_by_key(|value| value.number);
        replay.read.store(state.stored, Ordering::Release);
        values.iter().map(|value| value.kept.clone()).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registry {
    /// Keeps the last value of an event type or topic. Returns whether it was not kept
    /// before.
    pub(crate) fn keep_last(&self, selector: &Selector) -> bool {
        self.last.keep(selector)
    }

    /// Keeps it no longer. Returns whether it was kept.
    pub(crate) fn forget_last(&self, selector: &Selector) -> bool {
        let slot = self.last.forget(selector);
        let was_kept = slot.is_some();
        // What it holds is a user's.
        shielded(move || drop(slot));
        was_kept
    }

    /// The last value of an event type or topic, unless its deadline has passed.
    pub(crate) fn last(&self, selector: &Selector) -> Option<Kept> {
        let kept = self.last.get(selector);
        kept.filter(|kept| !kept.metadata().is_expired())
    }

    /// Whether any emission is to be kept as a last value.
    #[inline]
    pub(crate) fn keeps_any(&self) -> bool {
        self.last.is_any.load(Ordering::Acquire)
    }

    /// Whether an emission is to be kept as the last value.
    #[inline]
    pub(crate) fn keeps(&self, metadata: &Metadata) -> bool {
        self.last.is_kept(metadata)
    }

    /// Keeps an emission that `matched` was found for as the last value, and delivers it
    /// to those that have come too late to be found, and too early to read it.
    pub(crate) fn store_last<E: Send + Sync + 'static>(
        &self,
        held: &Held<E>,
        matched: &Arc<Route<E>>,
    ) {
        let kept = held.keep();
        let Some((number, older)) = self.last.store(&kept) else {
            return;
        };
        // What it holds is a user's.
        shielded(move || drop(older));
        let route = self.route_to(kept.metadata().topic());
        if Arc::ptr_eq(&route, matched) {
            return;
        }
        let has_missed = |record: &Record| {
            let replay = record.replay.as_ref();
            replay.is_some_and(|replay| replay.has_missed(number))
        };
        for record in route.records_beside(matched) {
            if has_missed(record) {
                self.hand_out(&kept, record.id(), Standing::Late);
            }
        }
    }

    /// Delivers the last values that a subscription has read, the oldest first, and then
    /// lets go on what has come since.
    pub(crate) fn replay(&self, record: &Arc<Record>, values: &[Kept]) {
        if record.replay.is_none() {
            return;
        }
        let still = |kept: &&Kept| !kept.metadata().is_expired();
        // Each comes before all others.
        for kept in values.iter().rev().filter(still) {
            self.hand_out(kept, record.id(), Standing::First);
        }
        record.pump(record.lane.open());
    }

    fn hand_out(&self, kept: &Kept, id: SubscriptionId, standing: Standing) {
        // One whose deadline has passed is no value any more.
        let (Some(redelivery), Ok(reopened)) = (self.redelivery(kept, id), self.reopen(kept))
        else {
            return;
        };
        match redelivery.claim(standing) {
            Ok(()) => redelivery.send(reopened),
            Err(refusal) => self.tell_of_refusals(kept, &[refusal]),
        }
    }
}
