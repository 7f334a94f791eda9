//! What happens when an event is emitted, up to the moment it is on its way.

use std::any::type_name;
use std::sync::Arc;

use actix::clock::Instant;
use actix::{Addr, Recipient};
use futures::channel::oneshot;

use crate::debug::debug_line;
use crate::delivery::{Emitted, Header};
use crate::event::{EventType, Metadata};
use crate::outcome::{Ended, Reason, Receipt, Report, Tracker};
use crate::registry::{Place, Route};

use super::actor::EmitterActor;
use super::emission::{Emission, Permit};
use super::message::Emit;
use super::shared::{Dispatch, Shared};

/// Who asks for an emission.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    /// A handle, on any thread.
    Handle,
    /// The emitter's actor, which already is where emissions are run.
    Actor,
}

/// What becomes of an emission, for somebody who waits for it.
#[derive(Default)]
pub(super) struct Watch {
    /// The lines that are known already.
    lines: Vec<(usize, Ended)>,
    /// Where the others come from.
    rest: Option<oneshot::Receiver<Vec<(usize, Ended)>>>,
}

impl Watch {
    /// Waits for the rest.
    pub(super) async fn report(self, receipt: Receipt) -> Report {
        let mut lines = self.lines;
        if let Some(rest) = self.rest {
            // The sender lives in the emission's header: it cannot be dropped
            // before the last delivery has counted itself off.
            lines.extend(rest.await.unwrap_or_default());
        }
        Report::new(receipt, lines)
    }
}

impl Shared {
    /// Matches an event, claims its deliveries and sends it on its way.
    ///
    /// The place among those that wait is taken first, then the lanes: so an
    /// emission that finds no place spends nothing of any subscription.
    pub(super) fn launch<E: Send + Sync + 'static>(
        self: &Arc<Self>,
        emit: Emit<E>,
        caller: Caller,
        watch: Option<&mut Watch>,
    ) -> Receipt {
        let id = self.core.ids.next();
        let Emit {
            event,
            topic,
            attributes,
        } = emit;
        let registry = self.core.linker.core().registry();
        let topic = match topic {
            Ok(topic) => topic,
            Err(error) => {
                let event = type_name::<E>();
                return self.refuse(event, Receipt::refused(id, 0, error.into()));
            }
        };
        let route: Arc<Route<E>> = match &topic {
            None => registry.route(),
            Some(topic) => registry.route_on(topic),
        };
        let metadata = Metadata::new(id, EventType::of::<E>(), topic, attributes);
        if route.len() == 0 {
            if registry.is_closed() {
                let receipt = Receipt::refused(id, 0, Reason::LinkerStopped);
                return self.refuse(metadata.name(), receipt);
            }
            let receipt = Receipt::new(id, 0, Vec::new());
            self.say_emitted(&metadata, &receipt);
            return receipt;
        }
        let door = match (&self.core.dispatch, caller) {
            (Dispatch::Inline, _) | (Dispatch::Own, Caller::Actor) => None,
            (Dispatch::Own, Caller::Handle) => Some(Door::Own(&self.addr)),
            (Dispatch::Custom(strategy), _) => Some(Door::Custom(strategy)),
        };
        let permit = match self.permit(&metadata, door.as_ref()) {
            Ok(permit) => permit,
            Err(reason) => {
                if let Some(watch) = watch {
                    watch.lines = route.refused_all(&reason);
                }
                let receipt = Receipt::refused(id, route.len(), reason);
                return self.refuse(metadata.name(), receipt);
            }
        };
        let place = match door {
            None => Place::Here,
            Some(_) => Place::Elsewhere,
        };
        let (accepted, refusals) = route.claim(place, &metadata);
        let receipt = Receipt::new(id, route.len(), refusals);
        self.say_emitted(&metadata, &receipt);
        let tracker = watch.and_then(|watch| {
            watch.lines = route.refused_lines(receipt.refusals());
            let tracker = (receipt.accepted() > 0).then(|| Tracker::new(receipt.accepted()))?;
            watch.rest = Some(tracker.report());
            Some(tracker)
        });
        if receipt.accepted() == 0 {
            return receipt;
        }
        let header = Header {
            metadata,
            ledger: route.clone(),
            origin: self.clone(),
            tracker,
        };
        let payload = event;
        let emitted = Arc::new(Emitted { header, payload });
        match door {
            None => route.run(emitted, &accepted),
            Some(door) => door.send(Emission::new(emitted, accepted, permit)),
        }
        receipt
    }

    /// A place among the emissions that wait, if this one is to wait; or why the
    /// emission as a whole is turned away.
    fn permit(
        &self,
        metadata: &Metadata,
        door: Option<&Door<'_>>,
    ) -> Result<Option<Permit>, Reason> {
        let deadline = metadata.deadline();
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return Err(Reason::Expired);
        }
        let Some(door) = door else {
            return Ok(None);
        };
        if !door.is_open() {
            return Err(Reason::EmitterStopped);
        }
        let permit = Permit::try_take(&self.core.lane);
        let capacity = self.core.lane.capacity();
        permit.map(Some).ok_or(Reason::EmitterFull { capacity })
    }

    fn refuse(&self, event: &str, receipt: Receipt) -> Receipt {
        debug_line!(
            self.core.debug,
            emitter = %self.core.debug.name,
            emission = %receipt.id(),
            event,
            reason = receipt.refusal().map(tracing::field::display),
            "refused"
        );
        receipt
    }

    fn say_emitted(&self, metadata: &Metadata, receipt: &Receipt) {
        let line = if receipt.is_unheard() {
            "nobody listens"
        } else {
            "emitted"
        };
        debug_line!(
            self.core.debug,
            emitter = %self.core.debug.name,
            emission = %metadata.id(),
            event = metadata.name(),
            correlation = %metadata.correlation(),
            causation = metadata.causation().map(tracing::field::display),
            matched = receipt.matched(),
            accepted = receipt.accepted(),
            "{line}"
        );
    }
}

/// The way to whoever runs emissions, if that is not the one that emits.
enum Door<'a> {
    Own(&'a Addr<EmitterActor>),
    Custom(&'a Recipient<Emission>),
}

impl Door<'_> {
    fn is_open(&self) -> bool {
        match self {
            Self::Own(actor) => actor.connected(),
            Self::Custom(strategy) => strategy.connected(),
        }
    }

    /// Sends an emission, which has its permit. If the door has closed meanwhile,
    /// actix drops it: it is lost, and says so.
    fn send(&self, emission: Emission) {
        match self {
            Self::Own(actor) => actor.do_send(emission),
            Self::Custom(strategy) => strategy.do_send(emission),
        }
    }
}
