//! How emissions and deliveries end.
//!
//! | value | who gets it | when |
//! |---|---|---|
//! | [`Receipt`] | the one that emits | at once: matched, accepted, each refusal with its [`Reason`] |
//! | [`Receipts`] | the one that emits many | at once: the receipt of each, and what they come to |
//! | [`Report`] | the one that emits and waits | when the last delivery has ended: an [`Outcome`] for each |
//! | [`Success`], [`Failure`] | the callbacks of a subscription | when a delivery has ended |
//!
//! Every matched subscription is in one of them: nothing is lost in silence.
//!
//! ```
//! use ventix::{on, Emitter, Linker, Outcome, Strategy};
//!
//! # actix::System::new().block_on(async {
//! let linker = Linker::start();
//! linker.subscribe(on::<u8>().call(|n| if **n > 9 { Err("too many") } else { Ok(()) }))?;
//! let emitter = Emitter::start(&linker, Strategy::current());
//!
//! assert_eq!(emitter.emit(1_u8).accepted(), 1);
//!
//! let report = emitter.emit_and_wait(10_u8).await;
//! let ended = report.iter().next().expect("one subscription matched");
//! assert!(matches!(ended.outcome(), Outcome::Failed(error) if error.to_string() == "too many"));
//! # Ok::<(), ventix::SubscribeError>(())
//! # }).unwrap();
//! ```

mod callback;
mod described;
mod error;
mod guard;
mod into_outcome;
mod outcome;
mod reason;
mod receipt;
mod receipts;
mod rejected;
mod reply;
mod report;
mod tracker;

pub use callback::{Failure, Success};
pub use described::Described;
pub use error::{BoxError, Lost, Panicked, SharedError, TimedOut};
pub use into_outcome::IntoOutcome;
pub use outcome::{Ended, Outcome, Stage};
pub use reason::Reason;
pub use receipt::{Receipt, Refusal};
pub use receipts::Receipts;
pub use rejected::Rejected;
pub use reply::Reply;
pub use report::Report;

pub(crate) use guard::{guard, panicked};
pub(crate) use into_outcome::Verdict;
pub(crate) use tracker::{HoldsTracker, Lines, Tracker};
