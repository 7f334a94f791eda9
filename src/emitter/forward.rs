use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use futures::{Stream, StreamExt};

use crate::handler::PER_TURN;

use super::emitter::Emitter;
use super::forwarded::Forwarded;

impl Emitter {
    /// Emits every item of a stream by its type, and waits for room as
    /// [`emit_when_ready`](Self::emit_when_ready) does. Resolves when the stream has
    /// ended, or when the emitter takes nothing any more.
    ///
    /// The stream is asked for the next item when the one before has been accepted or
    /// refused, so with [`Overflow::Wait`](crate::Overflow::Wait) it is as slow as what
    /// it is emitted to. Without, nothing waits, and what finds no room is refused. Every
    /// 61 items others on the thread have their turn. By `&mut`, the stream is the
    /// caller's to go on with.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, what was accepted goes on. The one item that waits
    /// for room, if any, is lost: it was taken from the stream and is not emitted.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use futures::stream;
    /// use ventix::{on, Emitter, Linker, Overflow, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u32>().call(|n| println!("{}", **n)))?;
    /// let wait = Overflow::Wait(Duration::from_secs(60));
    /// let emitter = Emitter::start(&linker, Strategy::current().bounded(8, wait));
    /// let forwarded = emitter.forward(stream::iter(0..100_u32)).await;
    /// assert_eq!(forwarded.emitted(), 100);
    /// assert!(forwarded.is_complete());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub async fn forward<S>(&self, events: S) -> Forwarded
    where
        S: Stream<Item: Send + Sync + 'static>,
    {
        let mut events = pin!(events);
        let mut forwarded = Forwarded::default();
        let mut in_turn = 0;
        while let Some(event) = events.next().await {
            // What was refused is counted.
            let _ = forwarded.add(&self.emit_when_ready(event).await);
            if forwarded.stopped().is_some() {
                break;
            }
            in_turn += 1;
            if in_turn == PER_TURN {
                in_turn = 0;
                give_way().await;
            }
        }
        forwarded
    }
}

/// Lets whatever else is to be done on this thread be done, on any executor.
pub(crate) async fn give_way() {
    let mut given = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut given, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
