use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use actix::clock::Instant;

use crate::later::later;

use super::breaker::{Breaker, BreakerState};

/// Where a [`Breaker`] stands: whether it is open, and why.
///
/// Time is cut into epochs: a new one begins with each change of the state, and with each
/// round of probes. Every pass bears the epoch in which it was given, and its end counts
/// only in the state that was then. So what began in a closed circuit, and ends when it
/// has opened, closed or half opened since, changes nothing.
///
/// Epoch and state are also in one atomic, which is all that is read to pass a closed
/// circuit. They are only ever written under the lock.
#[derive(Debug)]
pub(crate) struct Circuit {
    breaker: Breaker,
    sign: AtomicU64,
    inner: Mutex<Inner>,
}

/// The permission to run one delivery, which then is to be
/// [ended](Circuit::ended) or [given back](Circuit::give_back).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a probe that is neither ended nor given back keeps others waiting"]
pub(crate) struct Pass {
    epoch: u64,
    pub(super) probe: bool,
}

/// A change of the state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Change {
    pub(crate) from: BreakerState,
    pub(crate) to: BreakerState,
    /// The share that had failed of what it was decided on.
    pub(crate) failure_rate: f64,
}

#[derive(Debug)]
struct Inner {
    epoch: u64,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    Closed(Window),
    Open {
        until: Instant,
        /// What it opened for.
        failure_rate: f64,
    },
    HalfOpen(Trial),
}

/// What the last deliveries came to.
#[derive(Debug, Default)]
struct Window {
    /// Whether each was a success, the oldest first.
    ended: VecDeque<bool>,
    failures: u32,
}

/// How the probes fare.
#[derive(Debug)]
struct Trial {
    /// The epoch of its first round.
    since: u64,
    /// When its last round began.
    began: Instant,
    /// How many take room: those that run in this round, and all that were handled.
    given: u32,
    handled: u32,
}

impl Circuit {
    /// A closed circuit.
    pub(crate) fn new(breaker: Breaker) -> Self {
        let inner = Inner {
            epoch: 0,
            phase: Phase::Closed(Window::default()),
        };
        Self {
            breaker,
            sign: AtomicU64::new(inner.sign()),
            inner: Mutex::new(inner),
        }
    }

    /// Returns whether it is open.
    pub(crate) fn state(&self) -> BreakerState {
        read(self.sign.load(Ordering::Acquire)).1
    }

    /// Asks to let one delivery through, or says until when none is, at least. The first
    /// probe half opens the circuit.
    pub(crate) fn ask(&self, now: Instant) -> Result<(Pass, Option<Change>), Instant> {
        if let (epoch, BreakerState::Closed) = read(self.sign.load(Ordering::Acquire)) {
            let pass = Pass {
                epoch,
                probe: false,
            };
            return Ok((pass, None));
        }
        let mut inner = self.inner();
        let Inner { epoch, phase } = &mut *inner;
        let change = match phase {
            // Just now.
            Phase::Closed(_) => None,
            Phase::Open { until, .. } if now < *until => return Err(*until),
            Phase::Open { failure_rate, .. } => {
                let failure_rate = *failure_rate;
                let trial = Trial {
                    since: *epoch + 1,
                    began: now,
                    given: 1,
                    handled: 0,
                };
                Some(self.turn(&mut inner, Phase::HalfOpen(trial), failure_rate))
            }
            Phase::HalfOpen(trial) => {
                if trial.given >= self.breaker.probes {
                    let until = later(trial.began, self.breaker.open_for);
                    if now < until {
                        return Err(until);
                    }
                    trial.began = now;
                    trial.given = trial.handled;
                    *epoch += 1;
                }
                trial.given += 1;
                None
            }
        };
        self.sign.store(inner.sign(), Ordering::Release);
        let pass = Pass {
            epoch: inner.epoch,
            probe: inner.state() == BreakerState::HalfOpen,
        };
        Ok((pass, change))
    }

    /// Says what [`ask`](Self::ask) would, and lets nothing through.
    pub(crate) fn peek(&self, now: Instant) -> Result<(), Instant> {
        if self.state() == BreakerState::Closed {
            return Ok(());
        }
        let inner = self.inner();
        let until = match &inner.phase {
            Phase::Open { until, .. } => *until,
            Phase::HalfOpen(trial) if trial.given >= self.breaker.probes => {
                later(trial.began, self.breaker.open_for)
            }
            Phase::Closed(_) | Phase::HalfOpen(_) => return Ok(()),
        };
        if now < until { Err(until) } else { Ok(()) }
    }

    /// Takes back a pass whose delivery never ran.
    pub(crate) fn give_back(&self, pass: Pass) {
        if !pass.probe {
            return;
        }
        let mut inner = self.inner();
        if let Inner {
            epoch,
            phase: Phase::HalfOpen(trial),
        } = &mut *inner
        {
            // That of an earlier round has been replaced.
            if *epoch == pass.epoch {
                trial.given -= 1;
            }
        }
    }

    /// Notes how a delivery ended, and returns whether that changed the state.
    pub(crate) fn ended(&self, pass: Pass, success: bool, now: Instant) -> Option<Change> {
        let mut inner = self.inner();
        let Inner { epoch, phase } = &mut *inner;
        let (next, failure_rate) = match phase {
            Phase::Closed(window) if *epoch == pass.epoch => {
                window.note(success, self.breaker.window);
                let failure_rate = window.trips(&self.breaker)?;
                (self.open(failure_rate, now), failure_rate)
            }
            Phase::HalfOpen(trial) if trial.since <= pass.epoch => {
                if success {
                    trial.handled += 1;
                    // One of an earlier round takes room in this one, too.
                    trial.given += u32::from(*epoch != pass.epoch);
                    if trial.handled < self.breaker.probes {
                        return None;
                    }
                    (Phase::Closed(Window::default()), 0.0)
                } else {
                    let failure_rate = 1.0 / f64::from(trial.handled + 1);
                    (self.open(failure_rate, now), failure_rate)
                }
            }
            _ => return None,
        };
        Some(self.turn(&mut inner, next, failure_rate))
    }

    fn open(&self, failure_rate: f64, now: Instant) -> Phase {
        Phase::Open {
            until: later(now, self.breaker.open_for),
            failure_rate,
        }
    }

    /// Begins an epoch in another state.
    fn turn(&self, inner: &mut Inner, next: Phase, failure_rate: f64) -> Change {
        let from = inner.state();
        inner.phase = next;
        inner.epoch += 1;
        self.sign.store(inner.sign(), Ordering::Release);
        Change {
            from,
            to: inner.state(),
            failure_rate,
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn state(&self) -> BreakerState {
        match self.phase {
            Phase::Closed(_) => BreakerState::Closed,
            Phase::Open { .. } => BreakerState::Open,
            Phase::HalfOpen(_) => BreakerState::HalfOpen,
        }
    }

    /// Epoch and state in one number.
    fn sign(&self) -> u64 {
        let state = match self.state() {
            BreakerState::Closed => 0,
            BreakerState::Open => 1,
            BreakerState::HalfOpen => 2,
        };
        (self.epoch << 2) | state
    }
}

/// What a sign says.
fn read(sign: u64) -> (u64, BreakerState) {
    let state = match sign & 3 {
        0 => BreakerState::Closed,
        1 => BreakerState::Open,
        _ => BreakerState::HalfOpen,
    };
    (sign >> 2, state)
}

impl Window {
    fn note(&mut self, success: bool, size: u32) {
        if self.len() >= size && self.ended.pop_front() == Some(false) {
            self.failures -= 1;
        }
        self.ended.push_back(success);
        self.failures += u32::from(!success);
    }

    fn len(&self) -> u32 {
        u32::try_from(self.ended.len()).unwrap_or(u32::MAX)
    }

    /// The share that failed, if it is too much.
    fn trips(&self, breaker: &Breaker) -> Option<f64> {
        let failure_rate = f64::from(self.failures) / f64::from(self.len());
        let trips = self.len() >= breaker.least() && failure_rate >= breaker.failure_rate;
        trips.then_some(failure_rate)
    }
}
