use std::fmt;
use std::sync::Arc;

use crate::delivery::{AnyHeld, Caller, Delivery, Header, Laps, Ledger, Origin};
use crate::event::{AnyEvent, EmissionId, HandlerRef};
use crate::outcome::Verdict;

use super::route::Route;
use super::runs::Again;

/// The way of an emission: from the one that makes it, to those that were found for it.
///
/// It is where the deliveries are accounted for, and one for all emissions that take it.
pub(crate) struct Course<E: 'static> {
    route: Arc<Route<E>>,
    origin: Arc<dyn Origin>,
}

impl<E: Send + Sync + 'static> Course<E> {
    pub(crate) fn new(route: Arc<Route<E>>, origin: Arc<dyn Origin>) -> Arc<Self> {
        Arc::new(Self { route, origin })
    }

    #[inline]
    pub(crate) fn route(&self) -> &Arc<Route<E>> {
        &self.route
    }
}

impl<E: Send + Sync + 'static> Ledger for Course<E> {
    #[inline]
    fn len(&self) -> usize {
        self.route.len()
    }

    fn connected(&self, position: usize) -> bool {
        self.route.entries()[position].goal.is_alive()
    }

    fn close(&self, position: usize, event: &dyn AnyHeld, verdict: Verdict) {
        if verdict.is_plain() && self.close_shortly(position, event.header()) {
            return;
        }
        let entry = &self.route.entries()[position];
        let (record, goal) = (&entry.record, &entry.goal);
        if let Some(Again { after, spot }) = record.close(position, event, verdict) {
            let errand = goal.errand(record, position, event, spot);
            record.try_again(event.header().metadata.id(), errand, after);
        }
    }

    #[inline]
    fn close_shortly(&self, position: usize, header: &Header) -> bool {
        self.route.entries()[position].close_shortly(header)
    }

    fn attempt(&self, position: usize, id: EmissionId) -> u32 {
        self.route.entries()[position].record.attempt(id)
    }

    fn is_over(&self, position: usize, id: EmissionId) -> bool {
        self.route.entries()[position].record.is_over(id)
    }

    fn handler(&self, position: usize) -> HandlerRef {
        self.route.entries()[position].record.handler.clone()
    }

    #[inline]
    fn origin(&self) -> &Arc<dyn Origin> {
        &self.origin
    }

    fn as_any(&self) -> &AnyEvent {
        self
    }
}

impl<E: Send + Sync + 'static> Caller<E> for Course<E> {
    #[inline]
    fn run_from(
        &self,
        lent: &Delivery<E>,
        first: usize,
        laps: Option<&mut Laps>,
    ) -> Option<(usize, Verdict)> {
        self.route.run_from(lent, first, laps)
    }
}

impl<E> fmt::Debug for Course<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Course")
            .field("route", &self.route)
            .field("origin", &self.origin)
            .finish()
    }
}
