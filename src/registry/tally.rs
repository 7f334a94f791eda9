use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::outcome::{Outcome, Reason};

/// What has become of the deliveries of a subscription.
///
/// `matched` is always the sum of the others and of what is in flight. An emission
/// that was [refused as a whole](crate::Receipt::refusal) asked no subscription and
/// is not counted.
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
/// let counts = parses.counts();
/// assert_eq!((counts.matched, counts.handled, counts.failed), (3, 2, 1));
/// assert_eq!(counts.in_flight(), 0);
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Emissions that the subscription matched.
    pub matched: u64,
    /// [`Outcome::Handled`].
    pub handled: u64,
    /// [`Outcome::Failed`].
    pub failed: u64,
    /// [`Outcome::Panicked`].
    pub panicked: u64,
    /// [`Outcome::TimedOut`].
    pub timed_out: u64,
    /// [`Outcome::Lost`].
    pub lost: u64,
    /// [`Outcome::Refused`], and [`Outcome::Mismatch`].
    pub refused: u64,
    /// [`Outcome::Dropped`].
    pub dropped: u64,
    /// [`Outcome::Skipped`].
    pub skipped: u64,
}

impl Counts {
    /// Returns how many deliveries have ended or were turned away.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(ventix::Counts::default().ended(), 0);
    /// ```
    #[must_use]
    pub fn ended(&self) -> u64 {
        let went_wrong = self.failed + self.panicked + self.timed_out + self.lost;
        self.handled + went_wrong + self.refused + self.dropped + self.skipped
    }

    /// Returns how many deliveries have been accepted and have not ended.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let stuck = linker.subscribe(on::<u8>().call_async(|_| std::future::pending::<()>()))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// emitter.emit(1_u8);
    /// assert_eq!(stuck.counts().in_flight(), 1);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        // Read one by one while others count: a moment's difference is no error.
        self.matched.saturating_sub(self.ended())
    }
}

/// The counts while they count.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    matched: AtomicU64,
    handled: AtomicU64,
    failed: AtomicU64,
    panicked: AtomicU64,
    timed_out: AtomicU64,
    lost: AtomicU64,
    refused: AtomicU64,
    dropped: AtomicU64,
    skipped: AtomicU64,
}

impl Tally {
    pub(super) fn matched(&self) {
        self.matched.fetch_add(1, Relaxed);
    }

    pub(super) fn turned_away(&self, reason: &Reason) {
        let counter = if reason.is_skip() {
            &self.skipped
        } else if reason.is_drop() {
            &self.dropped
        } else {
            &self.refused
        };
        counter.fetch_add(1, Relaxed);
    }

    pub(super) fn ended(&self, outcome: &Outcome) {
        let counter = match outcome {
            Outcome::Handled(_) => &self.handled,
            Outcome::Failed(_) => &self.failed,
            Outcome::Panicked(_) => &self.panicked,
            Outcome::TimedOut(_) => &self.timed_out,
            Outcome::Lost(_) => &self.lost,
            Outcome::Mismatch { .. } | Outcome::Refused(_) => &self.refused,
            Outcome::Dropped(_) => &self.dropped,
            Outcome::Skipped(_) => &self.skipped,
        };
        counter.fetch_add(1, Relaxed);
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts {
            handled: self.handled.load(Relaxed),
            failed: self.failed.load(Relaxed),
            panicked: self.panicked.load(Relaxed),
            timed_out: self.timed_out.load(Relaxed),
            lost: self.lost.load(Relaxed),
            refused: self.refused.load(Relaxed),
            dropped: self.dropped.load(Relaxed),
            skipped: self.skipped.load(Relaxed),
            // Last: nothing has ended that was not counted in before.
            matched: self.matched.load(Relaxed),
        }
    }
}
