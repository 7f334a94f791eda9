use std::sync::Arc;

use crate::delivery::{AnyHeld, Held};
use crate::event::{AnyEvent, Metadata};
use crate::outcome::Reason;

use super::claim::Taker;
use super::errand::LaneErrand;
use super::filter::Filter;
use super::queue::Errand;
use super::record::Record;
use super::runs::Spot;
use super::target::{Nature, Target};

/// How an entry takes the event.
pub(super) enum Goal<E: 'static> {
    Typed(Aim<E>),
    Any(Aim<AnyEvent>),
    Mismatch(Box<Reason>),
}

/// A handler, and what it wants of its events.
pub(crate) struct Aim<E: ?Sized + 'static> {
    pub(crate) target: Arc<dyn Target<E>>,
    pub(crate) filter: Option<Filter<E>>,
}

/// Where an emission is to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// On this thread, as soon as it is claimed.
    Here,
    /// Somewhere else, or later.
    Elsewhere,
}

impl<E: Send + Sync + 'static> Goal<E> {
    pub(super) fn can_start(&self) -> bool {
        match self {
            Self::Typed(aim) => aim.target.can_start(),
            Self::Any(aim) => aim.target.can_start(),
            Self::Mismatch(_) => true,
        }
    }

    /// What a delivery that nobody looks at need not ask.
    pub(super) fn nature(&self) -> Nature {
        match self {
            Self::Typed(aim) if aim.filter.is_none() => aim.target.nature(),
            Self::Any(aim) if aim.filter.is_none() => aim.target.nature(),
            _ => Nature::Other,
        }
    }

    pub(super) fn is_alive(&self) -> bool {
        match self {
            Self::Typed(aim) => aim.target.is_alive(),
            Self::Any(aim) => aim.target.is_alive(),
            Self::Mismatch(_) => true,
        }
    }

    /// What it has to say to an event that is to be run there.
    pub(super) fn ask<'a>(&'a self, event: &'a E, place: Place) -> Asked<'a, E> {
        let goal = self;
        Asked { goal, event, place }
    }

    /// A delivery that is to be made once more.
    pub(super) fn errand(
        &self,
        record: &Arc<Record>,
        position: usize,
        event: &dyn AnyHeld,
        spot: Spot,
    ) -> Box<dyn Errand> {
        match self {
            Self::Typed(aim) => aim.errand(record, position, event, spot),
            Self::Any(aim) => aim.errand(record, position, event, spot),
            Self::Mismatch(_) => unreachable!("a mismatch is never accepted"),
        }
    }
}

/// A handler that is asked about an event.
pub(super) struct Asked<'a, E: 'static> {
    goal: &'a Goal<E>,
    event: &'a E,
    place: Place,
}

impl<E: Send + Sync + 'static> Taker for Asked<'_, E> {
    #[inline]
    fn admits(&self, metadata: &Metadata) -> Result<(), Reason> {
        match self.goal {
            Goal::Typed(aim) => aim.admits(self.event, metadata),
            Goal::Any(aim) => aim.admits(self.event, metadata),
            Goal::Mismatch(_) => Ok(()),
        }
    }

    #[inline]
    fn check(&self) -> Result<(), Reason> {
        match self.goal {
            Goal::Mismatch(reason) => return Err(Reason::clone(reason)),
            Goal::Typed(aim) => aim.target.check()?,
            Goal::Any(aim) => aim.target.check()?,
        }
        match self.place {
            Place::Here if !self.goal.can_start() => Err(Reason::NoArbiter),
            _ => Ok(()),
        }
    }
}

impl<E: ?Sized + Send + Sync + 'static> Aim<E> {
    /// One of its deliveries that is to be made once more.
    pub(super) fn errand(
        &self,
        record: &Arc<Record>,
        position: usize,
        event: &dyn AnyHeld,
        spot: Spot,
    ) -> Box<dyn Errand> {
        let held = event.as_any().downcast_ref::<Held<E>>();
        let held = held
            .expect("a delivery's event is of its handler's type")
            .clone();
        Box::new(LaneErrand::new(held, position, record, &self.target, spot))
    }
}

impl<E: ?Sized> Aim<E> {
    #[inline]
    pub(super) fn admits(&self, event: &E, metadata: &Metadata) -> Result<(), Reason> {
        match &self.filter {
            Some(filter) => filter.admits(event, metadata),
            None => Ok(()),
        }
    }
}

impl<E: ?Sized> Clone for Aim<E> {
    fn clone(&self) -> Self {
        Self {
            target: self.target.clone(),
            filter: self.filter.clone(),
        }
    }
}
