use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use crate::debug::debug_line;
use crate::event::{EmissionId, EventType, HandlerRef, IdSource, SubscriptionId, Topic};
use crate::notice::HandlerGone;

use super::announce::Host;
use super::bound::{Bound, Permit};
use super::error::SubscribeError;
use super::part::Part;
use super::record::Record;
use super::route::Route;
use super::routes::Routes;
use super::selector::Selector;
use super::snapshot::{Snapshot, SubscriptionInfo};
use super::table::{Leftovers, Linked, Table};

/// All subscriptions of one linker. See the [module's page](super).
pub(crate) struct Registry {
    table: Mutex<Table>,
    routes: Routes,
    max_subscribers: Option<usize>,
    ids: AtomicU64,
    /// As in the table, for emissions, which do not take its lock.
    closed: AtomicBool,
    /// The linker, once it is there. It owns this.
    host: OnceLock<Weak<dyn Host>>,
    notice_ids: IdSource,
    /// Notices that wait for the linker's arbiter.
    notices: Arc<Bound>,
    missed_notices: AtomicU64,
}

/// How many notices wait for the linker's arbiter at most.
const NOTICES: usize = 1_024;

impl Registry {
    pub(crate) fn new(max_subscribers: Option<usize>) -> Self {
        Self {
            table: Mutex::default(),
            routes: Routes::default(),
            max_subscribers,
            ids: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            host: OnceLock::new(),
            notice_ids: IdSource::new(),
            notices: Arc::new(Bound::new(NOTICES)),
            missed_notices: AtomicU64::new(0),
        }
    }

    /// Says which linker it belongs to. The first one counts.
    pub(crate) fn belong_to(&self, host: Weak<dyn Host>) {
        self.host.get_or_init(|| host);
    }

    pub(super) fn host(&self) -> Option<Arc<dyn Host>> {
        self.host.get()?.upgrade()
    }

    pub(super) fn notice_id(&self) -> EmissionId {
        self.notice_ids.next()
    }

    /// A place among the notices that wait; without one, it is missed.
    pub(super) fn place_for_notice(&self) -> Option<Permit> {
        let place = Permit::try_take(&self.notices);
        if place.is_none() {
            self.missed_notices.fetch_add(1, Ordering::Relaxed);
        }
        place
    }

    pub(crate) fn missed_notices(&self) -> u64 {
        self.missed_notices.load(Ordering::Relaxed)
    }

    /// How many deliveries of each subscription have not ended, where there are
    /// any.
    pub(crate) fn in_flight(&self) -> Vec<(HandlerRef, usize)> {
        let records: Vec<_> = self.table().records().collect();
        let count = |record: &Arc<Record>| (record.handler.clone(), record.in_flight());
        let counts = records.iter().map(count);
        counts.filter(|(_, count)| *count > 0).collect()
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
        let linked = self.try_link(record, parts);
        if !matches!(linked, Err(SubscribeError::TooManySubscribers { .. })) || self.sweep() == 0 {
            return linked;
        }
        // Some have gone and were not missed yet.
        self.try_link(record, parts)
    }

    fn try_link(
        &self,
        record: &Arc<Record>,
        parts: &[Box<dyn Part>],
    ) -> Result<(), SubscribeError> {
        let mut linked = Ok(());
        self.change(|table, _| {
            let mut touched = Vec::new();
            linked = table.link(record, parts, self.max_subscribers, &mut touched);
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
    pub(crate) fn remove_dead(&self, record: &Record) -> bool {
        let touched = self.change(|table, left| table.remove_dead(record.id(), left));
        if touched.is_empty() {
            return false;
        }
        debug_line!(record.debug, linker = %record.debug.name, subscription = %record, "gone");
        self.announce(|| HandlerGone {
            handler: record.handler.clone(),
        });
        true
    }

    /// Takes out every handler that has gone, and returns how many subscriptions
    /// had one.
    pub(crate) fn sweep(&self) -> usize {
        let records: Vec<_> = self.table().records().collect();
        records
            .iter()
            .filter(|record| self.remove_dead(record))
            .count()
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
            let ids: Vec<_> = table.subscriptions().map(|l| l.record.id()).collect();
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

    /// Tries again with what is suspended of a subscription.
    pub(crate) fn resume(&self, id: SubscriptionId) -> bool {
        self.table().resume(id)
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
