//! The options of a subscription: what their docs promise, sentence by sentence.
//!
//! The clock stands still but for those that sleep, so times are exact to the
//! millisecond.

mod breaker;
mod debounce;
mod expiry;
mod filter;
mod in_order;
mod model;
mod page;
mod pairs;
mod pause;
mod priority;
mod retry;
mod throttle;

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::clock::{Instant, sleep};
use actix::prelude::*;
use actix_rt::task::yield_now;
use ventix::{
    Delivery, Emitter, Linker, Reason, Receipt, Strategy, Subscription, SubscriptionSpec, on,
};

/// What is emitted: the first so many attempts to handle it fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Message)]
#[rtype(result = "Result<(), &'static str>")]
struct Job {
    number: u32,
    failures: u32,
}

/// One that is handled at once.
fn job(number: u32) -> Job {
    failing(number, 0)
}

/// One whose first attempts fail.
fn failing(number: u32, failures: u32) -> Job {
    Job { number, failures }
}

const fn ms(time: u64) -> Duration {
    Duration::from_millis(time)
}

/// Runs a test in a `System` whose clock moves only when all sleep.
fn in_virtual_time(test: impl Future<Output = ()>) {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap()
    };
    System::with_tokio_rt(runtime).block_on(test);
}

/// What handlers began with, and how many milliseconds after the log was opened.
#[derive(Clone)]
struct Log {
    start: Instant,
    entries: Arc<Mutex<Vec<(u64, u32)>>>,
}

impl Log {
    fn new() -> Self {
        Self {
            start: Instant::now(),
            entries: Arc::default(),
        }
    }

    fn note(&self, number: u32) {
        let since = self.start.elapsed().as_millis();
        let entry = (u64::try_from(since).unwrap(), number);
        self.entries.lock().unwrap().push(entry);
    }

    /// Notes it, and fails if it is to.
    fn handle(&self, job: Job, attempt: u32) -> Result<(), &'static str> {
        self.note(job.number);
        if attempt > job.failures {
            Ok(())
        } else {
            Err("it is to fail")
        }
    }

    fn entries(&self) -> Vec<(u64, u32)> {
        self.entries.lock().unwrap().clone()
    }

    fn times(&self) -> Vec<u64> {
        self.entries().iter().map(|(time, _)| *time).collect()
    }

    fn numbers(&self) -> Vec<u32> {
        self.entries().iter().map(|(_, number)| *number).collect()
    }

    /// A sync callback that writes here.
    fn spec(&self) -> SubscriptionSpec {
        let log = self.clone();
        on::<Job>().call(move |job| log.handle(**job, job.attempt()))
    }
}

/// Handlers of every kind but plain actors, which cannot see the attempt.
const KINDS: [&str; 5] = ["sync", "async", "blocking", "actor", "made"];

/// A handler of that kind that writes into the log.
fn of_kind(kind: &str, log: &Log) -> SubscriptionSpec {
    let log = log.clone();
    match kind {
        "sync" => log.spec(),
        "async" => on::<Job>().call_async(move |job| {
            let log = log.clone();
            async move {
                let handled = log.handle(*job, job.attempt());
                yield_now().await;
                handled
            }
        }),
        "blocking" => on::<Job>().call_blocking(move |job| log.handle(*job, job.attempt())),
        "actor" => on::<Job>().actor(Worker(log).start()),
        "made" => on::<Job>().actor_in(&Arbiter::current(), move || Worker(log.clone())),
        kind => panic!("no kind of handler: {kind}"),
    }
}

struct Worker(Log);

impl Actor for Worker {
    type Context = Context<Self>;
}

impl Handler<Delivery<Job>> for Worker {
    type Result = ();

    fn handle(&mut self, job: Delivery<Job>, _: &mut Context<Self>) {
        job.settle(|job| self.0.handle(**job, job.attempt()));
    }
}

/// A linker with one subscription, and an emitter.
struct World {
    linker: Linker,
    subscription: Subscription,
    emitter: Emitter,
}

impl World {
    fn new(spec: SubscriptionSpec) -> Self {
        Self::with(spec, Strategy::current())
    }

    fn with(spec: SubscriptionSpec, strategy: Strategy) -> Self {
        let linker = Linker::start();
        let subscription = linker.subscribe(spec).unwrap();
        let emitter = Emitter::start(&linker, strategy);
        Self {
            linker,
            subscription,
            emitter,
        }
    }

    fn emit(&self, job: Job) -> Receipt {
        self.emitter.emit(job)
    }

    /// Emits, and returns why the subscription turned it away, if it did.
    fn refused(&self, job: Job) -> Option<Reason> {
        reason(&self.emit(job))
    }

    /// Nothing is in flight, everything that matched has ended, and so a drain has
    /// nothing to wait for.
    async fn is_at_rest(&self) {
        let counts = self.subscription.counts();
        assert_eq!(counts.in_flight(), 0, "{counts:?}");
        assert_eq!(counts.ended(), counts.matched, "{counts:?}");
        let begun = std::time::Instant::now();
        // Other threads may hold the last of an emission for a moment longer.
        while !self.linker.drain(ms(0)).await.is_complete() {
            assert!(begun.elapsed().as_secs() < 10, "something has not ended");
            std::thread::yield_now();
        }
    }
}

fn reason(receipt: &Receipt) -> Option<Reason> {
    let refusals = receipt.refusals();
    refusals.first().map(|refusal| refusal.reason().clone())
}

/// Emits, and returns whether all went well.
async fn goes_well(world: &World, job: Job) -> bool {
    world.emitter.emit_and_wait(job).await.all_handled()
}

/// Waits for other threads, and moves no clock.
async fn until_ended(world: &World, count: u64) {
    let begun = std::time::Instant::now();
    while world.subscription.counts().ended() < count {
        assert!(
            begun.elapsed().as_secs() < 30,
            "{:?}",
            world.subscription.counts()
        );
        std::thread::yield_now();
        yield_now().await;
    }
}

/// Lets the arbiter do what it has to do, at this time.
async fn settle() {
    for _ in 0..100 {
        yield_now().await;
    }
}

/// Lets time pass, and what is due happen.
async fn pass(time: u64) {
    sleep(ms(time)).await;
    settle().await;
}
