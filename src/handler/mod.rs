//! The ways to be a handler.
//!
//! | handler | subscribed with | runs on | outcome |
//! |---|---|---|---|
//! | actor, `Handler<Delivery<E>>` | [`On::actor`](crate::On::actor) | its own arbiter | when the delivery is dropped |
//! | the same, made by the bus | [`On::actor_in`](crate::On::actor_in) | the arbiter that was named | as above |
//! | several equal ones, made by the bus | [`On::actor_pool`](crate::On::actor_pool) | an arbiter each | as above |
//! | actor, `Handler<E>` | [`On::plain_actor`](crate::On::plain_actor) | its own arbiter | its reply, through actix's channel |
//! | callback | [`On::call`](crate::On::call) | the emitter's thread | what it returns |
//! | async callback | [`On::call_async`](crate::On::call_async) | the emitter's arbiter | what its future returns |
//! | blocking callback | [`On::call_blocking`](crate::On::call_blocking) | a pool of threads | what it returns |
//! | consumer of a [`stream`] | [`On::stream`](crate::On::stream) | wherever it polls | when the delivery is dropped |
//!
//! [`On::batch`](crate::On::batch) gives an actor subscribed by its address, and each form
//! of callback, several deliveries at a time: a [`Batch`](crate::Batch).
//!
//! What comes before a handler and after it, from filters to another attempt, is said by
//! the [options](crate::SubscriptionSpec) of its subscription.
//!
//! A callback that panics ends that delivery only: the panic is caught, and is
//! the outcome [`Panicked`](crate::Outcome::Panicked) with its message. An actor dies
//! of a panic. One that the bus has made is made anew, as its [`Restart`] says, and
//! what it had not read yet goes to the new one; any other is unlinked.
//!
//! An actor subscribed by its address is the fastest, and its mailbox is actix's, which
//! empties it before it looks at timers or other actors: a flood from another thread
//! holds up its arbiter. An actor that the bus made gets 61 deliveries a turn at most.

mod actor;
mod batch;
mod blocking;
mod call;
mod call_async;
mod crew;
mod factory;
mod per_turn;
mod plain_actor;
mod post;
mod restart;
mod routing;
mod site;
pub mod stream;
mod to_the_end;
mod witness;

pub use factory::Factory;
pub use restart::{Queued, Restart};
pub use routing::Routing;
pub use stream::{Deliveries, EventStream, Received};

pub(crate) use actor::ActorTarget;
pub(crate) use batch::{BatchActor, BatchAsync, BatchBlocking, BatchCall};
pub(crate) use blocking::BlockingTarget;
pub(crate) use call::CallTarget;
pub(crate) use call_async::AsyncTarget;
pub(crate) use crew::Crew;
pub(crate) use per_turn::PER_TURN;
pub(crate) use plain_actor::{Lease, PlainActorTarget};
pub(crate) use routing::{Router, round};
pub(crate) use site::{MAX_ARBITERS, Site};
pub(crate) use stream::{Channel, Linked, StreamPart};
