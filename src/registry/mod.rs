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
//! Routes of types are in a [map that only grows](TypeIndex), since a program has so many
//! event types and no more: it is read without a lock and without a write. Routes of topics
//! are in a concurrent map that is emptied when it holds
//! [`MAX_TOPIC_ROUTES`](routes::MAX_TOPIC_ROUTES): a program may make up topics for ever.
//!
//! Emitters keep the routes of types, each with the [`Course`] that leads to it: they
//! [follow](Registry::follow) the route, and are told when it is thrown away.
//!
//! A route is built and stored, and thrown away, under the table's lock. So an
//! emission that starts after a change has returned never sees the route from
//! before it; one that started earlier keeps the route that it has.
//!
//! Nothing of a user's is dropped under the lock: a handler may own what unlinks
//! another one when it is dropped.
//!
//! The last emission of a type or topic can be kept, for those that are linked later: how
//! they get it, and no other twice, stands at [`LastValues`](last::LastValues).
//!
//! # What an emission takes from a subscription
//!
//! A [`Record`] is asked in one order: whether it is paused, whether its time is over,
//! its filter, its throttle, whether an older delivery gives up its place (debounce),
//! whether its shots are spent, whether the handler is there (or suspended), its breaker,
//! for a shot, and for room in its [`Lane`]. What an earlier question turns away never
//! reaches a later one, and what a later one turns away gives back all but the turn of the
//! throttle: see [`claim`](Record::claim). Every answer is counted. A delivery that was not
//! handled is announced as a notice, by the same registry: see
//! [`announce`](Registry::announce). Where the linker keeps dead letters, the last of
//! them are on a [`Shelf`], and can be [delivered again](Registry::requeue).

mod announce;
mod bound;
mod bucket;
mod callbacks;
mod claim;
mod claims;
mod collector;
mod counts;
mod course;
mod ending;
mod entry;
mod errand;
mod error;
mod expects;
mod explain;
mod explanation;
mod filter;
mod goal;
mod lane;
mod last;
mod list;
mod outcomes;
mod overflow;
mod part;
mod queries;
mod queue;
mod record;
mod redelivery;
mod registry;
mod requeue;
mod room;
mod route;
mod routes;
mod runs;
mod selector;
mod shelf;
mod shots;
mod snapshot;
mod sorted;
mod starting;
mod stats;
mod stopwatch;
mod table;
mod tally;
mod target;
mod tickets;
mod type_index;
mod type_map;
mod waking;

pub use counts::Counts;
pub use error::SubscribeError;
pub use explanation::{Explained, Explanation, NearMiss};
pub use overflow::Overflow;
pub use requeue::RequeueError;
pub use selector::Selector;
pub use shelf::StoredLetter;
pub use snapshot::{Snapshot, SubscriptionInfo};
pub use stats::Stats;

pub(crate) use announce::Host;
pub(crate) use bucket::Bucket;
pub(crate) use callbacks::Callbacks;
pub(crate) use collector::{BatchTarget, Collector};
pub(crate) use course::Course;
pub(crate) use expects::Expects;
pub(crate) use filter::Filter;
pub(crate) use goal::{Aim, Place};
pub(crate) use lane::Lane;
pub(crate) use last::Replay;
pub(crate) use outcomes::Outcomes;
pub(crate) use part::{Part, TypedPart};
pub(crate) use queue::Rules;
pub(crate) use record::{Extras, Record};
pub(crate) use registry::Registry;
pub(crate) use room::{Closed, Room};
pub(crate) use route::{Accepted, Route};
pub(crate) use routes::Follower;
pub(crate) use runs::Runs;
pub(crate) use selector::{Kind, Listed};
pub(crate) use shelf::Shelf;
pub(crate) use shots::Shots;
pub(crate) use stopwatch::{Stopped, Stopwatch};
pub(crate) use tally::Tally;
pub(crate) use target::{Nature, Target, Tie};
pub(crate) use type_index::TypeIndex;
