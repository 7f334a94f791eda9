//! `debounce`, and [`Debounce`].

use futures::FutureExt;
use ventix::{Breaker, Debounce, Outcome, Overflow, WhenPaused};

use super::*;

fn quiet(time: u64) -> Debounce {
    Debounce::quiet(ms(time))
}

#[test]
fn the_last_of_a_burst_is_delivered_when_nothing_newer_has_come_for_a_while() {
    in_virtual_time(async {
        for kind in KINDS {
            let log = Log::new();
            let world = World::new(of_kind(kind, &log).debounce(quiet(100)));
            for number in 0..5 {
                assert!(world.emit(job(number)).is_complete());
                sleep(ms(50)).await;
            }
            pass(1_000).await;
            world.is_at_rest().await;
            assert_eq!(log.entries(), [(300, 4)], "{kind}");
            assert_eq!(world.subscription.counts().skipped, 4);
        }
    });
}

#[test]
fn what_belongs_together_is_of_one_type_topic_and_key() {
    in_virtual_time(async {
        let log = Log::new();
        let note = log.clone();
        let spec = on::<Job>()
            .or_topic("a")
            .or_topic("b")
            .call(move |job| note.note(job.number));
        let world = World::with(spec.debounce(quiet(100)), Strategy::inline());
        let emit = |number, topic: Option<&'static str>, key: Option<&'static str>| {
            let mut emission = world.emitter.prepare(job(number));
            if let Some(topic) = topic {
                emission = emission.topic(topic);
            }
            if let Some(key) = key {
                emission = emission.key(key);
            }
            assert!(emission.emit().is_complete());
        };
        for round in [0, 10] {
            emit(round, None, None);
            emit(round + 1, Some("a"), None);
            emit(round + 2, Some("b"), None);
            emit(round + 3, Some("a"), Some("k"));
            emit(round + 4, None, Some("k"));
        }
        pass(200).await;
        assert_eq!(log.numbers(), [10, 11, 12, 13, 14]);
        world.is_at_rest().await;
    });
}

#[test]
fn the_older_one_ends_as_skipped_and_the_one_that_waits_for_it_hears_of_it() {
    in_virtual_time(async {
        let world = World::new(Log::new().spec().debounce(quiet(100)));
        let mut first = Box::pin(world.emitter.emit_and_wait(job(1)));
        assert!(first.as_mut().now_or_never().is_none());
        settle().await;
        let second = world.emitter.emit_and_wait(job(2));
        let (first, second) = futures::join!(first, second);
        let debounced = Outcome::Skipped(Reason::Debounced);
        assert_eq!(
            format!("{:?}", first.outcomes().next().unwrap()),
            format!("{debounced:?}")
        );
        assert!(first.all_handled() && second.all_handled());
        world.is_at_rest().await;
    });
}

#[test]
fn a_newer_one_takes_over_the_place_the_shot_and_the_probe() {
    in_virtual_time(async {
        let log = Log::new();
        let spec = log.spec().debounce(quiet(100)).capacity(1).once();
        let breaker = Breaker::new().window(1).open_for(ms(1_000));
        let world = World::new(spec.breaker(breaker));
        for number in 0..3 {
            assert_eq!(world.refused(job(number)), None);
            sleep(ms(10)).await;
        }
        let other = world.emitter.prepare(job(9)).key("other").emit();
        assert_eq!(reason(&other), Some(Reason::Spent));
        pass(100).await;
        assert_eq!(
            (log.numbers(), world.subscription.is_active()),
            (vec![2], false)
        );
        world.is_at_rest().await;
    });
}

#[test]
fn a_burst_that_does_not_end_is_interrupted_after_ten_quiet_times() {
    in_virtual_time(async {
        for (debounce, first) in [(quiet(10), 100), (quiet(10).max_wait(ms(30)), 30)] {
            let log = Log::new();
            let world = World::new(log.spec().debounce(debounce));
            for number in 0..25 {
                world.emit(job(number));
                sleep(ms(5)).await;
            }
            settle().await;
            assert_eq!(log.times()[0], first);
            pass(100).await;
            world.is_at_rest().await;
        }
    });
}

#[test]
fn a_drain_delivers_at_once() {
    in_virtual_time(async {
        for emitters in [false, true] {
            let log = Log::new();
            let world = World::new(log.spec().debounce(quiet(60_000)));
            world.emit(job(1));
            world.emitter.prepare(job(2)).key("other").emit();
            settle().await;
            let drained = if emitters {
                world.emitter.drain(ms(1)).await
            } else {
                world.linker.drain(ms(1)).await
            };
            assert!(drained.is_complete());
            assert_eq!(log.entries(), [(0, 1), (0, 2)]);
        }
    });
}

/// What has not been run yet when the drain begins does not begin to wait.
#[test]
fn a_drain_delivers_at_once_what_is_on_its_way() {
    in_virtual_time(async {
        let log = Log::new();
        let world = World::new(log.spec().debounce(quiet(60_000)));
        world.emit(job(1));
        assert!(world.linker.drain(ms(1)).await.is_complete());
        assert_eq!(log.entries(), [(0, 1)]);
    });
}

#[test]
fn when_its_subscription_ends_what_waits_is_delivered_at_once() {
    in_virtual_time(async {
        let log = Log::new();
        let world = World::new(log.spec().debounce(quiet(100)));
        world.emit(job(1));
        settle().await;
        world.subscription.unsubscribe();
        pass(100).await;
        assert_eq!(log.entries(), [(0, 1)]);
        world.is_at_rest().await;
    });
}

#[test]
fn while_it_is_paused_newer_ones_take_the_place_of_what_is_held() {
    in_virtual_time(async {
        let log = Log::new();
        let spec = log.spec().debounce(quiet(10)).when_paused(WhenPaused::Hold);
        let world = World::new(spec.paused());
        for number in 0..3 {
            world.emit(job(number));
            pass(50).await;
        }
        world.subscription.resume();
        settle().await;
        assert_eq!(log.numbers(), [2]);
        world.is_at_rest().await;
    });
}

/// Two that waited for room do not become two that wait for quiet.
#[test]
fn what_waited_for_room_takes_the_place_of_what_waits_by_then() {
    in_virtual_time(async {
        let log = Log::new();
        let busy = log.clone();
        let spec = on::<Job>().call_async(move |job| {
            busy.note(job.number);
            async move { sleep(ms(50)).await }
        });
        let spec = spec
            .debounce(quiet(10))
            .capacity(2)
            .overflow(Overflow::Wait(ms(1_000)));
        let world = World::new(spec);
        for (number, key) in [(0, "a"), (1, "b")] {
            world.emitter.prepare(job(number)).key(key).emit();
        }
        pass(10).await;
        assert_eq!(log.numbers(), [0, 1]);
        let (second, third) = futures::join!(
            world.emitter.emit_when_ready(job(2)),
            world.emitter.emit_when_ready(job(3)),
        );
        assert!(second.is_complete() && third.is_complete());
        pass(200).await;
        assert_eq!(log.numbers(), [0, 1, 3]);
        assert_eq!(world.subscription.counts().skipped, 1);
        world.is_at_rest().await;
    });
}

#[test]
fn ever_so_many_keys_wait_side_by_side() {
    in_virtual_time(async {
        const NUMBER: u32 = 20_000;
        let log = Log::new();
        let spec = log
            .spec()
            .debounce(quiet(3_600_000))
            .capacity(NUMBER as usize);
        let world = World::with(spec, Strategy::inline());
        for number in (0..NUMBER).chain(0..NUMBER) {
            let emission = world.emitter.prepare(job(number)).key(number.to_string());
            assert!(emission.emit().is_complete());
        }
        assert!(world.linker.drain(ms(1)).await.is_complete());
        assert_eq!(log.numbers(), (0..NUMBER).collect::<Vec<_>>());
    });
}

#[test]
fn settings_that_cannot_be_followed_are_errors_of_subscribing() {
    in_virtual_time(async {
        let linker = Linker::start();
        for debounce in [quiet(0), quiet(10).max_wait(ms(9))] {
            assert!(
                linker
                    .subscribe(Log::new().spec().debounce(debounce))
                    .is_err()
            );
        }
    });
}
