//! `breaker`, and [`Breaker`].

use futures::channel::oneshot;
use ventix::{Breaker, BreakerChanged, BreakerState, Throttle};

use super::*;

/// Opens at two of four, for 100 milliseconds.
fn breaker() -> Breaker {
    Breaker::new().window(4).min_calls(2).open_for(ms(100))
}

fn open(retry_in: u64) -> Option<Reason> {
    Some(Reason::BreakerOpen {
        retry_in: ms(retry_in),
    })
}

fn watched(world: &World) -> Arc<Mutex<Vec<(BreakerState, BreakerState, f64)>>> {
    let changes = Arc::<Mutex<Vec<_>>>::default();
    let seen = changes.clone();
    let changed = on::<BreakerChanged>().call(move |it| {
        let change = (it.from(), it.to(), it.failure_rate());
        seen.lock().unwrap().push(change);
    });
    world.linker.subscribe(changed).unwrap();
    changes
}

#[test]
fn it_opens_closes_after_a_probe_and_says_so() {
    in_virtual_time(async {
        for kind in KINDS {
            let world = World::new(of_kind(kind, &Log::new()).breaker(breaker()));
            let changes = watched(&world);
            assert!(goes_well(&world, job(1)).await);
            assert!(!goes_well(&world, failing(2, 9)).await);
            assert_eq!(world.refused(job(3)), open(100), "{kind}");
            sleep(ms(99)).await;
            assert_eq!(world.refused(job(3)), open(1));
            sleep(ms(1)).await;
            assert!(goes_well(&world, job(4)).await);
            assert!(goes_well(&world, job(5)).await);
            settle().await;
            use BreakerState::{Closed, HalfOpen, Open};
            let changes = changes.lock().unwrap().clone();
            let expected = [
                (Closed, Open, 0.5),
                (Open, HalfOpen, 0.5),
                (HalfOpen, Closed, 0.0),
            ];
            assert_eq!(changes, expected, "{kind}");
            world.is_at_rest().await;
        }
    });
}

#[test]
fn a_probe_that_fails_opens_it_again_and_closed_it_counts_anew() {
    in_virtual_time(async {
        let world = World::new(Log::new().spec().breaker(breaker().probes(2)));
        for number in [1, 2] {
            goes_well(&world, failing(number, 9)).await;
        }
        sleep(ms(100)).await;
        assert!(goes_well(&world, job(3)).await);
        assert!(!goes_well(&world, failing(4, 9)).await);
        assert_eq!(world.refused(job(5)), open(100));
        sleep(ms(100)).await;
        assert!(goes_well(&world, job(6)).await && goes_well(&world, job(7)).await);
        // What failed before it closed is forgotten: one of one has, and two must have ended.
        assert!(!goes_well(&world, failing(8, 9)).await);
        assert!(goes_well(&world, job(9)).await);
        assert_eq!(world.refused(job(10)), open(100), "one of two");
        world.is_at_rest().await;
    });
}

#[test]
fn half_open_it_lets_so_many_through_and_others_in_their_place_when_they_do_not_end() {
    in_virtual_time(async {
        let (tell, gate) = oneshot::channel::<()>();
        let gate = Arc::new(Mutex::new(Some(gate)));
        let spec = on::<Job>().call_async(move |job| {
            let gate = gate.lock().unwrap().take_if(|_| job.number == 3);
            async move {
                if let Some(gate) = gate {
                    gate.await.unwrap();
                }
                if job.failures > 0 {
                    Err("it is to fail")
                } else {
                    Ok(())
                }
            }
        });
        let world = World::new(spec.breaker(breaker()));
        for number in [1, 2] {
            goes_well(&world, failing(number, 9)).await;
        }
        sleep(ms(100)).await;
        assert_eq!(world.refused(job(3)), None, "the probe");
        sleep(ms(40)).await;
        assert_eq!(world.refused(job(4)), open(60));
        sleep(ms(60)).await;
        assert!(goes_well(&world, job(5)).await, "one more in its place");
        // It ends in a state that is not the one it was let through in.
        tell.send(()).unwrap();
        settle().await;
        assert!(goes_well(&world, job(6)).await);
        world.is_at_rest().await;
    });
}

/// A place that is never used is another one's.
#[test]
fn a_probe_that_never_ran_gives_its_place_back() {
    in_virtual_time(async {
        let spec = Log::new().spec().breaker(breaker()).in_order();
        let world = World::new(spec.when_paused(ventix::WhenPaused::Hold));
        for number in [1, 2] {
            goes_well(&world, failing(number, 9)).await;
        }
        sleep(ms(100)).await;
        world.subscription.pause();
        assert!(
            world
                .emitter
                .prepare(job(3))
                .expires_in(ms(5))
                .emit()
                .is_complete()
        );
        assert_eq!(world.refused(job(4)), open(100));
        sleep(ms(10)).await;
        world.subscription.resume();
        settle().await;
        assert_eq!(
            world.subscription.counts().refused,
            2,
            "the probe has expired"
        );
        assert_eq!(world.refused(job(5)), None);
        settle().await;
        world.is_at_rest().await;
    });
}

#[test]
fn what_panics_or_takes_too_long_counts_and_what_is_turned_away_does_not() {
    in_virtual_time(async {
        let spec = on::<Job>().call_async(|job| async move {
            assert!(job.number != 1, "it is to panic");
            if job.number == 2 {
                sleep(ms(1_000)).await;
            }
        });
        let world = World::new(spec.timeout(ms(5)).breaker(breaker()));
        for number in [1, 2] {
            assert!(!goes_well(&world, job(number)).await);
        }
        assert_eq!(world.refused(job(3)), open(100));

        let spec = Log::new().spec().throttle(Throttle::per(1, ms(10)));
        let world = World::new(spec.breaker(breaker()));
        assert!(!goes_well(&world, failing(1, 9)).await);
        for _ in 0..9 {
            assert!(matches!(
                world.refused(job(2)),
                Some(Reason::Throttled { .. })
            ));
        }
        sleep(ms(10)).await;
        assert!(!matches!(
            world.refused(failing(3, 9)),
            Some(Reason::BreakerOpen { .. })
        ));
    });
}

#[test]
fn settings_that_cannot_be_followed_are_errors_of_subscribing() {
    in_virtual_time(async {
        let linker = Linker::start();
        for breaker in [
            breaker().window(0),
            breaker().min_calls(0),
            breaker().min_calls(5),
            breaker().failure_rate(0.0),
            breaker().failure_rate(1.1),
            breaker().open_for(ms(0)),
            breaker().probes(0),
        ] {
            assert!(
                linker
                    .subscribe(Log::new().spec().breaker(breaker))
                    .is_err()
            );
        }
    });
}
