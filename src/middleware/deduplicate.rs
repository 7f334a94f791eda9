use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix::clock::Instant;

use crate::event::{EmissionId, Metadata, SubscriptionId};
use crate::outcome::{Outcome, Reason};

use super::delivery_layer::DeliveryLayer;
use super::incoming::Incoming;

/// How many handled deliveries are remembered, if nothing else is said.
const MAX_REMEMBERED: usize = 10_000;

/// Lets each handler handle the same thing once within a time: a second one is skipped, as
/// [`Reason::Duplicate`], counted, and no dead letter.
///
/// What is the same is said by an id: the emission's own, which protects from what is
/// delivered again by its id, such as a dead letter that is redelivered or an engine that
/// delivers at least once; a header that a sender sets, such as `message-id`, which
/// protects from a sender that emits again; or anything else that the metadata says.
///
/// It remembers what was *handled*, and what is being handled:
///
/// - One that comes while its twin is being handled is skipped: how the twin ends stands
///   for both.
/// - One that failed, panicked, timed out or was lost is forgotten at once. So it can be
///   tried again, by a [`Retry`](crate::Retry), by hand or by an engine; and a twin that
///   waited behind it has its turn. If the twin is handled while the first one waits to
///   be tried again, the first one is skipped.
///
/// So the question can be answered only when a delivery begins, and not when it is
/// claimed: a receipt says that it is accepted, since it may well be needed, and the
/// report that it was skipped. What it had claimed is given back: a duplicate spends no
/// [`once`](crate::SubscriptionSpec::once).
///
/// Around a whole linker it keeps the handlers apart: each may handle the same emission.
///
/// # Examples
///
/// ```
/// # use std::time::Duration;
/// use ventix::middleware::Deduplicate;
/// use ventix::{on, Emitter, Linker, Strategy};
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// let minute = Duration::from_secs(60);
/// let charge = on::<u64>().call(|amount| println!("charge {}", **amount));
/// let charges = linker.subscribe(charge.layer(Deduplicate::by_header("message-id", minute)))?;
///
/// let emitter = Emitter::start(&linker, Strategy::inline());
/// for message in ["a", "b", "a"] {
///     emitter.prepare(100_u64).header("message-id", message).emit();
/// }
/// assert_eq!((charges.counts().handled, charges.counts().skipped), (2, 1));
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
pub struct Deduplicate {
    identify: Box<Identify>,
    window: Duration,
    most: usize,
    known: Mutex<Known>,
}

type Identify = dyn Fn(&Metadata) -> Option<Id> + Send + Sync;

/// What makes two deliveries to one handler the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Id {
    Emission(EmissionId),
    Text(Box<str>),
}

/// The same thing for the same handler.
type Case = (SubscriptionId, Id);

#[derive(Default)]
struct Known {
    running: HashSet<Case>,
    /// When each was handled.
    handled: HashMap<Case, Instant>,
    /// The same, the oldest first.
    order: VecDeque<Case>,
}

impl Deduplicate {
    /// By the emission's id, for so long after it was handled.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{middleware::Deduplicate, on};
    /// on::<u8>().call(|_| ()).layer(Deduplicate::by_id(Duration::from_secs(3_600)));
    /// ```
    #[must_use]
    pub fn by_id(window: Duration) -> Self {
        Self::new(window, |metadata| Some(Id::Emission(metadata.id())))
    }

    /// By a header, for so long after it was handled. What has no such header is never a
    /// duplicate.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{middleware::Deduplicate, on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let once = Deduplicate::by_header("message-id", Duration::from_secs(60));
    /// let linker = Linker::start();
    /// let news = linker.subscribe(on::<u8>().call(|_| ()).layer(once))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// emitter.prepare(1_u8).header("message-id", "a").emit();
    /// emitter.prepare(1_u8).header("message-id", "a").emit();
    /// assert_eq!((news.counts().handled, news.counts().skipped), (1, 1));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn by_header(name: impl Into<Box<str>>, window: Duration) -> Self {
        let name = name.into();
        Self::new(window, move |metadata| {
            metadata.headers().get(&name).map(Box::from).map(Id::Text)
        })
    }

    /// By what `identify` makes of the metadata, for so long after it was handled. What
    /// it makes nothing of is never a duplicate.
    ///
    /// # Examples
    ///
    /// Each customer once a day, whatever happens to them:
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{middleware::Deduplicate, on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let day = Duration::from_secs(24 * 60 * 60);
    /// let once = Deduplicate::by(day, |about| about.key().map(str::to_owned));
    /// let linker = Linker::start();
    /// let news = linker.subscribe(on::<u8>().call(|_| ()).layer(once))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// emitter.prepare(1_u8).key("customer-7").emit();
    /// emitter.prepare(2_u8).key("customer-7").emit();
    /// emitter.prepare(3_u8).key("customer-8").emit();
    /// assert_eq!((news.counts().handled, news.counts().skipped), (2, 1));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn by(
        window: Duration,
        identify: impl Fn(&Metadata) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self::new(window, move |metadata| {
            identify(metadata).map(Box::from).map(Id::Text)
        })
    }

    fn new(
        window: Duration,
        identify: impl Fn(&Metadata) -> Option<Id> + Send + Sync + 'static,
    ) -> Self {
        Self {
            identify: Box::new(identify),
            window,
            most: MAX_REMEMBERED,
            known: Mutex::default(),
        }
    }

    /// Bounds how many are remembered, for all handlers that it stands around: 10,000 by
    /// default. The oldest is forgotten before its time. What is being handled is bound by
    /// the lanes.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{middleware::Deduplicate, on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let once = Deduplicate::by_header("message-id", Duration::MAX).at_most(1);
    /// let linker = Linker::start();
    /// let news = linker.subscribe(on::<u8>().call(|_| ()).layer(once))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// for id in ["a", "b", "a"] {
    ///     emitter.prepare(1_u8).header("message-id", id).emit();
    /// }
    /// assert_eq!(news.counts().handled, 3, "the second `a` came after `b`");
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn at_most(mut self, remembered: usize) -> Self {
        self.most = remembered;
        self
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DeliveryLayer for Deduplicate {
    fn before(&self, delivery: &mut Incoming<'_>) -> Result<(), Reason> {
        let Some(id) = (self.identify)(delivery.metadata()) else {
            return Ok(());
        };
        let case: Case = (delivery.handler().subscription(), id);
        let mut known = self.known();
        known.forget_old(self.window, Instant::now());
        if known.handled.contains_key(&case) || !known.running.insert(case.clone()) {
            return Err(Reason::Duplicate);
        }
        drop(known);
        delivery.keep(case);
        Ok(())
    }

    fn after(&self, delivery: &mut Incoming<'_>, outcome: &Outcome) {
        let Some(case) = delivery.take::<Case>() else {
            return;
        };
        let mut known = self.known();
        known.running.remove(&case);
        if outcome.is_handled() {
            known.remember(case, Instant::now(), self.most);
        }
    }
}

impl Known {
    fn remember(&mut self, case: Case, now: Instant, most: usize) {
        self.handled.insert(case.clone(), now);
        self.order.push_back(case);
        while self.order.len() > most {
            self.forget_oldest();
        }
    }

    fn forget_old(&mut self, window: Duration, now: Instant) {
        let is_old = |case: &Case| {
            let handled = self.handled.get(case);
            handled.is_none_or(|handled| now.saturating_duration_since(*handled) >= window)
        };
        let old = self.order.iter().take_while(|case| is_old(case)).count();
        for _ in 0..old {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some(case) = self.order.pop_front() {
            self.handled.remove(&case);
        }
    }
}

impl fmt::Debug for Deduplicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deduplicate")
            .field("window", &self.window)
            .field("at_most", &self.most)
            .field("remembered", &self.known().order.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Attributes, EventType, HandlerRef, IdSource};
    use crate::outcome::{Lost, Reply};

    const MINUTE: Duration = Duration::from_secs(60);

    fn handler(number: u64) -> HandlerRef {
        HandlerRef {
            subscription: SubscriptionId::new(number),
            name: None,
        }
    }

    fn emission(ids: &IdSource, message: &str) -> Metadata {
        let mut attributes = Attributes::default();
        attributes.headers.set("message-id", message);
        Metadata::new(
            ids.next(),
            EventType::of::<u8>(),
            None,
            Some(Box::new(attributes)),
        )
    }

    /// Whether it is let in; and how it ends, if it does.
    fn offer(
        layer: &Deduplicate,
        metadata: &Metadata,
        handler: &HandlerRef,
        ends: Option<Outcome>,
    ) -> bool {
        let mut incoming = Incoming::new(metadata, &1_u8, handler, 1, false);
        let is_new = layer.before(&mut incoming).is_ok();
        if let (true, Some(outcome)) = (is_new, ends) {
            layer.after(&mut incoming, &outcome);
        }
        is_new
    }

    fn handled() -> Option<Outcome> {
        Some(Outcome::Handled(Reply::default()))
    }

    #[test]
    fn the_same_emission_is_handled_once_by_each_handler() {
        let (ids, layer) = (IdSource::new(), Deduplicate::by_id(MINUTE));
        let [one, two] = ["", ""].map(|message| emission(&ids, message));
        let (first, second) = (handler(1), handler(2));
        assert!(offer(&layer, &one, &first, handled()));
        assert!(!offer(&layer, &one, &first, handled()));
        assert!(offer(&layer, &one, &second, handled()));
        assert!(offer(&layer, &two, &first, handled()));
    }

    #[test]
    fn what_runs_answers_for_its_twin_and_what_failed_does_not() {
        let (ids, layer) = (
            IdSource::new(),
            Deduplicate::by_header("message-id", MINUTE),
        );
        let [one, twin] = ["a", "a"].map(|message| emission(&ids, message));
        let lost = Some(Outcome::Lost(Lost));
        assert!(offer(&layer, &one, &handler(1), lost));
        assert!(offer(&layer, &one, &handler(1), None), "it runs");
        assert!(!offer(&layer, &twin, &handler(1), handled()));
    }

    #[test]
    fn it_remembers_so_many_and_forgets_the_oldest() {
        let layer = Deduplicate::by_header("message-id", Duration::MAX).at_most(100);
        let (ids, handler) = (IdSource::new(), handler(1));
        for round in 0..1_000 {
            let metadata = emission(&ids, &round.to_string());
            assert!(offer(&layer, &metadata, &handler, handled()));
        }
        let known = layer.known();
        assert_eq!((known.order.len(), known.handled.len()), (100, 100));
        assert!(known.running.is_empty());
        drop(known);
        assert!(!offer(&layer, &emission(&ids, "900"), &handler, handled()));
        assert!(offer(&layer, &emission(&ids, "899"), &handler, handled()));
    }
}
