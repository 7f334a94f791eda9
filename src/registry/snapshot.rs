use std::fmt;
use std::sync::Arc;

use crate::event::SubscriptionId;

use super::counts::Counts;
use super::overflow::Overflow;
use super::record::Record;
use super::selector::{Listed, Selector};
use super::stats::Stats;
use super::tally::Tally;

/// The subscriptions of a linker at one moment, in the order of subscription.
///
/// It prints as a list, a subscription a line.
///
/// # Examples
///
/// ```
/// # use ventix::{on, Linker};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<u8>().or_topic("bytes.>").call(|_| ()).named("sum").once())?;
/// assert_eq!(linker.snapshot().to_string(), "#1 (sum) on u8, bytes.>; once\n");
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Snapshot {
    subscriptions: Vec<SubscriptionInfo>,
}

impl Snapshot {
    pub(super) fn new(subscriptions: Vec<SubscriptionInfo>) -> Self {
        Self { subscriptions }
    }

    /// Returns how many subscriptions there were.
    ///
    /// # Examples
    ///
    /// ```
    /// # actix::System::new().block_on(async {
    /// assert_eq!(ventix::Linker::start().snapshot().len(), 0);
    /// # });
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.subscriptions.len()
    }

    /// Returns whether there was none.
    ///
    /// # Examples
    ///
    /// ```
    /// # actix::System::new().block_on(async {
    /// assert!(ventix::Linker::start().snapshot().is_empty());
    /// # });
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.subscriptions.is_empty()
    }

    /// Returns every subscription.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()).named("sum"))?;
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// let snapshot = linker.snapshot();
    /// let unnamed = snapshot.iter().filter(|info| info.name().is_none());
    /// assert_eq!(unnamed.count(), 1);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn iter(&self) -> std::slice::Iter<'_, SubscriptionInfo> {
        self.subscriptions.iter()
    }
}

impl<'a> IntoIterator for &'a Snapshot {
    type Item = &'a SubscriptionInfo;
    type IntoIter = std::slice::Iter<'a, SubscriptionInfo>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|info| writeln!(f, "{info}"))
    }
}

/// One subscription in a [`Snapshot`].
///
/// # Examples
///
/// ```
/// # use ventix::{on, Linker, Selector};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<u8>().call(|_| ()).named("sum"))?;
/// let snapshot = linker.snapshot();
/// let info = snapshot.iter().next().unwrap();
/// assert_eq!(info.name(), Some("sum"));
/// assert_eq!(info.selectors(), [Selector::event::<u8>()]);
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct SubscriptionInfo {
    record: Arc<Record>,
    selectors: Vec<Selector>,
}

impl SubscriptionInfo {
    pub(super) fn new(record: &Arc<Record>, selectors: Vec<Selector>) -> Self {
        Self {
            record: record.clone(),
            selectors,
        }
    }

    /// Returns its id.
    ///
    /// # Examples
    ///
    /// Ends the subscriptions of one name:
    ///
    /// ```
    /// # use ventix::{on, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()).named("sum"))?;
    /// let count = linker.subscribe(on::<u8>().call(|_| ()).named("count"))?;
    /// for info in linker.snapshot().iter().filter(|info| info.name() == Some("sum")) {
    ///     linker.unsubscribe(info.id());
    /// }
    /// assert!(linker.subscription_count() == 1 && count.is_active());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn id(&self) -> SubscriptionId {
        self.record.id()
    }

    /// Returns its name, if it has one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()).named("sum"))?;
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// let snapshot = linker.snapshot();
    /// let names: Vec<_> = snapshot.iter().map(|info| info.name().unwrap_or("-")).collect();
    /// assert_eq!(names, ["sum", "-"]);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.record.handler.name()
    }

    /// Returns what it listens to.
    ///
    /// # Examples
    ///
    /// Finds what listens to everything:
    ///
    /// ```
    /// # use ventix::{on, on_any, Linker, Selector};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()).named("sum"))?;
    /// linker.subscribe(on_any().call(|_| ()).named("log"))?;
    /// let snapshot = linker.snapshot();
    /// let all = Selector::everything();
    /// let found = snapshot.iter().find(|info| info.selectors().contains(&all));
    /// assert_eq!(found.and_then(|info| info.name()), Some("log"));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn selectors(&self) -> &[Selector] {
        &self.selectors
    }

    /// Returns whether it fires once.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()).once())?;
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// let snapshot = linker.snapshot();
    /// assert!(snapshot.iter().map(|info| info.is_once()).eq([true, false]));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn is_once(&self) -> bool {
        self.record
            .shots
            .as_ref()
            .is_some_and(|shots| shots.total() == 1)
    }

    /// Returns how many of its deliveries may be in flight. `None` where
    /// there is no bound: for sync callbacks that were given none, which run where
    /// their emission runs and never wait.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// linker.subscribe(on::<u8>().call_async(|_| async {}))?;
    /// linker.subscribe(on::<u8>().call_blocking(|_| ()).capacity(4))?;
    /// let snapshot = linker.snapshot();
    /// assert!(snapshot.iter().map(|info| info.capacity()).eq([None, Some(1_024), Some(4)]));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn capacity(&self) -> Option<usize> {
        self.record.lane.capacity()
    }

    /// Returns what happens to the next delivery when there is no room.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker, Overflow};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let newest = on::<u8>().call_async(|_| async {}).overflow(Overflow::DropOldest);
    /// linker.subscribe(newest)?;
    /// assert_eq!(linker.snapshot().iter().next().unwrap().overflow(), Overflow::DropOldest);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn overflow(&self) -> Overflow {
        self.record.lane.overflow()
    }

    /// Returns what has become of its deliveries, how many wait, and how long they took.
    ///
    /// # Examples
    ///
    /// A line for each subscription:
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// Emitter::start(&linker, Strategy::inline()).emit(1_u8);
    /// for info in &linker.snapshot() {
    ///     println!("{}: {}", info.id(), info.stats());
    ///     assert_eq!(info.stats().run.count(), 1);
    /// }
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.record.stats()
    }

    /// The counts while they count.
    pub(crate) fn tally(&self) -> &Arc<Tally> {
        self.record.tally()
    }

    /// Returns what has become of its deliveries.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// Emitter::start(&linker, Strategy::inline()).emit(1_u8);
    /// assert_eq!(linker.snapshot().iter().next().unwrap().counts().handled, 1);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.tally().counts()
    }
}

impl fmt::Display for SubscriptionInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.record, Listed(&self.selectors))?;
        if self.is_once() {
            f.write_str("; once")?;
        }
        match self.capacity() {
            Some(capacity) => write!(f, "; at most {capacity} in flight"),
            None => Ok(()),
        }
    }
}
