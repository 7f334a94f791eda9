use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

/// How long to wait before trying again: by the number of the try, the first being 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Backoff {
    pub(crate) growth: Growth,
    pub(crate) first: Duration,
    /// The longest, before what chance adds.
    pub(crate) longest: Duration,
    /// Whether up to as much again is added by chance.
    pub(crate) jitter: bool,
}

/// How the delays grow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Growth {
    Constant,
    /// By the first with each.
    Linear,
    /// By so many times with each.
    Exponential(f32),
}

impl Backoff {
    /// The delay before this try, the first being number 1.
    pub(crate) fn delay(&self, number: u32) -> Duration {
        let delay = match self.growth {
            Growth::Constant => self.first,
            Growth::Linear => self.first.saturating_mul(number),
            Growth::Exponential(factor) => self.exponential(factor, number),
        };
        let delay = delay.min(self.longest);
        if !self.jitter {
            return delay;
        }
        // The first of these delays is the smallest one, and what chance adds.
        let delays = ExponentialBuilder::new().with_min_delay(delay);
        delays.with_jitter().build().next().unwrap_or(delay)
    }

    fn exponential(&self, factor: f32, number: u32) -> Duration {
        let delays = ExponentialBuilder::new()
            .with_factor(factor)
            .with_min_delay(self.first)
            .with_max_delay(self.longest)
            .without_max_times()
            .build();
        let before = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
        let mut last = self.first;
        for delay in delays.skip(1).take(before) {
            // Once they no longer grow, they never will.
            if delay <= last {
                break;
            }
            last = delay;
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn backoff(growth: Growth) -> Backoff {
        Backoff {
            growth,
            first: SECOND,
            longest: 5 * SECOND,
            jitter: false,
        }
    }

    fn seconds(backoff: Backoff) -> Vec<u64> {
        (1..=6).map(|n| backoff.delay(n).as_secs()).collect()
    }

    #[test]
    fn delays_grow_as_they_should_up_to_the_longest() {
        assert_eq!(seconds(backoff(Growth::Constant)), [1, 1, 1, 1, 1, 1]);
        assert_eq!(seconds(backoff(Growth::Linear)), [1, 2, 3, 4, 5, 5]);
        let doubling = backoff(Growth::Exponential(2.0));
        assert_eq!(seconds(doubling), [1, 2, 4, 5, 5, 5]);
        let tripling = backoff(Growth::Exponential(3.0));
        assert_eq!(seconds(tripling), [1, 3, 5, 5, 5, 5]);
    }

    #[test]
    fn no_number_takes_long_or_overflows() {
        for growth in [Growth::Linear, Growth::Exponential(1.001)] {
            assert_eq!(backoff(growth).delay(u32::MAX), 5 * SECOND);
            let endless = Backoff {
                longest: Duration::MAX,
                jitter: true,
                ..backoff(growth)
            };
            assert!(endless.delay(u32::MAX) >= 1_000_000 * SECOND);
        }
        for growth in [Growth::Constant, Growth::Exponential(1.0)] {
            assert_eq!(backoff(growth).delay(u32::MAX), SECOND);
        }
    }

    #[test]
    fn the_first_is_no_longer_than_the_longest() {
        for growth in [Growth::Constant, Growth::Linear, Growth::Exponential(2.0)] {
            let long = Backoff {
                first: 60 * SECOND,
                ..backoff(growth)
            };
            assert_eq!(long.delay(1), 5 * SECOND);
        }
    }

    #[test]
    fn jitter_adds_up_to_as_much_again_and_differs() {
        for growth in [Growth::Constant, Growth::Linear, Growth::Exponential(2.0)] {
            let jittery = Backoff {
                jitter: true,
                ..backoff(growth)
            };
            let delays: Vec<_> = (0..100).map(|_| jittery.delay(9)).collect();
            let longest = backoff(growth).delay(9);
            let range = longest..=2 * longest;
            assert!(delays.iter().all(|delay| range.contains(delay)));
            assert!(delays.iter().any(|delay| *delay != delays[0]));
        }
    }
}
