use std::fmt;

use crate::event::{EventType, HandlerRef, SubscriptionId, Topic};
use crate::outcome::Reason;

use super::selector::{Listed, Selector};

/// Who would get an event, and why the others would not: what an emission at this
/// moment would come to.
///
/// Made by [`Linker::explain`](crate::Linker::explain),
/// [`Linker::explain_on`](crate::Linker::explain_on) and
/// [`Prepared::explain`](crate::Prepared::explain), which emit nothing and change nothing:
/// no allowance of a throttle, no probe of a breaker, no shot and no room is taken, and
/// nothing is counted. The filters are asked, and they are the user's code.
///
/// [Layers](crate::middleware) are not asked, since asking may change what they know: one
/// around emissions may still refuse it, or change what filters see of it, and one around
/// deliveries may turn away what is said to get it.
///
/// It is a moment's view: what others do meanwhile may change it.
///
/// # Examples
///
/// ```
/// # use ventix::{on, on_topic, Linker, Reason};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<u8>().call(|_| ()).named("sum"))?;
/// linker.subscribe(on::<u8>().filter(|n, _| *n > 9).call(|_| ()).named("large"))?;
/// linker.subscribe(on_topic::<u8>("bytes.>").call(|_| ()).named("wire"))?;
///
/// let explanation = linker.explain(&7_u8);
/// let answers: Vec<_> = explanation.lines().iter().map(|line| line.answer()).collect();
/// assert_eq!(answers, [Ok(()), Err(&Reason::Filtered)]);
/// assert_eq!(
///     explanation.to_string(),
///     "u8: 1 of 2 would get it
///   #1 (sum)    gets it
///   #2 (large)  the subscription's filter does not want it
/// not asked, though they take u8:
///   #3 (wire)   listens to bytes.>
/// ",
/// );
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    pub(super) event: EventType,
    pub(super) topic: Option<Topic>,
    pub(super) refusal: Option<Reason>,
    pub(super) lines: Vec<Explained>,
    pub(super) near_misses: Vec<NearMiss>,
}

/// What one subscription would say to an event.
///
/// # Examples
///
/// See [`Explanation`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    pub(super) handler: HandlerRef,
    pub(super) answer: Result<(), Reason>,
}

/// A subscription that takes events of a type, but would not be asked about this one:
/// it listens elsewhere.
///
/// # Examples
///
/// See [`Explanation::near_misses`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearMiss {
    pub(super) handler: HandlerRef,
    pub(super) selectors: Vec<Selector>,
}

impl Explanation {
    /// Returns why the emission would be refused as a whole, if it would be. Then nobody
    /// gets it; the [lines](Self::lines) say what the subscriptions would have answered.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker, Reason};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// assert_eq!(linker.explain(&7_u8).refusal(), None);
    /// linker.stop();
    /// assert_eq!(linker.explain(&7_u8).refusal(), Some(&Reason::LinkerStopped));
    /// # });
    /// ```
    #[must_use]
    pub fn refusal(&self) -> Option<&Reason> {
        self.refusal.as_ref()
    }

    /// Returns what each subscription would say that would be asked, in the order of
    /// delivery.
    ///
    /// # Examples
    ///
    /// See [`Explanation`].
    #[must_use]
    pub fn lines(&self) -> &[Explained] {
        &self.lines
    }

    /// Returns how many would get it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// assert_eq!(linker.explain(&7_u8).accepted(), 1);
    /// assert_eq!(linker.explain(&7_u16).accepted(), 0);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn accepted(&self) -> usize {
        if self.refusal.is_some() {
            return 0;
        }
        let accepted = self.lines.iter().filter(|line| line.answer.is_ok());
        accepted.count()
    }

    /// Returns the subscriptions that take this very type, but would not be asked: they
    /// listen to another topic, to topics only, or only to what is on none. In the order
    /// of subscription.
    ///
    /// Those that would be asked and take another type are among the
    /// [lines](Self::lines), as [`Reason::Mismatch`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, on_topic, Linker, Selector};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on_topic::<u8>("orders.*").call(|_| ()).named("orders"))?;
    /// // There is one part too many.
    /// let explanation = linker.explain_on("orders.eu.created", &7_u8);
    /// let miss = &explanation.near_misses()[0];
    /// assert_eq!((explanation.lines().len(), miss.name()), (0, Some("orders")));
    /// assert_eq!(miss.selectors(), [Selector::topic("orders.*")?]);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn near_misses(&self) -> &[NearMiss] {
        &self.near_misses
    }

    /// The same, of an emission that would be refused as a whole.
    pub(crate) fn refused(mut self, reason: Reason) -> Self {
        self.refusal.get_or_insert(reason);
        self
    }
}

impl Explained {
    /// Returns the subscription.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let sum = linker.subscribe(on::<u8>().call(|_| ()))?;
    /// assert_eq!(linker.explain(&7_u8).lines()[0].subscription(), sum.id());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn subscription(&self) -> SubscriptionId {
        self.handler.subscription()
    }

    /// Returns the subscription's name, if it was given one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()).named("sum"))?;
    /// assert_eq!(linker.explain(&7_u8).lines()[0].name(), Some("sum"));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.handler.name()
    }

    /// Returns whether it would take it, or why not.
    ///
    /// # Errors
    ///
    /// The reason that would be in the [receipt](crate::Receipt::refusals).
    ///
    /// # Examples
    ///
    /// See [`Explanation`].
    pub fn answer(&self) -> Result<(), &Reason> {
        self.answer.as_ref().copied()
    }
}

impl NearMiss {
    /// Returns the subscription.
    ///
    /// # Examples
    ///
    /// See [`Explained::subscription`].
    #[must_use]
    pub fn subscription(&self) -> SubscriptionId {
        self.handler.subscription()
    }

    /// Returns the subscription's name, if it was given one.
    ///
    /// # Examples
    ///
    /// See [`Explanation::near_misses`].
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.handler.name()
    }

    /// Returns what it listens to instead, with all its handlers.
    ///
    /// # Examples
    ///
    /// See [`Explanation::near_misses`].
    #[must_use]
    pub fn selectors(&self) -> &[Selector] {
        &self.selectors
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let event = self.event;
        match &self.topic {
            Some(topic) => write!(f, "{topic} ({event}): ")?,
            None => write!(f, "{event}: ")?,
        }
        match &self.refusal {
            Some(reason) => writeln!(f, "refused: {reason}")?,
            None if self.lines.is_empty() => writeln!(f, "nobody listens")?,
            None => writeln!(
                f,
                "{} of {} would get it",
                self.accepted(),
                self.lines.len()
            )?,
        }
        let handlers = self.lines.iter().map(|line| &line.handler);
        let handlers = handlers.chain(self.near_misses.iter().map(|miss| &miss.handler));
        let names: Vec<String> = handlers.map(ToString::to_string).collect();
        let width = names.iter().map(|name| name.chars().count()).max();
        let width = width.unwrap_or_default();
        let (asked, others) = names.split_at(self.lines.len());
        for (name, line) in asked.iter().zip(&self.lines) {
            match &line.answer {
                Ok(()) if self.refusal.is_some() => writeln!(f, "  {name:width$}  would get it")?,
                Ok(()) => writeln!(f, "  {name:width$}  gets it")?,
                Err(reason) => writeln!(f, "  {name:width$}  {reason}")?,
            }
        }
        if !others.is_empty() {
            writeln!(f, "not asked, though they take {event}:")?;
        }
        for (name, miss) in others.iter().zip(&self.near_misses) {
            writeln!(f, "  {name:width$}  listens to {}", Listed(&miss.selectors))?;
        }
        Ok(())
    }
}
