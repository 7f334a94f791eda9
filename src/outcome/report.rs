use std::fmt;
use std::sync::Arc;

use super::error::SharedError;
use super::outcome::{Ended, Outcome, Stage};
use super::receipt::Receipt;

/// What [`emit_and_wait`](crate::Emitter::emit_and_wait) returns: the receipt,
/// and the outcome of every subscription that matched.
///
/// Lines stand in the order of the deliveries: by
/// [priority](crate::SubscriptionSpec::priority), then in the order of subscription. A
/// success or failure callback that went wrong has a line of its own after that of its
/// handler.
///
/// # Examples
///
/// ```
/// # use ventix::{on, Emitter, Linker, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<String>().call(|text| text.parse::<u32>()))?;
/// let emitter = Emitter::start(&linker, Strategy::current());
///
/// let report = emitter.emit_and_wait(String::from("42")).await;
/// assert!(report.all_handled());
/// assert_eq!(report.replies::<u32>().next(), Some(&42));
///
/// let report = emitter.emit_and_wait(String::from("no number")).await;
/// assert_eq!(report.errors().next().unwrap().to_string(), "invalid digit found in string");
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
#[must_use = "a report says which handlers failed"]
pub struct Report {
    receipt: Receipt,
    ended: Vec<Ended>,
}

impl Report {
    /// Puts the lines in the order of the deliveries.
    pub(crate) fn new(receipt: Receipt, mut ended: Vec<Ended>) -> Self {
        ended.sort_by_key(|ended| (ended.position, ended.stage));
        Self { receipt, ended }
    }

    /// Returns what `emit` would have returned.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let emitter = Emitter::start(&Linker::start(), Strategy::inline());
    /// let report = emitter.emit_and_wait("hello").await;
    /// assert!(report.all_handled() && report.receipt().is_unheard());
    /// # });
    /// ```
    #[must_use]
    pub fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// Returns every line.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let parser = on::<&str>().call(|text| text.parse::<u32>());
    /// linker.subscribe(parser.named("parser"))?;
    /// linker.subscribe(on::<&str>().call(|_| ()).named("printer"))?;
    /// let report = Emitter::start(&linker, Strategy::inline()).emit_and_wait("no number").await;
    /// let lines: Vec<_> = report.iter().map(|it| (it.name(), it.outcome().as_str())).collect();
    /// assert_eq!(lines, [(Some("parser"), "failed"), (Some("printer"), "handled")]);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn iter(&self) -> std::slice::Iter<'_, Ended> {
        self.ended.iter()
    }

    /// Returns how every handler ended, without the lines of callbacks.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let printer = on::<u8>().call(|_| ());
    /// linker.subscribe(printer.on_success(|_| -> Result<(), _> { Err("no paper") }))?;
    /// let report = Emitter::start(&linker, Strategy::inline()).emit_and_wait(1_u8).await;
    /// assert!(report.outcomes().all(|outcome| outcome.is_handled()));
    /// assert_eq!((report.outcomes().count(), report.iter().count()), (1, 2));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn outcomes(&self) -> impl Iterator<Item = &Outcome> {
        let handlers = self.ended.iter().filter(|e| e.stage == Stage::Handler);
        handlers.map(Ended::outcome)
    }

    /// Returns how many handlers finished without an error.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()))?;
    /// linker.subscribe(on::<&str>().call(|text| text.parse::<f64>()))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// assert_eq!(emitter.emit_and_wait("7").await.handled(), 2);
    /// assert_eq!(emitter.emit_and_wait("7.5").await.handled(), 1);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn handled(&self) -> usize {
        self.outcomes().filter(|o| o.is_handled()).count()
    }

    /// Returns whether nothing went wrong: every subscription that matched has
    /// handled it or had no more use for it, and the callbacks went well. True when nobody listens.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// assert!(emitter.emit_and_wait("no number").await.all_handled(), "nobody listens");
    /// linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()))?;
    /// assert!(emitter.emit_and_wait("42").await.all_handled());
    /// assert!(!emitter.emit_and_wait("no number").await.all_handled());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn all_handled(&self) -> bool {
        let ended = self.outcomes().count() >= self.receipt.matched();
        ended && self.errors().next().is_none()
    }

    /// Returns the answers that are a `T`, in the order of the deliveries.
    ///
    /// # Examples
    ///
    /// Asks every handler, and adds up what those that know an answer say:
    ///
    /// ```
    /// # use ventix::{on, BoxError, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<&str>().call(|text| Ok::<_, BoxError>(text.len())))?;
    /// linker.subscribe(on::<&str>().call(|_| ()))?;
    /// linker.subscribe(on::<&str>().call(|text| text.parse::<usize>()))?;
    /// let report = Emitter::start(&linker, Strategy::inline()).emit_and_wait("40").await;
    /// assert_eq!(report.replies::<usize>().sum::<usize>(), 42);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn replies<T: 'static>(&self) -> impl Iterator<Item = &T> {
        self.outcomes().filter_map(|outcome| match outcome {
            Outcome::Handled(reply) => reply.downcast_ref(),
            _ => None,
        })
    }

    /// Returns what went wrong, in the order of the deliveries. For an emission
    /// that was refused before it matched anything, that reason.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, on_any, Emitter, Linker, Reason, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()))?;
    /// let stuck = on_any().call_async(|_| std::future::pending::<()>());
    /// linker.subscribe(stuck.capacity(1))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// emitter.emit(1_u8);
    ///
    /// // One handler fails, and the other has no room left.
    /// let errors: Vec<_> = emitter.emit_and_wait("no number").await.errors().collect();
    /// assert!(errors[0].is::<std::num::ParseIntError>());
    /// assert!(errors[1].is::<Reason>());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn errors(&self) -> impl Iterator<Item = SharedError> {
        let refused = self.receipt.refusal().filter(|_| self.ended.is_empty());
        let refused = refused.map(|reason| Arc::new(reason.clone()) as SharedError);
        let ended = self.ended.iter().filter_map(|e| e.outcome.error());
        refused.into_iter().chain(ended)
    }
}

/// A line for each that ended, or why the emission as a whole was refused.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(reason), []) = (self.receipt.refusal(), &*self.ended) {
            return writeln!(f, "refused: {reason}");
        }
        self.ended
            .iter()
            .try_for_each(|ended| writeln!(f, "{ended}"))
    }
}

impl IntoIterator for Report {
    type Item = Ended;
    type IntoIter = std::vec::IntoIter<Ended>;

    fn into_iter(self) -> Self::IntoIter {
        self.ended.into_iter()
    }
}

impl<'a> IntoIterator for &'a Report {
    type Item = &'a Ended;
    type IntoIter = std::slice::Iter<'a, Ended>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
