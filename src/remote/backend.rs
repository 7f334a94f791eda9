use std::fmt;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::time::Duration;

use super::capabilities::Capabilities;
use super::dead::{DeadPage, DeadQuery, DeadSelection};
use super::error::{BackendError, ConsumeError, PublishError};
use super::lease::Lease;
use super::outgoing::{Confirmed, Outgoing};
use super::status::QueueStatus;
use super::topology::{Consumer, GroupName, QueueName, Topology};

/// What a [`Backend`] answers with: a boxed future, so that backends are values.
///
/// One allocation beside a round trip to an engine is noise.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An engine that carries emissions between processes.
///
/// One rule divides the work: **the engine moves bytes and leases; the bus owns attempts,
/// back-off, dead-letter decisions, codec and dispatch.** A backend knows nothing of events,
/// handlers or envelopes: what it carries is bytes with an id, and perhaps a key and a delay.
///
/// # What a backend owes
///
/// - **A queue has groups, and each group gets everything** that is published after the group
///   was [ensured](Self::ensure). Consumers of one group compete: each message is leased to one
///   of them at a time. What is published while a queue has no group at all waits for the first.
/// - **A confirmed message is handed out until it is settled**, whatever crashes: a lease that
///   runs out makes it available again, with one more [delivery](Lease::deliveries) counted.
/// - **Settling is by owner.** Whoever has lost its lease is told
///   [`Settled::LeaseLost`](super::Settled::LeaseLost), and changes nothing.
/// - **Publishing one id twice** within the [window](Capabilities::dedup_window) stores one
///   message, and answers as if it were new.
/// - **It reconnects by itself.** After an outage the next call works, or the one after that.
/// - **Credentials** appear in no error, no log line and no `Debug`.
///
/// The suite in `testing` (feature `testing`) holds a backend to all of this, except for what
/// its [`Capabilities`] exclude.
///
/// # Cancel safety
///
/// Dropping the future of any method leaves the backend usable. A dropped `publish` may or may
/// not have published. What a dropped [`Source::next`] had leased is handed out again.
pub trait Backend: fmt::Debug + Send + Sync + 'static {
    /// Says what this engine can and cannot do: what the conformance suite may skip.
    fn capabilities(&self) -> Capabilities;

    /// Makes sure that the queue and its groups are there, as described. Idempotent: what is
    /// there already stays, with all that waits in it; groups that are not named stay too.
    ///
    /// # Errors
    ///
    /// [`BackendError::Mismatch`] if the queue is there with another number of partitions;
    /// [`BackendError::Unavailable`] if the engine does not answer.
    fn ensure<'a>(&'a self, topology: &'a Topology) -> Answer<'a, Result<(), BackendError>>;

    /// Publishes messages, and answers for each of them, in their order: confirmed, or not
    /// and why. Confirmed means as durable as the engine is configured to be.
    ///
    /// Messages of one call keep their order, and calls made one after the other do; see
    /// [`Capabilities::key_order`] for what that is worth to consumers.
    fn publish<'a>(
        &'a self,
        queue: &'a QueueName,
        messages: &'a [Outgoing],
    ) -> Answer<'a, Vec<Result<Confirmed, PublishError>>>;

    /// Starts to read as one consumer of a group, which is ensured if it is not there.
    ///
    /// # Errors
    ///
    /// [`BackendError::Unavailable`] if the engine does not answer.
    fn consume<'a>(
        &'a self,
        consumer: &'a Consumer,
    ) -> Answer<'a, Result<Box<dyn Source>, BackendError>>;

    /// Lists dead letters, the oldest first.
    ///
    /// # Errors
    ///
    /// [`BackendError::Unavailable`] if the engine does not answer.
    fn dead<'a>(&'a self, query: &'a DeadQuery) -> Answer<'a, Result<DeadPage, BackendError>>;

    /// Gives dead letters back to their group, with the given bytes or else their own, and
    /// with no delivery counted; returns how many.
    ///
    /// # Errors
    ///
    /// [`BackendError::Unavailable`] if the engine does not answer.
    fn requeue<'a>(
        &'a self,
        selection: &'a DeadSelection,
    ) -> Answer<'a, Result<usize, BackendError>>;

    /// Deletes dead letters for good; returns how many.
    ///
    /// # Errors
    ///
    /// [`BackendError::Unavailable`] if the engine does not answer.
    fn purge<'a>(&'a self, selection: &'a DeadSelection)
    -> Answer<'a, Result<usize, BackendError>>;

    /// Removes a group with all that waits in it, and its dead letters; returns whether it was
    /// there. What nobody reads any more grows for ever otherwise: each group gets everything.
    ///
    /// # Errors
    ///
    /// [`BackendError::Unavailable`] if the engine does not answer.
    fn remove<'a>(
        &'a self,
        queue: &'a QueueName,
        group: &'a GroupName,
    ) -> Answer<'a, Result<bool, BackendError>>;

    /// Says what waits, what is in flight and who consumes. `None` if there is no such queue.
    ///
    /// # Errors
    ///
    /// [`BackendError::Unavailable`] if the engine does not answer.
    fn status<'a>(
        &'a self,
        queue: &'a QueueName,
    ) -> Answer<'a, Result<Option<QueueStatus>, BackendError>>;

    /// Lists the queues.
    ///
    /// # Errors
    ///
    /// [`BackendError::Unavailable`] if the engine does not answer.
    fn queues(&self) -> Answer<'_, Result<Vec<QueueName>, BackendError>>;

    /// Lets what is being published be confirmed, and disconnects, within a time. Sources
    /// get nothing new; leases that are out can still be settled while the engine is there.
    ///
    /// # Errors
    ///
    /// [`BackendError::Unavailable`] if the time did not suffice.
    fn close(&self, within: Duration) -> Answer<'_, Result<(), BackendError>>;
}

/// One consumer's view of its group.
pub trait Source: Send {
    /// Waits for messages, and leases `free` of them at most, at least one. Reconnects inside.
    ///
    /// Expired leases of others are handed out again here, and what was delayed when it is
    /// due.
    ///
    /// # Errors
    ///
    /// [`ConsumeError::Stopped`] after [`stop`](Self::stop); [`ConsumeError::Unavailable`] if
    /// the engine cannot be reached just now: ask again, a little later.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: what was leased by a call that was dropped is handed out by the next one,
    /// or when the lease has run out.
    fn next<'a>(&'a mut self, free: NonZeroUsize) -> Answer<'a, Result<Vec<Lease>, ConsumeError>>;

    /// Leases nothing more. What is out can still be settled.
    fn stop(&mut self);
}
