use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use actix::clock::{Instant, sleep};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::emitter::Parcel;
use crate::outcome::{Described, Reason};
use crate::remote::backend::Backend;
use crate::remote::clock;
use crate::remote::error::PublishError;
use crate::remote::outgoing::{Confirmed, Outgoing};
use crate::remote::pause::Pause;
use crate::remote::topology::Topology;

use super::counts::RelayCounts;
use super::outbox::Outbox;

/// How many are published at once.
const BATCH: usize = 1024;

/// Empties the outbox into the engine.
pub(in crate::remote) struct Relay {
    backend: Arc<dyn Backend>,
    topology: Topology,
    parcels: UnboundedReceiver<Parcel>,
    /// Those whose turn it is.
    batch: VecDeque<Parcel>,
    counts: Arc<RelayCounts>,
    is_ensured: bool,
    pause: Pause,
}

impl Relay {
    /// The relay, which does nothing before it is run, and what feeds it.
    pub(in crate::remote) fn pair(
        backend: Arc<dyn Backend>,
        topology: Topology,
    ) -> (Self, Outbox, Arc<RelayCounts>) {
        let (sender, parcels) = unbounded_channel();
        let counts = Arc::<RelayCounts>::default();
        let outbox = Outbox {
            parcels: sender,
            counts: counts.clone(),
        };
        let relay = Self {
            backend,
            topology,
            parcels,
            batch: VecDeque::new(),
            counts: counts.clone(),
            is_ensured: false,
            pause: Pause::default(),
        };
        (relay, outbox, counts)
    }

    /// Publishes until nobody can put anything in any more, and all is published.
    pub(in crate::remote) async fn run(mut self) {
        while self.fill().await {
            self.shed();
            if self.batch.is_empty() {
                continue;
            }
            if self.publish().await {
                self.pause.reset();
            } else {
                self.wait().await;
            }
        }
    }

    /// Waits for parcels, unless some are left, and takes what there is.
    async fn fill(&mut self) -> bool {
        if self.batch.is_empty() {
            match self.parcels.recv().await {
                Some(parcel) => self.batch.push_back(parcel),
                None => return false,
            }
        }
        while self.batch.len() < BATCH {
            match self.parcels.try_recv() {
                Ok(parcel) => self.batch.push_back(parcel),
                Err(_) => break,
            }
        }
        true
    }

    /// Turns away what is too late.
    fn shed(&mut self) {
        if self.batch.iter().all(|parcel| parcel.deadline.is_none()) {
            return;
        }
        let now = Instant::now();
        let is_late = |parcel: &Parcel| parcel.deadline.is_some_and(|deadline| deadline <= now);
        for parcel in std::mem::take(&mut self.batch) {
            if is_late(&parcel) {
                count(&self.counts.rejected);
                parcel.settle(Err(Reason::Expired));
            } else {
                self.batch.push_back(parcel);
            }
        }
    }

    /// Pauses; no longer than the first of them can wait.
    async fn wait(&mut self) {
        let pause = self.pause.next();
        let first = self.batch.iter().filter_map(|parcel| parcel.deadline).min();
        let left = first.map(|at| at.saturating_duration_since(Instant::now()));
        sleep(left.map_or(pause, |left| left.min(pause))).await;
    }

    /// Publishes the batch; says whether all of it is settled.
    async fn publish(&mut self) -> bool {
        if !self.is_ensured {
            if let Err(error) = self.backend.ensure(&self.topology).await {
                tracing::warn!(target: "ventix", queue = %self.topology.queue(), %error, "not ensured");
                self.counts.retried.fetch_add(length(&self.batch), Relaxed);
                return false;
            }
            self.is_ensured = true;
        }
        let messages: Vec<_> = self.batch.iter().map(outgoing).collect();
        let queue = self.topology.queue();
        let answers = self.backend.publish(queue, &messages).await;
        let mut answers = answers.into_iter();
        for parcel in std::mem::take(&mut self.batch) {
            // A backend that does not answer for each has not said that it has it.
            if let Some(parcel) = self.settle(parcel, answers.next()) {
                self.batch.push_back(parcel);
            }
        }
        self.batch.is_empty()
    }

    /// Settles a parcel, or gives back what is to be tried again.
    fn settle(
        &mut self,
        parcel: Parcel,
        answer: Option<Result<Confirmed, PublishError>>,
    ) -> Option<Parcel> {
        match answer {
            Some(Ok(_)) => {
                count(&self.counts.confirmed);
                parcel.settle(Ok(()));
                None
            }
            Some(Err(PublishError::Rejected(error))) => {
                count(&self.counts.rejected);
                parcel.settle(Err(Reason::Unpublishable(Described::new(error))));
                None
            }
            answer => {
                count(&self.counts.retried);
                self.is_ensured = false;
                if let Some(Err(error)) = answer {
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    tracing::debug!(
                        target: "ventix",
                        emission = %parcel.id,
                        %error,
                        cause,
                        "to be published again"
                    );
                }
                Some(parcel)
            }
        }
    }
}

fn outgoing(parcel: &Parcel) -> Outgoing {
    let mut outgoing = Outgoing::new(parcel.id, parcel.body.clone());
    outgoing.key.clone_from(&parcel.key);
    let delay: Option<Duration> = parcel.not_before.and_then(clock::until);
    outgoing.delay = delay;
    outgoing
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

fn length(batch: &VecDeque<Parcel>) -> u64 {
    u64::try_from(batch.len()).unwrap_or(u64::MAX)
}
