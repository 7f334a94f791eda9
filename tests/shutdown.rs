//! Dropping the handles stops what belongs to them, and nothing is lost by it.
//!
//! The tests take turns: one counts the arbiters of the process.
#![cfg(target_os = "linux")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix::prelude::*;
use tokio::sync::Mutex;
use ventix::{Emitter, Linker, Routing, Strategy, on};

use support::until;

/// Lets one test run at a time.
static TURN: Mutex<()> = Mutex::const_new(());

/// How many arbiters have a thread in this process. The kernel cuts their names
/// after 15 bytes.
fn arbiter_threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let name = |task: std::io::Result<std::fs::DirEntry>| {
        // A thread may end between the listing and the look.
        std::fs::read_to_string(task.ok()?.path().join("comm")).ok()
    };
    let names = tasks.filter_map(name);
    names.filter(|name| name.starts_with("actix-rt|")).count()
}

#[actix::test]
async fn the_last_handle_stops_actor_and_thread_after_what_was_accepted() {
    let _turn = TURN.lock().await;
    let before = arbiter_threads();
    let handled = Arc::new(AtomicUsize::new(0));
    {
        let linker = Linker::start();
        let counter = handled.clone();
        let count = move || counter.fetch_add(1, Ordering::Relaxed);
        let (a, b) = (count.clone(), count);
        linker
            .subscribe(on::<u8>().call(move |_| {
                a();
            }))
            .unwrap();
        linker
            .subscribe(on::<u8>().call_async(move |_| {
                let count = b.clone();
                async move {
                    actix_rt::time::sleep(Duration::from_millis(20)).await;
                    count();
                }
            }))
            .unwrap();
        for _ in 0..4 {
            let emitter = Emitter::start(&linker, Strategy::dedicated());
            for _ in 0..50 {
                assert!(emitter.emit(1_u8).is_complete());
            }
        }
        assert_eq!(arbiter_threads(), before + 4);
    }
    until("all deliveries handled", || {
        handled.load(Ordering::Relaxed) == 400
    })
    .await;
    until("all threads gone", || arbiter_threads() == before).await;
}

/// Every strategy that has threads of its own, and how many.
fn with_threads() -> [(usize, Strategy); 8] {
    [
        (1, Strategy::dedicated()),
        (1, Strategy::dedicated().in_order()),
        (3, Strategy::pool(3)),
        (3, Strategy::pool(3).routing(Routing::Keyed)),
        (
            3,
            Strategy::pool(3).routing(Routing::LeastLoaded).in_order(),
        ),
        (3, Strategy::pool(3).routing(Routing::Keyed).in_order()),
        (2, Strategy::blocking(2)),
        (2, Strategy::blocking(2).in_order()),
    ]
}

#[actix::test]
async fn no_thread_outlives_the_handles_and_what_was_accepted() {
    let _turn = TURN.lock().await;
    let before = arbiter_threads();
    for (threads, strategy) in with_threads() {
        let name = format!("{strategy:?}");
        let linker = Linker::start();
        let handled = Arc::new(AtomicUsize::new(0));
        let (a, b) = (handled.clone(), handled.clone());
        linker
            .subscribe(on::<u8>().call_async(move |n| {
                let counter = a.clone();
                async move {
                    actix_rt::task::yield_now().await;
                    assert!(n.emitter().emit(1_u16).is_complete());
                    counter.fetch_add(1, Ordering::SeqCst);
                }
            }))
            .unwrap();
        linker
            .subscribe(on::<u16>().call(move |_| {
                b.fetch_add(1, Ordering::SeqCst);
            }))
            .unwrap();
        let emitter = Emitter::start(&linker, strategy);
        for _ in 0..50 {
            assert!(emitter.emit(1_u8).is_complete());
        }
        assert_eq!(arbiter_threads(), before + threads, "{name}");
        drop(emitter);
        until("all handled", || handled.load(Ordering::SeqCst) == 100).await;
        until("all threads gone", || arbiter_threads() == before).await;
    }
}

#[actix::test]
async fn a_strategy_that_was_switched_away_takes_its_threads_along() {
    let _turn = TURN.lock().await;
    let before = arbiter_threads();
    let linker = Linker::start();
    linker
        .subscribe(on::<u8>().call_async(async |_| actix_rt::task::yield_now().await))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::current());
    for (threads, strategy) in with_threads() {
        for _ in 0..20 {
            assert!(emitter.emit(1_u8).is_complete());
        }
        emitter.switch(strategy).await.unwrap();
        until("only its own threads", || {
            arbiter_threads() == before + threads
        })
        .await;
    }
    // A delivery that lives on keeps the threads that it may need, and no others.
    let (go, gate) = futures::channel::oneshot::channel::<()>();
    let gate = std::sync::Mutex::new(Some(gate));
    linker
        .subscribe(on::<u16>().call_async(move |_| {
            let gate = gate.lock().unwrap().take().unwrap();
            async move {
                let _ = gate.await;
            }
        }))
        .unwrap();
    emitter.switch(Strategy::dedicated()).await.unwrap();
    assert!(emitter.emit(1_u16).is_complete());
    emitter.switch(Strategy::pool(3)).await.unwrap();
    emitter.switch(Strategy::blocking(2)).await.unwrap();
    until("the pool gone", || arbiter_threads() == before + 3).await;
    drop(emitter);
    go.send(()).unwrap();
    until("all threads gone", || arbiter_threads() == before).await;
}

#[actix::test]
async fn a_strategy_that_cannot_start_leaves_no_thread() {
    let _turn = TURN.lock().await;
    let before = arbiter_threads();
    let linker = Linker::start();
    let emitter = Emitter::start(&linker, Strategy::pool(2));
    let none = Strategy::pool(3).bounded(0, ventix::Overflow::Refuse);
    emitter.switch(none).await.unwrap_err();
    assert_eq!(arbiter_threads(), before + 2);
    drop(emitter);
    until("all threads gone", || arbiter_threads() == before).await;
}

#[actix::test]
async fn without_handles_the_actors_stop() {
    let _turn = TURN.lock().await;
    for strategy in [Strategy::inline(), Strategy::current()] {
        let linker = Linker::start();
        let emitter = Emitter::start(&linker, strategy);
        let (linker_actor, emitter_actor) = (linker.addr().downgrade(), emitter.addr().downgrade());
        drop((linker, emitter));
        until("emitter's actor stopped", || {
            emitter_actor.upgrade().is_none()
        })
        .await;
        until("linker's actor stopped", || {
            linker_actor.upgrade().is_none()
        })
        .await;
    }
}

#[test]
fn handles_that_outlive_their_system_say_so_and_do_not_panic() {
    let _turn = TURN.blocking_lock();
    let (linker, inline, current) = System::new().block_on(async {
        let linker = Linker::start();
        let inline = Emitter::start(&linker, Strategy::inline());
        let current = Emitter::start(&linker, Strategy::current());
        (linker, inline, current)
    });
    linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    linker.subscribe(on::<u8>().call_blocking(|_| ())).unwrap();
    let receipt = inline.emit(1_u8);
    assert_eq!(receipt.accepted(), 2);
    assert_eq!(
        current.emit(1_u8).refusal(),
        Some(&ventix::Reason::EmitterStopped)
    );
}
