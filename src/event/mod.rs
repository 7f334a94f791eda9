//! Events, and what travels with them: names, topics, ids, metadata.
//!
//! An event is any `Send + Sync + 'static` value. Nothing has to be derived or
//! implemented, and nothing is cloned on the way: every handler of one emission
//! reads the same value.
//!
//! Two things tell events apart:
//!
//! - their **type** ([`EventType`]), by [`TypeId`](std::any::TypeId) and never by its printed
//!   name, so two types called `Created` in two modules stay strangers;
//! - a **[`Topic`]**, a dotted name that an emission may carry. An emission on a
//!   topic is addressed by that topic and no longer by its type: subscribers of
//!   the topic, of a matching [`Pattern`] and of everything see it.
//!
//! ```
//! use ventix::{Pattern, Topic};
//!
//! let topic = Topic::new("orders.eu.created")?;
//! assert!(Pattern::new("orders.*.created")?.matches(&topic));
//! assert!(Pattern::new("orders.>")?.matches(&topic));
//! assert!(!Pattern::new("orders.*")?.matches(&topic));
//! # Ok::<(), ventix::TopicError>(())
//! ```

mod address;
mod any;
mod attributes;
mod clock;
mod error;
mod event_type;
mod handler_ref;
mod headers;
mod id;
mod metadata;
mod pattern;
mod payload;
mod schedule_id;
mod text;
mod topic;
mod trace_context;

pub use any::AnyEvent;
pub use error::{InvalidId, TopicError, TopicFault};
pub use event_type::EventType;
pub use handler_ref::HandlerRef;
pub use headers::Headers;
pub use id::{EmissionId, SubscriptionId};
pub use metadata::Metadata;
pub use pattern::Pattern;
pub use payload::Payload;
pub use schedule_id::ScheduleId;
pub use topic::{IntoTopic, Topic};
pub use trace_context::TraceContext;

pub(crate) use address::Address;
pub(crate) use any::AnyValue;
pub(crate) use attributes::{Attributes, Cause};
pub(crate) use id::IdSource;
pub(crate) use text::has_wildcard;
