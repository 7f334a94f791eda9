use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix::clock::Instant;
use actix_rt::{Arbiter, ArbiterHandle};

use crate::event::{EmissionId, Metadata};
use crate::outcome::{Outcome, Reason, SharedError};
use crate::policy::{Breaker, Change, Circuit, Pass, Retry};

/// What a subscription that retries, or has a breaker, knows of its deliveries in
/// flight.
pub(crate) struct Runs {
    retry: Option<Retry>,
    circuit: Option<Circuit>,
    running: Mutex<HashMap<EmissionId, Run>>,
}

#[derive(Default)]
struct Run {
    /// Which of its attempts it is at: 0 before it has begun.
    attempt: u32,
    /// How the attempts before ended.
    errors: Vec<SharedError>,
    spot: Option<Spot>,
    pass: Option<Pass>,
}

/// Where deliveries of an emission are made.
#[derive(Clone)]
pub(super) struct Spot {
    pub(super) arbiter: Option<ArbiterHandle>,
    pub(super) may_block: bool,
}

impl Spot {
    /// On this thread, which is there to be blocked or not.
    pub(super) fn here(may_block: bool) -> Self {
        Self {
            arbiter: Arbiter::try_current(),
            may_block,
        }
    }
}

/// A delivery is to be tried again.
pub(super) struct Again {
    pub(super) after: Duration,
    pub(super) spot: Spot,
}

impl Runs {
    /// Returns nothing where there is nothing to know.
    pub(crate) fn new(retry: Option<Retry>, breaker: Option<Breaker>) -> Option<Self> {
        if retry.is_none() && breaker.is_none() {
            return None;
        }
        Some(Self {
            retry,
            circuit: breaker.map(Circuit::new),
            running: Mutex::default(),
        })
    }

    /// Asks the breaker.
    pub(super) fn ask(&self) -> Result<(Option<Pass>, Option<Change>), Reason> {
        let Some(circuit) = &self.circuit else {
            return Ok((None, None));
        };
        let now = Instant::now();
        match circuit.ask(now) {
            Ok((pass, change)) => Ok((Some(pass), change)),
            Err(until) => Err(Reason::BreakerOpen {
                retry_in: until.saturating_duration_since(now),
            }),
        }
    }

    /// Says what [`ask`](Self::ask) would, and asks for nothing.
    pub(super) fn peek(&self) -> Result<(), Reason> {
        let Some(circuit) = &self.circuit else {
            return Ok(());
        };
        let now = Instant::now();
        circuit.peek(now).map_err(|until| Reason::BreakerOpen {
            retry_in: until.saturating_duration_since(now),
        })
    }

    /// Gives back what was asked for and is not used.
    pub(super) fn give_back(&self, pass: Option<Pass>) {
        if let (Some(circuit), Some(pass)) = (&self.circuit, pass) {
            circuit.give_back(pass);
        }
    }

    /// A delivery has been claimed.
    pub(super) fn claimed(&self, id: EmissionId, pass: Option<Pass>) {
        if pass.is_some() {
            self.running().entry(id).or_default().pass = pass;
        }
    }

    /// What one had claimed is the other's.
    pub(super) fn pass_on(&self, older: EmissionId, newer: EmissionId) {
        let mut running = self.running();
        if let Some(run) = running.remove(&older) {
            running.insert(newer, run);
        }
    }

    /// A delivery is made. Returns which attempt it is.
    pub(super) fn began(&self, id: EmissionId, spot: impl FnOnce() -> Spot) -> u32 {
        let mut running = self.running();
        let run = running.entry(id).or_default();
        if run.attempt == 0 {
            run.attempt = 1;
            run.spot = self.retry.as_ref().map(|_| spot());
        }
        run.attempt
    }

    /// Which attempt a delivery is at, if it has begun.
    pub(super) fn attempt(&self, id: EmissionId) -> u32 {
        self.running().get(&id).map_or(0, |run| run.attempt)
    }

    /// Tells the breaker how an attempt ended.
    pub(super) fn note(&self, id: EmissionId, outcome: &Outcome) -> Option<Change> {
        let circuit = self.circuit.as_ref()?;
        let pass = self.running().get_mut(&id)?.pass.take()?;
        let handled = match outcome {
            Outcome::Handled(_) => true,
            Outcome::Failed(_) | Outcome::Panicked(_) | Outcome::TimedOut(_) => false,
            _ => {
                circuit.give_back(pass);
                return None;
            }
        };
        circuit.ended(pass, handled, Instant::now())
    }

    /// Whether a delivery that has ended so is to be tried again, in time for its
    /// deadline.
    pub(super) fn again(&self, metadata: &Metadata, outcome: &Outcome) -> Option<Again> {
        let (retry, error) = (self.retry.as_ref()?, outcome.error()?);
        let can_be = matches!(
            outcome,
            Outcome::Failed(_) | Outcome::Panicked(_) | Outcome::TimedOut(_) | Outcome::Lost(_)
        );
        if !can_be {
            return None;
        }
        let (attempt, id) = (self.attempt(metadata.id()), metadata.id());
        // It asks the user's code.
        let after = retry.next(attempt, outcome, &*error)?;
        let deadline = metadata.deadline();
        let in_time = deadline.is_none_or(|deadline| {
            let next = Instant::now().checked_add(after);
            next.is_some_and(|next| next < deadline)
        });
        let mut running = self.running();
        let run = running.get_mut(&id).filter(|_| in_time)?;
        let spot = run.spot.clone()?;
        run.errors.push(error);
        run.attempt += 1;
        Some(Again { after, spot })
    }

    /// Asks the breaker for a delivery that is to be tried again.
    pub(super) fn ask_again(&self, id: EmissionId) -> Result<Option<Change>, Instant> {
        let Some(circuit) = &self.circuit else {
            return Ok(None);
        };
        let (pass, change) = circuit.ask(Instant::now())?;
        match self.running().get_mut(&id) {
            Some(run) => run.pass = Some(pass),
            None => circuit.give_back(pass),
        }
        Ok(change)
    }

    /// A delivery has ended, or was never made. Returns how its earlier attempts did.
    pub(super) fn end(&self, id: EmissionId) -> Vec<SharedError> {
        let run = self.running().remove(&id).unwrap_or_default();
        self.give_back(run.pass);
        run.errors
    }

    fn running(&self) -> MutexGuard<'_, HashMap<EmissionId, Run>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
