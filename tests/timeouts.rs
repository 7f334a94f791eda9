//! Deliveries that do not end in time, for every kind of handler.

mod support;

use std::any::Any;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use actix::prelude::*;
use actix_rt::task::yield_now;
use futures::FutureExt;
use futures::channel::oneshot;
use futures::future::join_all;
use ventix::{
    Delivery, Emitter, Linker, Outcome, Overflow, Reason, Report, Strategy, Subscription,
    SubscriptionSpec, on,
};

use support::{pass, settle};

const SECOND: Duration = Duration::from_secs(1);
/// What the clock of a runtime may be off by.
const TICK: Duration = Duration::from_millis(2);

#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
struct Item(usize);

/// What handlers have begun with and not let go of.
#[derive(Clone, Default)]
struct Hands(Arc<Mutex<Vec<Box<dyn Any + Send>>>>);

impl Hands {
    fn take(&self, what: impl Send + 'static) {
        self.0.lock().unwrap().push(Box::new(what));
    }

    /// Lets go of everything.
    fn empty(&self) {
        let held = std::mem::take(&mut *self.0.lock().unwrap());
        drop(held);
    }

    fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

/// An actor with such hands.
struct Holder(Hands);

impl Actor for Holder {
    type Context = Context<Self>;
}

impl Handler<Delivery<Item>> for Holder {
    type Result = ();

    fn handle(&mut self, item: Delivery<Item>, _: &mut Context<Self>) {
        self.0.take(item);
    }
}

/// Replies once its hands are empty.
impl Handler<Item> for Holder {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Item, _: &mut Context<Self>) -> Self::Result {
        let (held, gone) = oneshot::channel::<()>();
        self.0.take(held);
        Box::pin(async { gone.await.unwrap_or_default() })
    }
}

/// Handlers that nobody can stop, and that hold on to what they get.
fn holders(hands: &Hands) -> [SubscriptionSpec; 4] {
    let (made, blocking) = (hands.clone(), hands.clone());
    [
        on::<Item>().actor(Holder(hands.clone()).start()),
        on::<Item>().plain_actor(Holder(hands.clone()).start()),
        on::<Item>().actor_in(&Arbiter::current(), move || Holder(made.clone())),
        on::<Item>().call_blocking(move |item| blocking.take(item)),
    ]
}

fn linked(spec: SubscriptionSpec) -> (Linker, Subscription, Emitter) {
    let linker = Linker::start();
    let subscription = linker.subscribe(spec).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    (linker, subscription, emitter)
}

fn words(report: &Report) -> Vec<&'static str> {
    report.iter().map(|line| line.outcome().as_str()).collect()
}

/// Waits, ten seconds at most, for what other threads bring about, and moves no
/// paused clock.
async fn until(what: &str, so: impl Fn() -> bool) {
    for _ in 0..10_000 {
        if so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
        yield_now().await;
    }
    panic!("still not so after ten seconds: {what}");
}

#[actix::test]
async fn a_delivery_that_does_not_end_is_ended_after_its_time_and_not_before() {
    tokio::time::pause();
    let hands = Hands::default();
    for spec in holders(&hands) {
        let (_linker, lane, emitter) = linked(spec.timeout(SECOND));
        let mut waiting = Box::pin(emitter.emit_and_wait(Item(0)));
        assert!(waiting.as_mut().now_or_never().is_none());
        until("it has begun", || hands.len() == 1).await;
        pass(SECOND - TICK).await;
        assert!(waiting.as_mut().now_or_never().is_none());
        pass(2 * TICK).await;
        let report = waiting.now_or_never().expect("its time is over");
        let Some(Outcome::TimedOut(late)) = report.outcomes().next() else {
            panic!("{report:?}");
        };
        assert_eq!(late.after(), SECOND);
        assert_eq!(lane.counts().timed_out, 1);
        hands.empty();
    }
}

#[actix::test]
async fn its_place_is_free_when_the_handler_lets_go_of_it_and_it_is_counted_once() {
    tokio::time::pause();
    for policy in [Overflow::Refuse, Overflow::DropOldest] {
        let hands = Hands::default();
        for spec in holders(&hands) {
            let looked = Arc::new(Mutex::new(Vec::new()));
            let (good, bad) = (looked.clone(), looked.clone());
            let spec = spec
                .on_success(move |_| good.lock().unwrap().push("success"))
                .on_failure(move |it| bad.lock().unwrap().push(it.outcome().as_str()));
            let spec = spec.timeout(SECOND).capacity(1).overflow(policy);
            let (_linker, lane, emitter) = linked(spec);
            for n in 1..=2 {
                let report = emitter.emit_and_wait(Item(0)).await;
                assert_eq!(words(&report), ["timed out"], "{policy:?}");
                let refused = emitter.emit(Item(1));
                assert_eq!(
                    refused.refusals()[0].reason(),
                    &Reason::LaneFull { capacity: 1 }
                );
                assert_eq!(hands.len(), 1);
                hands.empty();
                settle().await;
                let counts = lane.counts();
                assert_eq!(
                    (counts.timed_out, counts.refused, counts.ended()),
                    (n, n, 2 * n)
                );
            }
            assert_eq!(*looked.lock().unwrap(), ["timed out"; 2]);
        }
    }
}

#[actix::test]
async fn what_waits_behind_one_that_timed_out_begins_when_that_has_let_go() {
    tokio::time::pause();
    let hands = Hands::default();
    for spec in holders(&hands) {
        let spec = spec
            .timeout(SECOND)
            .capacity(2)
            .overflow(Overflow::DropOldest);
        let (_linker, _, emitter) = linked(spec);
        let both = [0, 1].map(|n| emitter.emit_and_wait(Item(n)));
        let (reports, ()) = futures::join!(join_all(both), async {
            until("the first has begun", || hands.len() == 1).await;
            pass(60 * SECOND).await;
            assert_eq!(hands.len(), 1, "the second one waits");
            hands.empty();
            until("the second has begun", || hands.len() == 1).await;
            // Its time begins with its turn.
            pass(SECOND - TICK).await;
            hands.empty();
        });
        let ended: Vec<_> = reports.iter().flat_map(words).collect();
        assert_eq!(ended, ["timed out", "handled"]);
    }
}

/// Tells when it is dropped.
struct Guard(mpsc::Sender<()>);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

#[actix::test]
async fn the_future_of_an_async_callback_is_dropped_and_its_place_is_free_at_once() {
    tokio::time::pause();
    for policy in [Overflow::Refuse, Overflow::DropOldest] {
        for strategy in [Strategy::inline(), Strategy::current()] {
            let (tell, dropped) = mpsc::channel();
            let spec = on::<Item>().call_async(move |item| {
                let guard = Guard(tell.clone());
                async move {
                    let _held = (item, guard);
                    std::future::pending::<()>().await;
                }
            });
            let spec = spec.timeout(SECOND).capacity(1).overflow(policy);
            let (linker, lane, _) = linked(spec);
            let emitter = Emitter::start(&linker, strategy);
            for n in 1..=3 {
                let report = emitter.emit_and_wait(Item(0)).await;
                assert_eq!(words(&report), ["timed out"], "{n}: {policy:?}");
                assert_eq!(dropped.try_iter().count(), 1);
            }
            assert_eq!((lane.counts().timed_out, lane.counts().ended()), (3, 3));
        }
    }
}

#[actix::test]
async fn an_async_callback_on_another_arbiter_is_free_at_once_too() {
    let (tell, dropped) = mpsc::channel();
    let spec = on::<Item>().call_async(move |item| {
        let guard = Guard(tell.clone());
        async move {
            let _held = (item, guard);
            std::future::pending::<()>().await;
        }
    });
    let spec = spec.timeout(Duration::from_millis(5)).capacity(1);
    let (linker, lane, _) = linked(spec);
    let emitter = Emitter::start(&linker, Strategy::dedicated());
    for n in 0..50 {
        let report = emitter.emit_and_wait(Item(n)).await;
        assert_eq!(words(&report), ["timed out"], "{n}");
        assert_eq!(dropped.try_iter().count(), 1);
    }
    assert_eq!(lane.counts().ended(), 50);
}

#[actix::test]
async fn an_async_callback_whose_arbiter_is_stuck_is_not_waited_for() {
    let (open, gate) = mpsc::channel::<()>();
    let gate = Arc::new(Mutex::new(gate));
    let spec = on::<Item>().call_async(move |_| {
        let gate = gate.clone();
        // As nobody should.
        async move { gate.lock().unwrap().recv().unwrap() }
    });
    let spec = spec.timeout(Duration::from_millis(5)).capacity(1);
    let (linker, lane, _) = linked(spec);
    linker.subscribe(on::<()>().call(|_| ())).unwrap();
    let emitter = Emitter::start(&linker, Strategy::dedicated());
    let report = emitter.emit_and_wait(Item(0)).await;
    assert_eq!(words(&report), ["timed out"]);
    assert_eq!(emitter.emit(Item(1)).accepted(), 0, "it is still at it");
    open.send(()).unwrap();
    assert!(
        emitter.emit_and_wait(()).await.all_handled(),
        "its arbiter is back"
    );
    assert_eq!((lane.counts().timed_out, lane.counts().handled), (1, 0));
    assert_eq!(lane.counts().in_flight(), 0);
}

#[actix::test]
async fn handlers_of_one_subscription_are_each_ended_in_their_time() {
    tokio::time::pause();
    let (hands, limit) = (Hands::default(), Duration::from_millis(10));
    let pending = on::<u8>().call_async(|_| std::future::pending::<()>());
    let spec = pending.and(on::<Item>().actor(Holder(hands.clone()).start()));
    let (_linker, _, emitter) = linked(spec.timeout(limit));
    let start = actix::clock::Instant::now();
    let of_actor = async {
        actix_rt::time::sleep(limit - TICK).await;
        let begun = actix::clock::Instant::now();
        let report = emitter.emit_and_wait(Item(0)).await;
        (words(&report), begun.elapsed())
    };
    let of_callback = async {
        let report = emitter.emit_and_wait(1_u8).await;
        (words(&report), start.elapsed())
    };
    let (of_actor, of_callback) = futures::join!(of_actor, of_callback);
    for (words, time) in [of_actor, of_callback] {
        assert_eq!(words, ["timed out"]);
        assert!((limit..=limit + TICK).contains(&time), "{time:?}");
    }
    hands.empty();
}

#[actix::test]
async fn a_thread_that_is_stuck_in_a_callback_is_not_waited_for() {
    tokio::time::pause();
    let (open, gate) = mpsc::channel::<()>();
    let (enter, entered) = mpsc::channel();
    let gate = Mutex::new(gate);
    let spec = on::<Item>().call_blocking(move |_| {
        enter.send(()).unwrap();
        gate.lock().unwrap().recv().unwrap();
    });
    let (_linker, lane, emitter) = linked(spec.timeout(SECOND).capacity(1));
    let (report, ()) = futures::join!(emitter.emit_and_wait(Item(0)), async {
        entered.recv().unwrap();
        pass(SECOND + TICK).await;
    });
    assert_eq!(words(&report), ["timed out"]);
    assert_eq!(emitter.emit(Item(1)).accepted(), 0);
    open.send(()).unwrap();
    until("the thread is back", || {
        emitter.emit(Item(2)).accepted() == 1
    })
    .await;
    assert_eq!((lane.counts().timed_out, lane.counts().handled), (1, 0));
    open.send(()).unwrap();
}

#[actix::test]
async fn a_sync_callback_that_is_stuck_on_another_thread_is_not_waited_for() {
    tokio::time::pause();
    let (open, gate) = mpsc::channel::<()>();
    let (enter, entered) = mpsc::channel();
    let gate = Mutex::new(gate);
    let spec = on::<Item>().call(move |_| {
        enter.send(()).unwrap();
        gate.lock().unwrap().recv().unwrap();
    });
    let (linker, lane, _) = linked(spec.timeout(SECOND));
    let emitter = Emitter::start(&linker, Strategy::dedicated());
    let (report, ()) = futures::join!(emitter.emit_and_wait(Item(0)), async {
        entered.recv().unwrap();
        pass(3_600 * SECOND).await;
    });
    assert_eq!(words(&report), ["timed out"]);
    open.send(()).unwrap();
    linker.subscribe(on::<()>().call(|_| ())).unwrap();
    assert!(
        emitter.emit_and_wait(()).await.all_handled(),
        "the thread is back"
    );
    assert_eq!((lane.counts().timed_out, lane.counts().ended()), (1, 1));
}

/// Takes one delivery after the other, a while each.
struct Slow(Duration);

impl Actor for Slow {
    type Context = Context<Self>;
}

impl Handler<Delivery<Item>> for Slow {
    type Result = AtomicResponse<Self, ()>;

    fn handle(&mut self, item: Delivery<Item>, _: &mut Context<Self>) -> Self::Result {
        let work = actix_rt::time::sleep(self.0).map(|()| item.reply(()));
        AtomicResponse::new(Box::pin(work.into_actor(self)))
    }
}

#[actix::test]
async fn waiting_in_the_mailbox_is_part_of_the_time() {
    tokio::time::pause();
    let slow = Slow(Duration::from_millis(400)).start();
    let (_linker, lane, emitter) = linked(on::<Item>().actor(slow).timeout(SECOND));
    let reports = join_all((0..5).map(|n| emitter.emit_and_wait(Item(n)))).await;
    let ended: Vec<_> = reports.iter().flat_map(words).collect();
    assert_eq!(
        ended,
        ["handled", "handled", "timed out", "timed out", "timed out"]
    );
    // The actor handles them all the same; nothing is counted again.
    actix_rt::time::sleep(60 * SECOND).await;
    let counts = lane.counts();
    assert_eq!(
        (counts.handled, counts.timed_out, counts.ended()),
        (2, 3, 5)
    );
}

#[actix::test]
async fn each_of_many_has_its_own_time() {
    tokio::time::pause();
    let (hands, step) = (Hands::default(), Duration::from_millis(10));
    let holder = Holder(hands.clone()).start();
    let (_linker, lane, emitter) = linked(on::<Item>().actor(holder).timeout(SECOND));
    for n in 0..100 {
        assert!(emitter.emit(Item(n)).is_complete());
        pass(step).await;
    }
    pass(TICK).await;
    for timed_out in 1..100 {
        assert_eq!(
            lane.counts().timed_out,
            timed_out,
            "one every ten milliseconds"
        );
        pass(step).await;
    }
    hands.empty();
    settle().await;
    assert_eq!(lane.counts().ended(), 100);
    assert_eq!(lane.counts().in_flight(), 0);
}

#[actix::test]
async fn what_ends_in_time_is_not_timed_out() {
    tokio::time::pause();
    let hands = Hands::default();
    let quick = on::<Item>().call_async(async |_| actix_rt::time::sleep(SECOND - TICK).await);
    let specs = holders(&hands).into_iter().chain([
        on::<Item>().actor(Slow(SECOND - TICK).start()),
        on::<Item>().call(|_| ()),
        quick,
    ]);
    for (number, spec) in specs.enumerate() {
        let (_linker, lane, emitter) = linked(spec.timeout(SECOND));
        let (report, ()) = futures::join!(emitter.emit_and_wait(Item(0)), async {
            if number < 4 {
                until("it has begun", || hands.len() == 1).await;
            }
            settle().await;
            pass(SECOND - 2 * TICK).await;
            hands.empty();
        });
        assert_eq!(words(&report), ["handled"], "{number}");
        pass(60 * SECOND).await;
        assert_eq!((lane.counts().handled, lane.counts().ended()), (1, 1));
    }
}

#[actix::test]
async fn a_time_without_end_never_ends_anything() {
    tokio::time::pause();
    let hands = Hands::default();
    for spec in holders(&hands) {
        let (_linker, _, emitter) = linked(spec.timeout(Duration::MAX));
        let (report, ()) = futures::join!(emitter.emit_and_wait(Item(0)), async {
            until("it has begun", || hands.len() == 1).await;
            pass(1_000_000 * SECOND).await;
            hands.empty();
        });
        assert_eq!(words(&report), ["handled"]);
    }
    let spec = on::<Item>().call_async(async |_| actix_rt::time::sleep(SECOND).await);
    let (_linker, _, emitter) = linked(spec.timeout(Duration::MAX));
    assert_eq!(words(&emitter.emit_and_wait(Item(0)).await), ["handled"]);
}

#[actix::test]
async fn once_is_spent_by_a_delivery_that_timed_out() {
    tokio::time::pause();
    let hands = Hands::default();
    for spec in holders(&hands) {
        let (linker, lane, emitter) = linked(spec.timeout(SECOND).once());
        assert_eq!(words(&emitter.emit_and_wait(Item(0)).await), ["timed out"]);
        assert!(emitter.emit(Item(1)).is_unheard() && linker.is_empty());
        hands.empty();
        settle().await;
        assert_eq!((lane.counts().timed_out, lane.counts().ended()), (1, 1));
    }
}

#[actix::test]
async fn an_actor_that_dies_of_one_that_timed_out_is_restarted_all_the_same() {
    tokio::time::pause();
    let panics = |item: &Delivery<Item>| item.0 == 0;
    let make = move || Stuck { panics };
    let spec = on::<Item>()
        .actor_in(&Arbiter::current(), make)
        .timeout(SECOND);
    let (_linker, lane, emitter) = linked(spec);
    assert_eq!(words(&emitter.emit_and_wait(Item(0)).await), ["timed out"]);
    actix_rt::time::sleep(10 * SECOND).await;
    assert_eq!(words(&emitter.emit_and_wait(Item(1)).await), ["handled"]);
    assert_eq!((lane.counts().panicked, lane.counts().ended()), (0, 2));
}

/// Panics over some deliveries, after two seconds.
struct Stuck {
    panics: fn(&Delivery<Item>) -> bool,
}

impl Actor for Stuck {
    type Context = Context<Self>;
}

impl Handler<Delivery<Item>> for Stuck {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, item: Delivery<Item>, _: &mut Context<Self>) -> Self::Result {
        let panics = (self.panics)(&item);
        let work = async move {
            if panics {
                actix_rt::time::sleep(2 * SECOND).await;
                panic!("as told");
            }
            item.reply(());
        };
        Box::pin(work.into_actor(self))
    }
}

/// The pool of a blocking subscription has 32 threads: what waits behind them may
/// have been ended before its turn comes.
#[actix::test]
async fn what_timed_out_before_its_turn_is_never_run() {
    let (open, gate) = mpsc::channel::<()>();
    let gate = Arc::new(Mutex::new(gate));
    let runs = Arc::new(Mutex::new(0));
    let count = runs.clone();
    let blocks = on::<Item>().call_blocking(move |_| {
        *count.lock().unwrap() += 1;
        // Nobody sends: they go on when the other end is dropped.
        let _ = gate.lock().unwrap().recv();
    });
    let (_linker, subscription, emitter) = linked(blocks.timeout(Duration::from_millis(20)));
    let reports = (0..64).map(|n| emitter.emit_and_wait(Item(n)));
    let reports = join_all(reports).await;
    assert!(reports.iter().all(|report| words(report) == ["timed out"]));
    drop(open);
    until("all let go", || {
        let free = subscription.counts();
        free.ended() == 64 && *runs.lock().unwrap() >= 32
    })
    .await;
    // One more runs after all of them.
    let report = emitter.emit_and_wait(Item(64)).await;
    assert_eq!(report.receipt().accepted(), 1);
    until("the last has run", || *runs.lock().unwrap() >= 33).await;
    assert_eq!(*runs.lock().unwrap(), 33, "32 at the gate, and the last");
}

#[actix::test]
async fn a_deadline_holds_for_what_waits_in_a_lane() {
    tokio::time::pause();
    let (open, gate) = oneshot::channel::<()>();
    let gate = gate.shared();
    let waits = on::<Item>().call_async(move |_| {
        let gate = gate.clone();
        async move { gate.await.unwrap_or_default() }
    });
    let newest = waits.capacity(4).overflow(Overflow::DropOldest);
    let (_linker, _, emitter) = linked(newest);
    let mut first = Box::pin(emitter.emit_and_wait(Item(1)));
    let mut second = Box::pin(emitter.prepare(Item(2)).expires_in(SECOND).emit_and_wait());
    assert!(futures::poll!(first.as_mut()).is_pending());
    assert!(futures::poll!(second.as_mut()).is_pending());
    pass(2 * SECOND).await;
    drop(open);
    assert_eq!(words(&first.await), ["handled"]);
    let report = second.await;
    let Outcome::Refused(reason) = report.outcomes().next().unwrap() else {
        panic!("{report}");
    };
    assert_eq!(*reason, Reason::Expired);
}
