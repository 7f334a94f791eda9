use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix::clock::Instant;

use crate::event::{EmissionId, IntoTopic};
use crate::outcome::{Receipt, Report};

use super::emitter::Emitter;
use super::message::Emit;

/// An event that is about to be emitted, with what it carries. Made by
/// [`Emitter::prepare`].
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ventix::{on_topic, Emitter, Linker, Strategy};
///
/// struct Order { id: u64 }
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on_topic::<Order>("orders.*").call(|order| println!("{}", order.id)))?;
/// let emitter = Emitter::start(&linker, Strategy::current());
///
/// let receipt = emitter
///     .prepare(Order { id: 1 })
///     .topic("orders.created")
///     .key("customer-7")
///     .header("tenant", "acme")
///     .expires_in(Duration::from_secs(30))
///     .emit();
/// assert_eq!(receipt.accepted(), 1);
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[must_use = "nothing is emitted until `emit` or `emit_and_wait` is called"]
pub struct Prepared<'a, E> {
    emitter: &'a Emitter,
    emit: Emit<E>,
}

impl<'a, E: Send + Sync + 'static> Prepared<'a, E> {
    pub(super) fn new(emitter: &'a Emitter, emit: Emit<E>) -> Self {
        Self { emitter, emit }
    }

    /// Puts the event on a topic: it is for the subscribers of the topic, of
    /// matching patterns and of everything, and not for those of its type.
    ///
    /// Text that is no topic refuses the emission with
    /// [`Reason::InvalidTopic`](crate::Reason::InvalidTopic).
    pub fn topic(mut self, topic: impl IntoTopic) -> Self {
        self.emit.topic = topic.into_topic().map(Some);
        self
    }

    /// Sets the key: emissions of one key belong together.
    pub fn key(mut self, key: impl Into<Arc<str>>) -> Self {
        self.emit.attributes().key = Some(key.into());
        self
    }

    /// Sets the id that all emissions of one piece of work share. By default
    /// that of the cause, or else the emission's own.
    pub fn correlation(mut self, id: EmissionId) -> Self {
        self.emit.attributes().correlation = Some(id);
        self
    }

    /// Sets when the work is not wanted any more. A delivery that has not
    /// started by then is refused with [`Reason::Expired`](crate::Reason::Expired).
    /// By default that of the cause, which it can only bring forward.
    pub fn deadline(mut self, deadline: Instant) -> Self {
        self.emit.attributes().deadline = Some(deadline);
        self
    }

    /// Sets the deadline to a time from now.
    pub fn expires_in(self, time: Duration) -> Self {
        self.deadline(Instant::now() + time)
    }

    /// Adds a free-form header, or replaces the one of that name.
    pub fn header(mut self, name: impl Into<Box<str>>, value: impl Into<Box<str>>) -> Self {
        self.emit.attributes().headers.set(name, value);
        self
    }

    /// Emits it. See [`Emitter::emit`].
    pub fn emit(self) -> Receipt {
        self.emitter.launch(self.emit)
    }

    /// Emits it and waits for every outcome. See [`Emitter::emit_and_wait`].
    ///
    /// # Cancel safety
    ///
    /// As for [`Emitter::emit_and_wait`].
    pub async fn emit_and_wait(self) -> Report {
        self.emitter.launch_and_wait(self.emit).await
    }

    /// Makes it a message for [`Emitter::addr`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on_topic, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on_topic::<u8>("bytes").call(|_| ()))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// let message = emitter.prepare(1_u8).topic("bytes").into_message();
    /// assert_eq!(emitter.addr().send(message).await?.accepted(), 1);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn into_message(self) -> Emit<E> {
        let cause = self.emitter.cause();
        self.emit.caused_by(cause)
    }
}

impl<E> fmt::Debug for Prepared<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Prepared").field(&self.emit).finish()
    }
}
