//! The worker: takes emissions from a backend, and runs them on its own linker.
//!
//! ```
//! use std::time::Duration;
//! use ventix::remote::{Memory, Remote, Worker};
//! use ventix::{Linker, Retry, Strategy, on};
//!
//! # actix::System::new().block_on(async {
//! let remote = Remote::builder(Memory::new()).queue("shop").start()?;
//! remote.register::<u32>("shop.order-placed", 1)?;
//!
//! let linker = Linker::start();
//! linker.subscribe(on::<u32>().call(|order| println!("bill for {order}")).named("bill"))?;
//! let worker = Worker::builder(&remote, &linker)
//!     .group("billing")
//!     .concurrency(32)
//!     .strategy(Strategy::pool(2))
//!     .retry(Retry::exponential(Duration::from_secs(1)).jitter().attempts(5))
//!     .start()?;
//! worker.ready().await;
//! let drained = worker.drain(Duration::from_secs(5)).await;
//! assert_eq!(drained.released, 0);
//! # Ok::<(), ventix::BoxError>(())
//! # }).unwrap();
//! ```
//!
//! # What at least once means here
//!
//! An emission that the backend has confirmed is handed to a worker of each group until all
//! handlers of that group's linker are done with it, or it is in the group's dead letters.
//! A worker acknowledges it **after** its handlers have ended. So whatever crashes, nothing that
//! was confirmed is lost; but a handler runs again if its worker dies, loses its lease, or cannot
//! reach the backend, between the handler's end and the acknowledgement. Handlers that must not
//! do a thing twice have to be **idempotent**: do the work by the emission's
//! [id](crate::Metadata::id), which is the same in every attempt. Insert it, in the same
//! transaction as the effect, into a table where it is unique; or use an effect that is the
//! same when done twice (set, not add; a payment with the id as its idempotency key).
//! [`Deduplicate`](crate::middleware::Deduplicate) does so within one process and a window.
//!
//! # What runs again
//!
//! When some handlers fail, the emission is tried again after the delay of
//! [`retry`](WorkerBuilder::retry), and **only those run that are not done**: who is done stands
//! in the envelope, by the [name](crate::SubscriptionSpec::named) of the subscription. One
//! without a name goes by its number, which is the same only as long as the program subscribes
//! in the same order: so name what handles remote events. A subscription that had no use for it
//! (filtered, over, spent) is done. One that refused it (lane full, paused, breaker open) is
//! not. After the last attempt the emission is a dead letter of the group, with the errors of
//! all attempts. Attempts of a subscription's own
//! ([`SubscriptionSpec::retry`](crate::SubscriptionSpec::retry)) come within each of these.
//!
//! An emission that was handed out and never settled counts as one attempt more: its worker
//! may have died of it. So does what that worker had at work beside it: **something that kills
//! the process takes its neighbours along**, after as many deaths as there are attempts, to the
//! dead letters with the code `abandoned`. Give such work a group of its own, with a
//! concurrency of 1, or more attempts; and requeue the neighbours.
//!
//! What a worker cannot read, does not know, may not trust, or finds too late or too large is
//! a dead letter at once: see [`DeadReason`](super::DeadReason). What it knows and nobody on its
//! linker listens to is acknowledged, and counted as [unheard](WorkerStats::unheard).
//!
//! # Order, bounds, shutdown
//!
//! - A worker leases no more than it may run at a time
//!   ([`concurrency`](WorkerBuilder::concurrency)), and extends its leases while handlers run.
//!   Handlers never run on the arbiter that talks to the engine: one that blocks costs no
//!   connection and no lease.
//! - In an [ordered](super::RemoteBuilder::ordered) queue what has the same key is handled in
//!   the order of emission, across all workers of a group, with retries in place. Otherwise
//!   workers run what they get side by side.
//! - [`drain`](Worker::drain) leases nothing more, waits for what runs, and gives back the
//!   rest; [`run_until_signal`](Worker::run_until_signal) does so on `SIGTERM`. A worker that is
//!   dropped stops like that without waiting, and so does one whose linker is drained or
//!   stopped, or whose arbiter has gone.

mod actor;
mod builder;
mod counts;
mod judge;
mod reader;
mod run;
mod worker;

pub use actor::WorkerActor;
pub use builder::WorkerBuilder;
pub use counts::WorkerStats;
pub use worker::{Worker, WorkerDrained};
