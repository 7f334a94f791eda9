use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ventix::remote::{Answer, DeadReason, Lease, Settle, SettleError, Settled};

use super::engine::{Broken, is_long};
use super::fault::Fault;

/// The right to settle a message, with a fault.
pub(super) struct BrokenSettle {
    lease: Option<Lease>,
    broken: Arc<Broken>,
}

type Answered = Answer<'static, Result<Settled, SettleError>>;

impl BrokenSettle {
    /// A lease that is settled in a broken way.
    pub(super) fn spoil(lease: Lease, broken: &Arc<Broken>) -> Lease {
        let (body, duration) = (lease.body().clone(), lease.duration());
        let deliveries = match broken.fault {
            Fault::NeverCounts => Some(1),
            _ => lease.deliveries(),
        };
        let settle = Self {
            lease: Some(lease),
            broken: broken.clone(),
        };
        Lease::new(body, deliveries, duration, Box::new(settle))
    }

    fn settle<F>(mut self: Box<Self>, settle: impl FnOnce(Lease) -> F) -> Answered
    where
        F: Future<Output = Result<Settled, SettleError>> + Send + 'static,
    {
        let lease = self.lease.take().unwrap();
        let is_closed = self.broken.is_closed.load(Ordering::Relaxed);
        if is_closed && self.broken.fault == Fault::ClosesLeases {
            drop(lease);
            return Box::pin(ready(Ok(Settled::LeaseLost)));
        }
        let settled = settle(lease);
        Box::pin(async move {
            match settled.await {
                Ok(Settled::LeaseLost) if self.broken.fault == Fault::ClaimsLateSettlements => {
                    Ok(Settled::Done)
                }
                settled => settled,
            }
        })
    }
}

impl Settle for BrokenSettle {
    fn ack(self: Box<Self>) -> Answered {
        let broken = self.broken.clone();
        let body = self.lease.as_ref().unwrap().body().clone();
        let settled = self.settle(Lease::ack);
        Box::pin(async move {
            let settled = settled.await;
            if let Ok(Settled::LeaseLost) = settled {
                broken.shared.ack_late(body);
            }
            settled
        })
    }

    fn retry(self: Box<Self>, after: Duration, body: Option<Arc<[u8]>>) -> Answered {
        let fault = self.broken.fault;
        let retries = self.broken.shared.retries.fetch_add(1, Ordering::Relaxed);
        if fault == Fault::GivesUp && retries >= 25 {
            let reason = DeadReason::new("too_often", "");
            return self.settle(move |lease| lease.dead(reason, body));
        }
        let after = match fault {
            Fault::IgnoresRetryDelays => Duration::ZERO,
            Fault::OverflowsDelays if is_long(after) => Duration::ZERO,
            _ => after,
        };
        let body = body.filter(|_| fault != Fault::IgnoresNewBytes);
        self.settle(move |lease| lease.retry(after, body))
    }

    fn dead(self: Box<Self>, reason: DeadReason, body: Option<Arc<[u8]>>) -> Answered {
        let fault = self.broken.fault;
        let reason = match fault {
            Fault::ForgetsReasons => DeadReason::new("dead", ""),
            Fault::ReleasesWhatIsDead => return self.settle(Lease::release),
            _ => reason,
        };
        let body = body.filter(|_| fault != Fault::IgnoresNewBytes);
        self.settle(move |lease| lease.dead(reason, body))
    }

    fn release(self: Box<Self>) -> Answered {
        match self.broken.fault {
            Fault::AcksWhatIsReleased => self.settle(Lease::ack),
            _ => self.settle(Lease::release),
        }
    }

    fn extend(&mut self) -> Answer<'_, Result<Settled, SettleError>> {
        match self.broken.fault {
            Fault::NeverExtends => Box::pin(ready(Ok(Settled::Done))),
            _ => Box::pin(self.lease.as_mut().unwrap().extend()),
        }
    }
}

impl Drop for BrokenSettle {
    fn drop(&mut self) {
        let is_lost = self.broken.fault == Fault::LosesWhatIsDropped;
        if let Some(lease) = self.lease.take().filter(|_| is_lost) {
            // As an acknowledgement does it.
            drop(futures::executor::block_on(lease.ack()));
        }
    }
}
