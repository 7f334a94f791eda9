//! `retry`, and [`Retry`].

use std::sync::atomic::{AtomicU32, Ordering};

use futures::FutureExt;
use futures::channel::oneshot;
use ventix::{
    Breaker, DeadLetter, Lost, Outcome, Overflow, Restart, Retry, Throttle, TimedOut, WhenPaused,
};

use super::*;

fn every(delay: u64) -> Retry {
    Retry::constant(ms(delay))
}

#[test]
fn without_jitter_delays_are_kept_to_the_millisecond() {
    in_virtual_time(async {
        for (retry, times) in [
            (Retry::constant(ms(10)), [0, 10, 20, 30, 40]),
            (Retry::linear(ms(10)), [0, 10, 30, 60, 100]),
            (Retry::exponential(ms(10)), [0, 10, 30, 70, 150]),
            (
                Retry::exponential(ms(10)).factor(3.0),
                [0, 10, 40, 130, 400],
            ),
            (
                Retry::exponential(ms(10)).max_delay(ms(15)),
                [0, 10, 25, 40, 55],
            ),
        ] {
            for kind in KINDS.into_iter().filter(|kind| *kind != "blocking") {
                let log = Log::new();
                let world = World::new(of_kind(kind, &log).retry(retry.clone().attempts(5)));
                let report = world.emitter.emit_and_wait(failing(1, 9)).await;
                let off = log
                    .times()
                    .iter()
                    .zip(times)
                    .map(|(is, should)| is - should)
                    .max();
                // A factor's rounding may take one more tick of the clock.
                assert!(log.times().len() == 5 && off <= Some(1), "{kind} {retry:?}");
                assert!(!report.all_handled());
                world.is_at_rest().await;
            }
        }
    });
}

#[test]
fn a_blocking_callback_is_tried_again_too() {
    in_virtual_time(async {
        let log = Log::new();
        let world = World::new(of_kind("blocking", &log).retry(every(10)));
        assert!(
            world
                .emitter
                .emit_and_wait(failing(1, 2))
                .await
                .all_handled()
        );
        assert_eq!(log.numbers(), [1, 1, 1]);
        world.is_at_rest().await;
    });
}

#[test]
fn jitter_adds_up_to_as_much_again() {
    in_virtual_time(async {
        let mut delays = Vec::new();
        for _ in 0..50 {
            let log = Log::new();
            let world = World::new(log.spec().retry(every(100).jitter().attempts(2)));
            let _ = goes_well(&world, failing(1, 1)).await;
            delays.push(log.times()[1]);
        }
        assert!(
            delays.iter().all(|delay| (100..=201).contains(delay)),
            "{delays:?}"
        );
        assert!(delays.iter().any(|delay| *delay != delays[0]));
    });
}

#[test]
fn by_default_it_is_tried_three_times_and_every_kind_sees_which_attempt_it_is() {
    in_virtual_time(async {
        for kind in KINDS {
            let log = Log::new();
            let world = World::new(of_kind(kind, &log).retry(every(1)));
            // It is the attempt that decides whether it fails.
            assert!(
                world
                    .emitter
                    .emit_and_wait(failing(1, 2))
                    .await
                    .all_handled(),
                "{kind}"
            );
            assert!(
                !world
                    .emitter
                    .emit_and_wait(failing(2, 3))
                    .await
                    .all_handled(),
                "{kind}"
            );
            assert_eq!(log.numbers(), [1, 1, 1, 2, 2, 2], "{kind}");
            assert_eq!(world.subscription.counts().retried, 4);
            world.is_at_rest().await;
        }
    });
}

#[test]
fn a_plain_actor_is_tried_again_when_its_reply_is_judged_a_failure() {
    struct Plain(Log, u32);
    impl Actor for Plain {
        type Context = Context<Self>;
    }
    impl Handler<Job> for Plain {
        type Result = Result<(), &'static str>;
        fn handle(&mut self, job: Job, _: &mut Context<Self>) -> Self::Result {
            self.1 += 1;
            self.0.handle(job, self.1)
        }
    }
    in_virtual_time(async {
        let log = Log::new();
        let spec = on::<Job>().plain_actor_with(Plain(log.clone(), 0).start(), |reply| reply);
        let world = World::new(spec.retry(every(10)));
        assert!(
            world
                .emitter
                .emit_and_wait(failing(1, 2))
                .await
                .all_handled()
        );
        assert_eq!(log.times(), [0, 10, 20]);
        world.is_at_rest().await;
    });
}

/// Cuts short what is to say how a delivery ends.
struct Loser(Log);

impl Actor for Loser {
    type Context = Context<Self>;
}

impl Handler<Delivery<Job>> for Loser {
    type Result = ();

    fn handle(&mut self, job: Delivery<Job>, _: &mut Context<Self>) {
        self.0.note(job.number);
        let work = job.settle_async(async |_| std::future::pending::<()>().await);
        actix_rt::spawn(work).abort();
    }
}

#[test]
fn what_panicked_or_took_too_long_is_tried_again_and_what_was_lost_is_not() {
    in_virtual_time(async {
        let log = Log::new();
        let panics = log.clone();
        let spec = on::<Job>().call(move |job| {
            panics.note(job.number);
            assert!(job.attempt() > 1, "it is to panic");
        });
        let world = World::new(spec.retry(every(10)));
        assert!(goes_well(&world, job(1)).await);
        assert_eq!(log.times(), [0, 10]);

        let late = Log::new();
        let slow = late.clone();
        let spec = on::<Job>().call_async(move |job| {
            slow.note(job.number);
            async move {
                sleep(ms(if job.attempt() == 1 { 1_000 } else { 0 })).await;
            }
        });
        let world = World::new(spec.timeout(ms(5)).retry(every(10)));
        assert!(goes_well(&world, job(1)).await);
        assert_eq!(late.times(), [0, 15]);

        let log = Log::new();
        let spec = on::<Job>().actor(Loser(log.clone()).start());
        let world = World::new(spec.retry(every(10)));
        let report = world.emitter.emit_and_wait(job(1)).await;
        assert!(report.errors().next().unwrap().is::<Lost>());
        assert_eq!(log.times(), [0]);

        // Unless that is said to be worth it.
        let log = Log::new();
        let spec = on::<Job>().actor(Loser(log.clone()).start());
        let world = World::new(spec.retry(every(10).when(|case| case.error().is::<Lost>())));
        assert!(!goes_well(&world, job(1)).await);
        assert_eq!(log.times(), [0, 10, 20]);
    });
}

#[test]
fn the_predicate_decides_of_every_attempt_but_the_last() {
    in_virtual_time(async {
        let (log, asked) = (Log::new(), Log::new());
        let ask = asked.clone();
        let retry = every(10).attempts(4).when(move |case| {
            assert_eq!(case.error().to_string(), "it is to fail");
            assert!(matches!(case.outcome(), Outcome::Failed(_)));
            ask.note(case.attempt());
            case.attempt() < 3
        });
        let world = World::new(log.spec().retry(retry));
        let _ = goes_well(&world, failing(1, 9)).await;
        assert_eq!(
            (log.times(), asked.numbers()),
            (vec![0, 10, 20], vec![1, 2, 3])
        );

        let (log, asked) = (Log::new(), Log::new());
        let ask = asked.clone();
        let always = every(10).attempts(2).when(move |case| {
            ask.note(case.attempt());
            true
        });
        let world = World::new(log.spec().retry(always));
        let _ = goes_well(&world, failing(1, 9)).await;
        assert_eq!((log.times(), asked.numbers()), (vec![0, 10], vec![1]));

        let log = Log::new();
        let panics = every(10).when(|_| panic!("it cannot say"));
        let world = World::new(log.spec().retry(panics));
        let _ = goes_well(&world, failing(1, 9)).await;
        assert_eq!(log.times(), [0]);
        world.is_at_rest().await;
    });
}

#[test]
fn a_predicate_may_emit_and_unsubscribe() {
    in_virtual_time(async {
        let log = Log::new();
        let world = Arc::new(Mutex::new(None::<(Emitter, Subscription)>));
        let own = world.clone();
        let retry = every(10).when(move |case| {
            let own = own.lock().unwrap().take();
            if let Some((emitter, subscription)) = own {
                assert!(emitter.emit(job(2)).is_complete());
                assert!(subscription.unsubscribe());
            }
            case.attempt() == 1
        });
        let it = World::with(log.spec().retry(retry).in_order(), Strategy::inline());
        *world.lock().unwrap() = Some((it.emitter.clone(), it.subscription.clone()));
        let _ = goes_well(&it, failing(1, 1)).await;
        settle().await;
        assert_eq!(log.entries(), [(0, 1), (10, 1), (10, 2)]);
        it.is_at_rest().await;
    });
}

#[test]
fn it_is_not_tried_again_when_its_deadline_would_pass() {
    in_virtual_time(async {
        for (deadline, times) in [(10, vec![0]), (11, vec![0, 10])] {
            let log = Log::new();
            let world = World::new(log.spec().retry(every(10)));
            let emission = world
                .emitter
                .prepare(failing(1, 9))
                .expires_in(ms(deadline));
            let report = emission.emit_and_wait().await;
            assert_eq!(log.times(), times);
            assert_eq!(report.errors().next().unwrap().to_string(), "it is to fail");
            world.is_at_rest().await;
        }
    });
}

#[test]
fn one_that_waits_lets_others_go_first() {
    in_virtual_time(async {
        for kind in KINDS {
            for overflow in [Overflow::Refuse, Overflow::DropOldest] {
                let log = Log::new();
                let spec = of_kind(kind, &log).retry(every(10)).overflow(overflow);
                let world = World::with(spec, Strategy::inline());
                let first = world.emitter.emit_and_wait(failing(1, 1));
                let mut first = Box::pin(first);
                assert!(first.as_mut().now_or_never().is_none());
                let _ = goes_well(&world, job(2)).await;
                assert!(first.await.all_handled());
                let numbers = log.numbers();
                assert_eq!(numbers.last(), Some(&1), "{kind} {overflow:?} {numbers:?}");
                world.is_at_rest().await;
            }
        }
    });
}

#[test]
fn one_that_waits_keeps_its_room() {
    in_virtual_time(async {
        let world = World::new(Log::new().spec().retry(every(10)).capacity(1));
        world.emit(failing(1, 1));
        settle().await;
        let full = Reason::LaneFull { capacity: 1 };
        assert_eq!(world.refused(job(2)), Some(full));
        pass(10).await;
        assert_eq!(world.refused(job(3)), None);
        settle().await;
        world.is_at_rest().await;
    });
}

#[test]
fn those_handled_in_order_wait_for_the_one_that_is_tried_again() {
    in_virtual_time(async {
        for kind in KINDS {
            let log = Log::new();
            let spec = of_kind(kind, &log).retry(every(10)).in_order();
            let world = World::new(spec);
            for job in [failing(1, 2), failing(2, 3), job(3)] {
                world.emit(job);
            }
            let _ = goes_well(&world, job(4)).await;
            assert_eq!(log.numbers(), [1, 1, 1, 2, 2, 2, 3, 4], "{kind}");
            world.is_at_rest().await;
        }
    });
}

#[test]
fn what_a_handler_still_holds_after_its_timeout_is_not_tried_again() {
    struct Holder(Vec<Delivery<Job>>);
    impl Actor for Holder {
        type Context = Context<Self>;
    }
    impl Handler<Delivery<Job>> for Holder {
        type Result = ();
        fn handle(&mut self, job: Delivery<Job>, _: &mut Context<Self>) {
            self.0.push(job);
        }
    }
    in_virtual_time(async {
        let spec = on::<Job>().actor(Holder(Vec::new()).start());
        let world = World::new(spec.timeout(ms(5)).retry(every(10)));
        let report = world.emitter.emit_and_wait(job(1)).await;
        assert!(report.errors().next().unwrap().is::<TimedOut>());
        assert_eq!(world.subscription.counts().retried, 0);
    });
}

#[test]
fn only_the_last_attempt_is_heard_of_and_dead_letters_know_all_errors() {
    in_virtual_time(async {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (failures, successes, letters) = (heard.clone(), heard.clone(), heard.clone());
        let spec = on::<Job>()
            .call(|job| match job.attempt() {
                attempt if attempt > job.failures => Ok(()),
                attempt => Err(format!("error {attempt}")),
            })
            .retry(every(10))
            .on_failure(move |failure| {
                let attempts = failure.attempts().iter().map(ToString::to_string);
                let attempts = attempts.collect::<Vec<_>>().join(", ");
                failures.lock().unwrap().push(format!("failed: {attempts}"));
            })
            .on_success(move |_| successes.lock().unwrap().push("handled".to_owned()));
        let world = World::new(spec);
        let dead = on::<DeadLetter>().call(move |letter| {
            let attempts = letter.attempts().iter().map(ToString::to_string);
            let attempts = attempts.collect::<Vec<_>>().join(", ");
            letters.lock().unwrap().push(format!("dead: {attempts}"));
        });
        world.linker.subscribe(dead).unwrap();
        let report = world.emitter.emit_and_wait(failing(1, 2)).await;
        assert_eq!(report.iter().count(), 1);
        assert_eq!(*heard.lock().unwrap(), ["handled"]);
        let report = world.emitter.emit_and_wait(failing(2, 3)).await;
        assert_eq!(
            report.errors().map(|e| e.to_string()).collect::<Vec<_>>(),
            ["error 3"]
        );
        let all = "error 1, error 2, error 3";
        assert_eq!(
            *heard.lock().unwrap(),
            [
                "handled".to_owned(),
                format!("failed: {all}"),
                format!("dead: {all}")
            ]
        );
        world.is_at_rest().await;
    });
}

/// Those who wait for it are told that it is lost, and all it had is given back.
#[test]
fn when_the_linkers_arbiter_stops_what_waits_there_is_lost() {
    in_virtual_time(async {
        let home = Arbiter::new();
        let linker = Linker::builder().arbiter(&home.handle()).start().unwrap();
        let errors = Arc::new(Mutex::new(Vec::new()));
        let seen = errors.clone();
        let spec = Log::new().spec().retry(every(3_600_000)).capacity(1);
        let spec = spec.on_failure(move |failure| {
            let lost = failure.error().is::<Lost>();
            seen.lock().unwrap().push((lost, failure.attempts().len()));
        });
        let subscription = linker.subscribe(spec).unwrap();
        let emitter = Emitter::start(&linker, Strategy::inline());
        emitter.emit(failing(1, 9));
        assert_eq!(subscription.counts().in_flight(), 1);
        home.stop();
        home.join().unwrap();
        assert_eq!(*errors.lock().unwrap(), [(true, 2)]);
        let counts = subscription.counts();
        assert_eq!((counts.lost, counts.in_flight()), (1, 0));
        // There is room; and nobody there to let it wait.
        assert!(emitter.emit(failing(2, 9)).is_complete());
        assert_eq!(subscription.counts().lost, 2);
        assert!(emitter.emit(job(3)).is_complete());
        assert_eq!(subscription.counts().handled, 1);
    });
}

#[test]
fn what_was_accepted_is_tried_again_when_the_subscription_has_ended() {
    in_virtual_time(async {
        for kind in KINDS {
            let (log, guard) = (Log::new(), Arc::new(()));
            let kept = guard.clone();
            let spec = of_kind(kind, &log).on_success(move |_| {
                let _ = &kept;
            });
            let world = World::with(spec.retry(every(10)), Strategy::inline());
            let mut report = Box::pin(world.emitter.emit_and_wait(failing(1, 2)));
            assert!(report.as_mut().now_or_never().is_none());
            world.subscription.unsubscribe();
            assert!(report.await.all_handled(), "{kind}");
            assert_eq!(log.numbers(), [1, 1, 1]);
            world.is_at_rest().await;
            drop(world);
            settle().await;
            assert_eq!(Arc::strong_count(&guard), 1, "{kind}: everything was freed");
        }
    });
}

#[test]
fn once_is_spent_once() {
    in_virtual_time(async {
        let log = Log::new();
        let world = World::new(log.spec().retry(every(10)).for_at_most(2));
        world.emit(failing(1, 9));
        settle().await;
        world.emit(failing(2, 1));
        settle().await;
        assert!(world.emit(job(3)).is_unheard());
        pass(50).await;
        assert_eq!(log.numbers(), [1, 2, 1, 2, 1]);
        world.is_at_rest().await;
    });
}

#[test]
fn a_made_actor_that_died_of_it_is_made_anew_in_between() {
    struct Mortal(Log);
    impl Actor for Mortal {
        type Context = Context<Self>;
    }
    impl Handler<Delivery<Job>> for Mortal {
        type Result = ();
        fn handle(&mut self, job: Delivery<Job>, _: &mut Context<Self>) {
            self.0.note(job.number);
            assert!(job.attempt() > job.failures, "it is to die");
        }
    }
    in_virtual_time(async {
        // An actor of its own thread, which may die.
        let arbiter = Arbiter::new();
        let log = Log::new();
        let make = log.clone();
        let spec = on::<Job>().actor_in(&arbiter.handle(), move || Mortal(make.clone()));
        let at_once = Restart::default().backoff(ms(0), ms(0));
        let world = World::new(spec.restart(at_once).retry(every(1)));
        assert!(
            world
                .emitter
                .emit_and_wait(failing(1, 2))
                .await
                .all_handled()
        );
        assert_eq!(log.numbers(), [1, 1, 1]);
        world.is_at_rest().await;
    });
}

#[test]
fn while_it_is_paused_only_one_that_holds_keeps_attempts() {
    in_virtual_time(async {
        for (when, times) in [(WhenPaused::Refuse, [0, 10]), (WhenPaused::Hold, [0, 50])] {
            let log = Log::new();
            let world = World::new(log.spec().retry(every(10)).when_paused(when));
            world.emit(failing(1, 1));
            settle().await;
            world.subscription.pause();
            pass(50).await;
            world.subscription.resume();
            settle().await;
            assert_eq!(log.times(), times);
            world.is_at_rest().await;
        }
    });
}

#[test]
fn attempts_that_were_held_keep_their_order_and_come_before_the_others() {
    in_virtual_time(async {
        let log = Log::new();
        let spec = log.spec().retry(every(10)).when_paused(WhenPaused::Hold);
        let world = World::new(spec);
        for number in 1..=3 {
            world.emit(failing(number, 1));
        }
        settle().await;
        world.subscription.pause();
        world.emit(job(4));
        pass(10).await;
        world.subscription.resume();
        settle().await;
        assert_eq!(log.numbers(), [1, 2, 3, 1, 2, 3, 4]);
        world.is_at_rest().await;
    });
}

#[test]
fn while_a_breaker_is_open_it_waits_for_longer() {
    in_virtual_time(async {
        let log = Log::new();
        let breaker = Breaker::new().window(1).failure_rate(1.0).open_for(ms(100));
        let world = World::new(log.spec().retry(every(10)).breaker(breaker));
        let report = world.emitter.emit_and_wait(failing(1, 1)).await;
        assert!(report.all_handled());
        assert_eq!(log.times(), [0, 100]);
        assert_eq!(world.refused(job(2)), None, "the attempt has closed it");
        settle().await;
        world.is_at_rest().await;
    });
}

#[test]
fn a_drain_waits_for_it() {
    in_virtual_time(async {
        let log = Log::new();
        let world = World::new(log.spec().retry(every(10)));
        world.emit(failing(1, 2));
        settle().await;
        assert!(!world.linker.drain(ms(5)).await.is_complete());
        assert!(world.linker.drain(ms(100)).await.is_complete());
        assert_eq!(log.times(), [0, 10, 20]);
    });
}

#[test]
fn an_attempt_takes_a_turn_of_a_throttle_that_holds_and_none_of_one_that_refuses() {
    in_virtual_time(async {
        let slow = Throttle::per(1, ms(100));
        for (throttle, times) in [(slow.hold(), [0, 100]), (slow, [0, 10])] {
            let log = Log::new();
            let world = World::new(log.spec().retry(every(10)).throttle(throttle));
            let _ = goes_well(&world, failing(1, 1)).await;
            assert_eq!(log.times(), times);
            world.is_at_rest().await;
        }
    });
}

#[test]
fn it_is_made_where_the_first_attempt_was() {
    in_virtual_time(async {
        let linker = Linker::start();
        let threads = Arc::new(Mutex::new(Vec::new()));
        let seen = threads.clone();
        let spec = on::<Job>().call(move |job| {
            seen.lock().unwrap().push(std::thread::current().id());
            if job.attempt() > job.failures {
                Ok(())
            } else {
                Err("it is to fail")
            }
        });
        linker.subscribe(spec.retry(every(1))).unwrap();
        for strategy in [
            Strategy::inline(),
            Strategy::current(),
            Strategy::dedicated(),
            Strategy::pool(2),
            Strategy::blocking(2),
        ] {
            let emitter = Emitter::start(&linker, strategy);
            assert!(emitter.emit_and_wait(failing(1, 2)).await.all_handled());
            let threads = std::mem::take(&mut *threads.lock().unwrap());
            assert!(threads.len() == 3 && threads.iter().all(|it| *it == threads[0]));
        }
    });
}

/// A failure callback that emits into the lane of its own handler, which is busy with
/// it, comes back at once.
#[test]
fn a_failure_callback_may_emit_to_its_own_lane_and_pause_it() {
    in_virtual_time(async {
        let log = Log::new();
        let own = Arc::new(Mutex::new(None::<(Emitter, Subscription)>));
        let world = own.clone();
        let spec = log.spec().retry(every(10).attempts(2)).in_order();
        let spec = spec.when_paused(WhenPaused::Hold).on_failure(move |_| {
            let own = world.lock().unwrap().take();
            if let Some((emitter, subscription)) = own {
                assert!(emitter.emit(job(2)).is_complete());
                assert!(subscription.pause());
            }
        });
        let world = World::with(spec, Strategy::inline());
        *own.lock().unwrap() = Some((world.emitter.clone(), world.subscription.clone()));
        let _ = goes_well(&world, failing(1, 9)).await;
        settle().await;
        assert_eq!(log.numbers(), [1, 1]);
        world.subscription.resume();
        settle().await;
        assert_eq!(log.numbers(), [1, 1, 2]);
        world.is_at_rest().await;
    });
}

#[test]
fn settings_that_cannot_be_followed_are_errors_of_subscribing() {
    in_virtual_time(async {
        let linker = Linker::start();
        for retry in [
            every(1).attempts(0),
            Retry::exponential(ms(1)).factor(0.5),
            Retry::exponential(ms(1)).factor(f32::NAN),
        ] {
            assert!(linker.subscribe(Log::new().spec().retry(retry)).is_err());
        }
        assert!(linker.is_empty());
    });
}

/// A delivery that waits behind one that holds the lane does not begin before that.
#[test]
fn the_emission_of_one_that_is_tried_again_has_not_ended() {
    in_virtual_time(async {
        let (go, gone) = oneshot::channel::<()>();
        let gate = Arc::new(Mutex::new(Some(gone)));
        let count = Arc::new(AtomicU32::new(0));
        let calls = count.clone();
        let spec = on::<Job>().call_async(move |_| {
            let (gate, call) = (
                gate.lock().unwrap().take(),
                calls.fetch_add(1, Ordering::Relaxed),
            );
            async move {
                if let Some(gate) = gate {
                    gate.await.unwrap();
                }
                if call == 0 { Err("again") } else { Ok(()) }
            }
        });
        let world = World::new(spec.retry(every(10)));
        let mut report = Box::pin(world.emitter.emit_and_wait(job(1)));
        assert!(report.as_mut().now_or_never().is_none());
        go.send(()).unwrap();
        settle().await;
        assert!(
            report.as_mut().now_or_never().is_none(),
            "it waits to be tried again"
        );
        assert!(report.await.all_handled());
        assert_eq!(count.load(Ordering::Relaxed), 2);
    });
}
