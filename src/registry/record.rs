use std::fmt;
use std::sync::{Arc, Weak};

use actix::clock::Instant;

use crate::debug::{Debug, debug_line};
use crate::delivery::{AnyHeld, Emitted, Header};
use crate::event::{AnyEvent, EmissionId, HandlerRef, Metadata, SubscriptionId};
use crate::in_time::in_time;
use crate::notice::{DeadLetter, HandlerPanicked};
use crate::outcome::{
    Ended, Failure, IntoOutcome, Lost, Outcome, Reason, Refusal, Stage, Success, TimedOut, Verdict,
    guard,
};
use crate::shield::shielded;

use super::lane::Lane;
use super::once::Once;
use super::overflow::Overflow;
use super::registry::Registry;
use super::tally::Tally;

type SuccessFn = Arc<dyn Fn(&Success<'_>) -> Verdict + Send + Sync>;
type FailureFn = Arc<dyn Fn(&Failure<'_>) -> Verdict + Send + Sync>;

/// What looks at how a delivery ended. They catch their own panics.
#[derive(Clone, Default)]
pub(crate) struct Callbacks {
    pub(crate) on_success: Option<SuccessFn>,
    pub(crate) on_failure: Option<FailureFn>,
}

impl Callbacks {
    pub(crate) fn set_on_success<F, R>(&mut self, callback: F)
    where
        F: Fn(&Success<'_>) -> R + Send + Sync + 'static,
        R: IntoOutcome + 'static,
    {
        self.on_success = Some(Arc::new(move |done| guard(|| callback(done).judge())));
    }

    pub(crate) fn set_on_failure<F, R>(&mut self, callback: F)
    where
        F: Fn(&Failure<'_>) -> R + Send + Sync + 'static,
        R: IntoOutcome + 'static,
    {
        self.on_failure = Some(Arc::new(move |failure| guard(|| callback(failure).judge())));
    }

    /// What this has, and from `defaults` what it has not.
    pub(crate) fn or(self, defaults: &Self) -> Self {
        Self {
            on_success: self.on_success.or_else(|| defaults.on_success.clone()),
            on_failure: self.on_failure.or_else(|| defaults.on_failure.clone()),
        }
    }
}

/// A subscription, as everything that links or delivers to it sees it.
pub(crate) struct Record {
    pub(crate) handler: HandlerRef,
    pub(crate) lane: Lane,
    pub(crate) once: Option<Once>,
    pub(crate) callbacks: Callbacks,
    /// What has become of its deliveries. Its handle looks at it too.
    pub(crate) tally: Arc<Tally>,
    /// Ends what takes too long.
    pub(crate) stopwatch: Option<Arc<dyn Stopwatch>>,
    pub(crate) debug: Debug,
    /// Where it is unlinked once it is spent, or its handler has gone.
    pub(crate) registry: Weak<Registry>,
}

/// Times the deliveries of a subscription, from the moment they are handed over.
pub(crate) trait Stopwatch: Send + Sync {
    /// `ends_itself` says that the handler does, unless it is stuck.
    fn start(
        &self,
        record: &Arc<Record>,
        position: usize,
        event: Arc<Emitted<AnyEvent>>,
        ends_itself: bool,
    );

    /// Whether one has been ended, and its place is not free yet.
    fn is_late(&self, emission: EmissionId) -> bool;

    /// How many have been ended and are still held by their handlers.
    fn late(&self) -> usize;

    /// The delivery has ended, if late.
    fn stop(&self, emission: EmissionId) -> Stopped;
}

/// Whether a delivery ended in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopped {
    InTime,
    /// It has been ended already; now its handler has let go of it.
    Late,
}

impl Record {
    pub(crate) fn id(&self) -> SubscriptionId {
        self.handler.subscription()
    }

    /// Claims one delivery. The order of the questions is the algebra of a
    /// subscription's options: what an earlier one turns away never reaches a
    /// later one.
    pub(super) fn claim(
        &self,
        handler: Result<(), Reason>,
        metadata: &Metadata,
    ) -> Result<(), Reason> {
        self.count(self.try_claim(handler, metadata))
    }

    /// Counts how it answered an emission.
    pub(super) fn count(&self, answer: Result<(), Reason>) -> Result<(), Reason> {
        self.tally.matched();
        answer.inspect_err(|reason| self.tally.turned_away(reason))
    }

    fn try_claim(&self, handler: Result<(), Reason>, metadata: &Metadata) -> Result<(), Reason> {
        if self.once.as_ref().is_some_and(|once| !once.is_free()) {
            return Err(Reason::OnceSpent);
        }
        handler?;
        // Whoever comes second must not drop what the first one put in the lane.
        // There is room for the first: so it is still the last thing to be refused.
        self.claim_shot()?;
        match self.lane.claim(metadata) {
            Ok(None) => Ok(()),
            Ok(Some(dropped)) => {
                dropped.end(self.lane.dropped());
                Ok(())
            }
            Err(reason) => {
                self.give_shot_back();
                Err(self.explain(reason, metadata))
            }
        }
    }

    /// Whether the waiting calls wait for room in its lane.
    pub(super) fn waits(&self) -> bool {
        matches!(self.lane.overflow(), Overflow::Wait(_))
    }

    /// Like [`claim`](Self::claim), and waits for room in its lane. The answer is not
    /// counted yet.
    ///
    /// Dropped before it has resolved, it has claimed nothing.
    pub(super) async fn claim_when_ready(
        &self,
        handler: Result<(), Reason>,
        metadata: &Metadata,
    ) -> Result<(), Reason> {
        let mut claimed = self.try_claim(handler, metadata);
        // What is full of itself would only use its time up.
        if let (Err(Reason::LaneFull { .. }), Overflow::Wait(limit)) =
            (&claimed, self.lane.overflow())
        {
            // Its deadline is looked after by the one that waits for all lanes.
            let until = Instant::now().checked_add(limit);
            let registry = self.registry.upgrade();
            let host = registry.and_then(|registry| registry.host());
            let room = match &host {
                Some(host) => {
                    let entered = in_time(host.home(), until, self.lane.enter());
                    entered.await.unwrap_or(false)
                }
                // The linker has gone.
                None => false,
            };
            if room {
                claimed = self.claim_shot();
                if claimed.is_err() {
                    self.leave(metadata.id());
                }
            }
        }
        claimed
    }

    fn claim_shot(&self) -> Result<(), Reason> {
        match &self.once {
            Some(once) if !once.try_claim() => Err(Reason::OnceSpent),
            _ => Ok(()),
        }
    }

    fn give_shot_back(&self) {
        if let Some(once) = &self.once {
            once.give_back();
        }
    }

    /// Gives a claim back whose emission was never made.
    pub(super) fn unclaim(&self, id: EmissionId) {
        self.leave(id);
        self.give_shot_back();
    }

    /// A full lane, or one that is full of what leads back to it.
    fn explain(&self, reason: Reason, metadata: &Metadata) -> Reason {
        match (reason, HandlerRef::back_to(metadata.path(), self.id())) {
            (Reason::LaneFull { capacity }, Some(path)) => Reason::Cycle { capacity, path },
            (reason, _) => reason,
        }
    }

    fn leave(&self, id: EmissionId) {
        let mut next = self.lane.leave(id);
        while let Some(errand) = next {
            shielded(|| errand.start());
            next = self.lane.next();
        }
    }

    /// Notes that a claimed delivery is about to start. `ends_itself` says that the
    /// handler ends it in time, if there is a timeout.
    pub(super) fn begin(self: &Arc<Self>, position: usize, event: &dyn AnyHeld, ends_itself: bool) {
        let header = event.header();
        if let Some(stopwatch) = &self.stopwatch {
            stopwatch.start(self, position, event.share(), ends_itself);
        }
        debug_line!(
            self.debug,
            linker = %self.debug.name,
            emission = %header.metadata.id(),
            event = header.metadata.name(),
            subscription = %self,
            "delivering"
        );
        if let Some(once) = &self.once {
            once.spend();
            let linker = &self.debug.name;
            debug_line!(self.debug, %linker, subscription = %self, "unsubscribed: fired once");
            if let Some(registry) = self.registry.upgrade() {
                // Drops handlers of this subscription that are not in use.
                shielded(|| {
                    registry.remove(self.id());
                });
            }
        }
    }

    /// Ends a claimed delivery that was never started: its one shot is free
    /// again.
    pub(super) fn abandon(&self, position: usize, event: &dyn AnyHeld, verdict: Verdict) {
        self.end(position, event, verdict, || {
            self.leave(event.header().metadata.id());
            self.give_shot_back();
        });
    }

    /// Ends a delivery that has lost its place to a newer one.
    pub(super) fn drop_out(&self, position: usize, event: &dyn AnyHeld, reason: Reason) {
        let free = || self.give_shot_back();
        self.end(position, event, Verdict::Refused(reason), free);
    }

    /// Ends a claimed delivery.
    pub(super) fn close(&self, position: usize, event: &dyn AnyHeld, verdict: Verdict) {
        let id = event.header().metadata.id();
        let stopped = self.stopwatch.as_ref().map(|stopwatch| stopwatch.stop(id));
        if stopped == Some(Stopped::Late) {
            self.leave(id);
            // What it holds is a user's.
            return shielded(move || drop(verdict));
        }
        self.end(position, event, verdict, || self.leave(id));
    }

    /// Ends a delivery whose handler does not let go of it: it keeps its place.
    pub(crate) fn time_out(&self, position: usize, event: &dyn AnyHeld, late: TimedOut) {
        self.end(position, event, Verdict::TimedOut(late), || ());
    }

    /// Ends a delivery: the callbacks look at it, then what it held is free, then
    /// those hear of it that listen to notices, and last the one that waits, which
    /// so can emit again at once.
    fn end(&self, position: usize, event: &dyn AnyHeld, verdict: Verdict, free: impl FnOnce()) {
        let header = event.header();
        let outcome = Outcome::from(verdict);
        let (stage, looked) = self.look(header, &outcome);
        self.tally.ended(&outcome);
        free();
        if !matches!(outcome, Outcome::Handled(_) | Outcome::Skipped(_)) {
            self.announce(event, &outcome);
        }
        if self.debug.is_heard() {
            // Prints errors, which are a user's.
            shielded(|| {
                self.tell(header, Stage::Handler, &outcome);
                if let Some(callback) = &looked {
                    self.tell(header, stage, callback);
                }
            });
        }
        match header.tracker.get() {
            Some(tracker) => {
                tracker.add(position, self.ended(Stage::Handler, outcome));
                if let Some(callback) = looked {
                    tracker.add(position, self.ended(stage, callback));
                }
                // Wakes the one that waits, and drops the lines if it has gone.
                shielded(|| tracker.count_off());
            }
            None if outcome.is_plain() && looked.is_none() => {}
            // What they hold is a user's.
            None => shielded(move || drop((outcome, looked))),
        }
    }

    /// Lets the success or failure callback look, and returns what went wrong
    /// in it.
    fn look(&self, header: &Header, outcome: &Outcome) -> (Stage, Option<Outcome>) {
        let (metadata, subscription) = (&header.metadata, self.id());
        let name = self.handler.name();
        let (stage, verdict) = match outcome {
            Outcome::Handled(reply) => {
                let call = |callback: &SuccessFn| {
                    callback(&Success {
                        metadata,
                        subscription,
                        name,
                        reply,
                    })
                };
                (
                    Stage::OnSuccess,
                    self.callbacks.on_success.as_ref().map(call),
                )
            }
            _ => {
                let call = |callback: &FailureFn| {
                    let error = outcome.error().unwrap_or_else(|| Arc::new(Lost));
                    callback(&Failure {
                        metadata,
                        subscription,
                        name,
                        outcome,
                        error: &*error,
                    })
                };
                (
                    Stage::OnFailure,
                    self.callbacks.on_failure.as_ref().map(call),
                )
            }
        };
        let went_wrong = match verdict.map(Outcome::from) {
            Some(well) if well.is_handled() => {
                // What the callback returned is a user's.
                shielded(move || drop(well));
                None
            }
            went_wrong => went_wrong,
        };
        (stage, went_wrong)
    }

    fn tell(&self, header: &Header, stage: Stage, outcome: &Outcome) {
        debug_line!(
            self.debug,
            linker = %self.debug.name,
            emission = %header.metadata.id(),
            event = header.metadata.name(),
            subscription = %self,
            ?stage,
            error = outcome.error().as_ref().map(tracing::field::display),
            "{}",
            outcome.as_str()
        );
    }

    /// Emits a notice about it.
    pub(crate) fn notify<N: Send + Sync + 'static>(&self, notice: impl FnOnce() -> N) {
        if let Some(registry) = self.registry.upgrade() {
            registry.announce(notice);
        }
    }

    /// Takes those of its handlers out that have gone.
    pub(crate) fn unlink_dead(&self) {
        if let Some(registry) = self.registry.upgrade() {
            registry.remove_dead(self);
        }
    }

    /// Tells those that listen to notices, unless it was a notice itself.
    #[cold]
    fn announce(&self, event: &dyn AnyHeld, outcome: &Outcome) {
        let (header, registry) = (event.header(), self.registry.upgrade());
        let Some(registry) = registry.filter(|_| header.makes_notices()) else {
            return;
        };
        if let Outcome::Panicked(panic) = outcome {
            registry.announce(|| HandlerPanicked {
                handler: self.handler.clone(),
                emission: Some(header.metadata.id()),
                panic: panic.clone(),
            });
        }
        if let Some(error) = outcome.error() {
            registry.announce(|| DeadLetter {
                emitted: event.share(),
                handler: Some(self.handler.clone()),
                error,
            });
        }
    }

    /// Whether a delivery has been ended because it took too long.
    pub(super) fn is_over(&self, id: EmissionId) -> bool {
        let stopwatch = self.stopwatch.as_ref();
        stopwatch.is_some_and(|stopwatch| stopwatch.is_late(id))
    }

    /// How many of its deliveries have not ended, or have ended late and are still
    /// held.
    pub(super) fn in_flight(&self) -> usize {
        let late = self.stopwatch.as_ref().map_or(0, |s| s.late());
        usize::try_from(self.tally.counts().in_flight()).unwrap_or(usize::MAX) + late
    }

    pub(super) fn ended(&self, stage: Stage, outcome: Outcome) -> Ended {
        Ended::new(self.handler.clone(), stage, outcome)
    }

    pub(super) fn refusal(&self, metadata: &Metadata, reason: Reason) -> Refusal {
        debug_line!(
            self.debug,
            linker = %self.debug.name,
            emission = %metadata.id(),
            event = metadata.name(),
            subscription = %self,
            %reason,
            "turned away"
        );
        Refusal::new(self.handler.clone(), reason)
    }
}

/// The id, and the name if there is one: `#7 (mailer)`.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.handler.fmt(f)
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({self})")
    }
}
