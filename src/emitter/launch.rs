//! What happens when an event is emitted, up to the moment it is on its way:
//! matched, counted in, let in by the gear, claimed, sent.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock, Weak};

use futures::channel::oneshot;

use crate::debug::debug_line;
use crate::delivery::{Emitted, Header};
use crate::event::{EventType, Metadata};
use crate::in_time::in_time;
use crate::linker::Load;
use crate::outcome::{Ended, Reason, Receipt, Refusal, Report, Tracker};
use crate::registry::{Accepted, Place, Route};

use super::gear::{Gear, NoPlace, Pass, Reserved};
use super::message::Emit;
use super::shared::Shared;

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

/// An event with those it is for.
struct Matched<E: 'static> {
    event: E,
    metadata: Metadata,
    route: Arc<Route<E>>,
    /// The gear of the emission whose handler emits it.
    origin: Weak<Gear>,
}

/// Which deliveries were claimed, and who refused.
type Claims = (Accepted, Vec<Refusal>);

/// What one has that has waited for it.
struct Ready {
    /// Where its place is, if it needs one.
    gear: Arc<Gear>,
    reserved: Option<Reserved>,
    claims: Option<Claims>,
}

/// An emission that the emitter's load counts, until its header does.
struct Begun<'a>(&'a Load);

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Shared {
    /// Emits an event, and never waits.
    pub(super) fn launch<E: Send + Sync + 'static>(
        &self,
        emit: Emit<E>,
        watch: Option<&mut Watch>,
    ) -> Receipt {
        match self.find(emit) {
            ControlFlow::Continue(matched) => self.launch_found(matched, watch),
            ControlFlow::Break(receipt) => receipt,
        }
    }

    /// Emits an event, and waits for room where the emitter or a lane says so.
    ///
    /// Up to the last step nothing is held but what its guard gives back.
    pub(super) async fn launch_when_ready<E: Send + Sync + 'static>(
        &self,
        emit: Emit<E>,
        mut watch: Option<&mut Watch>,
    ) -> Receipt {
        let matched = match self.find(emit) {
            ControlFlow::Continue(matched) => matched,
            ControlFlow::Break(receipt) => return receipt,
        };
        let is_awaited = watch.is_some();
        // Its patience is one for all gears that it comes to.
        let mut waiting_since = None;
        loop {
            let gear = self.gear_for(&matched, is_awaited);
            let may_wait = gear.may_wait(&matched.metadata, is_awaited);
            if !may_wait && !matched.route.waits() {
                return self.launch_found(matched, watch);
            }
            if let Err(reason) = self.check(&matched.metadata) {
                return self.turn_away(matched, reason, watch);
            }
            let place = gear.reserve(&matched.metadata, is_awaited, &mut waiting_since);
            let reserved = match place.await {
                Ok(reserved) => reserved,
                Err(NoPlace::HandsOver) => continue,
                Err(NoPlace::Refused(reason)) => return self.turn_away(matched, reason, watch),
            };
            let begun = match self.begin(&matched.metadata) {
                Ok(begun) => begun,
                Err(reason) => return self.turn_away(matched, reason, watch),
            };
            let mut claims = None;
            if matched.route.waits() {
                let claimed = self.claim_when_ready(&matched).await;
                let Some(claimed) = claimed else {
                    drop(begun);
                    return self.turn_away(matched, Reason::Expired, watch);
                };
                claims = Some(claimed);
            }
            let now = self.gear_for(&matched, is_awaited);
            if claims.is_none() && !Arc::ptr_eq(&now, &gear) {
                continue;
            }
            let ready = Ready {
                gear,
                reserved,
                claims,
            };
            return self.launch_begun(matched, begun, Some(ready), watch.take());
        }
    }

    /// The gear that is to run it, as it looks now.
    fn gear_for<E>(&self, matched: &Matched<E>, is_awaited: bool) -> Arc<Gear> {
        let Matched {
            metadata, origin, ..
        } = matched;
        self.slot.gear_from(origin, metadata, is_awaited)
    }

    fn launch_found<E: Send + Sync + 'static>(
        &self,
        matched: Matched<E>,
        watch: Option<&mut Watch>,
    ) -> Receipt {
        match self.begin(&matched.metadata) {
            Ok(begun) => self.launch_begun(matched, begun, None, watch),
            Err(reason) => self.turn_away(matched, reason, watch),
        }
    }

    /// The place among those that wait is taken first, then the lanes: so an
    /// emission that finds no place spends nothing of any subscription. Only one
    /// that has waited for its lanes holds them already.
    fn launch_begun<E: Send + Sync + 'static>(
        &self,
        matched: Matched<E>,
        begun: Begun<'_>,
        ready: Option<Ready>,
        watch: Option<&mut Watch>,
    ) -> Receipt {
        let Matched {
            metadata, origin, ..
        } = &matched;
        let gear = self.slot.enter_from(origin, metadata, watch.is_some());
        let mut pass = Pass::new(&gear);
        // Its place is with a gear that has handed over since.
        let is_elsewhere = |ready: &Ready| !Arc::ptr_eq(&ready.gear, &gear);
        let is_forced = ready.as_ref().is_some_and(is_elsewhere);
        let (mut reserved, claims) = match ready {
            Some(ready) => (ready.reserved, ready.claims),
            None => (None, None),
        };
        let admitted = pass.admit(&matched.metadata, watch.is_some(), reserved.as_mut());
        if let Err(reason) = admitted {
            if claims.is_none() && (!is_forced || reason == Reason::EmitterStopped) {
                drop(begun);
                return self.turn_away(matched, reason, watch);
            }
            // Unless it is forced, it needed no place when it began to wait for its
            // lanes, and finds none now: its deliveries are refused one by one.
            pass.squeeze_in();
        }
        let Matched {
            event,
            metadata,
            route,
            origin: _,
        } = matched;
        let claims = claims.unwrap_or_else(|| route.claim(pass.place(), &metadata));
        let (accepted, refusals) = claims;
        let receipt = Receipt::new(metadata.id(), route.len(), refusals);
        self.say_emitted(&metadata, &receipt);
        let tracker = watch.and_then(|watch| {
            watch.lines = route.refused_lines(receipt.refusals());
            let tracker = (receipt.accepted() > 0).then(|| Tracker::new(receipt.accepted()))?;
            watch.rest = Some(tracker.report());
            Some(tracker)
        });
        let registry = self.core.linker.core().registry();
        let is_dead_letter_heard =
            !receipt.refusals().is_empty() && registry.is_dead_letter_heard();
        if receipt.accepted() == 0 && !is_dead_letter_heard {
            return receipt;
        }
        let header = Header {
            metadata,
            ledger: route.clone(),
            origin: pass.origin(),
            tracker: tracker.map_or_else(OnceLock::new, OnceLock::from),
        };
        // The header counts it off from now on.
        std::mem::forget(begun);
        let payload = event;
        let emitted = Arc::new(Emitted { header, payload });
        let dead = is_dead_letter_heard.then(|| emitted.clone());
        if receipt.accepted() > 0 {
            pass.send(&route, emitted, accepted, is_forced);
        } else {
            drop(pass);
        }
        if let Some(dead) = dead {
            registry.tell_of_refusals(&dead, receipt.refusals());
        }
        receipt
    }

    /// Matches an event against the subscriptions. It is done with when nobody
    /// listens, or when its topic is none.
    fn find<E: Send + Sync + 'static>(&self, emit: Emit<E>) -> ControlFlow<Receipt, Matched<E>> {
        let id = self.core.ids.next();
        let Emit {
            event,
            topic,
            attributes,
            origin,
        } = emit;
        let registry = self.core.linker.core().registry();
        let topic = match topic {
            Ok(topic) => topic,
            Err(error) => {
                let matched = Matched {
                    event,
                    metadata: Metadata::new(id, EventType::of::<E>(), None, attributes),
                    // It has reached nobody.
                    route: Arc::default(),
                    origin,
                };
                return ControlFlow::Break(self.turn_away(matched, error.into(), None));
            }
        };
        let route: Arc<Route<E>> = match &topic {
            None => registry.route(),
            Some(topic) => registry.route_on(topic),
        };
        let metadata = Metadata::new(id, EventType::of::<E>(), topic, attributes);
        let matched = Matched {
            event,
            metadata,
            route,
            origin,
        };
        if matched.route.len() > 0 {
            return ControlFlow::Continue(matched);
        }
        let reason = if registry.is_closed() {
            Some(Reason::LinkerStopped)
        } else {
            self.core.load.is_closed().then_some(Reason::ShuttingDown)
        };
        ControlFlow::Break(match reason {
            Some(reason) => self.turn_away(matched, reason, None),
            None => {
                let receipt = Receipt::new(id, 0, Vec::new());
                self.say_emitted(&matched.metadata, &receipt);
                receipt
            }
        })
    }

    /// Whether the emitter takes it at all.
    fn check(&self, metadata: &Metadata) -> Result<(), Reason> {
        if metadata.is_expired() {
            return Err(Reason::Expired);
        }
        if self.core.load.is_closed() {
            return Err(Reason::ShuttingDown);
        }
        Ok(())
    }

    /// Counts it as on its way.
    fn begin(&self, metadata: &Metadata) -> Result<Begun<'_>, Reason> {
        if metadata.is_expired() {
            return Err(Reason::Expired);
        }
        let load = &self.core.load;
        load.begin().map(|()| Begun(load))
    }

    /// Claims its deliveries, and waits for room in lanes until its deadline.
    async fn claim_when_ready<E: Send + Sync + 'static>(
        &self,
        matched: &Matched<E>,
    ) -> Option<Claims> {
        let home = self.core.linker.core().home();
        let metadata = &matched.metadata;
        let claims = matched.route.claim_when_ready(Place::Elsewhere, metadata);
        in_time(home, metadata.deadline(), claims).await
    }

    /// Refuses an emission as a whole, whoever it is for.
    #[cold]
    fn turn_away<E: Send + Sync + 'static>(
        &self,
        matched: Matched<E>,
        reason: Reason,
        watch: Option<&mut Watch>,
    ) -> Receipt {
        let Matched {
            event,
            metadata,
            route,
            origin: _,
        } = matched;
        debug_line!(
            self.core.debug,
            emitter = %self.core.debug.name,
            emission = %metadata.id(),
            event = metadata.name(),
            %reason,
            "refused"
        );
        self.core.refused.fetch_add(1, Ordering::Relaxed);
        if let Some(watch) = watch {
            watch.lines = route.refused_all(&reason);
        }
        let receipt = Receipt::refused(metadata.id(), route.len(), reason);
        let registry = self.core.linker.core().registry();
        if let Some(reason) = receipt
            .refusal()
            .filter(|_| registry.is_dead_letter_heard())
        {
            self.core.load.enter();
            let header = Header {
                metadata,
                ledger: route,
                origin: self.slot.gear(),
                tracker: OnceLock::new(),
            };
            let payload = event;
            registry.tell_of_refused(Arc::new(Emitted { header, payload }), reason);
        }
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
