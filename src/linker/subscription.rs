use std::fmt;
use std::sync::{Arc, Weak};

use crate::event::{HandlerRef, SubscriptionId};
use crate::registry::{Counts, Record, Selector, Stats, Tally};

use super::shared::Core;

/// The handle to end a subscription with. Inert: dropping it changes nothing,
/// and it keeps nothing alive.
///
/// # Examples
///
/// ```
/// # use ventix::{on, Linker};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// let printer = linker.subscribe(on::<u8>().call(|_| ()).named("printer"))?;
/// assert_eq!(printer.name(), Some("printer"));
/// assert!(printer.unsubscribe());
/// assert!(!printer.unsubscribe(), "it was gone already");
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Subscription {
    handler: HandlerRef,
    /// What has become of its deliveries, also after it has ended.
    tally: Arc<Tally>,
    record: Weak<Record>,
    linker: Weak<Core>,
}

impl Subscription {
    pub(super) fn new(record: &Arc<Record>, linker: &Arc<Core>) -> Self {
        Self {
            handler: record.handler.clone(),
            tally: record.tally().clone(),
            record: Arc::downgrade(record),
            linker: Arc::downgrade(linker),
        }
    }

    /// Returns its id.
    ///
    /// # Examples
    ///
    /// The id is a plain value: it can be kept where the handle cannot.
    ///
    /// ```
    /// # use ventix::{on, Linker};
    /// # use std::collections::HashMap;
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let mut listening = HashMap::new();
    /// listening.insert("customer-7", linker.subscribe(on::<u8>().call(|_| ()))?.id());
    ///
    /// if let Some(id) = listening.remove("customer-7") {
    ///     assert!(linker.unsubscribe(id));
    /// }
    /// # assert!(linker.is_empty());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn id(&self) -> SubscriptionId {
        self.handler.subscription()
    }

    /// Returns its name, if it has one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let handler = on::<u8>().call(|_| ());
    /// assert_eq!(linker.subscribe(handler.named("printer"))?.name(), Some("printer"));
    /// assert_eq!(linker.subscribe(on::<u8>().call(|_| ()))?.name(), None);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.handler.name()
    }

    /// Returns what has become of its deliveries, also after it has ended.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let first = linker.subscribe(on::<u8>().call(|_| ()).once())?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// emitter.emit(1_u8);
    /// emitter.emit(2_u8);
    /// assert_eq!((first.counts().matched, first.counts().handled), (1, 1));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.tally.counts()
    }

    /// Returns what has become of its deliveries, how many wait, and how long they took;
    /// also after it has ended.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let slow = linker.subscribe(on::<u8>().call_async(|_| std::future::pending::<()>()))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// emitter.emit(1_u8);
    /// assert_eq!(slow.stats().to_string(), "1 matched: 1 in flight; queue not timed; run not timed");
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn stats(&self) -> Stats {
        match self.record.upgrade() {
            Some(record) => record.stats(),
            None => self.tally.stats(0),
        }
    }

    /// Pauses the subscription: what is emitted from now on is refused, or held in its
    /// lane, as [`when_paused`](crate::SubscriptionSpec::when_paused) says. What its
    /// handler has begun goes on. Returns whether it was linked, and not paused.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Reason, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let mailer = linker.subscribe(on::<u8>().call(|_| ()))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// assert!(mailer.pause());
    /// assert_eq!(emitter.emit(1_u8).refusals()[0].reason(), &Reason::Paused);
    /// assert!(mailer.resume());
    /// assert_eq!(emitter.emit(2_u8).accepted(), 1);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn pause(&self) -> bool {
        let linker = self.linker.upgrade();
        linker.is_some_and(|linker| linker.registry().pause(self.id()))
    }

    /// Lets the subscription go on that was [paused](Self::pause): what was held is
    /// delivered first. And tries again with those of its actors that are suspended,
    /// because they died more often than their [`Restart`](crate::Restart) allows, with a
    /// budget as at the beginning. Returns whether it was paused, or any was suspended.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let subscription = linker.subscribe(on::<u8>().call(|_| ()))?;
    /// assert!(!subscription.resume(), "it is neither paused nor suspended");
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn resume(&self) -> bool {
        let linker = self.linker.upgrade();
        linker.is_some_and(|linker| linker.registry().resume(self.id()))
    }

    /// Returns whether it is still linked to anything.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let first = linker.subscribe(on::<u8>().call(|_| ()).once())?;
    /// let every = linker.subscribe(on::<u8>().call(|_| ()))?;
    /// Emitter::start(&linker, Strategy::inline()).emit(1_u8);
    /// assert!(!first.is_active() && every.is_active());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn is_active(&self) -> bool {
        let linker = self.linker.upgrade();
        linker.is_some_and(|linker| linker.registry().contains(self.id()))
    }

    /// Unlinks it from everything, and returns whether it was linked.
    ///
    /// Takes effect before it returns, for every emission that starts
    /// afterwards.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let printer = linker.subscribe(on::<u8>().or_topic("bytes").call(|_| ()))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// assert!(printer.unsubscribe());
    /// assert!(emitter.emit(1_u8).is_unheard());
    /// assert!(emitter.prepare(1_u8).topic("bytes").emit().is_unheard());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn unsubscribe(&self) -> bool {
        let linker = self.linker.upgrade();
        linker.is_some_and(|linker| linker.unsubscribe(self.id()))
    }

    /// Unlinks it from one event, and returns whether it was linked to it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker, Selector};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let links = linker.subscribe(on::<u8>().or_topic("bytes").call(|_| ()))?;
    /// assert!(links.unsubscribe_from(&Selector::event::<u8>()));
    /// assert!(links.is_active());
    /// assert!(links.unsubscribe_from(&Selector::topic("bytes")?));
    /// assert!(!links.is_active());
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn unsubscribe_from(&self, event: &Selector) -> bool {
        let linker = self.linker.upgrade();
        linker.is_some_and(|linker| linker.unsubscribe_from(self.id(), event))
    }

    /// Returns a guard that unsubscribes when it is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// {
    ///     let _listening = linker.subscribe(on::<u8>().call(|_| ()))?.guard();
    ///     assert_eq!(linker.subscription_count(), 1);
    /// }
    /// assert!(linker.is_empty());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn guard(self) -> SubscriptionGuard {
        SubscriptionGuard(self)
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("id", &self.id())
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}

/// A subscription that ends when this is dropped. See [`Subscription::guard`].
///
/// # Examples
///
/// ```
/// # use ventix::{on, Linker};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// let guard = linker.subscribe(on::<u8>().call(|_| ()))?.guard();
/// assert!(guard.subscription().is_active());
/// drop(guard);
/// assert!(linker.is_empty());
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
#[must_use = "dropping the guard ends the subscription"]
pub struct SubscriptionGuard(Subscription);

impl SubscriptionGuard {
    /// Returns the subscription.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let guard = linker.subscribe(on::<u8>().call(|_| ()).named("printer"))?.guard();
    /// assert_eq!(guard.subscription().name(), Some("printer"));
    /// assert!(linker.contains(guard.subscription().id()));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn subscription(&self) -> &Subscription {
        &self.0
    }
}

impl Drop for SubscriptionGuard {
    fn drop(&mut self) {
        self.0.unsubscribe();
    }
}
