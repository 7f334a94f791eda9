//! The event bus for actix.
//!
//! A **[linker](Linker)** is an actor that owns who listens to what.
//! **[Emitters](Emitter)** are actors that decide where and when handlers run.
//! Going from the caller's thread to another arbiter, to a pool of them, or to an
//! actor of your own, changes the emitter's [`Strategy`], and nothing in the handlers or their
//! subscriptions.
//!
//! ```
//! use actix::prelude::*;
//! use ventix::{Delivery, Emitter, Linker, Strategy, on, on_any};
//!
//! struct OrderPlaced { id: u64 }               // no trait to implement
//!
//! struct Mailer;
//! impl Actor for Mailer {
//!     type Context = Context<Self>;
//! }
//! impl Handler<Delivery<OrderPlaced>> for Mailer {
//!     type Result = ();
//!     fn handle(&mut self, order: Delivery<OrderPlaced>, _: &mut Context<Self>) {
//!         println!("mail for order {}", order.id);
//!     }                                        // handled, when `order` is dropped
//! }
//!
//! #[actix::main]
//! async fn main() -> ventix::Result {
//!     let linker = Linker::start();
//!     linker.subscribe(on::<OrderPlaced>().actor(Mailer.start()))?;
//!     linker.subscribe(on::<OrderPlaced>().call(|order| println!("first: {}", order.id)).once())?;
//!     linker.subscribe(on_any().call(|any| println!("saw {}", any.name())))?;
//!
//!     let emitter = Emitter::start(&linker, Strategy::current());
//!     let receipt = emitter.emit(OrderPlaced { id: 1 });             // never waits
//!     assert_eq!(receipt.accepted(), 3);
//!
//!     let report = emitter.emit_and_wait(OrderPlaced { id: 2 }).await; // every outcome
//!     assert_eq!(report.handled(), 2);
//!     Ok(())
//! }
//! ```
//!
//! # The words
//!
//! | word | meaning | where |
//! |---|---|---|
//! | event | any `Send + Sync + 'static` value | [`event`] |
//! | topic, pattern | a dotted name that an event may carry; a set of them | [`Topic`], [`Pattern`] |
//! | linker | owns subscriptions; a namespace of its own | [`linker`] |
//! | subscription | a handler linked to selectors, with its options | [`on`], [`SubscriptionSpec`] |
//! | handler | an actor, a sync, async or blocking callback, or a stream's consumer | [`handler`] |
//! | emitter, strategy | where and when handlers run | [`emitter`], [`Strategy`] |
//! | emission | one emitted event on its way | [`Emission`], [`Metadata`] |
//! | delivery | one emission for one subscription; complete when dropped | [`delivery`] |
//! | lane | the bound on a subscription's deliveries in flight, and what happens at it | [`SubscriptionSpec::capacity`], [`Overflow`] |
//! | schedule | an emission that goes out later: once, at intervals, by a cron expression | [`emitter::schedule`] |
//! | layer | what stands around deliveries, or around emissions | [`middleware`] |
//! | notice | what the bus itself has to say: [`DeadLetter`], [`HandlerRestarted`] ... | [`notice`] |
//! | remote, worker | a queue of an engine, to which emissions go out; what runs them elsewhere | [`remote`] |
//! | backend | an engine that carries emissions between processes | [`remote::Backend`] |
//! | receipt, report | what an emission says at once; and in the end | [`outcome`] |
//!
//! We *subscribe* handlers, *emit* events, and *deliver* to handlers.
//!
//! # A walk through
//!
//! **Select and handle.** [`on`] selects an event type, [`on_topic`] a topic or a
//! pattern, [`on_topics`] several, [`on_any`] everything; [`On`] then takes the handler: an
//! [`actor`](On::actor), one that the bus makes on an arbiter and makes anew when it
//! dies ([`actor_in`](On::actor_in)), or several of them ([`actor_pool`](On::actor_pool)),
//! a [`plain_actor`](On::plain_actor) that knows nothing of ventix, or a callback ([`call`](On::call), [`call_async`](On::call_async),
//! [`call_blocking`](On::call_blocking)), or the consumer of a [`stream`](On::stream).
//! [`batch`](On::batch) collects deliveries for a handler that takes several at a time.
//! Several of them can be one subscription:
//! [`and`](SubscriptionSpec::and).
//!
//! **Choose options**, in any combination.
//!
//! | what is it about? | options |
//! |---|---|
//! | which events | [`filter`](On::filter), [`replay_last`](SubscriptionSpec::replay_last), [`priority`](SubscriptionSpec::priority) |
//! | how long, how often | [`once`](SubscriptionSpec::once), [`for_at_most`](SubscriptionSpec::for_at_most), [`until`](SubscriptionSpec::until), [`paused`](SubscriptionSpec::paused) and [`when_paused`](SubscriptionSpec::when_paused) |
//! | how many at a time | [`capacity`](SubscriptionSpec::capacity), [`overflow`](SubscriptionSpec::overflow), [`in_order`](SubscriptionSpec::in_order), [`batch`](On::batch) |
//! | how fast | [`throttle`](SubscriptionSpec::throttle), [`debounce`](SubscriptionSpec::debounce) |
//! | what if it goes wrong | [`timeout`](SubscriptionSpec::timeout), [`retry`](SubscriptionSpec::retry), [`breaker`](SubscriptionSpec::breaker), [`restart`](SubscriptionSpec::restart), [`on_failure`](SubscriptionSpec::on_failure) |
//! | and else | [`named`](SubscriptionSpec::named), [`weak`](SubscriptionSpec::weak), [`layer`](SubscriptionSpec::layer), [`on_success`](SubscriptionSpec::on_success) |
//!
//! [`policy`] has the values behind them.
//!
//! **Link and unlink.** [`Linker::subscribe`] returns a [`Subscription`], which
//! ends what it is the handle of when told to, or when its
//! [`guard`](Subscription::guard) is dropped.
//!
//! **Emit.** [`Emitter::emit`] returns a [`Receipt`] at once;
//! [`Emitter::emit_all`] [`Receipts`] of many events;
//! [`Emitter::emit_and_wait`] a [`Report`] of every [`Outcome`];
//! [`Emitter::emit_when_ready`] waits for room where a lane or the emitter says so, and
//! so do [`Emitter::forward`], for every item of a stream, and [`Emitter::sink`];
//! [`Emitter::prepare`] adds a topic, key, correlation, deadline or headers. What
//! a handler emits through [`Delivery::emitter`] names its cause. What is prepared can
//! also go out [later](emitter::schedule): [`after`](Prepared::after) a while,
//! [`at`](Prepared::at) a time, or again and again.
//!
//! **Ask.** [`Emitter::request`] emits a question: the first reply of a type, all of
//! them, or each as it comes, within a limit. See [`request`](emitter::request).
//!
//! **Choose where it runs.** See [`Strategy`]; any actor that handles
//! [`Emission`] is one. [`Emitter::switch`] changes it while everything runs.
//!
//! **Go beyond one process.** [`Strategy::remote`] carries emissions to an engine, a file or a
//! server, and [`remote::Worker`]s run the same handlers, at least once. See [`remote`].
//!
//! **Stand around it.** [`SubscriptionSpec::layer`], [`LinkerBuilder::layer`] and
//! [`EmitterBuilder::layer`] put [`middleware`] around deliveries and emissions: logging,
//! timing, correlation, deduplication, or your own.
//!
//! **Watch.** What is not handled is a [`DeadLetter`], an event like any other;
//! [`Subscription::stats`] says how often what happened, how much waits, and how long it
//! took. A linker that [keeps](LinkerBuilder::dead_letters) its [`DeadLetters`] delivers
//! them again. [`Linker::explain`] says who would get an event, and why the others would
//! not; [`Linker::graph`] draws who listens to what, and, from real traffic, what handlers
//! emit. Emissions and deliveries have `tracing` spans, linked and never nested without
//! end, and carry a [`TraceContext`].
//!
//! **Observe.** A value that [tells its changes](Observable), a
//! [task](Emitter::observe) that tells its items and its end, the
//! [last value](Linker::keep_last) of an event for those that come late.
//!
//! # Promises
//!
//! 1. **Nothing is lost in silence.** Every subscription that matched is in the
//!    receipt or in the report, with its outcome or the [`Reason`] why it was
//!    turned away; it is counted, and what was not handled is a [`DeadLetter`]. `emit`
//!    never waits and may refuse, and its receipt says so. An event nobody listens to
//!    says so.
//! 2. **Order.** One emitter, one thread that emits, one subscription: deliveries
//!    arrive in the order of emission. The deliveries of one emission are handed over in
//!    the order of priority and then of subscription: sync callbacks run in it, and everything
//!    else starts when its own arbiter or thread gets to it. Handlers that wait may finish
//!    out of order, unless [`in_order`](SubscriptionSpec::in_order) is said. A pool keeps the order per
//!    key, with [`Routing::Keyed`]; without, and under `blocking`, several emissions run
//!    at a time. What a handler emits under `inline` runs at once, so before the rest of
//!    what it was emitted by; with [`in_order`](Strategy::in_order) it comes right after.
//!    A custom strategy keeps the order that it keeps.
//! 3. **Once** fires at most once, across all selectors and all emitters, and is
//!    spent only by an emission that is run.
//! 4. **One algebra.** What turns a delivery away is asked in one order. Of the emission:
//!    its [layers](middleware), the deadline, whether the emitter is shut, room in the
//!    emitter. Of each subscription: paused, its time over, the filter, the rate, whether it
//!    takes the place of an older one in a burst, its shots spent, whether the handler is
//!    there (or suspended), the breaker, a shot, room in the lane. And, when the delivery
//!    begins: the deadline again, its layers. What an earlier question turns away never
//!    reaches a later one.
//! 5. **A panic** in a handler ends that delivery only: [`HandlerPanicked`]. An actor
//!    that died of it is made anew, up to 5 times within 60 seconds, if the bus
//!    [made](On::actor_in) it ([`HandlerRestarted`], [`HandlerSuspended`]), and is
//!    unlinked if not ([`HandlerGone`]).
//! 6. **A slow handler** delays only its own lane, as long as it does not block
//!    the arbiter it runs on. Blocking callbacks take 32 threads each at most. A flood
//!    of emissions lets what else lives on the emitter's arbiter have its turn; an actor
//!    subscribed by its address is actix's to schedule: see [`handler`].
//! 7. **Memory is bounded**, with the default options, under any load. (Messages to
//!    [`Emitter::addr`] wait in actix's mailbox, which knows no bound.)
//! 8. **The same everywhere.** Once, callbacks, order and outcomes mean the same
//!    in every strategy; one suite shows it for all of them and for a user's own.
//! 9. **Remote delivery is at least once**: what a backend has confirmed is handled, or is
//!    among its dead letters, whatever crashes; what has succeeded is not run again.
//! 10. **No `unsafe`**, and no process-global state: two linkers, two systems, two
//!     tests never meet.
//!
//! # Shutdown
//!
//! [`Linker::drain`] and [`Emitter::drain`] refuse what is new, wait for what is on its
//! way, and say what did not end in time; what is scheduled for later is cancelled, and
//! what waits for more of its kind, in a [batch](OnBatch) or for a burst to be over, waits
//! no longer. When `main` returns after that, nothing is lost; without it, the `System`
//! ends and what has not run by then is, and only failure callbacks hear of it.
//!
//! When the last handle of an emitter is dropped, it still runs what it has
//! accepted, as long as its `System` runs; then its actor stops, and so do the arbiters
//! that it started. A handler that holds an [`Emitter`] or [`Linker`] of the linker it is
//! subscribed to keeps both alive, and itself, until it is unsubscribed or the linker is
//! [stopped](Linker::stop). To emit from a handler, [`Delivery::emitter`] needs no handle
//! of its own; a [`WeakEmitter`] keeps nothing alive.
//!
//! # Debug mode
//!
//! Linkers and emitters tell what they do, line by line, through `tracing`, with
//! the target `ventix`: every subscribe, unsubscribe, emission, delivery and
//! outcome, with ids, names, thread and whether it is an arbiter's. By default the
//! lines are written at the level `DEBUG`, so the `tracing` filter decides.
//! [`LinkerBuilder::debug`] and [`EmitterBuilder::debug`] raise the lines of one
//! linker or emitter to `INFO`, or silence them. The environment variable
//! `VENTIX_DEBUG`, read when a linker or emitter starts, does so where nothing was
//! said: `1`, `true`, `on` or `yes`; `0`, `false`, `off` or `no`. Silenced, a line
//! costs one branch. Lines go to whatever `tracing` subscriber the program has
//! installed; without one there are none, and its filter must let them through.
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `cron` | yes | schedules by cron expressions, in any time zone: `Prepared::cron` |
//! | `json` | | `Graph::to_json`, and `Serialize` for [`Graph`] |
//! | `metrics` | | the statistics, through the `metrics` facade: the module `metrics` |
//! | `sqlite` | | `remote::sqlite`: the queue in a file, and the outbox (Rust 1.89) |
//! | `redis` | | `remote::redis`: Redis Streams (Rust 1.88) |
//! | `redis-tls` | | the same by TLS |
//! | `messagepack` | | `remote::Codec::MessagePack` |
//! | `signing` | | `remote::Signing` (Rust 1.88) |
//! | `testing` | | the module `testing`: the conformance suite for backends |
//! | `cli` | | the tool `ventix` |
//!
//! # Rust version
//!
//! Rust 1.85, the oldest with edition 2024; what a feature needs beyond that stands beside it.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(clippy::unwrap_used)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod biased;
mod fence;
mod shield;
mod spawn;
mod stripes;

mod in_time;
mod later;

pub mod event;
pub mod outcome;

pub mod latency;

pub mod policy;

mod debug;

pub mod middleware;

pub mod delivery;
pub mod notice;

mod registry;

pub mod graph;

pub mod handler;
pub mod linker;

#[doc = include_str!("options.md")]
pub mod options {}

#[doc = include_str!("speed.md")]
pub mod speed {}

pub mod emitter;

#[cfg(feature = "metrics")]
pub mod metrics;

pub mod observable;

pub mod remote;

#[cfg(feature = "testing")]
pub mod testing;

pub use delivery::{Batch, Delivery};
#[cfg(feature = "cron")]
pub use emitter::CronError;
pub use emitter::{
    Emission, Emit, EmitAll, EmitError, Emitter, EmitterActor, EmitterBuilder, EmitterSink,
    EmitterStats, Forwarded, Prepared, Replies, Request, RequestError, Schedule, ScheduleError,
    ScheduleGuard, ScheduleInfo, ScheduleKind, Silence, Silent, Strategy, TypedEmitter,
    WeakEmitter,
};
pub use event::{
    AnyEvent, EmissionId, EventType, HandlerRef, Headers, IntoTopic, InvalidId, Metadata, Pattern,
    Payload, ScheduleId, SubscriptionId, Topic, TopicError, TopicFault, TraceContext,
};
pub use graph::Graph;
pub use handler::{Deliveries, EventStream, Factory, Queued, Received, Restart, Routing};
pub use latency::Latency;
pub use linker::{
    DeadLetters, Drained, KeepError, Last, Linker, LinkerActor, LinkerBuilder, On, OnBatch, Query,
    StartError, Subscribe, Subscription, SubscriptionGuard, SubscriptionSpec, Unfinished,
    Unsubscribe, WeakLinker, on, on_any, on_topic, on_topics,
};
pub use middleware::{DeliveryLayer, EmissionLayer, Incoming, Outgoing};
pub use notice::{
    ArbiterBlocked, BreakerChanged, DeadLetter, HandlerGone, HandlerPanicked, HandlerRestarted,
    HandlerSuspended, LetterId, TicksMissed,
};
pub use observable::{
    Observable, ObservableBuilder, ObservableError, TaskCompleted, TaskFailed, TaskStopped,
    ValueRefused, Yielder,
};
pub use outcome::{
    BoxError, Described, Ended, Failure, IntoOutcome, Lost, Outcome, Panicked, Reason, Receipt,
    Receipts, Refusal, Rejected, Reply, Report, SharedError, Stage, Success, TimedOut,
};
pub use policy::{
    Breaker, BreakerState, Debounce, Retry, RetryCase, SettingError, Throttle, WhenPaused,
};
pub use registry::{
    Counts, Explained, Explanation, NearMiss, Overflow, RequeueError, Selector, Snapshot, Stats,
    StoredLetter, SubscribeError, SubscriptionInfo,
};

/// A result whose error is any error: for `main`, and for callbacks that leave the
/// error's type open.
///
/// # Examples
///
/// ```
/// ventix::on::<u8>().call(|n| -> ventix::Result { Ok(println!("{n}")) });
/// ```
pub type Result<T = (), E = BoxError> = std::result::Result<T, E>;

/// The README's programs, as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
