use std::fmt;
use std::ops::AddAssign;

/// What has become of the deliveries of a subscription.
///
/// `matched` is always the sum of the others, but for `retried`, and of what is in
/// flight. An emission that was [refused as a whole](crate::Receipt::refusal) asked no
/// subscription and is not counted.
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
    /// [`Outcome::Handled`](crate::Outcome::Handled).
    pub handled: u64,
    /// [`Outcome::Failed`](crate::Outcome::Failed).
    pub failed: u64,
    /// [`Outcome::Panicked`](crate::Outcome::Panicked).
    pub panicked: u64,
    /// [`Outcome::TimedOut`](crate::Outcome::TimedOut).
    pub timed_out: u64,
    /// [`Outcome::Lost`](crate::Outcome::Lost).
    pub lost: u64,
    /// [`Outcome::Refused`](crate::Outcome::Refused), and [`Outcome::Mismatch`](crate::Outcome::Mismatch).
    pub refused: u64,
    /// [`Outcome::Dropped`](crate::Outcome::Dropped).
    pub dropped: u64,
    /// [`Outcome::Skipped`](crate::Outcome::Skipped).
    pub skipped: u64,
    /// Attempts beyond the first of a delivery. Not part of the sum.
    pub retried: u64,
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

    /// The counts that make up the sum, by the names of the outcomes.
    pub(crate) fn outcomes(&self) -> [(&'static str, u64); 8] {
        [
            ("handled", self.handled),
            ("failed", self.failed),
            ("panicked", self.panicked),
            ("timed out", self.timed_out),
            ("lost", self.lost),
            ("refused", self.refused),
            ("dropped", self.dropped),
            ("skipped", self.skipped),
        ]
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

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.matched += other.matched;
        self.handled += other.handled;
        self.failed += other.failed;
        self.panicked += other.panicked;
        self.timed_out += other.timed_out;
        self.lost += other.lost;
        self.refused += other.refused;
        self.dropped += other.dropped;
        self.skipped += other.skipped;
        self.retried += other.retried;
    }
}

/// A line of what is not 0: `3 matched: 2 handled, 1 failed`.
///
/// # Examples
///
/// ```
/// assert_eq!(ventix::Counts::default().to_string(), "0 matched");
/// ```
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} matched", self.matched)?;
        let outcomes = self.outcomes().into_iter();
        let rest = [("retried", self.retried), ("in flight", self.in_flight())];
        let seen = outcomes.chain(rest).filter(|(_, count)| *count > 0);
        for (i, (what, count)) in seen.enumerate() {
            let mark = if i == 0 { ": " } else { ", " };
            write!(f, "{mark}{count} {what}")?;
        }
        Ok(())
    }
}
