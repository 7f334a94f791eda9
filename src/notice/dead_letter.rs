use std::fmt;
use std::sync::Arc;

use crate::delivery::Emitted;
use crate::event::{AnyEvent, HandlerRef, Metadata};
use crate::outcome::SharedError;

/// A delivery that was not handled; or an emission that was refused as a whole.
///
/// It holds the event itself, so while it is in flight, so is the emission that it
/// is about.
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
pub struct DeadLetter {
    pub(crate) emitted: Arc<Emitted<AnyEvent>>,
    pub(crate) handler: Option<HandlerRef>,
    pub(crate) error: SharedError,
}

impl DeadLetter {
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
        &self.emitted.payload
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
        &self.emitted.header.metadata
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
