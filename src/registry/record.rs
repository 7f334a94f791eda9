use std::fmt;
use std::sync::{Arc, Weak};

use crate::debug::{Debug, debug_line};
use crate::delivery::Header;
use crate::event::{Metadata, SubscriptionId};
use crate::outcome::{
    Ended, Failure, IntoOutcome, Lost, Outcome, Reason, Refusal, Stage, Success, Verdict, guard,
};
use crate::shield::shielded;

use super::lane::Lane;
use super::once::Once;
use super::registry::Registry;

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
    pub(crate) id: SubscriptionId,
    pub(crate) name: Option<Arc<str>>,
    pub(crate) lane: Lane,
    pub(crate) once: Option<Once>,
    pub(crate) callbacks: Callbacks,
    pub(crate) debug: Debug,
    /// Where it is unlinked once it is spent, or its handler has gone.
    pub(crate) registry: Weak<Registry>,
}

impl Record {
    /// Claims one delivery. The order of the questions is the algebra of a
    /// subscription's options: what an earlier one turns away never reaches a
    /// later one, and the one shot of `once` is the last thing to be taken.
    pub(super) fn claim(&self, handler: Result<(), Reason>) -> Result<(), Reason> {
        if self.once.as_ref().is_some_and(|once| !once.is_free()) {
            return Err(Reason::OnceSpent);
        }
        handler?;
        if !self.lane.try_enter() {
            let capacity = self.lane.capacity();
            return Err(Reason::LaneFull { capacity });
        }
        if self.once.as_ref().is_some_and(|once| !once.try_claim()) {
            self.lane.leave();
            return Err(Reason::OnceSpent);
        }
        Ok(())
    }

    /// Notes that a claimed delivery is about to start.
    pub(super) fn begin(&self, header: &Header) {
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
                    registry.remove(self.id);
                });
            }
        }
    }

    /// Ends a claimed delivery that was never started: its one shot is free
    /// again.
    pub(super) fn abandon(&self, position: usize, header: &Header, verdict: Verdict) {
        self.end(position, header, verdict, || {
            if let Some(once) = &self.once {
                once.give_back();
            }
        });
    }

    /// Ends a claimed delivery.
    pub(super) fn close(&self, position: usize, header: &Header, verdict: Verdict) {
        self.end(position, header, verdict, || ());
    }

    /// Ends a delivery: the callbacks look at it, then what it held is free, then
    /// the one that waits hears of it, and so can emit again at once.
    fn end(&self, position: usize, header: &Header, verdict: Verdict, free: impl FnOnce()) {
        let outcome = Outcome::from(verdict);
        let (stage, looked) = self.look(header, &outcome);
        self.lane.leave();
        free();
        if self.debug.is_heard() {
            // Prints errors, which are a user's.
            shielded(|| {
                self.tell(header, Stage::Handler, &outcome);
                if let Some(callback) = &looked {
                    self.tell(header, stage, callback);
                }
            });
        }
        match &header.tracker {
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
        let (metadata, subscription) = (&header.metadata, self.id);
        let name = self.name.as_deref();
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

    pub(super) fn ended(&self, stage: Stage, outcome: Outcome) -> Ended {
        Ended::new(self.id, self.name.clone(), stage, outcome)
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
        Refusal::new(self.id, self.name.clone(), reason)
    }
}

/// The id, and the name if there is one: `#7 (mailer)`.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{} ({name})", self.id),
            None => self.id.fmt(f),
        }
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({self})")
    }
}
