use std::fmt;
use std::sync::Arc;

use crate::outcome::{Receipt, Receipts, Report};

use super::emitter::Emitter;
use super::prepared::Prepared;
use super::ways::WayCell;

/// An [`Emitter`] for events of one type, made by [`Emitter::typed`].
///
/// Cheap to clone, `Send` and `Sync`, as the emitter is. It saves the look-up of the
/// event's type: worth it where events are emitted by the million.
///
/// # Examples
///
/// ```
/// # use ventix::{on, Emitter, Linker, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<u32>().call(|n| assert_eq!(**n, 7)))?;
/// let numbers = Emitter::start(&linker, Strategy::inline()).typed::<u32>();
/// assert!(numbers.emit_and_wait(7).await.all_handled());
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
pub struct TypedEmitter<E: 'static> {
    emitter: Emitter,
    cell: Arc<WayCell<E>>,
}

impl<E: Send + Sync + 'static> TypedEmitter<E> {
    pub(super) fn new(emitter: Emitter, cell: Arc<WayCell<E>>) -> Self {
        Self { emitter, cell }
    }

    /// Emits an event, as [`Emitter::emit`] does.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let emitter = Emitter::start(&Linker::start(), Strategy::inline());
    /// assert!(emitter.typed().emit("nobody listens").is_unheard());
    /// # });
    /// ```
    #[inline]
    pub fn emit(&self, event: E) -> Receipt {
        if self.emitter.parent().is_some() {
            return self.emitter.emit(event);
        }
        self.emitter.shared().emit_by(event, &self.cell)
    }

    /// Emits many events, as [`Emitter::emit_all`] does.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u32>().call(|_| ()))?;
    /// let numbers = Emitter::start(&linker, Strategy::current()).typed();
    /// assert_eq!(numbers.emit_all(0..100_u32).accepted(), 100);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn emit_all(&self, events: impl IntoIterator<Item = E>) -> Receipts {
        self.emitter.emit_all(events)
    }

    /// Emits an event when there is room, as [`Emitter::emit_when_ready`] does.
    ///
    /// # Cancel safety
    ///
    /// That of [`Emitter::emit_when_ready`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u32>().call(|_| ()))?;
    /// let numbers = Emitter::start(&linker, Strategy::inline()).typed();
    /// assert_eq!(numbers.emit_when_ready(7_u32).await.accepted(), 1);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub async fn emit_when_ready(&self, event: E) -> Receipt {
        self.emitter.emit_when_ready(event).await
    }

    /// Emits an event and waits for the end of its deliveries, as
    /// [`Emitter::emit_and_wait`] does.
    ///
    /// # Cancel safety
    ///
    /// That of [`Emitter::emit_and_wait`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u32>().call(|_| Err::<(), _>("no")))?;
    /// let numbers = Emitter::start(&linker, Strategy::inline()).typed();
    /// assert!(!numbers.emit_and_wait(7_u32).await.all_handled());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub async fn emit_and_wait(&self, event: E) -> Report {
        if self.emitter.parent().is_some() {
            return self.emitter.emit_and_wait(event).await;
        }
        let shared = self.emitter.shared();
        shared.emit_and_wait(event, Some(&self.cell)).await
    }

    /// Prepares an emission with a topic, a key, a deadline and so on, as
    /// [`Emitter::prepare`] does.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on_topic, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on_topic::<u32>("numbers.odd").call(|_| ()))?;
    /// let numbers = Emitter::start(&linker, Strategy::inline()).typed();
    /// assert_eq!(numbers.prepare(7_u32).topic("numbers.odd").emit().accepted(), 1);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn prepare(&self, event: E) -> Prepared<'_, E> {
        self.emitter.prepare(event)
    }

    /// Returns the emitter that this is.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let numbers = Emitter::start(&Linker::start(), Strategy::inline()).typed::<u32>();
    /// numbers.emit(7);
    /// assert_eq!(numbers.emitter().stats().emitted, 1);
    /// # });
    /// ```
    #[must_use]
    pub fn emitter(&self) -> &Emitter {
        &self.emitter
    }
}

impl<E> Clone for TypedEmitter<E> {
    fn clone(&self) -> Self {
        Self {
            emitter: self.emitter.clone(),
            cell: self.cell.clone(),
        }
    }
}

impl<E> fmt::Debug for TypedEmitter<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedEmitter")
            .field("event", &std::any::type_name::<E>())
            .field("emitter", &self.emitter)
            .finish()
    }
}
