use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::emitter::Strategy;

use super::backend::Backend;
use super::builder::RemoteBuilder;
use super::catalogue::Catalogue;
use super::error::{BackendError, RegisterError, RemoteError};
use super::port::Port;
use super::relay::RelayStats;
use super::seal::Seal;
use super::site::IoSite;
use super::topology::{QueueName, Topology};
use super::wire::Codec;

/// A queue of an engine, with the names of the events that go through it: what the
/// [emitting side](crate::Strategy::remote) and the [workers](super::Worker) have in common.
///
/// Cheap to clone; every clone is the same. It has an arbiter of its own, on which all that it
/// says to the engine is said: no handler of yours runs there, so none costs the connection.
/// When the last handle has gone, what was put on its way is still published, as long as the
/// `System` runs.
///
/// # Examples
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use ventix::remote::{Memory, Remote, Worker};
/// use ventix::{Emitter, Linker, Strategy, on};
///
/// #[derive(Serialize, Deserialize)]
/// struct OrderPlaced { id: u64 }
///
/// # actix::System::new().block_on(async {
/// let remote = Remote::start(Memory::new())?;
/// remote.register::<OrderPlaced>("shop.order-placed", 1)?;
///
/// let linker = Linker::start();
/// let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
/// linker.subscribe(on::<OrderPlaced>().call(move |order| tell.send(order.id)))?;
/// let worker = Worker::builder(&remote, &linker).group("billing").start()?;
/// worker.ready().await;
///
/// let emitter = Emitter::start(&Linker::start(), Strategy::remote(&remote));
/// assert!(emitter.emit(OrderPlaced { id: 7 }).is_queued());
/// assert_eq!(told.recv().await, Some(7));
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Remote {
    pub(super) shared: Arc<Shared>,
}

/// What the handles of a remote share with its relay and its workers.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) backend: Arc<dyn Backend>,
    pub(super) topology: Topology,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) codec: Codec,
    pub(super) seal: Seal,
    pub(super) max_bytes: usize,
    pub(super) port: Arc<Port>,
    pub(super) site: Arc<IoSite>,
}

impl Remote {
    /// Starts one with the default settings: the queue `events`, JSON, 1 MiB an envelope.
    ///
    /// # Errors
    ///
    /// Outside a `System`: it needs an arbiter.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::remote::{Memory, Remote};
    ///
    /// # actix::System::new().block_on(async {
    /// let remote = Remote::start(Memory::new())?;
    /// assert_eq!(remote.queue().as_str(), "events");
    /// # Ok::<(), ventix::remote::RemoteError>(())
    /// # }).unwrap();
    /// ```
    pub fn start(backend: impl Backend) -> Result<Self, RemoteError> {
        Self::builder(backend).start()
    }

    /// Returns a builder: queue, groups, order, codec, limits.
    pub fn builder(backend: impl Backend) -> RemoteBuilder {
        RemoteBuilder::new(Arc::new(backend))
    }

    /// Gives an event the name and version by which it crosses the wire. Only what has a name
    /// does: neither side knows the other's types.
    ///
    /// The same once more changes nothing. A version is raised when what is emitted can no
    /// longer be read by the handlers that are out there; what is on its way in another version
    /// is then a dead letter, with the code `unknown_version`.
    ///
    /// # Errors
    ///
    /// If the event has another name or version, if the name is another event's, or if it is
    /// no name: 1 to 100 letters, digits, `.`, `-` and `_`.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::remote::{Memory, Remote, RegisterError};
    ///
    /// # actix::System::new().block_on(async {
    /// let remote = Remote::start(Memory::new())?;
    /// remote.register::<u32>("meter.reading", 1)?;
    /// remote.register::<u32>("meter.reading", 1)?;
    /// let error = remote.register::<u64>("meter.reading", 2).unwrap_err();
    /// assert_eq!(error.to_string(), "\"meter.reading\" is the name of u32");
    /// let error = remote.register::<u32>("meter.level", 1).unwrap_err();
    /// assert!(matches!(error, RegisterError::EventTaken { .. }));
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn register<E>(&self, name: impl AsRef<str>, version: u32) -> Result<(), RegisterError>
    where
        E: Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        self.shared.catalogue.register::<E>(name.as_ref(), version)
    }

    /// Makes sure that the queue and its groups are there, before anything is emitted.
    ///
    /// Emitters and workers do so by themselves, as soon as the engine answers.
    ///
    /// # Errors
    ///
    /// What the backend says.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it changes nothing that is there.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::remote::{Memory, Remote};
    ///
    /// # actix::System::new().block_on(async {
    /// let remote = Remote::builder(Memory::new()).group("billing").start()?;
    /// remote.ensure().await?;
    /// let status = remote.backend().status(remote.queue()).await?;
    /// assert_eq!(status.unwrap().groups.len(), 1);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub async fn ensure(&self) -> Result<(), BackendError> {
        self.shared.backend.ensure(&self.shared.topology).await
    }

    /// Returns the backend: for dead letters, and for what waits.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::remote::{Memory, Remote};
    ///
    /// # actix::System::new().block_on(async {
    /// let remote = Remote::start(Memory::new())?;
    /// assert!(!remote.backend().capabilities().persistent);
    /// # Ok::<(), ventix::remote::RemoteError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn backend(&self) -> &dyn Backend {
        &*self.shared.backend
    }

    /// Returns the queue's name.
    #[must_use]
    pub fn queue(&self) -> &QueueName {
        self.shared.topology.queue()
    }

    /// Returns what has become of what went out.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::remote::{Memory, Remote};
    /// use ventix::{Emitter, Linker, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let remote = Remote::start(Memory::new())?;
    /// remote.register::<u32>("meter.reading", 1)?;
    /// let emitter = Emitter::start(&Linker::start(), Strategy::remote(&remote));
    /// let _ = emitter.emit_and_wait(1_u32).await;
    /// assert_eq!(remote.stats().confirmed, 1);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn stats(&self) -> RelayStats {
        self.shared.port.stats()
    }
}

impl Strategy {
    /// Carries emissions to the [workers](super::Worker) of a queue, which run the same
    /// handlers, in this program or another: at least once.
    ///
    /// The linker's own subscriptions do not run. `emit` encodes the event and queues it, 1,024
    /// at most ([`bounded`](Strategy::bounded)), and its receipt says so
    /// ([`is_queued`](crate::Receipt::is_queued)), or why not: the event is not
    /// [registered](Remote::register), cannot be encoded, is too large. `emit_and_wait` waits
    /// until the backend has [confirmed](crate::Receipt::is_confirmed) it, and not for its
    /// handlers. The engine is written to in batches, on an arbiter of the remote's own: what
    /// cannot be published is tried again, with the same id, until it is, or its deadline has
    /// passed; a lost connection never holds up who emits. What the engine will never take is a
    /// [dead letter](crate::DeadLetter) here; one that is requeued goes to the linker's own
    /// subscriptions.
    ///
    /// [`in_order`](Strategy::in_order) and overflow policies that take back do not fit it. With
    /// [`Overflow::Wait`](crate::Overflow::Wait) `emit_and_wait`,
    /// [`emit_when_ready`](crate::Emitter::emit_when_ready) and
    /// [`forward`](crate::Emitter::forward) wait for room.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::remote::{Memory, Remote};
    /// use ventix::{Emitter, Linker, Reason, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let remote = Remote::start(Memory::new())?;
    /// remote.register::<String>("audit.line", 1)?;
    /// let emitter = Emitter::start(&Linker::start(), Strategy::remote(&remote));
    /// assert!(emitter.emit(String::from("hello")).is_queued());
    /// assert!(matches!(emitter.emit(7_u8).refusal(), Some(Reason::Unregistered { .. })));
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn remote(remote: &Remote) -> Self {
        Self::outward(remote.shared.port.clone())
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote")
            .field("queue", &self.queue())
            .field("backend", &self.shared.backend)
            .finish_non_exhaustive()
    }
}
