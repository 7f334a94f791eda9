//! An emission under way.
//!
//! Everything that delivers an emission holds the same flight, and when nobody does any
//! more the emission has ended: it tells its origin. So an emitter, its arbiters and the
//! handlers that were found live until then, and not longer.
//!
//! Where nothing can keep the event beyond that, it lies in the flight: one allocation
//! for an emission. Where somebody may, as a dead letter or as the last value, it lies
//! apart, so that what is kept keeps neither emitter nor handlers.

use std::cell::RefCell;
use std::mem;
use std::sync::Arc;

use crate::event::AnyEvent;
use crate::outcome::Verdict;
use crate::shield::shielded;

use super::delivery::Delivery;
use super::emitted::{Body, Emitted, Header};
use super::kept::Kept;
use super::ledger::{Caller, Ledger};
use super::timing::Laps;

/// A flight whose type is somebody else's business.
pub(crate) trait AnyFlight: Send + Sync {
    fn header(&self) -> &Header;

    fn ledger(&self) -> &dyn Ledger;

    /// Ends one of its deliveries as handled, if nobody looks at that.
    fn close_shortly(&self, position: usize) -> bool {
        self.ledger().close_shortly(position, self.header())
    }

    /// Itself, for the one that knows its type.
    fn into_any(self: Arc<Self>) -> Arc<AnyEvent>;
}

/// The flight of an event of type `E`.
pub(super) trait Flight<E: ?Sized>: AnyFlight {
    fn event(&self) -> &E;

    /// As that of any event: the same one.
    fn share(self: Arc<Self>) -> Arc<dyn Flight<AnyEvent>>;

    /// The event, for one that keeps it.
    fn keep(self: Arc<Self>) -> Kept;

    fn into_any_flight(self: Arc<Self>) -> Arc<dyn AnyFlight>;

    /// Ends, for the one that alone holds it. Its place may be used again.
    fn put_aside(self: Box<Self>) {}

    /// Ends its one delivery as handled, and itself, for the one that alone holds it: if
    /// nobody looks at that. Or else it is given back.
    fn finish_shortly(self: Box<Self>, position: usize) -> Option<Box<dyn Flight<E>>>;

    /// Runs the callbacks of one that [has its event in it](Direct): see [`Caller::run_from`].
    fn run_from(
        &self,
        _lent: &Delivery<E>,
        _first: usize,
        _laps: Option<&mut Laps>,
    ) -> Option<(usize, Verdict)> {
        unreachable!("what lies apart is run by its route")
    }

    /// Ends, and begins again with another event, if it can.
    fn refill(&mut self, next: Emitted<E>) -> Result<(), Emitted<E>>
    where
        E: Sized,
    {
        Err(next)
    }
}

/// A flight with its event.
pub(super) struct Direct<E, L: Ledger + 'static> {
    /// Taken out when it is put [aside](Flight::put_aside).
    inside: Option<Inside<E, L>>,
}

struct Inside<E, L> {
    emitted: Emitted<E>,
    ledger: L,
}

impl<E, L: Ledger + 'static> Direct<E, L> {
    #[inline]
    pub(super) fn new(emitted: Emitted<E>, ledger: L) -> Self {
        let inside = Some(Inside { emitted, ledger });
        Self { inside }
    }

    #[inline]
    fn inside(&self) -> &Inside<E, L> {
        self.inside
            .as_ref()
            .expect("nobody holds what is put aside")
    }

    #[inline]
    fn emitted(&self) -> &Emitted<E> {
        &self.inside().emitted
    }

    #[inline(always)]
    fn end(&mut self) {
        if let Some(Inside { emitted, ledger }) = &self.inside {
            ended(&emitted.header, ledger);
            self.inside = None;
        }
    }
}

impl<E: Send + Sync + 'static, L: Ledger + 'static> Direct<E, L> {
    /// One for somebody who alone holds it: in the place of one that has been put aside on
    /// this thread, if there is such. What is emitted is made where it is to lie.
    #[inline(always)]
    pub(super) fn alone(emitted: impl FnOnce() -> Emitted<E>, ledger: L) -> Box<Self> {
        // A thread that is about to end has none.
        let spare = SPARES.try_with(|spares| spares.borrow_mut().pop());
        match spare
            .ok()
            .flatten()
            .and_then(|spare| spare.downcast::<Self>().ok())
        {
            Some(mut spare) => {
                let emitted = emitted();
                // Nothing is in what was put aside: to drop that would have this one wait
                // elsewhere.
                mem::forget(spare.inside.replace(Inside { emitted, ledger }));
                spare
            }
            None => Box::new(Self::new(emitted(), ledger)),
        }
    }

    /// Ends it, and puts its place aside.
    #[inline(always)]
    fn set_aside(mut self: Box<Self>) {
        self.end();
        if size_of::<Self>() <= SPARE_SIZE {
            let spare: Box<AnyEvent> = self;
            // A thread that is about to end keeps none.
            let _ = SPARES.try_with(|spares| {
                let mut spares = spares.borrow_mut();
                if spares.len() < SPARE_COUNT {
                    spares.push(spare);
                }
            });
        }
    }

    /// See [`Flight::finish_shortly`].
    #[inline(always)]
    fn finish(self: Box<Self>, position: usize) -> Option<Box<Self>> {
        if !self.close_shortly(position) {
            return Some(self);
        }
        self.set_aside();
        None
    }
}

thread_local! {
    /// Empty places for emissions that one alone holds. To allocate costs more than all else
    /// that such an emission needs, once more are on their way than the allocator keeps at
    /// hand.
    static SPARES: RefCell<Vec<Box<AnyEvent>>> = const { RefCell::new(Vec::new()) };
}

/// How many are put aside, at most.
const SPARE_COUNT: usize = 512;
/// The largest that is put aside, in bytes.
const SPARE_SIZE: usize = 256;

impl<E: Send + Sync + 'static, L: Ledger + 'static> AnyFlight for Direct<E, L> {
    #[inline]
    fn header(&self) -> &Header {
        &self.emitted().header
    }

    #[inline]
    fn ledger(&self) -> &dyn Ledger {
        &self.inside().ledger
    }

    #[inline]
    fn close_shortly(&self, position: usize) -> bool {
        let Inside { emitted, ledger } = self.inside();
        ledger.close_shortly(position, &emitted.header)
    }

    fn into_any(self: Arc<Self>) -> Arc<AnyEvent> {
        self
    }
}

impl<E: Send + Sync + 'static, L: Caller<E> + 'static> Flight<E> for Direct<E, L> {
    #[inline]
    fn event(&self) -> &E {
        &self.emitted().payload
    }

    fn share(self: Arc<Self>) -> Arc<dyn Flight<AnyEvent>> {
        self
    }

    fn keep(self: Arc<Self>) -> Kept {
        Kept::of::<E>(self)
    }

    fn into_any_flight(self: Arc<Self>) -> Arc<dyn AnyFlight> {
        self
    }

    fn refill(&mut self, next: Emitted<E>) -> Result<(), Emitted<E>> {
        match &mut self.inside {
            Some(Inside { emitted, ledger }) => {
                ended(&emitted.header, ledger);
                *emitted = next;
                Ok(())
            }
            None => Err(next),
        }
    }

    fn put_aside(self: Box<Self>) {
        self.set_aside();
    }

    fn finish_shortly(self: Box<Self>, position: usize) -> Option<Box<dyn Flight<E>>> {
        Some(self.finish(position)?)
    }

    fn run_from(
        &self,
        lent: &Delivery<E>,
        first: usize,
        laps: Option<&mut Laps>,
    ) -> Option<(usize, Verdict)> {
        self.inside().ledger.run_from(lent, first, laps)
    }
}

impl<E: Send + Sync + 'static, L: Ledger + 'static> Flight<AnyEvent> for Direct<E, L> {
    #[inline]
    fn event(&self) -> &AnyEvent {
        &self.emitted().payload
    }

    fn finish_shortly(self: Box<Self>, position: usize) -> Option<Box<dyn Flight<AnyEvent>>> {
        Some(self.finish(position)?)
    }

    fn share(self: Arc<Self>) -> Arc<dyn Flight<AnyEvent>> {
        self
    }

    fn keep(self: Arc<Self>) -> Kept {
        Kept::of::<E>(self)
    }

    fn into_any_flight(self: Arc<Self>) -> Arc<dyn AnyFlight> {
        self
    }
}

/// Somebody has listened for dead letters only since it was emitted: what is kept of it
/// keeps the flight.
impl<E: Send + Sync + 'static, L: Ledger + 'static> Body<E> for Direct<E, L> {
    fn header(&self) -> &Header {
        &self.emitted().header
    }

    fn event(&self) -> &E {
        &self.emitted().payload
    }

    fn as_any(self: Arc<Self>) -> Arc<dyn Body<AnyEvent>> {
        self
    }
}

impl<E: Send + Sync + 'static, L: Ledger + 'static> Body<AnyEvent> for Direct<E, L> {
    fn header(&self) -> &Header {
        &self.emitted().header
    }

    fn event(&self) -> &AnyEvent {
        &self.emitted().payload
    }

    fn as_any(self: Arc<Self>) -> Arc<dyn Body<AnyEvent>> {
        self
    }
}

impl<E, L: Ledger + 'static> Drop for Direct<E, L> {
    fn drop(&mut self) {
        self.end();
    }
}

/// A flight whose event lies apart.
pub(super) struct Apart<E: ?Sized> {
    body: Arc<dyn Body<E>>,
    /// The body, kept.
    kept: Kept,
    ledger: Arc<dyn Ledger>,
}

impl<E: ?Sized> Apart<E> {
    pub(super) fn new(body: Arc<dyn Body<E>>, kept: Kept, ledger: Arc<dyn Ledger>) -> Arc<Self> {
        Arc::new(Self { body, kept, ledger })
    }
}

impl<E: ?Sized + 'static> AnyFlight for Apart<E> {
    fn header(&self) -> &Header {
        self.body.header()
    }

    fn ledger(&self) -> &dyn Ledger {
        &*self.ledger
    }

    fn into_any(self: Arc<Self>) -> Arc<AnyEvent> {
        self
    }
}

impl<E: ?Sized + 'static> Flight<E> for Apart<E> {
    fn event(&self) -> &E {
        self.body.event()
    }

    fn share(self: Arc<Self>) -> Arc<dyn Flight<AnyEvent>> {
        Arc::new(Alias(self))
    }

    fn keep(self: Arc<Self>) -> Kept {
        self.kept.clone()
    }

    fn finish_shortly(self: Box<Self>, _: usize) -> Option<Box<dyn Flight<E>>> {
        Some(self)
    }

    fn into_any_flight(self: Arc<Self>) -> Arc<dyn AnyFlight> {
        self
    }
}

impl<E: ?Sized> Drop for Apart<E> {
    fn drop(&mut self) {
        ended(self.body.header(), &*self.ledger);
    }
}

/// A flight whose event lies apart, as that of any event.
struct Alias<E: ?Sized>(Arc<Apart<E>>);

impl<E: ?Sized + 'static> AnyFlight for Alias<E> {
    fn header(&self) -> &Header {
        self.0.header()
    }

    fn ledger(&self) -> &dyn Ledger {
        self.0.ledger()
    }

    fn into_any(self: Arc<Self>) -> Arc<AnyEvent> {
        self
    }
}

impl<E: ?Sized + 'static> Flight<AnyEvent> for Alias<E> {
    fn event(&self) -> &AnyEvent {
        self.0.kept.event()
    }

    fn share(self: Arc<Self>) -> Arc<dyn Flight<AnyEvent>> {
        self
    }

    fn keep(self: Arc<Self>) -> Kept {
        self.0.kept.clone()
    }

    fn finish_shortly(self: Box<Self>, _: usize) -> Option<Box<dyn Flight<AnyEvent>>> {
        Some(self)
    }

    fn into_any_flight(self: Arc<Self>) -> Arc<dyn AnyFlight> {
        self
    }
}

/// Whoever has counted the emission in hears of its end. Never panics.
#[inline(always)]
fn ended<L: Ledger + ?Sized>(header: &Header, ledger: &L) {
    if let Some(spans) = header.spans().filter(|_| ledger.is_reported()) {
        // Whoever subscribes to spans is a user's.
        shielded(|| spans.close());
    }
    ledger.origin().ended(ledger.len());
}
