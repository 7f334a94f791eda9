use std::num::NonZeroU16;
use std::sync::Arc;

use super::backend::Backend;
use super::catalogue::Catalogue;
use super::error::RemoteError;
use super::port::{Port, PortSettings};
use super::relay::Relay;
use super::remote::{Remote, Shared};
use super::seal::Seal;
use super::site::IoSite;
use super::topology::{GroupName, QueueName, Topology};
use super::wire::Codec;

/// The most bytes of an envelope, if nothing is said: 1 MiB, which every engine takes.
const MAX_BYTES: usize = 1 << 20;

/// The settings of a [`Remote`].
///
/// # Examples
///
/// ```
/// use std::num::NonZeroU16;
/// use ventix::remote::{Memory, Remote};
///
/// # actix::System::new().block_on(async {
/// let remote = Remote::builder(Memory::new())
///     .queue("shop")
///     .group("billing")
///     .group("mail")
///     .ordered(NonZeroU16::new(16).unwrap())
///     .max_bytes(64 * 1024)
///     .start()?;
/// assert_eq!(remote.queue().as_str(), "shop");
/// # Ok::<(), ventix::remote::RemoteError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing starts before `start`"]
pub struct RemoteBuilder {
    backend: Arc<dyn Backend>,
    queue: String,
    groups: Vec<String>,
    partitions: Option<NonZeroU16>,
    source: String,
    codec: Codec,
    max_bytes: usize,
    pub(super) seal: Seal,
}

impl RemoteBuilder {
    pub(super) fn new(backend: Arc<dyn Backend>) -> Self {
        Self {
            backend,
            queue: "events".into(),
            groups: Vec::new(),
            partitions: None,
            source: "ventix".into(),
            codec: Codec::default(),
            max_bytes: MAX_BYTES,
            seal: Seal::default(),
        }
    }

    /// Names the queue: `events`, if nothing is said.
    pub fn queue(mut self, name: impl Into<String>) -> Self {
        self.queue = name.into();
        self
    }

    /// Names a group of workers, so that it is there before the first emission: what is
    /// emitted before a group is there does not reach it. Where there is no group at all,
    /// emissions wait for the first.
    pub fn group(mut self, name: impl Into<String>) -> Self {
        self.groups.push(name.into());
        self
    }

    /// Keeps emissions with the same key in order: see [`Topology::ordered`].
    pub fn ordered(mut self, partitions: NonZeroU16) -> Self {
        self.partitions = Some(partitions);
        self
    }

    /// Says who emits, a URI reference: `ventix`, if nothing is said. It is the `source` of
    /// the envelopes.
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = source.into();
        self
    }

    /// Sets how envelopes are written: [`Codec::Json`], if nothing is said.
    pub fn codec(mut self, codec: Codec) -> Self {
        self.codec = codec;
        self
    }

    /// Sets how many bytes an envelope may take: 1 MiB, if nothing is said. A larger one is
    /// refused when it is emitted, with [`Reason::TooLarge`](crate::Reason::TooLarge), and is a
    /// dead letter where a worker finds it.
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Starts it.
    ///
    /// # Errors
    ///
    /// Outside a `System`, and if a name is none.
    pub fn start(self) -> Result<Remote, RemoteError> {
        let mut topology = Topology::new(QueueName::new(&self.queue)?);
        for group in &self.groups {
            topology = topology.group(GroupName::new(group)?);
        }
        if let Some(partitions) = self.partitions {
            topology = topology.ordered(partitions);
        }
        let site = Arc::new(IoSite::start()?);
        let catalogue = Arc::new(Catalogue::default());
        let settings = PortSettings {
            catalogue: catalogue.clone(),
            codec: self.codec,
            seal: self.seal.clone(),
            source: self.source,
            max_bytes: self.max_bytes.min(largest(&*self.backend)),
        };
        let (relay, outbox, counts) = Relay::pair(self.backend.clone(), topology.clone());
        let running = site.clone();
        site.arbiter().spawn(async move {
            relay.run().await;
            drop(running);
        });
        Ok(Remote {
            shared: Arc::new(Shared {
                backend: self.backend,
                topology,
                catalogue,
                codec: self.codec,
                seal: self.seal,
                max_bytes: self.max_bytes,
                port: Arc::new(Port::new(settings, outbox, counts)),
                site,
            }),
        })
    }
}

/// What the engine takes at most.
fn largest(backend: &dyn Backend) -> usize {
    backend.capabilities().max_bytes.unwrap_or(usize::MAX)
}
