//! What a subscription, a linker and an emitter know of what has happened.

mod support;

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use actix::prelude::*;
use futures::FutureExt;
use futures::channel::oneshot;
use ventix::{
    Delivery, Emitter, Latency, Linker, Overflow, Retry, Selector, Strategy, Subscription,
    SubscriptionSpec, on, on_any,
};

use support::{pass, settle};

const SECOND: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
struct Item(u64);

fn linked(spec: SubscriptionSpec) -> (Linker, Subscription, Emitter) {
    let linker = Linker::start();
    let subscription = linker.subscribe(spec).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    (linker, subscription, emitter)
}

/// The only time that was measured, in whole seconds.
fn seconds(latency: &Latency) -> Option<u64> {
    assert!(latency.count() <= 1, "{latency}");
    latency.max().map(|time| time.as_secs_f64().round() as u64)
}

/// Takes a delivery out of the mailbox, and lets it go a second later.
struct Slow;

impl Actor for Slow {
    type Context = Context<Self>;
}

impl Handler<Delivery<Item>> for Slow {
    type Result = AtomicResponse<Self, ()>;

    fn handle(&mut self, item: Delivery<Item>, _: &mut Context<Self>) -> Self::Result {
        let work = async move {
            let time = Duration::from_secs(item.0);
            actix::clock::sleep(time).await;
        };
        AtomicResponse::new(Box::pin(work.into_actor(self)))
    }
}

#[actix::test]
async fn an_actor_begins_when_it_looks_at_its_delivery() {
    tokio::time::pause();
    let (_linker, slow, emitter) = linked(on::<Item>().actor(Slow.start()));
    assert!(emitter.emit_and_wait(Item(2)).await.all_handled());
    assert_eq!(seconds(&slow.stats().queue), Some(0));
    assert_eq!(seconds(&slow.stats().run), Some(2));

    // The second is in the mailbox while the first is handled.
    let (_linker, slow, emitter) = linked(on::<Item>().actor(Slow.start()));
    let both = [Item(3), Item(1)].map(|item| emitter.emit_and_wait(item));
    futures::future::join_all(both).await;
    let stats = slow.stats();
    let [queue, run] = [&stats.queue, &stats.run].map(|of| of.max().unwrap().as_secs_f64().round());
    assert_eq!((queue, run), (3.0, 3.0));
    assert_eq!(stats.run.min().unwrap().as_secs_f64().round(), 1.0);
}

/// Never looks at what it gets: drops one, fails the next.
#[derive(Default)]
struct Blind(bool);

impl Actor for Blind {
    type Context = Context<Self>;
}

impl Handler<Delivery<Item>> for Blind {
    type Result = ();

    fn handle(&mut self, item: Delivery<Item>, _: &mut Context<Self>) {
        self.0 = !self.0;
        if self.0 {
            drop(item);
        } else {
            item.fail("unseen");
        }
    }
}

#[actix::test]
async fn what_an_actor_ends_unseen_took_no_time() {
    tokio::time::pause();
    let arbiter = Arbiter::current();
    for spec in [
        on::<Item>().actor(Blind::default().start()),
        on::<Item>().actor_in(&arbiter, Blind::default),
    ] {
        let (_linker, blind, emitter) = linked(spec);
        for n in 0..2 {
            assert_eq!(emitter.emit_and_wait(Item(n)).await.handled() == 1, n == 0);
        }
        let run = blind.stats().run;
        assert_eq!(run.count(), 2);
        assert!(run.max().unwrap() < SECOND);
    }
}

#[actix::test]
async fn an_async_callback_queues_in_its_lane_and_runs_until_its_future_ends() {
    tokio::time::pause();
    let naps = on::<Item>().call_async(async |item| {
        actix::clock::sleep(Duration::from_secs(item.0)).await;
    });
    let (_linker, naps, emitter) = linked(naps.in_order());
    let first = emitter.emit(Item(2));
    let second = emitter.emit(Item(5));
    assert!(first.is_complete() && second.is_complete());
    settle().await;
    assert_eq!(naps.stats().waiting, 1);
    assert_eq!(naps.stats().counts.in_flight(), 2);
    actix::clock::sleep(60 * SECOND).await;
    let stats = naps.stats();
    assert_eq!((stats.waiting, stats.counts.handled), (0, 2));
    assert_eq!((stats.queue.count(), stats.run.count()), (2, 2));
    assert_eq!(stats.queue.max().unwrap().as_secs(), 2);
    assert_eq!(stats.run.max().unwrap().as_secs(), 5);
}

#[actix::test]
async fn each_attempt_is_a_run_and_only_the_first_has_queued() {
    tokio::time::pause();
    let fails = on::<Item>().call_async(async |item| {
        actix::clock::sleep(SECOND).await;
        if item.attempt() < 3 {
            Err("not yet")
        } else {
            Ok(())
        }
    });
    let retry = Retry::constant(60 * SECOND).attempts(3);
    let (_linker, fails, emitter) = linked(fails.retry(retry));
    assert!(emitter.emit_and_wait(Item(0)).await.all_handled());
    let stats = fails.stats();
    assert_eq!((stats.queue.count(), stats.run.count()), (1, 3));
    assert_eq!(stats.counts.retried, 2);
    assert!(stats.run.max().unwrap() < 2 * SECOND, "the delay is no run");
}

#[actix::test]
async fn what_times_out_has_run_until_then_and_is_timed_once() {
    tokio::time::pause();
    let hands = Arc::new(Mutex::new(Vec::new()));
    let (take, slow) = (hands.clone(), Slow.start());
    let keeps = on::<Item>().call_blocking(move |item| take.lock().unwrap().push(item));
    let (_linker, keeps, emitter) = linked(keeps.timeout(2 * SECOND));
    assert!(!emitter.emit_and_wait(Item(0)).await.all_handled());
    drop(std::mem::take(&mut *hands.lock().unwrap()));
    settle().await;
    assert_eq!(keeps.stats().counts.timed_out, 1);
    // The clock of the pool's threads is not the paused one, so the time is open.
    assert!(keeps.stats().run.count() <= 1);

    // What never left the mailbox has no times at all.
    let (_linker, stuck, emitter) = linked(on::<Item>().actor(slow).timeout(2 * SECOND));
    let all = [Item(100), Item(0)].map(|item| emitter.emit_and_wait(item));
    futures::future::join_all(all).await;
    let stats = stuck.stats();
    assert_eq!(stats.counts.timed_out, 2);
    assert_eq!(seconds(&stats.run), Some(2));
    pass(200 * SECOND).await;
    assert_eq!(seconds(&stuck.stats().run), Some(2));
}

#[actix::test]
async fn a_blocking_callback_begins_when_it_has_a_thread() {
    let (open, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let (began, begun) = oneshot::channel();
    let began = Mutex::new(Some(began));
    let waits = on::<Item>().call_blocking(move |_| {
        if let Some(began) = began.lock().unwrap().take() {
            began.send(()).unwrap();
        }
        gate.lock().unwrap().recv()
    });
    let (_linker, waits, emitter) = linked(waits);
    let report = emitter.emit_and_wait(Item(0));
    let (report, ()) = futures::join!(report, async {
        begun.await.unwrap();
        open.send(()).unwrap();
    });
    assert!(report.all_handled());
    let stats = waits.stats();
    assert_eq!((stats.queue.count(), stats.run.count()), (1, 1));
}

#[actix::test]
async fn one_in_64_is_timed_after_the_first_16_and_of_what_comes_in_turns_too() {
    let linker = Linker::start();
    let even = linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    let odd = linker.subscribe(on::<u16>().call(|_| ())).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    for _ in 0..16 {
        emitter.emit(1_u8);
        emitter.emit(1_u16);
    }
    assert_eq!(
        (even.stats().run.count(), odd.stats().run.count()),
        (16, 16)
    );
    for _ in 0..64_000 {
        emitter.emit(1_u8);
        emitter.emit(1_u16);
    }
    for subscription in [even, odd] {
        let timed = subscription.stats().run.count();
        assert!((900..1_150).contains(&timed), "{timed}");
    }
}

#[actix::test]
async fn a_new_subscription_has_figures_at_once() {
    let (linker, old, emitter) = linked(on::<u8>().call(|_| ()));
    for _ in 0..1_000 {
        emitter.emit(1_u8);
    }
    let before = old.stats().run.count();
    let new = linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    emitter.emit(1_u8);
    assert_eq!(new.stats().run.count(), 1);
    assert_eq!(old.stats().run.count(), before + 1);
}

#[actix::test]
async fn callbacks_in_a_row_are_each_timed_however_they_end() {
    for by in [Strategy::inline(), Strategy::current()] {
        let linker = Linker::start();
        let link = |spec| linker.subscribe(spec).unwrap();
        let callbacks = [
            link(on::<u8>().call(|_| ())),
            link(on::<u8>().call(|_| Err::<(), _>("no"))),
            link(on::<u8>().call(|_| -> () { panic!("as it should") })),
            link(on::<u8>().call(|_| ())),
        ];
        let emitter = Emitter::start(&linker, by);
        // Alone, or together as they wait.
        let _ = emitter.emit_all([1_u8, 2, 3]);
        assert!(emitter.drain(SECOND).await.is_complete());
        let mut ended = Duration::ZERO;
        for callback in callbacks {
            let stats = callback.stats();
            assert_eq!((stats.queue.count(), stats.run.count()), (3, 3));
            // It has begun when the one before it had ended.
            assert_eq!(stats.queue.sum(), ended);
            ended += stats.run.sum();
        }
        assert_eq!(emitter.stats().run.count(), 12);
    }
}

#[actix::test]
async fn those_that_take_any_event_are_timed_and_notices_too() {
    let linker = Linker::start();
    let any = linker.subscribe(on_any().call(|_| ())).unwrap();
    let dead = linker
        .subscribe(on::<ventix::DeadLetter>().call(|_| ()))
        .unwrap();
    linker
        .subscribe(on::<u8>().call(|_| Err::<(), _>("no")))
        .unwrap();
    Emitter::start(&linker, Strategy::inline()).emit(1_u8);
    assert_eq!(dead.stats().run.count(), 1);
    assert!(any.stats().run.count() >= 1);
}

#[actix::test]
async fn a_linker_sums_up_its_subscriptions_and_those_of_an_event() {
    let linker = Linker::start();
    let bytes = linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    linker
        .subscribe(on::<u16>().call(|_| Err::<(), _>("no")))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    emitter.emit(1_u8);
    emitter.emit(2_u16);
    emitter.emit(3_u16);
    let all = linker.stats();
    assert_eq!((all.counts.handled, all.counts.failed), (1, 2));
    assert_eq!((all.queue.count(), all.run.count()), (3, 3));
    let words = linker.stats_of(&Selector::event::<u16>());
    assert_eq!((words.counts.handled, words.counts.failed), (0, 2));
    assert_eq!(
        linker.stats_of(&Selector::event::<u64>()),
        Default::default()
    );
    assert!(bytes.unsubscribe());
    assert_eq!(linker.stats().counts.handled, 0);
    assert_eq!(bytes.stats().counts.handled, 1, "its handle still knows");
    assert_eq!(bytes.stats().run.count(), 1);
}

#[actix::test]
async fn an_emitter_knows_what_waits_and_what_is_on_its_way() {
    let linker = Linker::start();
    let (open, gate) = oneshot::channel::<()>();
    let gate = gate.shared();
    let waits = on::<u8>().call_async(move |_| {
        let gate = gate.clone();
        async move { gate.await.unwrap_or_default() }
    });
    linker.subscribe(waits).unwrap();
    for overflow in [Overflow::Refuse, Overflow::Wait(SECOND)] {
        let strategy = Strategy::current().bounded(2, overflow);
        let emitter = Emitter::start(&linker, strategy);
        for n in 0..3_u8 {
            emitter.emit(n);
        }
        let stats = emitter.stats();
        assert_eq!((stats.emitted, stats.refused), (3, 1), "{overflow:?}");
        assert_eq!((stats.waiting, stats.in_flight), (2, 2), "{overflow:?}");
        settle().await;
        let stats = emitter.stats();
        assert_eq!((stats.waiting, stats.in_flight), (0, 2), "{overflow:?}");
    }
    drop(open);
    settle().await;
    assert_eq!(linker.stats().counts.in_flight(), 0);
}

#[actix::test]
async fn an_emitter_counts_what_became_of_its_own_deliveries() {
    let linker = Linker::start();
    let odd = on::<u64>().call(|n| match **n % 2 {
        1 => Ok(()),
        _ => Err("even"),
    });
    linker.subscribe(odd).unwrap();
    linker
        .subscribe(on::<u64>().filter(|n, _| *n > 10).call(|_| ()))
        .unwrap();
    let (open, gate) = oneshot::channel::<()>();
    let gate = gate.shared();
    let waits = on::<u64>().call_async(move |_| {
        let gate = gate.clone();
        async move { gate.await.unwrap_or_default() }
    });
    linker.subscribe(waits.capacity(2)).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    let other = Emitter::start(&linker, Strategy::current());
    for n in [1_u64, 2, 3] {
        emitter.emit(n);
    }
    // Two have not ended: what they have handled does not count yet.
    let stats = emitter.stats();
    assert_eq!((stats.in_flight, stats.deliveries.in_flight()), (2, 0));
    assert!(stats.deliveries.handled <= 1);
    drop(open);
    settle().await;
    let stats = emitter.stats();
    let counts = stats.deliveries;
    assert_eq!(stats.in_flight, 0);
    assert_eq!((counts.handled, counts.failed), (4, 1));
    assert_eq!((counts.skipped, counts.refused, counts.matched), (3, 1, 9));
    // What was measured is its own, too.
    assert_eq!(stats.run.count(), 5);
    assert_eq!(linker.stats().counts, counts);
    assert_eq!(other.stats().deliveries.matched, 0);
    assert!(other.emit_and_wait(11_u64).await.all_handled());
    assert_eq!(other.stats().deliveries.handled, 3);
    assert_eq!(emitter.stats().deliveries, counts);
}

#[actix::test]
async fn an_emitter_counts_what_its_threads_emit_and_what_is_emitted_together() {
    let linker = Linker::start();
    for _ in 0..3 {
        linker.subscribe(on::<u64>().call(|_| ())).unwrap();
    }
    let emitter = Emitter::start(&linker, Strategy::inline());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..500_u64).for_each(|n| drop(emitter.emit(n))));
        }
    });
    let current = Strategy::current();
    emitter.switch(current).await.unwrap();
    assert_eq!(emitter.emit_all(0..100_u64).accepted(), 300);
    assert!(emitter.emit_and_wait(0_u64).await.all_handled());
    let stats = emitter.stats();
    assert_eq!((stats.deliveries.handled, stats.in_flight), (3 * 1_101, 0));
}
