use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::remote::{
    Answer, Backend, BackendError, Capabilities, Confirmed, Consumer, DeadPage, DeadQuery,
    DeadSelection, GroupName, Outgoing, PublishError, QueueName, QueueStatus, Source, Topology,
};

use super::builder::SqliteBuilder;
use super::clock::Clock;
use super::engine::{Engine, Handle, Reader};
use super::fault::Fault;
use super::ledger::Ledger;
use super::outbox::Outbox;
use super::settings::Settings;
use super::source::SqliteSource;

/// A durable queue in a file: see the [module](super).
///
/// A clone is the same open file: it costs nothing, and hears of what the other publishes
/// at once. A second value of the same file works too, as another process does.
#[derive(Clone)]
pub struct Sqlite {
    path: Arc<Path>,
    settings: Arc<Settings>,
    handle: Handle,
    clock: Clock,
}

impl Sqlite {
    /// Opens the file with the default settings: see [`SqliteBuilder::open`].
    ///
    /// # Errors
    ///
    /// If it cannot be opened, or is none of ours: see [`SqliteBuilder::open`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("queue.db");
    /// use ventix::remote::sqlite::Sqlite;
    ///
    /// let queue = Sqlite::open(&path)?;
    /// assert!(path.exists());
    /// # drop(queue);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(path: impl AsRef<Path>) -> Result<Self, BackendError> {
        Self::builder(path).open()
    }

    /// Opens the file with other settings.
    #[must_use]
    pub fn builder(path: impl AsRef<Path>) -> SqliteBuilder {
        SqliteBuilder::new(path.as_ref())
    }

    /// Returns what publishes within transactions of the program's own, on connections of its
    /// own to the same file, by the settings of this value.
    #[must_use]
    pub fn outbox(&self) -> Outbox {
        Outbox::new(self.clock, Settings::clone(&self.settings))
    }

    pub(super) fn start(path: &Path, settings: Settings) -> Result<Self, Fault> {
        let (handle, clock) = Engine::start(path, settings.clone())?;
        Ok(Self {
            path: path.into(),
            settings: Arc::new(settings),
            handle,
            clock,
        })
    }

    async fn store(
        &self,
        queue: &QueueName,
        messages: Vec<Outgoing>,
    ) -> Result<Vec<Confirmed>, Fault> {
        self.handle.is_open()?;
        let queue = queue.clone();
        self.handle
            .write(move |ledger| ledger.publish(&queue, &messages))
            .await
    }

    /// Changes something, while it is open.
    async fn change<T: Send + 'static>(
        &self,
        run: impl FnMut(&Ledger<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, BackendError> {
        self.handle.is_open().map_err(Fault::into_backend)?;
        self.handle.write(run).await.map_err(Fault::into_backend)
    }

    /// Looks something up, while it is open.
    async fn look_up<T: Send + 'static>(
        &self,
        run: impl FnMut(&Ledger<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, BackendError> {
        self.handle.is_open().map_err(Fault::into_backend)?;
        self.handle.read(run).await.map_err(Fault::into_backend)
    }

    async fn join(&self, consumer: &Consumer) -> Result<SqliteSource, BackendError> {
        let asked = consumer.clone();
        let joined = self.change(move |ledger| {
            let joined = ledger.join(&asked.topology, &asked.group)?;
            if let Ok(group) = joined {
                ledger.tidy_consumers(group)?;
                ledger.heard_of(group, &asked.name)?;
            }
            Ok(joined)
        });
        joined.await??;
        let reader = Reader::new(consumer.clone());
        Ok(SqliteSource::new(self.handle.clone(), reader))
    }
}

impl Backend for Sqlite {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            max_bytes: Some(self.settings.max_bytes),
            ..Capabilities::all(self.settings.dedup_window)
        }
    }

    fn ensure<'a>(&'a self, topology: &'a Topology) -> Answer<'a, Result<(), BackendError>> {
        Box::pin(async move {
            let topology = topology.clone();
            let ensured = self.change(move |ledger| ledger.ensure(&topology));
            Ok(ensured.await??)
        })
    }

    fn publish<'a>(
        &'a self,
        queue: &'a QueueName,
        messages: &'a [Outgoing],
    ) -> Answer<'a, Vec<Result<Confirmed, PublishError>>> {
        Box::pin(async move {
            let limit = self.settings.max_bytes;
            let fits = |message: &&Outgoing| message.body.len() <= limit;
            let stored = messages.iter().filter(fits).cloned().collect::<Vec<_>>();
            let stored = self.store(queue, stored).await;
            let mut confirmed = stored.map(Vec::into_iter);
            let answer = |message| match &mut confirmed {
                _ if !fits(&message) => Err(Fault::TooLarge {
                    size: message.body.len(),
                    limit,
                }),
                Ok(confirmed) => confirmed.next().ok_or(Fault::Lost),
                Err(fault) => Err(fault.clone()),
            };
            let answers = messages.iter().map(answer);
            answers
                .map(|answer| answer.map_err(Fault::into_publish))
                .collect()
        })
    }

    fn consume<'a>(
        &'a self,
        consumer: &'a Consumer,
    ) -> Answer<'a, Result<Box<dyn Source>, BackendError>> {
        Box::pin(async move { Ok(Box::new(self.join(consumer).await?) as Box<dyn Source>) })
    }

    fn dead<'a>(&'a self, query: &'a DeadQuery) -> Answer<'a, Result<DeadPage, BackendError>> {
        Box::pin(async move {
            let query = query.clone();
            self.look_up(move |ledger| ledger.letters(&query)).await
        })
    }

    fn requeue<'a>(
        &'a self,
        selection: &'a DeadSelection,
    ) -> Answer<'a, Result<usize, BackendError>> {
        Box::pin(async move {
            let selection = selection.clone();
            self.change(move |ledger| ledger.requeue(&selection)).await
        })
    }

    fn purge<'a>(
        &'a self,
        selection: &'a DeadSelection,
    ) -> Answer<'a, Result<usize, BackendError>> {
        Box::pin(async move {
            let selection = selection.clone();
            self.change(move |ledger| ledger.purge(&selection)).await
        })
    }

    fn remove<'a>(
        &'a self,
        queue: &'a QueueName,
        group: &'a GroupName,
    ) -> Answer<'a, Result<bool, BackendError>> {
        Box::pin(async move {
            let (queue, group) = (queue.clone(), group.clone());
            self.change(move |ledger| ledger.remove(&queue, &group))
                .await
        })
    }

    fn status<'a>(
        &'a self,
        queue: &'a QueueName,
    ) -> Answer<'a, Result<Option<QueueStatus>, BackendError>> {
        Box::pin(async move {
            let queue = queue.clone();
            self.look_up(move |ledger| ledger.status(&queue)).await
        })
    }

    fn queues(&self) -> Answer<'_, Result<Vec<QueueName>, BackendError>> {
        Box::pin(async move { self.look_up(|ledger| Ok(ledger.queues()?)).await })
    }

    fn close(&self, within: Duration) -> Answer<'_, Result<(), BackendError>> {
        Box::pin(async move {
            let closed = timeout(within, self.handle.close()).await;
            closed.map_err(|elapsed| BackendError::Unavailable(elapsed.into()))
        })
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite")
            .field("path", &self.path)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
