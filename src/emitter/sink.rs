use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::Sink;
use futures::future::BoxFuture;

use crate::event::{IntoTopic, Topic, TopicError};
use crate::outcome::Receipt;

use super::emitter::Emitter;
use super::error::EmitError;
use super::forwarded::Forwarded;
use super::message::Emit;

/// An emitter as a [`Sink`] of events, made by [`Emitter::sink`].
///
/// It takes one event at a time. The next one has to wait until that has been
/// accepted or refused, and it waits for room as
/// [`emit_when_ready`](Emitter::emit_when_ready) does. What its deliveries do is not
/// waited for, neither by a flush nor by a close.
///
/// An event that was refused as a whole is an [`EmitError`], of the `poll_ready`,
/// `poll_flush` or `poll_close` after its `start_send`; the sink can be used
/// further, unless the emitter has stopped. That some subscriptions, or all that
/// matched, turned it away is no error: it is a dead letter for each of them, and in
/// the [`counts`](Self::counts).
///
/// # Cancel safety
///
/// Nothing is lost when a future that waits for readiness or for a flush is dropped,
/// as long as the sink is polled further. Dropping the sink drops the event that
/// waits for room in it, and that one is not emitted: so flush, or close, it before.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use futures::{SinkExt, StreamExt, stream};
/// use ventix::{on, Emitter, Linker, Overflow, Strategy};
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<u8>().call(|n| println!("{}", **n)))?;
/// let wait = Overflow::Wait(Duration::from_secs(60));
/// let emitter = Emitter::start(&linker, Strategy::current().bounded(2, wait));
/// let mut sink = emitter.sink::<u8>();
/// sink.send(1).await?;
/// stream::iter([2, 3, 4]).map(Ok).forward(&mut sink).await?;
/// assert_eq!(sink.counts().accepted(), 4);
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
#[must_use = "a sink does nothing unless it is polled"]
pub struct EmitterSink<E> {
    emitter: Emitter,
    topic: Result<Option<Topic>, TopicError>,
    /// The event that is being emitted.
    emitting: Option<BoxFuture<'static, Receipt>>,
    counts: Forwarded,
    event: PhantomData<fn(E)>,
}

impl Emitter {
    /// Returns a sink that emits events of one type.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::SinkExt;
    /// use ventix::{on, Emitter, Linker, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<String>().call(|line| println!("{}", **line)))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// let mut lines = emitter.sink::<String>();
    /// lines.send(String::from("hello")).await?;
    /// assert!(lines.counts().is_complete());
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn sink<E: Send + Sync + 'static>(&self) -> EmitterSink<E> {
        EmitterSink {
            emitter: self.clone(),
            topic: Ok(None),
            emitting: None,
            counts: Forwarded::default(),
            event: PhantomData,
        }
    }
}

impl<E> EmitterSink<E> {
    /// Emits on a topic what is sent from now on, and no longer by its type.
    ///
    /// A text that is none is the error of every event: it is refused.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::SinkExt;
    /// use ventix::{on_topic, Emitter, Linker, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on_topic::<u32>("readings.*").call(|n| println!("{}", **n)))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// let mut indoor = emitter.sink::<u32>().topic("readings.indoor");
    /// indoor.send(21).await?;
    /// assert_eq!(indoor.counts().accepted(), 1);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn topic(mut self, topic: impl IntoTopic) -> Self {
        self.topic = topic.into_topic().map(Some);
        self
    }

    /// Returns what has become of the events that were sent so far. The last one counts
    /// when it has been flushed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use futures::SinkExt;
    /// # use ventix::{Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let mut sink = Emitter::start(&Linker::start(), Strategy::inline()).sink::<u8>();
    /// sink.feed(1).await?;
    /// assert_eq!(sink.counts().emitted(), 0);
    /// sink.flush().await?;
    /// assert_eq!((sink.counts().emitted(), sink.counts().unheard()), (1, 1));
    /// # Ok::<(), ventix::EmitError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn counts(&self) -> &Forwarded {
        &self.counts
    }

    fn poll_emitted(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), EmitError>> {
        let Some(emitting) = &mut self.emitting else {
            return Poll::Ready(Ok(()));
        };
        let receipt = ready!(emitting.as_mut().poll(cx));
        self.emitting = None;
        Poll::Ready(self.counts.add(&receipt))
    }
}

impl<E: Send + Sync + 'static> Sink<E> for EmitterSink<E> {
    type Error = EmitError;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), EmitError>> {
        self.poll_emitted(cx)
    }

    /// # Panics
    ///
    /// When the sink is not ready: it has not been asked since the last event.
    #[track_caller]
    fn start_send(mut self: Pin<&mut Self>, event: E) -> Result<(), EmitError> {
        assert!(
            self.emitting.is_none(),
            "`start_send` before `poll_ready` has said that the sink is ready"
        );
        let emitter = self.emitter.clone();
        let mut emit = Emit(event);
        emit.topic = self.topic.clone();
        self.emitting = Some(Box::pin(
            async move { emitter.launch_when_ready(emit).await },
        ));
        Ok(())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), EmitError>> {
        self.poll_emitted(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), EmitError>> {
        self.poll_emitted(cx)
    }
}

impl<E> fmt::Debug for EmitterSink<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmitterSink")
            .field("event", &std::any::type_name::<E>())
            .field("topic", &self.topic)
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}
