use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use redis::{Cmd, Value};
use tokio::time::Instant;

use super::acks::Acks;
use super::fault::Fault;
use super::keys::QueueKey;
use super::link::call;
use super::publish::millis;
use super::script::SETTLE;
use super::shared::Shared;
use crate::remote::{Answer, Consumer, DeadReason, Lease, Settle, SettleError, Settled};

/// The place that a source reads from, and as whom.
pub(super) struct Place {
    pub(super) shared: Arc<Shared>,
    pub(super) key: QueueKey,
    pub(super) consumer: Consumer,
    pub(super) acks: Acks,
}

/// One message that is out, by what shows that it is still this consumer's.
pub(super) struct Held {
    place: Arc<Place>,
    partition: u16,
    id: String,
    token: u64,
    deliveries: u32,
    body: Arc<[u8]>,
}

/// A message as the server has handed it out.
pub(super) struct Handed {
    pub(super) partition: u16,
    pub(super) id: String,
    pub(super) token: u64,
    pub(super) deliveries: u32,
    pub(super) body: Arc<[u8]>,
}

impl Handed {
    pub(super) fn into_lease(self, place: &Arc<Place>) -> Lease {
        let (body, deliveries) = (self.body, self.deliveries);
        let held = Held {
            place: place.clone(),
            partition: self.partition,
            id: self.id,
            token: self.token,
            deliveries,
            body: body.clone(),
        };
        let lease = place.consumer.lease;
        Lease::new(body, Some(deliveries), lease, Box::new(held))
    }
}

impl Held {
    fn call(&self, what: &str, body: &[u8], number: u64) -> Cmd {
        let mut call = call(&SETTLE, &self.place.key, 0, body.len());
        call.arg(what)
            .arg(self.place.consumer.group.as_str())
            .arg(&*self.place.consumer.name)
            .arg(self.partition)
            .arg(&*self.id)
            .arg(self.token)
            .arg(body)
            .arg(number);
        call
    }

    /// Tries until the server answers, or the time is over. A repeated attempt finds the
    /// token used, and changes nothing.
    async fn send(&self, call: Cmd) -> Result<Settled, SettleError> {
        let shared = &self.place.shared;
        let within = shared.settings.command_timeout * 2;
        let deadline = Instant::now() + within;
        let mut pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(20))
            .with_max_delay(Duration::from_millis(500))
            .with_jitter()
            .without_max_times()
            .build();
        loop {
            let fault = match shared.link.eval(&SETTLE, &call).await {
                Ok(Value::Int(1)) => return Ok(Settled::Done),
                Ok(Value::Int(_)) => return Ok(Settled::LeaseLost),
                Ok(_) => Fault::Answer { what: "settle" },
                Err(fault) => fault,
            };
            let pause = pauses.next().unwrap_or_default();
            if Instant::now() + pause >= deadline {
                let source = fault.into();
                return Err(SettleError { within, source });
            }
            tokio::time::sleep(pause).await;
        }
    }
}

impl Settle for Held {
    fn ack(self: Box<Self>) -> Answer<'static, Result<Settled, SettleError>> {
        Box::pin(async move {
            let is_ordered = self.place.consumer.topology.partitions().is_some();
            if !is_ordered {
                let id = self.id.clone();
                if let Some(settled) = self.place.acks.ack(&self.place, id, self.token).await {
                    return Ok(settled);
                }
            }
            self.send(self.call("ack", &[], 0)).await
        })
    }

    fn retry(
        self: Box<Self>,
        after: Duration,
        body: Option<Arc<[u8]>>,
    ) -> Answer<'static, Result<Settled, SettleError>> {
        Box::pin(async move {
            let body = body.as_ref().unwrap_or(&self.body);
            self.send(self.call("retry", body, millis(after))).await
        })
    }

    fn dead(
        self: Box<Self>,
        reason: DeadReason,
        body: Option<Arc<[u8]>>,
    ) -> Answer<'static, Result<Settled, SettleError>> {
        Box::pin(async move {
            let body = body.as_ref().unwrap_or(&self.body);
            let mut call = self.call("dead", body, 0);
            call.arg(reason.code()).arg(reason.text());
            self.send(call).await
        })
    }

    fn release(self: Box<Self>) -> Answer<'static, Result<Settled, SettleError>> {
        Box::pin(async move {
            let deliveries = u64::from(self.deliveries);
            self.send(self.call("release", &self.body, deliveries))
                .await
        })
    }

    fn extend(&mut self) -> Answer<'_, Result<Settled, SettleError>> {
        Box::pin(async move {
            let lease = millis(self.place.consumer.lease);
            self.send(self.call("extend", &[], lease)).await
        })
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held")
            .field("id", &self.id)
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}
