use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix::clock::Instant;
use tokio::sync::Notify;

use crate::remote::error::BackendError;
use crate::remote::topology::{QueueName, Topology};

use super::queue::Queue;

/// What the clones of one engine share.
#[derive(Debug)]
pub(super) struct Store {
    queues: Mutex<BTreeMap<QueueName, Queue>>,
    /// Wakes those that wait for messages.
    pub(super) changed: Notify,
    pub(super) limits: Limits,
}

#[derive(Debug, Clone)]
pub(super) struct Limits {
    pub(super) dedup_window: Duration,
    pub(super) max_bytes: usize,
    pub(super) max_messages: usize,
}

impl Store {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            queues: Mutex::default(),
            changed: Notify::new(),
            limits,
        }
    }

    pub(super) fn queues(&self) -> MutexGuard<'_, BTreeMap<QueueName, Queue>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn ensure(&self, topology: &Topology) -> Result<(), BackendError> {
        let mut queues = self.queues();
        let wanted = topology.partitions().map(NonZeroU16::get);
        let queue = queues.entry(topology.queue().clone()).or_default();
        let partitions = *queue.partitions.get_or_insert(wanted);
        if partitions != wanted {
            let shown = |partitions: Option<u16>| {
                partitions.map_or_else(|| "none".to_owned(), |it| it.to_string())
            };
            return Err(BackendError::Mismatch {
                what: "the number of partitions",
                found: shown(partitions),
                wanted: shown(wanted),
            });
        }
        topology
            .groups()
            .iter()
            .for_each(|group| queue.ensure(group));
        drop(queues);
        self.changed.notify_waiters();
        Ok(())
    }
}

/// What is longer is as long: no clock ends before.
const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);

/// The moment after a time, however long that is.
pub(super) fn after(now: Instant, time: Duration) -> Instant {
    now + time.min(CENTURY)
}
