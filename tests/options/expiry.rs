//! `until`, `expires_in`, `for_at_most` and `once`.

use ventix::{Overflow, SubscribeError, WhenPaused};

use super::*;

#[test]
fn from_that_moment_on_nothing_is_delivered_and_it_is_unlinked() {
    in_virtual_time(async {
        let log = Log::new();
        let world = World::with(log.spec().expires_in(ms(10)), Strategy::inline());
        sleep(ms(9)).await;
        assert!(world.emit(job(1)).is_complete());
        sleep(ms(1)).await;
        // Its end has come, whether or not it is unlinked by now.
        assert_eq!(world.emit(job(2)).accepted(), 0);
        settle().await;
        assert!(!world.subscription.is_active() && world.emit(job(3)).is_unheard());
        assert_eq!(log.numbers(), [1]);
        world.is_at_rest().await;
    });
}

/// Before the linker's arbiter has come to unlink it.
#[test]
fn what_comes_before_it_is_unlinked_is_skipped_as_over() {
    in_virtual_time(async {
        let world = World::with(Log::new().spec().until(Instant::now()), Strategy::inline());
        assert_eq!(world.refused(job(1)), Some(Reason::Over));
        assert_eq!(world.subscription.counts().skipped, 1);
    });
}

#[test]
fn what_was_accepted_is_handled() {
    in_virtual_time(async {
        let log = Log::new();
        let done = log.clone();
        let spec = on::<Job>().call_async(move |job| {
            let done = done.clone();
            async move {
                sleep(ms(20)).await;
                done.note(job.number);
            }
        });
        let world = World::new(spec.in_order().expires_in(ms(10)));
        world.emit(job(1));
        world.emit(job(2));
        pass(50).await;
        assert_eq!(log.entries(), [(20, 1), (40, 2)]);
        world.is_at_rest().await;
    });
}

#[test]
fn what_waited_for_room_until_then_is_turned_away() {
    in_virtual_time(async {
        for (paused, why) in [(false, Reason::Over), (true, Reason::Paused)] {
            let spec = on::<Job>().call_async(|_| sleep(ms(20)));
            let spec = spec.capacity(1).overflow(Overflow::Wait(ms(100)));
            let world = World::new(if paused {
                spec
            } else {
                spec.expires_in(ms(10))
            });
            world.emit(job(1));
            let waiting = world.emitter.emit_when_ready(job(2));
            let pausing = async {
                sleep(ms(15)).await;
                paused.then(|| world.subscription.pause());
            };
            let (receipt, ()) = futures::join!(waiting, pausing);
            assert_eq!(reason(&receipt), Some(why));
            settle().await;
            world.is_at_rest().await;
        }
    });
}

#[test]
fn a_time_that_the_clock_does_not_reach_never_comes() {
    in_virtual_time(async {
        let world = World::new(Log::new().spec().expires_in(Duration::MAX));
        pass(10).await;
        assert!(world.subscription.is_active());
    });
}

/// The timer is not left behind, nor what it would unlink.
#[test]
fn one_that_has_ended_before_is_freed_at_once() {
    in_virtual_time(async {
        let guard = Arc::new(());
        let kept = guard.clone();
        let spec = on::<Job>().call(move |_| drop(kept.clone()));
        let world = World::new(spec.expires_in(ms(3_600_000)));
        assert!(world.subscription.unsubscribe());
        settle().await;
        assert_eq!(Arc::strong_count(&guard), 1);
        drop(world);
        settle().await;
        let before = Instant::now();
        sleep(ms(1)).await;
        assert_eq!(before.elapsed(), ms(1));
    });
}

#[test]
fn it_fires_so_often_at_most_and_is_unlinked_then() {
    in_virtual_time(async {
        for kind in KINDS {
            let log = Log::new();
            let world = World::new(of_kind(kind, &log).for_at_most(3));
            let accepted = (0..10).map(|number| world.emit(job(number)).accepted());
            assert_eq!(accepted.sum::<usize>(), 3, "{kind}");
            until_ended(&world, 10).await;
            assert!(!world.subscription.is_active());
            world.is_at_rest().await;
            assert_eq!(log.numbers().len(), 3);
        }
    });
}

#[test]
fn it_is_spent_across_all_selectors_emitters_and_threads() {
    in_virtual_time(async {
        let log = Log::new();
        let bytes = log.clone();
        let spec = log.spec().and(on::<u8>().call(move |_| bytes.note(0)));
        let linker = Linker::start();
        let subscription = linker.subscribe(spec.for_at_most(50)).unwrap();
        let threads = [0, 1, 2, 3].map(|number| {
            let emitter = Emitter::start(&linker, Strategy::inline());
            std::thread::spawn(move || {
                for n in 0..100_u8 {
                    if n % 2 == 0 {
                        emitter.emit(n)
                    } else {
                        emitter.emit(job(number))
                    };
                }
            })
        });
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(log.numbers().len(), 50);
        assert_eq!(subscription.counts().handled, 50);
    });
}

#[test]
fn a_refused_one_and_one_that_expired_unrun_spend_nothing() {
    in_virtual_time(async {
        let log = Log::new();
        let spec = log.spec().once().when_paused(WhenPaused::Hold).capacity(1);
        let world = World::new(spec.paused());
        world.emitter.prepare(job(1)).expires_in(ms(5)).emit();
        assert_eq!(world.refused(job(2)), Some(Reason::Spent), "it is claimed");
        pass(10).await;
        world.subscription.resume();
        settle().await;
        assert!(world.subscription.is_active());
        assert_eq!(world.refused(job(3)), None);
        settle().await;
        assert_eq!(
            (log.numbers(), world.subscription.is_active()),
            (vec![3], false)
        );
        world.is_at_rest().await;
    });
}

#[test]
fn never_is_no_number_of_times() {
    in_virtual_time(async {
        let none = Linker::start().subscribe(Log::new().spec().for_at_most(0));
        assert_eq!(none.unwrap_err(), SubscribeError::ZeroShots);
    });
}
