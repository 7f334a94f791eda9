//! [`Subscription::pause`], [`Subscription::resume`], `paused` and `when_paused`.

use std::sync::atomic::{AtomicBool, Ordering};

use ventix::{DeadLetter, Overflow, WhenPaused};

use super::*;

fn holding(log: &Log) -> SubscriptionSpec {
    log.spec().when_paused(WhenPaused::Hold)
}

#[test]
fn by_default_what_is_emitted_meanwhile_is_refused_and_is_a_dead_letter() {
    in_virtual_time(async {
        let (log, dead) = (Log::new(), Log::new());
        let world = World::new(log.spec());
        let heard = dead.clone();
        let letters = on::<DeadLetter>().call(move |_| heard.note(0));
        world.linker.subscribe(letters).unwrap();
        world.emit(job(1));
        assert!(world.subscription.pause());
        assert_eq!(world.refused(job(2)), Some(Reason::Paused));
        assert!(world.subscription.resume());
        world.emit(job(3));
        settle().await;
        assert_eq!(log.numbers(), [1, 3]);
        assert_eq!(dead.numbers().len(), 1);
        assert_eq!(world.subscription.counts().refused, 1);
        world.is_at_rest().await;
    });
}

#[test]
fn pause_and_resume_say_whether_they_changed_anything() {
    in_virtual_time(async {
        for spec in [Log::new().spec(), holding(&Log::new())] {
            let world = World::new(spec.paused());
            assert!(!world.subscription.pause());
            assert!(world.subscription.resume() && !world.subscription.resume());
            assert!(world.linker.pause(world.subscription.id()));
            assert!(world.linker.resume(world.subscription.id()));
            world.subscription.unsubscribe();
            assert!(!world.subscription.pause() && !world.subscription.resume());
        }
    });
}

#[test]
fn what_its_handler_has_begun_goes_on() {
    in_virtual_time(async {
        for when in [WhenPaused::Refuse, WhenPaused::Hold] {
            let log = Log::new();
            let done = log.clone();
            let spec = on::<Job>().call_async(move |job| {
                let done = done.clone();
                async move {
                    sleep(ms(10)).await;
                    done.note(job.number);
                }
            });
            let world = World::new(spec.when_paused(when));
            world.emit(job(1));
            settle().await;
            world.subscription.pause();
            pass(10).await;
            assert_eq!(log.numbers(), [1]);
        }
    });
}

#[test]
fn what_was_held_comes_before_what_is_new_for_every_kind_of_handler() {
    in_virtual_time(async {
        for kind in KINDS {
            let log = Log::new();
            // Blocking callbacks run side by side unless they are asked not to.
            let spec = of_kind(kind, &log).when_paused(WhenPaused::Hold);
            let spec = if kind == "blocking" {
                spec.in_order()
            } else {
                spec
            };
            let world = World::with(spec, Strategy::inline());
            world.subscription.pause();
            for number in 0..10 {
                assert!(world.emit(job(number)).is_complete());
            }
            settle().await;
            assert_eq!(log.numbers(), [] as [u32; 0], "{kind}");
            assert_eq!(world.subscription.counts().in_flight(), 10);
            world.subscription.resume();
            for number in 10..20 {
                world.emit(job(number));
                yield_now().await;
            }
            until_ended(&world, 20).await;
            assert_eq!(log.numbers(), (0..20).collect::<Vec<_>>(), "{kind}");
            world.is_at_rest().await;
        }
    });
}

#[test]
fn it_holds_as_much_as_there_is_room_for() {
    in_virtual_time(async {
        let log = Log::new();
        let world = World::new(holding(&log).capacity(2).paused());
        assert_eq!((world.refused(job(1)), world.refused(job(2))), (None, None));
        let full = Reason::LaneFull { capacity: 2 };
        assert_eq!(world.refused(job(3)), Some(full));
        world.subscription.resume();
        settle().await;
        assert_eq!(log.numbers(), [1, 2]);
        world.is_at_rest().await;
    });
}

#[test]
fn what_finds_no_room_meets_the_overflow_policy() {
    in_virtual_time(async {
        for (overflow, handled) in [
            (Overflow::DropOldest, [2, 3]),
            (Overflow::DropNewest, [1, 2]),
        ] {
            let log = Log::new();
            let world = World::new(holding(&log).capacity(2).overflow(overflow).paused());
            for number in 1..=3 {
                world.emit(job(number));
            }
            settle().await;
            world.subscription.resume();
            settle().await;
            assert_eq!(log.numbers(), handled);
            assert_eq!(world.subscription.counts().dropped, 1);
            world.is_at_rest().await;
        }
    });
}

#[test]
fn what_expires_while_it_is_held_is_refused_when_it_is_resumed() {
    in_virtual_time(async {
        let log = Log::new();
        let world = World::new(holding(&log).once().paused());
        world.emitter.prepare(job(1)).expires_in(ms(10)).emit();
        pass(20).await;
        world.subscription.resume();
        settle().await;
        assert_eq!(world.subscription.counts().refused, 1);
        assert_eq!(world.refused(job(2)), None, "the shot is free again");
        settle().await;
        assert_eq!(log.numbers(), [2]);
        world.is_at_rest().await;
    });
}

/// Nobody could resume it any more.
#[test]
fn what_is_held_is_delivered_when_the_subscription_ends() {
    in_virtual_time(async {
        let hour = Instant::now() + ms(3_600_000);
        type End = fn(&World);
        let ends: [End; 4] = [
            |world| assert!(world.subscription.unsubscribe()),
            |world| assert_eq!(world.linker.clear(), 1),
            |world| assert_eq!(world.linker.stop(), 1),
            |_| {},
        ];
        for end in ends {
            let log = Log::new();
            let world = World::new(holding(&log).until(hour).paused());
            world.emit(job(1));
            world.emit(job(2));
            settle().await;
            end(&world);
            sleep_until_over(&world, hour).await;
            assert_eq!(log.numbers(), [1, 2]);
            world.is_at_rest().await;
        }
    });
}

async fn sleep_until_over(world: &World, hour: Instant) {
    if world.subscription.is_active() {
        actix::clock::sleep_until(hour).await;
    }
    settle().await;
}

#[test]
fn what_is_held_keeps_its_linker_until_it_is_resumed() {
    in_virtual_time(async {
        let log = Log::new();
        let World {
            linker,
            subscription,
            emitter,
        } = World::new(holding(&log).paused());
        emitter.emit(job(1));
        settle().await;
        let weak = linker.downgrade();
        drop((linker, emitter));
        settle().await;
        assert!(subscription.resume());
        settle().await;
        assert_eq!(log.numbers(), [1]);
        assert!(weak.upgrade().is_none());
    });
}

/// Resumes a subscription as soon as a line of the debug mode says that it was paused:
/// what another thread may do at that very moment.
struct Resumes(Subscription);

impl std::io::Write for Resumes {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        if String::from_utf8_lossy(line).contains("paused") {
            assert!(self.0.resume());
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn of_two_changes_at_a_time_the_last_one_counts() {
    in_virtual_time(async {
        let log = Log::new();
        let world = World::new(holding(&log));
        let subscription = world.subscription.clone();
        let lines = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::DEBUG)
            .with_writer(move || Resumes(subscription.clone()))
            .finish();
        tracing::subscriber::with_default(lines, || assert!(world.subscription.pause()));
        assert!(!world.subscription.resume(), "it has been");
        world.emit(job(1));
        settle().await;
        assert_eq!(log.numbers(), [1]);
        world.is_at_rest().await;
    });
}

/// Emissions of one emitter arrive in their order, whatever is paused meanwhile.
#[test]
fn pausing_and_resuming_from_threads_loses_nothing_and_keeps_the_order() {
    in_virtual_time(async {
        const NUMBER: u32 = 20_000;
        for strategy in [Strategy::inline(), Strategy::current()] {
            let log = Log::new();
            let spec = holding(&log).capacity(NUMBER as usize);
            let world = World::with(spec, strategy.bounded(NUMBER as usize, Overflow::Refuse));
            let (over, subscription) = (Arc::new(AtomicBool::new(false)), &world.subscription);
            let pausing = {
                let (over, subscription) = (over.clone(), subscription.clone());
                std::thread::spawn(move || {
                    while !over.load(Ordering::Relaxed) {
                        subscription.pause();
                        std::thread::yield_now();
                        subscription.resume();
                    }
                })
            };
            let emitting = {
                let emitter = world.emitter.clone();
                std::thread::spawn(move || {
                    for number in 0..NUMBER {
                        assert!(emitter.emit(job(number)).is_complete());
                    }
                })
            };
            while !emitting.is_finished() {
                yield_now().await;
            }
            emitting.join().unwrap();
            over.store(true, Ordering::Relaxed);
            pausing.join().unwrap();
            until_ended(&world, u64::from(NUMBER)).await;
            assert_eq!(log.numbers(), (0..NUMBER).collect::<Vec<_>>());
            world.is_at_rest().await;
        }
    });
}

/// Twenty thousand at once take no more stack than one.
#[test]
fn ever_so_many_that_were_held_are_resumed_at_once() {
    in_virtual_time(async {
        const NUMBER: u32 = 20_000;
        let log = Log::new();
        let spec = holding(&log).capacity(NUMBER as usize).paused();
        let world = World::with(spec, Strategy::inline());
        for number in 0..NUMBER {
            world.emit(job(number));
        }
        world.subscription.resume();
        until_ended(&world, u64::from(NUMBER)).await;
        assert_eq!(log.numbers(), (0..NUMBER).collect::<Vec<_>>());
    });
}
