//! How a delivery begins and ends.
//!
//! It is long because many hear of an end, and their order is a promise: the layers, the
//! breaker, retries, the callbacks, the counts, the lane, the dead letter and the report
//! have their turn one after the other, whichever way it has ended.

use std::sync::Arc;

use tracing::Span;
use tracing::field::Empty;

use crate::biased::ThisThread;
use crate::debug::{debug_line, debug_span};
use crate::delivery::{AnyHeld, Header, Spans};
use crate::event::{EmissionId, Metadata};
use crate::middleware::Incoming;
use crate::notice::{DeadLetter, HandlerPanicked};
use crate::outcome::{
    Failure, Lost, Outcome, Reason, Reply, SharedError, Stage, Success, TimedOut, Verdict,
};
use crate::shield::shielded;

use super::callbacks::{FailureFn, SuccessFn};
use super::record::Record;
use super::runs::{Again, Spot};
use super::stopwatch::Stopped;

/// How a delivery begins and ends.
impl Record {
    /// Notes that a claimed delivery is about to start, and returns whether it is: a
    /// layer may have ended it. `ends_itself` says that the handler ends it in time, if
    /// there is a timeout; `spot` is where it is tried again.
    pub(super) fn begin(
        self: &Arc<Self>,
        position: usize,
        event: &dyn AnyHeld,
        ends_itself: bool,
        spot: impl FnOnce() -> Spot,
    ) -> bool {
        let header = event.header();
        if self.tally().traits().is_short(header) {
            return true;
        }
        let mut panicked = None;
        match self.let_in(event) {
            Ok(()) => {}
            // As if the handler had: that is an attempt.
            Err(Verdict::Panicked(panic)) => panicked = Some(panic),
            Err(verdict) => {
                self.abandon(position, event, verdict);
                return false;
            }
        }
        if let Some(stopwatch) = self.stopwatch.as_ref().filter(|_| panicked.is_none()) {
            stopwatch.start(self, position, event.share(), ends_itself);
        }
        let runs = self.runs.as_ref();
        let attempt = runs.map_or(1, |runs| runs.began(header.metadata.id(), spot));
        debug_line!(
            self.debug,
            linker = %self.debug.name,
            emission = %header.metadata.id(),
            event = header.metadata.name(),
            subscription = %self,
            attempt,
            "delivering"
        );
        if let Some(spans) = header.spans() {
            self.open_span(spans, &header.metadata, attempt);
        }
        if let Some(shots) = self.shots.as_ref().filter(|_| attempt == 1) {
            if shots.spend() {
                self.retire();
            }
        }
        if let Some(panic) = panicked {
            drop(self.arrival());
            event.end(position, Verdict::Panicked(panic));
            return false;
        }
        true
    }

    /// Lets a delivery pass through the layers.
    fn let_in(&self, event: &dyn AnyHeld) -> Result<(), Verdict> {
        match &self.around {
            Some(around) => self.show(event, |incoming| around.before(incoming)),
            None => Ok(()),
        }
    }

    /// Lets the layers see how an attempt ended, and returns how it ends then.
    fn let_out(&self, event: &dyn AnyHeld, outcome: Outcome) -> Outcome {
        match &self.around {
            Some(around) => self.show(event, |incoming| around.after(incoming, outcome)),
            None => outcome,
        }
    }

    fn show<R>(&self, event: &dyn AnyHeld, look: impl FnOnce(Incoming<'_>) -> R) -> R {
        let shared = event.share();
        let header = event.header();
        look(Incoming::new(
            &header.metadata,
            shared.event(),
            &self.handler,
            self.attempt(header.metadata.id()),
            header.is_of_notices(),
        ))
    }

    /// Makes the span of an attempt: a child of its emission's.
    #[cold]
    fn open_span(&self, spans: &Spans, metadata: &Metadata, attempt: u32) {
        let emission = spans.emission();
        let span = debug_span!(
            self.debug,
            parent: emission.as_deref().and_then(Span::id),
            "delivery",
            otel.name = %format_args!("handle {}", metadata.name()),
            otel.kind = "consumer",
            otel.status_code = Empty,
            linker = %self.debug.name,
            event = metadata.name(),
            emission = %metadata.id(),
            correlation = %metadata.correlation(),
            causation = metadata.causation().map(display),
            subscription = %self,
            attempt,
            outcome = Empty,
            error = Empty,
        );
        spans.begin(self.id(), span);
    }

    /// Notes how an attempt ended, for those that look.
    fn note_end(&self, event: &dyn AnyHeld, outcome: &Outcome) {
        let header = event.header();
        if let Some(timing) = header.timing() {
            if let Some(timed) = timing.end(self.id()) {
                self.tally().meter().record(timed);
                event.origin().timed(timed);
            }
        }
        if let Some(spans) = header.spans() {
            spans.end(self.id(), outcome);
        }
    }

    /// Unlinks itself: its last shot is spent.
    fn retire(&self) {
        let linker = &self.debug.name;
        debug_line!(self.debug, %linker, subscription = %self, "unsubscribed: spent");
        if let Some(registry) = self.registry.upgrade() {
            // Drops handlers of this subscription that are not in use.
            shielded(|| {
                registry.remove(self.id());
            });
        }
    }

    /// Ends a claimed delivery that cannot start: its shot is free again, unless it has
    /// begun before.
    pub(super) fn abandon(
        self: &Arc<Self>,
        position: usize,
        event: &dyn AnyHeld,
        verdict: Verdict,
    ) {
        let id = event.header().metadata.id();
        let (displaced, has_begun) = (self.lane.withdraw(id), self.has_begun(id));
        if displaced == Some(Reason::Debounced) {
            return self.displace(position, event, Reason::Debounced);
        }
        self.end(position, event, Outcome::from(verdict), || {
            if displaced.is_none() {
                self.leave(id);
                self.never_arrives(has_begun);
            }
        });
    }

    /// Ends a delivery that has lost its place before its emission was run, and all that
    /// it had claimed with it.
    pub(super) fn displace(&self, position: usize, event: &dyn AnyHeld, reason: Reason) {
        self.end(position, event, Outcome::from(reason), || ());
    }

    /// Ends a delivery that waited and has lost its place to a newer one; which has its
    /// shot too, if that was the reason.
    pub(super) fn drop_out(&self, position: usize, event: &dyn AnyHeld, reason: Reason) {
        let has_begun = self.has_begun(event.header().metadata.id());
        let is_passed_on = reason == Reason::Debounced;
        self.end(position, event, Outcome::from(reason), || {
            if !is_passed_on {
                self.never_arrives(has_begun);
            }
        });
    }

    /// Gives back what a delivery claimed that is not made: the shot, if it was not spent
    /// on an earlier attempt.
    fn never_arrives(&self, has_begun: bool) {
        if has_begun {
            drop(self.arrival());
        } else {
            self.give_shot_back();
        }
    }

    /// Whether an attempt of the delivery has begun.
    fn has_begun(&self, id: EmissionId) -> bool {
        let runs = self.runs.as_ref();
        runs.is_some_and(|runs| runs.attempt(id) > 0)
    }

    /// Ends a claimed delivery, unless it is to be tried again.
    pub(super) fn close(
        self: &Arc<Self>,
        position: usize,
        event: &dyn AnyHeld,
        verdict: Verdict,
    ) -> Option<Again> {
        if verdict.is_plain() && self.is_only_awaited(event.header()) {
            self.end_plainly(position, event);
            return None;
        }
        let header = event.header();
        let id = header.metadata.id();
        let stopped = self.stopwatch.as_ref().map(|stopwatch| stopwatch.stop(id));
        if let (Some(Stopped::Late), Some(stopwatch)) = (stopped, &self.stopwatch) {
            self.leave(id);
            // From now on it may be delivered again.
            stopwatch.let_go(id);
            // What it holds is a user's.
            shielded(move || drop(verdict));
            return None;
        }
        let outcome = Outcome::from(verdict);
        let was_handled = outcome.is_handled();
        let outcome = self.let_out(event, outcome);
        self.tell_the_breaker(id, &outcome);
        // What a layer makes of it is no reason to handle it twice.
        let again = if was_handled && !outcome.is_handled() {
            None
        } else {
            self.again(event, &outcome)
        };
        if let Some(again) = again {
            self.note_end(event, &outcome);
            shielded(move || drop(outcome));
            self.expect();
            self.pump(self.lane.park(id));
            return Some(again);
        }
        self.end(position, event, outcome, || self.leave(id));
        None
    }

    /// Whether nobody looks at the end of a delivery but the one that waits for it.
    #[inline]
    fn is_only_awaited(&self, header: &Header) -> bool {
        let is_watched = header.timing().is_some() || header.spans().is_some();
        self.tally().asks_nothing() && !is_watched && !self.debug.is_heard()
    }

    /// Ends such a delivery as handled, without an answer: what is left of
    /// [`end`](Self::end) then.
    fn end_plainly(&self, position: usize, event: &dyn AnyHeld) {
        self.tally().leave_handled(ThisThread::get());
        if let Some(tracker) = event.tracker() {
            let outcome = Outcome::Handled(Reply::default());
            tracker.close(position, self.ended(Stage::Handler, outcome));
        }
    }

    /// Whether what ended so is to be tried again.
    fn again(&self, event: &dyn AnyHeld, outcome: &Outcome) -> Option<Again> {
        let header = event.header();
        let runs = self.runs.as_ref()?;
        let again = runs.again(&header.metadata, outcome)?;
        self.tally().tried_again();
        event.origin().tried_again();
        if self.debug.is_heard() {
            shielded(|| self.tell(header, Stage::Handler, outcome));
        }
        Some(again)
    }

    /// Lets the breaker, if there is one, know how an attempt ended.
    fn tell_the_breaker(&self, id: EmissionId, outcome: &Outcome) {
        if let Some(runs) = &self.runs {
            self.tell_of_change(runs.note(id, outcome));
        }
    }

    /// Ends a delivery whose handler does not let go of it: it keeps its place.
    pub(crate) fn time_out(self: &Arc<Self>, position: usize, event: &dyn AnyHeld, late: TimedOut) {
        let outcome = self.let_out(event, Outcome::TimedOut(late));
        self.tell_the_breaker(event.header().metadata.id(), &outcome);
        self.end(position, event, outcome, || ());
    }

    /// Ends a delivery: the callbacks look at it, then what it held is free, then
    /// those hear of it that listen to notices, and last the one that waits, which
    /// so can emit again at once.
    fn end(&self, position: usize, event: &dyn AnyHeld, outcome: Outcome, free: impl FnOnce()) {
        let header = event.header();
        self.note_end(event, &outcome);
        let mut attempts = match &self.runs {
            Some(runs) => runs.end(header.metadata.id()),
            None => Vec::new(),
        };
        attempts.extend(outcome.error());
        let (stage, looked) = self.look(header, &outcome, &attempts);
        self.tally().ended(&outcome);
        if !outcome.is_handled() {
            event.origin().went_wrong(&outcome);
        }
        free();
        if !matches!(outcome, Outcome::Handled(_) | Outcome::Skipped(_)) {
            self.announce(event, &outcome, attempts);
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
        match event.tracker() {
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
    fn look(
        &self,
        header: &Header,
        outcome: &Outcome,
        attempts: &[SharedError],
    ) -> (Stage, Option<Outcome>) {
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
            // It was not meant to be handled.
            Outcome::Skipped(_) => return (Stage::Handler, None),
            _ => {
                let call = |callback: &FailureFn| {
                    let error = attempts.last().cloned().unwrap_or_else(|| Arc::new(Lost));
                    callback(&Failure {
                        metadata,
                        subscription,
                        name,
                        outcome,
                        error: &*error,
                        attempts,
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

    /// Tells those that listen to notices, unless it was a notice itself.
    #[cold]
    fn announce(&self, event: &dyn AnyHeld, outcome: &Outcome, attempts: Vec<SharedError>) {
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
            registry.bury(|| DeadLetter {
                id: None,
                kept: event.keep(),
                handler: Some(self.handler.clone()),
                error,
                attempts,
            });
        }
    }
}
