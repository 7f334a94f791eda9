//! Beyond one process: emissions go to an engine, and workers run the same handlers.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use ventix::remote::{Memory, Remote, Worker};
//! use ventix::{Emitter, Linker, Strategy, on};
//!
//! #[derive(Serialize, Deserialize)]
//! struct OrderPlaced { id: u64 }
//!
//! # actix::System::new().block_on(async {
//! // What both sides have in common: an engine, a queue in it, and the names of events.
//! let remote = Remote::builder(Memory::new()).queue("shop").group("billing").start()?;
//! remote.register::<OrderPlaced>("shop.order-placed", 1)?;
//!
//! // The side that emits.
//! let emitter = Emitter::start(&Linker::start(), Strategy::remote(&remote));
//! let report = emitter.emit_and_wait(OrderPlaced { id: 7 }).await;
//! assert!(report.receipt().is_confirmed());
//!
//! // The side that works, here or in another process.
//! let linker = Linker::start();
//! let bill = on::<OrderPlaced>().call(|order| println!("bill for order {}", order.id));
//! linker.subscribe(bill.named("bill"))?;
//! let worker = Worker::builder(&remote, &linker).group("billing").concurrency(8).start()?;
//! # while worker.stats().acked == 0 { actix::clock::sleep(std::time::Duration::from_millis(1)).await }
//! # Ok::<(), ventix::BoxError>(())
//! # }).unwrap();
//! ```
//!
//! # Which engine
//!
//! | engine | feature | for |
//! |---|---|---|
//! | [`Memory`] | | tests, and programs that may need an engine later: nothing survives the process |
//! | `sqlite::Sqlite` | `sqlite` | one machine: a file, no server, several processes; the durable default |
//! | `redis::Redis` | `redis`, `redis-tls` | several machines: Redis Streams, from Redis 7.0 |
//! | your own | | [`Backend`] is the port, and `testing` (feature `testing`) the suite that it has to pass |
//!
//! # What holds on every engine
//!
//! - **At least once.** A [confirmed](crate::Receipt::is_confirmed) emission is handled by each
//!   group, or is in the group's dead letters, whatever crashes; who is done with it does not
//!   run again. What that asks of handlers: [`worker`].
//! - **Typed, and without surprises.** Events cross the wire by the name and version that they
//!   are [registered](Remote::register) by, as [CloudEvents](wire). Nothing that comes in
//!   chooses code or a type; what is not known is a dead letter with its reason.
//! - **Nobody waits for the network.** `emit` puts the event into a bounded queue in memory. An
//!   outage delays what goes out, in its order; it never holds up the arbiter that emits. What
//!   is still in memory when the program ends is lost, and says so: see
//!   [`Linker::drain`](crate::Linker::drain).
//! - **Groups** compete inside and fan out between. What is emitted while a queue has no group
//!   waits for the first one; a group that comes later gets what is emitted from then on. So
//!   name them where you emit: [`RemoteBuilder::group`]. A group that nobody reads any more
//!   keeps everything: [remove](Backend::remove) it.
//! - **Bounds.** A worker leases no more than it may run; an envelope takes 1 MiB at most.
//!
//! # Security
//!
//! Envelopes are data: JSON or MessagePack, checked, with a limit on their size. With the
//! feature `signing` they are signed (`Signing`), and workers take no other. Passwords
//! appear in no error, log line or `Debug` output.

mod backend;
mod builder;
mod capabilities;
mod catalogue;
mod clock;
mod dead;
mod error;
mod lease;
pub mod memory;
mod outgoing;
mod pause;
mod port;
#[cfg(feature = "redis")]
pub mod redis;
mod relay;
mod remote;
mod requeue;
mod seal;
mod site;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod status;
mod topology;
pub mod wire;
pub mod worker;

pub use backend::{Answer, Backend, Source};
pub use builder::RemoteBuilder;
pub use capabilities::Capabilities;
pub use dead::{DeadId, DeadPage, DeadQuery, DeadReason, DeadRecord, DeadSelection};
pub use error::{
    BackendError, ConsumeError, InvalidName, PublishError, RegisterError, RemoteError, SettleError,
};
pub use lease::{Lease, Settle, Settled};
pub use memory::{Memory, MemoryBuilder};
pub use outgoing::{Confirmed, Outgoing};
pub use relay::RelayStats;
pub use remote::Remote;
pub use requeue::DeadLetters;
#[cfg(feature = "signing")]
pub use seal::Signing;
pub use status::{ConsumerStatus, GroupStatus, QueueStatus};
pub use topology::{Consumer, GroupName, QueueName, Topology};
pub use wire::{Codec, Envelope, EnvelopeError};
pub use worker::{Worker, WorkerActor, WorkerBuilder, WorkerDrained, WorkerStats};
