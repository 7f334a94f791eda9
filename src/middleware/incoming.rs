use std::fmt;

use crate::event::{AnyEvent, AnyValue, HandlerRef, Metadata};
use crate::shield::shielded;

/// A delivery, as a [`DeliveryLayer`](crate::DeliveryLayer) sees it.
///
/// # Examples
///
/// ```
/// use ventix::{DeliveryLayer, Incoming, Reason};
///
/// struct OrderPlaced { total: u64 }
/// struct NoFreebies;
///
/// impl DeliveryLayer for NoFreebies {
///     fn before(&self, delivery: &mut Incoming<'_>) -> Result<(), Reason> {
///         match delivery.event().downcast_ref::<OrderPlaced>() {
///             Some(order) if order.total == 0 => Err(Reason::layer("nothing to pay")),
///             _ => Ok(()),
///         }
///     }
/// }
/// # use ventix::{on, Emitter, Linker, Outcome, Strategy};
/// # actix::System::new().block_on(async {
/// # let linker = Linker::start();
/// # linker.subscribe(on::<OrderPlaced>().call(|_| ()).layer(NoFreebies))?;
/// # let emitter = Emitter::start(&linker, Strategy::inline());
/// # assert!(emitter.emit_and_wait(OrderPlaced { total: 1 }).await.all_handled());
/// # let report = emitter.emit_and_wait(OrderPlaced { total: 0 }).await;
/// # assert!(matches!(report.outcomes().next(), Some(Outcome::Refused(Reason::Layer(_)))));
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
pub struct Incoming<'a> {
    pub(crate) metadata: &'a Metadata,
    pub(crate) event: &'a AnyEvent,
    pub(crate) handler: &'a HandlerRef,
    pub(crate) attempt: u32,
    pub(crate) is_notice: bool,
    pub(super) kept: Option<Box<AnyValue>>,
}

impl<'a> Incoming<'a> {
    pub(crate) fn new(
        metadata: &'a Metadata,
        event: &'a AnyEvent,
        handler: &'a HandlerRef,
        attempt: u32,
        is_notice: bool,
    ) -> Self {
        Self {
            metadata,
            event,
            handler,
            attempt,
            is_notice,
            kept: None,
        }
    }

    /// Returns what the emission says about itself.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, DeliveryLayer, Emitter, Incoming, Linker, Reason, Strategy};
    /// struct NeedsTenant;
    ///
    /// impl DeliveryLayer for NeedsTenant {
    ///     fn before(&self, delivery: &mut Incoming<'_>) -> Result<(), Reason> {
    ///         let tenant = delivery.metadata().headers().get("tenant");
    ///         tenant.map(|_| ()).ok_or_else(|| Reason::layer("no tenant"))
    ///     }
    /// }
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let orders = linker.subscribe(on::<u8>().call(|_| ()).layer(NeedsTenant))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// emitter.emit(1_u8);
    /// emitter.prepare(2_u8).header("tenant", "acme").emit();
    /// assert_eq!((orders.counts().handled, orders.counts().refused), (1, 1));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn metadata(&self) -> &'a Metadata {
        self.metadata
    }

    /// Returns the event, to be asked for the type that the layer knows.
    ///
    /// # Examples
    ///
    /// See [`Incoming`].
    #[must_use]
    pub fn event(&self) -> &'a AnyEvent {
        self.event
    }

    /// Returns whose delivery it is.
    ///
    /// # Examples
    ///
    /// See [`keep`](Self::keep).
    #[must_use]
    pub fn handler(&self) -> &'a HandlerRef {
        self.handler
    }

    /// Returns which attempt it is: 1 for the first.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::sync::mpsc::{self, Sender};
    /// # use std::time::Duration;
    /// # use ventix::{on, DeliveryLayer, Emitter, Incoming, Linker, Reason, Retry, Strategy};
    /// struct Scribe(Sender<u32>);
    ///
    /// impl DeliveryLayer for Scribe {
    ///     fn before(&self, delivery: &mut Incoming<'_>) -> Result<(), Reason> {
    ///         let _ = self.0.send(delivery.attempt());
    ///         Ok(())
    ///     }
    /// }
    /// # actix::System::new().block_on(async {
    /// let (tell, told) = mpsc::channel();
    /// let linker = Linker::start();
    /// let twice = Retry::constant(Duration::ZERO).attempts(2);
    /// let broken = on::<u8>().call(|_| Err::<(), _>("no")).retry(twice);
    /// linker.subscribe(broken.layer(Scribe(tell)))?;
    /// Emitter::start(&linker, Strategy::current()).emit_and_wait(1_u8).await;
    /// assert_eq!(told.try_iter().collect::<Vec<_>>(), [1, 2]);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Keeps a value of this layer's from `before` to `after` of the same attempt. What
    /// was kept before is dropped. It costs an allocation.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use actix::clock::Instant;
    /// # use ventix::{DeliveryLayer, Incoming, Outcome, Reason};
    /// struct Slow(Duration);
    ///
    /// impl DeliveryLayer for Slow {
    ///     fn before(&self, delivery: &mut Incoming<'_>) -> Result<(), Reason> {
    ///         delivery.keep(Instant::now());
    ///         Ok(())
    ///     }
    ///
    ///     fn after(&self, delivery: &mut Incoming<'_>, _: &Outcome) {
    ///         let began: Instant = delivery.take().expect("`before` kept it");
    ///         if began.elapsed() > self.0 {
    ///             println!("{} was slow", delivery.handler());
    ///         }
    ///     }
    /// }
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// # let linker = Linker::start();
    /// # linker.subscribe(on::<u8>().call(|_| ()).layer(Slow(Duration::ZERO)))?;
    /// # assert!(Emitter::start(&linker, Strategy::inline()).emit_and_wait(1_u8).await.all_handled());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn keep<T: Send + 'static>(&mut self, value: T) {
        self.kept = Some(Box::new(value));
    }

    /// Takes what [`keep`](Self::keep) kept, if it is a `T`.
    ///
    /// # Examples
    ///
    /// See [`keep`](Self::keep).
    pub fn take<T: Send + 'static>(&mut self) -> Option<T> {
        match self.kept.take()?.downcast() {
            Ok(value) => Some(*value),
            Err(other) => {
                self.kept = Some(other);
                None
            }
        }
    }

    /// Drops what a layer kept and nobody took.
    pub(super) fn forget(&mut self) {
        if let Some(kept) = self.kept.take() {
            // It is a user's.
            shielded(move || drop(kept));
        }
    }
}

impl fmt::Debug for Incoming<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("metadata", &self.metadata)
            .field("handler", &self.handler)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}
