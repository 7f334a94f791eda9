//! Emissions that go out later: once, and at intervals.

mod support;

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use actix::prelude::*;
use actix_rt::task::yield_now;
use futures::FutureExt;
use ventix::{
    DeadLetter, Delivery, EmissionId, Emitter, Linker, Overflow, Reason, Schedule, ScheduleError,
    ScheduleInfo, ScheduleKind, Strategy, TicksMissed, on, on_any, on_topic,
};

use support::{pass, settle};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
/// What the clock of a runtime may be off by.
const TICK: Duration = Duration::from_millis(2);
/// What a thread may lose between two looks at real clocks.
const SLACK: Duration = Duration::from_millis(100);

#[derive(Debug, Clone, PartialEq)]
struct Item(u32);

/// An event that is no `Clone`, and whose holders can be counted.
struct Held(#[allow(dead_code, reason = "only held")] Arc<()>);

fn started() -> (Linker, Emitter) {
    tokio::time::pause();
    let linker = Linker::start();
    let emitter = Emitter::start(&linker, Strategy::inline());
    (linker, emitter)
}

/// What the wall clock shows, moved with the paused one: the first is real, and goes on.
fn wall(emitter: &Emitter) -> SystemTime {
    let now = emitter.prepare(()).after(Duration::ZERO);
    let shown = now.next().unwrap();
    now.cancel();
    shown
}

/// The numbers of the items that are delivered.
fn items(linker: &Linker) -> Receiver<u32> {
    let (tell, told) = channel();
    let items = on::<Item>().call(move |item| tell.send(item.0));
    linker.subscribe(items).unwrap();
    told
}

fn all<T>(told: &Receiver<T>) -> Vec<T> {
    told.try_iter().collect()
}

#[actix::test]
async fn an_event_goes_out_after_its_time_and_not_before() {
    let (linker, emitter) = started();
    let told = items(&linker);
    let schedule = emitter.prepare(Item(1)).after(SECOND);
    settle().await;
    pass(SECOND - TICK).await;
    assert!(schedule.is_active() && all(&told).is_empty());
    pass(2 * TICK).await;
    assert_eq!(all(&told), [1]);
    assert_eq!(
        (schedule.is_active(), schedule.fired(), schedule.missed()),
        (false, 1, 0)
    );
    assert_eq!(schedule.next(), None);
    pass(HOUR).await;
    assert!(all(&told).is_empty(), "once");
}

#[actix::test]
async fn an_event_need_not_be_clone_to_go_out_once() {
    let (linker, emitter) = started();
    let held = linker.subscribe(on::<Held>().call(|_| ())).unwrap();
    let alive = Arc::new(());
    let _ = emitter.prepare(Held(alive.clone())).after(SECOND);
    let _ = emitter.prepare(Held(alive.clone())).at(wall(&emitter));
    pass(SECOND + SLACK).await;
    assert_eq!(held.counts().handled, 2);
    assert_eq!(Arc::strong_count(&alive), 1);
}

#[actix::test]
async fn what_is_due_at_the_same_instant_goes_out_in_the_order_of_scheduling() {
    let (linker, emitter) = started();
    let told = items(&linker);
    for n in 0..1_000 {
        let _ = emitter.prepare(Item(n)).after(SECOND);
    }
    pass(SECOND + TICK).await;
    assert!(all(&told).into_iter().eq(0..1_000));
    let then = wall(&emitter) + HOUR;
    for n in 0..1_000 {
        let _ = emitter.prepare(Item(n)).at(then);
    }
    pass(HOUR + SLACK).await;
    assert!(all(&told).into_iter().eq(0..1_000));
}

#[actix::test]
async fn what_is_due_earlier_goes_out_earlier_whichever_clock_it_goes_by() {
    let (linker, emitter) = started();
    let told = items(&linker);
    let now = wall(&emitter);
    let _ = emitter.prepare(Item(4)).at(now + 4 * SECOND);
    let _ = emitter.prepare(Item(3)).after(3 * SECOND);
    let _ = emitter.prepare(Item(2)).at(now + 2 * SECOND);
    let _ = emitter.prepare(Item(1)).after(SECOND);
    pass(HOUR).await;
    assert_eq!(all(&told), [1, 2, 3, 4]);
}

#[actix::test]
async fn one_that_is_due_earlier_than_what_is_slept_for_is_not_late() {
    let (linker, emitter) = started();
    let told = items(&linker);
    let _ = emitter.prepare(Item(1)).after(HOUR);
    settle().await; // it sleeps
    let _ = emitter.prepare(Item(2)).after(SECOND);
    let _ = emitter.prepare(Item(3)).at(wall(&emitter) + 2 * SECOND);
    settle().await;
    pass(SECOND + SLACK).await;
    assert_eq!(all(&told), [2]);
    pass(SECOND).await;
    assert_eq!(all(&told), [3]);
}

#[actix::test]
async fn a_time_that_has_passed_is_now() {
    let (linker, emitter) = started();
    let told = items(&linker);
    let late = emitter.prepare(Item(1)).at(SystemTime::UNIX_EPOCH);
    let now = emitter.prepare(Item(2)).after(Duration::ZERO);
    settle().await;
    assert_eq!(all(&told), [1, 2]);
    assert_eq!((late.missed(), now.missed()), (0, 0));
}

#[actix::test]
async fn the_wall_clock_goes_with_the_paused_one() {
    let (linker, emitter) = started();
    let told = items(&linker);
    let week = 7 * 24 * HOUR;
    let then = wall(&emitter) + week;
    let schedule = emitter.prepare(Item(1)).at(then);
    settle().await;
    for _ in 0..7 * 24 - 1 {
        pass(HOUR).await;
    }
    pass(HOUR - SECOND).await;
    assert!(all(&told).is_empty());
    assert_eq!(schedule.next(), Some(then));
    pass(SECOND + SLACK).await;
    assert_eq!(all(&told), [1]);
}

#[actix::test]
async fn no_time_is_too_long() {
    let (linker, emitter) = started();
    let told = items(&linker);
    let far = emitter.prepare(Item(1)).after(Duration::MAX);
    let often = emitter.prepare(Item(1)).every(Duration::MAX).unwrap();
    settle().await;
    pass(1_000 * HOUR).await;
    assert!(far.is_active() && often.is_active() && all(&told).is_empty());
    let years = far.next().unwrap().duration_since(wall(&emitter));
    assert!(years.unwrap() > 29 * 365 * 24 * HOUR);
}

#[actix::test]
async fn a_cancelled_one_never_goes_out_and_its_event_is_dropped_at_once() {
    let (linker, emitter) = started();
    let held = linker.subscribe(on::<Held>().call(|_| ())).unwrap();
    let alive = Arc::new(());
    let schedule = emitter.prepare(Held(alive.clone())).after(SECOND);
    let other = schedule.clone();
    settle().await;
    assert!(other.cancel());
    assert_eq!(Arc::strong_count(&alive), 1);
    assert!(!schedule.cancel() && !schedule.is_active());
    assert!(emitter.schedules().is_empty());
    pass(HOUR).await;
    assert_eq!((held.counts().matched, schedule.fired()), (0, 0));
}

#[actix::test]
async fn one_that_is_due_and_has_not_gone_out_can_be_cancelled() {
    let (linker, emitter) = started();
    let told = items(&linker);
    let schedules = [1, 2].map(|n| emitter.prepare(Item(n)).after(SECOND));
    // The first to go out cancels the other, which is due as well.
    let second = schedules[1].clone();
    let cancel = on::<Item>().call(move |_| {
        second.cancel();
    });
    linker.subscribe(cancel.once()).unwrap();
    pass(SECOND + TICK).await;
    assert_eq!(all(&told), [1]);
    assert_eq!(schedules.map(|s| s.fired()), [1, 0]);
}

#[actix::test]
async fn one_that_has_gone_out_cannot_be_cancelled() {
    let (linker, emitter) = started();
    let slot = Arc::new(Mutex::new(None::<Schedule>));
    let (own, (tell, told)) = (slot.clone(), channel());
    let cancel = on::<Item>().call(move |_| {
        let own = own.lock().unwrap().clone().unwrap();
        tell.send((own.cancel(), own.is_active(), own.fired()))
    });
    linker.subscribe(cancel).unwrap();
    let schedule = emitter.prepare(Item(1)).after(SECOND);
    *slot.lock().unwrap() = Some(schedule.clone());
    pass(SECOND + TICK).await;
    assert_eq!(all(&told), [(false, false, 1)]);
    assert!(!schedule.cancel());
}

#[actix::test]
async fn a_handler_can_cancel_what_repeats_its_own_event() {
    let (linker, emitter) = started();
    let alive = Arc::new(());
    let slot = Arc::new(Mutex::new(None::<Schedule>));
    let own = slot.clone();
    let cancel = on::<Arc<()>>().call(move |_| {
        own.lock().unwrap().take().unwrap().cancel();
    });
    linker.subscribe(cancel).unwrap();
    let schedule = emitter.prepare(alive.clone()).every(SECOND).unwrap();
    *slot.lock().unwrap() = Some(schedule.clone());
    pass(SECOND + TICK).await;
    pass(SECOND).await;
    assert_eq!((schedule.fired(), schedule.is_active()), (1, false));
    assert_eq!(Arc::strong_count(&alive), 1);
}

#[actix::test]
async fn a_clone_goes_out_at_each_interval() {
    let (linker, emitter) = started();
    let told = items(&linker);
    let schedule = emitter.prepare(Item(7)).every(SECOND).unwrap();
    settle().await;
    for _ in 0..3 {
        assert!(all(&told).is_empty());
        pass(SECOND + TICK).await;
        assert_eq!(all(&told), [7]);
    }
    assert_eq!((schedule.fired(), schedule.missed()), (3, 0));
    assert!(schedule.is_active());
}

#[actix::test]
async fn an_interval_that_the_clock_cannot_tell_is_an_error() {
    let (_linker, emitter) = started();
    for interval in [Duration::ZERO, Duration::from_micros(999)] {
        let error = emitter.prepare(Item(1)).every(interval).unwrap_err();
        assert_eq!(error, ScheduleError::TooShort { interval });
    }
    assert!(emitter.prepare(Item(1)).every(SECOND / 1_000).is_ok());
}

#[actix::test]
async fn missed_ticks_are_told_of_once_and_not_made_up_for() {
    let (linker, emitter) = started();
    let (tell, told) = channel();
    let (late, item) = (tell.clone(), tell);
    let missed = on::<TicksMissed>().call(move |missed| {
        late.send(format!(
            "{} {} {}",
            missed.schedule(),
            missed.event_name(),
            missed.missed()
        ))
    });
    linker.subscribe(missed).unwrap();
    let item = on_topic::<Item>("beat").call(move |_| item.send("item".into()));
    linker.subscribe(item).unwrap();
    let schedule = emitter
        .prepare(Item(1))
        .topic("beat")
        .every(SECOND)
        .unwrap();
    settle().await;
    pass(5 * SECOND + SECOND / 2).await;
    assert_eq!(all(&told), ["#1 beat 4", "item"]);
    assert_eq!((schedule.fired(), schedule.missed()), (1, 4));
    // It goes on in its own rhythm: half a second later, and then every second.
    pass(SECOND / 2 - TICK).await;
    assert!(all(&told).is_empty());
    pass(2 * TICK).await;
    assert_eq!(all(&told), ["item"]);
    pass(SECOND).await;
    assert_eq!(all(&told), ["item"]);
    assert_eq!((schedule.fired(), schedule.missed()), (3, 4));
}

#[actix::test]
async fn a_handler_that_takes_longer_than_the_interval_makes_it_miss_ticks() {
    let (linker, emitter) = started();
    // It blocks the arbiter for so long: nobody else sees the clock move on.
    let busy = on::<Item>().call(|_| {
        let passed = tokio::time::advance(4 * SECOND + SECOND / 2).now_or_never();
        assert!(passed.is_none(), "it gives way when the clock has moved on");
    });
    linker.subscribe(busy.once()).unwrap();
    let schedule = emitter.prepare(Item(1)).every(SECOND).unwrap();
    settle().await;
    pass(SECOND + TICK).await;
    // One for all that have passed meanwhile.
    assert_eq!((schedule.fired(), schedule.missed()), (2, 3));
    pass(SECOND / 2 - 2 * TICK).await;
    assert_eq!((schedule.fired(), schedule.missed()), (2, 3));
    pass(2 * TICK).await;
    assert_eq!((schedule.fired(), schedule.missed()), (3, 3));
}

#[actix::test]
async fn what_handlers_of_notices_schedule_makes_no_notices() {
    let (linker, emitter) = started();
    let (tell, told) = channel();
    linker
        .subscribe(on::<TicksMissed>().call(move |late| {
            let again = late.emitter().prepare(Item(2)).every(SECOND);
            tell.send(again.unwrap())
        }))
        .unwrap();
    let first = emitter.prepare(Item(1)).every(SECOND).unwrap();
    settle().await;
    pass(3 * SECOND).await;
    first.cancel();
    let second = told.try_recv().unwrap();
    pass(3 * SECOND).await;
    assert_eq!((second.fired(), second.missed()), (1, 2));
    assert!(told.try_recv().is_err(), "not told of");
}

#[actix::test]
async fn a_clone_that_panics_is_a_missed_tick_and_the_next_goes_out() {
    struct Fragile(Arc<Mutex<bool>>);
    impl Clone for Fragile {
        fn clone(&self) -> Self {
            let broken = std::mem::take(&mut *self.0.lock().unwrap());
            assert!(!broken, "a part of the test");
            Self(self.0.clone())
        }
    }
    let (linker, emitter) = started();
    let whole = linker.subscribe(on::<Fragile>().call(|_| ())).unwrap();
    let missed = linker.subscribe(on::<TicksMissed>().call(|_| ())).unwrap();
    let broken = Arc::new(Mutex::new(true));
    let schedule = emitter.prepare(Fragile(broken)).every(SECOND).unwrap();
    pass(SECOND + TICK).await;
    assert_eq!((schedule.fired(), schedule.missed()), (0, 1));
    assert_eq!(missed.counts().handled, 1);
    pass(SECOND).await;
    assert_eq!((schedule.fired(), schedule.missed()), (1, 1));
    assert_eq!(whole.counts().handled, 1);
}

#[actix::test]
async fn an_event_that_panics_when_it_is_dropped_harms_no_other() {
    struct Mine;
    impl Drop for Mine {
        fn drop(&mut self) {
            assert!(std::thread::panicking(), "a part of the test");
        }
    }
    let (linker, emitter) = started();
    let told = items(&linker);
    let _ = emitter.prepare(Item(1)).after(SECOND);
    assert!(emitter.prepare(Mine).after(SECOND).cancel());
    let _ = emitter.prepare(Mine).after(SECOND);
    let _ = emitter.prepare(Item(2)).after(SECOND);
    pass(SECOND + TICK).await;
    assert_eq!(all(&told), [1, 2]);
}

#[actix::test]
async fn attributes_go_with_it() {
    let (linker, emitter) = started();
    let (tell, told) = channel();
    let tenant = on_topic::<Item>("items.*").call(move |item| {
        let about = item.metadata();
        tell.send((
            about.name().to_owned(),
            about.key().map(str::to_owned),
            about.correlation(),
            about.deadline(),
            about.headers().get("tenant").map(str::to_owned),
        ))
    });
    linker.subscribe(tenant).unwrap();
    let (id, until) = (
        EmissionId::from_u128(7),
        actix::clock::Instant::now() + HOUR,
    );
    let prepared = || {
        let prepared = emitter.prepare(Item(1)).topic("items.new").key("k");
        prepared
            .correlation(id)
            .header("tenant", "acme")
            .deadline(until)
    };
    let _ = prepared().after(SECOND);
    let _ = prepared().at(wall(&emitter) + SECOND);
    let often = prepared().every(SECOND).unwrap();
    pass(SECOND + SLACK).await;
    often.cancel();
    let tenant = Some("acme".to_owned());
    let expected = (
        "items.new".to_owned(),
        Some("k".to_owned()),
        id,
        Some(until),
        tenant,
    );
    assert_eq!(all(&told), vec![expected; 3]);
}

#[actix::test]
async fn what_a_handler_schedules_keeps_its_cause() {
    let (linker, emitter) = started();
    let (tell, told) = channel();
    linker
        .subscribe(on::<u8>().call(|cause: &Delivery<u8>| {
            let _ = cause.emitter().prepare(Item(1)).after(SECOND);
        }))
        .unwrap();
    linker
        .subscribe(on::<Item>().call(move |item| {
            let about = item.metadata();
            tell.send((about.causation(), about.correlation(), about.deadline()))
        }))
        .unwrap();
    let (id, until) = (
        EmissionId::from_u128(7),
        actix::clock::Instant::now() + HOUR,
    );
    let cause = emitter.prepare(1_u8).correlation(id).deadline(until).emit();
    pass(SECOND + TICK).await;
    assert_eq!(all(&told), [(Some(cause.id()), id, Some(until))]);
}

#[actix::test]
async fn a_deadline_that_passes_first_refuses_it_and_ends_what_repeats() {
    let (linker, emitter) = started();
    let told = items(&linker);
    let letters = linker.subscribe(on::<DeadLetter>().call(|_| ())).unwrap();
    let once = emitter
        .prepare(Item(1))
        .expires_in(SECOND)
        .after(2 * SECOND);
    let often = emitter
        .prepare(Item(2))
        .expires_in(3 * SECOND / 2)
        .every(SECOND)
        .unwrap();
    settle().await;
    pass(SECOND + TICK).await;
    assert_eq!(all(&told), [2]);
    pass(SECOND).await;
    assert!(all(&told).is_empty());
    assert!(!once.is_active() && !often.is_active());
    assert_eq!((emitter.refused(), letters.counts().handled), (2, 2));
}

#[actix::test]
async fn a_topic_that_is_none_is_refused_when_it_is_due_and_ends_what_repeats() {
    let (_linker, emitter) = started();
    let often = emitter
        .prepare(Item(1))
        .topic("a..b")
        .every(SECOND)
        .unwrap();
    pass(10 * SECOND).await;
    assert_eq!((emitter.refused(), often.is_active()), (1, false));
}

#[actix::test]
async fn a_full_emitter_refuses_it_like_any_other_and_it_goes_on() {
    tokio::time::pause();
    let linker = Linker::start();
    let (tell, told) = channel();
    let letters = on::<DeadLetter>().call(move |letter| {
        let reason = letter.error().downcast_ref::<Reason>();
        tell.send(matches!(reason, Some(Reason::EmitterFull { .. })))
    });
    linker.subscribe(letters).unwrap();
    let stuck = on::<Item>().call_async(|_| std::future::pending::<()>());
    linker.subscribe(stuck).unwrap();
    let full = Strategy::current().in_order().bounded(1, Overflow::Refuse);
    let emitter = Emitter::start(&linker, full);
    let often = emitter.prepare(Item(1)).every(SECOND).unwrap();
    for _ in 0..4 {
        pass(SECOND + TICK).await;
    }
    assert_eq!((often.fired(), emitter.refused()), (4, 2));
    assert_eq!(all(&told), [true, true]);
    assert!(often.is_active());
}

#[actix::test]
async fn what_is_pending_is_listed_and_what_is_due_first_comes_first() {
    let (_linker, emitter) = started();
    let at = wall(&emitter) + HOUR;
    let a = emitter.prepare(Item(1)).topic("items.new").at(at);
    let b = emitter.prepare(Item(2)).every(SECOND).unwrap();
    let c = emitter.prepare("text").after(HOUR / 2);
    settle().await;
    pass(3 * SECOND / 2).await;
    let listed = emitter.schedules();
    let ids: Vec<_> = listed.iter().map(ScheduleInfo::id).collect();
    assert_eq!(ids, [b.id(), c.id(), a.id()]);
    let kinds = [
        ScheduleKind::Every(SECOND),
        ScheduleKind::After(HOUR / 2),
        ScheduleKind::At(at),
    ];
    assert!(listed.iter().map(ScheduleInfo::kind).eq(&kinds));
    assert_eq!(listed[2].name(), "items.new");
    assert_eq!(listed[2].topic().unwrap().as_str(), "items.new");
    assert_eq!(listed[2].next(), at);
    assert_eq!((listed[0].fired(), listed[0].missed()), (1, 0));
    assert!(listed[0].next() < listed[1].next());
    c.cancel();
    pass(HOUR).await;
    assert_eq!(emitter.schedules().len(), 1);
}

#[actix::test]
async fn a_drain_cancels_what_is_pending_and_says_how_much() {
    let (linker, emitter) = started();
    let told = items(&linker);
    let alive = Arc::new(());
    let held = emitter.prepare(Held(alive.clone())).after(HOUR);
    let often = emitter.prepare(Item(1)).every(SECOND).unwrap();
    let left = emitter
        .drain(SECOND)
        .now_or_never()
        .expect("it waits for none of them");
    assert_eq!((left.is_complete(), left.cancelled()), (true, 2));
    assert_eq!(
        left.to_string(),
        "everything has ended; 2 schedules cancelled"
    );
    assert!(!held.is_active() && !often.is_active());
    assert_eq!(Arc::strong_count(&alive), 1);
    assert_eq!(emitter.drain(SECOND).await.cancelled(), 0);
    pass(HOUR).await;
    assert!(all(&told).is_empty());
}

#[actix::test]
async fn the_drain_of_a_linker_cancels_what_all_its_emitters_have() {
    let (linker, emitter) = started();
    let other = Emitter::start(&linker, Strategy::current());
    let a = emitter.prepare(Item(1)).after(HOUR);
    let b = other.prepare(Item(1)).every(SECOND).unwrap();
    drop(other);
    assert_eq!(linker.drain(SECOND).await.cancelled(), 2);
    assert!(!a.is_active() && !b.is_active());
}

#[actix::test]
async fn what_is_scheduled_after_a_drain_is_refused_at_once() {
    let (linker, emitter) = started();
    let letters = linker.subscribe(on::<DeadLetter>().call(|_| ())).unwrap();
    let _ = items(&linker);
    let _ = emitter.drain(SECOND).await;
    let once = emitter.prepare(Item(1)).after(HOUR);
    let often = emitter.prepare(Item(1)).every(HOUR).unwrap();
    assert!(!once.is_active() && !often.is_active());
    assert_eq!(emitter.refused(), 2);
    assert_eq!(letters.counts().handled, 2);
}

#[actix::test]
async fn a_linker_that_is_stopped_cancels_what_is_pending() {
    let (linker, emitter) = started();
    let alive = Arc::new(());
    let pending = emitter.prepare(Held(alive.clone())).after(HOUR);
    linker.stop();
    assert!(!pending.is_active());
    assert_eq!(Arc::strong_count(&alive), 1);
    let later = emitter.prepare(Item(1)).after(HOUR);
    assert!(!later.is_active());
    assert_eq!(emitter.refused(), 1);
}

#[actix::test]
async fn a_pending_schedule_keeps_its_emitter_and_a_finished_one_does_not() {
    let (linker, emitter) = started();
    let told = items(&linker);
    let weak = emitter.downgrade();
    let _ = emitter.prepare(Item(1)).after(SECOND);
    drop(emitter);
    settle().await;
    assert!(weak.upgrade().is_some());
    pass(SECOND + TICK).await;
    assert_eq!(all(&told), [1]);
    assert!(weak.upgrade().is_none());
}

#[actix::test]
async fn cancelling_lets_go_of_the_emitter_and_of_the_linker() {
    let (linker, emitter) = started();
    let (weak, weak_linker) = (emitter.downgrade(), linker.downgrade());
    let often = emitter.prepare(Item(1)).every(HOUR).unwrap();
    drop((emitter, linker));
    settle().await;
    assert!(weak.upgrade().is_some());
    assert!(often.cancel());
    settle().await;
    assert!(weak.upgrade().is_none() && weak_linker.upgrade().is_none());
}

#[actix::test]
async fn an_emitter_can_be_scheduled_with_again_when_nothing_was_pending() {
    let (linker, emitter) = started();
    let told = items(&linker);
    for n in 0..3 {
        let _ = emitter.prepare(Item(n)).after(SECOND);
        assert!(emitter.prepare(Item(9)).after(SECOND).cancel());
        pass(SECOND + TICK).await;
    }
    assert_eq!(all(&told), [0, 1, 2]);
}

#[actix::test]
async fn what_is_scheduled_goes_by_the_strategy_of_when_it_is_due() {
    let (linker, emitter) = started();
    let (tell, told) = channel();
    let thread = on::<Item>().call(move |_| tell.send(std::thread::current().id()));
    linker.subscribe(thread).unwrap();
    let _ = emitter.prepare(Item(1)).after(SECOND);
    emitter.switch(Strategy::dedicated()).await.unwrap();
    pass(SECOND + TICK).await;
    let there = told.recv_timeout(10 * SECOND).unwrap();
    assert_ne!(there, std::thread::current().id());
}

#[test]
fn it_can_be_scheduled_and_cancelled_from_threads_without_an_arbiter() {
    System::new().block_on(async {
        let linker = Linker::start();
        let (tell, told) = tokio::sync::mpsc::unbounded_channel();
        let here = std::thread::current().id();
        let item = on::<Item>().call(move |item| {
            assert_eq!(std::thread::current().id(), here, "the linker's arbiter");
            tell.send(item.0)
        });
        linker.subscribe(item).unwrap();
        let emitter = Emitter::start(&linker, Strategy::inline());
        let elsewhere = emitter.clone();
        let scheduling = std::thread::spawn(move || {
            assert!(elsewhere.prepare(Item(1)).after(SECOND).cancel());
            let _ = elsewhere.prepare(Item(2)).after(SECOND / 100);
        });
        scheduling.join().unwrap();
        let mut told = told;
        assert_eq!(told.recv().await, Some(2));
    });
}

#[test]
fn when_the_arbiter_of_the_linker_stops_what_is_pending_is_dropped() {
    System::new().block_on(async {
        let arbiter = Arbiter::new();
        let linker = Linker::builder()
            .arbiter(&arbiter.handle())
            .start()
            .unwrap();
        let emitter = Emitter::start(&linker, Strategy::inline());
        let alive = Arc::new(());
        let before = emitter.prepare(Held(alive.clone())).after(HOUR);
        arbiter.stop();
        arbiter.join().unwrap();
        let after = emitter.prepare(Held(alive.clone())).after(HOUR);
        assert!(!before.is_active() && !after.is_active());
        assert_eq!(Arc::strong_count(&alive), 1);
        assert!(emitter.schedules().is_empty());
    });
}

#[test]
fn when_the_system_ends_what_is_pending_is_dropped() {
    let alive = Arc::new(());
    let schedule = System::new().block_on(async {
        let emitter = Emitter::start(&Linker::start(), Strategy::inline());
        let schedule = emitter.prepare(Held(alive.clone())).after(HOUR);
        settle().await;
        schedule
    });
    assert!(!schedule.is_active());
    assert_eq!(Arc::strong_count(&alive), 1);
}

#[actix::test]
async fn a_hundred_thousand_pending_ones_leave_nothing_behind() {
    const MANY: u32 = 100_000;
    let (linker, emitter) = started();
    let told = items(&linker);
    // In the worst order: each is due before those that are there.
    let schedules: Vec<_> = (0..MANY)
        .map(|n| emitter.prepare(Item(n)).after(HOUR - n * SECOND / 1_000))
        .collect();
    assert_eq!(emitter.schedules().len(), MANY as usize);
    assert!(schedules.iter().step_by(2).all(Schedule::cancel));
    assert_eq!(emitter.schedules().len(), MANY as usize / 2);
    tokio::time::advance(HOUR).await;
    while schedules[1].is_active() {
        yield_now().await;
    }
    let expected = (0..MANY).rev().filter(|n| n % 2 == 1);
    assert!(all(&told).into_iter().eq(expected));
    assert!(emitter.schedules().is_empty());
}

#[actix::test]
async fn others_on_the_arbiter_have_their_turn_while_many_are_due() {
    let (linker, emitter) = started();
    let items = linker.subscribe(on_any().call(|_| ())).unwrap();
    for n in 0..1_000 {
        let _ = emitter.prepare(Item(n)).after(SECOND);
    }
    tokio::time::advance(SECOND + TICK).await;
    let mut turns = 0;
    while items.counts().matched < 1_000 {
        turns += 1;
        yield_now().await;
    }
    assert!(turns > 10, "{turns}");
}

#[actix::test]
async fn a_guard_cancels_when_it_is_dropped_and_a_handle_does_not() {
    let (linker, emitter) = started();
    let told = items(&linker);
    drop(emitter.prepare(Item(1)).every(SECOND).unwrap());
    drop(emitter.prepare(Item(2)).every(SECOND).unwrap().guard());
    pass(SECOND + TICK).await;
    assert_eq!(all(&told), [1]);
}
