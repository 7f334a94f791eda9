//! `throttle`, and [`Throttle`].

use ventix::{Overflow, Throttle};

use super::*;

#[test]
fn an_idle_subscription_takes_a_burst_and_then_comes_its_allowance_back_evenly() {
    in_virtual_time(async {
        let log = Log::new();
        let throttle = Throttle::per(10, ms(1_000));
        let world = World::with(log.spec().throttle(throttle), Strategy::inline());
        for number in 0..1_000 {
            world.emit(job(number));
            sleep(ms(1)).await;
        }
        let times = log.times();
        let burst = (0..10).collect::<Vec<_>>();
        let then = (1..10).map(|n| n * 100).collect::<Vec<_>>();
        assert_eq!((&times[..10], &times[10..]), (&burst[..], &then[..]));
        assert_eq!(times.len(), 19, "burst + number - 1 within a second");
    });
}

#[test]
fn what_comes_too_fast_is_refused_and_told_when_it_may_come() {
    in_virtual_time(async {
        let spec = Log::new().spec().throttle(Throttle::per(1, ms(100)));
        let world = World::with(spec, Strategy::inline());
        assert_eq!(world.refused(job(1)), None);
        sleep(ms(30)).await;
        let retry_in = ms(70);
        assert_eq!(world.refused(job(2)), Some(Reason::Throttled { retry_in }));
        sleep(retry_in).await;
        assert_eq!(world.refused(job(3)), None);
        assert_eq!(world.subscription.counts().refused, 1);
        world.is_at_rest().await;
    });
}

#[test]
fn a_burst_of_one_keeps_deliveries_apart() {
    in_virtual_time(async {
        for kind in KINDS {
            let log = Log::new();
            let apart = Throttle::per(10, ms(1_000)).burst(1).hold();
            let world = World::new(of_kind(kind, &log).throttle(apart));
            for number in 0..5 {
                assert!(world.emit(job(number)).is_complete());
            }
            pass(1_000).await;
            world.is_at_rest().await;
            assert_eq!(
                log.entries(),
                [(0, 0), (100, 1), (200, 2), (300, 3), (400, 4)],
                "{kind}"
            );
        }
    });
}

#[test]
fn with_hold_it_waits_as_far_as_there_is_room() {
    in_virtual_time(async {
        let log = Log::new();
        let spec = log
            .spec()
            .throttle(Throttle::per(1, ms(100)).hold())
            .capacity(2);
        let world = World::new(spec);
        assert!(goes_well(&world, job(1)).await);
        assert_eq!((world.refused(job(2)), world.refused(job(3))), (None, None));
        let full = Reason::LaneFull { capacity: 2 };
        assert_eq!(world.refused(job(4)), Some(full));
        pass(250).await;
        assert_eq!(log.entries(), [(0, 1), (100, 2), (200, 3)]);
        world.is_at_rest().await;
    });
}

#[test]
fn what_waits_meets_the_overflow_policy() {
    in_virtual_time(async {
        let log = Log::new();
        let spec = log
            .spec()
            .throttle(Throttle::per(1, ms(100)).hold())
            .capacity(2);
        let world = World::new(spec.overflow(Overflow::DropOldest));
        assert!(goes_well(&world, job(1)).await);
        for number in 2..=5 {
            assert_eq!(world.refused(job(number)), None);
        }
        pass(250).await;
        assert_eq!(log.entries(), [(0, 1), (100, 4), (200, 5)]);
        assert_eq!(world.subscription.counts().dropped, 2);
        world.is_at_rest().await;
    });
}

#[test]
fn what_expires_before_its_turn_is_refused_and_takes_a_turn() {
    in_virtual_time(async {
        let log = Log::new();
        let world = World::new(log.spec().throttle(Throttle::per(1, ms(100)).hold()));
        world.emit(job(1));
        world.emitter.prepare(job(2)).expires_in(ms(50)).emit();
        world.emit(job(3));
        pass(300).await;
        assert_eq!(log.entries(), [(0, 1), (200, 3)]);
        world.is_at_rest().await;
    });
}

#[test]
fn a_drain_waits_for_what_is_held() {
    in_virtual_time(async {
        let log = Log::new();
        let world = World::new(log.spec().throttle(Throttle::per(1, ms(100)).hold()));
        for number in 0..3 {
            world.emit(job(number));
        }
        assert!(world.linker.drain(ms(1_000)).await.is_complete());
        assert_eq!(log.times(), [0, 100, 200]);
    });
}

#[test]
fn settings_that_cannot_be_followed_are_errors_of_subscribing() {
    in_virtual_time(async {
        let linker = Linker::start();
        for throttle in [
            Throttle::per_second(0),
            Throttle::per(1, ms(0)),
            Throttle::per_second(1).burst(0),
        ] {
            assert!(
                linker
                    .subscribe(Log::new().spec().throttle(throttle))
                    .is_err()
            );
        }
    });
}
