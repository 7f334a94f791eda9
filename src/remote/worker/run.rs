//! One emission that a worker has leased, from its bytes to its settlement.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering::Acquire, Ordering::Relaxed, Ordering::Release};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix::clock;
use actix_rt::ArbiterHandle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};

use crate::emitter::Emitter;
use crate::event::EmissionId;
use crate::outcome::{Reason, Report};
use crate::policy::Retry;
use crate::remote::backend::Backend;
use crate::remote::catalogue::{Carried, Entry};
use crate::remote::clock::has_passed;
use crate::remote::dead::DeadReason;
use crate::remote::error::SettleError;
use crate::remote::lease::{Lease, Settled};
use crate::remote::remote::{Remote, Shared};
use crate::remote::topology::Consumer;
use crate::remote::wire::{Envelope, EnvelopeError};
use crate::shield::try_run;

use super::counts::{Counts, count};
use super::judge::{Verdict, judge};

/// How often a lease is extended at most.
const SHORTEST: Duration = Duration::from_millis(1);
/// How long one waits whose twin is still at work here, at most.
const TWIN: Duration = Duration::from_secs(1);

/// What those share that work on the emissions of one worker.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) remote: Arc<Shared>,
    emitter: Emitter,
    /// Where emissions start: never on the arbiter that talks to the engine.
    home: ArbiterHandle,
    pub(super) settings: Settings,
    pub(super) counts: Counts,
    /// Room for emissions at work.
    pub(super) free: Arc<Semaphore>,
    in_flight: AtomicUsize,
    /// Those at work, so that none is there twice at a time.
    at_work: Mutex<HashSet<EmissionId>>,
    pub(super) phase: watch::Sender<Phase>,
}

#[derive(Debug)]
pub(super) struct Settings {
    pub(super) consumer: Consumer,
    pub(super) concurrency: usize,
    pub(super) retry: Retry,
}

/// How far a worker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// It has not reached its backend yet.
    Starting,
    Reading,
    /// It leases nothing more, and lets what it has end.
    Draining,
    /// It gives back what it has.
    Releasing,
}

/// What is to be said to the engine.
enum Settlement {
    Ack,
    Unheard,
    Retry(Duration, Option<Arc<[u8]>>),
    Dead(DeadReason, Option<Arc<[u8]>>),
    Release,
    /// Nothing: somebody else has it.
    Lost,
}

/// What an emission has from when it is leased until it is settled: it counts as in flight,
/// and takes room.
pub(super) struct Place {
    desk: Arc<Desk>,
    _room: Option<OwnedSemaphorePermit>,
}

impl Place {
    /// In flight first: whoever reads that it is leased finds it there.
    pub(super) fn take(desk: Arc<Desk>, room: Option<OwnedSemaphorePermit>) -> Self {
        desk.in_flight.fetch_add(1, Relaxed);
        count(&desk.counts.leased);
        Self { desk, _room: room }
    }

    pub(super) async fn work(self, lease: Lease) {
        self.desk.work(lease).await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.desk.in_flight.fetch_sub(1, Release);
    }
}

impl Desk {
    pub(super) fn new(
        remote: &Remote,
        emitter: Emitter,
        home: ArbiterHandle,
        settings: Settings,
    ) -> Arc<Self> {
        Arc::new(Self {
            remote: remote.shared.clone(),
            emitter,
            home,
            free: Arc::new(Semaphore::new(settings.concurrency)),
            settings,
            in_flight: AtomicUsize::new(0),
            counts: Counts::default(),
            at_work: Mutex::default(),
            phase: watch::Sender::new(Phase::Starting),
        })
    }

    pub(super) fn backend(&self) -> &dyn Backend {
        &*self.remote.backend
    }

    /// How many emissions are at work.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Acquire)
    }

    /// Goes on to a later phase; never back.
    pub(super) fn enter(&self, phase: Phase) {
        self.phase.send_if_modified(|now| {
            let is_later = *now < phase;
            *now = phase.max(*now);
            is_later
        });
    }

    /// Waits for a phase, or a later one.
    pub(super) async fn reached(&self, phase: Phase) {
        let mut phases = self.phase.subscribe();
        // The sender lives as long as the desk.
        let _ = phases.wait_for(|now| *now >= phase).await;
    }

    /// Works on one emission, and settles it.
    async fn work(&self, mut lease: Lease) {
        let settlement = match self.open(&lease) {
            Ok((envelope, entry)) => self.run(&mut lease, envelope, entry).await,
            Err(reason) => Settlement::Dead(reason, None),
        };
        self.settle(lease, settlement).await;
    }

    /// Reads an envelope, and finds what it is here.
    fn open(&self, lease: &Lease) -> Result<(Envelope, Arc<Entry>), DeadReason> {
        let body = lease.body();
        let (size, limit) = (body.len(), self.remote.max_bytes);
        if size > limit {
            let text = format!("{size} bytes, and {limit} are taken");
            return Err(DeadReason::new(DeadReason::TOO_LARGE, text));
        }
        let mut envelope = Envelope::from_bytes(body).map_err(|error| undecodable(&error))?;
        if let Err(fault) = self.remote.seal.check(&envelope) {
            return Err(DeadReason::new(DeadReason::UNSIGNED, fault));
        }
        // Whoever had it and did not settle it may have died of it.
        let crashes = lease.deliveries().unwrap_or(1).saturating_sub(1);
        let attempts = envelope.attempt().saturating_add(crashes);
        if attempts >= self.settings.retry.most() {
            let text = format!("handed out {attempts} times before, and never settled");
            return Err(DeadReason::new(DeadReason::ABANDONED, text));
        }
        envelope.attributes.attempt = attempts;
        let name = envelope.event();
        let Some(entry) = self.remote.catalogue.named(name) else {
            let text = format!("{name} is not registered here");
            return Err(DeadReason::new(DeadReason::UNKNOWN_EVENT, text));
        };
        let (version, known) = (envelope.version(), entry.version);
        if version != known {
            let text = format!("{name} is registered as version {known}, this is {version}");
            return Err(DeadReason::new(DeadReason::UNKNOWN_VERSION, text));
        }
        if envelope.attributes.expirytime.is_some_and(has_passed) {
            return Err(DeadReason::new(
                DeadReason::EXPIRED,
                "the deadline has passed",
            ));
        }
        Ok((envelope, entry))
    }

    /// Runs the handlers, and looks after the lease meanwhile.
    async fn run(&self, lease: &mut Lease, envelope: Envelope, entry: Arc<Entry>) -> Settlement {
        let id = envelope.emission_id();
        let Some(_at_work) = AtWork::begin(&self.at_work, id) else {
            // Its lease was lost, or it was published twice, and the first has not ended yet.
            return Settlement::Retry(self.settings.consumer.lease.min(TWIN), None);
        };
        let envelope = Arc::new(envelope);
        let emitted = envelope.clone();
        let (tell, mut told) = oneshot::channel();
        let emitter = self.emitter.clone();
        let is_spawned = self.home.spawn(async move {
            let report = emit(&emitter, &entry, &emitted).await;
            // The one that waits may change it now.
            drop(emitted);
            // Whoever waited may have given it back: then it is nobody's.
            let _ = tell.send(report);
        });
        if !is_spawned {
            return self.give_up();
        }
        // An interval of nothing would be a panic.
        let mut third = clock::interval((lease.duration() / 3).max(SHORTEST));
        third.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // The first tick is at once.
        third.tick().await;
        let mut is_lost = false;
        let report = loop {
            tokio::select! {
                biased;
                report = &mut told => break report,
                () = self.reached(Phase::Releasing) => return Settlement::Release,
                _ = third.tick(), if !is_lost => {
                    is_lost = matches!(lease.extend().await, Ok(Settled::LeaseLost));
                }
            }
        };
        if is_lost {
            return Settlement::Lost;
        }
        let report = match report {
            Ok(Ok(report)) => report,
            Ok(Err(error)) => return Settlement::Dead(undecodable(&error), None),
            // The arbiter that was to start it has stopped.
            Err(_) => return self.give_up(),
        };
        self.conclude(&mut Arc::unwrap_or_clone(envelope), &report)
    }

    fn conclude(&self, envelope: &mut Envelope, report: &Report) -> Settlement {
        let receipt = report.receipt();
        let is_closing = |reason: &Reason| {
            matches!(
                reason,
                Reason::ShuttingDown | Reason::EmitterStopped | Reason::LinkerStopped
            )
        };
        if receipt.refusal().is_some_and(is_closing) {
            return self.give_up();
        }
        if receipt.is_unheard() {
            return Settlement::Unheard;
        }
        match judge(envelope, report, &self.settings.retry) {
            Verdict::Done => Settlement::Ack,
            Verdict::Again(after) => Settlement::Retry(after, Some(self.rewritten(envelope))),
            Verdict::Dead(reason) => {
                envelope.attributes.deadreason = Some(reason.to_string());
                Settlement::Dead(reason, Some(self.rewritten(envelope)))
            }
        }
    }

    /// Gives it back: nothing can run here any more, so nothing more is leased either.
    fn give_up(&self) -> Settlement {
        self.enter(Phase::Draining);
        Settlement::Release
    }

    fn rewritten(&self, envelope: &mut Envelope) -> Arc<[u8]> {
        self.remote.seal.sign(envelope);
        envelope.to_bytes(self.remote.codec).into()
    }

    async fn settle(&self, lease: Lease, settlement: Settlement) {
        let counts = &self.counts;
        let (counter, settled): (_, Result<Settled, SettleError>) = match settlement {
            Settlement::Ack => (&counts.acked, lease.ack().await),
            Settlement::Unheard => {
                count(&counts.unheard);
                (&counts.acked, lease.ack().await)
            }
            Settlement::Retry(after, body) => (&counts.retried, lease.retry(after, body).await),
            Settlement::Dead(reason, body) => {
                tracing::warn!(target: "ventix", group = %self.settings.consumer.group, %reason, "dead");
                (&counts.dead, lease.dead(reason, body).await)
            }
            Settlement::Release => (&counts.released, lease.release().await),
            Settlement::Lost => (&counts.lease_lost, Ok(Settled::LeaseLost)),
        };
        let counter = match settled {
            Ok(Settled::Done) => counter,
            Ok(Settled::LeaseLost) => &counts.lease_lost,
            Err(error) => {
                tracing::warn!(target: "ventix", %error, "not settled");
                &counts.unsettled
            }
        };
        count(counter);
    }
}

/// Decodes an event, and lets its handlers run.
async fn emit(
    emitter: &Emitter,
    entry: &Entry,
    envelope: &Envelope,
) -> Result<Report, EnvelopeError> {
    let done: Vec<Box<str>> = envelope.done().into_iter().map(Into::into).collect();
    let done = done.into();
    // It runs a user's `Deserialize`.
    let reporting = try_run(|| (entry.emit)(emitter, Carried { envelope, done }));
    let reporting =
        reporting.map_err(|_| EnvelopeError::Payload("its `Deserialize` panicked".into()))??;
    Ok(reporting.await)
}

fn undecodable(error: &EnvelopeError) -> DeadReason {
    let cause = std::error::Error::source(error);
    let text = match cause {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    };
    DeadReason::new(DeadReason::UNDECODABLE, text)
}

/// An emission at work; no other of its id is, until it is dropped.
struct AtWork<'a> {
    ids: &'a Mutex<HashSet<EmissionId>>,
    id: EmissionId,
}

impl<'a> AtWork<'a> {
    fn begin(ids: &'a Mutex<HashSet<EmissionId>>, id: EmissionId) -> Option<Self> {
        let mut set = ids.lock().unwrap_or_else(PoisonError::into_inner);
        set.insert(id).then(|| Self { ids, id })
    }
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        let mut set = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        set.remove(&self.id);
    }
}
