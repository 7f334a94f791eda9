//! One function per promise, run for every strategy and for a user's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix::prelude::*;
use ventix::{Delivery, Emission, Emitter, Linker, Outcome, Stage, Strategy, on, on_any, on_topic};

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

fn every_strategy() -> Vec<Strategy> {
    let arbiter = Arbiter::new();
    vec![
        Strategy::inline(),
        Strategy::current(),
        Strategy::on(&arbiter.handle()),
        Strategy::dedicated(),
        Strategy::custom(Plain.start().recipient()),
        Strategy::custom(OneByOne.start().recipient()),
    ]
}

/// Runs a promise on a fresh linker for every strategy.
async fn everywhere(promise: impl AsyncFn(Linker, Emitter)) {
    for strategy in every_strategy() {
        let linker = Linker::start();
        let emitter = Emitter::start(&linker, strategy);
        promise(linker, emitter).await;
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
    everywhere(async |linker, emitter| {
        let log = Log::new();
        let actor = Collector(Log::new()).start();
        let writer = log.clone();
        linker
            .subscribe(on::<u32>().call(move |n| writer.push(**n)))
            .unwrap();
        linker.subscribe(on::<u32>().actor(actor.clone())).unwrap();
        for n in 0..500 {
            assert!(emitter.emit(n as u32).is_complete());
        }
        assert!(emitter.emit_and_wait(500_u32).await.all_handled());
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
        while !linker.is_empty() {
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
        // With `inline` a handler's emission runs before its own has gone on.
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
        assert_eq!(log.entries(), [7, 8]);
    })
    .await;
}
