//! One function per promise, run for every strategy and for a user's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix::prelude::*;
use ventix::{
    Delivery, Emission, Emitter, Linker, Outcome, Overflow, Routing, Stage, Strategy, on, on_any,
    on_topic,
};

use super::{Log, Plain, words};

/// One that lets an emission end before the next begins.
struct OneByOne;

impl Actor for OneByOne {
    type Context = Context<Self>;
}

impl Handler<Emission> for OneByOne {
    type Result = AtomicResponse<Self, ()>;

    fn handle(&mut self, emission: Emission, _: &mut Context<Self>) -> Self::Result {
        AtomicResponse::new(Box::pin(emission.run_to_end().into_actor(self)))
    }
}

/// What order a strategy keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Each emission ends before the next begins.
    Ends,
    /// Each emission starts after the one before.
    Starts,
    /// Of one key, each emission ends before the next begins.
    EndsByKey,
    /// Of one key, each emission starts after the one before.
    StartsByKey,
    None,
}

/// All of them, but for an actor each for the custom ones.
fn every_strategy() -> Vec<(Order, Strategy)> {
    use Order::*;
    let arbiter = Arbiter::new();
    let custom = || Strategy::custom(Plain.start().recipient());
    let custom_pool = || {
        let plain = |_| Plain.start_in(&Arbiter::new()).recipient();
        Strategy::custom_pool((0..3).map(plain))
    };
    vec![
        (Starts, Strategy::inline()),
        (Ends, Strategy::inline().in_order()),
        (Starts, Strategy::current()),
        (Ends, Strategy::current().in_order()),
        (Starts, Strategy::on(&arbiter.handle())),
        (Ends, Strategy::on(&arbiter.handle()).in_order()),
        (Starts, Strategy::dedicated()),
        (Ends, Strategy::dedicated().in_order()),
        (None, Strategy::pool(3)),
        (None, Strategy::pool(3).routing(Routing::LeastLoaded)),
        (StartsByKey, Strategy::pool(3).routing(Routing::Keyed)),
        (Ends, Strategy::pool(3).in_order()),
        (
            Ends,
            Strategy::pool(3).routing(Routing::LeastLoaded).in_order(),
        ),
        (
            EndsByKey,
            Strategy::pool(3).routing(Routing::Keyed).in_order(),
        ),
        (Starts, Strategy::blocking(1)),
        (None, Strategy::blocking(3)),
        (Ends, Strategy::blocking(1).in_order()),
        (Ends, Strategy::blocking(3).in_order()),
        (Starts, custom()),
        (Ends, custom().in_order()),
        (Starts, custom().bounded(1_024, Overflow::DropOldest)),
        (Ends, Strategy::custom(OneByOne.start().recipient())),
        (None, custom_pool()),
        (StartsByKey, custom_pool().routing(Routing::Keyed)),
        (Ends, custom_pool().in_order()),
        (EndsByKey, custom_pool().routing(Routing::Keyed).in_order()),
    ]
}

/// Each of them, by its name, to be made in a `System` of its own.
pub(super) fn every_strategy_by_name() -> Vec<(String, impl Fn() -> Strategy)> {
    let names = System::new().block_on(async {
        let name = |(_, strategy)| format!("{strategy:?}");
        every_strategy().into_iter().map(name).collect::<Vec<_>>()
    });
    let named = |(at, name)| (name, move || every_strategy().swap_remove(at).1);
    names.into_iter().enumerate().map(named).collect()
}

/// Runs a promise on a fresh linker for every strategy.
pub(super) async fn everywhere(promise: impl AsyncFn(Linker, Emitter)) {
    wherever(
        |_| true,
        async |_, linker, emitter| promise(linker, emitter).await,
    )
    .await;
}

/// Runs a promise for every strategy that keeps a certain order.
pub(super) async fn wherever(
    keeps: impl Fn(Order) -> bool,
    promise: impl AsyncFn(Order, Linker, Emitter),
) {
    for (order, strategy) in every_strategy() {
        if keeps(order) {
            let linker = Linker::start();
            let name = format!("{strategy:?}");
            let builder = Emitter::builder(&linker).strategy(strategy).name(&*name);
            let emitter = builder.start().unwrap();
            let promised = promise(order, linker, emitter);
            let in_time = actix_rt::time::timeout(Duration::from_secs(20), promised);
            assert!(in_time.await.is_ok(), "still waiting: {name}");
        }
    }
}

#[actix::test]
async fn deliveries_of_one_emission_start_in_the_order_of_subscription() {
    everywhere(async |linker, emitter| {
        let log = Log::new();
        for i in 0..20 {
            let log = log.clone();
            let spec = match i % 3 {
                0 => on::<u8>().call(move |_| log.push(i)),
                1 => on_any().call(move |_| log.push(i)),
                _ => on::<u8>().call_async(move |_| {
                    log.push(i);
                    async {}
                }),
            };
            linker.subscribe(spec).unwrap();
        }
        assert!(emitter.emit_and_wait(1_u8).await.all_handled());
        assert_eq!(log.entries(), (0..20).collect::<Vec<_>>(), "{emitter:?}");
    })
    .await;
}

#[actix::test]
async fn emissions_reach_a_subscription_in_the_order_they_were_made() {
    let keeps = |order| order != Order::None;
    wherever(keeps, async |_, linker, emitter| {
        let log = Log::new();
        let actor = Collector(Log::new()).start();
        let writer = log.clone();
        linker
            .subscribe(on::<u32>().call(move |n| writer.push(**n)))
            .unwrap();
        linker.subscribe(on::<u32>().actor(actor.clone())).unwrap();
        for n in 0..500 {
            assert!(emitter.prepare(n as u32).key("k").emit().is_complete());
        }
        let last = emitter.prepare(500_u32).key("k").emit_and_wait().await;
        assert!(last.all_handled());
        assert_eq!(log.entries(), (0..=500).collect::<Vec<_>>());
        assert_eq!(actor.send(Collected).await.unwrap(), log.entries());
    })
    .await;
}

struct Collector(Log<u32>);

impl Actor for Collector {
    type Context = Context<Self>;
}

impl Handler<Delivery<u32>> for Collector {
    type Result = ();

    fn handle(&mut self, n: Delivery<u32>, _: &mut Context<Self>) {
        self.0.push(*n);
    }
}

#[derive(Message)]
#[rtype(result = "Vec<u32>")]
struct Collected;

impl Handler<Collected> for Collector {
    type Result = Vec<u32>;

    fn handle(&mut self, _: Collected, _: &mut Context<Self>) -> Vec<u32> {
        self.0.entries()
    }
}

#[actix::test]
async fn once_fires_once_across_selectors_and_is_gone() {
    everywhere(async |linker, emitter| {
        let fired = Arc::new(AtomicUsize::new(0));
        let (a, b) = (fired.clone(), fired.clone());
        let spec = on::<u8>()
            .call(move |_| {
                a.fetch_add(1, Ordering::Relaxed);
            })
            .and(on_topic::<u8>("bytes.>").call(move |_| {
                b.fetch_add(1, Ordering::Relaxed);
            }))
            .once();
        linker.subscribe(spec).unwrap();
        let first = emitter.emit(1_u8);
        let second = emitter.prepare(2_u8).topic("bytes.in").emit();
        assert_eq!(first.accepted() + second.accepted(), 1);
        let _ = emitter.emit_and_wait(3_u8).await;
        while !linker.is_empty() || fired.load(Ordering::Relaxed) == 0 {
            actix_rt::task::yield_now().await;
        }
        assert_eq!(fired.load(Ordering::Relaxed), 1);
        assert!(emitter.emit(4_u8).is_unheard());
    })
    .await;
}

#[actix::test]
async fn callbacks_hear_of_success_and_failure() {
    everywhere(async |linker, emitter| {
        let (good, bad) = (Log::new(), Log::new());
        let (g, b) = (good.clone(), bad.clone());
        linker
            .subscribe(
                on::<String>()
                    .call(|text| text.parse::<u32>())
                    .on_success(move |done| g.push(done.value::<u32>().copied()))
                    .on_failure(move |failure| b.push(failure.error().to_string())),
            )
            .unwrap();
        let _ = emitter.emit_and_wait(String::from("42")).await;
        let _ = emitter.emit_and_wait(String::from("x")).await;
        assert_eq!(good.entries(), [Some(42)]);
        assert_eq!(bad.entries(), ["invalid digit found in string"]);
    })
    .await;
}

#[actix::test]
async fn every_outcome_is_in_the_report_in_the_order_of_delivery() {
    everywhere(async |linker, emitter| {
        let specs = [
            on_topic::<u8>("n").call(|_| ()),
            on_topic::<u8>("n").call(|_| Err::<(), _>("no")),
            on_topic::<u8>("n").call(|_| panic!("at {}", 7)),
            on_topic::<u16>("n").call(|_| ()),
            on_topic::<u8>("n").call_async(async |_| Err::<(), _>("later")),
            on_topic::<u8>("n").call_blocking(|n| Ok::<_, std::fmt::Error>(*n)),
            on_topic::<u8>("n")
                .call(|_| ())
                .on_success(|_| Err::<(), _>("unlucky")),
        ];
        for spec in specs {
            linker.subscribe(spec).unwrap();
        }
        let report = emitter.prepare(1_u8).topic("n").emit_and_wait().await;
        let expected = [
            "handled", "failed", "panicked", "mismatch", "failed", "handled", "handled", "failed",
        ];
        assert_eq!(words(&report), expected, "{emitter:?}");
        assert_eq!(report.iter().last().unwrap().stage(), Stage::OnSuccess);
        let Outcome::Panicked(panic) = report.iter().nth(2).unwrap().outcome() else {
            panic!("{report:?}");
        };
        assert_eq!(panic.message(), Some("at 7"));
        assert_eq!(report.replies::<u8>().collect::<Vec<_>>(), [&1]);
        assert_eq!(
            (report.receipt().matched(), report.receipt().accepted()),
            (7, 6)
        );
        assert_eq!(report.handled(), 3);
    })
    .await;
}

#[actix::test]
async fn a_panic_ends_its_delivery_and_nothing_else() {
    everywhere(async |linker, emitter| {
        let panics = on::<u8>().call(|n| assert!(**n != 13, "unlucky"));
        linker.subscribe(panics).unwrap();
        linker
            .subscribe(on::<u8>().call_async(async |n| assert!(*n != 13, "unlucky")))
            .unwrap();
        let report = emitter.emit_and_wait(13_u8).await;
        assert_eq!(words(&report), ["panicked", "panicked"]);
        assert!(emitter.emit_and_wait(12_u8).await.all_handled());
    })
    .await;
}

#[actix::test]
async fn an_emission_that_nobody_hears_says_so() {
    everywhere(async |_linker, emitter| {
        let receipt = emitter.emit("hello?");
        assert!(receipt.is_unheard() && receipt.is_complete());
        assert!(emitter.emit_and_wait("hello?").await.receipt().is_unheard());
    })
    .await;
}

#[actix::test]
async fn what_a_handler_emits_names_its_cause() {
    everywhere(async |linker, emitter| {
        let log = Log::new();
        let (done, wait) = futures::channel::oneshot::channel();
        let done = std::sync::Mutex::new(Some(done));
        linker
            .subscribe(on::<u8>().call(|n| {
                assert!(n.emitter().emit(u16::from(**n)).is_complete());
            }))
            .unwrap();
        linker
            .subscribe(on::<u16>().call_async(async |n| {
                assert!(n.emitter().emit(u32::from(*n)).is_complete());
            }))
            .unwrap();
        let seen = log.clone();
        linker
            .subscribe(on_any().call(move |any| {
                let about = any.metadata();
                seen.push((about.id(), about.causation(), about.correlation()));
                if any.is::<u32>() {
                    let done = done.lock().unwrap().take().unwrap();
                    done.send(()).unwrap();
                }
            }))
            .unwrap();
        let receipt = emitter.emit(1_u8);
        wait.await.unwrap();
        // Where it runs beside its own, or in its middle, it may be seen first.
        while log.entries().len() < 3 {
            actix_rt::task::yield_now().await;
        }
        let mut seen = log.entries();
        seen.sort_by_key(|(id, ..)| *id);
        let ids: Vec<_> = seen.iter().map(|(id, ..)| *id).collect();
        assert_eq!(ids[0], receipt.id());
        assert_eq!(seen[0].1, None);
        assert_eq!((seen[1].1, seen[2].1), (Some(ids[0]), Some(ids[1])));
        assert!(seen.iter().all(|(.., correlation)| *correlation == ids[0]));
    })
    .await;
}

#[actix::test]
async fn an_emission_past_its_deadline_is_not_run() {
    everywhere(async |linker, emitter| {
        linker
            .subscribe(on::<u8>().call(|_| panic!("too late")))
            .unwrap();
        let late = emitter.prepare(1_u8).deadline(actix::clock::Instant::now());
        assert_eq!(late.emit().refusal(), Some(&ventix::Reason::Expired));
    })
    .await;
}

#[actix::test]
async fn two_emitters_serve_the_same_subscriptions() {
    let linker = Linker::start();
    let log = Log::new();
    let writer = log.clone();
    linker
        .subscribe(on::<&str>().call(move |who| writer.push(**who)))
        .unwrap();
    let here = Emitter::start(&linker, Strategy::inline());
    let there = Emitter::start(&linker, Strategy::dedicated());
    assert!(here.emit_and_wait("here").await.all_handled());
    assert!(there.emit_and_wait("there").await.all_handled());
    assert_eq!(log.entries(), ["here", "there"]);
}

#[actix::test]
async fn an_emitter_works_from_a_plain_thread() {
    everywhere(async |linker, emitter| {
        let log = Log::new();
        let writer = log.clone();
        linker
            .subscribe(on::<u8>().call(move |n| writer.push(**n)))
            .unwrap();
        let elsewhere = emitter.clone();
        let receipt = std::thread::spawn(move || elsewhere.emit(7_u8))
            .join()
            .unwrap();
        assert_eq!(receipt.accepted(), 1);
        let _ = emitter.emit_and_wait(8_u8).await;
        while log.entries().len() < 2 {
            actix_rt::task::yield_now().await;
        }
        assert!(log.entries().contains(&7));
    })
    .await;
}

/// Ends late: after everything else has had a turn or two.
async fn dawdle() {
    for _ in 0..5 {
        actix_rt::task::yield_now().await;
    }
}

#[actix::test]
async fn in_order_an_emission_ends_before_the_next_begins_and_nested_ones_come_right_after() {
    let keeps = |order| matches!(order, Order::Ends | Order::EndsByKey);
    wherever(keeps, async |_, linker, emitter| {
        let log = Log::new();
        let writer = log.clone();
        linker
            .subscribe(on::<u32>().call_async(move |n| {
                let log = writer.clone();
                async move {
                    log.push(format!("{} begins", *n));
                    dawdle().await;
                    let nested: &[u32] = match *n {
                        1 => &[11, 12],
                        11 => &[111],
                        _ => &[],
                    };
                    for nested in nested {
                        assert!(n.emitter().emit(*nested).is_complete());
                    }
                    dawdle().await;
                    log.push(format!("{} ends", *n));
                }
            }))
            .unwrap();
        // The user's own actor knows nothing of what is nested.
        let is_ours = !format!("{emitter:?}").contains("custom(..)\"");
        assert!(emitter.prepare(1_u32).key("k").emit().is_complete());
        let last = emitter.prepare(2_u32).key("k").emit_and_wait();
        assert!(last.await.all_handled());
        while log.entries().len() < 10 {
            actix_rt::task::yield_now().await;
        }
        let numbers = if is_ours {
            [1, 11, 111, 12, 2]
        } else {
            [1, 2, 11, 12, 111]
        };
        let steps = |n| [format!("{n} begins"), format!("{n} ends")];
        let expected: Vec<_> = numbers.into_iter().flat_map(steps).collect();
        assert_eq!(log.entries(), expected, "{emitter:?}");
    })
    .await;
}

#[actix::test]
async fn a_handler_may_wait_for_what_it_emits() {
    // Those that let one end before the next begins by themselves cannot know.
    let ours = |linker: &Linker, emitter: &Emitter| {
        let _ = linker;
        !format!("{emitter:?}").contains("custom(..)\"")
    };
    wherever(
        |_| true,
        async |order, linker, emitter| {
            if order == Order::Ends && !ours(&linker, &emitter) {
                return;
            }
            let log = Log::new();
            let (a, b) = (log.clone(), log.clone());
            linker
                .subscribe(on::<u32>().call_async(move |n| {
                    let log = a.clone();
                    async move {
                        log.push(*n);
                        let nested = n.emitter().emit_and_wait(u64::from(*n) * 10).await;
                        assert!(nested.all_handled());
                        log.push(*n + 100);
                    }
                }))
                .unwrap();
            let inner = Nested(b).start();
            linker.subscribe(on::<u64>().actor(inner)).unwrap();
            linker
                .subscribe(on::<u8>().call_async(async |_| dawdle().await))
                .unwrap();
            let first = emitter.prepare(1_u32).key("k").emit_and_wait();
            let second = emitter.prepare(2_u32).key("k").emit_and_wait();
            let (first, second) = futures::join!(first, second);
            assert!(first.all_handled() && second.all_handled());
            let entries = log.entries();
            let mut sorted = entries.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, [1, 2, 10, 20, 101, 102], "{emitter:?}");
            if matches!(order, Order::Ends | Order::EndsByKey) {
                assert_eq!(entries, [1, 10, 101, 2, 20, 102], "{emitter:?}");
            }
        },
    )
    .await;
}

/// An actor whose handler waits for what it emits.
struct Nested(Log<u32>);

impl Actor for Nested {
    type Context = Context<Self>;
}

impl Handler<Delivery<u64>> for Nested {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, n: Delivery<u64>, _: &mut Context<Self>) -> Self::Result {
        let log = self.0.clone();
        Box::pin(n.settle_async(async move |n| {
            let nested = n.emitter().emit_and_wait(1_u8).await;
            log.push(u32::try_from(**n).unwrap());
            nested.all_handled().then_some(()).ok_or("not handled")
        }))
    }
}

#[actix::test]
async fn a_drain_waits_for_what_was_accepted_and_refuses_what_comes() {
    everywhere(async |linker, emitter| {
        let handled = Arc::new(AtomicUsize::new(0));
        let (a, b, c) = (handled.clone(), handled.clone(), handled.clone());
        let count = |counter: &AtomicUsize| counter.fetch_add(1, Ordering::SeqCst);
        linker
            .subscribe(on::<u8>().call(move |n| {
                count(&a);
                // What comes after the drain has begun is refused, also from a handler.
                let _ = n.emitter().emit(1_u16);
            }))
            .unwrap();
        linker
            .subscribe(on::<u8>().call_async(move |_| {
                let counter = b.clone();
                async move {
                    dawdle().await;
                    count(&counter);
                }
            }))
            .unwrap();
        linker
            .subscribe(on::<u8>().call_blocking(move |_| {
                count(&c);
            }))
            .unwrap();
        for _ in 0..20 {
            assert!(emitter.emit(1_u8).is_complete());
        }
        let drained = emitter.drain(Duration::from_secs(10)).await;
        assert!(drained.is_complete(), "{drained} {emitter:?}");
        assert_eq!(handled.load(Ordering::SeqCst), 60);
        let shut = Some(&ventix::Reason::ShuttingDown);
        assert_eq!(emitter.emit(1_u8).refusal(), shut);
        assert_eq!(emitter.emit("unheard").refusal(), shut);
        assert_eq!(emitter.emit_and_wait(1_u8).await.receipt().refusal(), shut);
        let message = emitter.addr().send(ventix::Emit(1_u8)).await.unwrap();
        assert_eq!(message.refusal(), shut);
        assert!(emitter.drain(Duration::ZERO).await.is_complete());
    })
    .await;
}

#[actix::test]
async fn a_panic_costs_no_thread() {
    everywhere(async |linker, emitter| {
        linker.subscribe(on::<u8>().call(|_| panic!("no"))).unwrap();
        linker
            .subscribe(on::<u16>().call_async(async |_| ()))
            .unwrap();
        for _ in 0..10 {
            assert!(emitter.emit(1_u8).is_complete());
        }
        for _ in 0..10 {
            assert!(
                emitter.emit_and_wait(1_u16).await.all_handled(),
                "{emitter:?}"
            );
        }
    })
    .await;
}

#[actix::test]
async fn an_emitter_works_on_when_only_its_emissions_are_left() {
    everywhere(async |linker, emitter| {
        let (go, gate) = futures::channel::oneshot::channel::<()>();
        let gate = std::sync::Mutex::new(Some(gate));
        let (tell, told) = futures::channel::oneshot::channel();
        let tell = std::sync::Mutex::new(Some(tell));
        linker
            .subscribe(on::<u8>().call_async(move |n| {
                let gate = gate.lock().unwrap().take().unwrap();
                async move {
                    gate.await.unwrap();
                    assert!(n.emitter().emit_and_wait(1_u16).await.all_handled());
                    assert!(n.emitter().addr().send(ventix::Emit(2_u16)).await.is_ok());
                }
            }))
            .unwrap();
        linker
            .subscribe(on::<u16>().call(move |n| {
                if **n == 2 {
                    tell.lock().unwrap().take().unwrap().send(()).unwrap();
                }
            }))
            .unwrap();
        let is_users = format!("{emitter:?}").contains("custom(..)\"");
        if is_users {
            return;
        }
        assert!(emitter.emit(1_u8).is_complete());
        let weak = emitter.downgrade();
        drop(emitter);
        assert!(weak.upgrade().is_none());
        go.send(()).unwrap();
        told.await.unwrap();
    })
    .await;
}
