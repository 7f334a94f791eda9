use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::event::{EventType, SubscriptionId, Topic};

use super::error::SubscribeError;
use super::part::Part;
use super::record::Record;
use super::route::Route;
use super::routes::Routes;
use super::selector::Selector;
use super::snapshot::{Snapshot, SubscriptionInfo};
use super::table::{Leftovers, Linked, Table};

/// All subscriptions of one linker. See the [module's page](super).
#[derive(Default)]
pub(crate) struct Registry {
    table: Mutex<Table>,
    routes: Routes,
    max_subscribers: Option<usize>,
    ids: AtomicU64,
    /// As in the table, for emissions, which do not take its lock.
    closed: AtomicBool,
}

impl Registry {
    pub(crate) fn new(max_subscribers: Option<usize>) -> Self {
        Self {
            max_subscribers,
            ..Self::default()
        }
    }

    /// Returns the id of the next subscription.
    pub(crate) fn next_id(&self) -> SubscriptionId {
        SubscriptionId::new(self.ids.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Links a subscription to all that its parts select, or to nothing.
    pub(crate) fn link(
        &self,
        record: &Arc<Record>,
        parts: &[Box<dyn Part>],
    ) -> Result<(), SubscribeError> {
        let mut linked = Ok(());
        self.change(|table, left| {
            let mut touched = Vec::new();
            linked = table.link(record, parts, self.max_subscribers, &mut touched, left);
            touched
        });
        linked
    }

    /// Unlinks a subscription from everything.
    pub(crate) fn remove(&self, id: SubscriptionId) -> bool {
        !self.change(|table, left| table.remove(id, left)).is_empty()
    }

    /// Unlinks a subscription from one selector.
    pub(crate) fn remove_one(&self, id: SubscriptionId, selector: &Selector) -> bool {
        let remove = |table: &mut Table, left: &mut Leftovers| {
            let removed = table.remove_one(id, selector, left);
            removed.then(|| selector.clone()).into_iter().collect()
        };
        !self.change(remove).is_empty()
    }

    /// Unlinks a subscription from where its handler has gone.
    pub(crate) fn remove_dead(&self, id: SubscriptionId) {
        self.change(|table, left| table.remove_dead(id, left));
    }

    /// Unlinks everything from a selector, and returns from how many
    /// subscriptions it was.
    pub(crate) fn remove_selector(&self, selector: &Selector) -> usize {
        let mut count = 0;
        self.change(|table, left| {
            let ids = table.subscribers(selector);
            count = ids.len();
            for id in ids {
                table.remove_one(id, selector, left);
            }
            vec![selector.clone()]
        });
        count
    }

    /// Unlinks everything, and returns how many subscriptions that were.
    pub(crate) fn clear(&self) -> usize {
        self.clear_and(false)
    }

    /// Unlinks everything and lets nothing in any more.
    pub(crate) fn close(&self) -> usize {
        self.clear_and(true)
    }

    fn clear_and(&self, close: bool) -> usize {
        let mut count = 0;
        self.change(|table, left| {
            table.closed |= close;
            self.closed.fetch_or(close, Ordering::Release);
            count = table.subscription_count();
            let selectors = table.selectors().cloned().collect();
            let ids: Vec<_> = table.subscriptions().map(|l| l.record.id).collect();
            for id in ids {
                table.remove(id, left);
            }
            selectors
        });
        count
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Changes the table, throws away the routes of the selectors that `change`
    /// returns, and then, after the lock, what was taken out.
    fn change(
        &self,
        change: impl FnOnce(&mut Table, &mut Leftovers) -> Vec<Selector>,
    ) -> Vec<Selector> {
        let mut left = Leftovers::new();
        let mut table = self.table();
        let touched = change(&mut table, &mut left);
        touched.iter().for_each(|s| self.routes.forget(s));
        drop(table);
        drop(left);
        touched
    }

    /// Returns who an event of type `E` is for.
    pub(crate) fn route<E: Send + Sync + 'static>(&self) -> Arc<Route<E>> {
        let known = self.routes.of_type::<E>();
        known.unwrap_or_else(|| self.build(&Selector::of_type(EventType::of::<E>())))
    }

    /// Returns who an event of type `E` on `topic` is for.
    pub(crate) fn route_on<E: Send + Sync + 'static>(&self, topic: &Topic) -> Arc<Route<E>> {
        let known = self.routes.of_topic::<E>(topic);
        known.unwrap_or_else(|| self.build(&Selector::of_topic(topic.clone())))
    }

    #[cold]
    fn build<E: Send + Sync + 'static>(&self, selector: &Selector) -> Arc<Route<E>> {
        let table = self.table();
        let route = Arc::new(Route::new(table.entries(selector)));
        self.routes.store(selector, route.clone());
        drop(table);
        route
    }

    pub(crate) fn subscription_count(&self) -> usize {
        self.table().subscription_count()
    }

    pub(crate) fn selector_count(&self) -> usize {
        self.table().selector_count()
    }

    pub(crate) fn selectors(&self) -> Vec<Selector> {
        let mut selectors: Vec<_> = self.table().selectors().cloned().collect();
        selectors.sort_by_cached_key(ToString::to_string);
        selectors
    }

    pub(crate) fn selectors_of(&self, id: SubscriptionId) -> Vec<Selector> {
        let table = self.table();
        let linked = table.subscription(id);
        linked.map_or_else(Vec::new, |linked| linked.selectors.clone())
    }

    pub(crate) fn subscribers(&self, selector: &Selector) -> Vec<SubscriptionId> {
        self.table().subscribers(selector)
    }

    pub(crate) fn subscriber_count(&self, selector: &Selector) -> usize {
        self.table().subscriber_count(selector)
    }

    pub(crate) fn contains(&self, id: SubscriptionId) -> bool {
        self.table().subscription(id).is_some()
    }

    pub(crate) fn are_linked(&self, id: SubscriptionId, selector: &Selector) -> bool {
        let table = self.table();
        let linked = table.subscription(id);
        linked.is_some_and(|linked| linked.selectors.contains(selector))
    }

    pub(crate) fn max_subscribers(&self) -> Option<usize> {
        self.max_subscribers
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let info = |linked: &Linked| {
            let Linked { record, selectors } = linked;
            SubscriptionInfo::new(record, selectors.clone())
        };
        Snapshot::new(self.table().subscriptions().map(info).collect())
    }

    /// A panic under the lock cannot leave the table half changed in a way that
    /// matters more than losing every subscription would, so it is read on.
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
