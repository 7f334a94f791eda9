use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::Stream;
use futures::stream::FusedStream;

use crate::delivery::Delivery;

use super::event_stream::EventStream;
use super::received::Received;

/// A stream of deliveries, without the places where some were dropped: made by
/// [`EventStream::deliveries`].
///
/// # Examples
///
/// ```
/// use futures::StreamExt;
/// use ventix::{Emitter, Linker, Strategy};
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// let lines = linker.stream::<&str>(16)?.deliveries();
/// let emitter = Emitter::start(&linker, Strategy::inline());
/// for line in ["one", "two"] {
///     emitter.emit(line);
/// }
/// linker.stop();
/// assert_eq!(lines.map(|line| line.len()).collect::<Vec<_>>().await, [3, 3]);
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
#[must_use = "dropping the stream ends its subscription"]
pub struct Deliveries<E: ?Sized + 'static> {
    stream: EventStream<E>,
    lagged: u64,
}

impl<E: ?Sized + 'static> Deliveries<E> {
    pub(super) fn new(stream: EventStream<E>) -> Self {
        Self { stream, lagged: 0 }
    }

    /// Returns how many deliveries were dropped before the last one that was taken.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::Linker;
    /// # actix::System::new().block_on(async {
    /// assert_eq!(Linker::start().stream::<u8>(8)?.deliveries().lagged(), 0);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn lagged(&self) -> u64 {
        self.lagged
    }
}

impl<E: ?Sized + 'static> Stream for Deliveries<E> {
    type Item = Delivery<E>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Delivery<E>>> {
        loop {
            match ready!(Pin::new(&mut self.stream).poll_next(cx)) {
                Some(Received::Delivery(delivery)) => return Poll::Ready(Some(delivery)),
                Some(Received::Lagged(missed)) => self.lagged += missed,
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<E: ?Sized + 'static> FusedStream for Deliveries<E> {
    fn is_terminated(&self) -> bool {
        self.stream.is_terminated()
    }
}
