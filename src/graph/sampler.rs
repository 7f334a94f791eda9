use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::event::{EventType, HandlerRef, Metadata, SubscriptionId};
use crate::registry::Selector;

/// Looks at some of a linker's emissions, and remembers which different ones there
/// were.
///
/// Which of them is decided by a hash of their number. Every n-th would never see
/// one half of what comes in turns.
#[derive(Debug)]
pub(crate) struct Sampler {
    one_in: u32,
    /// How many events are kept, and how many chains.
    capacity: usize,
    emissions: AtomicU64,
    sample: Mutex<Sample>,
}

/// What has been seen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sample {
    pub(super) one_in: u32,
    pub(super) events: HashMap<Selector, Seen>,
    pub(super) chains: HashMap<Hop, Chained>,
    /// How many emissions there was no room for.
    pub(super) omitted: u64,
}

/// What has been seen of one event.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    pub(super) emitted: u64,
    pub(super) unheard: u64,
    /// The types that were emitted. On a topic there may be several.
    pub(super) types: Vec<(EventType, u64)>,
}

/// A handler, while it handled `cause`, emitted `event`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Hop {
    pub(super) cause: Selector,
    pub(super) handler: SubscriptionId,
    pub(super) event: Selector,
}

#[derive(Debug, Clone)]
pub(super) struct Chained {
    pub(super) count: u64,
    /// The handler's name: it may have been unsubscribed when somebody looks.
    pub(super) name: Option<Arc<str>>,
}

/// Which handler of which event emits something.
#[derive(Debug)]
pub(crate) struct Trace {
    /// An emission may be handed to an emitter of another linker, which knows
    /// neither.
    sampler: Arc<Sampler>,
    cause: Selector,
    handler: HandlerRef,
}

impl Sampler {
    pub(crate) fn new(one_in: u32, capacity: usize) -> Self {
        let sample = Sample {
            one_in,
            ..Sample::default()
        };
        Self {
            one_in,
            capacity,
            emissions: AtomicU64::new(0),
            sample: Mutex::new(sample),
        }
    }

    /// For what `handler` emits while it handles the emission.
    pub(crate) fn trace(self: &Arc<Self>, about: &Metadata, handler: &HandlerRef) -> Arc<Trace> {
        Arc::new(Trace {
            sampler: self.clone(),
            cause: Selector::of_emission(about),
            handler: handler.clone(),
        })
    }

    /// Looks at an emission that so many subscriptions match, if it is its turn.
    pub(crate) fn see(&self, about: &Metadata, matched: usize, trace: Option<&Trace>) {
        if !self.is_chosen() {
            return;
        }
        let event = Selector::of_emission(about);
        let trace = trace.filter(|trace| std::ptr::eq(&*trace.sampler, self));
        let mut sample = self.lock();
        let is_new = trace.map(|trace| sample.add_chain(trace, &event, self.capacity));
        let fits = sample.add_event(event, about.event_type(), matched, self.capacity);
        if !fits || is_new == Some(false) {
            sample.omitted += 1;
        }
    }

    /// What has been seen so far.
    pub(crate) fn sample(&self) -> Sample {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Sample> {
        // Only counts are changed under the lock.
        self.sample.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_chosen(&self) -> bool {
        self.one_in == 1 || {
            let number = self.emissions.fetch_add(1, Ordering::Relaxed);
            mix(number) % u64::from(self.one_in) == 0
        }
    }
}

impl Sample {
    fn add_event(&mut self, event: Selector, of: EventType, matched: usize, max: usize) -> bool {
        if self.events.len() >= max && !self.events.contains_key(&event) {
            return false;
        }
        let seen = self.events.entry(event).or_default();
        seen.emitted += 1;
        seen.unheard += u64::from(matched == 0);
        match seen.types.iter_mut().find(|(known, _)| *known == of) {
            Some((_, count)) => *count += 1,
            None => seen.types.push((of, 1)),
        }
        true
    }

    fn add_chain(&mut self, trace: &Trace, event: &Selector, max: usize) -> bool {
        let hop = Hop {
            cause: trace.cause.clone(),
            handler: trace.handler.subscription,
            event: event.clone(),
        };
        if self.chains.len() >= max && !self.chains.contains_key(&hop) {
            return false;
        }
        let name = || trace.handler.name.clone();
        let chained = self.chains.entry(hop).or_insert_with(|| Chained {
            count: 0,
            name: name(),
        });
        chained.count += 1;
        true
    }
}

/// The output function of `SplitMix64` (Steele, Lea and Flood, "Fast splittable
/// pseudorandom number generators", 2014).
fn mix(number: u64) -> u64 {
    let z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_in_turns_is_seen_evenly() {
        let sampler = Sampler::new(10, 1);
        let mut chosen = [0_u32; 10];
        for number in 0..100_000 {
            chosen[number % 10] += u32::from(sampler.is_chosen());
        }
        assert!(
            chosen.iter().all(|n| (800..1_200).contains(n)),
            "{chosen:?}"
        );
    }
}
