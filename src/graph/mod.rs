//! The graph of a linker: who listens to what, and who emits what.
//!
//! [`Linker::graph`](crate::Linker::graph) puts together two things. What is
//! subscribed is known, at any time: **events** (types, topics, patterns, everything),
//! **handlers**, and the [`Link`]s between them. What is emitted is learnt from
//! traffic, if [`LinkerBuilder::sample_graph`](crate::LinkerBuilder::sample_graph) asks
//! for it: which events there were, which patterns they [`Feed`], and which handler of
//! which event emitted another one, a [`Chain`].
//!
//! ```
//! use ventix::{on, Emitter, Linker, Strategy};
//!
//! struct OrderPlaced;
//! struct InvoiceSent;
//! struct OrderCancelled;
//!
//! # actix::System::new().block_on(async {
//! let linker = Linker::builder().sample_graph(1).start()?; // every emission
//! let invoice = on::<OrderPlaced>().call(|order| drop(order.emitter().emit(InvoiceSent)));
//! linker.subscribe(invoice.named("invoice"))?;
//! linker.subscribe(on::<OrderCancelled>().call(|_| ()).named("refund"))?;
//! Emitter::start(&linker, Strategy::inline()).emit(OrderPlaced);
//!
//! let graph = linker.graph();
//! println!("{}", graph.mermaid());
//! assert_eq!(graph.chains().len(), 1); // `OrderPlaced`, "invoice", `InvoiceSent`
//! assert!(graph.unheard().all(|event| event.name().ends_with("InvoiceSent")));
//! assert!(graph.unreached().all(|handler| handler.name() == Some("refund")));
//! # Ok::<(), ventix::BoxError>(())
//! # }).unwrap();
//! ```
//!
//! # What it shows
//!
//! - An **event nobody hears** was emitted, and no emission of it in the sample
//!   matched a subscription: [`EventNode::is_unheard`], [`Graph::unheard`].
//! - A **handler nobody reaches** has never been matched by an emission. This is
//!   exact, and needs no sample: [`HandlerNode::is_unreached`], [`Graph::unreached`].
//! - A handler that has been unsubscribed, or has fired once, and is in the sample:
//!   [`HandlerNode::is_linked`].
//!
//! [`Graph::dot`] and [`Graph::mermaid`] draw these in colour, and give them a class;
//! the types' names have no modules there unless two of them would look the same.
//! Events are round, patterns and everything have corners, handlers are boxes; a plain
//! arrow is a link, a dotted one a feed, and a thick one a chain, with how often it was
//! seen. With the feature `json`, `Graph::to_json` writes all of it, with a boolean for
//! each of the three. Names may be any text: all three languages have it escaped, and
//! pictures show control characters as Rust writes them.
//!
//! # What it does not show
//!
//! A sample is what has been seen since the linker started, and is never complete: what
//! is rare may be missing unless each emission is sampled. It keeps a bounded number
//! of events and chains, and counts what does not fit ([`Graph::omitted`]). Emissions
//! are counted as they are matched, whether they are accepted or not; those that the
//! linker or emitter is too late for, because it has been stopped or drained, are not.
//! A chain is known from [`Delivery::emitter`](crate::Delivery::emitter): what a handler
//! emits otherwise has no cause. The [notices](crate::notice) that the bus itself emits
//! are not sampled, though what their handlers emit is.

mod dot;
mod drawing;
mod edge;
mod event;
mod graph;
mod handler;
mod ids;
#[cfg(feature = "json")]
mod json;
mod mermaid;
mod sampler;
mod short;

pub use dot::Dot;
pub use edge::{Chain, Feed, Link};
pub use event::{EventKind, EventNode};
pub use graph::Graph;
pub use handler::HandlerNode;
pub use mermaid::Mermaid;

pub(crate) use sampler::{Sampler, Trace};
