use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::outcome::{Lost, Outcome, Panicked, Reason, Reply, TimedOut};
use crate::policy::{Retry, SettingError};

const SECOND: Duration = Duration::from_secs(1);

fn failed() -> Outcome {
    Outcome::Failed(Arc::new("x".parse::<u8>().unwrap_err()))
}

fn next(retry: &Retry, attempt: u32, outcome: &Outcome) -> Option<Duration> {
    let error: &(dyn Error + Send + Sync) = &Lost;
    retry.next(attempt, outcome, error)
}

#[test]
fn it_is_tried_three_times_unless_said_otherwise() {
    let delays = |retry: Retry| -> Vec<_> {
        let attempts = 1..=6;
        attempts.map_while(|n| next(&retry, n, &failed())).collect()
    };
    let exponential = || Retry::exponential(SECOND);
    assert_eq!(delays(exponential()), [SECOND, 2 * SECOND]);
    assert_eq!(delays(exponential().factor(3.0)), [SECOND, 3 * SECOND]);
    assert_eq!(delays(Retry::constant(SECOND).attempts(4)), [SECOND; 3]);
    let linear = Retry::linear(SECOND).attempts(5).max_delay(3 * SECOND);
    assert_eq!(delays(linear.factor(9.0)), [1, 2, 3, 3].map(|n| n * SECOND));
    assert_eq!(delays(exponential().attempts(1)), []);
}

#[test]
fn delays_end_at_a_minute() {
    let retry = Retry::exponential(SECOND).attempts(u32::MAX);
    assert_eq!(next(&retry, 1_000_000, &failed()), Some(60 * SECOND));
}

#[test]
fn jitter_never_shortens_a_delay() {
    let retry = Retry::constant(SECOND).jitter();
    let delays: Vec<_> = (0..100)
        .filter_map(|_| next(&retry, 1, &failed()))
        .collect();
    assert_eq!(delays.len(), 100);
    assert!(delays.iter().all(|d| (SECOND..=2 * SECOND).contains(d)));
    assert!(delays.iter().any(|delay| *delay != delays[0]));
}

#[test]
fn only_what_the_handler_did_is_tried_again() {
    let retry = Retry::constant(SECOND);
    let again = [
        failed(),
        Outcome::Panicked(Panicked::seen()),
        Outcome::TimedOut(TimedOut::new(SECOND)),
    ];
    for outcome in again {
        assert_eq!(next(&retry, 1, &outcome), Some(SECOND), "{outcome:?}");
    }
    let no_more = [
        Outcome::Handled(Reply::default()),
        Outcome::Lost(Lost),
        Outcome::Skipped(Reason::Spent),
        Outcome::Refused(Reason::Expired),
        Outcome::Dropped(Reason::Coalesced),
    ];
    for outcome in no_more {
        assert_eq!(next(&retry, 1, &outcome), None, "{outcome:?}");
    }
}

#[test]
fn a_predicate_decides_by_error_attempt_and_outcome() {
    let retry = Retry::constant(SECOND).attempts(9).when(|case| {
        case.error().is::<Lost>()
            && case.attempt() < 3
            && matches!(case.outcome(), Outcome::Lost(_))
    });
    let lost = Outcome::Lost(Lost);
    let other = "x".parse::<u8>().unwrap_err();
    assert_eq!(retry.next(2, &lost, &Lost), Some(SECOND));
    assert_eq!(retry.next(3, &lost, &Lost), None);
    assert_eq!(retry.next(2, &failed(), &Lost), None);
    assert_eq!(retry.next(2, &lost, &other), None);
}

#[test]
fn a_predicate_is_not_asked_after_the_last_attempt() {
    let asked = Arc::new(AtomicBool::new(false));
    let there = asked.clone();
    let retry = Retry::constant(SECOND).attempts(2).when(move |_| {
        there.store(true, Ordering::Relaxed);
        true
    });
    assert_eq!(next(&retry, 2, &failed()), None);
    assert!(!asked.load(Ordering::Relaxed));
    assert_eq!(next(&retry, 1, &failed()), Some(SECOND));
    assert!(asked.load(Ordering::Relaxed));
}

#[test]
fn a_predicate_that_panics_means_no() {
    let retry = Retry::constant(SECOND).when(|_| panic!("no idea"));
    assert_eq!(next(&retry, 1, &failed()), None);
}

#[test]
fn settings_out_of_range_are_named() {
    let retry = || Retry::exponential(SECOND);
    assert_eq!(
        retry().attempts(0).check(),
        Err(SettingError::RetryAttempts)
    );
    for factor in [0.9, -1.0, f32::NAN, f32::INFINITY] {
        let error = retry().factor(factor).check();
        assert_eq!(error, Err(SettingError::RetryFactor), "{factor}");
    }
    assert_eq!(retry().factor(1.0).check(), Ok(()));
}
