//! How deliveries to actors end, in every form of handler that actix has.

use std::time::Duration;

use actix::prelude::*;
use ventix::{Delivery, Emitter, Linker, Outcome, Report, Strategy, on};

/// What an actor is told to do with a delivery.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Job {
    Drop,
    Ignore,
    Fail,
    Reply(u32),
    SettleOk,
    SettleErr,
    Panic,
    Stop,
    Terminate,
    /// `ResponseFuture`, ended by itself.
    Later,
    LaterPanic,
}

#[derive(Default)]
struct Worker {
    seen: u32,
}

impl Actor for Worker {
    type Context = Context<Self>;
}

impl Handler<Delivery<Job>> for Worker {
    type Result = ();

    fn handle(&mut self, job: Delivery<Job>, ctx: &mut Context<Self>) {
        self.seen += 1;
        match *job {
            Job::Drop => drop(job),
            Job::Fail => job.fail("no"),
            Job::Reply(n) => job.reply(n * 2),
            Job::SettleOk => job.settle(|_| Ok::<_, std::fmt::Error>(self.seen)),
            Job::SettleErr => job.settle(|_| Err::<(), _>(std::fmt::Error)),
            Job::Panic => panic!("as told"),
            Job::Stop => ctx.stop(),
            Job::Terminate => ctx.terminate(),
            Job::Later => {
                ctx.spawn(async move { drop(job) }.into_actor(self));
            }
            Job::Ignore | Job::LaterPanic => unreachable!(),
        }
    }
}

/// Never looks at what it gets.
struct Blind;

impl Actor for Blind {
    type Context = Context<Self>;
}

impl Handler<Delivery<Job>> for Blind {
    type Result = ();

    fn handle(&mut self, _: Delivery<Job>, _: &mut Context<Self>) {}
}

fn word(report: &Report) -> &'static str {
    let mut lines = report.iter();
    let only = lines.next().expect("one subscription matched");
    assert!(lines.next().is_none());
    only.outcome().as_str()
}

/// Emits one job after the other to a fresh worker, and waits for all of them.
async fn outcomes(jobs: &[Job]) -> Vec<&'static str> {
    let linker = Linker::start();
    linker
        .subscribe(on::<Job>().actor(Worker::default().start()))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    let waiting = jobs.iter().map(|job| emitter.emit_and_wait(*job));
    let reports = futures::future::join_all(waiting).await;
    reports.iter().map(word).collect()
}

#[actix::test]
async fn a_dropped_delivery_is_handled() {
    assert_eq!(outcomes(&[Job::Drop]).await, ["handled"]);
}

#[actix::test]
async fn a_delivery_that_nobody_read_is_handled_while_its_actor_lives() {
    let linker = Linker::start();
    linker.subscribe(on::<Job>().actor(Blind.start())).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    assert_eq!(word(&emitter.emit_and_wait(Job::Ignore).await), "handled");
}

#[actix::test]
async fn fail_reply_and_settle_say_how_it_ends() {
    let jobs = [Job::Fail, Job::Reply(21), Job::SettleOk, Job::SettleErr];
    assert_eq!(
        outcomes(&jobs).await,
        ["failed", "handled", "handled", "failed"]
    );
}

#[actix::test]
async fn a_reply_reaches_the_report() {
    let linker = Linker::start();
    linker
        .subscribe(on::<Job>().actor(Worker::default().start()))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    let report = emitter.emit_and_wait(Job::Reply(21)).await;
    assert_eq!(report.replies::<u32>().collect::<Vec<_>>(), [&42]);
}

#[actix::test]
async fn an_actor_that_panics_panicked_once_and_loses_what_was_queued() {
    let mut jobs = vec![Job::Drop, Job::Panic];
    jobs.extend([Job::Drop; 6]);
    let ended = outcomes(&jobs).await;
    assert_eq!(ended[..2], ["handled", "panicked"]);
    assert_eq!(ended[2..], ["lost"; 6]);
}

#[actix::test]
async fn an_actor_that_stops_loses_what_was_queued() {
    for stop in [Job::Stop, Job::Terminate] {
        let ended = outcomes(&[Job::Drop, stop, Job::Drop, Job::Drop]).await;
        assert_eq!(ended[..2], ["handled", "handled"], "{stop:?}");
        assert_eq!(
            ended.iter().filter(|e| **e == "lost").count(),
            2,
            "{stop:?}"
        );
    }
}

#[actix::test]
async fn a_delivery_moved_into_a_spawned_future_ends_with_it() {
    assert_eq!(outcomes(&[Job::Later]).await, ["handled"]);
}

/// Handles in the form that `$result` names.
macro_rules! async_worker {
    ($name:ident, $result:ty, $handle:expr) => {
        struct $name(Option<futures::channel::oneshot::Receiver<()>>);

        impl Actor for $name {
            type Context = Context<Self>;
        }

        impl Handler<Delivery<Job>> for $name {
            type Result = $result;

            fn handle(&mut self, job: Delivery<Job>, _: &mut Context<Self>) -> Self::Result {
                let gate = self.0.take();
                let handle: fn(_, Delivery<Job>, &mut Self) -> Self::Result = $handle;
                handle(gate, job, self)
            }
        }
    };
}

/// Waits at the gate, then ends the delivery.
async fn work(gate: Option<futures::channel::oneshot::Receiver<()>>, job: Delivery<Job>) {
    if let Some(gate) = gate {
        gate.await.expect("the test opens the gate");
    }
    match *job {
        Job::Fail => job.fail("no"),
        Job::LaterPanic => panic!("later"),
        _ => drop(job),
    }
}

async_worker!(Detached, ResponseFuture<()>, |gate, job, _| Box::pin(work(
    gate, job
)));
async_worker!(InActor, ResponseActFuture<Self, ()>, |gate, job, actor| {
    Box::pin(work(gate, job).into_actor(actor))
});
async_worker!(Atomic, AtomicResponse<Self, ()>, |gate, job, actor| {
    AtomicResponse::new(Box::pin(work(gate, job).into_actor(actor)))
});

/// Runs jobs on an actor that waits at a gate with the first one.
async fn gated<A>(
    start: fn(Option<futures::channel::oneshot::Receiver<()>>) -> A,
    jobs: &[Job],
) -> (Vec<&'static str>, bool)
where
    A: Actor<Context = Context<A>> + Handler<Delivery<Job>>,
{
    let (open, gate) = futures::channel::oneshot::channel();
    let addr = start(Some(gate)).start();
    let linker = Linker::start();
    linker.subscribe(on::<Job>().actor(addr.clone())).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    let reports = futures::future::join_all(jobs.iter().map(|job| emitter.emit_and_wait(*job)));
    let (reports, ()) = futures::join!(reports, async {
        // Let the actor take everything first.
        for _ in 0..10 {
            actix_rt::task::yield_now().await;
        }
        // Nobody waits there any more if the actor has died of a later job.
        let _ = open.send(());
    });
    (reports.iter().map(word).collect(), addr.connected())
}

#[actix::test]
async fn a_response_future_ends_its_delivery_and_outlives_a_panic() {
    let (ended, alive) = gated(
        Detached,
        &[Job::Drop, Job::Fail, Job::LaterPanic, Job::Drop],
    )
    .await;
    assert_eq!(ended, ["handled", "failed", "panicked", "handled"]);
    assert!(alive, "a panic in a detached future leaves the actor alone");
}

#[actix::test]
async fn a_response_act_future_ends_its_delivery_and_dies_of_a_panic() {
    let (ended, alive) = gated(InActor, &[Job::Drop, Job::Fail]).await;
    assert_eq!(ended, ["handled", "failed"]);
    assert!(alive);
    let (ended, alive) = gated(InActor, &[Job::Drop, Job::LaterPanic]).await;
    assert_eq!(ended[1], "panicked");
    assert_eq!(
        ended[0], "lost",
        "the one at the gate went down with its actor"
    );
    assert!(!alive);
}

#[actix::test]
async fn an_atomic_response_ends_its_delivery_before_the_next_begins() {
    let (ended, _) = gated(Atomic, &[Job::Drop, Job::Fail, Job::Drop]).await;
    assert_eq!(ended, ["handled", "failed", "handled"]);
    let (ended, alive) = gated(Atomic, &[Job::LaterPanic, Job::Drop]).await;
    assert_eq!(ended, ["panicked", "lost"]);
    assert!(!alive);
}

#[derive(Message)]
#[rtype(result = "()")]
struct Quit;

impl Handler<Quit> for Detached {
    type Result = ();

    fn handle(&mut self, _: Quit, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}

#[actix::test]
async fn a_response_future_that_ends_after_its_actor_is_handled() {
    let (open, gate) = futures::channel::oneshot::channel();
    let addr = Detached(Some(gate)).start();
    let linker = Linker::start();
    linker.subscribe(on::<Job>().actor(addr.clone())).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    let report = emitter.emit_and_wait(Job::Drop);
    let (report, ()) = futures::join!(report, async {
        addr.send(Quit).await.unwrap();
        while addr.connected() {
            actix_rt::task::yield_now().await;
        }
        open.send(()).unwrap();
    });
    assert_eq!(word(&report), "handled");
}

/// Settles in the background of its context.
struct Settler;

impl Actor for Settler {
    type Context = Context<Self>;
}

impl Handler<Delivery<Duration>> for Settler {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, time: Delivery<Duration>, ctx: &mut Context<Self>) -> Self::Result {
        if time.is_zero() {
            ctx.stop();
        }
        let work = time.settle_async(async |time| {
            actix_rt::time::sleep(**time).await;
            if **time > Duration::from_secs(2) {
                Err("too long")
            } else {
                Ok(())
            }
        });
        Box::pin(work.into_actor(self))
    }
}

#[actix::test]
async fn settle_async_ends_it_by_its_result_and_is_lost_when_cut_short() {
    tokio::time::pause();
    let linker = Linker::start();
    linker
        .subscribe(on::<Duration>().actor(Settler.start()))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    let second = Duration::from_secs(1);
    let (short, long) = futures::join!(
        emitter.emit_and_wait(second),
        emitter.emit_and_wait(3 * second),
    );
    assert_eq!((word(&short), word(&long)), ("handled", "failed"));
    let (cut, stop) = futures::join!(
        emitter.emit_and_wait(second),
        emitter.emit_and_wait(Duration::ZERO),
    );
    assert_eq!((word(&cut), word(&stop)), ("lost", "lost"));
}

/// Passes what it gets on through a channel.
struct Passer(futures::channel::mpsc::UnboundedSender<Delivery<Job>>);

impl Actor for Passer {
    type Context = Context<Self>;
}

impl Handler<Delivery<Job>> for Passer {
    type Result = ();

    fn handle(&mut self, job: Delivery<Job>, _: &mut Context<Self>) {
        self.0.unbounded_send(job).unwrap();
    }
}

#[actix::test]
async fn a_delivery_completes_wherever_it_went() {
    let (sender, mut receiver) = futures::channel::mpsc::unbounded();
    let linker = Linker::start();
    linker
        .subscribe(on::<Job>().actor(Passer(sender).start()))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    let (report, ()) = futures::join!(emitter.emit_and_wait(Job::Drop), async {
        let job = futures::StreamExt::next(&mut receiver).await.unwrap();
        let done = std::thread::spawn(move || job.fail("on another thread"));
        done.join().unwrap();
    });
    let Outcome::Failed(error) = report.iter().next().unwrap().outcome() else {
        panic!("{report:?}");
    };
    assert_eq!(error.to_string(), "on another thread");
}
