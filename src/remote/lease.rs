use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::backend::Answer;
use super::dead::DeadReason;
use super::error::SettleError;

/// A message that is leased to one consumer for a time, to be settled by value: settling it
/// twice does not compile.
///
/// Dropped unsettled, it is never acknowledged: it is given back, or handed out again when
/// its lease has run out.
pub struct Lease {
    body: Arc<[u8]>,
    deliveries: Option<u32>,
    duration: Duration,
    settle: Box<dyn Settle>,
}

/// How an engine settles one leased message. Dropping it gives the message back, at the
/// latest when the lease runs out.
pub trait Settle: Send {
    /// The message is done with: it is handed out no more.
    fn ack(self: Box<Self>) -> Answer<'static, Result<Settled, SettleError>>;

    /// The message is to be handed out again, not before the delay is over; with other bytes,
    /// if there are some. In one step: it is never lost, and never there twice.
    fn retry(
        self: Box<Self>,
        after: Duration,
        body: Option<Arc<[u8]>>,
    ) -> Answer<'static, Result<Settled, SettleError>>;

    /// The message goes to the dead letters of its group; with other bytes, if there are some.
    fn dead(
        self: Box<Self>,
        reason: DeadReason,
        body: Option<Arc<[u8]>>,
    ) -> Answer<'static, Result<Settled, SettleError>>;

    /// The message is given back at once; this delivery does not count, where the engine
    /// [can do that](super::Capabilities::release_uncounted).
    fn release(self: Box<Self>) -> Answer<'static, Result<Settled, SettleError>>;

    /// The lease begins anew.
    fn extend(&mut self) -> Answer<'_, Result<Settled, SettleError>>;
}

/// Whether it was this consumer's to settle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It is settled.
    Done,
    /// The lease had run out, and somebody else has the message, or has settled it. Nothing
    /// was changed.
    LeaseLost,
}

impl Lease {
    /// Makes the lease of a message. For backends.
    #[must_use]
    pub fn new(
        body: Arc<[u8]>,
        deliveries: Option<u32>,
        duration: Duration,
        settle: Box<dyn Settle>,
    ) -> Self {
        Self {
            body,
            deliveries,
            duration,
            settle,
        }
    }

    /// Returns what was published, or what a retry has put in its place.
    #[must_use]
    pub fn body(&self) -> &Arc<[u8]> {
        &self.body
    }

    /// Returns how often it was handed out since it was published, retried or requeued, this
    /// time included; `None` if the engine does not count.
    #[must_use]
    pub fn deliveries(&self) -> Option<u32> {
        self.deliveries
    }

    /// Returns how long the lease is, from when it was handed out or extended.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.duration
    }

    /// Acknowledges it: see [`Settle::ack`].
    ///
    /// # Errors
    ///
    /// If the engine does not answer; then it may be handed out again.
    pub async fn ack(self) -> Result<Settled, SettleError> {
        self.settle.ack().await
    }

    /// Has it handed out again later: see [`Settle::retry`].
    ///
    /// # Errors
    ///
    /// If the engine does not answer; then it is handed out again as it was.
    pub async fn retry(
        self,
        after: Duration,
        body: Option<Arc<[u8]>>,
    ) -> Result<Settled, SettleError> {
        self.settle.retry(after, body).await
    }

    /// Moves it to the dead letters: see [`Settle::dead`].
    ///
    /// # Errors
    ///
    /// If the engine does not answer; then it is handed out again.
    pub async fn dead(
        self,
        reason: DeadReason,
        body: Option<Arc<[u8]>>,
    ) -> Result<Settled, SettleError> {
        self.settle.dead(reason, body).await
    }

    /// Gives it back: see [`Settle::release`].
    ///
    /// # Errors
    ///
    /// If the engine does not answer; then it is handed out again when the lease runs out.
    pub async fn release(self) -> Result<Settled, SettleError> {
        self.settle.release().await
    }

    /// Lets the lease begin anew: see [`Settle::extend`].
    ///
    /// # Errors
    ///
    /// If the engine does not answer; then the lease runs on.
    pub async fn extend(&mut self) -> Result<Settled, SettleError> {
        self.settle.extend().await
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("bytes", &self.body.len())
            .field("deliveries", &self.deliveries)
            .field("duration", &self.duration)
            .finish_non_exhaustive()
    }
}
