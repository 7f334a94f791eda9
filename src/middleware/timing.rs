use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix::clock::Instant;

use crate::event::{HandlerRef, SubscriptionId};
use crate::outcome::{Outcome, Reason};

use super::delivery_layer::DeliveryLayer;
use super::incoming::Incoming;

/// How many handlers a summary knows: those of the oldest subscriptions make room.
const MAX_HANDLERS: usize = 4_096;

/// Measures how long handlers take: from the moment a delivery begins to the moment it
/// ends, waiting in an actor's mailbox included, and each attempt for itself. What a layer
/// further in turns away is measured as well; put it inside those that do.
///
/// It keeps a summary per subscription, of the 4,096 latest at most. Clones share it.
/// The time is that of `actix::clock`.
///
/// # Examples
///
/// ```
/// # use std::time::Duration;
/// use ventix::middleware::Timing;
/// use ventix::{on, Emitter, Linker, Strategy};
///
/// # actix::System::new().block_on(async {
/// # tokio::time::pause();
/// let timing = Timing::new();
/// let linker = Linker::builder().layer(timing.clone()).start()?;
/// let nap = on::<u64>().call_async(|n| async move {
///     actix::clock::sleep(Duration::from_secs(*n)).await;
/// });
/// linker.subscribe(nap.named("nap"))?;
///
/// let emitter = Emitter::start(&linker, Strategy::current());
/// emitter.emit_and_wait(1_u64).await;
/// emitter.emit_and_wait(3_u64).await;
/// let (handler, timed) = timing.summary().remove(0);
/// assert_eq!((handler.name(), timed.count()), (Some("nap"), 2));
/// assert_eq!(timed.mean().as_secs(), 2);
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Default)]
pub struct Timing {
    seen: Arc<Mutex<BTreeMap<SubscriptionId, (HandlerRef, Timed)>>>,
    tell: Option<Arc<Tell>>,
}

type Tell = dyn Fn(&HandlerRef, Duration, &Outcome) + Send + Sync;

/// How long the deliveries of one handler took.
///
/// # Examples
///
/// ```
/// # use std::time::Duration;
/// let timed = ventix::middleware::Timed::default();
/// assert_eq!((timed.count(), timed.mean()), (0, Duration::ZERO));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timed {
    count: u64,
    total: Duration,
    longest: Duration,
}

/// When an attempt began.
struct Began(Instant);

impl Timing {
    /// One that keeps a summary.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::middleware::Timing;
    /// assert!(Timing::new().summary().is_empty());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One that tells of each attempt, and keeps nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{middleware::Timing, on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let timing = Timing::tell(move |handler, took, outcome| {
    ///     let _ = tell.send((handler.clone(), took, outcome.is_handled()));
    /// });
    /// let linker = Linker::start();
    /// let sum = linker.subscribe(on::<u8>().call(|_| ()).layer(timing))?;
    /// Emitter::start(&linker, Strategy::inline()).emit(1_u8);
    /// let (handler, _took, handled) = told.try_recv()?;
    /// assert_eq!((handler.subscription(), handled), (sum.id(), true));
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn tell(tell: impl Fn(&HandlerRef, Duration, &Outcome) + Send + Sync + 'static) -> Self {
        Self {
            tell: Some(Arc::new(tell)),
            ..Self::default()
        }
    }

    /// Returns what was measured so far, in the order of subscription.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{middleware::Timing, on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let timing = Timing::new();
    /// let linker = Linker::builder().layer(timing.clone()).start()?;
    /// linker.subscribe(on::<u8>().call(|_| ()).named("sum"))?;
    /// linker.subscribe(on::<u8>().call(|_| ()).named("count"))?;
    /// Emitter::start(&linker, Strategy::inline()).emit(1_u8);
    /// for (handler, timed) in timing.summary() {
    ///     println!("{handler}: {} times, {:?} on average", timed.count(), timed.mean());
    /// }
    /// # assert_eq!(timing.summary().len(), 2);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn summary(&self) -> Vec<(HandlerRef, Timed)> {
        self.seen().values().cloned().collect()
    }

    fn note(&self, handler: &HandlerRef, took: Duration) {
        let mut seen = self.seen();
        let of = seen.entry(handler.subscription());
        let (_, timed) = of.or_insert_with(|| (handler.clone(), Timed::default()));
        timed.count += 1;
        timed.total = timed.total.saturating_add(took);
        timed.longest = timed.longest.max(took);
        if seen.len() > MAX_HANDLERS {
            seen.pop_first();
        }
    }

    fn seen(&self) -> MutexGuard<'_, BTreeMap<SubscriptionId, (HandlerRef, Timed)>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Timed {
    /// Returns how many attempts there were.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(ventix::middleware::Timed::default().count(), 0);
    /// ```
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns how long they took in all.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(ventix::middleware::Timed::default().total().is_zero());
    /// ```
    #[must_use]
    pub fn total(&self) -> Duration {
        self.total
    }

    /// Returns how long one took on average; zero if there was none.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(ventix::middleware::Timed::default().mean().is_zero());
    /// ```
    #[must_use]
    pub fn mean(&self) -> Duration {
        let nanos = self.total.as_nanos() / u128::from(self.count.max(1));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// Returns how long the longest took.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(ventix::middleware::Timed::default().longest().is_zero());
    /// ```
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.longest
    }
}

impl DeliveryLayer for Timing {
    fn before(&self, delivery: &mut Incoming<'_>) -> Result<(), Reason> {
        delivery.keep(Began(Instant::now()));
        Ok(())
    }

    fn after(&self, delivery: &mut Incoming<'_>, outcome: &Outcome) {
        let Some(Began(began)) = delivery.take() else {
            return;
        };
        let took = began.elapsed();
        match &self.tell {
            Some(tell) => tell(delivery.handler(), took, outcome),
            None => self.note(delivery.handler(), took),
        }
    }
}

impl fmt::Debug for Timing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timing")
            .field("handlers", &self.seen().len())
            .field("tells", &self.tell.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_subscriptions_make_room_in_the_summary() {
        let timing = Timing::new();
        let most = u64::try_from(MAX_HANDLERS).unwrap();
        for number in 0..most + 10 {
            let subscription = SubscriptionId::new(number);
            let handler = HandlerRef {
                subscription,
                name: None,
            };
            timing.note(&handler, Duration::from_secs(number));
        }
        let summary = timing.summary();
        assert_eq!(summary.len(), MAX_HANDLERS);
        assert_eq!(summary[0].0.subscription(), SubscriptionId::new(10));
    }
}
