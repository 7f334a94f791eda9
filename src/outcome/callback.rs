use std::error::Error;

use crate::event::{Metadata, SubscriptionId};

use super::error::SharedError;
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
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()).on_success(|done| {
    ///     assert_eq!(done.value::<u32>(), Some(&42));
    ///     assert_eq!(done.value::<u64>(), None, "the answer is of another type");
    /// }))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// assert!(emitter.emit_and_wait("42").await.all_handled());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn value<T: 'static>(&self) -> Option<&T> {
        self.reply.downcast_ref()
    }

    /// Returns the handler's answer, of whatever type.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let linker = Linker::builder()
    ///     .on_success(move |done| tell.send(done.reply().is_empty()))
    ///     .start()?;
    /// linker.subscribe(on::<&str>().call(|_| ()))?;
    /// linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()))?;
    /// Emitter::start(&linker, Strategy::inline()).emit("42");
    /// assert_eq!(told.try_iter().collect::<Vec<_>>(), [true, false]);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn reply(&self) -> &Reply {
        self.reply
    }

    /// Returns what the emission says about itself.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let linker = Linker::start();
    /// let handler = on::<u8>().call(|_| ());
    /// linker.subscribe(handler.on_success(move |done| tell.send(done.metadata().id())))?;
    /// let receipt = Emitter::start(&linker, Strategy::inline()).emit(1_u8);
    /// assert_eq!(told.try_recv()?, receipt.id());
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        self.metadata
    }

    /// Returns the id of the subscription whose handler succeeded.
    ///
    /// # Examples
    ///
    /// One callback for all subscriptions of a linker, which tells them apart:
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let linker = Linker::builder()
    ///     .on_success(move |done| tell.send(done.subscription()))
    ///     .start()?;
    /// let first = linker.subscribe(on::<u8>().call(|_| ()))?;
    /// let second = linker.subscribe(on::<u8>().call(|_| ()))?;
    /// Emitter::start(&linker, Strategy::inline()).emit(1_u8);
    /// assert_eq!(told.try_iter().collect::<Vec<_>>(), [first.id(), second.id()]);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn subscription(&self) -> SubscriptionId {
        self.subscription
    }

    /// Returns the subscription's name, if it has one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let linker = Linker::builder()
    ///     .on_success(move |done| tell.send(done.name().unwrap_or("unnamed").to_owned()))
    ///     .start()?;
    /// linker.subscribe(on::<u8>().call(|_| ()).named("mailer"))?;
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// Emitter::start(&linker, Strategy::inline()).emit(1_u8);
    /// assert_eq!(told.try_iter().collect::<Vec<_>>(), ["mailer", "unnamed"]);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name
    }
}

/// What a failure callback gets: which delivery was not handled, and why.
///
/// It is called for every delivery that was accepted and did not end as
/// handled: failed, panicked, lost, or refused when it was to start, as after its
/// deadline. What was refused when it was emitted is in the receipt.
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
    pub(crate) attempts: &'a [SharedError],
}

impl Failure<'_> {
    /// Returns the errors of all attempts, the last one last: several where the
    /// subscription [tries again](crate::SubscriptionSpec::retry).
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{on, Emitter, Linker, Retry, Strategy};
    /// # actix::System::new().block_on(async {
    /// # tokio::time::pause();
    /// let linker = Linker::start();
    /// let picky = on::<u8>()
    ///     .call(|n| Err::<(), _>(format!("no at attempt {}", n.attempt())))
    ///     .retry(Retry::constant(Duration::from_secs(1)).attempts(2))
    ///     .on_failure(|failure| {
    ///         let errors: Vec<_> = failure.attempts().iter().map(|e| e.to_string()).collect();
    ///         assert_eq!(errors, ["no at attempt 1", "no at attempt 2"]);
    ///     });
    /// linker.subscribe(picky)?;
    /// let report = Emitter::start(&linker, Strategy::current()).emit_and_wait(7_u8).await;
    /// assert_eq!(report.iter().count(), 1, "the failure callback itself went well");
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn attempts(&self) -> &[SharedError] {
        self.attempts
    }

    /// Returns the error: the handler's own, [`Panicked`](crate::Panicked) or
    /// [`Lost`](crate::Lost).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # use std::num::{IntErrorKind, ParseIntError};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<&str>().call(|text| text.parse::<u8>()).on_failure(|failure| {
    ///     let error = failure.error().downcast_ref::<ParseIntError>();
    ///     assert_eq!(error.map(|e| e.kind()), Some(&IntErrorKind::PosOverflow));
    /// }))?;
    /// let report = Emitter::start(&linker, Strategy::inline()).emit_and_wait("300").await;
    /// assert_eq!(report.iter().count(), 1, "the failure callback itself went well");
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn error(&self) -> &(dyn Error + Send + Sync + 'static) {
        self.error
    }

    /// Returns how the delivery ended.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let linker = Linker::builder()
    ///     .on_failure(move |failure| tell.send(failure.outcome().as_str()))
    ///     .start()?;
    /// linker.subscribe(on::<u8>().call(|_| -> Result<(), _> { Err("no paper") }))?;
    /// linker.subscribe(on::<u8>().call(|_| panic!("out of ink")))?;
    /// Emitter::start(&linker, Strategy::inline()).emit(1_u8);
    /// assert_eq!(told.try_iter().collect::<Vec<_>>(), ["failed", "panicked"]);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn outcome(&self) -> &Outcome {
        self.outcome
    }

    /// Returns what the emission says about itself.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let linker = Linker::start();
    /// let handler = on::<&str>().call(|text| text.parse::<u32>());
    /// linker.subscribe(handler.on_failure(move |failure| {
    ///     tell.send(failure.metadata().key().map(str::to_owned))
    /// }))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// emitter.prepare("no number").key("customer-7").emit();
    /// assert_eq!(told.try_recv()?.as_deref(), Some("customer-7"));
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        self.metadata
    }

    /// Returns the id of the subscription whose handler did not succeed.
    ///
    /// # Examples
    ///
    /// A handler that fails gets no more work:
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let linker = Linker::builder()
    ///     .on_failure(move |failure| tell.send(failure.subscription()))
    ///     .start()?;
    /// linker.subscribe(on::<u8>().call(|_| -> Result<(), _> { Err("no paper") }))?;
    /// Emitter::start(&linker, Strategy::inline()).emit(1_u8);
    /// assert!(linker.unsubscribe(told.try_recv()?));
    /// assert!(linker.is_empty());
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn subscription(&self) -> SubscriptionId {
        self.subscription
    }

    /// Returns the subscription's name, if it has one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let linker = Linker::builder()
    ///     .on_failure(move |it| tell.send(format!("{}: {}", it.name().unwrap_or("?"), it.error())))
    ///     .start()?;
    /// linker.subscribe(on::<u8>().call(|_| -> Result<(), _> { Err("no paper") }).named("printer"))?;
    /// Emitter::start(&linker, Strategy::inline()).emit(1_u8);
    /// assert_eq!(told.try_recv()?, "printer: no paper");
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name
    }
}
