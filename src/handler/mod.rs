//! The ways to be a handler.
//!
//! | handler | subscribed with | runs on | outcome |
//! |---|---|---|---|
//! | actor, `Handler<Delivery<E>>` | [`On::actor`](crate::On::actor) | its own arbiter | when the delivery is dropped |
//! | actor, `Handler<E>` | [`On::plain_actor`](crate::On::plain_actor) | its own arbiter | its reply, through actix's channel |
//! | callback | [`On::call`](crate::On::call) | the emitter's thread | what it returns |
//! | async callback | [`On::call_async`](crate::On::call_async) | the emitter's arbiter | what its future returns |
//! | blocking callback | [`On::call_blocking`](crate::On::call_blocking) | a pool of threads | what it returns |
//!
//! A callback that panics ends that delivery only: the panic is caught, and is
//! the outcome [`Panicked`](crate::Outcome::Panicked) with its message.

mod actor;
mod blocking;
mod call;
mod call_async;
mod plain_actor;
mod spawn;
mod witness;

pub(crate) use actor::ActorTarget;
pub(crate) use blocking::BlockingTarget;
pub(crate) use call::CallTarget;
pub(crate) use call_async::AsyncTarget;
pub(crate) use plain_actor::PlainActorTarget;
