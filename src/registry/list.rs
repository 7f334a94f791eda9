use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::event::{AnyEvent, EventType, SubscriptionId};

use super::record::Record;
use super::target::Target;

/// The subscriptions of one selector that take one type of event, in order.
pub(super) struct List<E: ?Sized + 'static> {
    /// By subscription, and by which of its handlers it is: the first that takes
    /// an event gets it.
    pub(super) links: BTreeMap<(SubscriptionId, usize), Link<E>>,
}

/// One subscription and what it delivers to.
pub(super) struct Link<E: ?Sized + 'static> {
    pub(super) record: Arc<Record>,
    pub(super) target: Arc<dyn Target<E>>,
}

impl<E: ?Sized> Clone for Link<E> {
    fn clone(&self) -> Self {
        Self {
            record: self.record.clone(),
            target: self.target.clone(),
        }
    }
}

impl<E: ?Sized> Default for List<E> {
    fn default() -> Self {
        Self {
            links: BTreeMap::new(),
        }
    }
}

/// A list whose type of event is somebody else's business.
pub(super) trait AnyList: Send + Sync {
    /// Takes the handlers of a subscription out, all or those that have gone.
    /// They are to be dropped after the table's lock.
    fn remove(&mut self, id: SubscriptionId, only_dead: bool) -> Vec<Box<dyn Send>>;
    /// Whether a handler of the subscription is in the list.
    fn contains(&self, id: SubscriptionId) -> bool;
    /// Tries again with the handlers of a subscription that are suspended.
    fn resume(&self, id: SubscriptionId) -> bool;
    fn is_empty(&self) -> bool;
    /// Every subscription, and which of its handlers is in the list.
    fn records(&self) -> Vec<(Arc<Record>, usize)>;
    fn event_type(&self) -> EventType;
    fn as_any(&self) -> &AnyEvent;
    fn as_any_mut(&mut self) -> &mut AnyEvent;
}

impl<E: ?Sized + 'static> AnyList for List<E> {
    fn remove(&mut self, id: SubscriptionId, only_dead: bool) -> Vec<Box<dyn Send>> {
        let links = self.links.range(of(id));
        let leaves = |link: &Link<E>| !only_dead || !link.target.is_alive();
        let keys = links.filter(|(_, link)| leaves(link)).map(|(key, _)| *key);
        let keys: Vec<_> = keys.collect();
        let links = keys.iter().filter_map(|key| self.links.remove(key));
        links
            .map(|link| -> Box<dyn Send> { Box::new(link) })
            .collect()
    }

    fn contains(&self, id: SubscriptionId) -> bool {
        self.links.range(of(id)).next().is_some()
    }

    fn resume(&self, id: SubscriptionId) -> bool {
        let links = self.links.range(of(id));
        links.fold(false, |any, (_, link)| any | link.target.resume())
    }

    fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    fn records(&self) -> Vec<(Arc<Record>, usize)> {
        let links = self.links.iter();
        links
            .map(|((_, part), link)| (link.record.clone(), *part))
            .collect()
    }

    fn event_type(&self) -> EventType {
        EventType::of::<E>()
    }

    fn as_any(&self) -> &AnyEvent {
        self
    }

    fn as_any_mut(&mut self) -> &mut AnyEvent {
        self
    }
}

/// The keys of a subscription's handlers.
fn of(id: SubscriptionId) -> RangeInclusive<(SubscriptionId, usize)> {
    (id, 0)..=(id, usize::MAX)
}
