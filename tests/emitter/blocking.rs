use std::sync::{Mutex, mpsc};
use std::thread::{self, ThreadId};
use std::time::Duration;

use futures::StreamExt;
use ventix::{BoxError, Emitter, Linker, Strategy, on};

use super::{Log, words};

#[actix::test]
async fn all_callbacks_run_on_the_thread_that_took_the_emission() {
    let linker = Linker::start();
    let here = || Ok::<_, BoxError>(thread::current().id());
    linker.subscribe(on::<u8>().call(move |_| here())).unwrap();
    linker
        .subscribe(on::<u8>().call_blocking(move |_| here()))
        .unwrap();
    linker
        .subscribe(on::<u8>().call_async(move |_| async move { here() }))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::blocking(2));
    let report = emitter.emit_and_wait(1_u8).await;
    let threads: Vec<&ThreadId> = report.replies().collect();
    assert_eq!(threads.len(), 3);
    assert!(threads.iter().all(|thread| *thread == threads[0]));
    assert_ne!(*threads[0], thread::current().id());
}

#[actix::test]
async fn whichever_thread_is_free_takes_the_next_one() {
    let linker = Linker::start();
    let (go, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    linker
        .subscribe(on::<&str>().call_blocking(move |_| gate.lock().unwrap().recv()))
        .unwrap();
    linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    let emitter = Emitter::start(&linker, Strategy::blocking(2));
    let blocked = emitter.emit_and_wait("blocks one thread");
    let rest = async {
        for n in 0..50 {
            assert!(emitter.emit_and_wait(n as u8).await.all_handled());
        }
        go.send(()).unwrap();
    };
    let (blocked, ()) = futures::join!(blocked, rest);
    assert!(blocked.all_handled());
}

#[actix::test]
async fn an_async_callback_may_wait_for_a_nested_emission_on_the_only_thread() {
    let linker = Linker::start();
    linker
        .subscribe(on::<u8>().call_async(async |n| {
            let report = n.emitter().emit_and_wait(1_u16).await;
            report.all_handled().then_some(()).ok_or("not handled")
        }))
        .unwrap();
    linker.subscribe(on::<u16>().call_blocking(|_| ())).unwrap();
    for strategy in [Strategy::blocking(1), Strategy::blocking(1).in_order()] {
        let emitter = Emitter::start(&linker, strategy);
        assert_eq!(words(&emitter.emit_and_wait(1_u8).await), ["handled"]);
    }
}

#[actix::test]
async fn a_panic_never_shrinks_it() {
    let linker = Linker::start();
    linker
        .subscribe(on::<u8>().call_blocking(|_| panic!("no")))
        .unwrap();
    linker.subscribe(on::<u8>().call(|_| panic!("no"))).unwrap();
    linker
        .subscribe(on::<u8>().call_async(async |_| panic!("no")))
        .unwrap();
    let log = Log::new();
    let both = std::sync::Arc::new(std::sync::Barrier::new(2));
    let writer = log.clone();
    linker
        .subscribe(on::<u16>().call(move |_| {
            both.wait();
            writer.push(thread::current().id());
        }))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::blocking(2));
    for _ in 0..10 {
        let report = emitter.emit_and_wait(1_u8).await;
        assert_eq!(words(&report), ["panicked"; 3]);
    }
    let _ = futures::join!(emitter.emit_and_wait(1_u16), emitter.emit_and_wait(2_u16));
    let threads = log.entries();
    assert_ne!(threads[0], threads[1]);
}

#[actix::test]
async fn a_thread_that_an_async_callback_blocks_holds_up_no_emission() {
    let linker = Linker::start();
    let (go, gate) = mpsc::channel::<()>();
    let (begin, begun) = futures::channel::mpsc::unbounded();
    let gate = std::sync::Arc::new(Mutex::new(gate));
    linker
        .subscribe(on::<&str>().call_async(move |_| {
            let (begin, gate) = (begin.clone(), gate.clone());
            async move {
                // Its thread sleeps meanwhile, and waits for emissions.
                actix_rt::time::sleep(Duration::from_millis(10)).await;
                begin.unbounded_send(()).unwrap();
                gate.lock().unwrap().recv().unwrap();
            }
        }))
        .unwrap();
    linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    // Whichever thread is the first to be woken, it is blocked in one of them.
    let mut begun = begun;
    for before in 0..2 {
        let emitter = Emitter::start(&linker, Strategy::blocking(2));
        for _ in 0..before {
            assert!(emitter.emit_and_wait(0_u8).await.all_handled());
        }
        assert!(emitter.emit("blocks its thread").is_complete());
        begun.next().await.unwrap();
        for n in 0..50_u8 {
            let handled = emitter.emit_and_wait(n);
            let handled = actix_rt::time::timeout(Duration::from_secs(20), handled).await;
            assert!(handled.expect("the other thread is free").all_handled());
        }
        go.send(()).unwrap();
        assert!(emitter.drain(Duration::from_secs(20)).await.is_complete());
    }
}
