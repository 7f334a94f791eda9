//! The linker: who listens to what.
//!
//! A [`Linker`] is the handle to an actor that owns subscriptions. Each linker
//! is a namespace: an emitter reaches the subscriptions of its linker and no
//! others, so two linkers in one process never meet.
//!
//! A subscription is described by a value and then linked:
//!
//! ```
//! use ventix::{on, on_any, on_topic, Linker, SubscribeError};
//!
//! struct OrderPlaced;
//! struct OrderCancelled;
//!
//! # actix::System::new().block_on(async {
//! let linker = Linker::start();
//!
//! // One handler for one event ...
//! linker.subscribe(on::<OrderPlaced>().call(|_| println!("placed")))?;
//! // ... for a topic and a pattern of topics ...
//! linker.subscribe(on_topic::<String>("audit.login").or_topic("alarm.>").call(|_| ()))?;
//! // ... for everything ...
//! linker.subscribe(on_any().call(|any| println!("saw {}", any.name())))?;
//! // ... and one subscription of two event types, which fires once.
//! let both = on::<OrderPlaced>()
//!     .call(|_| ())
//!     .and(on::<OrderCancelled>().call(|_| ()))
//!     .once()
//!     .named("first news");
//! let news = linker.subscribe(both)?;
//!
//! assert_eq!(linker.subscription_count(), 4);
//! assert!(news.unsubscribe());
//! # Ok::<(), SubscribeError>(())
//! # }).unwrap();
//! ```
//!
//! # Promises
//!
//! - [`subscribe`](Linker::subscribe) and [`unsubscribe`](Subscription::unsubscribe)
//!   take effect before they return, for every emission that starts afterwards,
//!   from any thread, whether a `System` runs there or not. An emission that
//!   started before is delivered to those that were linked then.
//! - The same as messages: [`Subscribe`], [`Unsubscribe`] and [`Query`], sent to
//!   [`Linker::addr`], go through the same code.
//! - The subscriptions outlive the actor: they stand in memory that the handles
//!   share, so no panic loses them.
//! - Actors that the bus makes live as long as their subscription: see
//!   [`On::actor_in`]. When the last handle, emitter and address of a linker has gone,
//!   they are stopped, and so are the arbiters that were started for them.
//! - [`drain`](Linker::drain) shuts all its emitters down; [`stop`](Linker::stop) ends
//!   all subscriptions.

mod actor;
mod builder;
mod drained;
mod error;
mod heartbeat;
mod host;
mod linker;
mod load;
mod message;
mod on;
mod query;
mod spec;
mod subscription;
mod timeouts;
mod weak;

pub use crate::registry::{Counts, Overflow, Selector, Snapshot, SubscribeError, SubscriptionInfo};

pub use actor::LinkerActor;
pub use builder::LinkerBuilder;
pub use drained::{Drained, Unfinished};
pub use error::StartError;
pub use linker::Linker;
pub use message::{Subscribe, Unsubscribe};
pub use on::{On, on, on_any, on_topic, on_topics};
pub use query::Query;
pub use spec::SubscriptionSpec;
pub use subscription::{Subscription, SubscriptionGuard};
pub use weak::WeakLinker;

pub(crate) use linker::Core;
pub(crate) use load::Load;
