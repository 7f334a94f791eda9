use std::collections::BTreeMap;
use std::sync::Arc;

use crate::event::{AnyEvent, EventType, SubscriptionId};

use super::record::Record;
use super::target::Target;

/// The subscriptions of one selector that take one type of event, in order.
pub(super) struct List<E: ?Sized + 'static> {
    pub(super) links: BTreeMap<SubscriptionId, Link<E>>,
}

/// One subscription and what it delivers to.
pub(super) struct Link<E: ?Sized + 'static> {
    pub(super) record: Arc<Record>,
    /// Which of the subscription's handlers it is: the first that takes an event
    /// gets it.
    pub(super) part: usize,
    pub(super) target: Arc<dyn Target<E>>,
}

impl<E: ?Sized> Clone for Link<E> {
    fn clone(&self) -> Self {
        Self {
            record: self.record.clone(),
            part: self.part,
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
    /// Takes a subscription's link out; what it gives back is to be dropped
    /// after the table's lock.
    fn remove(&mut self, id: SubscriptionId) -> Option<Box<dyn Send>>;
    /// Whether the subscription's handler in the list is there, has gone, or
    /// was never there.
    fn is_alive(&self, id: SubscriptionId) -> Option<bool>;
    fn is_empty(&self) -> bool;
    /// Every subscription, and which of its handlers is in the list.
    fn records(&self) -> Vec<(Arc<Record>, usize)>;
    fn event_type(&self) -> EventType;
    fn as_any(&self) -> &AnyEvent;
    fn as_any_mut(&mut self) -> &mut AnyEvent;
}

impl<E: ?Sized + 'static> AnyList for List<E> {
    fn remove(&mut self, id: SubscriptionId) -> Option<Box<dyn Send>> {
        let link = self.links.remove(&id)?;
        Some(Box::new(link))
    }

    fn is_alive(&self, id: SubscriptionId) -> Option<bool> {
        Some(self.links.get(&id)?.target.is_alive())
    }

    fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    fn records(&self) -> Vec<(Arc<Record>, usize)> {
        let links = self.links.values();
        links.map(|link| (link.record.clone(), link.part)).collect()
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
