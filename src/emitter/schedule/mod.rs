//! Emissions that are prepared now and go out later: once, at intervals, or by a cron
//! expression.
//!
//! ```
//! use std::time::Duration;
//! use ventix::{on, Emitter, Linker, Strategy};
//!
//! struct Reminder { order: u64 }
//! #[derive(Clone)]
//! struct Heartbeat;
//!
//! # actix::System::new().block_on(async {
//! # tokio::time::pause();
//! let linker = Linker::start();
//! linker.subscribe(on::<Reminder>().call(|about| println!("order {}?", about.order)))?;
//! let emitter = Emitter::start(&linker, Strategy::current());
//!
//! let reminder = emitter.prepare(Reminder { order: 7 }).key("7").after(Duration::from_secs(60));
//! let beat = emitter.prepare(Heartbeat).every(Duration::from_secs(1))?;
//! assert_eq!(emitter.schedules().len(), 2);
//!
//! assert!(reminder.cancel(), "it was paid in time");
//! # tokio::time::sleep(Duration::from_millis(3_100)).await;
//! // ... 3.1 seconds later
//! assert_eq!(beat.fired(), 3);
//! assert_eq!(emitter.drain(Duration::from_secs(1)).await.cancelled(), 1);
//! # Ok::<(), ventix::BoxError>(())
//! # }).unwrap();
//! ```
//!
//! # Guarantees
//!
//! - **What.** [`after`](crate::Prepared::after) and [`at`](crate::Prepared::at) emit the
//!   event itself, so it may be of any type; [`every`](crate::Prepared::every) and `cron`
//!   (with the feature `cron`) emit a clone of it at each tick. Topic, key, headers and
//!   deadline are those that were prepared; what is prepared through
//!   [`Delivery::emitter`](crate::Delivery::emitter) keeps its cause. A deadline counts
//!   from when it was set: what is due later is refused with
//!   [`Reason::Expired`](crate::Reason::Expired).
//! - **Where.** Ticks happen on the linker's arbiter, which emits as if the emitter's
//!   [`emit`](Emitter::emit) was called there. A refused emission is a refusal like any:
//!   counted, and a [`DeadLetter`](crate::DeadLetter).
//! - **When.** Never too early, and with a resolution of a millisecond. What is due at the
//!   same instant goes out in the order of scheduling. `after` and `every` go by the
//!   monotonic clock, `at` and `cron` by the wall clock: when that is set, they follow
//!   within a minute.
//! - **Missed ticks are not made up for.** If several ticks have passed when the arbiter
//!   gets to them, one emission goes out, the others are
//!   [counted](Schedule::missed) and announced as one
//!   [`TicksMissed`](crate::TicksMissed), and the schedule goes on in its own rhythm. What
//!   is due once, and late, is emitted.
//! - **End.** A schedule ends when it is cancelled, has nothing more to emit, or can emit
//!   nothing any more: its deadline has passed, its topic is none, or the emitter or the
//!   linker was shut. The event is dropped then, on the thread that ends it. Dropping the
//!   handle ends nothing.
//! - **It survives nothing.** Schedules are in memory. Those that are pending are
//!   cancelled, not waited for, by [`Emitter::drain`] and
//!   [`Linker::drain`](crate::Linker::drain), which say
//!   [how many](crate::Drained::cancelled), and by [`Linker::stop`](crate::Linker::stop);
//!   and with the linker's arbiter or the `System`, when it stops. What is scheduled later
//!   than that is refused at once, like what is emitted.
//! - **It keeps its emitter.** A pending schedule is a handle of its emitter, and so of
//!   the linker: what was said to go out does, whoever has dropped which handle. So cancel
//!   what repeats, by hand or with a [`guard`](Schedule::guard), or drain or stop.
//! - **Cost.** One task for each emitter with something pending. To schedule, to cancel
//!   and to emit take time that grows with the logarithm of what is pending: beside
//!   100,000 others, 0.6 microseconds to schedule and cancel one, and 1.4 to schedule it,
//!   have it go out and be handled (`benches/schedule.rs`, on two cores).

mod about;
mod agenda;
#[cfg(feature = "cron")]
mod cron;
mod due;
mod error;
mod info;
mod keeper;
mod kind;
mod now;
mod prepared;
mod rhythm;
mod schedule;
mod schedules;
mod source;

#[cfg(feature = "cron")]
pub use cron::CronError;
pub use error::ScheduleError;
pub use info::ScheduleInfo;
pub use kind::ScheduleKind;
pub use schedule::{Schedule, ScheduleGuard};

pub(super) use schedules::Schedules;

#[cfg(doc)]
use super::Emitter;
