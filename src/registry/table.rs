use std::any::TypeId;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::event::{AnyEvent, EventType, Pattern, SubscriptionId};
use crate::outcome::Reason;

use super::error::SubscribeError;
use super::list::{AnyList, Link, List};
use super::part::Part;
use super::record::Record;
use super::route::{Entry, Goal};
use super::selector::{Kind, Selector};
use super::target::Target;
use super::type_map::TypeMap;

/// What is linked to what: the one truth that routes are built from.
#[derive(Default)]
pub(super) struct Table {
    buckets: HashMap<Selector, Bucket>,
    /// The patterns among the selectors: a topic is held against each of them.
    patterns: HashSet<Pattern>,
    subscriptions: BTreeMap<SubscriptionId, Linked>,
    pub(super) closed: bool,
}

/// What is to be dropped after the table's lock: handlers are a user's.
pub(super) type Leftovers = Vec<Box<dyn Send>>;

/// A subscription and what it listens to.
pub(super) struct Linked {
    pub(super) record: Arc<Record>,
    pub(super) selectors: Vec<Selector>,
}

/// All that listen to one selector, by the type of event that they take.
#[derive(Default)]
pub(crate) struct Bucket {
    lists: TypeMap<Box<dyn AnyList>>,
    /// How many subscriptions are in it, each counted once.
    subscribers: usize,
}

impl Bucket {
    pub(super) fn link<E: ?Sized + 'static>(
        &mut self,
        record: &Arc<Record>,
        part: usize,
        target: &Arc<dyn Target<E>>,
    ) {
        let list = self.lists.entry(TypeId::of::<E>());
        let list = list.or_insert_with(|| Box::new(List::<E>::default()));
        let list = list.as_any_mut().downcast_mut::<List<E>>();
        let links = &mut list.expect("a list is stored by its type").links;
        let link = Link {
            record: record.clone(),
            target: target.clone(),
        };
        links.insert((record.id(), part), link);
    }

    fn list<E: ?Sized + 'static>(&self) -> Option<&List<E>> {
        let list = self.lists.get(&TypeId::of::<E>())?;
        list.as_any().downcast_ref()
    }

    fn remove(&mut self, id: SubscriptionId, leftovers: &mut Leftovers) {
        for list in self.lists.values_mut() {
            leftovers.extend(list.remove(id, false));
        }
        self.lists.retain(|_, list| !list.is_empty());
        self.subscribers -= 1;
    }

    /// Takes out those handlers of a subscription that have gone. Returns
    /// whether there were any, and whether others are left.
    fn remove_dead(&mut self, id: SubscriptionId, leftovers: &mut Leftovers) -> (bool, bool) {
        let (mut gone, mut left) = (false, false);
        for list in self.lists.values_mut() {
            let dead = list.remove(id, true);
            gone |= !dead.is_empty();
            left |= list.contains(id);
            leftovers.extend(dead);
        }
        (gone, left)
    }
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
        for selector in &selectors {
            if let Kind::Pattern(pattern) = selector.kind() {
                self.patterns.insert(pattern.clone());
            }
            let bucket = self.buckets.entry(selector.clone()).or_default();
            bucket.subscribers += 1;
            for (number, part) in parts.iter().enumerate() {
                if part.selectors().contains(selector) {
                    part.link(bucket, record, number);
                }
            }
        }
        touched.extend(selectors.iter().cloned());
        let record = record.clone();
        let linked = Linked { record, selectors };
        self.subscriptions.insert(linked.record.id(), linked);
        Ok(())
    }

    /// Takes a subscription out of all its selectors and returns them.
    pub(super) fn remove(&mut self, id: SubscriptionId, left: &mut Leftovers) -> Vec<Selector> {
        let Some(linked) = self.subscriptions.remove(&id) else {
            return Vec::new();
        };
        for selector in &linked.selectors {
            self.take_out(id, selector, left);
        }
        left.push(Box::new(linked.record));
        linked.selectors
    }

    /// Takes a subscription out of one selector; the last one ends it.
    pub(super) fn remove_one(
        &mut self,
        id: SubscriptionId,
        selector: &Selector,
        left: &mut Leftovers,
    ) -> bool {
        let Some(linked) = self.subscriptions.get_mut(&id) else {
            return false;
        };
        let Some(at) = linked.selectors.iter().position(|s| s == selector) else {
            return false;
        };
        linked.selectors.remove(at);
        if linked.selectors.is_empty() {
            let linked = self.subscriptions.remove(&id);
            left.push(Box::new(linked.map(|linked| linked.record)));
        }
        self.take_out(id, selector, left);
        true
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
        let linked = self.subscriptions.get(&id);
        let mut selectors = linked.map_or_else(Vec::new, |linked| linked.selectors.clone());
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
            for ((_, part), Link { record, target }) in links(bucket.list::<E>()) {
                prefer(&mut found, part, record, Goal::Typed(target));
            }
            for ((_, part), Link { record, target }) in links(bucket.list::<AnyEvent>()) {
                prefer(&mut found, part, record, Goal::Any(target));
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
                    prefer(&mut found, part, record, Goal::Mismatch(mismatch));
                }
            }
        }
        found.into_values().map(|(_, entry)| entry).collect()
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
        self.subscriptions.get(&id)
    }

    pub(super) fn subscription_count(&self) -> usize {
        self.subscriptions.len()
    }

    pub(super) fn resume(&self, id: SubscriptionId) -> bool {
        let linked = self.subscriptions.get(&id);
        let selectors = linked.map_or(&[][..], |linked| &linked.selectors);
        let buckets = selectors.iter().filter_map(|s| self.buckets.get(s));
        let lists = buckets.flat_map(|bucket| bucket.lists.values());
        lists.fold(false, |any, list| any | list.resume(id))
    }

    pub(super) fn selectors(&self) -> impl Iterator<Item = &Selector> {
        self.buckets.keys()
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
    links.map(|(key, link)| (*key, link.clone()))
}

/// What is found for a subscription, and how good it is: handlers before
/// mismatches, then the first before the others.
type Found<E> = BTreeMap<SubscriptionId, ((bool, usize), Entry<E>)>;

fn prefer<E>(found: &mut Found<E>, part: usize, record: Arc<Record>, goal: Goal<E>) {
    let rank = (matches!(goal, Goal::Mismatch(_)), part);
    let known = found.get(&record.id());
    if known.is_none_or(|(best, _)| rank < *best) {
        found.insert(record.id(), (rank, Entry { record, goal }));
    }
}
