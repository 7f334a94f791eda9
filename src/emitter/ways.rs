//! What an emitter keeps, so that an emission finds its handlers and its gear in one step.
//!
//! For each event type a [`WayCell`] holds the route, the gear and the [`Course`] that is
//! made of both. It is emptied when one of them changes: by the registry, under the lock
//! of the change, and by a switch. It is filled under the same two locks. So whatever is
//! read here held when it was read, and nothing that was unsubscribed stays alive in
//! here.

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::{ArcSwapOption, Guard};

use crate::delivery::{AnyHeld, Caller, Delivery, Header, Laps, Ledger, Origin};
use crate::event::{AnyEvent, EmissionId, HandlerRef};
use crate::outcome::Verdict;
use crate::registry::{Course, Follower, Route, TypeIndex};

use super::gear::Gear;

/// The way of one event type through one gear.
pub(super) struct Way<E: 'static> {
    course: Arc<Course<E>>,
    gear: Arc<Gear>,
}

impl<E: Send + Sync + 'static> Way<E> {
    pub(super) fn new(route: Arc<Route<E>>, gear: Arc<Gear>) -> Arc<Self> {
        let course = Course::new(route, gear.clone());
        Arc::new(Self { course, gear })
    }

    #[inline]
    pub(super) fn gear(&self) -> &Arc<Gear> {
        &self.gear
    }

    #[inline]
    pub(super) fn course(&self) -> &Arc<Course<E>> {
        &self.course
    }
}

/// The way of one event type, if it is known.
pub(super) struct WayCell<E: 'static> {
    way: ArcSwapOption<Way<E>>,
    /// Whether it is known to lead to nobody.
    is_unheard: Arc<AtomicBool>,
}

impl<E: Send + Sync + 'static> WayCell<E> {
    /// What is known at this moment.
    #[inline]
    pub(super) fn load(&self) -> Guard<Option<Arc<Way<E>>>> {
        self.way.load()
    }

    /// Whether nobody listens at this moment, as far as one look can tell.
    #[inline]
    pub(super) fn is_unheard(&self) -> bool {
        self.is_unheard.load(Ordering::Acquire)
    }

    /// To be called where neither route nor gear can change.
    pub(super) fn store(&self, way: Arc<Way<E>>) {
        let is_outward = way.gear.outlet().is_some();
        let is_unheard = way.course.route().len() == 0 && !is_outward;
        self.way.store(Some(way));
        self.is_unheard.store(is_unheard, Ordering::Release);
    }
}

impl<E: Send + Sync + 'static> Follower for WayCell<E> {
    fn forget(&self) {
        self.is_unheard.store(false, Ordering::Release);
        self.way.store(None);
    }
}

/// The cell of some type.
pub(super) struct AnyCell {
    cell: Arc<AnyEvent>,
    /// The cell's.
    is_unheard: Arc<AtomicBool>,
    forget: fn(&AnyEvent),
}

impl AnyCell {
    /// Whether nobody listens at this moment. Whoever asks the cell has to ask for its type
    /// first, which costs as much as all else that an emission to nobody needs.
    #[inline]
    pub(super) fn is_unheard(&self) -> bool {
        self.is_unheard.load(Ordering::Acquire)
    }

    #[inline]
    pub(super) fn of<E: Send + Sync + 'static>(&self) -> Option<&WayCell<E>> {
        self.cell.downcast_ref()
    }

    fn new<E: Send + Sync + 'static>(cell: Arc<WayCell<E>>) -> Self {
        Self {
            is_unheard: cell.is_unheard.clone(),
            cell,
            forget: |cell| {
                let cell: Option<&WayCell<E>> = cell.downcast_ref();
                cell.into_iter().for_each(WayCell::forget);
            },
        }
    }
}

/// The ways of all event types.
#[derive(Default)]
pub(super) struct Ways(TypeIndex<AnyCell>);

impl Ways {
    #[inline]
    pub(super) fn get<E: Send + Sync + 'static>(&self) -> Option<&WayCell<E>> {
        self.find::<E>()?.of()
    }

    /// The same, for one that may not need the cell itself.
    #[inline]
    pub(super) fn find<E: 'static>(&self) -> Option<&AnyCell> {
        self.0.get(TypeId::of::<E>())
    }

    /// Returns the cell of a type; a new one is shown to `follow` first.
    pub(super) fn get_or_add<E: Send + Sync + 'static>(
        &self,
        follow: impl FnOnce(&Arc<WayCell<E>>),
    ) -> Arc<WayCell<E>> {
        let any = self.0.get_or_insert_with(TypeId::of::<E>(), || {
            let cell = Arc::new(WayCell::<E> {
                way: ArcSwapOption::empty(),
                is_unheard: Arc::default(),
            });
            follow(&cell);
            AnyCell::new(cell)
        });
        let cell = any.cell.clone().downcast().ok();
        cell.expect("a cell is stored by its type")
    }

    /// Forgets them all: the gear has changed.
    pub(super) fn forget(&self) {
        self.0.iter().for_each(|any| (any.forget)(&*any.cell));
    }
}

/// A way that is borrowed for as long as an emission is run where it is made: nobody counts
/// that it is in use.
pub(super) struct Passing<E: 'static>(Guard<Option<Arc<Way<E>>>>);

impl<E: Send + Sync + 'static> Passing<E> {
    /// One that is known.
    #[inline]
    pub(super) fn new(way: Guard<Option<Arc<Way<E>>>>) -> Self {
        Self(way)
    }

    #[inline]
    fn course(&self) -> &Course<E> {
        &self.0.as_ref().expect(KNOWN).course
    }
}

impl<E: Send + Sync + 'static> Ledger for Passing<E> {
    #[inline]
    fn len(&self) -> usize {
        self.course().len()
    }

    fn connected(&self, position: usize) -> bool {
        self.course().connected(position)
    }

    fn close(&self, position: usize, event: &dyn AnyHeld, verdict: Verdict) {
        self.course().close(position, event, verdict);
    }

    #[inline]
    fn close_shortly(&self, position: usize, header: &Header) -> bool {
        self.course().close_shortly(position, header)
    }

    fn is_over(&self, position: usize, id: EmissionId) -> bool {
        self.course().is_over(position, id)
    }

    fn attempt(&self, position: usize, id: EmissionId) -> u32 {
        self.course().attempt(position, id)
    }

    fn handler(&self, position: usize) -> HandlerRef {
        self.course().handler(position)
    }

    #[inline]
    fn origin(&self) -> &Arc<dyn Origin> {
        self.course().origin()
    }

    fn as_any(&self) -> &AnyEvent {
        self.course()
    }
}

impl<E: Send + Sync + 'static> Caller<E> for Passing<E> {
    #[inline]
    fn run_from(
        &self,
        lent: &Delivery<E>,
        first: usize,
        laps: Option<&mut Laps>,
    ) -> Option<(usize, Verdict)> {
        self.course().run_from(lent, first, laps)
    }
}

impl<E> fmt::Debug for Passing<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passing")
    }
}

/// What an emission was matched against.
pub(super) enum Found<E: 'static> {
    /// As it is known.
    Way(Guard<Option<Arc<Way<E>>>>),
    /// On a topic, say.
    Route(Arc<Route<E>>),
}

impl<E: Send + Sync + 'static> Found<E> {
    /// What a cell holds at this moment.
    #[inline]
    pub(super) fn known(cell: &WayCell<E>) -> Option<Self> {
        let way = cell.load();
        way.is_some().then_some(Self::Way(way))
    }

    #[inline]
    fn way(&self) -> Option<&Way<E>> {
        match self {
            Self::Way(way) => way.as_deref(),
            Self::Route(_) => None,
        }
    }

    #[inline]
    pub(super) fn route(&self) -> &Arc<Route<E>> {
        self.leads().route()
    }

    /// The gear that was in.
    #[inline]
    pub(super) fn gear(&self) -> Option<&Arc<Gear>> {
        self.way().map(Way::gear)
    }

    /// Where it leads to.
    #[inline]
    pub(super) fn leads(&self) -> Leads<'_, E> {
        match self {
            Self::Way(way) => Leads::Way(way.as_ref().expect(KNOWN)),
            Self::Route(route) => Leads::Route(route),
        }
    }
}

/// Where an emission goes, for one that only looks at it.
pub(super) enum Leads<'a, E: 'static> {
    Way(&'a Way<E>),
    Route(&'a Arc<Route<E>>),
}

impl<'a, E: Send + Sync + 'static> Leads<'a, E> {
    pub(super) fn route(&self) -> &'a Arc<Route<E>> {
        match self {
            Self::Way(way) => way.course.route(),
            Self::Route(route) => route,
        }
    }

    /// The way to those that were found, from a gear.
    pub(super) fn course(&self, gear: &Arc<Gear>) -> Arc<Course<E>> {
        match self {
            Self::Way(way) if Arc::ptr_eq(way.gear(), gear) => way.course.clone(),
            _ => Course::new(self.route().clone(), gear.clone()),
        }
    }
}

const KNOWN: &str = "a way is found when it is known";
