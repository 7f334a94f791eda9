use std::sync::Arc;

use crate::delivery::Kept;
use crate::event::{AnyEvent, EventType, SubscriptionId};

use super::goal::Aim;
use super::record::Record;
use super::redelivery::{Lone, Redelivery};
use super::sorted::Sorted;
use super::table::{Leftover, Leftovers};
use super::target::Tie;

/// The subscriptions of one selector that take one type of event, in order.
pub(super) struct List<E: ?Sized + 'static> {
    /// By subscription, and by which of its handlers it is: the first that takes
    /// an event gets it.
    pub(super) links: Sorted<(SubscriptionId, usize), Link<E>>,
}

/// One subscription and what it delivers to.
pub(super) struct Link<E: ?Sized + 'static> {
    pub(super) record: Arc<Record>,
    pub(super) aim: Aim<E>,
    /// Goes when it is unlinked. Few have any.
    pub(super) tie: Option<Box<Tie>>,
}

impl<E: ?Sized> Clone for Link<E> {
    fn clone(&self) -> Self {
        Self {
            record: self.record.clone(),
            aim: self.aim.clone(),
            tie: self.tie.clone(),
        }
    }
}

impl<E: ?Sized> Default for List<E> {
    fn default() -> Self {
        Self {
            links: Sorted::default(),
        }
    }
}

impl<E: ?Sized> Leftover for Link<E> {
    fn flush(&self) {
        self.aim.target.flush();
    }
}

/// A list whose type of event is somebody else's business.
pub(super) trait AnyList: Send + Sync {
    /// Takes the handlers of a subscription out, all or those that have gone.
    /// They are to be dropped after the table's lock.
    /// Returns whether there were any.
    fn remove(&mut self, id: SubscriptionId, only_dead: bool, left: &mut Leftovers) -> bool;
    /// All that is in it, to be looked at after the table's lock.
    fn copy(&self) -> Leftovers;
    /// Whether a handler of the subscription is in the list.
    fn contains(&self, id: SubscriptionId) -> bool;
    /// Tries again with the handlers of a subscription that are suspended.
    fn resume(&self, id: SubscriptionId) -> bool;
    /// How a kept emission is delivered to a subscription, and which of its handlers that
    /// is, if it has one for it in the list.
    fn redelivery(&self, id: SubscriptionId, kept: &Kept) -> Option<(usize, Box<dyn Redelivery>)>;
    fn is_empty(&self) -> bool;
    /// Every subscription, and which of its handlers is in the list.
    fn records(&self) -> Vec<(Arc<Record>, usize)>;
    fn event_type(&self) -> EventType;
    fn as_any(&self) -> &AnyEvent;
    fn as_any_mut(&mut self) -> &mut AnyEvent;
}

impl<E: ?Sized + Send + Sync + 'static> AnyList for List<E> {
    fn remove(&mut self, id: SubscriptionId, only_dead: bool, left: &mut Leftovers) -> bool {
        let before = self.links.len();
        let mut from = 0;
        loop {
            let leaves = |link: &Link<E>| !only_dead || !link.aim.target.is_alive();
            let mut links = self.of(id);
            let next = links.find(|(part, link)| *part >= from && leaves(link));
            let Some(part) = next.map(|(part, _)| part) else {
                return self.links.len() < before;
            };
            drop(links);
            if let Some(link) = self.links.remove((id, part)) {
                left.push(Box::new(link));
            }
            from = part + 1;
        }
    }

    fn copy(&self) -> Leftovers {
        let links = self.links.values().cloned();
        links
            .map(|link| -> Box<dyn Leftover> { Box::new(link) })
            .collect()
    }

    fn contains(&self, id: SubscriptionId) -> bool {
        self.of(id).next().is_some()
    }

    fn resume(&self, id: SubscriptionId) -> bool {
        let links = self.of(id);
        links.fold(false, |any, (_, link)| any | link.aim.target.resume())
    }

    fn redelivery(&self, id: SubscriptionId, kept: &Kept) -> Option<(usize, Box<dyn Redelivery>)> {
        let (part, link) = self.of(id).next()?;
        let (record, aim) = (link.record.clone(), link.aim.clone());
        let redelivery = Lone { record, aim }.redelivery(kept)?;
        Some((part, redelivery))
    }

    fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    fn records(&self) -> Vec<(Arc<Record>, usize)> {
        let links = self.links.iter();
        links
            .map(|((_, part), link)| (link.record.clone(), part))
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

impl<E: ?Sized> List<E> {
    /// The handlers of a subscription, and which they are.
    fn of(&self, id: SubscriptionId) -> impl Iterator<Item = (usize, &Link<E>)> {
        let links = self.links.from((id, 0));
        let own = links.take_while(move |((of, _), _)| *of == id);
        own.map(|((_, part), link)| (part, link))
    }
}
