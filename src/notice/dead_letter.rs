use std::fmt;

use crate::delivery::Kept;
use crate::event::{AnyEvent, HandlerRef, Metadata};
use crate::outcome::SharedError;

use super::letter_id::LetterId;

/// A delivery that was not handled; or an emission that was refused as a whole.
///
/// It keeps the event and what is known of the emission, however long it is kept itself:
/// that one has ended all the same.
///
/// A linker can keep the last ones, to be looked at and delivered again: see
/// [`DeadLetters`](crate::DeadLetters).
///
/// It holds the event. If nobody listened for dead letters yet when that was emitted, the
/// emission counts as in flight for as long as its letter is held.
///
/// # Examples
///
/// ```
/// # use ventix::{on, DeadLetter, Emitter, Linker, Panicked, Reason, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<u8>().call(|_| panic!("out of ink")))?;
/// linker.subscribe(on::<DeadLetter>().call(|letter| match letter.error().downcast_ref() {
///     Some(Panicked { .. }) => println!("try again later: {:?}", letter.original_metadata().id()),
///     None => println!("{letter}"),
/// }))?;
/// let emitter = Emitter::start(&linker, Strategy::inline());
/// emitter.emit(1_u8);
/// # assert_eq!(linker.snapshot().iter().last().unwrap().counts().handled, 1);
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct DeadLetter {
    /// Where the linker keeps it, if it does.
    pub(crate) id: Option<LetterId>,
    pub(crate) kept: Kept,
    pub(crate) handler: Option<HandlerRef>,
    pub(crate) error: SharedError,
    pub(crate) attempts: Vec<SharedError>,
}

impl DeadLetter {
    /// Returns the number under which the linker keeps it, if it
    /// [keeps any](crate::LinkerBuilder::dead_letters).
    ///
    /// # Examples
    ///
    /// Delivers again what a mail server was too busy for, a minute later:
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use actix::clock::sleep;
    /// # use ventix::{on, BoxError, DeadLetter, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// # tokio::time::pause();
    /// let linker = Linker::builder().dead_letters(100).start()?;
    /// # let busy = std::sync::atomic::AtomicBool::new(true);
    /// # let mailer = linker.subscribe(on::<&str>().call(move |_| {
    /// #     if busy.swap(false, std::sync::atomic::Ordering::Relaxed) { Err("busy") } else { Ok(()) }
    /// # }))?;
    /// let letters = linker.dead_letters();
    /// linker.subscribe(on::<DeadLetter>().call_async(move |letter| {
    ///     let letters = letters.clone();
    ///     async move {
    ///         sleep(Duration::from_secs(60)).await;
    ///         letter.id().map_or(Ok(()), |id| letters.requeue(id))
    ///     }
    /// }))?;
    /// Emitter::start(&linker, Strategy::current()).emit("welcome");
    /// # sleep(Duration::from_secs(61)).await;
    /// # assert_eq!((mailer.counts().failed, mailer.counts().handled), (1, 1));
    /// # assert!(linker.dead_letters().is_empty());
    /// # Ok::<(), BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn id(&self) -> Option<LetterId> {
        self.id
    }

    /// Returns the event that was not handled. (`letter.event()` is the letter.)
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, DeadLetter};
    /// struct OrderPlaced { id: u64 }
    ///
    /// on::<DeadLetter>().call(|letter| {
    ///     if let Some(order) = letter.original().downcast_ref::<OrderPlaced>() {
    ///         println!("order {} was not handled", order.id);
    ///     }
    /// });
    /// ```
    #[must_use]
    pub fn original(&self) -> &AnyEvent {
        self.kept.event()
    }

    /// Returns what is known of the emission that was not handled. (The letter has
    /// [metadata](crate::Delivery::metadata) of its own, as every event.)
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, DeadLetter};
    /// on::<DeadLetter>().call(|letter| println!("{} was not handled", letter.original_metadata().name()));
    /// ```
    #[must_use]
    pub fn original_metadata(&self) -> &Metadata {
        self.kept.metadata()
    }

    /// Returns whose delivery it was; `None` when the emission was refused as a
    /// whole.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, DeadLetter};
    /// on::<DeadLetter>().call(|letter| match letter.handler() {
    ///     Some(handler) => println!("{handler} did not handle it"),
    ///     None => println!("nobody got it"),
    /// });
    /// ```
    #[must_use]
    pub fn handler(&self) -> Option<&HandlerRef> {
        self.handler.as_ref()
    }

    /// Returns why: the handler's own error, or [`Panicked`](crate::Panicked),
    /// [`TimedOut`](crate::TimedOut), [`Lost`](crate::Lost) or
    /// [`Reason`](crate::Reason).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, DeadLetter, Reason};
    /// on::<DeadLetter>().call(|letter| {
    ///     if let Some(Reason::LaneFull { .. }) = letter.error().downcast_ref() {
    ///         println!("{:?} is too slow", letter.handler());
    ///     }
    /// });
    /// ```
    #[must_use]
    pub fn error(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
        &*self.error
    }

    /// Returns the errors of all attempts, the last one last: several where the
    /// subscription [tries again](crate::SubscriptionSpec::retry), none where nothing
    /// was tried.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, DeadLetter};
    /// on::<DeadLetter>().call(|letter| {
    ///     for (error, attempt) in letter.attempts().iter().zip(1..) {
    ///         println!("attempt {attempt}: {error}");
    ///     }
    /// });
    /// ```
    #[must_use]
    pub fn attempts(&self) -> &[SharedError] {
        &self.attempts
    }
}

impl fmt::Display for DeadLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} was not handled", self.original_metadata().name())?;
        if let Some(handler) = &self.handler {
            write!(f, " by {handler}")?;
        }
        write!(f, ": {}", self.error)
    }
}

impl fmt::Debug for DeadLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetter")
            .field("metadata", self.original_metadata())
            .field("handler", &self.handler)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}
