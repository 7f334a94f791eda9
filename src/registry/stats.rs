use std::fmt;

use crate::latency::Latency;

use super::counts::Counts;

/// What has become of the deliveries of a subscription, or of several, and how long they
/// took; at one moment.
///
/// # Examples
///
/// ```
/// # use ventix::{on, Emitter, Linker, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// let parses = linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()))?;
/// let emitter = Emitter::start(&linker, Strategy::inline());
/// for text in ["1", "2", "three"] {
///     emitter.emit(text);
/// }
/// let stats = parses.stats();
/// assert_eq!((stats.counts.handled, stats.counts.failed), (2, 1));
/// assert_eq!((stats.queue.count(), stats.run.count()), (3, 3));
/// println!("{stats}");
/// # assert!(stats.to_string().starts_with("3 matched: 2 handled, 1 failed; queue p50 "));
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Stats {
    /// How often what happened.
    pub counts: Counts,
    /// How many of those in flight wait in the lane: for their turn, for the end of a
    /// pause, for something newer. What waits in the emitter or in an actor's mailbox is in
    /// flight and not counted here.
    pub waiting: usize,
    /// How long deliveries waited for their handler.
    pub queue: Latency,
    /// How long handlers took.
    pub run: Latency,
}

impl Stats {
    /// Adds those of another subscription.
    ///
    /// # Examples
    ///
    /// Those of all subscriptions of one name:
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Stats, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()).named("log"))?;
    /// linker.subscribe(on::<u16>().call(|_| ()).named("log"))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// emitter.emit(1_u8);
    /// emitter.emit(2_u16);
    ///
    /// let mut logs = Stats::default();
    /// for info in linker.snapshot().iter().filter(|info| info.name() == Some("log")) {
    ///     logs.merge(&info.stats());
    /// }
    /// assert_eq!((logs.counts.handled, logs.run.count()), (2, 2));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn merge(&mut self, other: &Self) {
        self.counts += other.counts;
        self.waiting += other.waiting;
        self.queue.merge(&other.queue);
        self.run.merge(&other.run);
    }
}

/// A line.
impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.counts)?;
        if self.waiting > 0 {
            write!(f, ", {} waiting", self.waiting)?;
        }
        write!(f, "; queue {}; run {}", self.queue, self.run)
    }
}
