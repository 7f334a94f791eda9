//! What happens where two options meet: the cells of the page `options` that no test of
//! one of them shows. And for every pair there is: nothing is lost, and nothing is left.

use std::any::Any;
use std::sync::atomic::{AtomicI64, Ordering};

use futures::{FutureExt, StreamExt};
use proptest::prelude::{ProptestConfig, Strategy as _, any, proptest};
use proptest::sample::{Index, select, subsequence};
use ventix::{
    Batch, Breaker, Debounce, Deliveries, DeliveryLayer, EmissionLayer, Incoming, Outcome,
    Outgoing, Overflow, Restart, Retry, Selector, Silence, SubscribeError, Throttle, WhenPaused,
    on_topic,
};

use super::*;

fn every(delay: u64) -> Retry {
    Retry::constant(ms(delay))
}

fn slow() -> Throttle {
    Throttle::per(1, ms(100))
}

fn wary() -> Breaker {
    Breaker::new().window(1).open_for(ms(100))
}

fn quiet() -> Debounce {
    Debounce::quiet(ms(100))
}

/// Wants all but number 0, and writes down what it was asked about.
fn filtered(log: &Log, asked: &Log) -> SubscriptionSpec {
    let (log, asked) = (log.clone(), asked.clone());
    let on = on::<Job>().filter(move |job, _| {
        asked.note(job.number);
        job.number > 0
    });
    on.call(move |job| log.handle(**job, job.attempt()))
}

#[test]
fn no_filter_is_asked_while_it_is_paused_and_refuses_or_when_its_time_is_over() {
    in_virtual_time(async {
        let asked = Log::new();
        let paused = World::new(filtered(&Log::new(), &asked).paused());
        assert_eq!(paused.refused(job(1)), Some(Reason::Paused));
        let over = World::new(filtered(&Log::new(), &asked).until(Instant::now()));
        assert_eq!(over.refused(job(1)), Some(Reason::Over));
        let both = World::new(filtered(&Log::new(), &asked).paused().until(Instant::now()));
        assert_eq!(both.refused(job(1)), Some(Reason::Paused));
        assert_eq!(asked.numbers(), [] as [u32; 0]);
    });
}

#[test]
fn a_filter_is_asked_when_it_is_emitted_and_neither_when_it_is_resumed_nor_tried_again() {
    in_virtual_time(async {
        let (log, asked) = (Log::new(), Log::new());
        let spec = filtered(&log, &asked).retry(every(10));
        let world = World::new(spec.when_paused(WhenPaused::Hold).paused());
        world.emit(failing(1, 1));
        assert_eq!(world.refused(job(0)), Some(Reason::Filtered));
        assert_eq!(asked.numbers(), [1, 0]);
        world.subscription.resume();
        pass(50).await;
        assert_eq!((log.numbers(), asked.numbers()), (vec![1, 1], vec![1, 0]));
        world.is_at_rest().await;
    });
}

#[test]
fn what_a_filter_does_not_want_displaces_nothing_and_is_no_probe() {
    in_virtual_time(async {
        let (log, asked) = (Log::new(), Log::new());
        let world = World::new(filtered(&log, &asked).debounce(quiet()).breaker(wary()));
        world.emit(failing(1, 9));
        assert_eq!(world.refused(job(0)), Some(Reason::Filtered));
        pass(100).await;
        assert_eq!(log.entries(), [(100, 1)]);
        pass(100).await;
        assert_eq!(world.refused(job(0)), Some(Reason::Filtered));
        assert_eq!(world.refused(job(2)), None, "the probe is there");
        pass(100).await;
        world.is_at_rest().await;

        let spec = filtered(&log, &asked)
            .capacity(1)
            .overflow(Overflow::DropOldest);
        let world = World::new(spec.when_paused(WhenPaused::Hold).paused());
        assert_eq!(world.refused(job(1)), None);
        assert_eq!(world.refused(job(0)), Some(Reason::Filtered));
        assert_eq!(world.subscription.counts().dropped, 0);
    });
}

#[test]
fn no_option_is_asked_about_what_has_expired_before_it_is_emitted() {
    in_virtual_time(async {
        let asked = Log::new();
        let world = World::new(filtered(&Log::new(), &asked).once().throttle(slow()));
        let emission = world.emitter.prepare(job(1));
        let receipt = emission.deadline(Instant::now()).emit();
        assert_eq!(receipt.refusal(), Some(&Reason::Expired));
        assert_eq!(
            (asked.numbers().len(), world.subscription.counts().matched),
            (0, 0)
        );
        assert_eq!(world.refused(job(2)), None);
    });
}

#[test]
fn what_is_refused_while_it_is_paused_takes_no_shot_no_turn_no_room_and_no_probe() {
    in_virtual_time(async {
        let log = Log::new();
        let spec = log
            .spec()
            .once()
            .throttle(slow())
            .capacity(1)
            .breaker(wary());
        let world = World::new(spec.paused());
        for _ in 0..3 {
            assert_eq!(world.refused(failing(1, 9)), Some(Reason::Paused));
        }
        world.subscription.resume();
        assert_eq!(world.refused(job(2)), None);
        settle().await;
        assert_eq!(log.numbers(), [2]);
        world.is_at_rest().await;
    });
}

#[test]
fn what_was_accepted_before_it_was_paused_is_delivered_unless_it_is_held() {
    in_virtual_time(async {
        for (when, delivered) in [(WhenPaused::Refuse, 1), (WhenPaused::Hold, 0)] {
            for spec in [
                Log::new().spec().debounce(quiet()),
                Log::new().spec().throttle(slow().hold()),
                Log::new().spec().in_order(),
            ] {
                let world = World::new(spec.when_paused(when));
                world.emit(job(1));
                world.subscription.pause();
                pass(200).await;
                assert_eq!(world.subscription.counts().handled, delivered);
                world.subscription.resume();
                settle().await;
                world.is_at_rest().await;
            }
        }
    });
}

#[test]
fn what_was_held_comes_at_once_or_as_fast_as_a_throttle_that_holds_allows() {
    in_virtual_time(async {
        for (throttle, times) in [
            (slow().burst(3), vec![500, 500, 500]),
            (slow().hold(), vec![500, 600, 700]),
        ] {
            let log = Log::new();
            let spec = log.spec().when_paused(WhenPaused::Hold).throttle(throttle);
            let world = World::new(spec.paused());
            for number in 0..3 {
                assert_eq!(world.refused(job(number)), None);
            }
            pass(500).await;
            world.subscription.resume();
            pass(500).await;
            assert_eq!(log.times(), times);
            world.is_at_rest().await;
        }
    });
}

#[test]
fn a_timeout_begins_when_it_is_handed_over_and_not_while_it_waits_for_that() {
    in_virtual_time(async {
        let held = |spec: SubscriptionSpec| spec.when_paused(WhenPaused::Hold).paused();
        let late = |spec: SubscriptionSpec| spec.debounce(quiet());
        for waits in [held, late] {
            let spec = on::<Job>().call_async(|_| sleep(ms(5)));
            let world = World::new(waits(spec.timeout(ms(10))));
            world.emit(job(1));
            pass(50).await;
            world.subscription.resume();
            pass(200).await;
            assert_eq!(world.subscription.counts().handled, 1);
            world.is_at_rest().await;
        }
    });
}

#[test]
fn what_is_held_makes_room_for_its_latest_by_key() {
    in_virtual_time(async {
        let log = Log::new();
        let spec = log.spec().capacity(2).overflow(Overflow::Coalesce);
        let world = World::new(spec.when_paused(WhenPaused::Hold).paused());
        for (number, key) in [(1, "a"), (2, "b"), (3, "a"), (4, "c")] {
            world.emitter.prepare(job(number)).key(key).emit();
        }
        world.subscription.resume();
        settle().await;
        assert_eq!(log.numbers(), [2, 3]);
        let counts = world.subscription.counts();
        assert_eq!((counts.dropped, counts.refused), (1, 1));
        world.is_at_rest().await;
    });
}

#[test]
fn what_waits_for_room_comes_in_when_what_was_held_goes_on() {
    in_virtual_time(async {
        let log = Log::new();
        let spec = log.spec().capacity(1).overflow(Overflow::Wait(ms(1_000)));
        let world = World::new(spec.when_paused(WhenPaused::Hold).paused());
        world.emit(job(1));
        let mut second = Box::pin(world.emitter.emit_when_ready(job(2)));
        assert!(second.as_mut().now_or_never().is_none());
        world.subscription.resume();
        assert!(second.await.is_complete());
        settle().await;
        assert_eq!(log.numbers(), [1, 2]);
        world.is_at_rest().await;
    });
}

#[test]
fn what_was_accepted_in_time_is_handled_though_it_waits_beyond() {
    in_virtual_time(async {
        let soon = ms(10);
        for (spec, at) in [
            (Log::new().spec().debounce(quiet()), 1),
            (Log::new().spec().throttle(slow().burst(1).hold()), 3),
            (Log::new().spec().retry(every(50).attempts(4)), 1),
        ] {
            let world = World::new(spec.expires_in(soon));
            for number in 0..3 {
                world.emit(failing(number, 3));
            }
            pass(1_000).await;
            let counts = world.subscription.counts();
            assert!(counts.handled + counts.failed >= at, "{counts:?}");
            world.is_at_rest().await;
        }
    });
}

#[test]
fn what_another_option_turns_away_spends_no_shot() {
    in_virtual_time(async {
        let wait = |spec: SubscriptionSpec| spec.throttle(slow());
        let open = |spec: SubscriptionSpec| spec.breaker(wary());
        let full = |spec: SubscriptionSpec| spec.capacity(1).retry(every(50));
        for turns_away in [wait, open, full] {
            let world = World::new(turns_away(Log::new().spec()).for_at_most(2));
            assert_eq!(world.refused(failing(1, 1)), None);
            settle().await;
            for number in 2..5 {
                assert!(world.refused(job(number)).is_some());
            }
            pass(100).await;
            assert!(world.subscription.is_active());
            assert_eq!(world.refused(job(5)), None);
            settle().await;
            assert!(!world.subscription.is_active());
            world.is_at_rest().await;
        }
    });
}

#[test]
fn what_is_dropped_gives_its_shot_back_unless_it_had_begun() {
    in_virtual_time(async {
        for (begun, spent) in [(false, None), (true, Some(Reason::Spent))] {
            let log = Log::new();
            let spec = log.spec().for_at_most(2).retry(every(10)).capacity(1);
            let spec = spec.overflow(Overflow::DropOldest);
            let world = World::new(spec.when_paused(WhenPaused::Hold));
            if !begun {
                world.subscription.pause();
            }
            world.emit(failing(1, 9));
            settle().await;
            world.subscription.pause();
            // The attempt waits, and is the oldest that does.
            pass(10).await;
            assert_eq!(world.refused(job(2)), None);
            assert_eq!(world.subscription.counts().dropped, 1);
            assert_eq!(world.refused(job(3)), spent);
            world.subscription.resume();
            settle().await;
            world.is_at_rest().await;
        }
    });
}

#[test]
fn what_makes_room_for_its_latest_gives_its_shot_back() {
    in_virtual_time(async {
        let log = Log::new();
        let spec = log
            .spec()
            .for_at_most(2)
            .capacity(1)
            .overflow(Overflow::Coalesce);
        let world = World::new(spec.when_paused(WhenPaused::Hold).paused());
        for number in 1..=5 {
            let emission = world.emitter.prepare(job(number)).key("a");
            assert!(emission.emit().is_complete());
        }
        world.subscription.resume();
        settle().await;
        assert_eq!(
            (log.numbers(), world.subscription.is_active()),
            (vec![5], true)
        );
        world.is_at_rest().await;
    });
}

/// One that ends before it has begun is nobody's to drop any more, though it has its room
/// until the callbacks have looked.
#[test]
fn what_ends_unrun_cannot_be_dropped_in_the_middle_of_that() {
    in_virtual_time(async {
        let own = Arc::new(Mutex::new(None::<Emitter>));
        let world = own.clone();
        let spec = Log::new().spec().capacity(1).overflow(Overflow::DropOldest);
        let spec = spec
            .when_paused(WhenPaused::Hold)
            .paused()
            .on_failure(move |_| {
                let own = world.lock().unwrap().take();
                let receipt = own.map(|emitter| emitter.emit(job(2)));
                let full = Reason::LaneFull { capacity: 1 };
                assert_eq!(receipt.and_then(|it| reason(&it)), Some(full));
            });
        let world = World::new(spec);
        *own.lock().unwrap() = Some(world.emitter.clone());
        world.emitter.prepare(job(1)).expires_in(ms(5)).emit();
        // Before the arbiter has come to run it.
        tokio::time::advance(ms(10)).await;
        settle().await;
        assert_eq!(world.refused(job(3)), None);
        assert_eq!(world.subscription.counts().in_flight(), 1);
        world.subscription.resume();
        settle().await;
        world.is_at_rest().await;
    });
}

#[test]
fn a_throttle_that_refuses_has_given_a_turn_to_what_a_later_step_turns_away() {
    in_virtual_time(async {
        let spec = Log::new().spec().throttle(slow().burst(2)).capacity(1);
        let world = World::new(spec.when_paused(WhenPaused::Hold).paused());
        assert_eq!(world.refused(job(1)), None);
        assert_eq!(
            world.refused(job(2)),
            Some(Reason::LaneFull { capacity: 1 })
        );
        assert!(matches!(
            world.refused(job(3)),
            Some(Reason::Throttled { .. })
        ));
    });
}

#[test]
fn every_emission_of_a_burst_takes_a_turn_of_a_throttle_that_refuses_and_the_last_of_one_that_holds()
 {
    in_virtual_time(async {
        for (throttle, entries) in [
            (slow(), vec![(100, 1), (200, 11)]),
            (slow().hold(), vec![(100, 2), (200, 12)]),
        ] {
            let log = Log::new();
            let spec = log.spec().debounce(Debounce::quiet(ms(100)));
            let world = World::new(spec.throttle(throttle));
            for number in [1, 2] {
                world.emit(job(number));
            }
            pass(100).await;
            for number in [11, 12] {
                world.emit(job(number));
            }
            pass(500).await;
            assert_eq!(log.entries(), entries);
            world.is_at_rest().await;
        }
    });
}

#[test]
fn another_attempt_waits_for_no_quiet_and_loses_its_place_to_nothing_newer() {
    in_virtual_time(async {
        let log = Log::new();
        let world = World::new(log.spec().debounce(quiet()).retry(every(50)));
        world.emit(failing(1, 2));
        pass(140).await;
        world.emit(job(2));
        pass(500).await;
        assert_eq!(log.entries(), [(100, 1), (150, 1), (200, 1), (240, 2)]);

        let log = Log::new();
        let spec = log
            .spec()
            .retry(every(10))
            .capacity(1)
            .overflow(Overflow::Coalesce);
        let world = World::new(spec.when_paused(WhenPaused::Hold));
        world.emitter.prepare(failing(1, 1)).key("a").emit();
        settle().await;
        world.subscription.pause();
        pass(10).await;
        let newer = world.emitter.prepare(job(2)).key("a").emit();
        assert_eq!(reason(&newer), Some(Reason::LaneFull { capacity: 1 }));
        world.subscription.resume();
        settle().await;
        assert_eq!(log.numbers(), [1, 1]);
        world.is_at_rest().await;
    });
}

#[test]
fn of_a_burst_the_deadline_of_the_last_one_counts() {
    in_virtual_time(async {
        let log = Log::new();
        let world = World::new(log.spec().debounce(quiet()));
        world.emitter.prepare(job(1)).expires_in(ms(50)).emit();
        world.emit(job(2));
        pass(100).await;
        world.emit(job(3));
        world.emitter.prepare(job(4)).expires_in(ms(50)).emit();
        pass(200).await;
        assert_eq!(log.numbers(), [2]);
        assert_eq!(world.subscription.counts().refused, 1);
        world.is_at_rest().await;
    });
}

#[test]
fn a_probe_that_finds_no_room_gives_its_place_back() {
    in_virtual_time(async {
        let spec = Log::new()
            .spec()
            .breaker(wary())
            .capacity(1)
            .retry(every(150));
        let world = World::new(spec);
        world.emit(failing(1, 1));
        settle().await;
        sleep(ms(100)).await;
        let full = Reason::LaneFull { capacity: 1 };
        for number in 2..5 {
            assert_eq!(world.refused(job(number)), Some(full.clone()));
        }
        pass(50).await;
        assert_eq!(
            world.subscription.counts().handled,
            1,
            "the attempt is the probe"
        );
        world.is_at_rest().await;
    });
}

#[test]
fn what_is_held_for_an_actor_that_has_gone_is_lost() {
    in_virtual_time(async {
        let log = Log::new();
        let actor = Worker(log.clone()).start();
        let spec = on::<Job>().actor(actor.clone()).weak();
        let world = World::new(spec.when_paused(WhenPaused::Hold).paused());
        world.emit(job(1));
        settle().await;
        drop(actor);
        settle().await;
        world.subscription.resume();
        settle().await;
        assert_eq!(world.subscription.counts().lost, 1);
        assert_eq!(log.numbers(), [] as [u32; 0]);
        world.is_at_rest().await;
    });
}

#[test]
fn only_what_the_bus_makes_is_restarted_and_that_is_not_held_weakly() {
    in_virtual_time(async {
        let linker = Linker::start();
        let made = of_kind("made", &Log::new()).restart(Restart::default());
        assert_eq!(
            linker.subscribe(made.weak()).unwrap_err(),
            SubscribeError::NotWeak
        );
        let given = of_kind("actor", &Log::new()).weak();
        let given = given.restart(Restart::default());
        assert_eq!(
            linker.subscribe(given).unwrap_err(),
            SubscribeError::NotMade
        );
        for spec in [Batches::default().spec(), on::<Job>().stream(8).0] {
            assert_eq!(
                linker
                    .subscribe(spec.restart(Restart::default()))
                    .unwrap_err(),
                SubscribeError::NotMade
            );
        }
        let stream = on::<Job>().stream(8).0;
        assert_eq!(
            linker.subscribe(stream.weak()).unwrap_err(),
            SubscribeError::NotWeak
        );
    });
}

/// Writes down what it was asked about, turns 0 away, and panics over 13 before and over
/// 14 after.
struct Asked(Log);

impl DeliveryLayer for Asked {
    fn before(&self, delivery: &mut Incoming<'_>) -> Result<(), Reason> {
        let number = number_of(delivery);
        self.0.note(number);
        assert_ne!(number, 13);
        match number {
            0 => Err(Reason::layer("not that one")),
            _ => Ok(()),
        }
    }

    fn after(&self, delivery: &mut Incoming<'_>, _: &Outcome) {
        assert_ne!(number_of(delivery), 14);
    }
}

fn number_of(delivery: &Incoming<'_>) -> u32 {
    let job = delivery.event().downcast_ref::<Job>();
    job.expect("all are jobs").number
}

fn held(spec: SubscriptionSpec) -> SubscriptionSpec {
    spec.when_paused(WhenPaused::Hold).paused()
}

#[test]
fn no_layer_is_asked_about_what_another_option_turns_away() {
    in_virtual_time(async {
        for (spec, pauses) in [
            (filtered(&Log::new(), &Log::new()), false),
            (Log::new().spec(), true),
            (Log::new().spec().throttle(slow()), false),
            (Log::new().spec().breaker(wary()), false),
            (Log::new().spec().capacity(1).retry(every(50)), false),
        ] {
            let asked = Log::new();
            let world = World::new(spec.layer(Asked(asked.clone())));
            world.emit(failing(1, 1));
            settle().await;
            assert!(!pauses || world.subscription.pause());
            assert!(world.refused(job(0)).is_some());
            settle().await;
            assert_eq!(asked.numbers(), [1]);
            pass(50).await;
            world.is_at_rest().await;
        }
    });
}

#[test]
fn a_layer_is_asked_when_a_delivery_begins_and_not_while_it_waits_for_that() {
    in_virtual_time(async {
        let one = |spec: SubscriptionSpec| spec.capacity(1);
        let slowly = on::<Job>().call_async(|_| sleep(ms(10)));
        let spec = || Log::new().spec();
        for (spec, entries) in [
            (held(spec()), vec![(50, 1), (50, 2)]),
            (spec().throttle(slow().hold()), vec![(0, 1), (100, 2)]),
            (spec().debounce(quiet()), vec![(100, 2)]),
            (slowly.in_order(), vec![(0, 1), (10, 2)]),
            (
                one(held(spec())).overflow(Overflow::DropOldest),
                vec![(50, 2)],
            ),
            (
                one(held(spec())).overflow(Overflow::Coalesce),
                vec![(50, 2)],
            ),
        ] {
            let asked = Log::new();
            let world = World::new(spec.layer(Asked(asked.clone())));
            for number in [1, 2] {
                world.emitter.prepare(job(number)).key("a").emit();
            }
            pass(50).await;
            world.subscription.resume();
            pass(100).await;
            assert_eq!(asked.entries(), entries);
            world.is_at_rest().await;
        }
    });
}

#[test]
fn no_layer_is_asked_about_what_has_expired_by_then() {
    in_virtual_time(async {
        let asked = Log::new();
        let world = World::new(held(Log::new().spec()).layer(Asked(asked.clone())));
        world.emitter.prepare(job(1)).expires_in(ms(5)).emit();
        pass(10).await;
        world.subscription.resume();
        settle().await;
        assert_eq!(asked.numbers(), [] as [u32; 0]);
        assert_eq!(world.subscription.counts().refused, 1);
        world.is_at_rest().await;
    });
}

#[test]
fn what_a_layer_turns_away_has_taken_its_turn() {
    in_virtual_time(async {
        for (throttle, entries) in [(slow(), vec![]), (slow().hold(), vec![(100, 1)])] {
            let log = Log::new();
            let spec = log.spec().throttle(throttle);
            let world = World::new(spec.layer(Asked(Log::new())));
            world.emit(job(0));
            world.emit(job(1));
            pass(200).await;
            assert_eq!(log.entries(), entries);
            world.is_at_rest().await;
        }
    });
}

#[test]
fn a_breaker_counts_the_panic_of_a_layer_and_not_what_one_turns_away() {
    in_virtual_time(async {
        for panics in [13, 14] {
            let spec = Log::new().spec().breaker(wary());
            let world = World::new(spec.layer(Asked(Log::new())));
            for _ in 0..3 {
                assert_eq!(world.refused(job(0)), None);
                settle().await;
            }
            assert_eq!(world.refused(job(panics)), None);
            settle().await;
            let open = world.refused(job(1));
            assert!(matches!(open, Some(Reason::BreakerOpen { .. })), "{panics}");
            pass(100).await;
            assert_eq!(world.refused(job(0)), None, "a probe");
            settle().await;
            assert_eq!(world.refused(job(1)), None, "it has given its place back");
            settle().await;
            assert_eq!(world.subscription.counts().panicked, 1);
            assert_eq!(world.subscription.counts().handled, 1);
            world.is_at_rest().await;
        }
    });
}

#[test]
fn a_layer_that_panics_kills_no_actor() {
    in_virtual_time(async {
        let log = Log::new();
        let spec = of_kind("made", &log).restart(Restart::never());
        let world = World::new(spec.layer(Asked(Log::new())));
        for number in [13, 14, 1] {
            world.emit(job(number));
            settle().await;
        }
        assert_eq!(log.numbers(), [14, 1]);
        let counts = world.subscription.counts();
        assert_eq!((counts.panicked, counts.handled), (2, 1));
        assert!(world.subscription.is_active());
        world.is_at_rest().await;
    });
}

/// Counts emissions.
#[derive(Clone, Default)]
struct Emitted(Arc<AtomicI64>);

impl EmissionLayer for Emitted {
    fn before(&self, _: &mut Outgoing<'_>) -> Result<(), Reason> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// A linker that keeps the last job, which is there, and what has failed; its dead
/// letters are asked for by the tests.
fn keeping(last: Option<Job>, layer: &Emitted) -> (Linker, Emitter) {
    let builder = Linker::builder().dead_letters(10);
    let linker = builder.emission_layer(layer.clone()).start().unwrap();
    linker.keep_last(&Selector::event::<Job>()).unwrap();
    let emitter = Emitter::start(&linker, Strategy::current());
    last.into_iter().for_each(|last| drop(emitter.emit(last)));
    (linker, emitter)
}

/// One with a subscription that gets the last value.
fn replaying(last: Job, spec: SubscriptionSpec) -> World {
    let (linker, emitter) = keeping(Some(last), &Emitted::default());
    World {
        subscription: linker.subscribe(spec.replay_last()).unwrap(),
        linker,
        emitter,
    }
}

#[test]
fn a_replay_meets_the_layers_of_deliveries_and_none_of_emissions() {
    in_virtual_time(async {
        let (emitted, asked, log) = (Emitted::default(), Log::new(), Log::new());
        let (linker, _emitter) = keeping(Some(job(1)), &emitted);
        let spec = log.spec().layer(Asked(asked.clone()));
        linker.subscribe(spec.replay_last()).unwrap();
        settle().await;
        assert_eq!((asked.numbers(), log.numbers()), (vec![1], vec![1]));
        assert_eq!(emitted.0.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn what_a_layer_turned_away_meets_it_again_when_it_is_requeued() {
    in_virtual_time(async {
        let (emitted, asked) = (Emitted::default(), Log::new());
        let (linker, emitter) = keeping(None, &emitted);
        let spec = Log::new().spec().layer(Asked(asked.clone()));
        linker.subscribe(spec).unwrap();
        emitter.emit(job(0));
        settle().await;
        let letters = linker.dead_letters();
        assert_eq!(letters.requeue_all(|_| true), 1);
        settle().await;
        assert_eq!((asked.numbers(), letters.len()), (vec![0, 0], 1));
        assert_eq!(emitted.0.load(Ordering::Relaxed), 1, "it was emitted once");
    });
}

#[test]
fn a_replay_takes_the_first_turn_of_a_throttle_that_holds() {
    in_virtual_time(async {
        let log = Log::new();
        let world = replaying(job(1), log.spec().throttle(slow().hold()));
        world.emit(job(2));
        pass(200).await;
        assert_eq!(log.entries(), [(0, 1), (100, 2)]);
        world.is_at_rest().await;
    });
}

#[test]
fn of_several_last_values_the_newest_have_the_room_and_the_shots() {
    in_virtual_time(async {
        let room = |spec: SubscriptionSpec| spec.capacity(2);
        let shots = |spec: SubscriptionSpec| spec.for_at_most(2);
        for limit in [room, shots] {
            let (linker, emitter) = keeping(None, &Emitted::default());
            for (number, topic) in [(1, "jobs.a"), (2, "jobs.b"), (3, "jobs.c")] {
                linker.keep_last(&Selector::topic(topic).unwrap()).unwrap();
                emitter.prepare(job(number)).topic(topic).emit();
            }
            let log = Log::new();
            let noted = log.clone();
            let spec = on_topic::<Job>("jobs.*").call(move |job| noted.note(job.number));
            linker.subscribe(limit(spec).replay_last()).unwrap();
            settle().await;
            assert_eq!(log.numbers(), [2, 3]);
        }
    });
}

#[test]
fn a_replay_makes_room_for_the_latest_of_its_key() {
    in_virtual_time(async {
        let log = Log::new();
        let (linker, emitter) = keeping(None, &Emitted::default());
        emitter.prepare(job(1)).key("a").emit();
        let spec = held(log.spec()).capacity(1).overflow(Overflow::Coalesce);
        let subscription = linker.subscribe(spec.replay_last()).unwrap();
        settle().await;
        assert!(reason(&emitter.prepare(job(2)).key("b").emit()).is_some());
        assert_eq!(reason(&emitter.prepare(job(3)).key("a").emit()), None);
        subscription.resume();
        settle().await;
        assert_eq!((log.numbers(), subscription.counts().dropped), (vec![3], 1));
        let world = World {
            linker,
            subscription,
            emitter,
        };
        world.is_at_rest().await;
    });
}

#[test]
fn an_actor_that_is_made_anew_gets_no_last_value_again() {
    in_virtual_time(async {
        let log = Log::new();
        let made = log.clone();
        let spec = on::<Job>().actor_in(&Arbiter::current(), move || Mortal(made.clone()));
        let world = replaying(job(1), spec.restart(Restart::default()));
        settle().await;
        world.emit(job(3));
        pass(1_000).await;
        world.emit(job(2));
        settle().await;
        assert_eq!(log.numbers(), [1, 2]);
        assert_eq!(world.subscription.counts().panicked, 1);
        world.is_at_rest().await;
    });
}

/// Answers with its number, and fails the first attempts.
fn answers(log: &Log) -> SubscriptionSpec {
    let log = log.clone();
    on::<Job>().call(move |job| log.handle(**job, job.attempt()).map(|()| job.number))
}

async fn ask(world: &World, job: Job, limit: u64) -> Result<u32, Silence> {
    let asked = world.emitter.prepare(job).key("a").request::<u32>();
    let answer = asked.within(ms(limit)).await;
    answer.map_err(|error| error.handlers()[0].why().clone())
}

#[test]
fn a_request_has_the_reply_of_the_attempt_that_went_well_and_waits_for_none_beyond_its_limit() {
    in_virtual_time(async {
        let log = Log::new();
        let world = World::new(answers(&log).retry(every(10)));
        assert_eq!(ask(&world, failing(1, 2), 100).await.ok(), Some(1));
        assert_eq!(log.times(), [0, 10, 20]);
        let asked = Instant::now();
        let silence = ask(&world, failing(2, 2), 15).await;
        assert!(matches!(silence, Err(Silence::Failed(_))), "{silence:?}");
        assert_eq!(asked.elapsed().as_millis(), 10);
        world.is_at_rest().await;
    });
}

#[test]
fn a_request_whose_place_goes_to_a_newer_one_is_told_at_once() {
    in_virtual_time(async {
        let one = |spec: SubscriptionSpec| held(spec).capacity(1);
        let log = Log::new();
        for spec in [
            answers(&log).debounce(quiet()),
            one(answers(&log)).overflow(Overflow::DropOldest),
            one(answers(&log)).overflow(Overflow::Coalesce),
        ] {
            let world = World::new(spec);
            let older = async {
                let silence = ask(&world, job(1), 1_000).await;
                let Err(Silence::Skipped(reason) | Silence::Refused(reason)) = silence else {
                    panic!("{silence:?}");
                };
                assert!(reason.is_skip() || reason.is_drop(), "{reason}");
                world.subscription.resume();
            };
            let newer = async {
                settle().await;
                ask(&world, job(2), 1_000).await.ok()
            };
            let ((), newer) = futures::join!(older, newer);
            assert_eq!(newer, Some(2));
            world.is_at_rest().await;
        }
    });
}

#[test]
fn what_a_request_has_given_up_is_not_handled() {
    in_virtual_time(async {
        let log = Log::new();
        let waits = |spec: SubscriptionSpec| spec.throttle(slow().hold());
        let late = |spec: SubscriptionSpec| spec.debounce(quiet());
        for waits in [held, waits, late] {
            let world = World::new(waits(answers(&log)));
            // The throttle's turn.
            world.emitter.prepare(job(1)).expires_in(ms(5)).emit();
            let silence = ask(&world, job(2), 10).await;
            assert!(silence.is_err(), "{silence:?}");
            pass(200).await;
            world.subscription.resume();
            settle().await;
            assert!(!log.numbers().contains(&2));
            world.is_at_rest().await;
        }
    });
}

#[test]
fn a_request_is_told_what_has_turned_it_away() {
    in_virtual_time(async {
        let log = Log::new();
        let once = |spec: SubscriptionSpec| spec.throttle(slow());
        let wary = |spec: SubscriptionSpec| spec.breaker(wary());
        let full = |spec: SubscriptionSpec| spec.capacity(1).retry(every(50));
        let guarded = |spec: SubscriptionSpec| spec.layer(Asked(Log::new()));
        for turns_away in [SubscriptionSpec::paused, once, wary, full, guarded] {
            let world = World::new(turns_away(answers(&log)));
            world.emit(failing(1, 1));
            settle().await;
            let silence = ask(&world, job(0), 1_000).await;
            assert!(matches!(silence, Err(Silence::Refused(_))), "{silence:?}");
            pass(50).await;
            world.is_at_rest().await;
        }
    });
}

#[test]
fn what_was_dropped_comes_last_when_it_is_requeued() {
    in_virtual_time(async {
        for overflow in [Overflow::DropOldest, Overflow::Coalesce] {
            let log = Log::new();
            let (linker, emitter) = keeping(None, &Emitted::default());
            let spec = held(log.spec()).capacity(2).overflow(overflow);
            let subscription = linker.subscribe(spec).unwrap();
            for (number, key) in [(1, "a"), (2, "b"), (3, "a")] {
                emitter.prepare(job(number)).key(key).emit();
            }
            settle().await;
            subscription.resume();
            settle().await;
            assert_eq!(linker.dead_letters().requeue_all(|_| true), 1);
            settle().await;
            assert_eq!(log.numbers(), [2, 3, 1]);
        }
    });
}

#[test]
fn what_gives_way_to_a_newer_one_of_its_burst_is_no_dead_letter() {
    in_virtual_time(async {
        let (linker, emitter) = keeping(None, &Emitted::default());
        let log = Log::new();
        linker.subscribe(log.spec().debounce(quiet())).unwrap();
        for number in [1, 2] {
            emitter.emit(failing(number, 1));
        }
        pass(100).await;
        let letters = linker.dead_letters();
        assert_eq!((log.entries(), letters.len()), (vec![(100, 2)], 1));
        assert_eq!(letters.requeue_all(|_| true), 1);
        pass(50).await;
        emitter.emit(job(3));
        pass(200).await;
        assert_eq!(log.entries(), [(100, 2), (250, 3)]);
        assert!(letters.is_empty(), "it waited for quiet like any other");
    });
}

/// Batches of two, each written down; what is in them fails the first attempts.
#[derive(Clone, Default)]
struct Batches(Arc<Mutex<Vec<Vec<u32>>>>);

impl Batches {
    fn spec(&self) -> SubscriptionSpec {
        let batches = self.0.clone();
        on::<Job>().batch(2, ms(10)).call_async(move |batch| {
            let numbers = batch.iter().map(|job| job.number).collect();
            batches.lock().unwrap().push(numbers);
            async move {
                for job in batch {
                    take_time(*job).await;
                    job.settle(|job| match job.attempt() > job.failures {
                        true => Ok(job.number),
                        false => Err("it is to fail"),
                    });
                }
            }
        })
    }

    fn take(&self) -> Vec<Vec<u32>> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

#[test]
fn each_of_a_batch_meets_the_layers_when_that_is_handed_over() {
    in_virtual_time(async {
        let (asked, batches) = (Log::new(), Batches::default());
        let world = World::new(batches.spec().layer(Asked(asked.clone())));
        world.emit(job(4));
        settle().await;
        assert_eq!(asked.numbers(), [] as [u32; 0]);
        pass(10).await;
        for number in [0, 8, 0, 0, 12, 13] {
            world.emit(job(number));
        }
        pass(20).await;
        assert_eq!(batches.take(), [vec![4], vec![8], vec![12]]);
        assert_eq!(asked.entries()[0], (10, 4));
        assert_eq!(asked.numbers(), [4, 0, 8, 0, 0, 12, 13]);
        let counts = world.subscription.counts();
        assert_eq!((counts.handled, counts.refused, counts.panicked), (3, 3, 1));
        world.is_at_rest().await;
    });
}

#[test]
fn the_last_value_is_the_first_of_the_first_batch() {
    in_virtual_time(async {
        let batches = Batches::default();
        let world = replaying(job(4), batches.spec());
        world.emit(job(8));
        world.emit(job(12));
        settle().await;
        assert_eq!(batches.take(), [[4, 8]]);
        pass(10).await;
        assert_eq!(batches.take(), [[12]]);
        world.is_at_rest().await;
    });
}

#[test]
fn each_of_a_batch_answers_its_request() {
    in_virtual_time(async {
        let world = World::new(Batches::default().spec());
        let (first, second) = futures::join!(ask(&world, job(4), 100), ask(&world, job(8), 100));
        assert_eq!((first.ok(), second.ok()), (Some(4), Some(8)));
        world.is_at_rest().await;
    });
}

#[test]
fn what_is_requeued_joins_a_batch() {
    in_virtual_time(async {
        let batches = Batches::default();
        let (linker, emitter) = keeping(None, &Emitted::default());
        linker.subscribe(batches.spec()).unwrap();
        emitter.emit(failing(4, 1));
        emitter.emit(job(8));
        settle().await;
        assert_eq!(linker.dead_letters().requeue_all(|_| true), 1);
        settle().await;
        emitter.emit(job(12));
        settle().await;
        assert_eq!(batches.take(), [[4, 8], [4, 12]]);
    });
}

#[test]
fn what_was_collected_is_handed_over_though_a_breaker_has_opened_or_it_is_paused() {
    in_virtual_time(async {
        for pauses in [true, false] {
            let batches = Batches::default();
            let world = World::new(batches.spec().breaker(wary()));
            // Takes 9 milliseconds.
            world.emit(failing(3, u32::from(!pauses)));
            world.emit(job(4));
            pass(5).await;
            world.emit(job(8));
            pass(5).await;
            assert!(!pauses || world.subscription.pause());
            let reason = world.refused(job(12));
            let is_turned_away =
                matches!(reason, Some(Reason::Paused | Reason::BreakerOpen { .. }));
            assert!(is_turned_away, "{reason:?}");
            pass(5).await;
            assert_eq!(batches.take(), [vec![3, 4], vec![8]]);
            pass(10).await;
            world.is_at_rest().await;
        }
    });
}

#[test]
fn what_is_in_a_batch_makes_no_room_for_its_latest() {
    in_virtual_time(async {
        let batches = Batches::default();
        let spec = batches.spec().capacity(3).overflow(Overflow::Coalesce);
        let world = World::new(spec);
        let emit = |number, key| {
            let receipt = world.emitter.prepare(job(number)).key(key).emit();
            reason(&receipt)
        };
        assert_eq!((emit(3, "a"), emit(7, "b")), (None, None));
        settle().await;
        assert_eq!(emit(4, "c"), None);
        assert_eq!(emit(5, "a"), Some(Reason::LaneFull { capacity: 3 }));
        assert_eq!(emit(8, "c"), None, "that one was not collected");
        pass(50).await;
        assert_eq!(batches.take(), [vec![3, 7], vec![8]]);
        assert_eq!(world.subscription.counts().dropped, 1);
        world.is_at_rest().await;
    });
}

/// A world with a stream, which the test reads.
fn streaming(with: impl Fn(SubscriptionSpec) -> SubscriptionSpec) -> (World, Deliveries<Job>) {
    let (spec, stream) = on::<Job>().stream(8);
    (World::new(with(spec)), stream.deliveries())
}

/// What the stream has by now.
fn taken(stream: &mut Deliveries<Job>) -> Option<Delivery<Job>> {
    stream.next().now_or_never().flatten()
}

#[test]
fn a_stream_ends_when_its_time_is_over_with_what_it_has() {
    in_virtual_time(async {
        let (world, mut stream) = streaming(|spec| spec.expires_in(ms(10)));
        world.emit(job(1));
        pass(20).await;
        assert_eq!(stream.next().await.map(|job| job.number), Some(1));
        assert!(stream.next().await.is_none());
        world.is_at_rest().await;
    });
}

#[test]
fn a_stream_yields_again_what_its_consumer_has_failed() {
    in_virtual_time(async {
        let (world, mut stream) = streaming(|spec| spec.retry(every(10)));
        world.emit(job(1));
        settle().await;
        taken(&mut stream).unwrap().fail("not yet");
        pass(5).await;
        assert!(taken(&mut stream).is_none());
        pass(5).await;
        assert_eq!(taken(&mut stream).map(|job| job.attempt()), Some(2));
        world.is_at_rest().await;
    });
}

#[test]
fn a_stream_yields_one_at_a_time_where_one_is_handled_at_a_time() {
    in_virtual_time(async {
        let in_order = SubscriptionSpec::in_order;
        let gives_way = |spec: SubscriptionSpec| spec.overflow(Overflow::DropOldest);
        let gives_way_by_key = |spec: SubscriptionSpec| spec.overflow(Overflow::Coalesce);
        for with in [in_order, gives_way, gives_way_by_key] {
            let (world, mut stream) = streaming(with);
            world.emit(job(1));
            world.emit(job(2));
            settle().await;
            let first = taken(&mut stream);
            settle().await;
            assert_eq!(first.as_ref().map(|job| job.number), Some(1));
            assert!(taken(&mut stream).is_none());
            drop(first);
            settle().await;
            assert_eq!(taken(&mut stream).map(|job| job.number), Some(2));
            world.is_at_rest().await;
        }
    });
}

#[test]
fn layers_see_the_consumer_of_a_stream_let_go() {
    in_virtual_time(async {
        let gate = Gate::default();
        let (world, mut stream) = streaming(|spec| spec.layer(gate.clone()));
        let inside = || gate.inside.load(Ordering::Relaxed);
        world.emit(job(1));
        settle().await;
        assert_eq!(inside(), 1);
        let held = taken(&mut stream);
        assert_eq!(inside(), 1);
        drop(held);
        assert_eq!(inside(), 0);
        world.is_at_rest().await;
    });
}

#[test]
fn what_waits_in_a_stream_has_begun() {
    in_virtual_time(async {
        let asked = Log::new();
        let (world, mut stream) = streaming(|spec| {
            let spec = spec.when_paused(WhenPaused::Hold).for_at_most(2);
            spec.breaker(wary()).layer(Asked(asked.clone()))
        });
        world.emitter.prepare(job(1)).expires_in(ms(5)).emit();
        settle().await;
        assert_eq!(asked.numbers(), [1]);
        world.subscription.pause();
        pass(10).await;
        assert_eq!(taken(&mut stream).map(|job| job.number), Some(1));
        world.subscription.resume();
        world.emit(job(2));
        settle().await;
        assert!(!world.subscription.is_active(), "the shots are spent");
        assert_eq!(taken(&mut stream).map(|job| job.number), Some(2));
        world.is_at_rest().await;
    });
}

/// The options, as the page calls them.
pub(super) const OPTIONS: [&str; 26] = [
    "filter",
    "priority",
    "pause (refuse)",
    "pause (hold)",
    "until",
    "for_at_most",
    "throttle (refuse)",
    "throttle (hold)",
    "debounce",
    "timeout",
    "retry",
    "breaker",
    "capacity",
    "wait",
    "drop oldest",
    "drop newest",
    "coalesce",
    "in_order",
    "restart",
    "weak",
    "deadline",
    "layer",
    "replay_last",
    "request",
    "requeue",
    "batch",
];

/// A subscription under test, by what it is made of.
#[derive(Debug)]
struct Case {
    options: Vec<&'static str>,
    kind: &'static str,
    /// How its emitter runs what it emits.
    way: &'static str,
}

impl Case {
    fn all() -> Vec<Self> {
        let mut cases = Vec::new();
        for (at, first) in OPTIONS.iter().enumerate() {
            for second in &OPTIONS[at + 1..] {
                let pair = [*first, *second];
                let kinds = kinds(&pair).iter();
                cases.extend(kinds.map(|kind| Self {
                    options: pair.to_vec(),
                    kind,
                    way: "current",
                }));
            }
        }
        cases
    }

    fn has(&self, option: &str) -> bool {
        self.options.contains(&option)
    }
}

/// The handlers that a subscription with these options can have.
fn kinds(options: &[&str]) -> &'static [&'static str] {
    let has = |option| options.contains(&option);
    match (has("batch"), has("weak"), has("restart")) {
        (_, true, true) | (true, _, true) => &[],
        (true, true, false) => &["batch actor"],
        (true, false, false) => &["batch sync", "batch async", "batch blocking", "batch actor"],
        (false, true, false) => &["actor"],
        (false, false, true) => &["made", "mortal"],
        (false, false, false) => &["sync", "async", "blocking", "actor", "made", "stream"],
    }
}

fn with(option: &str, spec: SubscriptionSpec, gate: &Gate) -> SubscriptionSpec {
    match option {
        "priority" => spec.priority(3),
        "pause (hold)" => spec.when_paused(WhenPaused::Hold),
        "until" => spec.expires_in(ms(105)),
        "for_at_most" => spec.for_at_most(5),
        "throttle (refuse)" => spec.throttle(Throttle::per(1, ms(15)).burst(2)),
        "throttle (hold)" => spec.throttle(Throttle::per(1, ms(15)).burst(2).hold()),
        "debounce" => spec.debounce(Debounce::quiet(ms(15)).max_wait(ms(35))),
        "timeout" => spec.timeout(ms(5)),
        "retry" => spec.retry(every(7)),
        "breaker" => spec.breaker(Breaker::new().window(2).open_for(ms(30))),
        "capacity" => spec.capacity(2),
        "wait" => spec.capacity(2).overflow(Overflow::Wait(ms(20))),
        "drop oldest" => spec.capacity(2).overflow(Overflow::DropOldest),
        "drop newest" => spec.capacity(2).overflow(Overflow::DropNewest),
        "coalesce" => spec.capacity(2).overflow(Overflow::Coalesce),
        "in_order" => spec.in_order(),
        "restart" => spec.restart(Restart::default().budget(100, ms(1)).jitter(false)),
        "weak" => spec.weak(),
        "layer" => spec.layer(gate.clone()),
        "replay_last" => spec.replay_last(),
        // Of the handler, of what happens, or of the emission.
        "filter" | "pause (refuse)" | "deadline" | "request" | "requeue" | "batch" => spec,
        option => panic!("no option: {option}"),
    }
}

/// A layer that turns some away, panics over others, and counts what is inside.
#[derive(Clone, Default)]
struct Gate {
    inside: Arc<AtomicI64>,
    kept: Arc<()>,
}

impl DeliveryLayer for Gate {
    fn before(&self, delivery: &mut Incoming<'_>) -> Result<(), Reason> {
        let job = delivery.event().downcast_ref::<Job>();
        match job.map_or(0, |job| job.number % 12) {
            5 => return Err(Reason::layer("it is to be refused")),
            8 => return Err(Reason::Duplicate),
            11 if delivery.attempt() == 1 => panic!("it is to panic"),
            _ => {}
        }
        delivery.keep(self.kept.clone());
        self.inside.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn after(&self, delivery: &mut Incoming<'_>, _: &Outcome) {
        assert!(
            delivery.take::<Arc<()>>().is_some(),
            "it finds what it kept"
        );
        self.inside.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Handler<Batch<Job>> for Worker {
    type Result = ();

    fn handle(&mut self, batch: Batch<Job>, _: &mut Context<Self>) {
        for job in batch {
            job.settle(|job| self.0.handle(**job, job.attempt()));
        }
    }
}

/// Dies of some.
struct Mortal(Log);

impl Actor for Mortal {
    type Context = Context<Self>;
}

impl Handler<Delivery<Job>> for Mortal {
    type Result = ();

    fn handle(&mut self, job: Delivery<Job>, _: &mut Context<Self>) {
        assert!(job.number % 8 != 3, "it is to die");
        job.settle(|job| self.0.handle(**job, job.attempt()));
    }
}

/// How long handling it takes.
async fn take_time(job: Job) {
    sleep(ms(u64::from(job.number % 4) * 3)).await;
}

/// What a handler of batches says that answers for all of one.
fn handle_all(log: &Log, batch: &Batch<Job>) -> Result<(), &'static str> {
    let handled = batch.iter().map(|job| log.handle(**job, job.attempt()));
    handled.fold(Ok(()), Result::and)
}

/// A handler of that kind that takes its time with some, with what keeps its actor.
fn subject(case: &Case, log: &Log) -> (SubscriptionSpec, Box<dyn Any>) {
    let log = log.clone();
    let is_filtered = case.has("filter");
    let on = on::<Job>().filter(move |job, _| !is_filtered || job.number % 5 > 0);
    let here = Arbiter::current();
    let spec = match case.kind {
        "sync" => on.call(move |job| log.handle(**job, job.attempt())),
        "async" => on.call_async(move |job| {
            let handled = log.handle(*job, job.attempt());
            async move {
                take_time(*job).await;
                handled
            }
        }),
        "blocking" => on.call_blocking(move |job| log.handle(*job, job.attempt())),
        "made" => on.actor_in(&here, move || Worker(log.clone())),
        "mortal" => on.actor_in(&here, move || Mortal(log.clone())),
        "actor" => {
            let actor = Worker(log).start();
            return (on.actor(actor.clone()), Box::new(actor));
        }
        "stream" => {
            let (spec, stream) = on.stream(3);
            let mut jobs = stream.deliveries();
            actix::spawn(async move {
                while let Some(job) = jobs.next().await {
                    take_time(*job).await;
                    job.settle(|job| log.handle(**job, job.attempt()));
                }
            });
            spec
        }
        kind => {
            let on = on.batch(2, ms(10));
            match kind {
                "batch sync" => on.call(move |batch| handle_all(&log, batch)),
                "batch async" => on.call_async(move |batch| {
                    let log = log.clone();
                    async move {
                        for job in batch {
                            take_time(*job).await;
                            job.settle(|job| log.handle(**job, job.attempt()));
                        }
                    }
                }),
                "batch blocking" => on.call_blocking(move |batch| handle_all(&log, &batch)),
                kind => {
                    assert_eq!(kind, "batch actor");
                    let actor = Worker(log).start();
                    return (on.actor(actor.clone()), Box::new(actor));
                }
            }
        }
    };
    (spec, Box::new(()))
}

/// A world in which there may be a last value, and dead letters are kept.
fn prepared(spec: SubscriptionSpec, case: &Case) -> World {
    let linker = Linker::builder().dead_letters(100).start().unwrap();
    let emitter = Emitter::start(
        &linker,
        match case.way {
            "inline" => Strategy::inline(),
            "in order" => Strategy::current().in_order(),
            "bounded" => Strategy::current().bounded(2, Overflow::DropOldest),
            _ => Strategy::current(),
        },
    );
    if case.has("replay_last") {
        linker.keep_last(&Selector::event::<Job>()).unwrap();
        let last = emitter.prepare(failing(101, 1));
        match case.has("deadline") {
            true => last.expires_in(ms(9)).emit(),
            false => last.emit(),
        };
    }
    World {
        subscription: linker.subscribe(spec).unwrap(),
        linker,
        emitter,
    }
}

/// The ledger adds up, nothing is in flight, a drain is done, and all that the
/// subscription was made of is free: no timer, no task, no lane has kept it.
async fn nothing_is_lost_or_left(case: &Case) {
    let about = format!("{case:?}");
    let (log, guard, gate) = (Log::new(), Arc::new(()), Gate::default());
    let (spec, keeper) = subject(case, &log);
    let kept = guard.clone();
    let spec = spec.on_failure(move |_| drop(kept.clone()));
    let options = case.options.iter();
    let spec = options.fold(spec, |spec, option| with(option, spec, &gate));
    let world = prepared(spec, case);
    let emitter = world.emitter.clone();
    for number in 0..24_u32 {
        let failures = [0, 0, 1, 9][number as usize % 4];
        let emitter = emitter.clone();
        let is_hasty = case.has("deadline") && number % 2 == 0;
        let is_asked = case.has("request");
        let emitting = async move {
            let mut emission = emitter.prepare(failing(number, failures));
            if number % 3 > 0 {
                emission = emission.key(["a", "b"][number as usize % 2]);
            }
            if is_hasty {
                emission = emission.expires_in(ms(9));
            }
            if number % 6 == 5 {
                // One that waits for room, and goes away.
                drop(emission.emit_when_ready().now_or_never());
            } else if is_asked {
                let limit = ms(u64::from(number % 5) * 4 + 1);
                drop(emission.request::<u32>().within(limit).await);
            } else {
                emission.emit();
            }
        };
        // Only a request takes time.
        let mut emitting = Box::pin(emitting);
        if emitting.as_mut().now_or_never().is_none() {
            actix::spawn(emitting);
        }
        if case
            .options
            .iter()
            .any(|option| option.starts_with("pause"))
        {
            match number {
                8 => assert!(world.subscription.pause() || !world.subscription.is_active()),
                16 => assert!(world.subscription.resume() || !world.subscription.is_active()),
                _ => {}
            }
        }
        if case.has("requeue") && number % 5 == 4 {
            world.linker.dead_letters().requeue_all(|_| true);
        }
        pass(u64::from(number % 3) * 6).await;
    }
    drop(emitter);
    let left = world.linker.drain(ms(10_000)).await;
    // The clock of a test does not know how long other threads take.
    assert!(
        left.is_complete() || case.kind.contains("blocking"),
        "{about}: {left:?}"
    );
    pass(10_000).await;
    let counts = world.subscription.counts();
    assert_eq!(
        (counts.in_flight(), counts.ended()),
        (0, counts.matched),
        "{about}: {counts:?}"
    );
    let is_pair = case.options.len() == 2;
    assert!(counts.handled > 0 || !is_pair, "{about}: {counts:?}");
    assert_eq!(gate.inside.load(Ordering::Relaxed), 0, "{about}");
    world.is_at_rest().await;
    // Of many options the others may let through less than ends it.
    let may_end = case.has("until") || case.has("for_at_most");
    let has_ended = !world.subscription.is_active();
    assert!(may_end || !has_ended, "{about}");
    assert!(has_ended || !may_end || !is_pair, "{about}");
    drop((world, keeper));
    pass(1).await;
    assert_eq!(Arc::strong_count(&guard), 1, "{about}: something is left");
    assert_eq!(Arc::strong_count(&gate.kept), 1, "{about}: a layer is left");
}

#[test]
fn of_no_two_options_is_anything_lost_or_left() {
    let cases = Case::all();
    // Each thread has a clock of its own.
    std::thread::scope(|threads| {
        for share in cases.chunks(cases.len().div_ceil(4)) {
            threads.spawn(move || {
                in_virtual_time(async move {
                    for case in share {
                        nothing_is_lost_or_left(case).await;
                    }
                });
            });
        }
    });
}

/// Any three to six options, with any handler that can have them, in any way to run that
/// has the clock of the test.
fn many() -> impl proptest::strategy::Strategy<Value = Case> {
    let options = subsequence(OPTIONS.to_vec(), 3..=6);
    let way = select(vec!["current", "inline", "in order", "bounded"]);
    (options, any::<Index>(), way).prop_filter_map("no handler", |(options, at, way)| {
        let kinds = kinds(&options);
        let kind = (!kinds.is_empty()).then(|| kinds[at.index(kinds.len())])?;
        Some(Case { options, kind, way })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn of_many_options_nothing_is_lost_or_left(case in many()) {
        in_virtual_time(nothing_is_lost_or_left(&case));
    }
}
