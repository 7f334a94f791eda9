use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix::clock::Instant;
use proptest::prelude::*;

use crate::policy::{Pace, Throttle};

const MS: Duration = Duration::from_millis(1);

#[test]
fn a_burst_goes_at_once_and_the_rest_evenly() {
    let start = Instant::now();
    let pace = Pace::new(&Throttle::per_second(10).burst(3), start);
    for _ in 0..3 {
        assert_eq!(pace.try_take(start), Ok(()));
    }
    assert_eq!(pace.try_take(start), Err(start + 100 * MS));
    assert_eq!(pace.try_take(start + 99 * MS), Err(start + 100 * MS));
    assert_eq!(pace.try_take(start + 100 * MS), Ok(()));
    assert_eq!(pace.try_take(start + 150 * MS), Err(start + 200 * MS));
}

#[test]
fn a_whole_burst_comes_back_with_time_and_no_more() {
    let start = Instant::now();
    let pace = Pace::new(&Throttle::per_second(4), start);
    for round in 0..3 {
        let now = start + round * Duration::from_secs(60);
        let taken = (0..9).filter(|_| pace.try_take(now).is_ok()).count();
        assert_eq!(taken, 4);
    }
}

#[test]
fn a_burst_of_one_keeps_them_apart() {
    let start = Instant::now();
    let pace = Pace::new(&Throttle::per(1, 5 * MS), start);
    assert_eq!(pace.try_take(start), Ok(()));
    assert_eq!(pace.try_take(start + MS), Err(start + 5 * MS));
    assert_eq!(pace.try_take(start + 7 * MS), Ok(()));
    assert_eq!(pace.try_take(start + 11 * MS), Err(start + 12 * MS));
}

#[test]
fn a_time_before_its_own_start_is_its_start() {
    let start = Instant::now() + 10 * MS;
    let pace = Pace::new(&Throttle::per(1, 5 * MS), start);
    assert_eq!(pace.try_take(start - 10 * MS), Ok(()));
    assert_eq!(pace.try_take(start - 10 * MS), Err(start + 5 * MS));
}

#[test]
fn the_longest_interval_lets_one_through_and_overflows_nothing() {
    let start = Instant::now();
    let pace = Pace::new(&Throttle::per(1, Duration::MAX), start);
    assert_eq!(pace.try_take(start), Ok(()));
    assert!(pace.try_take(start + 1_000_000 * MS).is_err());
}

/// The most that any time of `width` saw, of these times, which are in order.
fn most(times: &[u64], width: u64) -> usize {
    let within = |from: &u64| {
        times
            .iter()
            .filter(|at| (*from..from + width).contains(at))
            .count()
    };
    times.iter().map(within).max().unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_window_sees_more_than_allowed_over_threads(
        number in 1..20_u32,
        burst in 1..20_u32,
        step in 1..40_u64,
    ) {
        let throttle = Throttle::per(number, Duration::from_micros(1_000)).burst(burst);
        let interval = 1_000_000_u64.div_ceil(number.into());
        let (start, clock) = (Instant::now(), AtomicU64::new(0));
        let pace = Pace::new(&throttle, start);
        // Each thread reads a clock that all of them move on, and then asks: so some
        // ask with a time that others are past.
        let worker = || {
            let mut taken = Vec::new();
            for _ in 0..500 {
                let at = clock.fetch_add(step * 1_000, Ordering::Relaxed);
                if pace.try_take(start + Duration::from_nanos(at)).is_ok() {
                    taken.push(at);
                }
            }
            taken
        };
        let mut taken: Vec<u64> = std::thread::scope(|scope| {
            let workers = [(); 4].map(|()| scope.spawn(worker));
            workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
        });
        taken.sort_unstable();
        for width in [1, interval / 2, interval, 1_000_000, 7_000_000] {
            let allowed = width.div_ceil(interval) + u64::from(burst) - 1;
            prop_assert!(most(&taken, width) as u64 <= allowed, "within {width} ns");
        }
    }

    #[test]
    fn who_asks_again_when_told_to_gets_all_that_is_allowed(number in 1..20_u32, burst in 1..20_u32) {
        let start = Instant::now();
        let pace = Pace::new(&Throttle::per_second(number).burst(burst), start);
        let interval = 1_000_000_000_u64.div_ceil(number.into());
        let mut now = start;
        for taken in 0..100_u64 {
            if let Err(next) = pace.try_take(now) {
                prop_assert!(next > now);
                now = next;
                prop_assert_eq!(pace.try_take(now), Ok(()));
            }
            let due = taken.saturating_sub(u64::from(burst) - 1) * interval;
            prop_assert_eq!(now, start + Duration::from_nanos(due));
        }
    }
}
