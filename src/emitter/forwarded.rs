use crate::outcome::{Reason, Receipt};

use super::error::EmitError;

/// What has become of the events of a stream or a sink: what their receipts said, added up.
///
/// # Examples
///
/// ```
/// use futures::stream;
/// use ventix::{on, Emitter, Linker, Strategy};
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<u8>().call(|_| ()))?;
/// linker.subscribe(on::<u8>().call(|_| ()).capacity(1))?;
/// let emitter = Emitter::start(&linker, Strategy::current());
/// let forwarded = emitter.forward(stream::iter([1_u8, 2, 3])).await;
/// assert_eq!(forwarded.emitted(), 3);
/// assert_eq!((forwarded.accepted(), forwarded.turned_away()), (4, 2));
/// assert!(!forwarded.is_complete());
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forwarded {
    emitted: u64,
    unheard: u64,
    refused: u64,
    accepted: u64,
    turned_away: u64,
    stopped: Option<Reason>,
}

impl Forwarded {
    /// Adds a receipt.
    pub(super) fn add(&mut self, receipt: &Receipt) -> Result<(), EmitError> {
        if let Some(reason) = receipt.refusal() {
            self.refused += 1;
            if is_final(reason) {
                self.stopped = Some(reason.clone());
            }
            let (id, reason) = (receipt.id(), reason.clone());
            return Err(EmitError { id, reason });
        }
        let refusals = receipt.refusals().iter();
        let turned_away = refusals.filter(|refusal| !refusal.reason().is_skip());
        self.emitted += 1;
        self.unheard += u64::from(receipt.is_unheard());
        self.accepted += receipt.accepted() as u64;
        self.turned_away += turned_away.count() as u64;
        Ok(())
    }

    /// Returns how many events were emitted: all but those that were refused as a
    /// whole.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(ventix::Forwarded::default().emitted(), 0);
    /// ```
    #[must_use]
    pub fn emitted(&self) -> u64 {
        self.emitted
    }

    /// Returns how many of the emitted events nobody listened to.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let emitter = Emitter::start(&Linker::start(), Strategy::inline());
    /// let forwarded = emitter.forward(futures::stream::iter(["is", "anybody", "there"])).await;
    /// assert_eq!((forwarded.emitted(), forwarded.unheard()), (3, 3));
    /// # });
    /// ```
    #[must_use]
    pub fn unheard(&self) -> u64 {
        self.unheard
    }

    /// Returns how many events were refused as a whole: see
    /// [`Receipt::refusal`](crate::Receipt::refusal).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Overflow, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// let strategy = Strategy::current().bounded(1, Overflow::Refuse);
    /// let emitter = Emitter::start(&linker, strategy);
    /// assert_eq!(emitter.forward(futures::stream::iter([1_u8, 2])).await.refused(), 1);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Returns how many deliveries were accepted.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// linker.subscribe(on::<u8>().call(|_| ()).once())?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// assert_eq!(emitter.forward(futures::stream::iter([1_u8, 2])).await.accepted(), 3);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.accepted
    }

    /// Returns how many deliveries of emitted events were turned away by their
    /// subscription, without those that had no more use for them.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()).capacity(2))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// assert_eq!(emitter.forward(futures::stream::iter([1_u8, 2, 3])).await.turned_away(), 1);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn turned_away(&self) -> u64 {
        self.turned_away
    }

    /// Returns why nothing more will be emitted, if so: the emitter or its linker has
    /// stopped, or shuts down.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Emitter, Linker, Reason, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// linker.stop();
    /// let forwarded = emitter.forward(futures::stream::iter(0_u64..)).await;
    /// assert_eq!(forwarded.stopped(), Some(&Reason::LinkerStopped));
    /// assert_eq!(forwarded.refused(), 1);
    /// # });
    /// ```
    #[must_use]
    pub fn stopped(&self) -> Option<&Reason> {
        self.stopped.as_ref()
    }

    /// Returns whether every subscription that matched took every event, or had no
    /// more use for it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// assert!(emitter.forward(futures::stream::iter([1_u8, 2])).await.is_complete());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.refused == 0 && self.turned_away == 0
    }
}

/// Whether whatever comes next is refused as well.
pub(crate) fn is_final(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::LinkerStopped | Reason::EmitterStopped | Reason::ShuttingDown
    )
}
