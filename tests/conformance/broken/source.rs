use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use actix::clock::{sleep, timeout};
use ventix::remote::{Answer, ConsumeError, Consumer, Lease, Source};

use super::engine::Broken;
use super::fault::Fault;
use super::settle::BrokenSettle;

/// A source, with a fault.
pub(super) struct BrokenSource {
    inner: Box<dyn Source>,
    broken: Arc<Broken>,
    consumer: Consumer,
    is_stopped: bool,
}

impl BrokenSource {
    pub(super) fn new(inner: Box<dyn Source>, broken: &Broken, consumer: &Consumer) -> Self {
        let mut connection = broken.clone();
        connection.is_closed = broken.is_closed.clone();
        Self {
            inner,
            broken: Arc::new(connection),
            consumer: consumer.clone(),
            is_stopped: false,
        }
    }

    async fn leases(&mut self, free: NonZeroUsize) -> Result<Vec<Lease>, ConsumeError> {
        match self.broken.fault {
            Fault::NeverStops if self.is_stopped => {
                self.inner = self.broken.source(&self.consumer).await.unwrap();
                self.is_stopped = false;
                self.inner.next(free).await
            }
            Fault::IgnoresRoom => self.inner.next(free.saturating_add(1)).await,
            Fault::NeverWakes => {
                let looked = timeout(Duration::from_millis(1), self.inner.next(free)).await;
                match looked {
                    Ok(leases) => leases,
                    Err(_) => std::future::pending().await,
                }
            }
            Fault::LosesWhatIsCancelled => {
                let leases = self.inner.next(free).await?;
                let mut leases = Forgetful(leases);
                sleep(Duration::from_millis(1)).await;
                Ok(std::mem::take(&mut leases.0))
            }
            Fault::AcksForOthers => loop {
                let mut kept = Vec::new();
                for lease in self.inner.next(free).await? {
                    match self.broken.shared.is_acked(lease.body()) {
                        true => drop(lease.ack().await),
                        false => kept.push(lease),
                    }
                }
                if !kept.is_empty() {
                    return Ok(kept);
                }
            },
            _ => self.inner.next(free).await,
        }
    }
}

impl Source for BrokenSource {
    fn next<'a>(&'a mut self, free: NonZeroUsize) -> Answer<'a, Result<Vec<Lease>, ConsumeError>> {
        Box::pin(async move {
            let leases = self.leases(free).await?.into_iter();
            let leases = leases.map(|lease| BrokenSettle::spoil(lease, &self.broken));
            Ok(leases.collect())
        })
    }

    fn stop(&mut self) {
        self.is_stopped = true;
        self.inner.stop();
    }
}

/// Leases that are acknowledged if nobody takes them.
struct Forgetful(Vec<Lease>);

impl Drop for Forgetful {
    fn drop(&mut self) {
        for lease in self.0.drain(..) {
            drop(futures::executor::block_on(lease.ack()));
        }
    }
}
