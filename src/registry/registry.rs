use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use crate::debug::debug_line;
use crate::delivery::Kept;
use crate::event::{EmissionId, EventType, HandlerRef, IdSource, Metadata, SubscriptionId, Topic};
use crate::latency::Sampling;
use crate::notice::{DeadLetter, HandlerGone};
use crate::shield::shielded;

use super::announce::Host;
use super::bound::{Bound, Permit};
use super::error::SubscribeError;
use super::explanation::NearMiss;
use super::last::LastValues;
use super::part::Part;
use super::record::Record;
use super::redelivery::Redelivery;
use super::route::Route;
use super::routes::{Follower, Routes};
use super::selector::Selector;
use super::shelf::Shelf;
use super::table::{Leftovers, Table};

/// All subscriptions of one linker. See the [module's page](super).
pub(crate) struct Registry {
    table: Mutex<Table>,
    routes: Routes,
    max_subscribers: Option<usize>,
    /// Which emissions are timed.
    sampling: Sampling,
    ids: AtomicU64,
    /// As in the table, for emissions, which do not take its lock.
    closed: AtomicBool,
    /// The linker, once it is there. It owns this.
    host: OnceLock<Weak<dyn Host>>,
    notice_ids: IdSource,
    /// Notices that wait for the linker's arbiter.
    notices: Arc<Bound>,
    missed_notices: AtomicU64,
    /// The last dead letters, where they are kept.
    shelf: Option<Arc<Shelf>>,
    /// Whether somebody listens for dead letters.
    hears_dead_letters: AtomicBool,
    pub(super) last: LastValues,
}

/// How many notices wait for the linker's arbiter at most.
const NOTICES: usize = 1_024;

impl Registry {
    pub(crate) fn new(max_subscribers: Option<usize>, sampling: Sampling) -> Self {
        Self {
            table: Mutex::default(),
            routes: Routes::default(),
            max_subscribers,
            sampling,
            ids: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            host: OnceLock::new(),
            notice_ids: IdSource::new(),
            notices: Arc::new(Bound::new(NOTICES)),
            missed_notices: AtomicU64::new(0),
            shelf: None,
            hears_dead_letters: AtomicBool::new(false),
            last: LastValues::default(),
        }
    }

    /// Keeps dead letters.
    pub(crate) fn keeping(self, shelf: Option<Shelf>) -> Self {
        Self {
            shelf: shelf.map(Arc::new),
            ..self
        }
    }

    /// Says which linker it belongs to. The first one counts.
    pub(crate) fn belong_to(&self, host: Weak<dyn Host>) {
        self.host.get_or_init(|| host);
    }

    pub(super) fn host(&self) -> Option<Arc<dyn Host>> {
        self.host.get()?.upgrade()
    }

    pub(crate) fn shelf(&self) -> Option<&Arc<Shelf>> {
        self.shelf.as_ref()
    }

    /// Whether dead letters are kept, or anybody listens to them.
    #[inline]
    pub(crate) fn wants_dead_letters(&self) -> bool {
        self.shelf.is_some() || self.hears_dead_letters.load(Ordering::Acquire)
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

    /// Links a subscription to all that its parts select, or to nothing. Returns the last
    /// values that it is to get, for [`replay`](Self::replay).
    pub(crate) fn link(
        &self,
        record: &Arc<Record>,
        parts: &[Box<dyn Part>],
    ) -> Result<Vec<Kept>, SubscribeError> {
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
    ) -> Result<Vec<Kept>, SubscribeError> {
        let mut linked = Ok(());
        let mut last = Vec::new();
        let link = |table: &mut Table, _: &mut Leftovers| {
            let mut touched = Vec::new();
            linked = table.link(record, parts, self.max_subscribers, &mut touched);
            touched
        };
        self.change_and(link, |touched| {
            if let Some(replay) = &record.replay {
                last = self.last.read(replay, touched);
            }
        });
        linked.map(|()| last)
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

    /// Unlinks a subscription from where its handler has gone because it was told to:
    /// nobody needs to hear of that.
    pub(crate) fn remove_dropped(&self, record: &Record) {
        let touched = self.change(|table, left| table.remove_dead(record.id(), left));
        if !touched.is_empty() {
            let linker = &record.debug.name;
            debug_line!(record.debug, %linker, subscription = %record, "unsubscribed: dropped");
        }
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
    /// returns, and then, after the lock, what was taken out: what waits in it goes on.
    fn change(
        &self,
        change: impl FnOnce(&mut Table, &mut Leftovers) -> Vec<Selector>,
    ) -> Vec<Selector> {
        self.change_and(change, |_| ())
    }

    /// The same; and then, before anybody can find a new route, does something else.
    fn change_and(
        &self,
        change: impl FnOnce(&mut Table, &mut Leftovers) -> Vec<Selector>,
        then: impl FnOnce(&[Selector]),
    ) -> Vec<Selector> {
        let mut left = Leftovers::new();
        let mut table = self.table();
        let touched = change(&mut table, &mut left);
        touched.iter().for_each(|s| self.routes.forget(s));
        if !touched.is_empty() {
            let is_heard = table.hears::<DeadLetter>();
            self.hears_dead_letters.store(is_heard, Ordering::Release);
        }
        then(&touched);
        drop(table);
        for leftover in &left {
            shielded(|| leftover.flush());
        }
        for leftover in left {
            // What a handler holds is a user's.
            shielded(move || drop(leftover));
        }
        touched
    }

    /// Returns who an event of type `E` is for that is emitted so.
    pub(crate) fn route_to<E: Send + Sync + 'static>(
        &self,
        topic: Option<&Topic>,
    ) -> Arc<Route<E>> {
        match topic {
            None => self.route(),
            Some(topic) => self.route_on(topic),
        }
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
        self.build_in(&self.table(), selector)
    }

    fn build_in<E>(&self, table: &Table, selector: &Selector) -> Arc<Route<E>>
    where
        E: Send + Sync + 'static,
    {
        let route = Arc::new(Route::new(table.entries(selector), self.sampling));
        self.routes.store(selector, route.clone());
        route
    }

    /// Shows the route of a type to one who keeps it and [follows](Self::follow) it:
    /// nothing changes meanwhile.
    #[cold]
    pub(crate) fn show_route<E, R>(&self, keep: impl FnOnce(&Arc<Route<E>>) -> R) -> R
    where
        E: Send + Sync + 'static,
    {
        let table = self.table();
        let known = self.routes.of_type::<E>();
        let selector = || Selector::of_type(EventType::of::<E>());
        let route = known.unwrap_or_else(|| self.build_in(&table, &selector()));
        keep(&route)
    }

    /// Lets one know when the route of a type holds no longer.
    pub(crate) fn follow<E: Send + Sync + 'static>(&self, follower: Weak<dyn Follower>) {
        self.routes.follow::<E>(follower);
    }

    /// Pauses a subscription. Returns whether it was linked, and not paused.
    pub(crate) fn pause(&self, id: SubscriptionId) -> bool {
        let record = self.record(id);
        record.is_some_and(|record| record.set_paused(true))
    }

    /// Lets a subscription go on that was paused, and tries again with what is suspended
    /// of it. Returns whether there was either.
    pub(crate) fn resume(&self, id: SubscriptionId) -> bool {
        let resumed = self.table().resume(id);
        let record = self.record(id);
        record.is_some_and(|record| record.set_paused(false)) || resumed
    }

    /// Lets nothing wait for something newer, or for more, any longer.
    pub(crate) fn flush(&self) {
        let table = self.table();
        let records: Vec<_> = table.records().collect();
        let handlers = table.handlers();
        drop(table);
        for record in records {
            record.flush();
        }
        for handler in handlers {
            shielded(move || handler.flush());
        }
    }

    pub(super) fn near_misses<E: Send + Sync + 'static>(
        &self,
        metadata: &Metadata,
    ) -> Vec<NearMiss> {
        self.table().near_misses::<E>(metadata)
    }

    pub(super) fn redelivery(
        &self,
        kept: &Kept,
        id: SubscriptionId,
    ) -> Option<Box<dyn Redelivery>> {
        self.table().redelivery(id, kept)
    }

    pub(super) fn redeliveries(&self, kept: &Kept) -> Vec<Box<dyn Redelivery>> {
        self.table().redeliveries(kept)
    }

    fn record(&self, id: SubscriptionId) -> Option<Arc<Record>> {
        let table = self.table();
        table.subscription(id).map(|linked| linked.record.clone())
    }

    pub(crate) fn max_subscribers(&self) -> Option<usize> {
        self.max_subscribers
    }

    /// A panic under the lock cannot leave the table half changed in a way that
    /// matters more than losing every subscription would, so it is read on.
    pub(super) fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
