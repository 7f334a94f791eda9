use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use actix::Message;

use crate::event::Metadata;
use crate::outcome::{BoxError, IntoOutcome, Reply, Verdict};

use super::emitted::Emitted;
use super::slip::Slip;

/// One emission for one subscription: what a handler receives.
///
/// It dereferences to the event. It is complete when it is dropped, wherever it
/// went; see the [module's page](crate::delivery) for how it ends.
///
/// # Examples
///
/// ```
/// use ventix::{Delivery, BoxError};
///
/// struct OrderPlaced { id: u64 }
///
/// // A sync callback reads a delivery ...
/// fn print(order: &Delivery<OrderPlaced>) {
///     println!("{} as {}", order.id, order.metadata().id());
/// }
///
/// // ... an async or blocking one, and an actor, own theirs.
/// async fn store(order: Delivery<OrderPlaced>) -> Result<u64, BoxError> {
///     Ok(order.id)
/// }
/// # ventix::on::<OrderPlaced>().call(print);
/// # ventix::on::<OrderPlaced>().call_async(store);
/// ```
#[must_use = "a delivery is complete when it is dropped"]
pub struct Delivery<E: ?Sized + 'static> {
    emitted: Arc<Emitted<E>>,
    end: End<E>,
}

/// Who ends a delivery, and how.
enum End<E: ?Sized> {
    /// The one that lent it to a sync callback.
    Lent,
    /// The delivery itself, when it is dropped.
    Own { position: usize, state: AtomicU8 },
    /// The last of the callback's wrapper and the delivery, by what the slip
    /// between them says.
    Shared(Arc<Slip<E>>),
}

/// Nobody has looked at the event yet.
const UNREAD: u8 = 0;
/// The event has been read: the handler has begun.
const READ: u8 = 1;
/// A future owns the verdict: without one, its work was cut short.
const PENDING: u8 = 2;

impl<E: ?Sized> Delivery<E> {
    pub(super) fn lent(emitted: Arc<Emitted<E>>) -> Self {
        Self {
            emitted,
            end: End::Lent,
        }
    }

    pub(super) fn owned(emitted: Arc<Emitted<E>>, position: usize) -> Self {
        let state = AtomicU8::new(UNREAD);
        Self {
            emitted,
            end: End::Own { position, state },
        }
    }

    pub(super) fn shared(emitted: Arc<Emitted<E>>, slip: Arc<Slip<E>>) -> Self {
        Self {
            emitted,
            end: End::Shared(slip),
        }
    }

    pub(crate) fn emitted(&self) -> &Arc<Emitted<E>> {
        &self.emitted
    }

    /// Returns the event. The same as dereferencing, for where that is ugly.
    ///
    /// # Examples
    ///
    /// ```
    /// ventix::on::<u8>().call(|n| assert_eq!(**n, *n.event()));
    /// ```
    #[must_use]
    pub fn event(&self) -> &E {
        self.mark(READ);
        &self.emitted.payload
    }

    /// Returns what the emission says about itself: id, time, topic, key,
    /// correlation, causation, deadline, headers.
    ///
    /// # Examples
    ///
    /// ```
    /// ventix::on::<u8>().call(|n| println!("{} at {:?}", **n, n.metadata().time()));
    /// ```
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        self.mark(READ);
        &self.emitted.header.metadata
    }

    /// Returns the event's name: its topic, or else the name of its type.
    ///
    /// # Examples
    ///
    /// ```
    /// ventix::on_any().call(|any| println!("saw {}", any.name()));
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        self.metadata().name()
    }

    /// Ends the delivery as failed.
    ///
    /// In an async or blocking callback this decides, whatever is returned
    /// afterwards.
    ///
    /// # Examples
    ///
    /// ```
    /// # use actix::prelude::*;
    /// # use ventix::Delivery;
    /// # struct Printer;
    /// # impl Actor for Printer { type Context = Context<Self>; }
    /// impl Handler<Delivery<String>> for Printer {
    ///     type Result = ();
    ///
    ///     fn handle(&mut self, page: Delivery<String>, _: &mut Context<Self>) {
    ///         if page.is_empty() {
    ///             page.fail("nothing to print");
    ///         }
    ///     }
    /// }
    /// ```
    pub fn fail(self, error: impl Into<BoxError>) {
        self.end(Verdict::failed(error));
    }

    /// Ends the delivery as handled, with an answer: for the success callback
    /// and for the report of the one that waits.
    ///
    /// # Examples
    ///
    /// ```
    /// # use actix::prelude::*;
    /// # use ventix::Delivery;
    /// # struct Squarer;
    /// # impl Actor for Squarer { type Context = Context<Self>; }
    /// impl Handler<Delivery<u64>> for Squarer {
    ///     type Result = ();
    ///
    ///     fn handle(&mut self, n: Delivery<u64>, _: &mut Context<Self>) {
    ///         let square = *n * *n;
    ///         n.reply(square);
    ///     }
    /// }
    /// ```
    pub fn reply(self, value: impl Send + 'static) {
        self.end(Verdict::Handled(Reply::new(value)));
    }

    /// Ends the delivery by the result of `handle`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use actix::prelude::*;
    /// # use ventix::Delivery;
    /// # struct Adder(u64);
    /// # impl Actor for Adder { type Context = Context<Self>; }
    /// impl Handler<Delivery<String>> for Adder {
    ///     type Result = ();
    ///
    ///     fn handle(&mut self, line: Delivery<String>, _: &mut Context<Self>) {
    ///         line.settle(|line| {
    ///             self.0 += line.parse::<u64>()?;
    ///             Ok::<_, std::num::ParseIntError>(self.0)
    ///         });
    ///     }
    /// }
    /// ```
    pub fn settle<R: IntoOutcome>(self, handle: impl FnOnce(&Self) -> R) {
        let verdict = handle(&self).judge();
        self.end(verdict);
    }

    /// Ends the delivery by the result of an async closure.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe, and it says so: when the future is dropped before the
    /// closure has finished, for instance because its actor stops, the delivery
    /// ends as [`Lost`](crate::Outcome::Lost).
    ///
    /// # Examples
    ///
    /// ```
    /// # use actix::prelude::*;
    /// # use ventix::{BoxError, Delivery};
    /// # struct Store;
    /// # impl Actor for Store { type Context = Context<Self>; }
    /// # async fn write(line: &str) -> Result<(), BoxError> { Ok(()) }
    /// impl Handler<Delivery<String>> for Store {
    ///     type Result = ResponseFuture<()>;
    ///
    ///     fn handle(&mut self, line: Delivery<String>, _: &mut Context<Self>) -> Self::Result {
    ///         Box::pin(line.settle_async(async |line| write(line).await))
    ///     }
    /// }
    /// ```
    pub fn settle_async<F, R>(self, handle: F) -> impl Future<Output = ()>
    where
        F: AsyncFnOnce(&Self) -> R,
        R: IntoOutcome,
    {
        self.mark(PENDING);
        async move {
            let verdict = handle(&self).await.judge();
            self.end(verdict);
        }
    }

    /// Ends the delivery by `verdict`, so that its drop ends nothing.
    fn end(mut self, verdict: Verdict) {
        match std::mem::replace(&mut self.end, End::Lent) {
            End::Lent => {}
            End::Own { position, .. } => self.close(position, verdict),
            End::Shared(slip) => slip.decide(verdict),
        }
    }

    fn close(&self, position: usize, verdict: Verdict) {
        let header = &self.emitted.header;
        header.ledger.close(position, header, verdict);
    }

    /// Notes how far the handler has come. It only ever gets further.
    fn mark(&self, state: u8) {
        if let End::Own { state: now, .. } = &self.end {
            if now.load(Ordering::Relaxed) < state {
                now.store(state, Ordering::Relaxed);
            }
        }
    }
}

impl<E: ?Sized> Deref for Delivery<E> {
    type Target = E;

    fn deref(&self) -> &E {
        self.event()
    }
}

impl<E: ?Sized> Message for Delivery<E> {
    type Result = ();
}

/// Completes the delivery. The module's page says how the cases are told apart.
impl<E: ?Sized> Drop for Delivery<E> {
    fn drop(&mut self) {
        let End::Own { position, state } = &mut self.end else {
            return;
        };
        let (position, state) = (*position, *state.get_mut());
        let connected = || self.emitted.header.ledger.connected(position);
        let verdict = if std::thread::panicking() {
            if connected() {
                Verdict::Panicked(crate::outcome::Panicked::seen())
            } else {
                Verdict::Lost
            }
        } else if state == READ || (state == UNREAD && connected()) {
            Verdict::Handled(Reply::default())
        } else {
            Verdict::Lost
        };
        self.close(position, verdict);
    }
}

impl<E: ?Sized> fmt::Debug for Delivery<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("metadata", &self.emitted.header.metadata)
            .finish_non_exhaustive()
    }
}
