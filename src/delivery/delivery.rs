use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use actix::Message;
use tracing::Span;

use crate::event::{HandlerRef, Metadata};
use crate::outcome::{BoxError, IntoOutcome, Panicked, Reply, Verdict};

use super::emitted::Emitted;
use super::held::{Alone, Held};
use super::instance::Instance;
use super::parcel::Parcel;
use super::slip::Slip;

/// One emission for one subscription: what a handler receives.
///
/// It dereferences to the event. It is complete when it is dropped, wherever it
/// went; see the [module's page](crate::delivery) for how it ends.
///
/// # Examples
///
/// ```
/// use ventix::{on, BoxError, Delivery, Emitter, Linker, Strategy};
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
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<OrderPlaced>().call(print))?;
/// linker.subscribe(on::<OrderPlaced>().call_async(store))?;
/// let emitter = Emitter::start(&linker, Strategy::current());
/// let report = emitter.emit_and_wait(OrderPlaced { id: 7 }).await;
/// assert!(report.all_handled());
/// assert_eq!(report.replies::<u64>().collect::<Vec<_>>(), [&7]);
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[must_use = "a delivery is complete when it is dropped"]
pub struct Delivery<E: ?Sized + 'static> {
    held: Held<E>,
    end: End<E>,
}

/// Who ends a delivery, and how.
///
/// It is part of every message to an actor, and small: with its envelope that is not larger
/// than one of an event of four words.
enum End<E: ?Sized + 'static> {
    /// The one that lent it to a sync callback, at this position.
    Lent { position: AtomicU32 },
    /// The delivery itself, when it is dropped.
    Own {
        position: u32,
        state: AtomicU8,
        /// The actor that has it, if the bus made it.
        instance: Option<Arc<dyn Instance<E>>>,
    },
    /// The callback or whoever holds the delivery, by the slip between them.
    Shared(Arc<Slip<E>>),
}

/// Nobody has looked at the event yet.
const UNREAD: u8 = 0;
/// The event has been read: the handler has begun.
const READ: u8 = 1;
/// A future owns the verdict: without one, its work was cut short.
const PENDING: u8 = 2;

/// A position on a route, which is shorter than that.
#[inline]
fn number_of(position: usize) -> u32 {
    position as u32
}

impl<E: ?Sized> Delivery<E> {
    #[inline(always)]
    pub(super) fn lent(held: Held<E>) -> Self {
        let position = AtomicU32::new(0);
        Self {
            held,
            end: End::Lent { position },
        }
    }

    #[inline(always)]
    pub(super) fn owned(
        held: Held<E>,
        position: usize,
        instance: Option<Arc<dyn Instance<E>>>,
    ) -> Self {
        let state = AtomicU8::new(UNREAD);
        Self {
            held,
            end: End::Own {
                position: number_of(position),
                state,
                instance,
            },
        }
    }

    /// Lends another emission from now on, if it alone holds the one before: that has ended.
    #[inline]
    pub(super) fn refill(&mut self, next: Emitted<E>) -> Result<(), Emitted<E>>
    where
        E: Sized,
    {
        self.held.refill(next)
    }

    /// It is lent no more.
    #[inline]
    pub(crate) fn put_aside(&mut self) {
        self.held.put_aside();
    }

    /// Lets those share it that hear of it, where one alone has lent it so far.
    pub(crate) fn share(&mut self) {
        self.held.make_shared();
    }

    /// The one delivery of an emission, for an actor that nobody watches.
    #[inline(always)]
    pub(crate) fn only(alone: Alone<E>) -> Self {
        Self::owned(alone.into(), 0, None)
    }

    /// What was lent, for the one that completes it.
    pub(super) fn into_owned(mut self, position: usize) -> Self {
        self.end = End::Own {
            position: number_of(position),
            state: AtomicU8::new(UNREAD),
            instance: None,
        };
        self
    }

    pub(super) fn shared(held: Held<E>, slip: Arc<Slip<E>>) -> Self {
        Self {
            held,
            end: End::Shared(slip),
        }
    }

    pub(crate) fn held(&self) -> &Held<E> {
        &self.held
    }

    /// Lends it to the handler at a position.
    #[inline]
    pub(crate) fn lend_to(&self, handler: usize) {
        if let End::Lent { position } = &self.end {
            position.store(number_of(handler), Ordering::Relaxed);
        }
    }

    /// Whose delivery it is.
    pub(crate) fn handler(&self) -> HandlerRef {
        self.held.ledger().handler(self.position())
    }

    /// Whose delivery it is, among those of its emission.
    pub(crate) fn position(&self) -> usize {
        match &self.end {
            End::Lent { position } => position.load(Ordering::Relaxed) as usize,
            End::Own { position, .. } => *position as usize,
            End::Shared(slip) => slip.position(),
        }
    }

    /// Returns the event. The same as dereferencing, for where that is ugly.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, BoxError, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u32>().call(|n| Ok::<u32, BoxError>(n.event() + 1)))?;
    /// let report = Emitter::start(&linker, Strategy::inline()).emit_and_wait(41_u32).await;
    /// assert_eq!(report.replies::<u32>().next(), Some(&42));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn event(&self) -> &E {
        self.mark(READ);
        self.held.event()
    }

    /// Returns what the emission says about itself: id, time, topic, key,
    /// correlation, causation, deadline, headers.
    ///
    /// # Examples
    ///
    /// Knows what it has seen before, by its key:
    ///
    /// ```
    /// # use ventix::{on, BoxError, Emitter, Linker, Strategy};
    /// # use std::{collections::HashSet, sync::Mutex};
    /// # actix::System::new().block_on(async {
    /// let seen = Mutex::new(HashSet::new());
    /// let linker = Linker::start();
    /// linker.subscribe(on::<&str>().call(move |order| {
    ///     let key = order.metadata().key().map(str::to_owned);
    ///     Ok::<_, BoxError>(seen.lock().unwrap().insert(key))
    /// }))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// for is_new in [true, false] {
    ///     let report = emitter.prepare("order placed").key("order-7").emit_and_wait().await;
    ///     assert_eq!(report.replies::<bool>().next(), Some(&is_new));
    /// }
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        self.mark(READ);
        &self.held.header().metadata
    }

    /// Returns the event's name: its topic, or else the name of its type.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on_any, BoxError, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on_any().call(|any| Ok::<_, BoxError>(any.name().len())))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// let report = emitter.prepare(1_u8).topic("bytes.in").emit_and_wait().await;
    /// assert_eq!(report.replies::<usize>().next(), Some(&"bytes.in".len()));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        self.metadata().name()
    }

    /// Returns which attempt this is: 1 for the first, more when the subscription
    /// [tries again](crate::SubscriptionSpec::retry).
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{on, Emitter, Linker, Retry, Strategy};
    /// # actix::System::new().block_on(async {
    /// # tokio::time::pause();
    /// let linker = Linker::start();
    /// let third_time_lucky = on::<u8>().call(|n| match n.attempt() {
    ///     3 => Ok(*n.event()),
    ///     _ => Err("not yet"),
    /// });
    /// let retry = Retry::constant(Duration::from_secs(1)).attempts(3);
    /// linker.subscribe(third_time_lucky.retry(retry))?;
    /// let report = Emitter::start(&linker, Strategy::current()).emit_and_wait(7_u8).await;
    /// assert_eq!(report.replies::<u8>().next(), Some(&7));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn attempt(&self) -> u32 {
        let id = self.metadata().id();
        self.held.ledger().attempt(self.position(), id)
    }

    /// Returns the `tracing` span of the delivery, or of this attempt: a disabled one
    /// where nobody looks, or once it has ended.
    ///
    /// Callbacks run in it; an actor runs in actix's own code, and can enter it. Spans have
    /// the target `ventix::span` and the level of the [debug mode](crate#debug-mode),
    /// `DEBUG` by default. A delivery's is the child of its emission's, and says the event,
    /// emission, correlation, causation, linker, subscription, attempt, outcome and error.
    ///
    /// An emission's span is open until its last delivery has ended. It is always a root,
    /// which *follows from* the span that was current when it was emitted, and from that
    /// of the delivery whose handler emitted it through
    /// [`emitter`](Self::emitter), while that runs. So a chain of events, which may never
    /// end, is a chain of short traces with links between them, and no tree that grows for
    /// ever. Notices have none.
    ///
    /// # Examples
    ///
    /// ```
    /// # use actix::prelude::*;
    /// # use ventix::{on, Delivery, Emitter, Linker, Strategy};
    /// # struct Mailer;
    /// # impl Actor for Mailer { type Context = Context<Self>; }
    /// impl Handler<Delivery<String>> for Mailer {
    ///     type Result = ();
    ///
    ///     fn handle(&mut self, to: Delivery<String>, _: &mut Context<Self>) {
    ///         to.span().in_scope(|| tracing::info!(to = %*to, "a mail is on its way"));
    ///     }
    /// }
    /// # System::new().block_on(async {
    /// # let linker = Linker::start();
    /// # linker.subscribe(on::<String>().actor(Mailer.start()))?;
    /// # let emitter = Emitter::start(&linker, Strategy::current());
    /// # assert!(emitter.emit_and_wait(String::from("Ada")).await.all_handled());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn span(&self) -> Span {
        self.mark(READ);
        self.held.span(self.position())
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
    /// # use ventix::{on, Delivery, Emitter, Linker, Strategy};
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
    /// # System::new().block_on(async {
    /// # let linker = Linker::start();
    /// # linker.subscribe(on::<String>().actor(Printer.start()))?;
    /// # let emitter = Emitter::start(&linker, Strategy::current());
    /// let report = emitter.emit_and_wait(String::new()).await;
    /// assert_eq!(report.errors().next().unwrap().to_string(), "nothing to print");
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
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
    /// # use ventix::{on, Delivery, Emitter, Linker, Strategy};
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
    /// # System::new().block_on(async {
    /// # let linker = Linker::start();
    /// # linker.subscribe(on::<u64>().actor(Squarer.start()))?;
    /// # let emitter = Emitter::start(&linker, Strategy::current());
    /// let report = emitter.emit_and_wait(7_u64).await;
    /// assert_eq!(report.replies::<u64>().next(), Some(&49));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
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
    /// # use ventix::{on, Delivery, Emitter, Linker, Strategy};
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
    /// # System::new().block_on(async {
    /// # let linker = Linker::start();
    /// # linker.subscribe(on::<String>().actor(Adder(40).start()))?;
    /// # let emitter = Emitter::start(&linker, Strategy::current());
    /// let report = emitter.emit_and_wait(String::from("2")).await;
    /// assert_eq!(report.replies::<u64>().next(), Some(&42));
    /// let report = emitter.emit_and_wait(String::from("two")).await;
    /// assert_eq!(report.errors().count(), 1);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn settle<R: IntoOutcome>(self, handle: impl FnOnce(&Self) -> R) {
        let verdict = handle(&self).judge();
        self.end(verdict);
    }

    /// Ends the delivery by the result of an async closure.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe, and it says so: when an actor's future is dropped before
    /// the closure has finished, for instance because the actor stops, the delivery
    /// ends as [`Lost`](crate::Outcome::Lost). In an async callback, what the
    /// callback returns decides then.
    ///
    /// # Examples
    ///
    /// ```
    /// # use actix::prelude::*;
    /// # use ventix::{on, BoxError, Delivery, Emitter, Linker, Strategy};
    /// # struct Store;
    /// # impl Actor for Store { type Context = Context<Self>; }
    /// # async fn write(line: &str) -> Result<usize, BoxError> { Ok(line.len()) }
    /// impl Handler<Delivery<String>> for Store {
    ///     type Result = ResponseFuture<()>;
    ///
    ///     fn handle(&mut self, line: Delivery<String>, _: &mut Context<Self>) -> Self::Result {
    ///         Box::pin(line.settle_async(async |line| write(line).await))
    ///     }
    /// }
    /// # System::new().block_on(async {
    /// # let linker = Linker::start();
    /// # linker.subscribe(on::<String>().actor(Store.start()))?;
    /// # let emitter = Emitter::start(&linker, Strategy::current());
    /// let report = emitter.emit_and_wait(String::from("hello")).await;
    /// assert_eq!(report.replies::<usize>().next(), Some(&5));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
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
    pub(super) fn end(mut self, verdict: Verdict) {
        self.mark(READ);
        let position = AtomicU32::new(number_of(self.position()));
        match std::mem::replace(&mut self.end, End::Lent { position }) {
            End::Lent { .. } => {}
            End::Own {
                position, instance, ..
            } => {
                // Whoever hears of the end finds the actor with one less to do.
                drop(instance);
                self.held.finish(position as usize, verdict);
            }
            End::Shared(slip) => slip.end(verdict),
        }
    }

    /// The handler has begun with it.
    pub(super) fn mark_read(&self) {
        self.mark(READ);
    }

    /// Notes how far the handler has come. It only ever gets further.
    fn mark(&self, state: u8) {
        if let End::Own {
            state: now,
            position,
            ..
        } = &self.end
        {
            let before = now.load(Ordering::Relaxed);
            if before < state {
                now.store(state, Ordering::Relaxed);
                if before == UNREAD {
                    self.held.begin(*position as usize);
                }
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
        let (position, state, instance) = match &mut self.end {
            End::Lent { .. } => return,
            End::Shared(slip) => {
                if std::thread::panicking() {
                    slip.panicked();
                }
                return;
            }
            End::Own {
                position,
                state,
                instance,
            } => {
                let (position, state) = (*position as usize, *state.get_mut());
                if state == READ && instance.is_none() && !std::thread::panicking() {
                    return self.held.finish_handled(position);
                }
                (position, state, instance.take())
            }
        };
        let connected = || match &instance {
            Some(instance) => instance.is_connected(),
            None => self.held.ledger().connected(position),
        };
        let verdict = if std::thread::panicking() {
            if connected() {
                Verdict::Panicked(Panicked::seen())
            } else {
                Verdict::Lost
            }
        } else if state == READ || (state == UNREAD && connected()) {
            // One that was never looked at took no time.
            self.held.begin(position);
            Verdict::Handled(Reply::default())
        } else {
            Verdict::Lost
        };
        match (&verdict, instance) {
            (Verdict::Panicked(_), Some(instance)) => instance.panicked(),
            (Verdict::Lost, Some(instance)) if state == UNREAD => {
                self.held.make_shared();
                return instance.take_back(Parcel::new(self.held.clone(), position));
            }
            _ => {}
        }
        self.held.finish(position, verdict);
    }
}

/// Prints the event.
impl<E: ?Sized + fmt::Display> fmt::Display for Delivery<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.event().fmt(f)
    }
}

impl<E: ?Sized> fmt::Debug for Delivery<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("metadata", &self.held.header().metadata)
            .finish_non_exhaustive()
    }
}
