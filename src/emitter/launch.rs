//! What happens when an event is emitted, up to the moment it is on its way.

use std::sync::Arc;

use actix::clock::Instant;
use futures::channel::oneshot;

use crate::debug::debug_line;
use crate::delivery::{Emitted, Header};
use crate::event::{EventType, Metadata};
use crate::outcome::{Ended, Reason, Receipt, Report, Tracker};
use crate::registry::{Place, Route};

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

/// An emission that is on its way, or was turned away.
pub(super) struct Launch {
    pub(super) receipt: Receipt,
    /// The lines that are known already, if anybody wants a report.
    lines: Vec<(usize, Ended)>,
    /// Where the others come from.
    rest: Option<oneshot::Receiver<Vec<(usize, Ended)>>>,
}

impl Launch {
    pub(super) async fn report(self) -> Report {
        let mut lines = self.lines;
        if let Some(rest) = self.rest {
            // The sender lives in the emission's header: it cannot be dropped
            // before the last delivery has counted itself off.
            lines.extend(rest.await.unwrap_or_default());
        }
        Report::new(self.receipt, lines)
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
        wants_report: bool,
    ) -> Launch {
        let id = self.core.ids.next();
        let Emit {
            event,
            topic,
            attributes,
        } = emit;
        let registry = self.core.linker.core().registry();
        let topic = match topic {
            Ok(topic) => topic,
            Err(error) => return self.refused(Receipt::refused(id, 0, error.into())),
        };
        let route: Arc<Route<E>> = match &topic {
            None => registry.route(),
            Some(topic) => registry.route_on(topic),
        };
        let metadata = Metadata::new(id, EventType::of::<E>(), topic, attributes);
        if route.len() == 0 {
            return if registry.is_closed() {
                self.refused(Receipt::refused(id, 0, Reason::LinkerStopped))
            } else {
                self.say_emitted(&metadata, 0, 0);
                Launch::done(Receipt::new(id, 0, Vec::new()))
            };
        }
        let refused_all = |reason: Reason| {
            let lines = wants_report.then(|| route.refused_all(&reason));
            let receipt = Receipt::refused(id, route.len(), reason);
            Launch {
                lines: lines.unwrap_or_default(),
                ..self.refused(receipt)
            }
        };
        if metadata
            .deadline()
            .is_some_and(|deadline| deadline <= Instant::now())
        {
            return refused_all(Reason::Expired);
        }
        let runs_here = match (&self.core.dispatch, caller) {
            (Dispatch::Inline, _) | (Dispatch::Own, Caller::Actor) => true,
            (Dispatch::Own, Caller::Handle) | (Dispatch::Custom(_), _) => false,
        };
        let permit = match self.permit(runs_here) {
            Ok(permit) => permit,
            Err(reason) => return refused_all(reason),
        };
        let place = if runs_here {
            Place::Here
        } else {
            Place::Elsewhere
        };
        let (accepted, refusals) = route.claim(place);
        let lines = wants_report.then(|| route.refused_lines(&refusals));
        let receipt = Receipt::new(id, route.len(), refusals);
        self.say_emitted(&metadata, receipt.matched(), receipt.accepted());
        let mut launch = Launch {
            lines: lines.unwrap_or_default(),
            ..Launch::done(receipt)
        };
        if launch.receipt.accepted() == 0 {
            return launch;
        }
        let tracker = wants_report.then(|| Tracker::new(launch.receipt.accepted()));
        launch.rest = tracker.as_ref().map(Tracker::report);
        let header = Header {
            metadata,
            ledger: route,
            origin: self.clone(),
            tracker,
        };
        let payload = event;
        let emitted = Arc::new(Emitted { header, payload });
        let emission = Emission::new(emitted, accepted, permit);
        match &self.core.dispatch {
            _ if runs_here => emission.run(),
            Dispatch::Custom(recipient) => recipient.do_send(emission),
            Dispatch::Own | Dispatch::Inline => self.addr.do_send(emission),
        }
        launch
    }

    /// A place among the emissions that wait, if this one is to wait.
    fn permit(&self, runs_here: bool) -> Result<Option<Permit>, Reason> {
        if runs_here {
            return Ok(None);
        }
        let connected = match &self.core.dispatch {
            Dispatch::Custom(recipient) => recipient.connected(),
            Dispatch::Own | Dispatch::Inline => self.addr.connected(),
        };
        if !connected {
            return Err(Reason::EmitterStopped);
        }
        let permit = Permit::try_take(&self.core.lane);
        let capacity = self.core.lane.capacity();
        permit.map(Some).ok_or(Reason::EmitterFull { capacity })
    }

    fn refused(&self, receipt: Receipt) -> Launch {
        debug_line!(
            self.core.debug,
            emitter = %self.core.debug.name,
            emission = %receipt.id(),
            reason = receipt.refusal().map(tracing::field::display),
            "refused"
        );
        Launch::done(receipt)
    }

    fn say_emitted(&self, metadata: &Metadata, matched: usize, accepted: usize) {
        let line = if matched == 0 {
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
            matched,
            accepted,
            "{line}"
        );
    }
}

impl Launch {
    fn done(receipt: Receipt) -> Self {
        Self {
            receipt,
            lines: Vec::new(),
            rest: None,
        }
    }
}
