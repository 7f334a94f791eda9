//! One subscription, several equal actors: who gets what, on which thread, and what
//! becomes of the others when one dies.
#![cfg(target_os = "linux")]

mod support;

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;
use std::time::Duration;

use actix::prelude::*;
use futures::channel::oneshot;
use futures::future::join_all;
use ventix::{
    Delivery, Emitter, HandlerGone, HandlerRestarted, HandlerSuspended, Linker, Reason, Report,
    Restart, Routing, Strategy, SubscribeError, Subscription, SubscriptionSpec, on,
};

use support::until;

/// Those that count threads, or start many, take turns.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// What a worker is told to do.
enum Job {
    /// Replies with who it is, by number and thread.
    Work(usize),
    /// Waits until the other end is used or dropped.
    Wait(Mutex<Option<oneshot::Receiver<()>>>),
    Panic,
    Stop,
}

/// Waits, and the way to end it.
fn wait() -> (Job, oneshot::Sender<()>) {
    let (open, gate) = oneshot::channel();
    (Job::Wait(Mutex::new(Some(gate))), open)
}

type Done = Arc<Mutex<Vec<(usize, usize)>>>;

/// Numbered in the order in which they were made.
struct Worker {
    number: usize,
    done: Done,
}

/// A factory of workers, and what they have done.
fn workers() -> (impl Fn() -> Worker + Send + Sync + 'static, Done) {
    let (made, done) = (AtomicUsize::new(0), Done::default());
    let log = done.clone();
    let make = move || Worker {
        number: made.fetch_add(1, Ordering::SeqCst),
        done: log.clone(),
    };
    (make, done)
}

impl Actor for Worker {
    type Context = Context<Self>;
}

impl Handler<Delivery<Job>> for Worker {
    type Result = AtomicResponse<Self, ()>;

    fn handle(&mut self, job: Delivery<Job>, ctx: &mut Context<Self>) -> Self::Result {
        let gate = match job.event() {
            Job::Work(n) => {
                self.done.lock().unwrap().push((self.number, *n));
                None
            }
            Job::Wait(gate) => gate.lock().unwrap().take(),
            Job::Panic => panic!("as told"),
            Job::Stop => {
                ctx.stop();
                None
            }
        };
        let reply = (self.number, std::thread::current().id());
        let work = async move {
            if let Some(gate) = gate {
                gate.await.unwrap_or_default();
            }
            job.reply(reply);
        };
        AtomicResponse::new(Box::pin(work.into_actor(self)))
    }
}

/// Restarted at once, so often that no test spends it.
fn at_once() -> Restart {
    let plenty = Restart::default().budget(1_000, Duration::from_secs(3_600));
    plenty.backoff(Duration::ZERO, Duration::ZERO).jitter(false)
}

fn linked(spec: SubscriptionSpec) -> (Linker, Subscription, Emitter) {
    let linker = Linker::start();
    let subscription = linker.subscribe(spec.restart(at_once())).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    (linker, subscription, emitter)
}

/// Which worker has handled it, on which thread.
fn by(report: &Report) -> (usize, ThreadId) {
    *report
        .replies()
        .next()
        .unwrap_or_else(|| panic!("{report}"))
}

fn word(report: &Report) -> &'static str {
    report.outcomes().next().unwrap().as_str()
}

/// How many arbiters have a thread in this process. The kernel cuts their names
/// after 15 bytes, and may leave one out while other threads end.
fn arbiter_threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let name = |task: std::io::Result<std::fs::DirEntry>| {
        // A thread may end between the listing and the look.
        std::fs::read_to_string(task.ok()?.path().join("comm")).ok()
    };
    let names = tasks.filter_map(name);
    names.filter(|name| name.starts_with("actix-rt|")).count()
}

/// Waits until all have ended: those of the test before may be about to.
async fn no_arbiters() {
    until("the arbiters have ended", || arbiter_threads() == 0).await;
}

mod routing {
    use super::*;

    #[actix::test]
    async fn round_robin_gives_each_its_share_on_a_thread_of_its_own() {
        let _turn = TURN.lock().await;
        let (make, _) = workers();
        let (_linker, _, emitter) = linked(on::<Job>().actor_pool(3, Routing::RoundRobin, make));
        let mut threads = Vec::new();
        for n in 0..9 {
            let report = emitter.emit_and_wait(Job::Work(n)).await;
            threads.push(by(&report).1);
        }
        assert_eq!(threads[..3].iter().collect::<HashSet<_>>().len(), 3);
        assert_eq!(threads[..3], threads[3..6]);
        assert_eq!(threads[..3], threads[6..]);
        assert!(!threads.contains(&std::thread::current().id()));
    }

    #[actix::test]
    async fn all_of_a_pool_work_at_the_same_time() {
        let _turn = TURN.lock().await;
        let (make, _) = workers();
        let spec = on::<Job>().actor_pool(4, Routing::RoundRobin, make);
        let (_linker, lane, emitter) = linked(spec);
        let (jobs, gates): (Vec<_>, Vec<_>) = (0..4).map(|_| wait()).unzip();
        let waiting = join_all(jobs.into_iter().map(|job| emitter.emit_and_wait(job)));
        let (reports, ()) = futures::join!(waiting, async {
            // None of them ends before all have begun.
            assert_eq!(lane.counts().in_flight(), 4);
            drop(gates);
        });
        let threads: HashSet<_> = reports.iter().map(|report| by(report).1).collect();
        assert_eq!(threads.len(), 4);
    }

    #[actix::test]
    async fn the_least_loaded_is_the_one_that_is_not_stuck() {
        let _turn = TURN.lock().await;
        let (make, done) = workers();
        let spec = on::<Job>().actor_pool(3, Routing::LeastLoaded, make);
        let (_linker, _, emitter) = linked(spec);
        let (stuck, gate) = wait();
        let stuck = emitter.emit_and_wait(stuck);
        let (stuck, ()) = futures::join!(stuck, async {
            for n in 0..20 {
                let report = emitter.emit_and_wait(Job::Work(n)).await;
                assert_eq!(word(&report), "handled");
            }
            gate.send(()).unwrap();
        });
        let (stuck, _) = by(&stuck);
        let done = done.lock().unwrap();
        assert!(
            done.iter().all(|(worker, _)| *worker != stuck),
            "{stuck}: {done:?}"
        );
        let busy: HashSet<_> = done.iter().map(|(worker, _)| worker).collect();
        assert_eq!(busy.len(), 2, "equals take turns");
    }

    #[actix::test]
    async fn one_that_has_ended_its_delivery_has_nothing_to_do() {
        let _turn = TURN.lock().await;
        let (make, done) = workers();
        let again = Arc::new(Mutex::new(None::<Emitter>));
        let emitting = again.clone();
        // Each one is emitted while the one before ends.
        let next = AtomicUsize::new(1);
        let spec = on::<Job>()
            .actor_pool(2, Routing::LeastLoaded, make)
            .on_success(move |_| {
                let n = next.fetch_add(1, Ordering::SeqCst);
                if let Some(emitter) = emitting.lock().unwrap().as_ref() {
                    if n < 10 {
                        emitter.emit(Job::Work(n));
                    }
                }
            });
        let (_linker, _, emitter) = linked(spec);
        *again.lock().unwrap() = Some(emitter.clone());
        let (stuck, gate) = wait();
        let (stuck, ()) = futures::join!(emitter.emit_and_wait(stuck), async {
            emitter.emit(Job::Work(0));
            until("all are done", || done.lock().unwrap().len() == 10).await;
            *again.lock().unwrap() = None;
            drop(gate);
        });
        let (stuck, _) = by(&stuck);
        assert!(
            done.lock()
                .unwrap()
                .iter()
                .all(|(worker, _)| *worker != stuck)
        );
    }

    #[actix::test]
    async fn a_key_has_one_actor_and_its_order_whoever_emits_and_whoever_dies() {
        const EACH: usize = 400;
        let _turn = TURN.lock().await;
        let (make, done) = workers();
        let spec = on::<Job>()
            .actor_pool(4, Routing::Keyed, make)
            .capacity(4 * EACH);
        let (_linker, lane, emitter) = linked(spec);
        // Four threads, eight keys each of which belongs to one thread.
        let emitting: Vec<_> = (0..4)
            .map(|thread| {
                let emitter = emitter.clone();
                std::thread::spawn(move || {
                    for n in 0..EACH {
                        let n = n * 8 + thread * 2 + n % 2;
                        let dies = n / 8 % 100 == 50;
                        let job = if dies { Job::Panic } else { Job::Work(n) };
                        let key = format!("key {}", n % 8);
                        assert!(emitter.prepare(job).key(key).emit().is_complete());
                    }
                })
            })
            .collect();
        let all = 4 * EACH as u64;
        until("everything has ended", || lane.counts().ended() == all).await;
        emitting
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert_eq!(
            (lane.counts().handled, lane.counts().panicked),
            (all - 16, 16)
        );
        let mut by_key: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (_, n) in done.lock().unwrap().iter() {
            by_key.entry(n % 8).or_default().push(*n);
        }
        assert_eq!(by_key.len(), 8);
        for (key, done) in by_key {
            assert!(done.is_sorted(), "{key}: {done:?}");
        }
    }

    #[actix::test]
    async fn what_has_a_key_goes_to_one_and_what_has_none_goes_round() {
        let _turn = TURN.lock().await;
        let (make, _) = workers();
        let (_linker, _, emitter) = linked(on::<Job>().actor_pool(4, Routing::Keyed, make));
        let mut by_key: BTreeMap<usize, HashSet<_>> = BTreeMap::new();
        let mut without = HashSet::new();
        for n in 0..40 {
            let key = format!("key {}", n % 10);
            let report = emitter.prepare(Job::Work(n)).key(key).emit_and_wait().await;
            by_key.entry(n % 10).or_default().insert(by(&report));
            let report = emitter.emit_and_wait(Job::Work(n)).await;
            without.insert(by(&report));
        }
        assert!(
            by_key.values().all(|workers| workers.len() == 1),
            "{by_key:?}"
        );
        let used: HashSet<_> = by_key.values().flatten().collect();
        assert!(used.len() > 1, "the keys are spread: {by_key:?}");
        assert_eq!(without.len(), 4);
    }
}

mod death {
    use super::*;

    #[actix::test]
    async fn one_that_dies_does_not_disturb_the_others() {
        let _turn = TURN.lock().await;
        let (make, _) = workers();
        let spec = on::<Job>().actor_pool(3, Routing::RoundRobin, make);
        let (linker, lane, emitter) = linked(spec);
        let restarts = Arc::new(AtomicUsize::new(0));
        let counter = restarts.clone();
        let count = on::<HandlerRestarted>().call(move |_| {
            counter.fetch_add(1, Ordering::SeqCst);
        });
        linker.subscribe(count).unwrap();
        // Two wait, and the third one dies.
        let ((a, open_a), (b, open_b)) = (wait(), wait());
        let both = futures::future::join(emitter.emit_and_wait(a), emitter.emit_and_wait(b));
        let ((a, b), ()) = futures::join!(both, async {
            assert_eq!(word(&emitter.emit_and_wait(Job::Panic).await), "panicked");
            until("made anew", || restarts.load(Ordering::SeqCst) == 1).await;
            drop((open_a, open_b));
        });
        assert_eq!((word(&a), word(&b)), ("handled", "handled"));
        let mut threads = HashSet::new();
        for n in 0..3 {
            threads.insert(by(&emitter.emit_and_wait(Job::Work(n)).await).1);
        }
        assert_eq!((threads.len(), restarts.load(Ordering::SeqCst)), (3, 1));
        assert_eq!((lane.counts().panicked, lane.counts().handled), (1, 5));
    }

    /// Two actors, the one that key `which` stands for being dead for good.
    async fn one_suspended(which: &str) -> (Linker, Subscription, Emitter) {
        let linker = Linker::start();
        let (tell, suspended) = oneshot::channel();
        let tell = Mutex::new(Some(tell));
        let hear = on::<HandlerSuspended>().call(move |it| {
            let restarts = (it.restarts(), it.within());
            tell.lock().unwrap().take().unwrap().send(restarts).unwrap();
        });
        linker.subscribe(hear).unwrap();
        let (make, _) = workers();
        let spec = on::<Job>().actor_pool(2, Routing::Keyed, make);
        let once = at_once().budget(1, Duration::from_secs(60));
        let pool = linker.subscribe(spec.restart(once)).unwrap();
        let emitter = Emitter::start(&linker, Strategy::inline());
        for _ in 0..2 {
            let report = emitter
                .prepare(Job::Panic)
                .key(which.to_owned())
                .emit_and_wait()
                .await;
            assert_eq!(word(&report), "panicked");
        }
        assert_eq!(suspended.await.unwrap(), (1, Duration::from_secs(60)));
        (linker, pool, emitter)
    }

    #[actix::test]
    async fn one_that_is_suspended_is_passed_over_but_for_its_keys() {
        let _turn = TURN.lock().await;
        let (_linker, pool, emitter) = one_suspended("a").await;
        // Without a key any will do.
        let mut workers = HashSet::new();
        for n in 0..4 {
            workers.insert(by(&emitter.emit_and_wait(Job::Work(n)).await));
        }
        assert_eq!(workers.len(), 1, "the other one");
        let (mut taken, mut refused) = (0, 0);
        for n in 0..20 {
            let job = emitter.prepare(Job::Work(n)).key(n.to_string());
            let report = job.emit_and_wait().await;
            match word(&report) {
                "handled" => taken += 1,
                _ => {
                    let error = report.errors().next().unwrap();
                    assert!(matches!(
                        error.downcast_ref(),
                        Some(Reason::Suspended { .. })
                    ));
                    refused += 1;
                }
            }
        }
        assert!(taken > 0 && refused > 0, "{taken} taken, {refused} refused");
        let own = || emitter.prepare(Job::Work(0)).key("a");
        assert_eq!(word(&own().emit_and_wait().await), "refused");
        assert!(pool.resume());
        assert_eq!(word(&own().emit_and_wait().await), "handled");
        assert!(!pool.resume());
    }

    #[actix::test]
    async fn a_pool_of_which_all_are_suspended_refuses() {
        let _turn = TURN.lock().await;
        let (make, _) = workers();
        let linker = Linker::start();
        let spec = on::<Job>().actor_pool(2, Routing::RoundRobin, make);
        let once = at_once().budget(1, Duration::from_secs(60));
        let pool = linker.subscribe(spec.restart(once)).unwrap();
        let emitter = Emitter::start(&linker, Strategy::inline());
        until("all are suspended", || {
            let receipt = emitter.emit(Job::Panic);
            let refusal = receipt.refusals().first();
            refusal.is_some_and(|it| matches!(it.reason(), Reason::Suspended { .. }))
        })
        .await;
        assert!(pool.is_active() && pool.resume());
        assert_eq!(word(&emitter.emit_and_wait(Job::Work(1)).await), "handled");
    }

    #[actix::test]
    async fn a_pool_has_gone_when_the_last_one_has() {
        let _turn = TURN.lock().await;
        let (make, _) = workers();
        let spec = on::<Job>().actor_pool(2, Routing::RoundRobin, make);
        let (linker, pool, emitter) = linked(spec.named("pool"));
        let gone = Arc::new(AtomicUsize::new(0));
        let counter = gone.clone();
        let count = on::<HandlerGone>().call(move |_| {
            counter.fetch_add(1, Ordering::SeqCst);
        });
        linker.subscribe(count).unwrap();
        assert_eq!(word(&emitter.emit_and_wait(Job::Stop).await), "handled");
        // The other one takes everything, once it is known that this one has gone.
        let mut handled = false;
        for _ in 0..1_000 {
            let both = [0, 1].map(|n| emitter.emit_and_wait(Job::Work(n)));
            handled = join_all(both).await.iter().all(Report::all_handled);
            if handled {
                break;
            }
        }
        assert!(handled);
        assert!(pool.is_active());
        assert_eq!(gone.load(Ordering::SeqCst), 0);
        until("the other one has gone too", || {
            emitter.emit(Job::Stop);
            gone.load(Ordering::SeqCst) == 1
        })
        .await;
        assert!(!pool.is_active());
        until("all have ended", || pool.counts().in_flight() == 0).await;
    }
}

mod place {
    use super::*;

    #[actix::test]
    async fn sizes_of_nothing_and_beyond_reason_are_errors() {
        let linker = Linker::start();
        for size in [0, 1_025, usize::MAX] {
            let (make, _) = workers();
            let spec = on::<Job>().actor_pool(size, Routing::RoundRobin, make);
            let expected = SubscribeError::PoolSize { size, max: 1_024 };
            assert_eq!(linker.subscribe(spec).unwrap_err(), expected);
        }
        let here = Arbiter::current();
        for size in [0, 1_025] {
            let (make, _) = workers();
            let arbiters = (0..size).map(|_| here.clone());
            let spec = on::<Job>().actor_pool_in(arbiters, Routing::RoundRobin, make);
            let expected = SubscribeError::PoolSize { size, max: 1_024 };
            assert_eq!(linker.subscribe(spec).unwrap_err(), expected);
        }
        assert!(linker.is_empty());
    }

    #[actix::test]
    async fn a_pool_of_its_own_arbiters_needs_a_system() {
        let linker = Linker::start();
        let elsewhere = linker.clone();
        let (make, _) = workers();
        let subscribe = move || {
            let spec = on::<Job>().actor_pool(2, Routing::RoundRobin, make);
            elsewhere.subscribe(spec).unwrap_err()
        };
        let error = std::thread::spawn(subscribe).join().unwrap();
        assert_eq!(error, SubscribeError::NoSystem);
        assert!(linker.is_empty());
    }

    #[actix::test]
    async fn its_arbiters_end_after_what_is_in_flight_when_it_is_unsubscribed() {
        let _turn = TURN.lock().await;
        no_arbiters().await;
        let (make, done) = workers();
        let spec = on::<Job>().actor_pool(4, Routing::RoundRobin, make);
        let (_linker, pool, emitter) = linked(spec);
        until("there are as many", || arbiter_threads() == 4).await;
        let (stuck, gate) = wait();
        let jobs = [stuck].into_iter().chain((0..8).map(Job::Work));
        let waiting = join_all(jobs.map(|job| emitter.emit_and_wait(job)));
        let (reports, ()) = futures::join!(waiting, async {
            assert!(pool.unsubscribe());
            until("some are done", || done.lock().unwrap().len() == 6).await;
            until("there are as many", || arbiter_threads() == 4).await;
            gate.send(()).unwrap();
        });
        assert!(reports.iter().all(Report::all_handled));
        drop(reports);
        no_arbiters().await;
    }

    #[actix::test]
    async fn its_arbiters_end_with_the_linker_and_when_it_could_not_be_linked() {
        let _turn = TURN.lock().await;
        no_arbiters().await;
        let (make, _) = workers();
        let linked = linked(on::<Job>().actor_pool(3, Routing::RoundRobin, make));
        until("there are as many", || arbiter_threads() == 3).await;
        drop(linked);
        no_arbiters().await;
        let linker = Linker::start();
        linker.stop();
        let (make, _) = workers();
        let spec = on::<Job>().actor_pool(3, Routing::RoundRobin, make);
        assert_eq!(
            linker.subscribe(spec).unwrap_err(),
            SubscribeError::LinkerStopped
        );
        no_arbiters().await;
    }

    #[actix::test]
    async fn arbiters_of_the_users_go_on() {
        let _turn = TURN.lock().await;
        let arbiters = [Arbiter::new(), Arbiter::new()];
        let (make, _) = workers();
        let handles = arbiters.iter().map(Arbiter::handle);
        let spec = on::<Job>().actor_pool_in(handles, Routing::RoundRobin, make);
        let (_linker, pool, emitter) = linked(spec);
        let mut threads = Vec::new();
        for n in 0..2 {
            threads.push(by(&emitter.emit_and_wait(Job::Work(n)).await).1);
        }
        assert!(pool.unsubscribe());
        for (arbiter, used) in arbiters.into_iter().zip(threads) {
            let (tell, told) = oneshot::channel();
            assert!(arbiter.spawn_fn(move || tell.send(std::thread::current().id()).unwrap()));
            assert_eq!(told.await.unwrap(), used);
            // Nobody else stops it.
            arbiter.stop();
            arbiter.join().unwrap();
        }
    }
}
