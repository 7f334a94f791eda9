//! Emitters: where and when handlers run.
//!
//! An [`Emitter`] is the handle to whatever runs emissions: its [`Strategy`] says
//! where that is, how many may wait and in which order they come, and can be
//! [switched](Emitter::switch) while they do. The subscriptions stay with the
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
//! # Ways to emit
//!
//! | what | with | what comes back |
//! |---|---|---|
//! | an event | [`emit`](Emitter::emit), [`emit_when_ready`](Emitter::emit_when_ready) | a [`Receipt`](crate::Receipt), at once or when there was room |
//! | many events | [`emit_all`](Emitter::emit_all) | [`Receipts`](crate::Receipts) |
//! | to its end | [`emit_and_wait`](Emitter::emit_and_wait) | a [`Report`](crate::Report) |
//! | a question | [`request`](Emitter::request) | replies: see the [module](request) |
//! | with a topic, key, deadline, headers | [`prepare`](Emitter::prepare) | any of these |
//! | later, again and again | [`Prepared::after`], [`at`](Prepared::at), [`every`](Prepared::every) | a [`Schedule`]: see the [module](schedule) |
//! | a stream | [`forward`](Emitter::forward), [`sink`](Emitter::sink) | what was [`Forwarded`]; an [`EmitterSink`] |
//! | a value, a task | [`Observable`](crate::Observable), [`observe`](Emitter::observe) | see the [module](crate::observable) |
//!
//! What an emission would come to, without any effect, says [`Prepared::explain`]; what an
//! emitter has done so far, [`stats`](Emitter::stats). Layers around emissions are
//! [`middleware`](crate::middleware).
//!
//! # Guarantees
//!
//! - **Matched once, when it is emitted.** [`emit`](Emitter::emit) finds the
//!   subscriptions, takes room in their lanes and claims a shot of those that fire a
//!   limited number of times, all on the caller's thread; so its
//!   [`Receipt`](crate::Receipt) is exact. Where and when the handlers run is up to the strategy.
//! - **Order.** What one thread emits through one emitter reaches each subscription in
//!   that order, with every strategy but those with several threads: a
//!   [`pool`](Strategy::pool) keeps it for each key if it is keyed, and `pool` and
//!   [`blocking`](Strategy::blocking) keep it when they are [in
//!   order](Strategy::in_order). It holds across a [switch](Emitter::switch). The
//!   deliveries of one emission are handed over by
//!   [priority](crate::SubscriptionSpec::priority), then in the order of subscription:
//!   sync callbacks run in it, and everything else starts when its own arbiter or thread
//!   gets to it. Async and blocking callbacks may finish in another order than they
//!   start. What a handler emits under `inline` runs at once, in the middle of what it
//!   was emitted by; in order, right after it. [`emit_all`](Emitter::emit_all) emits its
//!   events in their order.
//! - **Bounds.** An emitter lets 1,024 emissions wait, or as many as
//!   [`Strategy::bounded`] says, which also says what happens to the next. `emit`
//!   never waits for room; [`emit_when_ready`](Emitter::emit_when_ready) and
//!   [`emit_and_wait`](Emitter::emit_and_wait) do where they are told to. A
//!   subscription bounds its deliveries in flight. Messages to [`Emitter::addr`] wait
//!   in actix's own mailbox, before all this.
//! - **Fairness.** However many wait, an arbiter that runs them gets to its timers, its
//!   other actors and its messages after 61 at most. The mailbox of a
//!   [custom](Strategy::custom) strategy's actor is actix's own: it is emptied in one
//!   go.
//! - **Loss.** An emission that is dropped before it was run, because its arbiter
//!   or strategy stopped, ends every delivery as [`Lost`](crate::Outcome::Lost); one
//!   that has made room for another as [`Dropped`](crate::Outcome::Dropped).
//! - **End.** [`drain`](Emitter::drain) refuses what comes and waits for what is on its
//!   way; so does [`Linker::drain`](crate::Linker::drain) for all emitters. What is
//!   scheduled is cancelled then. When the last handle has gone, the emitter still runs
//!   what it had accepted; then its actor stops, and so do the arbiters that it started.
//!   When the `System` ends first, what has not run is lost. A handler that holds its own
//!   emitter keeps it alive: [`Delivery::emitter`](crate::Delivery::emitter) and
//!   [`WeakEmitter`] do not.

mod actor;
mod awaited;
mod builder;
mod deliveries;
mod emission;
mod emit_all;
mod emitter;
mod error;
mod explain;
mod forward;
mod forwarded;
mod gear;
mod launch;
mod message;
mod outward;
mod prepared;
pub mod request;
pub mod schedule;
mod shared;
mod short;
mod sink;
mod stats;
mod strategy;
mod together;
mod typed;
mod watch;
mod ways;
mod weak;

pub use actor::EmitterActor;
pub use builder::EmitterBuilder;
pub use emission::Emission;
pub use emit_all::EmitAll;
pub use emitter::Emitter;
pub use error::EmitError;
pub use forwarded::Forwarded;
pub use message::Emit;
pub use prepared::Prepared;
pub use request::{Replies, Request, RequestError, Silence, Silent};
#[cfg(feature = "cron")]
pub use schedule::CronError;
pub use schedule::{Schedule, ScheduleError, ScheduleGuard, ScheduleInfo, ScheduleKind};
pub use sink::EmitterSink;
pub use stats::EmitterStats;
pub use strategy::Strategy;
pub use typed::TypedEmitter;
pub use weak::WeakEmitter;

pub(crate) use forward::give_way;
pub(crate) use forwarded::is_final;
pub(crate) use outward::{Outlet, Parcel};
