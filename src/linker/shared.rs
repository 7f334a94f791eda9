use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use actix::{Actor, WeakAddr};
use actix_rt::ArbiterHandle;

use crate::debug::{Debug, debug_line};
use crate::event::{ScheduleId, SubscriptionId};
use crate::graph::Sampler;
use crate::handler::Site;
use crate::middleware::{DeliveryLayer, EmissionLayer, Stack};
use crate::registry::{Callbacks, Listed, Registry, Selector, SubscribeError};

use super::actor::LinkerActor;
use super::drained::{Drained, Unfinished};
use super::heartbeat::Heartbeat;
use super::linker::Linker;
use super::load::{Load, Loads};
use super::spec::SubscriptionSpec;
use super::subscription::Subscription;

/// What the handles and the actor of one linker share.
pub(crate) struct Core {
    pub(super) name: Option<Arc<str>>,
    /// In an `Arc` of its own: subscriptions look back at it, weakly.
    pub(super) registry: Arc<Registry>,
    pub(super) callbacks: Callbacks,
    /// Around the deliveries of all subscriptions.
    pub(super) layers: Stack<dyn DeliveryLayer>,
    /// Around the emissions of all emitters.
    pub(super) emission_layers: Stack<dyn EmissionLayer>,
    pub(super) capacity: usize,
    pub(super) home: ArbiterHandle,
    /// The notices on their way.
    pub(super) notices: Load,
    pub(super) heartbeat: Option<Heartbeat>,
    pub(super) debug: Arc<Debug>,
    /// What is seen of the traffic, if anybody wants to.
    pub(super) sampler: Option<Arc<Sampler>>,
    /// What its emitters have on their way.
    pub(super) loads: Loads,
    /// How many schedules its emitters have made.
    pub(super) schedules: AtomicU64,
    /// The actor, once it is there.
    pub(super) addr: OnceLock<WeakAddr<LinkerActor>>,
}

impl Core {
    pub(super) fn subscribe(
        self: &Arc<Self>,
        spec: SubscriptionSpec,
    ) -> Result<Subscription, SubscribeError> {
        self.link(spec).inspect_err(|error| {
            debug_line!(self.debug, linker = %self.debug.name, %error, "not subscribed");
        })
    }

    fn link(self: &Arc<Self>, spec: SubscriptionSpec) -> Result<Subscription, SubscribeError> {
        let record = Arc::new(spec.record(self)?);
        let is_paused = spec.is_paused();
        let parts = spec.into_parts(&record, self)?;
        if is_paused {
            record.set_paused(true);
        }
        let last = self.registry.link(&record, &parts)?;
        debug_line!(
            self.debug,
            linker = %self.debug.name,
            subscription = %record,
            events = %Listed(&self.registry.selectors_of(record.id())),
            "subscribed"
        );
        self.registry.replay(&record, &last);
        Ok(Subscription::new(&record, self))
    }

    pub(super) fn unsubscribe(&self, id: SubscriptionId) -> bool {
        let done = self.registry.remove(id);
        self.say_unsubscribed(id, done);
        done
    }

    pub(super) fn unsubscribe_from(&self, id: SubscriptionId, event: &Selector) -> bool {
        let done = self.registry.remove_one(id, event);
        self.say_unsubscribed(id, done);
        done
    }

    fn say_unsubscribed(&self, id: SubscriptionId, done: bool) {
        if done {
            let linker = &self.debug.name;
            debug_line!(self.debug, %linker, subscription = %id, "unsubscribed");
        }
    }

    pub(super) fn remove_event(&self, event: &Selector) -> usize {
        let count = self.registry.remove_selector(event);
        debug_line!(self.debug, linker = %self.debug.name, %event, count, "event removed");
        count
    }

    pub(super) fn clear(&self) -> usize {
        let count = self.registry.clear();
        debug_line!(self.debug, linker = %self.debug.name, count, "cleared");
        count
    }

    pub(super) fn stop(&self) -> usize {
        let count = self.registry.close();
        for load in self.loads.all() {
            load.cancel_pending();
        }
        debug_line!(self.debug, linker = %self.debug.name, count, "stopped");
        count
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    pub(crate) fn sampler(&self) -> Option<&Arc<Sampler>> {
        self.sampler.as_ref()
    }

    pub(crate) fn emission_layers(&self) -> &Stack<dyn EmissionLayer> {
        &self.emission_layers
    }

    pub(crate) fn home(&self) -> &ArbiterHandle {
        &self.home
    }

    /// Takes in what a new emitter is going to have on its way.
    pub(crate) fn register(&self, load: &Arc<Load>) {
        self.loads.add(load);
    }

    /// What a drain has left behind.
    pub(crate) fn drained(&self, emissions: usize, cancelled: usize) -> Drained {
        let deliveries = match emissions {
            0 => Vec::new(),
            _ => self.unfinished(),
        };
        Drained::new(emissions, deliveries, cancelled)
    }

    pub(crate) fn next_schedule(&self) -> ScheduleId {
        ScheduleId::new(self.schedules.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// The subscriptions with deliveries in flight.
    fn unfinished(&self) -> Vec<Unfinished> {
        let in_flight = self.registry.in_flight().into_iter();
        in_flight
            .map(|(handler, count)| Unfinished::new(handler, count))
            .collect()
    }

    /// Looks after more arbiters, if anybody looks after any.
    pub(crate) fn watch(&self, of: &'static str, site: &Site) {
        if let Some(heartbeat) = &self.heartbeat {
            heartbeat.watch(of, site);
        }
    }

    /// A handle for one that has only this: a handler of notices.
    pub(crate) fn handle(self: &Arc<Self>) -> Linker {
        let known = self.addr.get().and_then(WeakAddr::upgrade);
        let addr = known.unwrap_or_else(|| {
            let core = self.clone();
            LinkerActor::start_in_arbiter(&self.home, |_| LinkerActor::new(core))
        });
        Linker::new(self.clone(), addr)
    }
}
