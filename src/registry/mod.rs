//! From selectors to subscriptions, and what each of them takes: data that is shared
//! by handles and threads, without actors. The only thing to wait for is room.
//!
//! # How an emission finds its subscriptions
//!
//! What is linked to what stands in one [`Table`](table::Table) behind a lock,
//! which only those that change or query it take. An emission reads a
//! [`Route`]: the immutable list of the subscriptions that an event of its type
//! and topic is for, in the order they are delivered to. A route is built from
//! the table by the first emission that finds none, and thrown away when a
//! change touches it, so any number of subscribes costs one rebuild, and only if
//! somebody emits.
//!
//! Routes of types are in a copy-on-write map; there are as many as the program
//! has event types. Routes of topics are in a concurrent map that is emptied
//! when it holds [`MAX_TOPIC_ROUTES`](routes::MAX_TOPIC_ROUTES): a program may
//! make up topics for ever.
//!
//! A route is built and stored, and thrown away, under the table's lock. So an
//! emission that starts after a change has returned never sees the route from
//! before it; one that started earlier keeps the route that it has.
//!
//! Nothing of a user's is dropped under the lock: a handler may own what unlinks
//! another one when it is dropped.
//!
//! # What an emission takes from a subscription
//!
//! A [`Record`] is asked in one order: once already spent, whether the handler is
//! there, room in its [`Lane`], the one shot. Every answer is counted. A delivery that
//! was not handled is announced as a notice, by the same registry: see
//! [`announce`](Registry::announce).

mod announce;
mod bound;
mod claims;
mod errand;
mod error;
mod lane;
mod list;
mod once;
mod overflow;
mod part;
mod record;
mod registry;
mod room;
mod route;
mod routes;
mod selector;
mod snapshot;
mod table;
mod tally;
mod target;
mod type_map;

pub use error::SubscribeError;
pub use overflow::Overflow;
pub use selector::Selector;
pub use snapshot::{Snapshot, SubscriptionInfo};
pub use tally::Counts;

pub(crate) use announce::Host;
pub(crate) use lane::Lane;
pub(crate) use once::Once;
pub(crate) use part::{Part, TypedPart};
pub(crate) use record::{Callbacks, Record, Stopped, Stopwatch};
pub(crate) use registry::Registry;
pub(crate) use room::{Closed, Room};
pub(crate) use route::{Accepted, Place, Route};
pub(crate) use tally::Tally;
pub(crate) use target::Target;
