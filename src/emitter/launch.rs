//! What happens when an event is emitted, up to the moment it is on its way:
//! matched, counted in, let in by the gear, claimed, sent.
//!
//! It is long because every way to emit takes these steps, with or without waiting, in
//! one order, and whatever turns an emission away gives back what the steps before took.

use std::mem::needs_drop;
use std::ops::{ControlFlow, Deref};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use arc_swap::Guard;
use tracing::Span;

use crate::debug::{debug_line, debug_span};
use crate::delivery::{AnyHeld, Emitted, Header, Held, Spans};
use crate::event::{EventType, Metadata};
use crate::in_time::in_time;
use crate::linker::Load;
use crate::middleware::{Round, is_inside};
use crate::outcome::{Reason, Receipt, Refusal};
use crate::registry::{Accepted, Course, Place, Route};
use crate::shield::shielded;

use super::gear::{Batch, Gear, NoPlace, Pass, Reserved};
use super::message::Emit;
use super::outward::Departing;
use super::shared::{Shared, lock};
use super::watch::Watch;
use super::ways::{Found, Leads, Way, WayCell};

/// An event with those it is for.
struct Matched<E: 'static> {
    event: Owned<E>,
    metadata: Metadata,
    found: Found<E>,
    /// The gear of the emission whose handler emits it.
    origin: Weak<Gear>,
}

/// An event that may never be on its way. Dropping it runs a user's code, whose panic is
/// not to take along the one that emits, with the receipts of what it has emitted.
pub(super) struct Owned<E>(Option<E>);

impl<E> Owned<E> {
    pub(super) fn new(event: E) -> Self {
        Self(Some(event))
    }

    fn into_inner(mut self) -> E {
        self.0.take().expect(TAKEN)
    }
}

const TAKEN: &str = "an event is taken out when nobody needs its owner any more";

impl<E> Deref for Owned<E> {
    type Target = E;

    fn deref(&self) -> &E {
        self.0.as_ref().expect(TAKEN)
    }
}

impl<E> Drop for Owned<E> {
    fn drop(&mut self) {
        if let Some(event) = self.0.take().filter(|_| needs_drop::<E>()) {
            shielded(move || drop(event));
        }
    }
}

/// Which deliveries were claimed, and who refused.
pub(super) type Claims = (Accepted, Vec<Refusal>);

/// What one has that has waited for it.
struct Ready {
    /// Where its place is, if it needs one.
    gear: Arc<Gear>,
    reserved: Option<Reserved>,
    claims: Option<Claims>,
}

/// An emission that the emitter's load counts, until its header does.
pub(super) struct Begun<'a>(&'a Load);

impl<'a> Begun<'a> {
    #[inline(always)]
    pub(super) fn new(load: &'a Load) -> Result<Self, Reason> {
        load.begin().map(|()| Self(load))
    }

    /// It is somebody else's to count it off.
    #[inline]
    pub(super) fn pass_on(self) {
        std::mem::forget(self);
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// An emission whose deliveries are claimed.
pub(super) struct Claimed<'a, E: 'static> {
    pub(super) event: Owned<E>,
    pub(super) metadata: Metadata,
    pub(super) leads: Leads<'a, E>,
    pub(super) pass: Pass<'a>,
    pub(super) begun: Begun<'a>,
    pub(super) claims: Claims,
    /// Whether it goes to the line even if there is no place.
    pub(super) is_forced: bool,
}

impl Shared {
    /// Emits an event, and never waits.
    pub(super) fn launch<E: Send + Sync + 'static>(
        &self,
        emit: Emit<E>,
        watch: Option<&mut Watch>,
    ) -> Receipt {
        self.launch_once(emit, watch, None)
    }

    /// Emits one of several events.
    pub(super) fn launch_in<E: Send + Sync + 'static>(
        &self,
        emit: Emit<E>,
        batch: &mut Batch,
    ) -> Receipt {
        self.launch_once(emit, None, Some(batch))
    }

    fn launch_once<E: Send + Sync + 'static>(
        &self,
        emit: Emit<E>,
        mut watch: Option<&mut Watch>,
        batch: Option<&mut Batch>,
    ) -> Receipt {
        let mut round = Round::new(&self.core.layers);
        let receipt = match self.find(emit, &mut round, watch.as_deref_mut()) {
            ControlFlow::Continue(matched) => self.launch_found(matched, watch, batch),
            ControlFlow::Break(receipt) => receipt,
        };
        round.after(&receipt);
        receipt
    }

    /// Emits an event, and waits for room where the emitter or a lane says so.
    pub(super) async fn launch_when_ready<E: Send + Sync + 'static>(
        &self,
        emit: Emit<E>,
        mut watch: Option<&mut Watch>,
    ) -> Receipt {
        let mut round = Round::new(&self.core.layers);
        let receipt = match self.find(emit, &mut round, watch.as_deref_mut()) {
            ControlFlow::Continue(matched) => self.launch_found_when_ready(matched, watch).await,
            ControlFlow::Break(receipt) => receipt,
        };
        round.after(&receipt);
        receipt
    }

    /// Up to the last step nothing is held but what its guard gives back.
    async fn launch_found_when_ready<E: Send + Sync + 'static>(
        &self,
        matched: Matched<E>,
        mut watch: Option<&mut Watch>,
    ) -> Receipt {
        let is_awaited = watch.is_some();
        // Its patience is one for all gears that it comes to.
        let mut waiting_since = None;
        loop {
            let gear = self.gear_for(&matched, is_awaited);
            let may_wait = gear.may_wait(&matched.metadata, is_awaited);
            if !may_wait && !matched.found.route().waits() {
                return self.launch_found(matched, watch, None);
            }
            if let Err(reason) = self.check(&matched.metadata) {
                return self.refuse(matched, reason, watch);
            }
            let place = gear.reserve(&matched.metadata, is_awaited, &mut waiting_since);
            let reserved = match place.await {
                Ok(reserved) => reserved,
                Err(NoPlace::HandsOver) => continue,
                Err(NoPlace::Refused(reason)) => return self.refuse(matched, reason, watch),
            };
            let begun = match self.begin(&matched.metadata) {
                Ok(begun) => begun,
                Err(reason) => return self.refuse(matched, reason, watch),
            };
            let mut claims = None;
            if matched.found.route().waits() {
                let claimed = self.claim_when_ready(&matched).await;
                let Some(claimed) = claimed else {
                    drop(begun);
                    return self.refuse(matched, Reason::Expired, watch);
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
            return self.launch_begun(matched, begun, Some(ready), watch.take(), None);
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
        batch: Option<&mut Batch>,
    ) -> Receipt {
        match self.begin(&matched.metadata) {
            Ok(begun) => self.launch_begun(matched, begun, None, watch, batch),
            Err(reason) => self.refuse(matched, reason, watch),
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
        mut batch: Option<&mut Batch>,
    ) -> Receipt {
        let Matched {
            event,
            metadata,
            found,
            origin,
        } = matched;
        let is_awaited = watch.is_some();
        let entered = self
            .slot
            .enter_from(found.gear(), &origin, &metadata, is_awaited);
        let (gear, route) = (&*entered, found.route());
        let mut pass = Pass::new(gear);
        // Its place is with a gear that has handed over since.
        let is_elsewhere = |ready: &Ready| !Arc::ptr_eq(&ready.gear, gear);
        let is_forced = ready.as_ref().is_some_and(is_elsewhere);
        let (mut reserved, claims) = match ready {
            Some(ready) => (ready.reserved, ready.claims),
            None => (None, None),
        };
        let admitted = pass.admit(&metadata, is_awaited, reserved.as_mut());
        if let Err(reason) = admitted {
            batch.iter_mut().for_each(|batch| batch.settle());
            if claims.is_none() && (!is_forced || reason == Reason::EmitterStopped) {
                drop(begun);
                return self.turn_away(event, metadata, route, reason, watch);
            }
            // Unless it is forced, it needed no place when it began to wait for its
            // lanes, and finds none now: its deliveries are refused one by one.
            pass.squeeze_in();
        }
        if let Some(outlet) = gear.outlet() {
            let departing = Departing {
                event,
                metadata,
                begun,
                pass,
            };
            return self.send_out(outlet, departing, watch);
        }
        if metadata.not_before().is_some() {
            drop((begun, pass));
            return self.turn_away(event, metadata, route, Reason::NotRemote, watch);
        }
        let claims = claims.unwrap_or_else(|| route.claim(pass.place(), &event, &metadata));
        let claimed = Claimed {
            event,
            metadata,
            leads: found.leads(),
            pass,
            begun,
            claims,
            is_forced,
        };
        self.launch_claimed(claimed, watch, batch)
    }

    /// What is left when the deliveries are claimed.
    pub(super) fn launch_claimed<E: Send + Sync + 'static>(
        &self,
        claimed: Claimed<'_, E>,
        mut watch: Option<&mut Watch>,
        mut batch: Option<&mut Batch>,
    ) -> Receipt {
        let Claimed {
            event,
            metadata,
            leads,
            pass,
            begun,
            claims,
            is_forced,
        } = claimed;
        let route = leads.route();
        let (accepted, refusals) = claims;
        let receipt = Receipt::new(metadata.id(), route.len(), refusals);
        self.say_emitted(&metadata, &receipt);
        self.core.deliveries.answered(&receipt);
        if let Some(watch) = &mut watch {
            watch.lines = route.refused_lines(receipt.refusals());
        }
        let registry = self.core.linker.core().registry();
        let is_dead_letter_due = registry.is_dead_letter_due(receipt.refusals());
        let is_kept = registry.keeps(&metadata);
        let spans = self.spans(&metadata, &receipt);
        if receipt.accepted() == 0 && !is_dead_letter_due && !is_kept {
            return receipt;
        }
        let mut header = Header::new(metadata, false);
        header.watch(route.timed(receipt.id()), spans);
        let course = leads.course(pass.gear());
        if let Some(watch) = watch.filter(|_| receipt.accepted() > 0) {
            watch.attach(&header, &course, receipt.accepted());
        }
        // The one that holds it counts it off from now on.
        begun.pass_on();
        if receipt.accepted() < route.len() {
            let not_accepted = route.len() - receipt.accepted();
            self.core.deliveries.departs_short(not_accepted);
        }
        let payload = event.into_inner();
        let emitted = Emitted { header, payload };
        let held = if is_kept || registry.wants_dead_letters() {
            Held::to_keep(emitted, course)
        } else {
            Held::new(emitted, course)
        };
        let dead = is_dead_letter_due.then(|| held.keep());
        if is_kept {
            registry.store_last(&held, route);
        }
        if receipt.accepted() > 0 {
            pass.send(route, held, accepted, is_forced, batch.as_deref_mut());
        } else {
            drop(pass);
            // The last to hold the event, perhaps.
            shielded(move || drop(held));
        }
        if let Some(dead) = dead {
            batch.iter_mut().for_each(|batch| batch.settle());
            registry.tell_of_refusals(&dead, receipt.refusals());
            shielded(move || drop(dead));
        }
        receipt
    }

    /// The way of an event by its type.
    #[inline]
    pub(super) fn way<E: Send + Sync + 'static>(&self) -> Found<E> {
        let cell = self.slot.ways().get::<E>();
        let known = cell.and_then(|cell| Found::known(cell));
        known.unwrap_or_else(|| self.find_way())
    }

    /// Where the way of an event type is kept.
    pub(super) fn cell<E: Send + Sync + 'static>(&self) -> Arc<WayCell<E>> {
        let registry = self.core.linker.core().registry();
        self.slot.ways().get_or_add(|cell: &Arc<WayCell<E>>| {
            let cell = Arc::downgrade(cell);
            registry.follow::<E>(cell);
        })
    }

    #[cold]
    pub(super) fn find_way<E: Send + Sync + 'static>(&self) -> Found<E> {
        let registry = self.core.linker.core().registry();
        let cell = self.cell();
        let way = registry.show_route(|route| {
            let _switching = lock(&self.core.switching);
            let way = Way::new(route.clone(), self.slot.load().clone());
            cell.store(way.clone());
            way
        });
        Found::Way(Guard::from_inner(Some(way)))
    }

    /// Matches an event against the subscriptions, and lets it pass through the layers.
    /// It is done with when nobody listens, when its topic is none, or when a layer
    /// refuses it.
    fn find<E: Send + Sync + 'static>(
        &self,
        emit: Emit<E>,
        round: &mut Round<'_>,
        watch: Option<&mut Watch>,
    ) -> ControlFlow<Receipt, Matched<E>> {
        let given = emit.attributes.as_ref().and_then(|it| it.id);
        let id = given.unwrap_or_else(|| self.core.ids.next());
        let Emit {
            event,
            topic,
            mut attributes,
            origin,
            trace,
        } = emit;
        if is_inside() {
            attributes.get_or_insert_default().passes_layers = true;
        }
        let event = Owned::new(event);
        let registry = self.core.linker.core().registry();
        let attributes = if self.core.starts_traces {
            let mut attributes = attributes.unwrap_or_default();
            attributes.start_trace(id);
            Some(attributes)
        } else {
            attributes
        };
        let topic = match topic {
            Ok(topic) => topic,
            Err(error) => {
                let metadata = Metadata::new(id, EventType::of::<E>(), None, attributes);
                // It has reached nobody.
                let route = Arc::default();
                let receipt = self.turn_away(event, metadata, &route, error.into(), None);
                return ControlFlow::Break(receipt);
            }
        };
        let found = match &topic {
            None => self.way(),
            Some(topic) => Found::Route(registry.route_on(topic)),
        };
        let metadata = Metadata::new(id, EventType::of::<E>(), topic, attributes);
        let mut matched = Matched {
            event,
            metadata,
            found,
            origin,
        };
        if let Some(sampler) = self.core.linker.core().sampler() {
            // What comes too late is not to be taken for what nobody hears.
            if !registry.is_closed() && !self.core.load.is_closed() {
                sampler.see(
                    &matched.metadata,
                    matched.found.route().len(),
                    trace.as_deref(),
                );
            }
        }
        if let Err(reason) = round.before(&*matched.event, &mut matched.metadata) {
            return ControlFlow::Break(self.refuse(matched, reason, watch));
        }
        if matched.found.route().len() > 0 || self.slot.gear().outlet().is_some() {
            return ControlFlow::Continue(matched);
        }
        let reason = if registry.is_closed() {
            Some(Reason::LinkerStopped)
        } else {
            self.core.load.is_closed().then_some(Reason::ShuttingDown)
        };
        ControlFlow::Break(match reason {
            Some(reason) => self.refuse(matched, reason, None),
            None => {
                let receipt = Receipt::new(id, 0, Vec::new());
                self.say_emitted(&matched.metadata, &receipt);
                drop(self.spans(&matched.metadata, &receipt));
                if registry.keeps(&matched.metadata) {
                    self.keep_unheard(matched);
                }
                receipt
            }
        })
    }

    /// Keeps an event that nobody listens to, if it could have been delivered.
    #[cold]
    fn keep_unheard<E: Send + Sync + 'static>(&self, matched: Matched<E>) {
        let Matched {
            event,
            metadata,
            found,
            origin: _,
        } = matched;
        let route = found.route();
        let Ok(begun) = self.begin(&metadata) else {
            return;
        };
        let header = Header::new(metadata, false);
        let course = Course::new(route.clone(), self.slot.gear());
        // The one that holds it counts it off from now on.
        begun.pass_on();
        let payload = event.into_inner();
        let held = Held::to_keep(Emitted { header, payload }, course);
        self.core.linker.core().registry().store_last(&held, route);
        // The last to hold the event, perhaps.
        shielded(move || drop(held));
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
        Begun::new(&self.core.load)
    }

    /// Claims its deliveries, and waits for room in lanes until its deadline.
    async fn claim_when_ready<E: Send + Sync + 'static>(
        &self,
        matched: &Matched<E>,
    ) -> Option<Claims> {
        let home = self.core.linker.core().home();
        let metadata = &matched.metadata;
        let (route, event) = (matched.found.route(), &matched.event);
        let claims = route.claim_when_ready(Place::Elsewhere, event, metadata);
        in_time(home, metadata.deadline(), claims).await
    }

    #[cold]
    fn refuse<E: Send + Sync + 'static>(
        &self,
        matched: Matched<E>,
        reason: Reason,
        watch: Option<&mut Watch>,
    ) -> Receipt {
        let Matched {
            event,
            metadata,
            found,
            origin: _,
        } = matched;
        self.turn_away(event, metadata, found.route(), reason, watch)
    }

    /// Refuses an emission as a whole, whoever it is for.
    #[cold]
    pub(super) fn turn_away<E: Send + Sync + 'static>(
        &self,
        event: Owned<E>,
        metadata: Metadata,
        route: &Arc<Route<E>>,
        reason: Reason,
        watch: Option<&mut Watch>,
    ) -> Receipt {
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
        drop(self.spans(&metadata, &receipt));
        let registry = self.core.linker.core().registry();
        if let Some(reason) = receipt
            .refusal()
            .filter(|reason| !reason.is_skip() && registry.wants_dead_letters())
        {
            self.core.load.enter();
            self.core.deliveries.departs_short(route.len());
            let header = Header::new(metadata, false);
            let course = Course::new(route.clone(), self.slot.gear());
            let payload = event.into_inner();
            let held = Held::to_keep(Emitted { header, payload }, course);
            registry.tell_of_refused(held.keep(), reason);
            shielded(move || drop(held));
        }
        receipt
    }

    /// Makes the emission's span, if anybody looks.
    pub(super) fn spans(&self, metadata: &Metadata, receipt: &Receipt) -> Option<Arc<Spans>> {
        let trace_context = || metadata.headers().get("traceparent");
        let span = debug_span!(
            self.core.debug,
            parent: None,
            "emission",
            otel.name = %format_args!("emit {}", metadata.name()),
            otel.kind = "producer",
            emitter = %self.core.debug.name,
            event = metadata.name(),
            emission = %metadata.id(),
            correlation = %metadata.correlation(),
            causation = metadata.causation().map(display),
            traceparent = trace_context(),
            matched = receipt.matched(),
            accepted = receipt.accepted(),
            refused = receipt.refusal().map(display),
        );
        if span.is_disabled() {
            return None;
        }
        let cause = metadata.follows().and_then(|span| span.id());
        let current = Span::current().id();
        if current != cause {
            span.follows_from(current);
        }
        span.follows_from(cause);
        Some(Spans::new(span))
    }

    pub(super) fn say_emitted(&self, metadata: &Metadata, receipt: &Receipt) {
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
