//! Actors that the bus makes: where they live, what they survive, what becomes of
//! what waited for them, and when they end.
//!
//! One file for all of it: the tests share one actor that does as it is told.

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::prelude::*;
use futures::channel::{mpsc, oneshot};
use futures::future::join_all;
use futures::{FutureExt, StreamExt};
use ventix::{
    DeadLetter, Delivery, Emitter, HandlerGone, HandlerPanicked, HandlerRestarted,
    HandlerSuspended, Linker, Queued, Reason, Report, Restart, Strategy, SubscribeError,
    SubscriptionSpec, on, on_topic,
};

use support::{pass, settle, until};

const SECOND: Duration = Duration::from_secs(1);

/// What a worker is told to do with a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Job {
    Work(usize),
    Panic,
    /// Ends its delivery first.
    ReplyAndPanic,
    PanicInTimer,
    PanicInFuture,
    /// In a future that is not the actor's.
    PanicDetached,
    Stop,
    Terminate,
}

/// What the workers of a test have in common.
#[derive(Clone, Default)]
struct Shop {
    /// What was worked on, and by the how many-th worker.
    done: Arc<Mutex<Vec<(usize, usize)>>>,
    made: Arc<AtomicUsize>,
    stopped: Arc<AtomicUsize>,
}

impl Shop {
    fn hire(&self) -> Worker {
        let number = self.made.fetch_add(1, Ordering::SeqCst) + 1;
        let shop = self.clone();
        Worker { shop, number }
    }

    /// A factory of workers.
    fn workers(&self) -> impl Fn() -> Worker + Send + Sync + use<> {
        let shop = self.clone();
        move || shop.hire()
    }

    /// A subscription with a worker on this thread.
    fn here(&self) -> SubscriptionSpec {
        on::<Job>().actor_in(&Arbiter::current(), self.workers())
    }

    fn made(&self) -> usize {
        self.made.load(Ordering::SeqCst)
    }

    /// How many workers are no more.
    fn stopped(&self) -> usize {
        self.stopped.load(Ordering::SeqCst)
    }

    fn done(&self) -> Vec<(usize, usize)> {
        self.done.lock().unwrap().clone()
    }
}

struct Worker {
    shop: Shop,
    number: usize,
}

impl Actor for Worker {
    type Context = Context<Self>;
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.shop.stopped.fetch_add(1, Ordering::SeqCst);
    }
}

impl Handler<Delivery<Job>> for Worker {
    type Result = ();

    fn handle(&mut self, job: Delivery<Job>, ctx: &mut Context<Self>) {
        match *job {
            Job::Work(n) => {
                self.shop.done.lock().unwrap().push((self.number, n));
                job.reply(std::thread::current().id());
            }
            Job::Panic => panic!("as told"),
            Job::ReplyAndPanic => {
                job.reply(());
                panic!("as told");
            }
            Job::PanicInTimer => {
                ctx.run_later(Duration::ZERO, |_, _| panic!("in a timer"));
            }
            Job::PanicInFuture => {
                ctx.spawn(async { panic!("in a future") }.into_actor(self));
            }
            Job::PanicDetached => {
                actix_rt::spawn(async move {
                    let _job = job;
                    panic!("detached");
                });
            }
            Job::Stop => ctx.stop(),
            Job::Terminate => ctx.terminate(),
        }
    }
}

/// Restarted at once, so often that no test spends it.
fn at_once() -> Restart {
    let plenty = Restart::default().budget(1_000, 3_600 * SECOND);
    plenty.backoff(Duration::ZERO, Duration::ZERO).jitter(false)
}

/// Restarted `times` within a minute, each time after a second.
fn patient(times: u32) -> Restart {
    let restart = Restart::default().budget(times, 60 * SECOND);
    restart.backoff(SECOND, SECOND).jitter(false)
}

/// A linker with one subscription, and an emitter that runs in place.
fn linked(spec: SubscriptionSpec) -> (Linker, Emitter) {
    let linker = Linker::start();
    linker.subscribe(spec.named("worker")).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    (linker, emitter)
}

/// Emits jobs one after the other, and waits for all of them.
async fn outcomes(emitter: &Emitter, jobs: &[Job]) -> Vec<&'static str> {
    let waiting = jobs.iter().map(|job| emitter.emit_and_wait(*job));
    join_all(waiting).await.iter().map(word).collect()
}

fn word(report: &Report) -> &'static str {
    let mut lines = report.iter();
    let only = lines.next().expect("one subscription matched");
    assert!(lines.next().is_none());
    only.outcome().as_str()
}

/// What the bus says about handlers, in words.
fn heard(linker: &Linker) -> mpsc::UnboundedReceiver<String> {
    let (tell, told) = mpsc::unbounded();
    let say = move |text: String| tell.unbounded_send(text).unwrap_or(());
    let (a, b, c, d) = (say.clone(), say.clone(), say.clone(), say);
    let specs = [
        on::<HandlerPanicked>().call(move |it| {
            let over = it.emission().map_or("nothing", |_| "a delivery");
            a(format!("panicked over {over}"));
        }),
        on::<HandlerRestarted>().call(move |it| {
            b(format!("restart {} after {:?}", it.restarts(), it.after()));
        }),
        on::<HandlerSuspended>().call(move |it| c(format!("suspended after {}", it.restarts()))),
        on::<HandlerGone>().call(move |it| d(format!("{} gone", it.handler().name().unwrap()))),
    ];
    for spec in specs {
        linker.subscribe(spec).unwrap();
    }
    told
}

/// What was heard so far.
fn so_far(told: &mut mpsc::UnboundedReceiver<String>) -> Vec<String> {
    std::iter::from_fn(|| told.next().now_or_never().flatten()).collect()
}

mod restart {
    use super::*;

    #[actix::test]
    async fn the_actor_is_made_on_its_arbiter() {
        let arbiter = Arbiter::new();
        let (tell, thread) = oneshot::channel();
        arbiter.spawn_fn(move || tell.send(std::thread::current().id()).unwrap());
        let thread = thread.await.unwrap();
        let (made_on, factory) = (Arc::new(Mutex::new(None)), Shop::default().workers());
        let made = made_on.clone();
        let (_linker, emitter) = linked(on::<Job>().actor_in(&arbiter.handle(), move || {
            *made.lock().unwrap() = Some(std::thread::current().id());
            factory()
        }));
        let report = emitter.emit_and_wait(Job::Work(1)).await;
        assert_eq!(*made_on.lock().unwrap(), Some(thread));
        assert_eq!(report.replies().next(), Some(&thread));
    }

    #[actix::test]
    async fn an_actor_that_panicked_is_made_anew_after_the_delay_and_not_before() {
        tokio::time::pause();
        let shop = Shop::default();
        let (_linker, emitter) = linked(shop.here().restart(patient(1)));
        assert_eq!(outcomes(&emitter, &[Job::Panic]).await, ["panicked"]);
        pass(SECOND - Duration::from_millis(2)).await;
        assert_eq!((shop.made(), shop.stopped()), (1, 1));
        pass(Duration::from_millis(4)).await;
        assert_eq!((shop.made(), shop.stopped()), (2, 1));
        assert_eq!(outcomes(&emitter, &[Job::Work(1)]).await, ["handled"]);
        assert_eq!(shop.done(), [(2, 1)]);
    }

    #[actix::test]
    async fn each_restart_is_told_with_its_number_and_a_delay_that_doubles() {
        tokio::time::pause();
        let restart = Restart::default().backoff(SECOND, 3 * SECOND).jitter(false);
        let (linker, emitter) = linked(Shop::default().here().restart(restart));
        let mut told = heard(&linker);
        let ended = outcomes(
            &emitter,
            &[Job::Panic, Job::Panic, Job::Panic, Job::Work(1)],
        )
        .await;
        assert_eq!(ended, ["panicked", "panicked", "panicked", "handled"]);
        let panicked = "panicked over a delivery";
        let restarts = [
            "restart 1 after 1s",
            "restart 2 after 2s",
            "restart 3 after 3s",
        ];
        let expected = restarts.map(|restart| [panicked, restart]);
        assert_eq!(so_far(&mut told), expected.concat());
    }

    #[actix::test]
    async fn a_panic_anywhere_in_the_actor_restarts_it_and_is_told_once() {
        for (job, ended, over) in [
            (Job::Panic, "panicked", "a delivery"),
            (Job::ReplyAndPanic, "handled", "nothing"),
            (Job::PanicInTimer, "handled", "nothing"),
            (Job::PanicInFuture, "handled", "nothing"),
        ] {
            let shop = Shop::default();
            let (linker, emitter) = linked(shop.here().restart(at_once()));
            let mut told = heard(&linker);
            assert_eq!(outcomes(&emitter, &[job]).await, [ended], "{job:?}");
            until("made anew", || shop.made() == 2).await;
            assert_eq!(outcomes(&emitter, &[Job::Work(1)]).await, ["handled"]);
            assert_eq!(shop.done(), [(2, 1)], "{job:?}");
            let expected = [
                format!("panicked over {over}"),
                "restart 1 after 0ns".into(),
            ];
            assert_eq!(so_far(&mut told), expected, "{job:?}");
        }
    }

    #[actix::test]
    async fn a_panic_of_the_factory_is_a_failed_start_and_what_waits_goes_on_waiting() {
        for arbiter in [Arbiter::current(), Arbiter::new().handle()] {
            let shop = Shop::default();
            let hire = shop.workers();
            let make = move || {
                let worker = hire();
                assert!(worker.number > 3, "not yet");
                worker
            };
            let spec = on::<Job>().actor_in(&arbiter, make);
            let (linker, emitter) = linked(spec.restart(at_once()));
            let mut told = heard(&linker);
            let jobs: Vec<_> = (0..10).map(Job::Work).collect();
            assert_eq!(outcomes(&emitter, &jobs).await, ["handled"; 10]);
            assert!(shop.done().into_iter().eq((0..10).map(|n| (4, n))));
            // The first one may have panicked before anybody listened.
            let told = so_far(&mut told);
            let panics = told
                .iter()
                .filter(|it| *it == "panicked over nothing")
                .count();
            assert!((2..=3).contains(&panics), "{told:?}");
        }
    }

    /// Panics at its start, as long as it is told to.
    struct Starter {
        panics: bool,
    }

    impl Actor for Starter {
        type Context = Context<Self>;

        fn started(&mut self, _: &mut Context<Self>) {
            assert!(!self.panics, "at the start");
        }
    }

    impl Handler<Delivery<u8>> for Starter {
        type Result = ();

        fn handle(&mut self, _: Delivery<u8>, _: &mut Context<Self>) {}
    }

    #[actix::test]
    async fn a_panic_in_started_restarts_it_and_what_waits_goes_on_waiting() {
        let starts = AtomicUsize::new(0);
        let make = move || Starter {
            panics: starts.fetch_add(1, Ordering::SeqCst) < 2,
        };
        let spec = on::<u8>().actor_in(&Arbiter::current(), make);
        let (linker, emitter) = linked(spec.restart(at_once()));
        let mut told = heard(&linker);
        assert_eq!(word(&emitter.emit_and_wait(1_u8).await), "handled");
        let panicked = "panicked over nothing";
        let restarts = ["restart 1 after 0ns", "restart 2 after 0ns"];
        assert_eq!(
            so_far(&mut told),
            restarts.map(|it| [panicked, it]).concat()
        );
    }

    #[actix::test]
    async fn a_panic_outside_of_the_actor_leaves_it_alone() {
        let shop = Shop::default();
        let (linker, emitter) = linked(shop.here().restart(at_once()));
        let mut told = heard(&linker);
        assert_eq!(
            outcomes(&emitter, &[Job::PanicDetached]).await,
            ["panicked"]
        );
        assert_eq!(outcomes(&emitter, &[Job::Work(1)]).await, ["handled"]);
        assert_eq!(shop.done(), [(1, 1)]);
        assert_eq!(so_far(&mut told), ["panicked over a delivery"]);
    }

    #[actix::test]
    async fn a_panic_of_its_own_is_told_after_one_that_left_it_alone() {
        let (linker, emitter) = linked(Shop::default().here().restart(at_once()));
        let mut told = heard(&linker);
        let jobs = [Job::PanicDetached, Job::Work(1), Job::PanicInTimer];
        for job in jobs {
            outcomes(&emitter, &[job]).await;
        }
        let mut next = async || told.next().await.unwrap();
        assert_eq!(next().await, "panicked over a delivery");
        assert_eq!(next().await, "panicked over nothing");
        assert_eq!(next().await, "restart 1 after 0ns");
    }
}

mod queued {
    use super::*;

    #[actix::test]
    async fn what_was_queued_is_handed_over_in_order_and_nothing_twice() {
        let shop = Shop::default();
        let (_linker, emitter) = linked(shop.here().restart(at_once()));
        let job = |n: usize| {
            if n % 25 == 10 {
                Job::Panic
            } else {
                Job::Work(n)
            }
        };
        let jobs: Vec<_> = (0..100).map(job).collect();
        let ended = outcomes(&emitter, &jobs).await;
        let expected = (0..100).map(|n| if n % 25 == 10 { "panicked" } else { "handled" });
        assert!(ended.into_iter().eq(expected));
        let numbered = (0..100).map(|n| ((n + 14) / 25 + 1, n));
        assert!(
            shop.done()
                .into_iter()
                .eq(numbered.filter(|(_, n)| n % 25 != 10))
        );
    }

    #[actix::test]
    async fn under_load_from_several_threads_each_is_handled_once_and_in_order() {
        const EACH: usize = 500;
        let (shop, arbiter) = (Shop::default(), Arbiter::new());
        let spec = on::<Job>().actor_in(&arbiter.handle(), shop.workers());
        let linker = Linker::start();
        let worker = linker
            .subscribe(spec.restart(at_once()).capacity(4 * EACH))
            .unwrap();
        let emitting: Vec<_> = (0..4)
            .map(|thread| {
                let emitter = Emitter::start(&linker, Strategy::inline());
                std::thread::spawn(move || {
                    for n in 0..EACH {
                        let n = thread * EACH + n;
                        let job = if n % 50 == 7 {
                            Job::Panic
                        } else {
                            Job::Work(n)
                        };
                        assert!(emitter.emit(job).is_complete());
                    }
                })
            })
            .collect();
        until("everything has ended", || {
            worker.counts().ended() == 4 * EACH as u64
        })
        .await;
        emitting
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        let counts = worker.counts();
        assert_eq!((counts.handled, counts.panicked), (1_960, 40));
        for thread in 0..4 {
            let of_thread = |n: &usize| n / EACH == thread;
            let done = shop.done().into_iter().map(|(_, n)| n).filter(of_thread);
            let emitted = (thread * EACH..(thread + 1) * EACH).filter(|n| n % 50 != 7);
            assert!(done.eq(emitted), "of thread {thread}: {:?}", shop.done());
        }
    }

    #[actix::test]
    async fn emissions_wait_while_there_is_no_actor() {
        tokio::time::pause();
        for queued in [Queued::HandOver, Queued::DeadLetter] {
            let shop = Shop::default();
            let (_linker, emitter) = linked(shop.here().restart(patient(1).queued(queued)));
            assert_eq!(outcomes(&emitter, &[Job::Panic]).await, ["panicked"]);
            settle().await;
            let waits = outcomes(&emitter, &[Job::Work(1), Job::Work(2)]);
            let mut waits = Box::pin(waits);
            assert!(waits.as_mut().now_or_never().is_none());
            pass(SECOND / 2).await;
            assert!(waits.as_mut().now_or_never().is_none());
            assert_eq!(waits.await, ["handled", "handled"]);
            assert_eq!(shop.done(), [(2, 1), (2, 2)]);
        }
    }

    #[actix::test]
    async fn what_waits_takes_room_in_the_lane() {
        tokio::time::pause();
        let (_linker, emitter) = linked(Shop::default().here().restart(patient(1)).capacity(2));
        assert_eq!(outcomes(&emitter, &[Job::Panic]).await, ["panicked"]);
        let jobs = [Job::Work(1), Job::Work(2), Job::Work(3)];
        assert_eq!(
            outcomes(&emitter, &jobs).await,
            ["handled", "handled", "refused"]
        );
    }

    #[actix::test]
    async fn what_was_queued_is_a_dead_letter_if_so_chosen() {
        tokio::time::pause();
        let shop = Shop::default();
        let (linker, emitter) = linked(shop.here().restart(patient(5).queued(Queued::DeadLetter)));
        let letters = Arc::new(Mutex::new(Vec::new()));
        let written = letters.clone();
        let write = move |letter: &Delivery<DeadLetter>| {
            let job = letter.original().downcast_ref::<Job>().copied();
            written
                .lock()
                .unwrap()
                .push((job.unwrap(), letter.error().to_string()));
        };
        linker.subscribe(on::<DeadLetter>().call(write)).unwrap();
        let jobs = [Job::Work(1), Job::Panic, Job::Work(2), Job::Work(3)];
        let ended = outcomes(&emitter, &jobs).await;
        assert_eq!(ended, ["handled", "panicked", "lost", "lost"]);
        // Told on the linker's arbiter: they died in the middle of a panic.
        settle().await;
        let letters: Vec<_> = letters
            .lock()
            .unwrap()
            .iter()
            .map(|(job, _)| *job)
            .collect();
        assert_eq!(letters, [Job::Panic, Job::Work(2), Job::Work(3)]);
        assert_eq!(outcomes(&emitter, &[Job::Work(4)]).await, ["handled"]);
        assert_eq!(shop.done(), [(1, 1), (2, 4)]);
    }

    #[actix::test]
    async fn what_is_emitted_right_after_the_death_waits_whatever_was_chosen() {
        let shop = Shop::default();
        // The bus hears of the death on the linker's arbiter, which is busy here.
        let arbiter = Arbiter::new();
        let spec = on::<Job>().actor_in(&arbiter.handle(), shop.workers());
        let (_linker, emitter) = linked(spec.restart(at_once().queued(Queued::DeadLetter)));
        emitter.emit(Job::Panic);
        for _ in 0..10_000 {
            if shop.stopped() == 1 {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        // The actor's thread has dropped its mailbox once it does something else.
        let (tell, told) = std::sync::mpsc::channel();
        arbiter.spawn_fn(move || tell.send(()).unwrap());
        told.recv().unwrap();
        assert_eq!(outcomes(&emitter, &[Job::Work(1)]).await, ["handled"]);
    }
}

mod budget {
    use super::*;

    /// Why a receipt's only subscription refused.
    fn reason(receipt: &ventix::Receipt) -> String {
        receipt.refusals()[0].reason().to_string()
    }

    const SUSPENDED: &str = "the handler is suspended: it was restarted 1 times within 60s";

    #[actix::test]
    async fn without_a_budget_left_it_is_suspended_and_what_waited_is_refused() {
        tokio::time::pause();
        let shop = Shop::default();
        let (linker, emitter) = linked(shop.here().restart(patient(1)));
        let mut told = heard(&linker);
        let jobs = [Job::Panic, Job::Panic, Job::Work(1), Job::Work(2)];
        let waiting = jobs.iter().map(|job| emitter.emit_and_wait(*job));
        let reports = join_all(waiting).await;
        let ended: Vec<_> = reports.iter().map(word).collect();
        assert_eq!(ended, ["panicked", "panicked", "refused", "refused"]);
        for report in &reports[2..] {
            let error = report.errors().next().unwrap();
            assert!(matches!(
                error.downcast_ref(),
                Some(Reason::Suspended { restarts: 1, within }) if *within == 60 * SECOND
            ));
        }
        let panicked = "panicked over a delivery";
        let expected = [
            panicked,
            "restart 1 after 1s",
            panicked,
            "suspended after 1",
        ];
        assert_eq!(so_far(&mut told), expected);
        // It is still there, and takes nothing.
        assert_eq!(
            linker.snapshot().iter().next().unwrap().name(),
            Some("worker")
        );
        assert_eq!(reason(&emitter.emit(Job::Work(3))), SUSPENDED);
        pass(3_600 * SECOND).await;
        assert_eq!(reason(&emitter.emit(Job::Work(4))), SUSPENDED);
        assert_eq!((shop.made(), shop.done()), (2, vec![]));
    }

    #[actix::test]
    async fn a_suspended_one_can_be_resumed_and_has_its_whole_budget_again() {
        tokio::time::pause();
        let shop = Shop::default();
        let linker = Linker::start();
        let worker = linker.subscribe(shop.here().restart(patient(1))).unwrap();
        let emitter = Emitter::start(&linker, Strategy::inline());
        assert!(!worker.resume(), "it is not suspended");
        for _ in 0..2 {
            assert_eq!(
                outcomes(&emitter, &[Job::Panic, Job::Panic]).await,
                ["panicked"; 2]
            );
            settle().await;
            assert_eq!(reason(&emitter.emit(Job::Work(0))), SUSPENDED);
            assert!(worker.resume());
            assert!(!worker.resume(), "it is not suspended any more");
            assert_eq!(outcomes(&emitter, &[Job::Work(1)]).await, ["handled"]);
        }
        assert_eq!(shop.done(), [(3, 1), (5, 1)]);
    }

    #[actix::test]
    async fn resuming_is_told_as_a_restart_without_a_number() {
        tokio::time::pause();
        let (linker, emitter) = linked(Shop::default().here().restart(patient(1)));
        assert_eq!(
            outcomes(&emitter, &[Job::Panic, Job::Panic]).await,
            ["panicked"; 2]
        );
        settle().await;
        let mut told = heard(&linker);
        let worker = linker.snapshot().iter().next().unwrap().id();
        assert!(linker.resume(worker));
        settle().await;
        assert_eq!(so_far(&mut told), ["restart 0 after 0ns"]);
    }

    #[actix::test]
    async fn the_budget_comes_back_with_time() {
        tokio::time::pause();
        let shop = Shop::default();
        let (_linker, emitter) = linked(shop.here().restart(patient(1)));
        for restarts in 1..=3 {
            assert_eq!(outcomes(&emitter, &[Job::Panic]).await, ["panicked"]);
            pass(60 * SECOND).await;
            assert_eq!(shop.made(), 1 + restarts);
        }
        assert_eq!(
            outcomes(&emitter, &[Job::Panic, Job::Panic]).await,
            ["panicked"; 2]
        );
        settle().await;
        assert_eq!(reason(&emitter.emit(Job::Work(0))), SUSPENDED);
    }
}

mod gone {
    use super::*;

    #[actix::test]
    async fn without_restarts_an_actor_that_died_is_unlinked_and_what_waited_is_lost() {
        let shop = Shop::default();
        let (linker, emitter) = linked(shop.here().restart(Restart::never()));
        let mut told = heard(&linker);
        let jobs = [Job::Work(1), Job::Panic, Job::Work(2)];
        assert_eq!(
            outcomes(&emitter, &jobs).await,
            ["handled", "panicked", "lost"]
        );
        settle().await;
        assert_eq!(
            so_far(&mut told),
            ["panicked over a delivery", "worker gone"]
        );
        assert!(emitter.emit(Job::Work(3)).is_unheard());
        assert_eq!((shop.made(), shop.stopped()), (1, 1));
    }

    #[actix::test]
    async fn an_actor_that_stops_by_itself_is_unlinked_at_once_and_not_restarted() {
        for stop in [Job::Stop, Job::Terminate] {
            let shop = Shop::default();
            let (linker, emitter) = linked(shop.here().restart(at_once()));
            let mut told = heard(&linker);
            let ended = outcomes(&emitter, &[stop, Job::Work(1), Job::Work(2)]).await;
            assert_eq!(ended, ["handled", "lost", "lost"], "{stop:?}");
            settle().await;
            assert_eq!(so_far(&mut told), ["worker gone"], "{stop:?}");
            assert!(emitter.emit(Job::Work(3)).is_unheard());
            assert_eq!((shop.made(), shop.stopped()), (1, 1));
        }
    }

    #[actix::test]
    async fn an_actor_whose_arbiter_stops_has_gone() {
        let (shop, arbiter) = (Shop::default(), Arbiter::new());
        let spec = on::<Job>().actor_in(&arbiter.handle(), shop.workers());
        let (linker, emitter) = linked(spec.restart(at_once()));
        let mut told = heard(&linker);
        assert_eq!(outcomes(&emitter, &[Job::Work(1)]).await, ["handled"]);
        arbiter.stop();
        assert_eq!(told.next().await.unwrap(), "worker gone");
        assert!(emitter.emit(Job::Work(2)).is_unheard());
        assert_eq!(shop.made(), 1);
    }

    #[actix::test]
    async fn an_actor_that_cannot_be_made_anew_because_its_arbiter_stopped_has_gone() {
        tokio::time::pause();
        let (shop, arbiter) = (Shop::default(), Arbiter::new());
        let spec = on::<Job>().actor_in(&arbiter.handle(), shop.workers());
        let (linker, emitter) = linked(spec.restart(patient(1)));
        let mut told = heard(&linker);
        assert_eq!(outcomes(&emitter, &[Job::Panic]).await, ["panicked"]);
        let lost = outcomes(&emitter, &[Job::Work(1), Job::Work(2)]);
        let (lost, ()) = futures::join!(lost, async {
            arbiter.stop();
            arbiter.join().unwrap();
        });
        assert_eq!(lost, ["lost", "lost"]);
        let mut next = async || told.next().await.unwrap();
        assert_eq!(next().await, "panicked over a delivery");
        assert_eq!(next().await, "worker gone");
        assert!(emitter.emit(Job::Work(3)).is_unheard());
    }

    #[actix::test]
    async fn what_waits_for_a_restart_is_lost_when_the_linkers_arbiter_stops() {
        let (shop, home) = (Shop::default(), Arbiter::new());
        let linker = Linker::builder().arbiter(&home.handle()).start().unwrap();
        let restart = Restart::default().backoff(3_600 * SECOND, 3_600 * SECOND);
        linker.subscribe(shop.here().restart(restart)).unwrap();
        let emitter = Emitter::start(&linker, Strategy::inline());
        assert_eq!(outcomes(&emitter, &[Job::Panic]).await, ["panicked"]);
        let mut waits = Box::pin(emitter.emit_and_wait(Job::Work(1)));
        assert!(waits.as_mut().now_or_never().is_none());
        home.stop();
        let ended = actix_rt::time::timeout(10 * SECOND, waits).await;
        assert_eq!(word(&ended.expect("every delivery ends")), "lost");
    }

    #[actix::test]
    async fn an_actor_that_dies_after_the_linkers_arbiter_has_stopped_has_gone() {
        let (shop, home) = (Shop::default(), Arbiter::new());
        let linker = Linker::builder().arbiter(&home.handle()).start().unwrap();
        linker.subscribe(shop.here().restart(at_once())).unwrap();
        let emitter = Emitter::start(&linker, Strategy::inline());
        assert_eq!(outcomes(&emitter, &[Job::Work(1)]).await, ["handled"]);
        home.stop();
        home.join().unwrap();
        let ended = outcomes(&emitter, &[Job::Panic, Job::Work(2)]);
        let ended = actix_rt::time::timeout(10 * SECOND, ended).await;
        assert_eq!(ended.expect("every delivery ends"), ["panicked", "lost"]);
    }
}

mod end {
    use super::*;

    /// Has something of its own to do, for ever.
    struct Busy {
        gate: Option<oneshot::Receiver<()>>,
        stopped: Option<oneshot::Sender<()>>,
    }

    impl Actor for Busy {
        type Context = Context<Self>;

        fn started(&mut self, ctx: &mut Context<Self>) {
            ctx.run_interval(Duration::from_millis(1), |_, _| ());
        }

        fn stopped(&mut self, _: &mut Context<Self>) {
            let _ = self.stopped.take().unwrap().send(());
        }
    }

    /// Waits at the gate with each delivery.
    impl Handler<Delivery<u8>> for Busy {
        type Result = ResponseActFuture<Self, ()>;

        fn handle(&mut self, n: Delivery<u8>, _: &mut Context<Self>) -> Self::Result {
            let gate = self.gate.take();
            let work = async move {
                if let Some(gate) = gate {
                    gate.await.unwrap();
                }
                n.reply(());
            };
            Box::pin(work.into_actor(self))
        }
    }

    struct Begun {
        linker: Linker,
        emitter: Emitter,
        subscription: ventix::Subscription,
        open: oneshot::Sender<()>,
        stopped: oneshot::Receiver<()>,
    }

    fn begin() -> Begun {
        let (open, gate) = oneshot::channel();
        let (tell, stopped) = oneshot::channel();
        let one = Mutex::new(Some((gate, tell)));
        let make = move || {
            let (gate, tell) = one.lock().unwrap().take().expect("made once");
            let (gate, stopped) = (Some(gate), Some(tell));
            Busy { gate, stopped }
        };
        let linker = Linker::start();
        let spec = on::<u8>().actor_in(&Arbiter::current(), make);
        let subscription = linker.subscribe(spec).unwrap();
        let emitter = Emitter::start(&linker, Strategy::inline());
        Begun {
            linker,
            emitter,
            subscription,
            open,
            stopped,
        }
    }

    #[actix::test]
    async fn unsubscribing_stops_the_actor_after_what_is_in_flight() {
        let mut begun = begin();
        let mut told = heard(&begun.linker);
        let both = [
            begun.emitter.emit_and_wait(1),
            begun.emitter.emit_and_wait(2_u8),
        ];
        let both = join_all(both);
        let (reports, ()) = futures::join!(both, async {
            settle().await;
            assert!(begun.subscription.unsubscribe());
            settle().await;
            assert!(begun.stopped.try_recv().unwrap().is_none(), "it is at work");
            begun.open.send(()).unwrap();
        });
        assert_eq!(
            reports.iter().map(word).collect::<Vec<_>>(),
            ["handled", "handled"]
        );
        begun.stopped.await.unwrap();
        assert_eq!(
            so_far(&mut told),
            Vec::<String>::new(),
            "nothing went wrong"
        );
    }

    #[actix::test]
    async fn unsubscribing_stops_an_idle_actor_that_has_work_of_its_own() {
        let begun = begin();
        assert!(begun.subscription.unsubscribe());
        begun.stopped.await.unwrap();
    }

    #[actix::test]
    async fn dropping_the_linker_stops_the_actor() {
        let begun = begin();
        drop((begun.linker, begun.emitter));
        begun.stopped.await.unwrap();
    }

    #[actix::test]
    async fn unsubscribing_while_it_is_down_still_hands_over_and_then_ends() {
        tokio::time::pause();
        let shop = Shop::default();
        let linker = Linker::start();
        let worker = linker.subscribe(shop.here().restart(patient(1))).unwrap();
        let emitter = Emitter::start(&linker, Strategy::inline());
        let waiting = [Job::Panic, Job::Work(1)].map(|job| emitter.emit_and_wait(job));
        let (reports, ()) = futures::join!(join_all(waiting), async {
            settle().await;
            assert!(worker.unsubscribe());
        });
        assert_eq!(
            reports.iter().map(word).collect::<Vec<_>>(),
            ["panicked", "handled"]
        );
        settle().await;
        assert_eq!((shop.made(), shop.stopped()), (2, 2));
    }

    #[actix::test]
    async fn unsubscribing_while_it_is_down_with_nothing_waiting_makes_no_other() {
        tokio::time::pause();
        let shop = Shop::default();
        let linker = Linker::start();
        let worker = linker.subscribe(shop.here().restart(patient(1))).unwrap();
        let emitter = Emitter::start(&linker, Strategy::inline());
        assert_eq!(outcomes(&emitter, &[Job::Panic]).await, ["panicked"]);
        settle().await;
        assert!(worker.unsubscribe());
        pass(2 * SECOND).await;
        assert_eq!((shop.made(), shop.stopped()), (1, 1));
    }

    #[actix::test]
    async fn one_that_is_not_linked_after_all_is_stopped() {
        let linker = Linker::builder().max_subscribers(1).start().unwrap();
        linker.subscribe(on::<Job>().call(|_| ())).unwrap();
        let shop = Shop::default();
        let error = linker.subscribe(shop.here()).unwrap_err();
        assert!(matches!(
            error,
            SubscribeError::TooManySubscribers { max: 1, .. }
        ));
        settle().await;
        assert_eq!(shop.made(), shop.stopped());
    }

    #[actix::test]
    async fn once_is_handled_by_the_next_actor_and_then_ends() {
        let shop = Shop::default();
        let hire = shop.workers();
        let make = move || {
            let worker = hire();
            assert!(worker.number > 1, "the first one dies at its start");
            worker
        };
        let spec = on::<Job>().actor_in(&Arbiter::current(), make);
        let (linker, emitter) = linked(spec.restart(at_once()).once());
        let jobs = [Job::Work(1), Job::Work(2)];
        let waiting = jobs.map(|job| emitter.emit_and_wait(job));
        let reports = join_all(waiting).await;
        assert_eq!(word(&reports[0]), "handled");
        assert!(reports[1].receipt().is_unheard() && linker.is_empty());
        settle().await;
        assert_eq!(shop.done(), [(2, 1)]);
        assert_eq!(shop.stopped(), 2);
    }
}

mod forms {
    use super::*;

    /// Whether a job waits at the gate, or panics.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Step {
        Wait,
        Panic,
        Go,
    }

    async fn work(gate: Option<oneshot::Receiver<()>>, step: Delivery<Step>) {
        match (*step, gate) {
            (Step::Wait, Some(gate)) => gate.await.unwrap_or(()),
            (Step::Panic, _) => panic!("as told"),
            _ => {}
        }
        step.reply(());
    }

    /// An actor that handles in the form that `$result` names.
    macro_rules! form {
        ($name:ident, $result:ty, |$work:ident, $actor:ident| $handle:expr) => {
            struct $name(Option<oneshot::Receiver<()>>);

            impl Actor for $name {
                type Context = Context<Self>;
            }

            impl Handler<Delivery<Step>> for $name {
                type Result = $result;

                fn handle(&mut self, step: Delivery<Step>, _: &mut Context<Self>) -> Self::Result {
                    let waits = *step == Step::Wait;
                    let $work = work(waits.then(|| self.0.take()).flatten(), step);
                    let $actor = self;
                    $handle
                }
            }

            impl Gated for $name {
                fn at(gate: Option<oneshot::Receiver<()>>) -> Self {
                    Self(gate)
                }
            }
        };
    }

    trait Gated: Actor<Context = Context<Self>> + Handler<Delivery<Step>> {
        fn at(gate: Option<oneshot::Receiver<()>>) -> Self;
    }

    form!(Detached, ResponseFuture<()>, |work, _actor| Box::pin(work));
    form!(InActor, ResponseActFuture<Self, ()>, |work, actor| {
        Box::pin(work.into_actor(actor))
    });
    form!(Atomic, AtomicResponse<Self, ()>, |work, actor| {
        AtomicResponse::new(Box::pin(work.into_actor(actor)))
    });

    /// How steps end, the gate being opened after everything else has come to rest.
    async fn ended<A: Gated>(steps: &[Step]) -> Vec<&'static str> {
        let (open, gate) = oneshot::channel();
        let gate = Mutex::new(Some(gate));
        let make = move || A::at(gate.lock().unwrap().take());
        let spec = on::<Step>().actor_in(&Arbiter::current(), make);
        let (_linker, emitter) = linked(spec.restart(at_once()));
        let waiting = steps.iter().map(|step| emitter.emit_and_wait(*step));
        let (reports, ()) = futures::join!(join_all(waiting), async {
            settle().await;
            let _ = open.send(());
        });
        reports.iter().map(word).collect()
    }

    #[actix::test]
    async fn a_response_future_outlives_its_actor_and_the_next_one_takes_over() {
        let steps = [Step::Wait, Step::Panic, Step::Go];
        assert_eq!(
            ended::<Detached>(&steps).await,
            ["handled", "panicked", "handled"]
        );
    }

    #[actix::test]
    async fn response_act_futures_go_down_with_their_actor_and_are_not_run_twice() {
        // All three were begun before the second one panicked.
        let steps = [Step::Wait, Step::Panic, Step::Go];
        assert_eq!(ended::<InActor>(&steps).await, ["lost", "panicked", "lost"]);
    }

    #[actix::test]
    async fn what_waits_behind_an_atomic_response_is_handed_over() {
        let steps = [Step::Wait, Step::Panic, Step::Go];
        assert_eq!(
            ended::<Atomic>(&steps).await,
            ["handled", "panicked", "handled"]
        );
    }

    /// Takes two types of event.
    struct Both;

    impl Actor for Both {
        type Context = Context<Self>;
    }

    impl Handler<Delivery<u8>> for Both {
        type Result = ();

        fn handle(&mut self, n: Delivery<u8>, ctx: &mut Context<Self>) {
            match *n {
                0 => ctx.stop(),
                1 => panic!("as told"),
                _ => {}
            }
        }
    }

    impl Handler<Delivery<String>> for Both {
        type Result = ();

        fn handle(&mut self, _: Delivery<String>, _: &mut Context<Self>) {}
    }

    #[actix::test]
    async fn each_type_of_event_has_an_actor_that_lives_and_dies_for_itself() {
        let here = Arbiter::current();
        let spec = on::<u8>().actor_in(&here, || Both);
        let spec = spec.and(on_topic::<String>("text").actor_in(&here, || Both));
        let (linker, emitter) = linked(spec.restart(at_once()));
        let mut told = heard(&linker);
        let text = || emitter.prepare(String::from("hello")).topic("text");
        assert_eq!(word(&emitter.emit_and_wait(1_u8).await), "panicked");
        assert_eq!(word(&text().emit_and_wait().await), "handled");
        assert_eq!(word(&emitter.emit_and_wait(2_u8).await), "handled");
        assert_eq!(word(&emitter.emit_and_wait(0_u8).await), "handled");
        settle().await;
        let expected = [
            "panicked over a delivery",
            "restart 1 after 0ns",
            "worker gone",
        ];
        assert_eq!(so_far(&mut told), expected);
        assert!(emitter.emit(2_u8).is_unheard());
        assert_eq!(word(&text().emit_and_wait().await), "handled");
    }
}
