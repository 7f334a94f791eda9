use std::error::Error;

use crate::event::{Metadata, SubscriptionId};

use super::outcome::Outcome;
use super::reply::Reply;

/// What a success callback gets: which delivery was handled, and the answer.
///
/// # Examples
///
/// ```
/// # use ventix::{on, Emitter, Linker, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(
///     on::<String>()
///         .call(|text| text.parse::<u32>())
///         .on_success(|done| assert_eq!(done.value::<u32>(), Some(&42))),
/// )?;
/// let emitter = Emitter::start(&linker, Strategy::inline());
/// assert!(emitter.emit_and_wait(String::from("42")).await.all_handled());
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct Success<'a> {
    pub(crate) metadata: &'a Metadata,
    pub(crate) subscription: SubscriptionId,
    pub(crate) name: Option<&'a str>,
    pub(crate) reply: &'a Reply,
}

impl Success<'_> {
    /// Returns the handler's answer, if it gave one and it is a `T`.
    #[must_use]
    pub fn value<T: 'static>(&self) -> Option<&T> {
        self.reply.downcast_ref()
    }

    /// Returns the handler's answer, of whatever type.
    #[must_use]
    pub fn reply(&self) -> &Reply {
        self.reply
    }

    /// Returns what the emission says about itself.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        self.metadata
    }

    /// Returns the id of the subscription whose handler succeeded.
    #[must_use]
    pub fn subscription(&self) -> SubscriptionId {
        self.subscription
    }

    /// Returns the subscription's name, if it has one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name
    }
}

/// What a failure callback gets: which delivery was not handled, and why.
///
/// It is called for every delivery that was accepted and did not end as
/// handled: failed, panicked or lost. What was refused is in the receipt.
///
/// # Examples
///
/// ```
/// # use ventix::{on, Emitter, Linker, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(
///     on::<String>()
///         .call(|text| text.parse::<u32>())
///         .on_failure(|failure| {
///             assert!(failure.error().is::<std::num::ParseIntError>());
///             assert_eq!(failure.metadata().name(), "alloc::string::String");
///         }),
/// )?;
/// let emitter = Emitter::start(&linker, Strategy::inline());
/// let report = emitter.emit_and_wait(String::from("no number")).await;
/// assert_eq!(report.iter().count(), 1, "the failure callback itself went well");
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct Failure<'a> {
    pub(crate) metadata: &'a Metadata,
    pub(crate) subscription: SubscriptionId,
    pub(crate) name: Option<&'a str>,
    pub(crate) outcome: &'a Outcome,
    pub(crate) error: &'a (dyn Error + Send + Sync + 'static),
}

impl Failure<'_> {
    /// Returns the error: the handler's own, [`Panicked`](crate::Panicked) or
    /// [`Lost`](crate::Lost).
    #[must_use]
    pub fn error(&self) -> &(dyn Error + Send + Sync + 'static) {
        self.error
    }

    /// Returns how the delivery ended.
    #[must_use]
    pub fn outcome(&self) -> &Outcome {
        self.outcome
    }

    /// Returns what the emission says about itself.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        self.metadata
    }

    /// Returns the id of the subscription whose handler did not succeed.
    #[must_use]
    pub fn subscription(&self) -> SubscriptionId {
        self.subscription
    }

    /// Returns the subscription's name, if it has one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name
    }
}
