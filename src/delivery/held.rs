use std::any::Any;
use std::sync::Arc;

use tracing::Span;

use crate::event::AnyEvent;
use crate::outcome::{Reply, Tracker, Verdict};

use super::delivery::Delivery;
use super::emitted::{Emitted, Header};
use super::flight::{AnyFlight, Apart, Direct, Flight};
use super::kept::{Kept, Sleeper};
use super::ledger::{Caller, Ledger, Origin};
use super::timing::Laps;

/// An emission in the hands of one that delivers it. While anybody has one, the emission
/// has not ended.
pub(crate) struct Held<E: ?Sized + 'static>(Hold<E>);

/// An emission that one alone holds, who lends it or has the one delivery that there is.
///
/// It is passed on in registers. A [`Held`] is not: and to read as a whole what has just been
/// written in parts makes a processor wait.
pub(crate) struct Alone<E: ?Sized + 'static>(Box<dyn Flight<E>>);

impl<E: Send + Sync + 'static> Alone<E> {
    /// For an emission that the ledger's origin has counted in, and that nobody keeps.
    #[inline(always)]
    pub(crate) fn new(
        emitted: impl FnOnce() -> Emitted<E>,
        ledger: impl Caller<E> + 'static,
    ) -> Self {
        Self(Direct::alone(emitted, ledger))
    }
}

/// It is not to be cloned before it is [shared](Held::make_shared).
impl<E: ?Sized> From<Alone<E>> for Held<E> {
    #[inline(always)]
    fn from(alone: Alone<E>) -> Self {
        Self(Hold::Alone(Some(alone.0)))
    }
}

enum Hold<E: ?Sized + 'static> {
    Shared(Arc<dyn Flight<E>>),
    /// By one that lends it, or the one delivery that there is, so that no references are
    /// counted. Taken out when it ends, or when it is shared.
    Alone(Option<Box<dyn Flight<E>>>),
}

/// Where somebody has forgotten that he holds it alone.
#[cold]
fn misused() -> ! {
    unreachable!("what one holds alone is shared before it is cloned, and held until it ends")
}

impl<E: Send + Sync + 'static> Held<E> {
    /// For an emission that the ledger's origin has counted in, and that nobody keeps.
    #[inline]
    pub(crate) fn new(emitted: Emitted<E>, ledger: Arc<impl Caller<E> + 'static>) -> Self {
        Self::over(emitted, ledger)
    }

    /// The same, by whatever leads to the ledger.
    pub(super) fn over(emitted: Emitted<E>, ledger: impl Caller<E> + 'static) -> Self {
        Self(Hold::Shared(Arc::new(Direct::new(emitted, ledger))))
    }

    /// For one that may be kept: whoever keeps it keeps neither origin nor handlers.
    pub(crate) fn to_keep(emitted: Emitted<E>, ledger: Arc<dyn Ledger>) -> Self {
        let body = Arc::new(emitted);
        Self(Hold::Shared(Apart::new(
            body.clone(),
            Kept::of::<E>(body),
            ledger,
        )))
    }

    /// Takes back what was [passed on](Self::pass_on), by one that knows the type of its
    /// ledger too.
    pub(crate) fn adopt<L: Caller<E> + 'static>(flight: Arc<dyn AnyFlight>) -> Self {
        match flight.into_any().downcast::<Direct<E, L>>() {
            Ok(direct) => Self(Hold::Shared(direct)),
            Err(apart) => {
                let apart = apart.downcast::<Apart<E>>();
                let apart = apart.expect("a flight is taken back by its type");
                Self(Hold::Shared(apart))
            }
        }
    }
}

impl<E: ?Sized + 'static> Held<E> {
    /// For one that found it kept, and delivers it again: the ledger's origin has counted
    /// it in.
    pub(crate) fn wake(sleeper: Sleeper<E>, kept: Kept, ledger: Arc<dyn Ledger>) -> Self {
        Self(Hold::Shared(Apart::new(sleeper.0, kept, ledger)))
    }

    /// Passes it on to whoever knows its type.
    pub(crate) fn pass_on(self) -> Arc<dyn AnyFlight> {
        self.into_flight().into_any_flight()
    }

    /// Ends it, if nobody shares it.
    #[inline]
    pub(super) fn put_aside(&mut self) {
        if let Hold::Alone(alone) = &mut self.0 {
            if let Some(flight) = alone.take() {
                flight.put_aside();
            }
        }
    }

    /// Lets others share it.
    #[cold]
    pub(super) fn make_shared(&mut self) {
        if let Hold::Alone(alone) = &mut self.0 {
            let flight = alone.take().unwrap_or_else(|| misused());
            self.0 = Hold::Shared(Arc::from(flight));
        }
    }

    /// Holds another emission from now on, if nobody shares the one that it holds: that one
    /// has ended.
    #[inline]
    pub(super) fn refill(&mut self, next: Emitted<E>) -> Result<(), Emitted<E>>
    where
        E: Sized,
    {
        match &mut self.0 {
            Hold::Alone(Some(flight)) => flight.refill(next),
            Hold::Shared(_) | Hold::Alone(None) => Err(next),
        }
    }

    fn into_flight(self) -> Arc<dyn Flight<E>> {
        match self.0 {
            Hold::Shared(flight) => flight,
            Hold::Alone(Some(flight)) => Arc::from(flight),
            Hold::Alone(None) => misused(),
        }
    }

    #[inline]
    fn flight(&self) -> &dyn Flight<E> {
        match &self.0 {
            Hold::Shared(flight) => &**flight,
            Hold::Alone(Some(flight)) => &**flight,
            Hold::Alone(None) => misused(),
        }
    }

    #[inline(always)]
    fn shared(&self) -> &Arc<dyn Flight<E>> {
        match &self.0 {
            Hold::Shared(flight) => flight,
            Hold::Alone(_) => misused(),
        }
    }

    #[inline]
    pub(crate) fn event(&self) -> &E {
        self.flight().event()
    }

    #[inline]
    pub(crate) fn header(&self) -> &Header {
        self.flight().header()
    }

    /// Where its deliveries are accounted for.
    #[inline]
    pub(crate) fn ledger(&self) -> &dyn Ledger {
        self.flight().ledger()
    }
}

impl<E: ?Sized> Clone for Held<E> {
    #[inline(always)]
    fn clone(&self) -> Self {
        Self(Hold::Shared(self.shared().clone()))
    }
}

/// An emission whose type is somebody else's business.
pub(crate) trait AnyHeld {
    fn header(&self) -> &Header;

    /// The emission, as that of any event, for one that delivers it too.
    fn share(&self) -> Held<AnyEvent>;

    /// The emission, for one that keeps it.
    fn keep(&self) -> Kept;

    /// Ends one of its deliveries.
    fn end(&self, position: usize, verdict: Verdict);

    /// Where its outcomes go, if somebody waits for them.
    fn tracker(&self) -> Option<&Tracker>;

    /// What made the emission.
    fn origin(&self) -> &Arc<dyn Origin>;

    /// Itself, for the one that knows its type.
    fn as_any(&self) -> &dyn Any;
}

impl<E: ?Sized + 'static> AnyHeld for Held<E> {
    #[inline]
    fn header(&self) -> &Header {
        self.flight().header()
    }

    fn share(&self) -> Held<AnyEvent> {
        Held(Hold::Shared(self.shared().clone().share()))
    }

    fn keep(&self) -> Kept {
        self.shared().clone().keep()
    }

    fn end(&self, position: usize, verdict: Verdict) {
        self.close(position, verdict);
    }

    fn tracker(&self) -> Option<&Tracker> {
        let tracker = self.header().tracker()?;
        self.ledger().is_reported().then_some(tracker)
    }

    fn origin(&self) -> &Arc<dyn Origin> {
        self.ledger().origin()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl<E: ?Sized + 'static> Held<E> {
    /// Whether one of its deliveries took too long, and needs no handler any more.
    pub(crate) fn is_over(&self, position: usize) -> bool {
        let id = self.header().metadata.id();
        self.ledger().is_over(position, id)
    }

    /// Runs its callbacks from a position on: see [`Caller::run_from`].
    #[inline]
    pub(crate) fn run_from(
        &self,
        lent: &Delivery<E>,
        first: usize,
        laps: Option<&mut Laps>,
    ) -> Option<(usize, Verdict)> {
        self.flight().run_from(lent, first, laps)
    }

    /// Ends one of its deliveries.
    #[inline]
    pub(crate) fn close(&self, position: usize, verdict: Verdict) {
        self.ledger().close(position, self, verdict);
    }

    /// Ends one of its deliveries, by the one that holds it, who needs it no more. Whoever
    /// hears of the end may keep the event.
    #[inline]
    pub(super) fn finish(&mut self, position: usize, verdict: Verdict) {
        if verdict.is_plain() {
            return self.finish_handled(position);
        }
        self.make_shared();
        self.close(position, verdict);
    }

    /// Ends one of its deliveries as handled, without an answer, by the one that holds it, who
    /// needs it no more.
    #[inline(always)]
    pub(super) fn finish_handled(&mut self, position: usize) {
        let is_finished = match &mut self.0 {
            Hold::Shared(flight) => flight.close_shortly(position),
            Hold::Alone(alone) => {
                let flight = alone.take().unwrap_or_else(|| misused());
                *alone = flight.finish_shortly(position);
                alone.is_none()
            }
        };
        if is_finished {
            return;
        }
        self.make_shared();
        self.close(position, Verdict::Handled(Reply::default()));
    }

    /// The handler of one of its deliveries begins with it.
    #[inline(always)]
    pub(crate) fn begin(&self, position: usize) {
        // At what one alone holds nobody looks.
        if let Hold::Shared(flight) = &self.0 {
            begin(&**flight, position);
        }
    }

    /// Runs a handler in the span of its delivery, if anybody looks at it.
    #[inline]
    pub(crate) fn in_span<R>(&self, position: usize, run: impl FnOnce() -> R) -> R {
        match self.header().spans() {
            None => run(),
            Some(_) => self.span(position).in_scope(run),
        }
    }

    /// The span of one of its deliveries, if anybody looks at it.
    pub(crate) fn span(&self, position: usize) -> Span {
        match self.header().spans() {
            None => Span::none(),
            Some(spans) => {
                let span = spans.of(self.ledger().handler(position).subscription());
                span.map_or_else(Span::none, |span| Span::clone(&span))
            }
        }
    }
}

/// The handler of one of the deliveries begins with it.
#[inline(never)]
fn begin<E: ?Sized>(flight: &dyn Flight<E>, position: usize) {
    if let Some(timing) = flight.header().timing() {
        timing.begin(flight.ledger().handler(position).subscription());
    }
}
