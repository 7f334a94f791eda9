//! One emission for one subscription: what a handler receives, and how it says
//! that it is done.
//!
//! A handler reads the event through the [`Delivery`], which dereferences to
//! it. **A delivery is complete when it is dropped**, wherever it went: through
//! a `ResponseFuture`, `ctx.spawn`, a batch or a channel. So an actor's handler
//! has `type Result = ()`, and needs no reply channel to say that it is done.
//!
//! | the handler | the outcome |
//! |---|---|
//! | drops the delivery | [`Handled`](crate::Outcome::Handled) |
//! | calls [`fail`](Delivery::fail) | [`Failed`](crate::Outcome::Failed) |
//! | calls [`reply`](Delivery::reply) | `Handled`, with the answer |
//! | calls [`settle`](Delivery::settle) or [`settle_async`](Delivery::settle_async) | as the closure returned |
//! | panics while it holds the delivery | [`Panicked`](crate::Outcome::Panicked) |
//! | stops before it has read the delivery | [`Lost`](crate::Outcome::Lost); an actor that the bus made leaves it to the next one: [`Restart`](crate::Restart) |
//! | takes longer than its [`timeout`](crate::SubscriptionSpec::timeout) | [`TimedOut`](crate::Outcome::TimedOut) |
//!
//! A handler of [batches](crate::On::batch) gets several deliveries as one [`Batch`], and
//! each of them still ends by itself. With [`Retry`](crate::Retry) each attempt has an
//! outcome, and that of the last one is the delivery's.
//!
//! ```
//! use actix::prelude::*;
//! use ventix::{on, Delivery, Emitter, Linker, Strategy};
//!
//! struct OrderPlaced { id: u64 }
//!
//! struct Mailer;
//!
//! impl Actor for Mailer {
//!     type Context = Context<Self>;
//! }
//!
//! impl Handler<Delivery<OrderPlaced>> for Mailer {
//!     type Result = ();
//!
//!     fn handle(&mut self, order: Delivery<OrderPlaced>, _: &mut Context<Self>) {
//!         if order.id == 0 {
//!             order.fail("an order without an id");
//!         } // else: handled, when `order` is dropped here
//!     }
//! }
//!
//! # System::new().block_on(async {
//! let linker = Linker::start();
//! linker.subscribe(on::<OrderPlaced>().actor(Mailer.start()))?;
//! let emitter = Emitter::start(&linker, Strategy::current());
//! assert!(emitter.emit_and_wait(OrderPlaced { id: 1 }).await.all_handled());
//! assert!(!emitter.emit_and_wait(OrderPlaced { id: 0 }).await.all_handled());
//! # Ok::<(), ventix::SubscribeError>(())
//! # }).unwrap();
//! ```
//!
//! # Handled, panicked or lost
//!
//! An actor's delivery can be dropped in three ways, and actix tells nobody
//! which. Two questions tell them apart exactly, for everything that ends inside
//! a handler or still waits in the mailbox:
//!
//! - *Is the actor's mailbox still there?* A handler that panics drops what it
//!   holds first and the mailbox after it, so only what was in its hands finds the
//!   mailbox there: it panicked (a whole batch, if it held one); those behind it
//!   are lost.
//! - *Was it read?* What is dropped unread after its mailbox has gone never
//!   reached the handler: it is lost. What was read, and then outlived its actor
//!   in a `ResponseFuture`, is handled.
//!
//! Two things are beyond them. A future that panics after its actor has stopped counts as
//! lost. And a future that its actor drops half-way, as `ctx.stop()` does with what was
//! spawned on the context, cannot be told from one that ended. Where that matters, let
//! [`settle_async`](Delivery::settle_async) run it.

mod batch;
mod delivery;
mod emitted;
mod fleet;
mod flight;
mod held;
mod instance;
mod kept;
mod ledger;
mod parcel;
mod slip;
mod slips;
mod spans;
mod timing;
mod turn;

pub use batch::Batch;
pub use delivery::Delivery;

pub(crate) use emitted::{Emitted, Header};
pub(crate) use fleet::{Fleet, Parted};
pub(crate) use flight::AnyFlight;
pub(crate) use held::{Alone, AnyHeld, Held};
pub(crate) use instance::Instance;
pub(crate) use kept::{Kept, Sleeper};
pub(crate) use ledger::{Caller, Ledger, Origin};
pub(crate) use parcel::Parcel;
pub(crate) use spans::Spans;
pub(crate) use timing::Laps;
pub(crate) use turn::Turn;
