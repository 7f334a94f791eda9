use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::acks::Acks;
use super::builder::RedisBuilder;
use super::fault::Fault;
use super::publish::Publish;
use super::script::SETTLE;
use super::settle::Place;
use super::shared::Shared;
use super::source::RedisSource;
use super::{letters, status};
use crate::remote::{
    Answer, Backend, BackendError, Capabilities, Confirmed, Consumer, DeadPage, DeadQuery,
    DeadSelection, GroupName, Outgoing, PublishError, QueueName, QueueStatus, Source, Topology,
};

/// Redis 7.0 or later as a [`Backend`]; clones are the same one.
///
/// # Examples
///
/// ```no_run
/// use ventix::remote::redis::Redis;
/// use ventix::remote::{Backend, Confirmed, Outgoing, Topology};
/// use ventix::EmissionId;
///
/// # async fn run() -> ventix::Result {
/// let redis = Redis::connect("redis://:secret@127.0.0.1:6379/0").await?;
/// let queue = "orders".parse()?;
/// redis.ensure(&Topology::new("orders".parse()?).group("billing".parse()?)).await?;
///
/// let message = Outgoing::new(EmissionId::from_u128(1), *b"bytes");
/// let answers = redis.publish(&queue, &[message]).await;
/// assert!(matches!(answers[..], [Ok(Confirmed::Stored)]));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Redis {
    shared: Arc<Shared>,
}

impl Redis {
    /// Connects with the settings that are good for most, and says at once if that fails.
    ///
    /// # Errors
    ///
    /// [`BackendError::Refused`] if the URL is none, the credentials are wrong or the server
    /// is older than 7.0; [`BackendError::Unavailable`] if it cannot be reached.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: nothing is left of a call that was dropped.
    pub async fn connect(url: &str) -> Result<Self, BackendError> {
        let redis = Self::builder(url).build()?;
        redis.ping().await?;
        Ok(redis)
    }

    /// Begins to describe how to connect: `redis://`, `rediss://` (feature `redis-tls`) or
    /// `unix://`, with user, password and database in it as usual.
    pub fn builder(url: impl Into<String>) -> RedisBuilder {
        RedisBuilder::new(url.into())
    }

    pub(super) fn new(shared: Shared) -> Self {
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Asks the server whether it is there.
    ///
    /// # Errors
    ///
    /// Those of [`connect`](Self::connect).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn ping(&self) -> Result<(), BackendError> {
        self.shared.open()?.run(&redis::cmd("PING")).await?;
        Ok(())
    }

    /// Returns how often a queue was found gone, and was made anew: after a restart of a
    /// server that does not persist, or `FLUSHALL`. What was in it is lost.
    #[must_use]
    pub fn resets(&self) -> u64 {
        self.shared.resets()
    }

    /// Returns how many messages somebody else has trimmed or deleted while they were out, as
    /// far as this backend's sources have found.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.shared.lost()
    }
}

impl Backend for Redis {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::all(self.shared.settings.window);
        if self.shared.settings.window.is_zero() {
            capabilities.dedup_window = None;
        }
        capabilities.max_bytes = Some(self.shared.settings.max_bytes);
        capabilities
    }

    fn ensure<'a>(&'a self, topology: &'a Topology) -> Answer<'a, Result<(), BackendError>> {
        Box::pin(self.shared.ensure(topology))
    }

    fn publish<'a>(
        &'a self,
        queue: &'a QueueName,
        messages: &'a [Outgoing],
    ) -> Answer<'a, Vec<Result<Confirmed, PublishError>>> {
        Box::pin(Publish::new(&self.shared, queue, messages).run())
    }

    fn consume<'a>(
        &'a self,
        consumer: &'a Consumer,
    ) -> Answer<'a, Result<Box<dyn Source>, BackendError>> {
        Box::pin(async move {
            let mut consumer = consumer.clone();
            consumer.topology = consumer.topology.group(consumer.group.clone());
            self.shared.ensure(&consumer.topology).await?;
            // So that the first settlement takes one round trip. If it fails, that one says why.
            let _ = self.shared.link.load(&SETTLE).await;
            let place = Place {
                shared: self.shared.clone(),
                key: self.shared.key(consumer.topology.queue()),
                consumer,
                acks: Acks::new(),
            };
            Ok(Box::new(RedisSource::new(place)) as Box<dyn Source>)
        })
    }

    fn dead<'a>(&'a self, query: &'a DeadQuery) -> Answer<'a, Result<DeadPage, BackendError>> {
        Box::pin(async move { Ok(letters::list(&self.shared, query).await?) })
    }

    fn requeue<'a>(
        &'a self,
        selection: &'a DeadSelection,
    ) -> Answer<'a, Result<usize, BackendError>> {
        Box::pin(async move { Ok(letters::settle(&self.shared, "requeue", selection).await?) })
    }

    fn purge<'a>(
        &'a self,
        selection: &'a DeadSelection,
    ) -> Answer<'a, Result<usize, BackendError>> {
        Box::pin(async move { Ok(letters::settle(&self.shared, "purge", selection).await?) })
    }

    fn remove<'a>(
        &'a self,
        queue: &'a QueueName,
        group: &'a GroupName,
    ) -> Answer<'a, Result<bool, BackendError>> {
        Box::pin(async move { Ok(status::remove(&self.shared, queue, group).await?) })
    }

    fn status<'a>(
        &'a self,
        queue: &'a QueueName,
    ) -> Answer<'a, Result<Option<QueueStatus>, BackendError>> {
        Box::pin(async move { Ok(status::status(&self.shared, queue).await?) })
    }

    fn queues(&self) -> Answer<'_, Result<Vec<QueueName>, BackendError>> {
        Box::pin(async move { Ok(status::list(&self.shared).await?) })
    }

    fn close(&self, within: Duration) -> Answer<'_, Result<(), BackendError>> {
        Box::pin(async move {
            self.shared.close();
            let mut publishing = self.shared.publishing().subscribe();
            let ended = tokio::time::timeout(within, publishing.wait_for(|&n| n == 0));
            let ended = ended.await.is_ok();
            self.shared.link.close().await;
            match ended {
                true => Ok(()),
                false => Err(Fault::Unfinished { within }.into()),
            }
        })
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("address", &self.shared.link.address())
            .field("prefix", &self.shared.settings.prefix)
            .finish_non_exhaustive()
    }
}
