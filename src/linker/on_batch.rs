use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, AsyncContext, Handler, Recipient};

use crate::delivery::Batch;
use crate::handler::{BatchActor, BatchAsync, BatchBlocking, BatchCall};
use crate::outcome::IntoOutcome;
use crate::registry::{BatchTarget, Collector};

use super::making::{Kinds, Making};
use super::on::On;
use super::spec::SubscriptionSpec;

/// What a subscription listens to, in batches; [`call`](Self::call),
/// [`actor`](Self::actor) and so on add the handler. Made by [`On::batch`].
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ventix::{on, Batch, BoxError, Emitter, Linker, Strategy};
///
/// struct OrderPlaced { id: u64 }
///
/// async fn insert(orders: Batch<OrderPlaced>) -> Result<(), BoxError> {
///     let ids: Vec<_> = orders.iter().map(|order| order.id).collect();
///     println!("insert into orders values {ids:?}"); // one statement for all of them
///     Ok(())
/// }
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// let batches = on::<OrderPlaced>().batch(100, Duration::from_millis(50));
/// let orders = linker.subscribe(batches.call_async(insert))?;
/// let emitter = Emitter::start(&linker, Strategy::current());
/// (0..250).for_each(|id| drop(emitter.emit(OrderPlaced { id })));
/// assert!(emitter.drain(Duration::from_secs(5)).await.is_complete());
/// assert_eq!(orders.counts().handled, 250, "nothing is lost");
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
///
/// # When, and where
///
/// A batch is handed over
///
/// - when it has as many deliveries as it was to have, to a callback where the emission
///   runs that completed it;
/// - `within` after its first delivery came, to a callback on the linker's arbiter;
/// - when [`Emitter::drain`](crate::Emitter::drain) or
///   [`Linker::drain`](crate::Linker::drain) is called, or its subscription ends in
///   whatever way, there too; and so is what comes during the drain, or after that end, as
///   soon as that arbiter gets to it. When the linker's arbiter has stopped before,
///   what waits is [lost](crate::Outcome::Lost), and says so.
///
/// # Order
///
/// The deliveries of a batch are in the order in which they came. Batches reach an actor in
/// that order too, and async callbacks start in it. A sync or blocking callback may get the
/// next batch on one thread while it handles the last on another: say
/// [`in_order`](SubscriptionSpec::in_order), and it gets one at a time.
///
/// # Outcomes
///
/// Each delivery ends by itself: [`Batch`] says how. What a callback returns is for all of
/// which nothing has been said:
///
/// | the callback | the deliveries |
/// |---|---|
/// | returns `()` or `Ok` | are handled, once they are dropped; an answer is for none of them: [`reply`](crate::Delivery::reply) to each |
/// | returns an error | all fail with it, those that were taken out and only dropped too: nobody knows which of them it is about. What was [replied to](crate::Delivery::reply), with `()` perhaps, or has [failed](crate::Delivery::fail), stays so |
/// | panics | as for an error |
///
/// An actor that panics has panicked over those of the batch that it still had.
///
/// # Together with other options
///
/// | option | for batches |
/// |---|---|
/// | [`filter`](On::filter), [`priority`](SubscriptionSpec::priority) | each delivery, before it is collected |
/// | [`capacity`](SubscriptionSpec::capacity), [`overflow`](SubscriptionSpec::overflow) | each delivery has its room until it ends, so a lane has room for one batch at least. An overflow that takes back what waits takes what is not collected yet: one batch is handled at a time, and what comes meanwhile waits in the lane |
/// | [`in_order`](SubscriptionSpec::in_order) | one batch at a time, until all in it have ended, attempts to come included |
/// | [`once`](SubscriptionSpec::once), [`for_at_most`](SubscriptionSpec::for_at_most) | counts deliveries; the last are not waited for: `once` is a batch of one, at once |
/// | [`until`](SubscriptionSpec::until) | what was collected by then is handed over |
/// | [`timeout`](SubscriptionSpec::timeout) | each delivery, from when its batch is handed over; an async callback's future is dropped |
/// | a [deadline](crate::Prepared::deadline) | of a delivery that passes while it is collected refuses that one, as [`Expired`](crate::Reason::Expired) |
/// | [`retry`](SubscriptionSpec::retry) | each delivery, which joins a later batch, before those that wait in the lane |
/// | [`breaker`](SubscriptionSpec::breaker) | counts deliveries |
/// | [`throttle`](SubscriptionSpec::throttle) | paces deliveries as they are collected, in a drain too |
/// | [`debounce`](SubscriptionSpec::debounce) | what is left of each burst is collected |
/// | [`when_paused`](SubscriptionSpec::when_paused) | what is held is not collected, in a drain neither. What was collected before the pause is handed over |
/// | [`layer`](SubscriptionSpec::layer) | around each delivery, when its batch is handed over; what it turns away is left out |
/// | [`replay_last`](SubscriptionSpec::replay_last) | the last values are the first of the first batch |
/// | [`weak`](SubscriptionSpec::weak), [`on_success`](SubscriptionSpec::on_success), [`on_failure`](SubscriptionSpec::on_failure) | as for single deliveries, each for itself |
#[must_use = "it selects, but nothing handles: add `call`, `actor` ..."]
pub struct OnBatch<E: ?Sized + 'static> {
    on: On<E>,
    size: usize,
    within: Duration,
}

impl<E: ?Sized> fmt::Debug for OnBatch<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnBatch")
            .field("on", &self.on)
            .field("size", &self.size)
            .field("within", &self.within)
            .finish()
    }
}

impl<E: ?Sized + Send + Sync + 'static> OnBatch<E> {
    pub(super) fn new(on: On<E>, size: usize, within: Duration) -> Self {
        Self { on, size, within }
    }

    /// Delivers batches to an actor.
    ///
    /// # Examples
    ///
    /// See [`Batch`].
    pub fn actor<A>(self, addr: Addr<A>) -> SubscriptionSpec
    where
        A: Actor<Context: AsyncContext<A> + ToEnvelope<A, Batch<E>>> + Handler<Batch<E>>,
    {
        self.recipient(addr.recipient())
    }

    /// Delivers batches to whatever is behind a recipient.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use actix::prelude::*;
    /// # use ventix::{on, Batch, Emitter, Linker, Strategy};
    /// # struct Store;
    /// # impl Actor for Store { type Context = Context<Self>; }
    /// # impl Handler<Batch<u8>> for Store {
    /// #     type Result = ();
    /// #     fn handle(&mut self, _: Batch<u8>, _: &mut Context<Self>) {}
    /// # }
    /// # System::new().block_on(async {
    /// # let linker = Linker::start();
    /// let recipient: Recipient<Batch<u8>> = Store.start().recipient();
    /// linker.subscribe(on::<u8>().batch(100, Duration::from_millis(5)).recipient(recipient))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// assert!(emitter.emit_and_wait(1_u8).await.all_handled());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn recipient(self, recipient: Recipient<Batch<E>>) -> SubscriptionSpec {
        let kinds = Kinds {
            queued: true,
            actors: true,
            made: false,
        };
        self.with(kinds, move |making| {
            Box::new(BatchActor::new(recipient, making.weak))
        })
    }

    /// Calls `callback` with each batch, on the thread that hands it over: see
    /// [`OnBatch`]. It looks at the batch, and decides about all that is in it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// # let linker = Linker::start();
    /// let batches = on::<u8>().batch(2, Duration::from_secs(1));
    /// linker.subscribe(batches.call(|batch| match batch.iter().any(|n| **n == 0) {
    ///     true => Err("there is a 0"),
    ///     false => Ok(()),
    /// }))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// let reports = [7_u8, 0].map(|n| emitter.emit_and_wait(n));
    /// for report in futures::future::join_all(reports).await {
    ///     assert_eq!(report.errors().next().unwrap().to_string(), "there is a 0");
    /// }
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn call<F, R>(self, callback: F) -> SubscriptionSpec
    where
        F: Fn(&Batch<E>) -> R + Send + Sync + 'static,
        R: IntoOutcome + 'static,
    {
        self.queued(move |_| BatchCall(callback))
    }

    /// Calls `callback` with each batch, and runs its future on the arbiter that hands
    /// the batch over.
    ///
    /// # Examples
    ///
    /// See [`OnBatch`].
    pub fn call_async<F, U, R>(self, callback: F) -> SubscriptionSpec
    where
        F: Fn(Batch<E>) -> U + Send + Sync + 'static,
        U: Future<Output = R> + 'static,
        R: IntoOutcome + 'static,
    {
        self.queued(move |making| BatchAsync {
            callback,
            limit: making.timeout,
        })
    }

    /// Calls `callback` with each batch, where it may block: see
    /// [`On::call_blocking`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{on, Batch, BoxError, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// # let linker = Linker::start();
    /// fn append(lines: Batch<String>) -> Result<(), BoxError> {
    ///     let lines: Vec<_> = lines.iter().map(|line| line.as_str()).collect();
    ///     println!("{}", lines.join("\n")); // to a file, say, and flushed once
    ///     Ok(())
    /// }
    /// let batches = on::<String>().batch(100, Duration::from_millis(5));
    /// linker.subscribe(batches.call_blocking(append))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// assert!(emitter.emit_and_wait(String::from("a line")).await.all_handled());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn call_blocking<F, R>(self, callback: F) -> SubscriptionSpec
    where
        F: Fn(Batch<E>) -> R + Send + Sync + 'static,
        R: IntoOutcome + 'static,
    {
        self.queued(move |making| BatchBlocking::new(callback, making.home))
    }

    fn queued<T: BatchTarget<E> + 'static>(
        self,
        target: impl FnOnce(&Making<'_>) -> T + Send + 'static,
    ) -> SubscriptionSpec {
        let kinds = Kinds {
            queued: true,
            ..Kinds::default()
        };
        self.with(kinds, move |making| Box::new(target(making)))
    }

    fn with(
        self,
        kinds: Kinds,
        target: impl FnOnce(&Making<'_>) -> Box<dyn BatchTarget<E>> + Send + 'static,
    ) -> SubscriptionSpec {
        let Self { on, size, within } = self;
        let spec = on.with(kinds, move |making| {
            let (record, home) = (making.record, making.home);
            let target = target(making);
            Ok(Arc::new(Collector::new(size, within, record, home, target)))
        });
        spec.with_batches_of(size)
    }
}
