//! The event bus for actix.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(clippy::unwrap_used)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod event;
pub mod outcome;

mod debug;

pub mod delivery;

mod registry;

pub mod handler;
pub mod linker;

pub mod emitter;

pub use delivery::Delivery;
pub use emitter::{Emission, Emit, Emitter, EmitterActor, EmitterBuilder, Prepared, Strategy};
pub use event::{
    AnyEvent, EmissionId, EventType, Headers, IntoTopic, InvalidId, Metadata, Pattern,
    SubscriptionId, Topic, TopicError, TopicFault,
};
pub use linker::{
    Linker, LinkerActor, LinkerBuilder, On, Query, StartError, Subscribe, Subscription,
    SubscriptionGuard, SubscriptionSpec, Unsubscribe, on, on_any, on_topic,
};
pub use outcome::{
    BoxError, Ended, Failure, IntoOutcome, Lost, Outcome, Panicked, Reason, Receipt, Refusal,
    Reply, Report, SharedError, Stage, Success,
};
pub use registry::{Selector, Snapshot, SubscribeError, SubscriptionInfo};

/// A result whose error is any error, for `main` and for examples.
pub type Result<T = (), E = BoxError> = std::result::Result<T, E>;
