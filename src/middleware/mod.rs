//! Middleware: layers around deliveries and around emissions.
//!
//! A [`DeliveryLayer`] sees each delivery begin and end, and may turn it away; an
//! [`EmissionLayer`] sees each emission, may change what it carries, and may refuse it.
//! Some are built in: [`Log`], [`Timing`], [`Correlate`], [`Deduplicate`].
//!
//! ```
//! use std::time::Duration;
//! use ventix::middleware::{Correlate, Deduplicate, Log, Timing};
//! use ventix::{on, Emitter, Linker, Strategy};
//!
//! struct Charge { cents: u64 }
//!
//! # actix::System::new().block_on(async {
//! let timing = Timing::new();
//! let linker = Linker::builder()
//!     .layer(Log::debug())                     // around every delivery ...
//!     .layer(timing.clone())                   // ... and inside the one above
//!     .emission_layer(Correlate::new().carry("tenant"))
//!     .start()?;
//!
//! let hour = Duration::from_secs(3_600);
//! let charge = on::<Charge>().call(|charge| println!("{} cents", charge.cents));
//! linker.subscribe(charge.layer(Deduplicate::by_header("message-id", hour)))?;
//!
//! let emitter = Emitter::builder(&linker).layer(Log::debug()).start()?;
//! for _ in 0..2 {
//!     let charge = emitter.prepare(Charge { cents: 100 });
//!     charge.header("message-id", "7").emit_and_wait().await;
//! }
//! let counts = linker.snapshot().iter().next().unwrap().counts();
//! assert_eq!((counts.handled, counts.skipped), (1, 1));
//! assert_eq!(timing.summary()[0].1.count(), 2);
//! # Ok::<(), ventix::BoxError>(())
//! # }).unwrap();
//! ```
//!
//! # Where layers stand
//!
//! | around | added by | sees |
//! |---|---|---|
//! | a subscription | [`SubscriptionSpec::layer`](crate::SubscriptionSpec::layer) | its deliveries |
//! | a linker | [`LinkerBuilder::layer`](crate::LinkerBuilder::layer) | the deliveries of all its subscriptions, around their own layers |
//! | an emitter | [`EmitterBuilder::layer`](crate::EmitterBuilder::layer) | its emissions, what handlers emit through their deliveries included |
//! | a linker | [`LinkerBuilder::emission_layer`](crate::LinkerBuilder::emission_layer) | the emissions of all its emitters, around their own layers |
//!
//! The layer that is added first is the outermost, as in tower's
//! [`ServiceBuilder`](https://docs.rs/tower/latest/tower/struct.ServiceBuilder.html):
//! its `before` runs first and its `after` last.
//!
//! # What they promise
//!
//! - **Around each attempt.** Where `before` has let an attempt pass, `after` runs
//!   exactly once, however and wherever it ends: returned, dropped, panicked, lost in a
//!   mailbox. An attempt that times out ends then, and that its handler lets go of it
//!   later is seen by nobody. What never begins, because it was refused, dropped or lost
//!   on its way, is seen by no layer around deliveries.
//! - **Late.** A delivery meets the layers after all [options](crate::SubscriptionSpec):
//!   when it has been claimed, has waited for its turn, and is about to begin; and before
//!   its timeout runs and its [`once`](crate::SubscriptionSpec::once) is spent. What a
//!   layer turns away gives its place and its shot back.
//! - **Not in silence.** A reason that [skips](crate::Reason::is_skip) skips the delivery;
//!   any other refuses it, or drops it: counted, in the report, for the failure callback,
//!   and a dead letter. It is not tried again. An emission is refused as a whole:
//!   [`Receipt::refusal`](crate::Receipt::refusal),
//!   [`Emitter::refused`](crate::Emitter::refused), and, unless it was skipped, a dead
//!   letter.
//! - **A panic** stays where it is. In `before` of a delivery it is that delivery's
//!   outcome, [`Panicked`](crate::Outcome::Panicked), as if the handler had panicked:
//!   also for [`Retry`](crate::Retry). In `after` it is the outcome of what was handled,
//!   and that is not tried again; what had gone wrong already stays what it is. In
//!   `before` of an emission it is a refusal,
//!   [`LayerPanicked`](crate::Reason::LayerPanicked); in `after` the receipt stands.
//! - **No loops.** What a layer emits, while it runs and through the handle of an emitter,
//!   passes by all layers, and so does what its handlers emit through their deliveries.
//!   [Notices](crate::notice) pass by the layers of the linker: what the bus says of
//!   itself is not turned away with the rest. Those of the subscription see them.
//! - **The same everywhere.** The strategy, and the kind of handler, change only the
//!   thread that a layer runs on.
//! - **No price** where there is none but a branch. A delivery with layers takes no
//!   allocation for them, unless one [keeps](Incoming::keep) something; an emission copies
//!   its metadata once.
//!
//! # Why this is not tower's `Layer`
//!
//! A tower [`Layer<S>`](https://docs.rs/tower-layer/latest/tower_layer/trait.Layer.html)
//! makes one [`Service<Request>`](https://docs.rs/tower-service/latest/tower_service/trait.Service.html)
//! of another, and what stands around a request is whatever the outer service does before
//! and after it awaits the inner one's `type Future: Future<Output = Result<Response,
//! Error>>`. That needs three things that a delivery does not have:
//!
//! - **A future that is the work.** A delivery is complete when it is dropped, wherever
//!   it went: through an actor's mailbox, `ctx.spawn`, a batch, a channel, a thread.
//!   What `call` could return is a receiver that waits to be told so: a channel and a
//!   boxed future (services of different types stand in one list) for each delivery,
//!   where now a counter is let go; and somebody to poll that future, on an arbiter, also
//!   where `inline` runs on a thread without one.
//! - **A request to own.** A service takes its request by value, and a layer may change
//!   it, clone it or answer it itself. An event is shared by all handlers of its emission,
//!   and each of them reads the same value.
//! - **Readiness.** `poll_ready` is asked by `&mut self` before each `call` and may hold
//!   something for it. Whether a lane has room is asked by many threads at a time, of many
//!   subscriptions, in one go, by an `emit` that never waits.
//!
//! And tower's own layers that would be worth having (limits, timeouts, retries, buffers)
//! are [options of a subscription](crate::SubscriptionSpec) here, which count what they
//! turn away. So the two halves of a tower service around its inner one are two methods
//! here; what they remember of each other is [kept](Incoming::keep) in between.

mod around;
mod correlate;
mod deduplicate;
mod delivery_layer;
mod emission_layer;
mod incoming;
mod inside;
mod log;
mod outgoing;
mod round;
mod stack;
mod timing;

pub use correlate::Correlate;
pub use deduplicate::Deduplicate;
pub use delivery_layer::DeliveryLayer;
pub use emission_layer::EmissionLayer;
pub use incoming::Incoming;
pub use log::Log;
pub use outgoing::Outgoing;
pub use timing::{Timed, Timing};

pub(crate) use around::Around;
pub(crate) use inside::is_inside;
pub(crate) use round::Round;
pub(crate) use stack::Stack;
