//! Batches: what `emit_all` does is what that many calls of `emit` do.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ventix::{
    BoxError, DeadLetter, EmitAll, Emitter, Linker, Overflow, Reason, Receipt, Receipts, Strategy,
    on,
};

use super::Log;
use super::promises::{Order, everywhere, wherever};

type Emitting = fn(&Emitter) -> Vec<Receipt>;

/// The same events one by one and as a batch, on linkers of their own.
fn both(prepare: impl Fn(&Linker) -> Emitter) -> [(Emitter, Emitting); 2] {
    let one_by_one: Emitting = |emitter| (0..6_u32).map(|n| emitter.emit(n)).collect();
    let as_batch: Emitting = |emitter| emitter.emit_all(0..6_u32).iter().collect();
    [one_by_one, as_batch].map(|emit| (prepare(&Linker::start()), emit))
}

/// What a receipt says but for its id.
fn says(receipts: &[Receipt]) -> Vec<(usize, usize, Option<Reason>, Vec<Reason>)> {
    let says = |receipt: &Receipt| {
        let reasons = receipt.refusals().iter().map(|it| it.reason().clone());
        let refusal = receipt.refusal().cloned();
        (
            receipt.matched(),
            receipt.accepted(),
            refusal,
            reasons.collect(),
        )
    };
    receipts.iter().map(says).collect()
}

#[actix::test]
async fn a_batch_comes_once_and_in_its_order_between_what_is_emitted_before_and_after() {
    let keeps = |order| order != Order::None;
    wherever(keeps, async |_, linker, emitter| {
        let log = Log::new();
        let writer = log.clone();
        linker
            .subscribe(on::<u32>().call(move |n| writer.push(**n)))
            .unwrap();
        // Without a key, keyed pools take turns: those keep no order here.
        if format!("{emitter:?}").contains("Keyed") {
            return;
        }
        emitter.emit(0_u32);
        let receipts = emitter.emit_all(1..=300_u32);
        emitter.emit(301_u32);
        assert!(receipts.is_complete());
        assert_eq!((receipts.len(), receipts.accepted()), (300, 300));
        assert!(emitter.emit_and_wait(302_u32).await.all_handled());
        assert_eq!(log.entries(), (0..=302).collect::<Vec<_>>(), "{emitter:?}");
    })
    .await;
}

#[actix::test]
async fn everything_in_a_batch_is_handled_under_every_strategy() {
    everywhere(async |linker, emitter| {
        let log = Log::new();
        let writer = log.clone();
        linker
            .subscribe(on::<u32>().call(move |n| writer.push(**n)))
            .unwrap();
        let once = linker.subscribe(on::<u32>().call(|_| ()).once()).unwrap();
        let receipts = emitter.emit_all(0..200_u32);
        assert_eq!(receipts.iter().count(), 200);
        // Nothing else is emitted that could wake anybody.
        while log.entries().len() < 200 {
            actix_rt::task::yield_now().await;
        }
        let mut seen = log.entries();
        seen.sort_unstable();
        assert_eq!(seen, (0..200).collect::<Vec<_>>(), "{emitter:?}");
        assert_eq!(once.counts().handled, 1, "{emitter:?}");
    })
    .await;
}

#[actix::test]
async fn overflow_and_refusals_are_those_of_one_by_one() {
    let policies = [
        Overflow::Refuse,
        Overflow::DropOldest,
        Overflow::DropNewest,
        Overflow::Coalesce,
        Overflow::Wait(Duration::from_secs(1)),
    ];
    for overflow in policies {
        for of_lane in [false, true] {
            let seen = Log::new();
            let mut said = Vec::new();
            for (emitter, emit) in both(|linker| {
                let log = seen.clone();
                let spec = on::<u32>().call(move |n| log.push(**n));
                let failures = seen.clone();
                let spec = spec.on_failure(move |failure| {
                    failures.push(1_000 + u32::from(failure.outcome().as_str() == "dropped"));
                });
                let spec = if of_lane {
                    spec.capacity(3).overflow(overflow)
                } else {
                    spec
                };
                linker.subscribe(spec).unwrap();
                let dead = seen.clone();
                linker
                    .subscribe(on::<DeadLetter>().call(move |_| dead.push(2_000)))
                    .unwrap();
                let strategy = Strategy::current();
                let bounded = strategy.clone().bounded(3, overflow);
                Emitter::start(linker, if of_lane { strategy } else { bounded })
            }) {
                let receipts = emit(&emitter);
                assert!(emitter.drain(Duration::from_secs(5)).await.is_complete());
                said.push((says(&receipts), seen.entries()));
                seen.clear();
            }
            assert_eq!(said[0], said[1], "{overflow:?}, of a lane: {of_lane}");
            assert!(!said[0].1.is_empty());
        }
    }
}

#[actix::test]
async fn what_the_iterator_emits_comes_before_the_batch() {
    for strategy in [
        Strategy::inline(),
        Strategy::current(),
        Strategy::dedicated(),
    ] {
        let linker = Linker::start();
        let log = Log::new();
        let writer = log.clone();
        linker
            .subscribe(on::<u32>().call(move |n| writer.push(**n)))
            .unwrap();
        let emitter = Emitter::start(&linker, strategy);
        let receipts = emitter.emit_all((0..3_u32).inspect(|n| {
            assert!(emitter.emit_all([n + 100]).is_complete());
        }));
        assert!(receipts.is_complete());
        assert!(emitter.emit_and_wait(7_u32).await.all_handled());
        assert_eq!(log.entries(), [100, 101, 102, 0, 1, 2, 7]);
    }
}

#[actix::test]
async fn an_iterator_that_panics_emits_nothing() {
    let linker = Linker::start();
    let counted = linker.subscribe(on::<u32>().call(|_| ())).unwrap();
    let emitter = Emitter::start(&linker, Strategy::dedicated());
    let all = || emitter.emit_all((0..9_u32).map(|n| if n < 5 { n } else { panic!("{n}") }));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(all));
    assert!(panicked.is_err());
    assert_eq!(counted.counts().matched, 0);
    assert!(emitter.emit_and_wait(1_u32).await.all_handled());
}

/// Whoever sleeps is woken for what is nested in the making of a batch, too.
#[test]
fn a_batch_may_be_cut_short_by_a_handler_that_blocks() {
    actix::System::new().block_on(async {
        let linker = Linker::start();
        let emitter = Emitter::start(&linker, Strategy::dedicated());
        linker.subscribe(on::<u8>().call(|_| ())).unwrap();
        let stuck = on::<u32>().call_async(|_| std::future::pending::<()>());
        linker.subscribe(stuck.capacity(1)).unwrap();
        let waits = Arc::new(AtomicUsize::new(0));
        let (inner, waited) = (emitter.clone(), waits.clone());
        linker
            .subscribe(on::<DeadLetter>().call(move |_| {
                let report = futures::executor::block_on(inner.emit_and_wait(1_u8));
                waited.fetch_add(usize::from(report.all_handled()), Ordering::SeqCst);
            }))
            .unwrap();
        let emitting = std::thread::spawn(move || emitter.emit_all([1_u32, 2, 3]));
        while !emitting.is_finished() {
            actix_rt::task::yield_now().await;
        }
        assert_eq!(emitting.join().unwrap().accepted(), 1);
        assert_eq!(waits.load(Ordering::SeqCst), 2);
    });
}

#[actix::test]
async fn a_message_is_the_batch_of_the_handle() {
    let linker = Linker::start();
    let log = Log::new();
    let writer = log.clone();
    linker
        .subscribe(on::<u32>().call(move |n| writer.push(**n)))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::dedicated());
    let addr = emitter.addr();
    addr.do_send(EmitAll([1_u32, 2]));
    let receipts: Receipts = addr.send(EmitAll(3..=4_u32)).await.unwrap();
    assert_eq!(
        (receipts.len(), receipts.matched(), receipts.accepted()),
        (2, 2, 2)
    );
    assert!(
        addr.send(EmitAll(Vec::<u32>::new()))
            .await
            .unwrap()
            .is_empty()
    );
    assert!(emitter.emit_and_wait(5_u32).await.all_handled());
    assert_eq!(log.entries(), [1, 2, 3, 4, 5]);
}

#[actix::test]
async fn a_batch_of_a_handler_names_its_cause() {
    let linker = Linker::start();
    let log = Log::new();
    let writer = log.clone();
    linker
        .subscribe(on::<u8>().call(|n| drop(n.emitter().emit_all([1_u32, 2]))))
        .unwrap();
    linker
        .subscribe(on::<u32>().call(move |n| writer.push(n.metadata().causation())))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    let id = emitter.emit(1_u8).id();
    assert_eq!(log.entries(), [Some(id), Some(id)]);
}

/// However they wait: each has its id, its place and its end.
#[actix::test]
async fn each_of_a_batch_is_counted_and_ends_by_itself() {
    for strategy in [Strategy::current(), Strategy::dedicated()] {
        let linker = Linker::start();
        let ends = linker
            .subscribe(on::<u32>().call(|n| match **n % 10 {
                3 => panic!("a three"),
                7 => Err(BoxError::from("a seven")),
                _ => Ok(()),
            }))
            .unwrap();
        let (begin, begun) = std::sync::mpsc::channel();
        let (go_on, gone_on) = std::sync::mpsc::channel::<()>();
        let gate = std::sync::Mutex::new(gone_on);
        let is_here = format!("{strategy:?}") == format!("{:?}", Strategy::current());
        linker
            .subscribe(on::<u8>().call(move |_| {
                begin.send(()).unwrap();
                if !is_here {
                    gate.lock().unwrap().recv().unwrap();
                }
            }))
            .unwrap();
        let emitter = Emitter::start(&linker, strategy.bounded(150, Overflow::Refuse));
        if !is_here {
            emitter.emit(0_u8);
            begun.recv().unwrap();
        }
        let receipts = emitter.emit_all(0..200_u32);
        assert_eq!((receipts.accepted(), receipts.refused()), (150, 50));
        let ids: Vec<_> = receipts.iter().map(|receipt| receipt.id()).collect();
        assert!(ids.is_sorted_by(|before, after| before < after));
        assert_eq!(emitter.stats().waiting, 150);
        assert_eq!(emitter.stats().emitted, 200 + u64::from(!is_here));
        assert_eq!(ends.counts().in_flight(), 150);
        if !is_here {
            go_on.send(()).unwrap();
        }
        assert!(emitter.drain(Duration::from_secs(5)).await.is_complete());
        let counts = ends.counts();
        assert_eq!((counts.matched, counts.handled), (150, 120));
        assert_eq!((counts.failed, counts.panicked), (15, 15));
        assert_eq!((emitter.stats().waiting, emitter.stats().in_flight), (0, 0));
    }
}

/// A strategy that ends with a batch in its line loses each of it, and says so.
#[actix::test]
async fn a_batch_whose_arbiter_stops_is_lost_one_by_one() {
    let linker = Linker::start();
    let ends = linker.subscribe(on::<u32>().call(|_| ())).unwrap();
    let arbiter = actix::Arbiter::new();
    let (begin, begun) = std::sync::mpsc::channel();
    let (go_on, gone_on) = std::sync::mpsc::channel::<()>();
    arbiter.spawn_fn(move || {
        begin.send(()).unwrap();
        gone_on.recv().unwrap();
    });
    let emitter = Emitter::start(&linker, Strategy::on(&arbiter.handle()));
    begun.recv().unwrap();
    assert_eq!(emitter.emit_all(0..100_u32).accepted(), 100);
    arbiter.stop();
    go_on.send(()).unwrap();
    arbiter.join().unwrap();
    let counts = ends.counts();
    assert_eq!((counts.matched, counts.handled + counts.lost), (100, 100));
    assert_eq!(emitter.stats().in_flight, 0);
}
