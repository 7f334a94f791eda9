//! Request and reply: a question is an event, and its handlers answer it.
//!
//! [`Emitter::request`](crate::Emitter::request) emits an event and waits for replies
//! of one type: the [first](Request::first) one, as soon as it is there;
//! [all](Request::all) of them, with what did not reply and why; or
//! [each](Request::replies) as it comes. With a topic, key, correlation or headers it
//! is [`Prepared::request`](crate::Prepared::request).
//!
//! ```
//! use std::time::Duration;
//! use ventix::{on, Emitter, Linker, Strategy};
//!
//! struct Quote { amount: u32 }                // the question
//! #[derive(Debug, PartialEq)]
//! struct Price(u32);                          // what an answer is
//!
//! # actix::System::new().block_on(async {
//! let linker = Linker::start();
//! linker.subscribe(on::<Quote>().call(|quote| quote.amount.checked_mul(3).map(Price).ok_or("too much")))?;
//! linker.subscribe(on::<Quote>().call_async(async |quote| Ok::<_, ventix::BoxError>(Price(quote.amount + 7))))?;
//! linker.subscribe(on::<Quote>().call(|quote| println!("{} wanted", quote.amount)).named("log"))?;
//! let emitter = Emitter::start(&linker, Strategy::current());
//!
//! let price: Price = emitter.request(Quote { amount: 2 }).await?;       // the first reply
//! assert_eq!(price, Price(6));
//!
//! let prices = emitter.request(Quote { amount: 2 }).within(Duration::from_secs(1)).all().await;
//! assert_eq!(prices.iter().collect::<Vec<&Price>>(), [&Price(6), &Price(9)]);
//! assert_eq!(prices.silent()[0].to_string(), "#3 (log) replied nothing");
//! # Ok::<(), ventix::BoxError>(())
//! # }).unwrap();
//! ```
//!
//! # How a handler replies
//!
//! | handler | replies by |
//! |---|---|
//! | a callback, of any kind | the value in the `Ok` it returns |
//! | an actor | [`Delivery::reply`](crate::Delivery::reply), or the `Ok` of a [`settle`](crate::Delivery::settle) |
//! | a plain actor | its message's result, or the `Ok` that [`plain_actor_with`](crate::On::plain_actor_with) makes of it |
//!
//! `()` is no reply: it says that a handler has finished.
//!
//! # The limit
//!
//! [`within`](Request::within) and [`until`](Request::until) set how long is waited: it
//! is the [deadline](crate::Prepared::deadline) of the emission as well. So what has not
//! started by then is not run any more, and what handlers emit through
//! [`Delivery::emitter`](crate::Delivery::emitter) is wanted no longer either; a request
//! that a handler makes so ends with the one it serves. A deadline that was set before
//! `request` counts as a limit; the earliest one does. Without one, a request waits
//! until the handlers have ended, so as long as their
//! [timeouts](crate::SubscriptionSpec::timeout) let them.
//!
//! # Guarantees
//!
//! - **An emission like any other.** It is matched, bounded, counted and run as one of
//!   [`emit_and_wait`](crate::Emitter::emit_and_wait), waits for room where that does,
//!   and goes to every handler: a reply stops no other.
//! - **Nothing is lost in silence.** Whoever matched has replied, or is
//!   [`Silent`] with the reason.
//! - **Memory** is that of the replies: each handler ends once.
//! - **Dropping** a request, or its limit, cancels nothing that has started. What is
//!   replied then is dropped, and the delivery counts as handled.
//!
//! # Requests of handlers
//!
//! An async handler asks through [`delivery.emitter()`](crate::Delivery::emitter), under
//! every strategy that comes with the crate, on the same arbiter too. [In
//! order](crate::Strategy::in_order) such a request runs at once, in the middle of the
//! emission whose handler asks, and is part of it: the next emission begins when both
//! have ended, so when all the handlers of the request have, even if its first
//! reply came long before. A request through any other handle comes when its turn comes,
//! and waiting for it in order is waiting for oneself: then only the limit ends that.

mod arrivals;
mod error;
mod replies;
mod request;
mod silent;

pub use error::{Cause, RequestError};
pub use replies::Replies;
pub use request::Request;
pub use silent::{Silence, Silent};

pub(super) use arrivals::Arrivals;
