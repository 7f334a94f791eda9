//! Dropping the handles stops what belongs to them, and nothing is lost by it.
//!
//! The tests take turns: one counts the arbiters of the process.
#![cfg(target_os = "linux")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix::prelude::*;
use tokio::sync::Mutex;
use ventix::{Emitter, Linker, Strategy, on};

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

/// Waits, ten seconds at most, for a condition that other threads bring about.
async fn until(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..10_000 {
        if condition() {
            return;
        }
        actix_rt::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("still not so after ten seconds: {what}");
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
