use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use redis::Value;
use tokio::sync::watch;

use super::fault::Fault;
use super::keys::{QueueKey, queues};
use super::link::{Link, call};
use super::reply::Reply;
use super::script::ENSURE;
use super::settings::Settings;
use crate::remote::{BackendError, QueueName, Topology};

/// What a backend, its sources and its leases have in common.
pub(super) struct Shared {
    pub(super) link: Link,
    pub(super) settings: Settings,
    /// What was ensured by this backend, to be made anew where a server has lost it.
    known: Mutex<HashMap<QueueName, Topology>>,
    resets: AtomicU64,
    lost: AtomicU64,
    closed: watch::Sender<bool>,
    /// How many publishes are under way.
    publishing: watch::Sender<usize>,
}

impl Shared {
    pub(super) fn new(link: Link, settings: Settings) -> Self {
        Self {
            link,
            settings,
            known: Mutex::default(),
            resets: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            closed: watch::Sender::new(false),
            publishing: watch::Sender::new(0),
        }
    }

    pub(super) fn key(&self, queue: &QueueName) -> QueueKey {
        QueueKey::new(&self.settings.prefix, queue)
    }

    pub(super) fn open(&self) -> Result<&Link, Fault> {
        match *self.closed.borrow() {
            true => Err(Fault::Closed),
            false => Ok(&self.link),
        }
    }

    pub(super) fn closing(&self) -> watch::Receiver<bool> {
        self.closed.subscribe()
    }

    pub(super) fn close(&self) {
        self.closed.send_replace(true);
    }

    pub(super) fn publishing(&self) -> &watch::Sender<usize> {
        &self.publishing
    }

    /// Returns what this backend knows the queue to be like.
    pub(super) fn topology(&self, queue: &QueueName) -> Option<Topology> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(queue).cloned()
    }

    /// Returns the number of partitions of a queue that this backend has ensured; 0 if it is
    /// not ordered.
    pub(super) fn partitions(&self, queue: &QueueName) -> Option<u16> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let topology = known.get(queue)?;
        Some(topology.partitions().map_or(0, u16::from))
    }

    fn remember(&self, topology: &Topology) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get_mut(topology.queue()) {
            Some(there) => {
                for group in topology.groups() {
                    *there = there.clone().group(group.clone());
                }
            }
            None => {
                known.insert(topology.queue().clone(), topology.clone());
            }
        }
    }

    /// Makes the queue and its groups, where they are not there. One that this backend had
    /// ensured before was lost by the server: of several that find it gone one counts it.
    pub(super) async fn ensure(&self, topology: &Topology) -> Result<(), BackendError> {
        let is_known = self.partitions(topology.queue()).is_some();
        let partitions = topology.partitions().map_or(0, u16::from);
        let key = self.key(topology.queue());
        let mut ensure = call(&ENSURE, &key, topology.groups().len(), 0);
        ensure.arg(partitions);
        for group in topology.groups() {
            ensure.arg(group.as_str());
        }
        let link = self.open()?;
        let mut reply = Reply::new("ensure", link.eval(&ENSURE, &ensure).await?)?;
        let made = reply.number::<i64>()?;
        if made < 0 {
            let words = |n| match n {
                0 => "none".to_owned(),
                n => n.to_string(),
            };
            return Err(BackendError::Mismatch {
                what: "the number of partitions",
                found: words(reply.number()?),
                wanted: words(partitions),
            });
        }
        self.list(topology.queue()).await?;
        self.remember(topology);
        if is_known && made == 1 {
            self.resets.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(queue = %topology.queue(), "backend lost state: the queue is made anew");
        }
        Ok(())
    }

    /// Adds a queue to the list of all.
    pub(super) async fn list(&self, queue: &QueueName) -> Result<(), Fault> {
        let mut add = redis::cmd("SADD");
        add.arg(queues(&self.settings.prefix)).arg(queue.as_str());
        match self.link.run(&add).await {
            // No room for a name is no reason not to work.
            Err(Fault::Answered { source, .. }) if source.code() == Some("OOM") => Ok(()),
            answer => answer.map(|_: Value| ()),
        }
    }

    /// Counts messages that were out, and that somebody else has deleted.
    pub(super) fn count_lost(&self, queue: &QueueName, count: u64) {
        if count > 0 {
            self.lost.fetch_add(count, Ordering::Relaxed);
            tracing::warn!(%queue, count, "messages were deleted while they were out");
        }
    }

    pub(super) fn resets(&self) -> u64 {
        self.resets.load(Ordering::Relaxed)
    }

    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}
