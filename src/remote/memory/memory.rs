use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use actix::clock::Instant;

use crate::remote::backend::{Answer, Backend, Source};
use crate::remote::capabilities::Capabilities;
use crate::remote::dead::{DeadPage, DeadQuery, DeadSelection};
use crate::remote::error::{BackendError, PublishError};
use crate::remote::outgoing::{Confirmed, Outgoing};
use crate::remote::status::QueueStatus;
use crate::remote::topology::{Consumer, GroupName, QueueName, Topology};

use super::connection::Connection;
use super::queue::Queue;
use super::source::Reader;
use super::store::{Limits, Store};

/// An engine in process. See the [module's page](super).
///
/// # Examples
///
/// ```
/// use ventix::remote::{Memory, Remote};
///
/// # actix::System::new().block_on(async {
/// let engine = Memory::new();
/// let emitting = Remote::builder(engine.clone()).queue("shop").start()?;
/// let working = Remote::builder(engine).queue("shop").start()?;
/// # drop((emitting, working));
/// # Ok::<(), ventix::remote::RemoteError>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct Memory {
    connection: Arc<Connection>,
}

/// Another connection to the same engine: to close one leaves the others as they are.
impl Clone for Memory {
    fn clone(&self) -> Self {
        Self {
            connection: Connection::new(self.connection.store.clone()),
        }
    }
}

/// The limits of a [`Memory`].
///
/// # Examples
///
/// ```
/// use ventix::remote::{Backend, Memory};
///
/// let memory = Memory::builder().max_messages(100).max_bytes(1_000).build();
/// assert_eq!(memory.capabilities().max_bytes, Some(1_000));
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is made before `build`"]
pub struct MemoryBuilder(Limits);

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl Memory {
    /// Makes one with the default limits: ids are known for 10 minutes, a message takes 64 MiB
    /// at most, and a group has no bound.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Returns a builder.
    pub fn builder() -> MemoryBuilder {
        MemoryBuilder(Limits {
            dedup_window: Duration::from_secs(600),
            max_bytes: 64 << 20,
            max_messages: usize::MAX,
        })
    }
}

impl MemoryBuilder {
    /// Sets how long a published id is known.
    pub fn dedup_window(mut self, window: Duration) -> Self {
        self.0.dedup_window = window;
        self
    }

    /// Sets how many bytes a message may take. A larger one is
    /// [rejected](PublishError::Rejected).
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.0.max_bytes = bytes;
        self
    }

    /// Sets how many messages may wait in a group, or be out. More find
    /// [no room](PublishError::Backpressure).
    pub fn max_messages(mut self, messages: usize) -> Self {
        self.0.max_messages = messages;
        self
    }

    /// Makes it.
    #[must_use]
    pub fn build(self) -> Memory {
        Memory {
            connection: Connection::new(Arc::new(Store::new(self.0))),
        }
    }
}

impl Store {
    fn publish_one(
        &self,
        queue: &mut Queue,
        message: &Outgoing,
    ) -> Result<Confirmed, PublishError> {
        let limits = &self.limits;
        let size = message.body.len();
        if size > limits.max_bytes {
            let text = format!("{size} bytes, and {} are taken", limits.max_bytes);
            return Err(PublishError::Rejected(text.into()));
        }
        let now = Instant::now();
        let stored = queue.publish(now, message, limits.dedup_window, limits.max_messages);
        stored.ok_or_else(|| PublishError::Backpressure("a group is full".into()))
    }

    /// Changes a queue, if it is there.
    fn change<T: Default>(&self, queue: &QueueName, change: impl FnOnce(&mut Queue) -> T) -> T {
        let changed = self.queues().get_mut(queue).map(change);
        self.changed.notify_waiters();
        changed.unwrap_or_default()
    }
}

impl Backend for Memory {
    fn capabilities(&self) -> Capabilities {
        let limits = &self.connection.store.limits;
        Capabilities {
            persistent: false,
            max_bytes: Some(limits.max_bytes),
            ..Capabilities::all(limits.dedup_window)
        }
    }

    fn ensure<'a>(&'a self, topology: &'a Topology) -> Answer<'a, Result<(), BackendError>> {
        let store = self.connection.open();
        Box::pin(ready(store.and_then(|store| store.ensure(topology))))
    }

    fn publish<'a>(
        &'a self,
        queue: &'a QueueName,
        messages: &'a [Outgoing],
    ) -> Answer<'a, Vec<Result<Confirmed, PublishError>>> {
        let Ok(store) = self.connection.open() else {
            let refused = |_: &Outgoing| Err(PublishError::NotSent(BackendError::Closed.into()));
            return Box::pin(ready(messages.iter().map(refused).collect()));
        };
        let mut queues = store.queues();
        let queue = queues.entry(queue.clone()).or_default();
        let answers = messages
            .iter()
            .map(|it| store.publish_one(queue, it))
            .collect();
        drop(queues);
        store.changed.notify_waiters();
        Box::pin(ready(answers))
    }

    fn consume<'a>(
        &'a self,
        consumer: &'a Consumer,
    ) -> Answer<'a, Result<Box<dyn Source>, BackendError>> {
        let topology = consumer.topology.clone().group(consumer.group.clone());
        let ensured = self.connection.open().and_then(|it| it.ensure(&topology));
        let reader = ensured.map(|()| {
            Box::new(Reader {
                connection: self.connection.clone(),
                consumer: Arc::new(consumer.clone()),
                is_stopped: false,
            }) as Box<dyn Source>
        });
        Box::pin(ready(reader))
    }

    fn dead<'a>(&'a self, query: &'a DeadQuery) -> Answer<'a, Result<DeadPage, BackendError>> {
        let page = self.connection.open().map(|store| {
            let queues = store.queues();
            let queue = queues.get(&query.queue);
            let group = queue.and_then(|queue| queue.groups.get(&query.group));
            group.map(|group| group.dead(query)).unwrap_or_default()
        });
        Box::pin(ready(page))
    }

    fn requeue<'a>(
        &'a self,
        selection: &'a DeadSelection,
    ) -> Answer<'a, Result<usize, BackendError>> {
        let store = self.connection.open();
        let requeue = |queue: &mut Queue| queue.requeue(selection);
        Box::pin(ready(store.map(|it| it.change(&selection.queue, requeue))))
    }

    fn purge<'a>(
        &'a self,
        selection: &'a DeadSelection,
    ) -> Answer<'a, Result<usize, BackendError>> {
        let store = self.connection.open();
        let purge = |queue: &mut Queue| queue.purge(selection);
        Box::pin(ready(store.map(|it| it.change(&selection.queue, purge))))
    }

    fn remove<'a>(
        &'a self,
        queue: &'a QueueName,
        group: &'a GroupName,
    ) -> Answer<'a, Result<bool, BackendError>> {
        let store = self.connection.open();
        let remove = |queue: &mut Queue| queue.groups.remove(group).is_some();
        Box::pin(ready(store.map(|it| it.change(queue, remove))))
    }

    fn status<'a>(
        &'a self,
        queue: &'a QueueName,
    ) -> Answer<'a, Result<Option<QueueStatus>, BackendError>> {
        let status = self.connection.open().map(|store| {
            let queues = store.queues();
            let found = queues.get(queue);
            found.map(|found| found.status(queue, Instant::now()))
        });
        Box::pin(ready(status))
    }

    fn queues(&self) -> Answer<'_, Result<Vec<QueueName>, BackendError>> {
        let store = self.connection.open();
        let names = store.map(|store| store.queues().keys().cloned().collect());
        Box::pin(ready(names))
    }

    fn close(&self, _: Duration) -> Answer<'_, Result<(), BackendError>> {
        self.connection.close();
        Box::pin(ready(Ok(())))
    }
}
