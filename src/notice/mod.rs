//! What the bus itself has to say: ordinary events on the linker, for whoever
//! subscribes to them.
//!
//! | event | when |
//! |---|---|
//! | [`DeadLetter`] | a delivery, or an emission as a whole, was not handled |
//! | [`HandlerPanicked`] | a handler panicked |
//! | [`HandlerRestarted`] | an actor that died of it was made anew |
//! | [`HandlerSuspended`] | it died more often than its [`Restart`](crate::Restart) allows |
//! | [`HandlerGone`] | an actor has stopped, and was unlinked |
//! | [`BreakerChanged`] | a subscription's [`Breaker`](crate::Breaker) opened, half opened or closed |
//! | [`ArbiterBlocked`] | an arbiter does not answer: [`LinkerBuilder::heartbeat`](crate::LinkerBuilder::heartbeat) |
//! | [`TicksMissed`] | a [schedule](crate::emitter::schedule) was due more than once before it could emit |
//!
//! ```
//! use ventix::{on, DeadLetter, Emitter, Linker, Strategy};
//!
//! # actix::System::new().block_on(async {
//! let linker = Linker::start();
//! linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()).named("parser"))?;
//! linker.subscribe(on::<DeadLetter>().call(|letter| {
//!     let text = letter.original().downcast_ref::<&str>();
//!     println!("{text:?} was not handled by {:?}: {}", letter.handler(), letter.error());
//! #   assert_eq!((text, letter.handler().unwrap().name()), (Some(&"no number"), Some("parser")));
//! }))?;
//! let emitter = Emitter::start(&linker, Strategy::inline());
//! emitter.emit("no number");
//! # let letters = linker.snapshot();
//! # assert_eq!(letters.iter().last().unwrap().counts().handled, 1);
//! # Ok::<(), ventix::SubscribeError>(())
//! # }).unwrap();
//! ```
//!
//! # Guarantees
//!
//! - **Where.** They are emitted on the thread where it happened, so a sync callback
//!   hears at once. While that thread panics, while it already tells of something, or
//!   when it has no arbiter for an async callback, they go to the linker's arbiter:
//!   1,024 wait for it at most; what is on top of that is
//!   [counted](crate::Linker::missed_notices).
//! - **No loops.** What becomes of a notice, and of what its handlers emit through
//!   [`Delivery::emitter`](crate::Delivery::emitter), is counted like any delivery, and
//!   told to failure callbacks, but makes no further notice: a handler of dead letters
//!   that fails, panics or is full says so in its [`Counts`](crate::Counts) only.
//! - **Nothing for nobody.** Without a subscriber of its type, of
//!   [everything](crate::on_any) or of a supertopic, a notice is not made. A dead letter
//!   is, where the linker [keeps](crate::LinkerBuilder::dead_letters) them.
//! - `on_any` hears them too. What their handlers emit through `Delivery::emitter`
//!   runs under `inline`.

mod arbiter_blocked;
mod breaker_changed;
mod dead_letter;
mod handler;
mod letter_id;
mod ticks_missed;

pub use arbiter_blocked::ArbiterBlocked;
pub use breaker_changed::BreakerChanged;
pub use dead_letter::DeadLetter;
pub use handler::{HandlerGone, HandlerPanicked, HandlerRestarted, HandlerSuspended};
pub use letter_id::LetterId;
pub use ticks_missed::TicksMissed;
