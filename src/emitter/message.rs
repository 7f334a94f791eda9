use std::fmt;
use std::sync::{Arc, Weak};

use actix::Message;
use actix::clock::Instant;

use crate::event::{Attributes, Cause, Topic, TopicError};
use crate::graph::Trace;
use crate::outcome::Receipt;

use super::gear::Gear;

/// Emits an event, as a message to [`Emitter::addr`](crate::Emitter::addr). Made
/// by the function of the same name.
///
/// An event with a topic, key or headers becomes a message with
/// [`Prepared::into_message`](crate::Prepared::into_message).
///
/// # Examples
///
/// ```
/// use ventix::{on, Emit, Emitter, Linker, Strategy};
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<&str>().call(|_| ()))?;
/// let emitter = Emitter::start(&linker, Strategy::current());
///
/// emitter.addr().do_send(Emit("at once"));
/// let receipt = emitter.addr().send(Emit("and wait for the receipt")).await?;
/// assert_eq!(receipt.accepted(), 1);
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
pub struct Emit<E> {
    pub(super) event: E,
    pub(super) topic: Result<Option<Topic>, TopicError>,
    pub(super) attributes: Option<Box<Attributes>>,
    /// The gear of the emission whose handler emits this.
    pub(super) origin: Weak<Gear>,
    /// Which handler of which event emits this, where that is sampled.
    pub(super) trace: Option<Arc<Trace>>,
}

/// Makes the message that emits `event`.
///
/// # Examples
///
/// A function, so it maps events to messages:
///
/// ```
/// # use ventix::{on, Emit, Emitter, Linker, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<&str>().call(|line| println!("{}", **line)))?;
/// let emitter = Emitter::start(&linker, Strategy::current());
/// for message in ["hello", "world"].map(Emit) {
///     assert_eq!(emitter.addr().send(message).await?.accepted(), 1);
/// }
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
#[allow(non_snake_case, reason = "it reads as the message that it makes")]
pub fn Emit<E: Send + Sync + 'static>(event: E) -> Emit<E> {
    Emit {
        event,
        topic: Ok(None),
        attributes: None,
        origin: Weak::new(),
        trace: None,
    }
}

/// The emission whose handler emits.
pub(super) struct Parent {
    pub(super) cause: Cause,
    /// Where it was let in. Weak: its arbiters are not to outlive its deliveries.
    pub(super) gear: Weak<Gear>,
    /// Which handler of which event it is, where that is sampled.
    pub(super) trace: Option<Arc<Trace>>,
}

impl<E> Emit<E> {
    pub(super) fn attributes(&mut self) -> &mut Attributes {
        self.attributes.get_or_insert_default()
    }

    /// When it is not wanted any more.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.attributes.as_ref()?.deadline
    }

    pub(super) fn caused_by(mut self, parent: Option<&Parent>) -> Self {
        if let Some(Parent { cause, gear, trace }) = parent {
            self.attributes().inherit(cause);
            self.origin = gear.clone();
            if self.trace.is_none() {
                self.trace.clone_from(trace);
            }
        }
        self
    }
}

impl<E: 'static> Message for Emit<E> {
    type Result = Receipt;
}

impl<E> fmt::Debug for Emit<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emit")
            .field("event", &std::any::type_name::<E>())
            .field("topic", &self.topic)
            .finish_non_exhaustive()
    }
}
