use std::fmt;

use crate::delivery::Delivery;

/// What an [`EventStream`](crate::EventStream) yields.
///
/// # Examples
///
/// ```
/// use futures::StreamExt;
/// use ventix::{Emitter, Linker, Received, Strategy};
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// let mut numbers = linker.stream::<u8>(1)?;
/// let emitter = Emitter::start(&linker, Strategy::inline());
/// emitter.emit(1_u8);
/// emitter.emit(2_u8);
/// match numbers.next().await {
///     Some(Received::Lagged(missed)) => assert_eq!(missed, 1),
///     Some(Received::Delivery(n)) => panic!("{} is not the next", *n),
///     None => panic!("the stream has ended"),
/// }
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
pub enum Received<E: ?Sized + 'static> {
    /// The next delivery.
    Delivery(Delivery<E>),
    /// So many deliveries were dropped here, the oldest ones, because the consumer
    /// had taken none of them and there was no room for more.
    Lagged(u64),
}

impl<E: ?Sized + 'static> Received<E> {
    /// Returns the delivery, if it is one.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::{StreamExt, future};
    /// use ventix::{Emitter, Linker, Received, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let numbers = linker.stream::<u8>(8)?;
    /// Emitter::start(&linker, Strategy::inline()).emit(7_u8);
    /// linker.stop();
    /// let numbers = numbers.filter_map(|item| future::ready(item.into_delivery()));
    /// assert_eq!(numbers.map(|n| *n).collect::<Vec<_>>().await, [7]);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn into_delivery(self) -> Option<Delivery<E>> {
        match self {
            Self::Delivery(delivery) => Some(delivery),
            Self::Lagged(_) => None,
        }
    }

    /// Returns how many deliveries were dropped in its place: 0 if it is one.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(ventix::Received::<u8>::Lagged(3).lagged(), 3);
    /// ```
    #[must_use]
    pub fn lagged(&self) -> u64 {
        match self {
            Self::Delivery(_) => 0,
            Self::Lagged(missed) => *missed,
        }
    }
}

impl<E: ?Sized + 'static> fmt::Debug for Received<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delivery(delivery) => f.debug_tuple("Delivery").field(delivery).finish(),
            Self::Lagged(missed) => f.debug_tuple("Lagged").field(missed).finish(),
        }
    }
}
