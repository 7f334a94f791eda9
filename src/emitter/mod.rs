//! Emitters: where and when handlers run.
//!
//! An [`Emitter`] is the handle to an actor that runs emissions; its
//! [`Strategy`] says where that actor lives. The subscriptions stay with the
//! [`Linker`](crate::Linker), so two emitters of different strategies serve the
//! same ones, and code that takes an `&Emitter` need not know which it got.
//!
//! ```
//! use ventix::{on, Emitter, Linker, Strategy};
//!
//! struct OrderPlaced { id: u64 }
//!
//! fn place_order(emitter: &Emitter) {
//!     emitter.emit(OrderPlaced { id: 1 });
//! }
//!
//! # actix::System::new().block_on(async {
//! let linker = Linker::start();
//! linker.subscribe(on::<OrderPlaced>().call(|order| println!("order {}", order.id)))?;
//!
//! place_order(&Emitter::start(&linker, Strategy::inline()));
//! place_order(&Emitter::start(&linker, Strategy::dedicated()));
//! # Ok::<(), ventix::SubscribeError>(())
//! # }).unwrap();
//! ```
//!
//! # Guarantees
//!
//! - **Matched once, when it is emitted.** [`emit`](Emitter::emit) finds the
//!   subscriptions, takes room in their lanes and claims the one shot of those
//!   that fire once, all on the caller's thread; so its [`Receipt`](crate::Receipt)
//!   is exact. Where and when the handlers run is up to the strategy.
//! - **Order.** What one thread emits through one emitter reaches each
//!   subscription in that order. The deliveries of one emission are handed
//!   over in the order of subscription: sync callbacks run in it, and everything
//!   else starts when its own arbiter or thread gets to it. Async and blocking
//!   callbacks may finish in another order than they start. What a handler emits
//!   under `inline` runs at once, in the middle of what it was emitted by.
//! - **Bounds.** An emitter lets 1,024 emissions wait for its arbiter, or as many
//!   as [`EmitterBuilder::capacity`] says, and refuses the next; a subscription
//!   bounds its deliveries in flight. `emit` never waits. Messages to
//!   [`Emitter::addr`] wait in actix's own mailbox, before all this.
//! - **Loss.** An emission that is dropped before it was run, because its arbiter
//!   or strategy stopped, ends every delivery as [`Lost`](crate::Outcome::Lost).
//! - **End.** When the last handle has gone, the emitter's actor stops, after
//!   what it had accepted; and so does the arbiter that it started, if any. When
//!   the `System` ends first, what has not run is lost. A handler that holds its
//!   own emitter keeps it alive: see [`Delivery::emitter`](crate::Delivery::emitter).

mod actor;
mod builder;
mod emission;
mod emitter;
mod launch;
mod message;
mod prepared;
mod shared;
mod strategy;

pub use actor::EmitterActor;
pub use builder::EmitterBuilder;
pub use emission::Emission;
pub use emitter::Emitter;
pub use message::Emit;
pub use prepared::Prepared;
pub use strategy::Strategy;
