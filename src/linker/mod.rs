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
//!
//! # What a linker can tell
//!
//! | question | answered by |
//! |---|---|
//! | who listens to what? | [`snapshot`](Linker::snapshot), [`events`](Linker::events) and the other queries |
//! | and who emits what? | [`graph`](Linker::graph): see the [module](crate::graph) |
//! | who would get this event, and why not the others? | [`explain`](Linker::explain), [`explain_on`](Linker::explain_on) |
//! | how often, how many wait, how long? | [`stats`](Linker::stats), [`stats_of`](Linker::stats_of) |
//! | what was not handled? | [`dead_letters`](Linker::dead_letters), where they are [kept](LinkerBuilder::dead_letters), and can be delivered again |
//! | what was the last value? | [`last`](Linker::last), [`last_on`](Linker::last_on), where it is [kept](Linker::keep_last): see the [module](last) |
//!
//! # What a subscription can be told
//!
//! | options | of [`SubscriptionSpec`] |
//! |---|---|
//! | how long it lives | [`once`](SubscriptionSpec::once), [`for_at_most`](SubscriptionSpec::for_at_most), [`until`](SubscriptionSpec::until), [`expires_in`](SubscriptionSpec::expires_in), [`weak`](SubscriptionSpec::weak) |
//! | what it takes | [`On::filter`], [`paused`](SubscriptionSpec::paused), [`when_paused`](SubscriptionSpec::when_paused), [`throttle`](SubscriptionSpec::throttle), [`debounce`](SubscriptionSpec::debounce), [`breaker`](SubscriptionSpec::breaker), [`replay_last`](SubscriptionSpec::replay_last) |
//! | in what order | [`priority`](SubscriptionSpec::priority), [`in_order`](SubscriptionSpec::in_order) |
//! | how many at a time | [`capacity`](SubscriptionSpec::capacity), [`overflow`](SubscriptionSpec::overflow) |
//! | when it goes wrong | [`timeout`](SubscriptionSpec::timeout), [`retry`](SubscriptionSpec::retry), [`restart`](SubscriptionSpec::restart), [`on_failure`](SubscriptionSpec::on_failure) |
//! | what stands around it | [`layer`](SubscriptionSpec::layer), [`on_success`](SubscriptionSpec::on_success) |
//!
//! What any two of them do where they meet is told on [a page of its own](crate::options).

mod actor;
mod builder;
mod drained;
mod error;
mod expiry;
mod heartbeat;
mod host;
pub mod last;
mod letters;
mod linker;
mod linking;
mod load;
mod making;
mod message;
mod on;
mod on_batch;
mod options;
mod query;
mod shared;
mod spec;
mod subscription;
mod timeouts;
mod weak;

pub use crate::registry::{
    Counts, Explained, Explanation, NearMiss, Overflow, RequeueError, Selector, Snapshot,
    StoredLetter, SubscribeError, SubscriptionInfo,
};

pub use actor::LinkerActor;
pub use builder::LinkerBuilder;
pub use drained::{Drained, Unfinished};
pub use error::StartError;
pub use last::{KeepError, Last};
pub use letters::DeadLetters;
pub use linker::Linker;
pub use message::{Subscribe, Unsubscribe};
pub use on::{On, on, on_any, on_topic, on_topics};
pub use on_batch::OnBatch;
pub use query::Query;
pub use spec::SubscriptionSpec;
pub use subscription::{Subscription, SubscriptionGuard};
pub use weak::WeakLinker;

pub(crate) use load::{Load, Pending};
pub(crate) use shared::Core;
