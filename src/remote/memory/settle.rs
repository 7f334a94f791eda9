use std::sync::Arc;
use std::time::Duration;

use actix::clock::Instant;

use crate::remote::backend::Answer;
use crate::remote::dead::DeadReason;
use crate::remote::error::SettleError;
use crate::remote::lease::{Settle, Settled};
use crate::remote::topology::Consumer;

use super::group::Settlement;
use super::store::Store;

/// The right to settle one message.
#[derive(Debug)]
pub(super) struct Right {
    pub(super) store: Arc<Store>,
    pub(super) consumer: Arc<Consumer>,
    pub(super) place: u64,
    pub(super) token: u64,
    pub(super) is_used: bool,
}

impl Right {
    fn settle(&mut self, settlement: Settlement) -> Settled {
        self.is_used = !matches!(settlement, Settlement::Extend(_));
        let mut queues = self.store.queues();
        let queue = queues.get_mut(self.consumer.topology.queue());
        let group = queue.and_then(|queue| queue.groups.get_mut(&self.consumer.group));
        let is_done = group
            .is_some_and(|group| group.settle(Instant::now(), self.place, self.token, settlement));
        drop(queues);
        self.store.changed.notify_waiters();
        match is_done {
            true => Settled::Done,
            false => Settled::LeaseLost,
        }
    }

    fn answer(&mut self, how: Settlement) -> Answer<'static, Result<Settled, SettleError>> {
        let settled = self.settle(how);
        Box::pin(std::future::ready(Ok(settled)))
    }
}

impl Settle for Right {
    fn ack(mut self: Box<Self>) -> Answer<'static, Result<Settled, SettleError>> {
        self.answer(Settlement::Ack)
    }

    fn retry(
        mut self: Box<Self>,
        after: Duration,
        body: Option<Arc<[u8]>>,
    ) -> Answer<'static, Result<Settled, SettleError>> {
        self.answer(Settlement::Retry(after, body))
    }

    fn dead(
        mut self: Box<Self>,
        reason: DeadReason,
        body: Option<Arc<[u8]>>,
    ) -> Answer<'static, Result<Settled, SettleError>> {
        self.answer(Settlement::Dead(reason, body))
    }

    fn release(mut self: Box<Self>) -> Answer<'static, Result<Settled, SettleError>> {
        self.answer(Settlement::Release)
    }

    fn extend(&mut self) -> Answer<'_, Result<Settled, SettleError>> {
        let settled = self.settle(Settlement::Extend(self.consumer.lease));
        Box::pin(std::future::ready(Ok(settled)))
    }
}

/// Given back at once, if it is dropped unsettled.
impl Drop for Right {
    fn drop(&mut self) {
        if !self.is_used {
            self.settle(Settlement::Release);
        }
    }
}
