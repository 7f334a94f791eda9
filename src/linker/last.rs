//! The last value of an event: for those who come late.
//!
//! A linker [keeps](Linker::keep_last) the last emission of the event types and topics it
//! is told to. A subscription that [asks](crate::SubscriptionSpec::replay_last) for it gets
//! it first, and then whatever comes; anybody can [read](Linker::last) it.
//!
//! ```
//! use ventix::{on_topic, Emitter, Linker, Selector, Strategy};
//!
//! # actix::System::new().block_on(async {
//! # let (tell, told) = std::sync::mpsc::channel();
//! let linker = Linker::start();
//! linker.keep_last(&Selector::topic("sensors.kitchen")?)?;
//!
//! let emitter = Emitter::start(&linker, Strategy::current());
//! emitter.prepare(20.5_f64).topic("sensors.kitchen").emit();
//! assert_eq!(linker.last_on::<f64>("sensors.kitchen").as_deref(), Some(&20.5));
//!
//! let display = on_topic::<f64>("sensors.*").call(move |degrees| tell.send(*degrees.event()));
//! linker.subscribe(display.replay_last())?;
//! emitter.prepare(21.0_f64).topic("sensors.kitchen").emit_and_wait().await;
//! assert_eq!(told.try_iter().collect::<Vec<_>>(), [20.5, 21.0]);
//! # Ok::<(), ventix::BoxError>(())
//! # }).unwrap();
//! ```
//!
//! # What is kept
//!
//! One emission for each event type or topic: the event with its metadata, and neither its
//! emitter nor its handlers. It has ended all the same, so [`Linker::drain`] does not wait
//! for it. On a topic it is the last of any type. An emission is kept when it has been
//! accepted, and also when nobody listens; one that is refused as a whole is not. One whose
//! deadline has passed is neither delivered nor read. [Notices](crate::notice) are not kept.
//!
//! Where nothing is kept, an emission pays a branch for it; where something is, a look-up
//! under a lock that the linker's emitters share, and for what is kept itself an allocation
//! or two.
//!
//! # Guarantees
//!
//! A subscription with [`replay_last`](crate::SubscriptionSpec::replay_last) gets, of each
//! event type or topic that is kept, the last value there is when it is linked, and
//! everything that is stored after it: none of them twice, and none of one thread's in
//! another order, whatever is emitted at that moment from wherever. Last values of several
//! topics come in the order in which they were emitted.

use std::fmt;
use std::ops::Deref;

use crate::delivery::Sleeper;
use crate::event::{Metadata, Payload};
use crate::registry::{Kind, Selector};

use super::linker::Linker;

impl Linker {
    /// Keeps the last value of an event type or a topic from now on, and returns whether it
    /// was not kept before. See the [module's page](self).
    ///
    /// # Errors
    ///
    /// When the selector is a pattern or everything: only an event type or a topic has one
    /// last value, so what is kept is bounded by what is named.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Emitter, Linker, Selector, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// assert!(linker.keep_last(&Selector::event::<u8>())?);
    /// assert!(!linker.keep_last(&Selector::event::<u8>())?);
    /// Emitter::start(&linker, Strategy::inline()).emit(7_u8);
    /// assert_eq!(linker.last::<u8>().as_deref(), Some(&7));
    ///
    /// assert!(linker.keep_last(&Selector::topic("sensors.*")?).is_err());
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn keep_last(&self, event: &Selector) -> Result<bool, KeepError> {
        match event.kind() {
            Kind::Event(_) | Kind::Topic(_) => Ok(self.core().registry().keep_last(event)),
            Kind::Pattern(_) | Kind::Everything => Err(KeepError {
                event: event.clone(),
            }),
        }
    }

    /// Drops the last value of an event type or a topic, and keeps none any more. Returns
    /// whether it was kept.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Emitter, Linker, Selector, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.keep_last(&Selector::event::<u8>())?;
    /// Emitter::start(&linker, Strategy::inline()).emit(7_u8);
    /// assert!(linker.forget_last(&Selector::event::<u8>()));
    /// assert!(linker.last::<u8>().is_none());
    /// assert!(!linker.forget_last(&Selector::event::<u8>()));
    /// # Ok::<(), ventix::KeepError>(())
    /// # }).unwrap();
    /// ```
    pub fn forget_last(&self, event: &Selector) -> bool {
        self.core().registry().forget_last(event)
    }

    /// Returns the last event of type `E` that was emitted on no topic, if it is kept.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Emitter, Linker, Selector, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.keep_last(&Selector::event::<&str>())?;
    /// assert!(linker.last::<&str>().is_none());
    /// let receipt = Emitter::start(&linker, Strategy::inline()).emit("green");
    /// let light = linker.last::<&str>().unwrap();
    /// assert_eq!((*light, light.metadata().id()), ("green", receipt.id()));
    /// # Ok::<(), ventix::KeepError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn last<E: Send + Sync + 'static>(&self) -> Option<Last<E>> {
        self.last_of(&Selector::event::<E>())
    }

    /// Returns the last event on a topic, if it is kept, and if it is of type `E`;
    /// with [`AnyEvent`](crate::AnyEvent), of whatever type it is.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{AnyEvent, Emitter, Linker, Selector, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.keep_last(&Selector::topic("lights.north")?)?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// emitter.prepare("green").topic("lights.north").emit();
    /// assert_eq!(linker.last_on::<&str>("lights.north").as_deref(), Some(&"green"));
    /// assert!(linker.last_on::<AnyEvent>("lights.north").is_some());
    /// assert!(linker.last_on::<u8>("lights.north").is_none());
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn last_on<E: ?Sized + Payload>(&self, topic: impl AsRef<str>) -> Option<Last<E>> {
        self.last_of(&Selector::topic(topic.as_ref()).ok()?)
    }

    fn last_of<E: ?Sized + 'static>(&self, event: &Selector) -> Option<Last<E>> {
        let kept = self.core().registry().last(event)?;
        kept.sleeper().map(Last)
    }
}

/// The last value of an event: it dereferences to it. Made by [`Linker::last`] and
/// [`Linker::last_on`].
///
/// It is that value for as long as it is held, whatever is emitted meanwhile. Cloning is
/// cheap.
///
/// # Examples
///
/// ```
/// # use ventix::{Emitter, Linker, Selector, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.keep_last(&Selector::event::<String>())?;
/// let emitter = Emitter::start(&linker, Strategy::inline());
/// emitter.emit(String::from("hello"));
/// let greeting = linker.last::<String>().unwrap();
/// emitter.emit(String::from("bye"));
/// assert_eq!(greeting.len(), 5);
/// # Ok::<(), ventix::KeepError>(())
/// # }).unwrap();
/// ```
pub struct Last<E: ?Sized + 'static>(Sleeper<E>);

impl<E: ?Sized> Last<E> {
    /// Returns what is known of its emission.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Emitter, Linker, Selector, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.keep_last(&Selector::event::<u8>())?;
    /// Emitter::start(&linker, Strategy::inline()).prepare(7_u8).key("a").emit();
    /// assert_eq!(linker.last::<u8>().unwrap().metadata().key(), Some("a"));
    /// # Ok::<(), ventix::KeepError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        self.0.metadata()
    }
}

impl<E: ?Sized> Deref for Last<E> {
    type Target = E;

    fn deref(&self) -> &E {
        self.0.event()
    }
}

impl<E: ?Sized> Clone for Last<E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<E: ?Sized> fmt::Debug for Last<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Last").field(self.metadata()).finish()
    }
}

/// Why no last value can be kept: what was named may have any number of them.
///
/// # Examples
///
/// ```
/// # use ventix::{Linker, Selector};
/// # actix::System::new().block_on(async {
/// let error = Linker::start().keep_last(&Selector::topic("sensors.>")?).unwrap_err();
/// assert_eq!(error.to_string(), "no one last value of sensors.>: keep event types and topics");
/// # Ok::<(), ventix::TopicError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no one last value of {event}: keep event types and topics")]
#[non_exhaustive]
pub struct KeepError {
    /// What was to be kept.
    pub event: Selector,
}
