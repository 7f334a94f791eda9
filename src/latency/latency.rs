use std::fmt;
use std::time::Duration;

use histogram::Histogram;

/// Times that were measured, at one moment: how many, and how they are spread. See the
/// [module's page](crate::latency) for what is measured, and how well.
///
/// # Examples
///
/// ```
/// # use ventix::{on, Emitter, Linker, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::builder().sample_latency(1).start()?;
/// let sum = linker.subscribe(on::<[u64; 4]>().call(|n| {
///     println!("{}", n.iter().sum::<u64>());
/// }))?;
/// let emitter = Emitter::start(&linker, Strategy::inline());
/// for _ in 0..100 {
///     emitter.emit([1_u64, 2, 3, 4]);
/// }
/// let run = sum.stats().run;
/// assert_eq!(run.count(), 100);
/// assert!(run.min() <= run.mean() && run.mean() <= run.max());
/// assert!(run.quantile(0.5) <= run.quantile(0.99));
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Latency(Option<Box<Measured>>);

/// Times in nanoseconds, at least one.
#[derive(Debug, Clone, PartialEq)]
struct Measured {
    buckets: Histogram,
    count: u64,
    sum: u64,
    min: u64,
    max: u64,
}

impl Latency {
    pub(super) fn new(buckets: Histogram, sum: u64, min: u64, max: u64) -> Self {
        let count = buckets.as_slice().iter().sum();
        if count == 0 {
            return Self::default();
        }
        Self(Some(Box::new(Measured {
            buckets,
            count,
            sum,
            min,
            max,
        })))
    }

    /// Returns how many times were measured.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(ventix::Latency::default().count(), 0);
    /// ```
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.as_ref().map_or(0, |times| times.count)
    }

    /// Returns the shortest time, if there is any.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(ventix::Latency::default().min(), None);
    /// ```
    #[must_use]
    pub fn min(&self) -> Option<Duration> {
        let times = self.0.as_ref()?;
        Some(Duration::from_nanos(times.min))
    }

    /// Returns the longest time, if there is any.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(ventix::Latency::default().max(), None);
    /// ```
    #[must_use]
    pub fn max(&self) -> Option<Duration> {
        let times = self.0.as_ref()?;
        Some(Duration::from_nanos(times.max))
    }

    /// Returns the mean, if there is any time.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(ventix::Latency::default().mean(), None);
    /// ```
    #[must_use]
    pub fn mean(&self) -> Option<Duration> {
        let times = self.0.as_ref()?;
        Some(Duration::from_nanos(times.sum / times.count))
    }

    /// Returns the sum of all times.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(ventix::Latency::default().sum(), std::time::Duration::ZERO);
    /// ```
    #[must_use]
    pub fn sum(&self) -> Duration {
        let sum = self.0.as_ref().map_or(0, |times| times.sum);
        Duration::from_nanos(sum)
    }

    /// Returns the time that a share `q` of all, from 0 to 1, does not exceed: 0.5 for the
    /// median. It is at most 12.5 % too long. What is outside of 0 to 1 is taken for the
    /// nearer end.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let quick = linker.subscribe(on::<u8>().call(|_| ()))?;
    /// assert_eq!(quick.stats().run.quantile(0.99), None);
    /// Emitter::start(&linker, Strategy::inline()).emit(1_u8);
    /// let run = quick.stats().run;
    /// assert_eq!(run.quantile(0.99), run.max());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<Duration> {
        let times = self.0.as_ref()?;
        let q = if q.is_nan() { 1.0 } else { q.clamp(0.0, 1.0) };
        let bucket = times.buckets.quantile_bucket(q).ok().flatten()?;
        let nanos = bucket.end().clamp(times.min, times.max);
        Some(Duration::from_nanos(nanos))
    }

    /// Adds the times of another.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Latency, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let first = linker.subscribe(on::<u8>().call(|_| ()))?;
    /// let second = linker.subscribe(on::<u8>().call(|_| ()))?;
    /// Emitter::start(&linker, Strategy::inline()).emit(1_u8);
    ///
    /// let mut both = Latency::default();
    /// both.merge(&first.stats().run);
    /// both.merge(&second.stats().run);
    /// assert_eq!(both.count(), 2);
    /// assert_eq!(both.max(), first.stats().run.max().max(second.stats().run.max()));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn merge(&mut self, other: &Self) {
        let Some(theirs) = &other.0 else {
            return;
        };
        let Some(ours) = &mut self.0 else {
            self.0 = Some(theirs.clone());
            return;
        };
        let added = ours.buckets.checked_add_assign(&theirs.buckets);
        added.expect("all have the same buckets, and 2^64 are never counted");
        ours.count += theirs.count;
        ours.sum = ours.sum.saturating_add(theirs.sum);
        ours.min = ours.min.min(theirs.min);
        ours.max = ours.max.max(theirs.max);
    }

    /// Returns the buckets that are not empty, from short times to long: the longest time
    /// that falls into each, and how many did.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let quick = linker.subscribe(on::<u8>().call(|_| ()))?;
    /// Emitter::start(&linker, Strategy::inline()).emit(1_u8);
    /// let run = quick.stats().run;
    /// let buckets: Vec<_> = run.buckets().collect();
    /// assert!(buckets.len() == 1 && buckets[0].1 == 1);
    /// assert!(Some(buckets[0].0) >= run.max());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> {
        let buckets = self.0.iter().flat_map(|times| times.buckets.iter());
        let filled = buckets.filter(|bucket| bucket.count() > 0);
        filled.map(|bucket| (Duration::from_nanos(bucket.end()), bucket.count()))
    }
}

/// A line: `p50 1.2ms, p99 3.4ms, max 5.6ms (7 timed)`, or `not timed`.
///
/// # Examples
///
/// ```
/// assert_eq!(ventix::Latency::default().to_string(), "not timed");
/// ```
impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let times = (self.quantile(0.5), self.quantile(0.99), self.max());
        let (Some(p50), Some(p99), Some(max)) = times else {
            return f.write_str("not timed");
        };
        let count = self.count();
        write!(
            f,
            "p50 {p50:.1?}, p99 {p99:.1?}, max {max:.1?} ({count} timed)"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::meter::{Meter, Timed};
    use super::*;

    fn measured(nanos: impl IntoIterator<Item = u64>) -> Latency {
        let meter = Meter::default();
        for nanos in nanos {
            let run = Duration::from_nanos(nanos);
            meter.record(Timed { queue: None, run });
        }
        let (queue, run) = meter.latencies();
        assert_eq!(queue, Latency::default());
        run
    }

    #[test]
    fn a_quantile_is_never_below_what_was_measured_and_at_most_an_eighth_above() {
        for power in 0..41 {
            for nanos in [1_u64 << power, (1 << power) + (1 << power) / 3] {
                let latency = measured([0, nanos, u64::MAX / 4]);
                let median = latency.quantile(0.5).unwrap().as_nanos();
                let exact = u128::from(nanos);
                assert!(
                    exact <= median && median <= exact + exact / 8,
                    "{nanos}: {median}"
                );
            }
        }
    }

    #[test]
    fn count_mean_and_extremes_are_exact() {
        let latency = measured([1_000, 2_000, 6_001]);
        let nanos = |of: Option<Duration>| of.map(|it| it.as_nanos());
        assert_eq!(latency.count(), 3);
        assert_eq!(nanos(latency.min()), Some(1_000));
        assert_eq!(nanos(latency.mean()), Some(3_000));
        assert_eq!(nanos(latency.max()), Some(6_001));
        assert_eq!(latency.sum().as_nanos(), 9_001);
        assert_eq!(latency.quantile(7.0), latency.max());
        assert_eq!(latency.quantile(f64::NAN), latency.max());
    }

    #[test]
    fn merged_ones_are_as_if_all_was_measured_at_once() {
        let mut both = measured([5, 500, 50_000]);
        both.merge(&measured([7, 70]));
        both.merge(&Latency::default());
        assert_eq!(both, measured([5, 7, 70, 500, 50_000]));
        let mut none = Latency::default();
        none.merge(&both);
        assert_eq!(none, both);
    }

    #[test]
    fn its_buckets_are_those_that_are_filled_in_their_order() {
        let latency = measured([1_000, 10, 1_000]);
        let buckets: Vec<_> = latency.buckets().collect();
        assert_eq!(
            buckets.iter().map(|(_, count)| *count).collect::<Vec<_>>(),
            [1, 2]
        );
        assert!(buckets[0].0 < buckets[1].0);
    }

    #[test]
    fn it_prints_as_a_line() {
        let line = measured([1_500_000; 3]).to_string();
        assert_eq!(line, "p50 1.5ms, p99 1.5ms, max 1.5ms (3 timed)");
    }
}
