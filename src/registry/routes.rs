use std::any::TypeId;
use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};
use dashmap::DashMap;

use crate::event::{AnyEvent, Topic};

use super::route::Route;
use super::selector::{Kind, Selector};
use super::type_map::TypeMap;

/// How many topics may have a route at a time. The next one empties the map:
/// routes are rebuilt in microseconds, and memory stays bounded under topics
/// that are made up for every emission.
pub(super) const MAX_TOPIC_ROUTES: usize = 4_096;

/// The routes that have been built and still hold.
///
/// Reading takes no lock that a change holds for long. Storing and throwing away happen under the table's
/// lock, which is what makes a change visible when it returns.
#[derive(Default)]
pub(super) struct Routes {
    types: ArcSwap<TypeMap<Arc<dyn AnySlot>>>,
    topics: DashMap<Topic, TypeMap<Arc<AnyEvent>>>,
}

/// The route of one event type, if it has been built.
struct Slot<E: 'static>(ArcSwapOption<Route<E>>);

trait AnySlot: Send + Sync {
    fn clear(&self);
    fn as_any(&self) -> &AnyEvent;
}

impl<E: Send + Sync + 'static> AnySlot for Slot<E> {
    fn clear(&self) {
        // Emptying an empty slot costs as much as emptying a full one.
        if self.0.load().is_some() {
            self.0.store(None);
        }
    }

    fn as_any(&self) -> &AnyEvent {
        self
    }
}

impl Routes {
    pub(super) fn of_type<E: Send + Sync + 'static>(&self) -> Option<Arc<Route<E>>> {
        let types = self.types.load();
        slot::<E>(&types)?.0.load_full()
    }

    pub(super) fn of_topic<E: Send + Sync + 'static>(
        &self,
        topic: &Topic,
    ) -> Option<Arc<Route<E>>> {
        let route = self.topics.get(topic)?.get(&TypeId::of::<E>())?.clone();
        route.downcast().ok()
    }

    /// Stores the route of a type, or that of a type on a topic.
    pub(super) fn store<E: Send + Sync + 'static>(
        &self,
        selector: &Selector,
        route: Arc<Route<E>>,
    ) {
        let Kind::Topic(topic) = selector.kind() else {
            return self.store_by_type(route);
        };
        if self.topics.len() >= MAX_TOPIC_ROUTES && !self.topics.contains_key(topic) {
            self.topics.clear();
        }
        let mut routes = self.topics.entry(topic.clone()).or_default();
        routes.insert(TypeId::of::<E>(), route);
    }

    fn store_by_type<E: Send + Sync + 'static>(&self, route: Arc<Route<E>>) {
        let types = self.types.load();
        if let Some(slot) = slot::<E>(&types) {
            slot.0.store(Some(route));
            return;
        }
        let mut types = TypeMap::clone(&types);
        let slot: Slot<E> = Slot(ArcSwapOption::new(Some(route)));
        types.insert(TypeId::of::<E>(), Arc::new(slot));
        self.types.store(Arc::new(types));
    }

    /// Throws away what a change of `selector` touches.
    pub(super) fn forget(&self, selector: &Selector) {
        match selector.kind() {
            Kind::Event(event) => {
                if let Some(slot) = self.types.load().get(&event.id()) {
                    slot.clear();
                }
            }
            Kind::Topic(topic) => {
                self.topics.remove(topic);
            }
            Kind::Pattern(_) => self.topics.clear(),
            Kind::Everything => {
                self.topics.clear();
                self.types.load().values().for_each(|slot| slot.clear());
            }
        }
    }
}

fn slot<E: Send + Sync + 'static>(types: &TypeMap<Arc<dyn AnySlot>>) -> Option<&Slot<E>> {
    let slot = types.get(&TypeId::of::<E>())?;
    slot.as_any().downcast_ref()
}
