use std::collections::{VecDeque, vec_deque};
use std::fmt;
use std::sync::Arc;

use actix::Message;

use crate::outcome::{BoxError, SharedError, Verdict};
use crate::shield::shielded;

use super::delivery::Delivery;
use super::parcel::Parcel;
use super::slips::Slips;

/// Several deliveries that are handled together, in the order in which they came: what a
/// handler receives that was subscribed with [`On::batch`](crate::On::batch).
///
/// Each of them still ends by itself. One that is taken out, by value, can be
/// [failed](Delivery::fail), [replied to](Delivery::reply) or passed on; what is dropped,
/// with the batch or alone, is handled.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use actix::prelude::*;
/// use ventix::{on, Batch, Emitter, Linker, Strategy};
///
/// struct OrderPlaced { id: u64 }
///
/// struct Store;
///
/// impl Actor for Store {
///     type Context = Context<Self>;
/// }
///
/// impl Handler<Batch<OrderPlaced>> for Store {
///     type Result = ();
///
///     fn handle(&mut self, orders: Batch<OrderPlaced>, _: &mut Context<Self>) {
///         for order in orders {
///             if order.id == 0 {
///                 order.fail("an order without an id");
///             } // else: handled, when `order` is dropped here
///         }
///     }
/// }
///
/// # System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<OrderPlaced>().batch(2, Duration::from_secs(1)).actor(Store.start()))?;
/// let emitter = Emitter::start(&linker, Strategy::current());
/// let (bad, good) = (OrderPlaced { id: 0 }, OrderPlaced { id: 7 });
/// let reports = [emitter.emit_and_wait(bad), emitter.emit_and_wait(good)];
/// let reports = futures::future::join_all(reports).await;
/// assert!(!reports[0].all_handled() && reports[1].all_handled());
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[must_use = "its deliveries are complete when they are dropped"]
pub struct Batch<E: ?Sized + 'static> {
    deliveries: VecDeque<Delivery<E>>,
}

impl<E: ?Sized> Batch<E> {
    /// For an actor.
    pub(crate) fn owned(parcels: Vec<Parcel<E>>) -> Self {
        let deliveries = parcels.into_iter().filter_map(Parcel::into_owned);
        Self {
            deliveries: deliveries.collect(),
        }
    }

    /// For a callback that owns it, and the slips that its result goes on.
    pub(crate) fn shared(parcels: Vec<Parcel<E>>) -> (Self, Slips<E>) {
        let pairs = parcels.into_iter().filter_map(Parcel::into_shared);
        let (deliveries, slips) = pairs.unzip();
        (Self { deliveries }, Slips::new(slips))
    }

    /// Lets go of those that took too long to begin, and have been ended.
    pub(crate) fn retain_in_time(&mut self, slips: &Slips<E>) {
        let mut slips = slips.iter();
        self.deliveries
            .retain(|_| slips.next().is_some_and(|slip| !slip.is_over()));
    }

    /// Returns how many deliveries are in it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// # let linker = Linker::start();
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let count = on::<u8>().batch(3, Duration::from_secs(1));
    /// linker.subscribe(count.call(move |batch| tell.send(batch.len())))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// (0..3_u8).for_each(|n| drop(emitter.emit(n)));
    /// assert_eq!(told.try_recv(), Ok(3));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.deliveries.len()
    }

    /// Returns whether all deliveries have been taken out of it. A handler never gets
    /// such a batch.
    ///
    /// # Examples
    ///
    /// See [`take_first`](Self::take_first).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.deliveries.is_empty()
    }

    /// Looks at the deliveries, in order.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// # let linker = Linker::start();
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let sums = on::<u8>().batch(3, Duration::from_secs(1));
    /// let sum = move |batch: &ventix::Batch<u8>| tell.send(batch.iter().map(|n| **n).sum::<u8>());
    /// linker.subscribe(sums.call(sum))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// (1..=3_u8).for_each(|n| drop(emitter.emit(n)));
    /// assert_eq!(told.try_recv(), Ok(6));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn iter(&self) -> vec_deque::Iter<'_, Delivery<E>> {
        self.mark_read();
        self.deliveries.iter()
    }

    /// Takes the first delivery out, if there is one left.
    ///
    /// # Examples
    ///
    /// Gives up at the first that goes wrong:
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{on, Batch, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// # let linker = Linker::start();
    /// async fn store(mut lines: Batch<&'static str>) {
    ///     while let Some(line) = lines.take_first() {
    ///         if line.is_empty() {
    ///             line.fail("an empty line");
    ///             return lines.fail("not after an empty line");
    ///         }
    ///         line.reply(());
    ///     }
    ///     assert!(lines.is_empty());
    /// }
    /// linker.subscribe(on::<&'static str>().batch(3, Duration::from_secs(1)).call_async(store))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// let reports = ["a", "", "b"].map(|line| emitter.emit_and_wait(line));
    /// let reports = futures::future::join_all(reports).await;
    /// let handled: Vec<_> = reports.iter().map(|report| report.all_handled()).collect();
    /// assert_eq!(handled, [true, false, false]);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn take_first(&mut self) -> Option<Delivery<E>> {
        self.deliveries.pop_front()
    }

    /// Ends all deliveries that are still in it as failed, with one error.
    ///
    /// # Examples
    ///
    /// See [`take_first`](Self::take_first).
    pub fn fail(self, error: impl Into<BoxError>) {
        let error: SharedError = Arc::from(error.into());
        for delivery in self.deliveries {
            let verdict = Verdict::Failed(error.clone());
            shielded(move || delivery.end(verdict));
        }
    }

    /// Whoever has looked at one has begun with all.
    fn mark_read(&self) {
        self.deliveries.iter().for_each(Delivery::mark_read);
    }
}

/// Takes the deliveries out, in order. What is left when the iterator is dropped is
/// dropped.
impl<E: ?Sized> IntoIterator for Batch<E> {
    type Item = Delivery<E>;
    type IntoIter = vec_deque::IntoIter<Delivery<E>>;

    fn into_iter(self) -> Self::IntoIter {
        self.mark_read();
        self.deliveries.into_iter()
    }
}

/// Looks at the deliveries, in order.
impl<'a, E: ?Sized> IntoIterator for &'a Batch<E> {
    type Item = &'a Delivery<E>;
    type IntoIter = vec_deque::Iter<'a, Delivery<E>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<E: ?Sized> Message for Batch<E> {
    type Result = ();
}

impl<E: ?Sized> fmt::Debug for Batch<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.deliveries).finish()
    }
}
