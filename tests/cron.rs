//! Emissions by cron expressions.
#![cfg(feature = "cron")]

mod support;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use actix_rt::task::yield_now;
use ventix::{CronError, Emitter, EventType, Linker, ScheduleKind, Strategy, TicksMissed, on};

use support::pass;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);
const TICK: Duration = Duration::from_millis(2);

fn started() -> (Linker, Emitter) {
    tokio::time::pause();
    let linker = Linker::start();
    let emitter = Emitter::start(&linker, Strategy::inline());
    (linker, emitter)
}

/// How far the wall clock is into its minute or day.
fn since(unit: Duration, time: SystemTime) -> Duration {
    let nanos = time.duration_since(UNIX_EPOCH).unwrap().as_nanos() % unit.as_nanos();
    Duration::from_nanos(u64::try_from(nanos).unwrap())
}

/// Sets a paused clock to ten seconds past a minute, give or take some: the real one goes
/// on meanwhile.
async fn past_the_minute() -> SystemTime {
    let begun = SystemTime::now();
    let rest = MINUTE - since(MINUTE, begun) + 10 * SECOND;
    tokio::time::advance(rest).await;
    begun + rest
}

#[actix::test]
async fn it_goes_out_whenever_a_minute_begins() {
    let (linker, emitter) = started();
    let now = past_the_minute().await;
    let beats = linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    let schedule = emitter.prepare(1_u8).cron("* * * * *").unwrap();
    let due = schedule.next().unwrap();
    assert_eq!(since(MINUTE, due), Duration::ZERO);
    assert!(due > now && due <= now + MINUTE);
    pass(40 * SECOND).await;
    assert_eq!(schedule.fired(), 0);
    for n in 1..=5 {
        pass(20 * SECOND).await;
        assert_eq!((schedule.fired(), beats.counts().handled), (n, n));
        pass(40 * SECOND).await;
        assert_eq!((schedule.fired(), schedule.missed()), (n, 0));
    }
    assert_eq!(schedule.next(), Some(due + 5 * MINUTE));
}

#[actix::test]
async fn six_fields_tell_seconds() {
    let (_linker, emitter) = started();
    past_the_minute().await;
    let schedule = emitter.prepare(1_u8).cron("*/15 * * * * *").unwrap();
    for n in 0..8 {
        assert_eq!(schedule.fired(), n);
        pass(15 * SECOND).await;
    }
}

#[actix::test]
async fn it_goes_out_once_a_day_for_days() {
    let (_linker, emitter) = started();
    let schedule = emitter.prepare(1_u8).cron("30 8 * * *").unwrap();
    let first = schedule.next().unwrap();
    assert_eq!(since(DAY, first), 8 * 60 * MINUTE + 30 * MINUTE);
    yield_now().await;
    for n in 1..=10 {
        // The clock stands still but for this.
        tokio::time::sleep(DAY).await;
        assert_eq!((schedule.fired(), schedule.missed()), (n, 0));
    }
    assert_eq!(schedule.next(), Some(first + 10 * DAY));
}

#[actix::test]
async fn missed_ticks_are_told_of_once_and_not_made_up_for() {
    let (linker, emitter) = started();
    past_the_minute().await;
    let (tell, told) = std::sync::mpsc::channel();
    let missed = on::<TicksMissed>().call(move |late| {
        assert_eq!(late.event_type(), EventType::of::<u8>());
        tell.send((late.schedule(), late.missed()))
    });
    linker.subscribe(missed).unwrap();
    let schedule = emitter.prepare(1_u8).cron("* * * * *").unwrap();
    pass(10 * MINUTE).await;
    assert_eq!(told.try_iter().collect::<Vec<_>>(), [(schedule.id(), 9)]);
    assert_eq!((schedule.fired(), schedule.missed()), (1, 9));
    pass(MINUTE).await;
    assert_eq!((schedule.fired(), schedule.missed()), (2, 9));
    // So many that they are not counted one by one.
    pass(365 * DAY).await;
    assert_eq!((schedule.fired(), schedule.missed()), (3, 1_009));
    pass(MINUTE + TICK).await;
    assert_eq!((schedule.fired(), schedule.missed()), (4, 1_009));
}

#[actix::test]
async fn what_is_wrong_is_an_error_that_says_what() {
    let (_linker, emitter) = started();
    let cron = |text: &'static str| emitter.prepare(1_u8).cron(text).unwrap_err();
    for text in ["", "tomorrow", "60 * * * *", "* * * *", "* * * * * * *"] {
        let error = cron(text);
        assert!(
            matches!(error, CronError::Invalid { .. }),
            "{text}: {error:?}"
        );
        let source = std::error::Error::source(&error).unwrap();
        assert!(!source.to_string().is_empty());
    }
    assert!(matches!(cron("0 0 30 2 *"), CronError::Never { .. }));
    let error = emitter
        .prepare(1_u8)
        .cron_in("* * * * *", "Mars/Olympus")
        .unwrap_err();
    assert!(matches!(error, CronError::UnknownZone { zone, .. } if &*zone == "Mars/Olympus"));
    assert!(emitter.schedules().is_empty());
}

#[actix::test]
async fn it_says_what_it_goes_by() {
    let (_linker, emitter) = started();
    let utc = emitter.prepare(1_u8).cron("@daily").unwrap();
    let there = emitter
        .prepare(1_u8)
        .cron_in("@daily", "Asia/Tokyo")
        .unwrap();
    let kind = ScheduleKind::Cron {
        expression: "@daily".into(),
        zone: "UTC".into(),
    };
    assert_eq!(utc.kind(), &kind);
    assert_eq!(since(DAY, utc.next().unwrap()), Duration::ZERO);
    assert_eq!(since(DAY, there.next().unwrap()), 15 * 60 * MINUTE);
}
