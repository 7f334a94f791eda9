use std::fmt;
use std::sync::{Arc, Weak};

use crate::notice::LetterId;
use crate::outcome::Reason;
use crate::registry::{Registry, RequeueError, Shelf, StoredLetter};
use crate::shield::shielded;

/// The last dead letters of a linker that keeps them: see
/// [`LinkerBuilder::dead_letters`](crate::LinkerBuilder::dead_letters).
///
/// Each is a delivery that was not handled, or an emission that was refused as a whole,
/// with its event: the same as the notice [`DeadLetter`](crate::DeadLetter), which is
/// emitted all the same. An operator looks at them, mends what was wrong, and has them
/// delivered again, each to the one subscription that failed; or throws them away.
///
/// Cloning is cheap. A handle does not keep the linker alive, so a handler of the same
/// linker may have one; it keeps the letters.
///
/// # Examples
///
/// ```
/// use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
/// use ventix::{on, Emitter, Linker, Strategy};
///
/// static IS_UP: AtomicBool = AtomicBool::new(false);
///
/// struct OrderPlaced { id: u64 }
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::builder().dead_letters(1_000).start()?;
/// let stored = linker.subscribe(on::<OrderPlaced>().call_async(async |_| {
///     if IS_UP.load(Relaxed) { Ok(()) } else { Err("no connection to the database") }
/// }))?;
/// linker.subscribe(on::<OrderPlaced>().call(|order| println!("order {}", order.id)))?;
///
/// let emitter = Emitter::start(&linker, Strategy::current());
/// emitter.emit_and_wait(OrderPlaced { id: 7 }).await;
///
/// let letters = linker.dead_letters();
/// for letter in letters.list() {
///     println!("{letter}"); // letter 1: .. was not handled by #1: no connection ..
/// }
/// IS_UP.store(true, Relaxed);
/// assert_eq!(letters.requeue_all(|letter| letter.is::<OrderPlaced>()), 1);
/// # while stored.counts().in_flight() > 0 { actix_rt::task::yield_now().await; }
/// // Only the one that failed got it again.
/// assert_eq!((stored.counts().failed, stored.counts().handled), (1, 1));
/// assert!(letters.is_empty());
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
///
/// # Guarantees
///
/// - **Bounded.** There are [`capacity`](Self::capacity) letters at most. The next one
///   drops the oldest, which is [counted](Self::displaced).
/// - **Once.** A letter leaves with the requeueing that is accepted, and nobody else can
///   requeue it or take it out meanwhile. If it is not handled again, there is a new
///   letter.
/// - **A requeued delivery is like any other.** It is asked what every delivery is asked
///   (paused, filter, throttle, room ...), counted and, if the subscription says so, tried
///   again; it has the id, the metadata and the deadline that it had. It goes to the same
///   handler of the subscription that it went to, unless another one was linked since.
///   What is different: it starts on the linker's arbiter, sync callbacks too; it comes
///   after what was emitted meanwhile; and whoever waited for the emission has its report
///   already. What its handler emits through
///   [`Delivery::emitter`](crate::Delivery::emitter) runs under
///   [`inline`](crate::Strategy::inline), or, while other deliveries of the emission have
///   not ended, as that emission did.
/// - **A deadline stays.** Whoever emitted it said that it is of no use later, and what
///   its handlers emit inherits that. A letter whose deadline has passed is refused as
///   [`Reason::Expired`]: to have it handled all the same, emit what
///   [`original`](crate::DeadLetter::original) shows.
/// - **Refused as a whole.** Such an emission reached nobody. Requeued, it goes to all
///   that listen to such events now; those that turn it away have a letter each, and if
///   all do, the letter stays.
/// - **Still held.** A delivery that took too long, and that its handler has not let go
///   of, cannot be delivered again: [`Reason::StillHeld`].
/// - **Drain.** [`Linker::drain`](crate::Linker::drain) waits for what was requeued
///   before; afterwards nothing is requeued. What the linker's arbiter does not come to
///   any more, because it has stopped, is lost, and a new letter.
/// - **No loops.** As with the notice, there are no letters about notices, nor about what
///   their handlers emit.
#[derive(Clone)]
pub struct DeadLetters {
    shelf: Option<Arc<Shelf>>,
    registry: Weak<Registry>,
}

impl DeadLetters {
    pub(in crate::linker) fn new(registry: &Arc<Registry>) -> Self {
        Self {
            shelf: registry.shelf().cloned(),
            registry: Arc::downgrade(registry),
        }
    }

    /// Returns how many letters are kept at most; 0 if none are.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::Linker;
    /// # actix::System::new().block_on(async {
    /// assert_eq!(Linker::start().dead_letters().capacity(), 0);
    /// assert_eq!(Linker::builder().dead_letters(9).start()?.dead_letters().capacity(), 9);
    /// # Ok::<(), ventix::StartError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.shelf.as_ref().map_or(0, |shelf| shelf.capacity())
    }

    /// Returns how many letters there are.
    ///
    /// # Examples
    ///
    /// See [`displaced`](Self::displaced).
    #[must_use]
    pub fn len(&self) -> usize {
        self.shelf.as_ref().map_or(0, |shelf| shelf.len())
    }

    /// Returns whether there are none.
    ///
    /// # Examples
    ///
    /// ```
    /// # actix::System::new().block_on(async {
    /// assert!(ventix::Linker::start().dead_letters().is_empty());
    /// # });
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many letters have made room for newer ones.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::builder().dead_letters(2).start()?;
    /// linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// for text in ["one", "two", "three"] {
    ///     emitter.emit(text);
    /// }
    /// let letters = linker.dead_letters();
    /// assert_eq!((letters.len(), letters.displaced()), (2, 1));
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn displaced(&self) -> u64 {
        self.shelf.as_ref().map_or(0, |shelf| shelf.displaced())
    }

    /// Returns the letters at this moment, the oldest first.
    ///
    /// # Examples
    ///
    /// The errors of one handler:
    ///
    /// ```
    /// # use ventix::{DeadLetters, SubscriptionId};
    /// fn errors_of(letters: &DeadLetters, handler: SubscriptionId) -> Vec<String> {
    ///     let letters = letters.list();
    ///     let own = letters.iter().filter(|letter| letter.is_for(handler));
    ///     own.map(|letter| letter.error().to_string()).collect()
    /// }
    /// # actix::System::new().block_on(async {
    /// # let linker = ventix::Linker::start();
    /// # let id = linker.subscribe(ventix::on::<u8>().call(|_| ()))?.id();
    /// # assert!(errors_of(&linker.dead_letters(), id).is_empty());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn list(&self) -> Vec<StoredLetter> {
        let shelf = self.shelf.as_ref();
        shelf.map_or_else(Vec::new, |shelf| shelf.list())
    }

    /// Returns one letter, if it is there.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::builder().dead_letters(2).start()?;
    /// linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()))?;
    /// Emitter::start(&linker, Strategy::inline()).emit("one");
    /// let letters = linker.dead_letters();
    /// let id = letters.list()[0].id();
    /// assert!(letters.get(id).is_some());
    /// letters.clear();
    /// assert!(letters.get(id).is_none());
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn get(&self, id: LetterId) -> Option<StoredLetter> {
        self.shelf.as_ref()?.get(id)
    }

    /// Delivers a letter's event again, to the one subscription that did not handle it.
    /// See the [guarantees](Self#guarantees).
    ///
    /// # Errors
    ///
    /// When there is no such letter, when its subscription has gone, or when the event is
    /// turned away again. The letter stays then.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::builder().dead_letters(10).start()?;
    /// let flaky = linker.subscribe(on::<u8>().call(|_| Err::<(), _>("not today")))?;
    /// Emitter::start(&linker, Strategy::inline()).emit(1_u8);
    ///
    /// let letters = linker.dead_letters();
    /// let before = letters.list()[0].id();
    /// letters.requeue(before)?;
    /// # while flaky.counts().failed < 2 { actix_rt::task::yield_now().await; }
    /// // It failed again: a new letter.
    /// let after = letters.list()[0].id();
    /// assert!(after > before && letters.len() == 1);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn requeue(&self, id: LetterId) -> Result<(), RequeueError> {
        let shelf = self.shelf.as_ref().ok_or(RequeueError::Unknown { id })?;
        let registry = self.registry.upgrade();
        let registry = registry.ok_or(RequeueError::Refused(Reason::LinkerStopped))?;
        registry.requeue(shelf, id)
    }

    /// Delivers the events of all letters that `select` wants again, the oldest first,
    /// and returns how many letters that were. What cannot be requeued stays.
    ///
    /// # Examples
    ///
    /// See [`DeadLetters`].
    pub fn requeue_all(&self, select: impl FnMut(&StoredLetter) -> bool) -> usize {
        let ids = self.select(select).into_iter();
        ids.filter(|id| self.requeue(*id).is_ok()).count()
    }

    /// Takes out all letters that `select` wants, and returns them, the oldest first.
    ///
    /// # Examples
    ///
    /// Moves them to where they survive the process:
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::builder().dead_letters(10).start()?;
    /// linker.subscribe(on::<String>().call(|line| line.parse::<u32>()))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// emitter.emit(String::from("no number"));
    ///
    /// let mut aside = Vec::new();
    /// for letter in linker.dead_letters().take(|letter| letter.is::<String>()) {
    ///     aside.extend(letter.original().downcast_ref::<String>().cloned());
    /// }
    /// assert_eq!(aside, ["no number"]);
    /// assert!(linker.dead_letters().is_empty());
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use = "`purge` throws them away"]
    pub fn take(&self, select: impl FnMut(&StoredLetter) -> bool) -> Vec<StoredLetter> {
        let ids = self.select(select);
        let shelf = self.shelf.as_ref();
        shelf.map_or_else(Vec::new, |shelf| shelf.take(&ids))
    }

    /// Throws away all letters that `select` wants, and returns how many that were.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Reason, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::builder().dead_letters(10).start()?;
    /// linker.subscribe(on::<u8>().call(|_| ()).paused())?;
    /// Emitter::start(&linker, Strategy::inline()).emit(1_u8);
    ///
    /// let letters = linker.dead_letters();
    /// let of_a_pause = letters.purge(|it| it.error().downcast_ref() == Some(&Reason::Paused));
    /// assert_eq!((of_a_pause, letters.len()), (1, 0));
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn purge(&self, select: impl FnMut(&StoredLetter) -> bool) -> usize {
        let letters = self.take(select);
        let count = letters.len();
        for letter in letters {
            // Its event and its error are a user's.
            shielded(move || drop(letter));
        }
        count
    }

    /// Throws all letters away, and returns how many that were.
    ///
    /// # Examples
    ///
    /// See [`get`](Self::get).
    pub fn clear(&self) -> usize {
        self.purge(|_| true)
    }

    /// The user's code runs on a copy: not under the lock.
    fn select(&self, mut select: impl FnMut(&StoredLetter) -> bool) -> Vec<LetterId> {
        let letters = self.list();
        let wanted = letters.iter().filter(|letter| select(letter));
        wanted.map(StoredLetter::id).collect()
    }
}

impl fmt::Debug for DeadLetters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetters")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .finish_non_exhaustive()
    }
}
