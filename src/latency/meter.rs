use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use histogram::{Config, Histogram};

use super::latency::Latency;
use super::sampling::Sampling;

/// How long a delivery has taken. An attempt after the first has not queued.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timed {
    pub(crate) queue: Option<Duration>,
    pub(crate) run: Duration,
}

/// The latencies of a subscription while they are measured.
#[derive(Debug, Default)]
pub(crate) struct Meter(Mutex<Times>);

/// The first are kept as they are: most subscriptions of a big bus are rarely hit.
#[derive(Debug)]
enum Times {
    Few(Vec<Nanos>),
    Many(Box<Spread>),
}

/// As in [`Timed`], in nanoseconds: 584 years of them fit.
#[derive(Debug, Clone, Copy)]
struct Nanos {
    queue: u64,
    run: u64,
}

#[derive(Debug)]
struct Spread {
    queue: Clocked,
    run: Clocked,
}

/// Times of one kind.
#[derive(Debug)]
struct Clocked {
    buckets: Histogram,
    sum: u64,
    min: u64,
    max: u64,
}

/// A bucket is at most 2^-3 wide of where it starts.
const GROUPING: u8 = 3;
/// Times below 2^42 ns are told apart.
const MAX_POWER: u8 = 42;
/// As many as are timed of a new route.
const FEW: usize = Sampling::FIRST as usize;

impl Meter {
    pub(crate) fn record(&self, timed: Timed) {
        let timed = Nanos {
            queue: timed.queue.map_or(Nanos::NONE, Nanos::of),
            run: Nanos::of(timed.run),
        };
        let mut times = self.times();
        match &mut *times {
            Times::Few(few) if few.len() < FEW => {
                if few.len() == few.capacity() {
                    few.reserve_exact(few.len().max(1));
                }
                few.push(timed);
            }
            Times::Few(few) => {
                let mut spread = Spread::of(few);
                spread.record(timed);
                *times = Times::Many(Box::new(spread));
            }
            Times::Many(spread) => spread.record(timed),
        }
    }

    /// How long they queued, and how long they ran.
    pub(crate) fn latencies(&self) -> (Latency, Latency) {
        match &*self.times() {
            Times::Few(few) if few.is_empty() => Default::default(),
            Times::Few(few) => Spread::of(few).latencies(),
            Times::Many(spread) => spread.latencies(),
        }
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Times {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl Nanos {
    /// It has not queued.
    const NONE: u64 = u64::MAX;

    fn of(time: Duration) -> u64 {
        u64::try_from(time.as_nanos()).unwrap_or(Self::NONE - 1)
    }
}

impl Spread {
    fn of(few: &[Nanos]) -> Self {
        let mut spread = Self {
            queue: Clocked::new(),
            run: Clocked::new(),
        };
        few.iter().for_each(|timed| spread.record(*timed));
        spread
    }

    fn record(&mut self, timed: Nanos) {
        if timed.queue != Nanos::NONE {
            self.queue.record(timed.queue);
        }
        self.run.record(timed.run);
    }

    fn latencies(&self) -> (Latency, Latency) {
        (self.queue.latency(), self.run.latency())
    }
}

impl Clocked {
    fn new() -> Self {
        let config = Config::new(GROUPING, MAX_POWER);
        let config = config.expect("3 is below 42, and 42 at most 64");
        Self {
            buckets: Histogram::with_config(&config),
            sum: 0,
            min: u64::MAX,
            max: 0,
        }
    }

    fn record(&mut self, nanos: u64) {
        let bucket = nanos.min((1 << MAX_POWER) - 1);
        let counted = self.buckets.increment(bucket);
        counted.expect("it was brought into the range");
        self.sum = self.sum.wrapping_add(nanos);
        self.min = self.min.min(nanos);
        self.max = self.max.max(nanos);
    }

    fn latency(&self) -> Latency {
        Latency::new(self.buckets.clone(), self.sum, self.min, self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_are_as_exact_as_few() {
        let meter = Meter::default();
        for n in 1..=1_000 {
            let run = Duration::from_nanos(n);
            let queue = (n % 2 == 0).then_some(run * 2);
            meter.record(Timed { queue, run });
            let (queued, ran) = meter.latencies();
            assert_eq!((queued.count(), ran.count()), (n / 2, n));
            assert_eq!(ran.sum(), Duration::from_nanos(n * (n + 1) / 2));
            assert_eq!(ran.max(), Some(run));
        }
        let (queued, ran) = meter.latencies();
        assert_eq!(queued.min(), Some(Duration::from_nanos(4)));
        assert_eq!(ran.min(), Some(Duration::from_nanos(1)));
    }
}
