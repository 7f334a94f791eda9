use std::any::TypeId;
use std::sync::Arc;

use crate::event::SubscriptionId;

use super::goal::Aim;
use super::list::{AnyList, Link, List};
use super::record::Record;
use super::selector::Selector;
use super::table::Leftovers;
use super::type_map::TypeMap;

/// All that listen to one selector, by the type of event that they take.
pub(crate) struct Bucket {
    /// What they listen to, for those that listen to nothing else.
    pub(super) alone: Arc<[Selector]>,
    pub(super) lists: TypeMap<Box<dyn AnyList>>,
    /// How many subscriptions are in it, each counted once.
    pub(super) subscribers: usize,
}

impl Bucket {
    pub(super) fn of(selector: &Selector) -> Self {
        Self {
            alone: Arc::new([selector.clone()]),
            lists: TypeMap::default(),
            subscribers: 0,
        }
    }

    pub(super) fn link<E: ?Sized + Send + Sync + 'static>(
        &mut self,
        record: &Arc<Record>,
        part: usize,
        aim: &Aim<E>,
    ) {
        let list = self.lists.entry(TypeId::of::<E>());
        let list = list.or_insert_with(|| Box::new(List::<E>::default()));
        let list = list.as_any_mut().downcast_mut::<List<E>>();
        let links = &mut list.expect("a list is stored by its type").links;
        let link = Link {
            record: record.clone(),
            aim: aim.clone(),
            tie: aim.target.tie().map(Box::new),
        };
        links.insert((record.id(), part), link);
    }

    pub(super) fn list<E: ?Sized + 'static>(&self) -> Option<&List<E>> {
        let list = self.lists.get(&TypeId::of::<E>())?;
        list.as_any().downcast_ref()
    }

    pub(super) fn remove(&mut self, id: SubscriptionId, leftovers: &mut Leftovers) {
        for list in self.lists.values_mut() {
            list.remove(id, false, leftovers);
        }
        self.lists.retain(|_, list| !list.is_empty());
        self.subscribers -= 1;
    }

    /// Takes out those handlers of a subscription that have gone. Returns
    /// whether there were any, and whether others are left.
    pub(super) fn remove_dead(
        &mut self,
        id: SubscriptionId,
        leftovers: &mut Leftovers,
    ) -> (bool, bool) {
        let (mut gone, mut left) = (false, false);
        for list in self.lists.values_mut() {
            gone |= list.remove(id, true, leftovers);
            left |= list.contains(id);
        }
        (gone, left)
    }
}
