//! Deliveries as a [`Stream`](futures::Stream): the consumer asks for the next one,
//! where and when it likes.
//!
//! ```
//! use futures::StreamExt;
//! use ventix::{on_topic, Emitter, Linker, Received, Strategy};
//!
//! # actix::System::new().block_on(async {
//! let linker = Linker::start();
//! let (spec, mut readings) = on_topic::<u32>("readings.*").stream(2);
//! let subscription = linker.subscribe(spec.named("chart"))?;
//!
//! let emitter = Emitter::start(&linker, Strategy::inline());
//! for n in 1..=3_u32 {
//!     emitter.prepare(n).topic("readings.indoor").emit();
//! }
//! // There is room for two: the first has made room for the third.
//! assert!(matches!(readings.next().await, Some(Received::Lagged(1))));
//! let Some(Received::Delivery(reading)) = readings.next().await else { unreachable!() };
//! assert_eq!(*reading, 2);
//! drop(reading); // handled
//!
//! subscription.unsubscribe();
//! assert_eq!(readings.next().await.and_then(Received::into_delivery).as_deref(), Some(&3));
//! assert!(readings.next().await.is_none());
//! # Ok::<(), ventix::SubscribeError>(())
//! # }).unwrap();
//! ```
//!
//! # Guarantees
//!
//! - **Order.** Deliveries come in the order in which their emissions were run.
//! - **Loss is an item.** The stream keeps as many deliveries that the consumer has
//!   not taken as its capacity says. The next one makes the oldest of them end as
//!   [`Dropped`](crate::Outcome::Dropped), with
//!   [`Reason::DroppedOldest`](crate::Reason::DroppedOldest): in the report, in the counts,
//!   as a dead letter. The consumer gets [`Received::Lagged`] in its place.
//! - **No emitter waits**, unless it is told to: a subscription with a
//!   [`capacity`](crate::SubscriptionSpec::capacity) no larger than the stream's refuses
//!   what comes on top, or with [`Overflow::Wait`](crate::Overflow::Wait) lets the waiting
//!   calls wait for the consumer; then the stream never lags. That capacity counts what
//!   the consumer holds, too.
//! - **A delivery that was taken is complete when it is dropped**, also after the
//!   stream; one that still waits when the stream is dropped is
//!   [`Lost`](crate::Outcome::Lost), and one that has waited for longer than the
//!   subscription's [`timeout`](crate::SubscriptionSpec::timeout) is passed over.
//! - **Dropping the stream unlinks** its handler before the drop returns, from any
//!   thread, and the subscription with it if that has no other.
//! - **It ends** when nothing can come any more: it is unlinked, by whatever
//!   ([`unsubscribe`](crate::Subscription::unsubscribe), [`once`](crate::SubscriptionSpec::once),
//!   [`Linker::stop`](crate::Linker::stop), the end of the linker, a spec that was
//!   never subscribed), and all that was accepted has arrived or ended elsewhere. What
//!   has arrived comes first; a consumer that waits is woken. An emission that found the
//!   subscription before it was unlinked and takes its place only after the end is
//!   refused, with [`Reason::HandlerGone`](crate::Reason::HandlerGone).

mod channel;
mod deliveries;
mod event_stream;
mod received;
mod target;

pub use deliveries::Deliveries;
pub use event_stream::EventStream;
pub use received::Received;

pub(crate) use channel::Channel;
pub(crate) use target::{Linked, StreamPart};
