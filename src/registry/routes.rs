use std::any::TypeId;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use arc_swap::ArcSwapOption;
use dashmap::DashMap;

use crate::event::{AnyEvent, Topic};

use super::route::Route;
use super::selector::{Kind, Selector};
use super::type_index::TypeIndex;
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
    types: TypeIndex<Box<dyn AnySlot>>,
    topics: DashMap<Topic, TypeMap<Arc<AnyEvent>>>,
}

/// The route of one event type, if it has been built, and those that keep it too.
struct Slot<E: 'static> {
    route: ArcSwapOption<Route<E>>,
    followers: Mutex<Vec<Weak<dyn Follower>>>,
}

/// One that keeps the route of an event type.
pub(crate) trait Follower: Send + Sync {
    /// The route holds no longer. Called under the table's lock.
    fn forget(&self);
}

trait AnySlot: Send + Sync {
    fn clear(&self);
    fn follow(&self, follower: Weak<dyn Follower>);
    fn as_any(&self) -> &AnyEvent;
}

impl<E: Send + Sync + 'static> AnySlot for Slot<E> {
    fn clear(&self) {
        // Emptying an empty slot costs as much as emptying a full one. Nobody keeps what
        // was never built.
        if self.route.load().is_some() {
            self.route.store(None);
            for follower in self.followers().iter().filter_map(Weak::upgrade) {
                follower.forget();
            }
        }
    }

    fn follow(&self, follower: Weak<dyn Follower>) {
        let mut followers = self.followers();
        if followers.len() == followers.capacity() {
            followers.retain(|follower| follower.strong_count() > 0);
        }
        followers.push(follower);
    }

    fn as_any(&self) -> &AnyEvent {
        self
    }
}

impl<E> Slot<E> {
    fn followers(&self) -> MutexGuard<'_, Vec<Weak<dyn Follower>>> {
        self.followers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Routes {
    pub(super) fn of_type<E: Send + Sync + 'static>(&self) -> Option<Arc<Route<E>>> {
        self.slot::<E>()?.route.load_full()
    }

    /// Lets one know when the route of a type holds no longer.
    pub(super) fn follow<E: Send + Sync + 'static>(&self, follower: Weak<dyn Follower>) {
        self.slot_or_new::<E>().follow(follower);
    }

    fn slot<E: Send + Sync + 'static>(&self) -> Option<&Slot<E>> {
        self.types.get(TypeId::of::<E>())?.as_any().downcast_ref()
    }

    fn slot_or_new<E: Send + Sync + 'static>(&self) -> &Slot<E> {
        let slot = self.types.get_or_insert_with(TypeId::of::<E>(), || {
            Box::new(Slot::<E> {
                route: ArcSwapOption::empty(),
                followers: Mutex::default(),
            })
        });
        let slot = slot.as_any().downcast_ref();
        slot.expect("a slot is stored by its type")
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
            return self.slot_or_new::<E>().route.store(Some(route));
        };
        if self.topics.len() >= MAX_TOPIC_ROUTES && !self.topics.contains_key(topic) {
            self.topics.clear();
        }
        let mut routes = self.topics.entry(topic.clone()).or_default();
        routes.insert(TypeId::of::<E>(), route);
    }

    /// Throws away what a change of `selector` touches.
    pub(super) fn forget(&self, selector: &Selector) {
        match selector.kind() {
            Kind::Event(event) => {
                if let Some(slot) = self.types.get(event.id()) {
                    slot.clear();
                }
            }
            Kind::Topic(topic) => {
                self.topics.remove(topic);
            }
            Kind::Pattern(_) => self.topics.clear(),
            Kind::Everything => {
                self.topics.clear();
                self.types.iter().for_each(|slot| slot.clear());
            }
        }
    }
}
