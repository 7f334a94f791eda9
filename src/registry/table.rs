use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::delivery::Kept;
use crate::event::{AnyEvent, EventType, Metadata, Pattern, SubscriptionId};
use crate::outcome::Reason;

use super::bucket::Bucket;
use super::entry::Entry;
use super::error::SubscribeError;
use super::explanation::NearMiss;
use super::goal::Goal;
use super::list::{AnyList, Link, List};
use super::part::Part;
use super::record::Record;
use super::redelivery::Redelivery;
use super::selector::{Kind, Selector};
use super::sorted::Sorted;

/// What is linked to what: the one truth that routes are built from.
#[derive(Default)]
pub(super) struct Table {
    buckets: HashMap<Selector, Bucket>,
    /// The patterns among the selectors: a topic is held against each of them.
    patterns: HashSet<Pattern>,
    subscriptions: Sorted<SubscriptionId, Linked>,
    pub(super) closed: bool,
}

/// What is to be dropped after the table's lock: handlers are a user's.
pub(super) type Leftovers = Vec<Box<dyn Leftover>>;

/// What was linked. What it lets wait goes on before it is dropped.
pub(super) trait Leftover: Send {
    /// Lets nothing wait for more any longer.
    fn flush(&self);
}

/// A subscription that is not linked to anything any more. It comes before its handlers,
/// so that what finds one flushed finds the subscription unlinked.
struct Unlinked(Arc<Record>);

impl Leftover for Unlinked {
    fn flush(&self) {
        self.0.unlinked();
    }
}

/// A subscription and what it listens to.
pub(super) struct Linked {
    pub(super) record: Arc<Record>,
    /// Shared by those that listen to one thing.
    pub(super) selectors: Arc<[Selector]>,
}

impl Table {
    /// Links `record` to all selectors of `parts`, or to none, and adds those
    /// that it changed to `touched`.
    pub(super) fn link(
        &mut self,
        record: &Arc<Record>,
        parts: &[Box<dyn Part>],
        max: Option<usize>,
        touched: &mut Vec<Selector>,
    ) -> Result<(), SubscribeError> {
        if self.closed {
            return Err(SubscribeError::LinkerStopped);
        }
        let mut selectors: Vec<Selector> = Vec::new();
        for selector in parts.iter().flat_map(|part| part.selectors()) {
            if !selectors.contains(selector) {
                selectors.push(selector.clone());
            }
        }
        if selectors.is_empty() {
            return Err(SubscribeError::NoSelector);
        }
        if let Some(max) = max {
            let full = |selector: &&Selector| self.subscriber_count(selector) >= max;
            if let Some(event) = selectors.iter().find(full).cloned() {
                return Err(SubscribeError::TooManySubscribers { event, max });
            }
        }
        let (is_one, mut alone) = (selectors.len() == 1, None);
        for selector in &selectors {
            if let Kind::Pattern(pattern) = selector.kind() {
                self.patterns.insert(pattern.clone());
            }
            let bucket = self.buckets.entry(selector.clone());
            let bucket = bucket.or_insert_with(|| Bucket::of(selector));
            bucket.subscribers += 1;
            if is_one {
                alone = Some(bucket.alone.clone());
            }
            for (number, part) in parts.iter().enumerate() {
                if part.selectors().contains(selector) {
                    part.link(bucket, record, number);
                }
            }
        }
        let linked = Linked {
            record: record.clone(),
            selectors: alone.unwrap_or_else(|| selectors.as_slice().into()),
        };
        touched.extend(selectors);
        self.subscriptions.insert(record.id(), linked);
        Ok(())
    }

    /// Takes a subscription out of all its selectors and returns them.
    pub(super) fn remove(&mut self, id: SubscriptionId, left: &mut Leftovers) -> Vec<Selector> {
        let Some(linked) = self.subscriptions.remove(id) else {
            return Vec::new();
        };
        left.push(Box::new(Unlinked(linked.record)));
        for selector in &*linked.selectors {
            self.take_out(id, selector, left);
        }
        linked.selectors.to_vec()
    }

    /// Takes a subscription out of one selector; the last one ends it.
    pub(super) fn remove_one(
        &mut self,
        id: SubscriptionId,
        selector: &Selector,
        left: &mut Leftovers,
    ) -> bool {
        let Some(linked) = self.subscriptions.get_mut(id) else {
            return false;
        };
        if !linked.selectors.contains(selector) {
            return false;
        }
        let others = linked.selectors.iter().filter(|other| *other != selector);
        linked.selectors = others.cloned().collect();
        if linked.selectors.is_empty() {
            let linked = self.subscriptions.remove(id);
            let record = linked.map(|linked| Unlinked(linked.record));
            left.extend(record.map(|record| -> Box<dyn Leftover> { Box::new(record) }));
        }
        self.take_out(id, selector, left);
        true
    }

    /// All handlers, to be looked at after the table's lock.
    pub(super) fn handlers(&self) -> Leftovers {
        let lists = self.buckets.values().flat_map(|b| b.lists.values());
        lists.flat_map(|list| list.copy()).collect()
    }

    fn take_out(&mut self, id: SubscriptionId, selector: &Selector, left: &mut Leftovers) {
        if let Some(bucket) = self.buckets.get_mut(selector) {
            bucket.remove(id, left);
            if bucket.subscribers == 0 {
                self.buckets.remove(selector);
                if let Kind::Pattern(pattern) = selector.kind() {
                    self.patterns.remove(pattern);
                }
            }
        }
    }

    /// Takes those handlers of a subscription out that have gone, and returns
    /// the selectors that led to them.
    pub(super) fn remove_dead(
        &mut self,
        id: SubscriptionId,
        left: &mut Leftovers,
    ) -> Vec<Selector> {
        let linked = self.subscriptions.get(id);
        let mut selectors = linked.map_or_else(Vec::new, |linked| linked.selectors.to_vec());
        selectors.retain(|selector| {
            let bucket = self.buckets.get_mut(selector);
            let (gone, others) = bucket.map_or((false, false), |b| b.remove_dead(id, left));
            if gone && !others {
                self.remove_one(id, selector, left);
            }
            gone
        });
        selectors
    }

    /// Collects who an event of type `E` is for, in the order of delivery.
    ///
    /// A subscription that several of its selectors lead to is there once: with
    /// the first of its handlers that takes the event, as its own type or as any
    /// event; as a mismatch only if none does.
    pub(super) fn entries<E: Send + Sync + 'static>(&self, selector: &Selector) -> Vec<Entry<E>> {
        let mut found = BTreeMap::new();
        for bucket in self.matching(selector) {
            for ((_, part), Link { record, aim, .. }) in links(bucket.list::<E>()) {
                prefer(&mut found, part, record, Goal::Typed(aim));
            }
            for ((_, part), Link { record, aim, .. }) in links(bucket.list::<AnyEvent>()) {
                prefer(&mut found, part, record, Goal::Any(aim));
            }
            for list in bucket.lists.values() {
                let takes = list.event_type();
                if takes == EventType::of::<E>() || takes == EventType::of::<AnyEvent>() {
                    continue;
                }
                for (record, part) in list.records() {
                    let mismatch = Reason::Mismatch {
                        expected: takes,
                        found: EventType::of::<E>(),
                    };
                    prefer(&mut found, part, record, Goal::Mismatch(Box::new(mismatch)));
                }
            }
        }
        let mut entries: Vec<_> = found.into_values().map(|(_, entry)| entry).collect();
        // Those of the same priority stay in the order of subscription.
        entries.sort_by_key(|entry| Reverse(entry.record.priority));
        entries
    }

    /// The buckets that an emission addressed by `selector` reaches.
    fn matching<'a>(&'a self, selector: &'a Selector) -> impl Iterator<Item = &'a Bucket> {
        let topic = match selector.kind() {
            Kind::Topic(topic) => Some(topic),
            _ => None,
        };
        let patterns = topic.into_iter().flat_map(|topic| {
            let matching = self
                .patterns
                .iter()
                .filter(|pattern| pattern.matches(topic));
            matching.map(|pattern| Selector::of_pattern(pattern.clone()))
        });
        let by_pattern = patterns.filter_map(|selector| self.buckets.get(&selector));
        let own = self.buckets.get(selector).into_iter();
        own.chain(by_pattern)
            .chain(self.buckets.get(&Selector::everything()))
    }

    pub(super) fn subscriptions(&self) -> impl Iterator<Item = &Linked> {
        self.subscriptions.values()
    }

    pub(super) fn records(&self) -> impl Iterator<Item = Arc<Record>> {
        self.subscriptions
            .values()
            .map(|linked| linked.record.clone())
    }

    pub(super) fn subscription(&self, id: SubscriptionId) -> Option<&Linked> {
        self.subscriptions.get(id)
    }

    pub(super) fn subscription_count(&self) -> usize {
        self.subscriptions.len()
    }

    pub(super) fn resume(&self, id: SubscriptionId) -> bool {
        let linked = self.subscriptions.get(id);
        let selectors = linked.map_or(&[][..], |linked| &linked.selectors);
        let buckets = selectors.iter().filter_map(|s| self.buckets.get(s));
        let lists = buckets.flat_map(|bucket| bucket.lists.values());
        lists.fold(false, |any, list| any | list.resume(id))
    }

    /// How a kept emission is delivered to a subscription once more: to the handler that
    /// it would go to if it were emitted now.
    pub(super) fn redelivery(
        &self,
        id: SubscriptionId,
        kept: &Kept,
    ) -> Option<Box<dyn Redelivery>> {
        let selector = Selector::of_emission(kept.metadata());
        let buckets = self.matching(&selector);
        let lists = buckets.flat_map(|bucket| bucket.lists.values());
        let found = lists.filter_map(|list| list.redelivery(id, kept));
        let first = found.min_by_key(|(part, _)| *part);
        first.map(|(_, redelivery)| redelivery)
    }

    /// How a kept emission is delivered to all that it would go to if it were emitted
    /// now, in the order of delivery.
    pub(super) fn redeliveries(&self, kept: &Kept) -> Vec<Box<dyn Redelivery>> {
        let selector = Selector::of_emission(kept.metadata());
        let buckets = self.matching(&selector);
        let lists = buckets.flat_map(|bucket| bucket.lists.values());
        let records = lists.flat_map(|list| list.records());
        let mut keys: Vec<_> = records
            .map(|(record, _)| (Reverse(record.priority), record.id()))
            .collect();
        keys.sort_unstable();
        keys.dedup();
        let ids = keys.into_iter().map(|(_, id)| id);
        ids.filter_map(|id| self.redelivery(id, kept)).collect()
    }

    /// The subscriptions that take events of type `E`, and that nothing leads to that
    /// matches an emission.
    pub(super) fn near_misses<E: Send + Sync + 'static>(
        &self,
        metadata: &Metadata,
    ) -> Vec<NearMiss> {
        let misses = self.subscriptions.values().filter(|linked| {
            let mut selectors = linked.selectors.iter();
            let takes = |selector: &Selector| {
                let bucket = self.buckets.get(selector);
                let list = bucket.and_then(|bucket| bucket.list::<E>());
                list.is_some_and(|list| list.contains(linked.record.id()))
            };
            !selectors.clone().any(|s| s.selects(metadata)) && selectors.any(takes)
        });
        let miss = misses.map(|linked| NearMiss {
            handler: linked.record.handler.clone(),
            selectors: linked.selectors.to_vec(),
        });
        miss.collect()
    }

    pub(super) fn selectors(&self) -> impl Iterator<Item = &Selector> {
        self.buckets.keys()
    }

    /// Whether an event of this type, emitted without a topic, reaches anybody.
    pub(super) fn hears<E: 'static>(&self) -> bool {
        let own = Selector::of_type(EventType::of::<E>());
        self.buckets.contains_key(&own) || self.buckets.contains_key(&Selector::everything())
    }

    pub(super) fn selector_count(&self) -> usize {
        self.buckets.len()
    }

    pub(super) fn subscriber_count(&self, selector: &Selector) -> usize {
        self.buckets.get(selector).map_or(0, |b| b.subscribers)
    }

    pub(super) fn subscribers(&self, selector: &Selector) -> Vec<SubscriptionId> {
        let Some(bucket) = self.buckets.get(selector) else {
            return Vec::new();
        };
        let records = bucket.lists.values().flat_map(|list| list.records());
        let mut ids: Vec<_> = records.map(|(record, _)| record.id()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

fn links<E: ?Sized>(
    list: Option<&List<E>>,
) -> impl Iterator<Item = ((SubscriptionId, usize), Link<E>)> {
    let links = list.into_iter().flat_map(|list| list.links.iter());
    links.map(|(key, link)| (key, link.clone()))
}

/// What is found for a subscription, and how good it is: handlers before
/// mismatches, then the first before the others.
type Found<E> = BTreeMap<SubscriptionId, ((bool, usize), Entry<E>)>;

fn prefer<E: Send + Sync + 'static>(
    found: &mut Found<E>,
    part: usize,
    record: Arc<Record>,
    goal: Goal<E>,
) {
    let rank = (matches!(goal, Goal::Mismatch(_)), part);
    let known = found.get(&record.id());
    if known.is_none_or(|(best, _)| rank < *best) {
        found.insert(record.id(), (rank, Entry::new(record, goal)));
    }
}
