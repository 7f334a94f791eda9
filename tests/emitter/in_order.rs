use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use futures::FutureExt;
use ventix::{Emitter, Linker, Overflow, Reason, Routing, Strategy, on};

use super::{Log, Plain, words};
use actix::prelude::*;

#[actix::test]
async fn inline_in_order_runs_on_the_callers_thread_and_nested_ones_after_their_cause() {
    let linker = Linker::start();
    let log = Log::new();
    let (a, b, c) = (log.clone(), log.clone(), log.clone());
    linker
        .subscribe(on::<u8>().call(move |n| {
            n.emitter().emit(1_u16);
            n.emitter().emit(2_u16);
            a.push(("first", 0, thread::current().id()));
        }))
        .unwrap();
    linker
        .subscribe(on::<u8>().call(move |_| b.push(("second", 0, thread::current().id()))))
        .unwrap();
    linker
        .subscribe(on::<u16>().call(move |n| {
            if **n == 1 {
                n.emitter().emit(11_u16);
            }
            c.push(("nested", **n, thread::current().id()));
        }))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline().in_order());
    let caller = thread::spawn(move || {
        assert!(emitter.emit(1_u8).is_complete());
        thread::current().id()
    });
    let caller = caller.join().unwrap();
    let expected = [
        ("first", 0),
        ("second", 0),
        ("nested", 1),
        ("nested", 11),
        ("nested", 2),
    ];
    assert_eq!(log.entries(), expected.map(|(who, n)| (who, n, caller)));
}

#[actix::test]
async fn inline_in_order_waits_for_what_is_still_open_and_goes_on_by_itself() {
    let linker = Linker::start();
    let log = Log::new();
    let writer = log.clone();
    let (go, gate) = futures::channel::mpsc::unbounded::<()>();
    let gate = Arc::new(futures::lock::Mutex::new(gate));
    linker
        .subscribe(on::<u8>().call_async(move |n| {
            let (log, gate) = (writer.clone(), gate.clone());
            async move {
                log.push(*n);
                futures::StreamExt::next(&mut *gate.lock().await)
                    .await
                    .unwrap();
            }
        }))
        .unwrap();
    let emitter = Emitter::start(
        &linker,
        Strategy::inline().in_order().bounded(2, Overflow::Refuse),
    );
    for n in 1..=3 {
        assert!(emitter.emit(n as u8).is_complete());
    }
    let full = Reason::EmitterFull { capacity: 2 };
    assert_eq!(emitter.emit(4_u8).refusal(), Some(&full), "two wait");
    for _ in 0..50 {
        actix_rt::task::yield_now().await;
    }
    assert_eq!(log.entries(), [1]);
    for _ in 0..3 {
        go.unbounded_send(()).unwrap();
    }
    assert!(emitter.drain(Duration::from_secs(10)).await.is_complete());
    assert_eq!(log.entries(), [1, 2, 3]);
}

#[actix::test]
async fn inline_in_order_from_many_threads_runs_one_at_a_time() {
    let linker = Linker::start();
    let (running, log) = (Arc::new(Mutex::new(())), Log::new());
    let writer = log.clone();
    linker
        .subscribe(on::<(usize, usize)>().call(move |n| {
            let alone = running.try_lock();
            assert!(alone.is_ok(), "another one runs");
            writer.push(**n);
        }))
        .unwrap();
    let emitter = Emitter::start(
        &linker,
        Strategy::inline()
            .in_order()
            .bounded(10_000, Overflow::Refuse),
    );
    let threads = (0..4_usize).map(|thread| {
        let emitter = emitter.clone();
        thread::spawn(move || {
            for n in 0..500_usize {
                assert!(emitter.emit((thread, n)).accepted() == 1);
            }
        })
    });
    for thread in threads.collect::<Vec<_>>() {
        thread.join().unwrap();
    }
    assert!(emitter.drain(Duration::from_secs(20)).await.is_complete());
    let entries = log.entries();
    assert_eq!(entries.len(), 2_000);
    for thread in 0..4 {
        let of = entries
            .iter()
            .filter(|(of, _)| *of == thread)
            .map(|(_, n)| *n);
        assert!(of.eq(0..500));
    }
}

#[actix::test]
async fn a_plain_thread_leaves_to_the_linkers_arbiter_what_others_need_one_for() {
    let linker = Linker::start();
    let (go, gate) = mpsc::channel::<()>();
    let (begin, begun) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    linker
        .subscribe(on::<&str>().call(move |_| {
            begin.send(()).unwrap();
            gate.lock().unwrap().recv().unwrap();
        }))
        .unwrap();
    linker
        .subscribe(on::<u8>().call_async(async |_| ()))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline().in_order());
    let elsewhere = emitter.clone();
    let thread = thread::spawn(move || elsewhere.emit("on a thread without an arbiter"));
    begun.recv().unwrap();
    let mut waiting = Box::pin(emitter.emit_and_wait(1_u8));
    assert!(waiting.as_mut().now_or_never().is_none());
    go.send(()).unwrap();
    assert_eq!(words(&waiting.await), ["handled"]);
    assert!(thread.join().unwrap().is_complete());
}

#[actix::test]
async fn a_sync_callback_may_block_on_a_nested_emission_of_sync_callbacks() {
    for strategy in [
        Strategy::inline().in_order(),
        Strategy::dedicated().in_order(),
        Strategy::blocking(2).in_order(),
        Strategy::pool(2).in_order(),
    ] {
        let linker = Linker::start();
        linker
            .subscribe(on::<u8>().call(|n| {
                let nested = futures::executor::block_on(n.emitter().emit_and_wait(1_u16));
                assert!(nested.all_handled());
            }))
            .unwrap();
        linker.subscribe(on::<u16>().call(|_| ())).unwrap();
        let emitter = Emitter::start(&linker, strategy);
        assert_eq!(words(&emitter.emit_and_wait(1_u8).await), ["handled"]);
    }
}

#[actix::test]
async fn a_nested_emission_that_is_waited_for_needs_no_place() {
    for overflow in [
        Overflow::Refuse,
        Overflow::DropNewest,
        Overflow::Wait(Duration::from_secs(3_600)),
    ] {
        let linker = Linker::start();
        let log = Log::new();
        let writer = log.clone();
        let (go, gate) = futures::channel::oneshot::channel::<()>();
        let gate = Mutex::new(Some(gate));
        linker
            .subscribe(on::<u8>().call_async(move |n| {
                let log = writer.clone();
                let gate = gate.lock().unwrap().take();
                async move {
                    if let Some(gate) = gate {
                        // The place is taken by the second one, which waits for this.
                        gate.await.unwrap();
                        let nested = n.emitter().emit_and_wait(1_u16).await;
                        assert!(nested.all_handled());
                        // No place becomes free while this waits for one.
                        let late = n.emitter().emit_when_ready(2_u16).await;
                        log.push(late.refusal().is_some());
                    }
                }
            }))
            .unwrap();
        linker
            .subscribe(on::<u16>().call_async(async |_| ()))
            .unwrap();
        let strategy = Strategy::current().in_order().bounded(1, overflow);
        let emitter = Emitter::start(&linker, strategy);
        let first = emitter.emit_and_wait(1_u8);
        let second = async {
            while !emitter.emit(2_u8).is_complete() {
                actix_rt::task::yield_now().await;
            }
            go.send(()).unwrap();
        };
        let (first, ()) = futures::join!(first, second);
        assert!(first.all_handled());
        assert_eq!(log.entries(), [true]);
    }
}

#[actix::test]
async fn in_a_keyed_pool_keys_do_not_wait_for_one_another() {
    let linker = Linker::start();
    linker
        .subscribe(on::<u8>().call_async(async |n| {
            if *n == 0 {
                std::future::pending::<()>().await;
            }
        }))
        .unwrap();
    let strategy = Strategy::pool(2).routing(Routing::Keyed).in_order();
    let emitter = Emitter::start(&linker, strategy);
    assert!(emitter.prepare(0_u8).key("stuck").emit().is_complete());
    // Some of these share the arbiter of the one that is stuck: they wait.
    let keys: Vec<_> = (0..32).map(|n| n.to_string()).collect();
    let emit = |key: &String| emitter.prepare(1_u8).key(key.as_str()).emit_and_wait();
    let waiting = keys.iter().map(|key| Box::pin(emit(key)));
    let (report, _, _) = futures::future::select_all(waiting).await;
    assert!(report.all_handled());
}

#[actix::test]
async fn an_emission_through_another_handle_is_not_nested() {
    let linker = Linker::start();
    let log = Log::new();
    let (a, b) = (log.clone(), log.clone());
    let emitter = Emitter::start(&linker, Strategy::current().in_order());
    let own = emitter.downgrade();
    linker
        .subscribe(on::<u8>().call(move |n| {
            a.push(u16::from(**n));
            if **n == 1 {
                own.upgrade().unwrap().emit(10_u16);
            }
        }))
        .unwrap();
    linker
        .subscribe(on::<u16>().call(move |n| b.push(**n)))
        .unwrap();
    assert!(emitter.emit(1_u8).is_complete());
    assert!(emitter.emit_and_wait(2_u8).await.all_handled());
    assert!(emitter.drain(Duration::from_secs(10)).await.is_complete());
    assert_eq!(log.entries(), [1, 2, 10]);
}

#[actix::test]
async fn a_users_actor_is_handed_the_next_one_when_the_one_before_has_ended() {
    let linker = Linker::start();
    let log = Log::new();
    let writer = log.clone();
    linker
        .subscribe(on::<u64>().call_async(move |n| {
            let log = writer.clone();
            async move {
                for _ in 0..*n {
                    actix_rt::task::yield_now().await;
                }
                log.push(*n);
            }
        }))
        .unwrap();
    let strategy = Strategy::custom(Plain.start().recipient()).in_order();
    let emitter = Emitter::start(&linker, strategy);
    let reports = [30_u64, 20, 10].map(|n| emitter.emit_and_wait(n));
    futures::future::join_all(reports).await;
    assert_eq!(log.entries(), [30, 20, 10]);
}
