use std::num::NonZeroUsize;
use std::sync::Arc;

use actix::clock::{Instant, sleep_until};

use crate::remote::backend::{Answer, Source};
use crate::remote::error::ConsumeError;
use crate::remote::lease::Lease;
use crate::remote::topology::Consumer;

use super::connection::Connection;
use super::settle::Right;

/// One consumer.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) connection: Arc<Connection>,
    pub(super) consumer: Arc<Consumer>,
    pub(super) is_stopped: bool,
}

/// What one look at the store says.
enum Look {
    Leased(Vec<Lease>),
    /// Nothing, before that time if nothing changes.
    Nothing(Option<Instant>),
}

impl Reader {
    fn look(&self, free: usize) -> Look {
        let now = Instant::now();
        let Consumer {
            topology,
            group,
            name,
            lease,
        } = &*self.consumer;
        let store = &self.connection.store;
        let mut queues = store.queues();
        let queue = queues.get_mut(topology.queue());
        let in_order = queue
            .as_ref()
            .is_some_and(|queue| queue.partitions.flatten().is_some());
        let Some(group) = queue.and_then(|queue| queue.groups.get_mut(group)) else {
            return Look::Nothing(None);
        };
        let given = group.lease(now, name, *lease, free, in_order);
        if given.is_empty() {
            return Look::Nothing(group.next_change(now));
        }
        let leased = given.into_iter().map(|given| {
            let right = Right {
                store: store.clone(),
                consumer: self.consumer.clone(),
                place: given.place,
                token: given.token,
                is_used: false,
            };
            let deliveries = Some(given.message.deliveries);
            Lease::new(given.message.body, deliveries, *lease, Box::new(right))
        });
        Look::Leased(leased.collect())
    }
}

impl Source for Reader {
    fn next<'a>(&'a mut self, free: NonZeroUsize) -> Answer<'a, Result<Vec<Lease>, ConsumeError>> {
        Box::pin(async move {
            loop {
                // From here on no change is missed, nor a close.
                let mut changed = Box::pin(self.connection.store.changed.notified());
                changed.as_mut().enable();
                if self.is_stopped || self.connection.is_closed() {
                    return Err(ConsumeError::Stopped);
                }
                let until = match self.look(free.get()) {
                    Look::Leased(leases) => return Ok(leases),
                    Look::Nothing(until) => until,
                };
                match until {
                    None => changed.await,
                    Some(until) => {
                        tokio::select! {
                            () = changed => {}
                            () = sleep_until(until) => {}
                        }
                    }
                }
            }
        })
    }

    fn stop(&mut self) {
        self.is_stopped = true;
        let mut queues = self.connection.store.queues();
        let queue = queues.get_mut(self.consumer.topology.queue());
        if let Some(group) = queue.and_then(|it| it.groups.get_mut(&self.consumer.group)) {
            group.leave(&self.consumer.name);
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.stop();
    }
}
