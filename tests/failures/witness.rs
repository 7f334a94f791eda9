use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use ventix::remote::{
    Answer, Backend, BackendError, Capabilities, Confirmed, ConsumeError, Consumer, DeadPage,
    DeadQuery, DeadReason, DeadSelection, Envelope, GroupName, Lease, Outgoing, PublishError,
    QueueName, QueueStatus, Settle, SettleError, Settled, Source, Topology,
};

use crate::Job;
use crate::ledger::Ledger;

/// An engine whose leases are written down, and a process that ends at a certain call.
#[derive(Debug, Clone)]
pub(crate) struct Witness {
    inner: Arc<dyn Backend>,
    watch: Watch,
}

/// Where a process ends by `abort`, as if it were killed just then.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) enum Trap {
    BeforeAck,
    BeforeRetry,
    AfterRetry,
    BeforeDead,
    AfterDead,
    /// It does not end there, but never says that it still works.
    NoExtend,
}

#[derive(Debug, Clone)]
struct Watch {
    ledger: Ledger,
    trap: Option<Trap>,
}

impl Watch {
    fn pass(&self, place: Trap) {
        if self.trap == Some(place) {
            std::process::abort();
        }
    }
}

impl Witness {
    pub(crate) fn new(inner: Arc<dyn Backend>, ledger: Ledger, trap: Option<Trap>) -> Self {
        let watch = Watch { ledger, trap };
        Self { inner, watch }
    }
}

/// The number of the job in an envelope; 0 if it is none.
pub(crate) fn job(body: &[u8]) -> u64 {
    let payload = Envelope::from_bytes(body).map(|it| it.payload().as_bytes().to_vec());
    let job = payload.ok().and_then(|it| serde_json::from_slice(&it).ok());
    job.map_or(0, |job: Job| job.id)
}

struct Watched {
    inner: Box<dyn Source>,
    watch: Watch,
}

impl Source for Watched {
    fn next<'a>(&'a mut self, free: NonZeroUsize) -> Answer<'a, Result<Vec<Lease>, ConsumeError>> {
        Box::pin(async move {
            let leases = self.inner.next(free).await?.into_iter();
            Ok(leases.map(|lease| watched(lease, &self.watch)).collect())
        })
    }

    fn stop(&mut self) {
        self.inner.stop();
    }
}

fn watched(lease: Lease, watch: &Watch) -> Lease {
    let (body, deliveries) = (lease.body().clone(), lease.deliveries());
    let id = job(&body);
    watch.ledger.number("leased", id, deliveries.unwrap_or(0));
    let duration = lease.duration();
    let settle = Settler {
        lease,
        id,
        watch: watch.clone(),
    };
    Lease::new(body, deliveries, duration, Box::new(settle))
}

struct Settler {
    lease: Lease,
    id: u64,
    watch: Watch,
}

type Settlement = Result<Settled, SettleError>;

impl Watch {
    fn told(&self, id: u64, word: &str, settled: Settlement) -> Settlement {
        let word = match &settled {
            Ok(Settled::Done) => word,
            Ok(Settled::LeaseLost) => "late",
            Err(_) => "unsettled",
        };
        self.ledger.note(word, id);
        settled
    }
}

impl Settle for Settler {
    fn ack(self: Box<Self>) -> Answer<'static, Settlement> {
        Box::pin(async move {
            self.watch.pass(Trap::BeforeAck);
            let settled = self.lease.ack().await;
            self.watch.told(self.id, "acked", settled)
        })
    }

    fn retry(
        self: Box<Self>,
        after: Duration,
        body: Option<Arc<[u8]>>,
    ) -> Answer<'static, Settlement> {
        Box::pin(async move {
            self.watch.pass(Trap::BeforeRetry);
            let settled = self.lease.retry(after, body).await;
            self.watch.pass(Trap::AfterRetry);
            self.watch.told(self.id, "retried", settled)
        })
    }

    fn dead(
        self: Box<Self>,
        reason: DeadReason,
        body: Option<Arc<[u8]>>,
    ) -> Answer<'static, Settlement> {
        Box::pin(async move {
            self.watch.pass(Trap::BeforeDead);
            let settled = self.lease.dead(reason, body).await;
            self.watch.pass(Trap::AfterDead);
            self.watch.told(self.id, "dead", settled)
        })
    }

    fn release(self: Box<Self>) -> Answer<'static, Settlement> {
        Box::pin(async move {
            let settled = self.lease.release().await;
            self.watch.told(self.id, "released", settled)
        })
    }

    fn extend(&mut self) -> Answer<'_, Settlement> {
        if self.watch.trap == Some(Trap::NoExtend) {
            return Box::pin(async { Ok(Settled::Done) });
        }
        Box::pin(async move { self.lease.extend().await })
    }
}

impl Backend for Witness {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn ensure<'a>(&'a self, topology: &'a Topology) -> Answer<'a, Result<(), BackendError>> {
        self.inner.ensure(topology)
    }

    fn publish<'a>(
        &'a self,
        queue: &'a QueueName,
        messages: &'a [Outgoing],
    ) -> Answer<'a, Vec<Result<Confirmed, PublishError>>> {
        self.inner.publish(queue, messages)
    }

    fn consume<'a>(
        &'a self,
        consumer: &'a Consumer,
    ) -> Answer<'a, Result<Box<dyn Source>, BackendError>> {
        Box::pin(async move {
            let inner = self.inner.consume(consumer).await?;
            let watch = self.watch.clone();
            Ok(Box::new(Watched { inner, watch }) as Box<dyn Source>)
        })
    }

    passing_on! {
        dead(query: &'a DeadQuery) -> DeadPage;
        requeue(selection: &'a DeadSelection) -> usize;
        purge(selection: &'a DeadSelection) -> usize;
        remove(queue: &'a QueueName, group: &'a GroupName) -> bool;
        status(queue: &'a QueueName) -> Option<QueueStatus>;
        queues() -> Vec<QueueName>;
        close(within: Duration) -> ();
    }
}
