use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::Stream;
use futures::stream::FusedStream;

use crate::event::SubscriptionId;
use crate::registry::Counts;

use super::channel::Channel;
use super::deliveries::Deliveries;
use super::received::Received;

/// A stream of deliveries, made by [`Linker::stream`](crate::Linker::stream) or
/// [`On::stream`](crate::On::stream). See the [module's page](crate::handler::stream).
///
/// # Cancel safety
///
/// `next()` is cancel safe: when its future is dropped before it has resolved,
/// nothing was taken from the stream. So it may be a branch of `select!`.
///
/// # Examples
///
/// ```
/// use futures::StreamExt;
/// use ventix::{Emitter, Linker, Received, Strategy};
///
/// struct OrderPlaced { id: u64 }
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// let mut orders = linker.stream::<OrderPlaced>(64)?;
///
/// let emitter = Emitter::start(&linker, Strategy::current());
/// let asking = emitter.emit_and_wait(OrderPlaced { id: 7 });
/// let answering = async {
///     if let Some(Received::Delivery(order)) = orders.next().await {
///         let id = order.id;
///         order.reply(id);
///     }
/// };
/// let (report, ()) = futures::join!(asking, answering);
/// assert_eq!(report.replies::<u64>().next(), Some(&7));
///
/// drop(orders);
/// assert!(linker.is_empty());
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[must_use = "dropping the stream ends its subscription"]
pub struct EventStream<E: ?Sized + 'static> {
    channel: Arc<Channel<E>>,
}

impl<E: ?Sized + 'static> EventStream<E> {
    pub(crate) fn new(channel: Arc<Channel<E>>) -> Self {
        Self { channel }
    }

    /// Returns the id of its subscription, once it is subscribed.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::StreamExt;
    /// use ventix::{on, Linker};
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let mut numbers = linker.stream::<u8>(8)?;
    /// let id = numbers.id().ok_or("`stream` subscribes")?;
    /// assert!(linker.unsubscribe(id));
    /// assert!(numbers.next().await.is_none());
    ///
    /// let (_spec, numbers) = on::<u8>().stream(8);
    /// assert_eq!(numbers.id(), None);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn id(&self) -> Option<SubscriptionId> {
        let subscribed = self.channel.subscribed()?;
        Some(subscribed.handler.subscription())
    }

    /// Returns what has become of the deliveries of its subscription.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::{Emitter, Linker, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let numbers = linker.stream::<u8>(1)?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// emitter.emit(1_u8);
    /// emitter.emit(2_u8);
    /// let counts = numbers.counts();
    /// assert_eq!((counts.matched, counts.dropped, counts.in_flight()), (2, 1, 1));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn counts(&self) -> Counts {
        let subscribed = self.channel.subscribed();
        subscribed.map_or_else(Counts::default, |s| s.tally.counts())
    }

    /// Returns how many deliveries wait to be taken: at most its capacity.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::{Emitter, Linker, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let numbers = linker.stream::<u8>(8)?;
    /// Emitter::start(&linker, Strategy::inline()).emit(1_u8);
    /// assert_eq!(numbers.waiting(), 1);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.channel.len()
    }

    /// Returns a stream of the deliveries only, which counts those that were dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::StreamExt;
    /// use ventix::{Emitter, Linker, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let mut numbers = linker.stream::<u8>(2)?.deliveries();
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// for n in 1..=5_u8 {
    ///     emitter.emit(n);
    /// }
    /// assert_eq!(numbers.next().await.as_deref(), Some(&4));
    /// assert_eq!(numbers.lagged(), 3);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn deliveries(self) -> Deliveries<E> {
        Deliveries::new(self)
    }
}

impl<E: ?Sized + 'static> Stream for EventStream<E> {
    type Item = Received<E>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Received<E>>> {
        self.channel.poll_next(cx)
    }
}

impl<E: ?Sized + 'static> FusedStream for EventStream<E> {
    fn is_terminated(&self) -> bool {
        self.channel.is_closed()
    }
}

impl<E: ?Sized + 'static> Drop for EventStream<E> {
    fn drop(&mut self) {
        self.channel.close();
    }
}

impl<E: ?Sized + 'static> fmt::Debug for EventStream<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream")
            .field("subscription", &self.id())
            .field("capacity", &self.channel.capacity())
            .field("waiting", &self.waiting())
            .finish_non_exhaustive()
    }
}
