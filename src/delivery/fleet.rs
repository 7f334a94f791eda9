//! Several emissions of one batch on their way together.

use std::sync::Arc;
use std::vec;

use actix::clock::Instant;

use crate::event::{AnyEvent, EmissionId, Metadata};

use super::delivery::Delivery;
use super::emitted::{Emitted, Header};
use super::flight::AnyFlight;
use super::held::{Alone, Held};
use super::ledger::{Caller, Ledger};
use super::timing::Laps;

/// One of a fleet: an emission of an event and nothing else.
struct Member<E> {
    id: EmissionId,
    /// If it is timed, which few are.
    timed: Option<Instant>,
    event: E,
}

/// Emissions of one type and one way, which wait in one place until it is the first one's
/// turn. The ledger's origin has counted in each.
pub(crate) struct Fleet<E, L> {
    /// What the first one says of itself.
    header: Header,
    members: Vec<Member<E>>,
    ledger: L,
}

impl<E: Send + Sync + 'static, L: Ledger + Clone + 'static> Fleet<E, L> {
    /// For so many, of which the first has this id.
    pub(crate) fn new(first: EmissionId, capacity: usize, ledger: L) -> Self {
        let metadata = Metadata::of::<E>(first);
        Self {
            header: Header::new(metadata, false),
            members: Vec::with_capacity(capacity),
            ledger,
        }
    }

    /// Adds the next one.
    #[inline]
    pub(crate) fn add(&mut self, id: EmissionId, timed: Option<Instant>, event: E) {
        self.members.push(Member { id, timed, event });
    }

    /// Takes back what was passed on, by one that knows its type.
    pub(crate) fn adopt(flight: Arc<dyn AnyFlight>) -> Self {
        let fleet = flight.into_any().downcast().ok();
        let fleet = fleet.and_then(Arc::into_inner);
        fleet.expect("nobody shares a fleet, which is taken back by its type")
    }

    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    /// Where the deliveries of all are accounted for.
    pub(crate) fn ledger(&self) -> &L {
        &self.ledger
    }

    /// Parts it into its emissions, in order.
    pub(crate) fn part(self) -> Parted<E, L> {
        Parted {
            members: self.members.into_iter(),
            ledger: self.ledger,
        }
    }
}

impl<E: Send + Sync + 'static, L: Ledger + 'static> AnyFlight for Fleet<E, L> {
    fn header(&self) -> &Header {
        &self.header
    }

    fn ledger(&self) -> &dyn Ledger {
        &self.ledger
    }

    fn into_any(self: Arc<Self>) -> Arc<AnyEvent> {
        self
    }
}

/// The emissions of a fleet, one after the other.
pub(crate) struct Parted<E, L> {
    members: vec::IntoIter<Member<E>>,
    ledger: L,
}

impl<E: Send + Sync + 'static, L: Caller<E> + Clone + 'static> Parted<E, L> {
    /// The next one, with its laps, if it is timed.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<(Emitted<E>, Option<Laps>)> {
        let Member { id, timed, event } = self.members.next()?;
        let header = Header::new(Metadata::of::<E>(id), false);
        let payload = event;
        Some((Emitted { header, payload }, timed.map(Laps::since)))
    }

    /// Holds one for those that share it.
    pub(crate) fn share(&self, emitted: Emitted<E>) -> Held<E> {
        Held::over(emitted, self.ledger.clone())
    }

    /// Lends one, by the delivery that the one before was lent by, if that is nobody else's.
    #[inline]
    pub(crate) fn lend(&self, lent: &mut Option<Delivery<E>>, emitted: Emitted<E>) {
        let left = match lent {
            Some(lent) => lent.refill(emitted).err(),
            None => Some(emitted),
        };
        if let Some(emitted) = left {
            *lent = Some(Delivery::lent(
                Alone::new(|| emitted, self.ledger.clone()).into(),
            ));
        }
    }
}
