use std::thread;

use actix::prelude::*;
use ventix::{Emitter, Linker, Reason, Strategy, on};

use super::{Log, words};

#[actix::test]
async fn callbacks_have_run_on_the_callers_thread_when_emit_returns() {
    let linker = Linker::start();
    let log = Log::new();
    let writer = log.clone();
    linker
        .subscribe(on::<u8>().call(move |_| writer.push(thread::current().id())))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    let caller = thread::spawn(move || {
        assert!(emitter.emit(1_u8).is_complete());
        thread::current().id()
    });
    let caller = caller.join().unwrap();
    assert_eq!(log.entries(), [caller]);
}

#[actix::test]
async fn an_async_callback_off_an_arbiter_is_refused_and_spends_nothing() {
    let linker = Linker::start();
    linker
        .subscribe(on::<u8>().call_async(async |_| ()).once().capacity(1))
        .unwrap();
    linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    let elsewhere = emitter.clone();
    let receipt = thread::spawn(move || elsewhere.emit(1_u8)).join().unwrap();
    assert_eq!((receipt.matched(), receipt.accepted()), (2, 1));
    assert_eq!(receipt.refusals()[0].reason(), &Reason::NoArbiter);
    assert!(
        emitter.emit_and_wait(2_u8).await.all_handled(),
        "the shot was not spent"
    );
}

/// An emitter to an async callback, for use outside of its `System`.
fn async_handler(system: &SystemRunner) -> Emitter {
    system.block_on(async {
        let linker = Linker::start();
        linker
            .subscribe(on::<u8>().call_async(async |_| ()))
            .unwrap();
        Emitter::start(&linker, Strategy::inline())
    })
}

#[test]
fn a_system_that_has_not_been_entered_is_no_arbiter_to_spawn_on() {
    let system = System::new();
    let emitter = async_handler(&system);
    let receipt = emitter.emit(1_u8);
    assert_eq!(receipt.refusals()[0].reason(), &Reason::NoArbiter);
    let report = system.block_on(emitter.emit_and_wait(1_u8));
    assert_eq!(words(&report), ["handled"]);
}

#[test]
fn a_multi_threaded_runtime_is_no_arbiter_to_spawn_on() {
    let system = System::new();
    let emitter = async_handler(&system);
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    let report = runtime.block_on(async move {
        let task = tokio::spawn(async move { emitter.emit_and_wait(1_u8).await });
        task.await.unwrap()
    });
    assert_eq!(words(&report), ["refused"]);
}

#[actix::test]
async fn a_blocking_callback_emitted_from_a_plain_thread_runs_on_the_pool() {
    let linker = Linker::start();
    linker
        .subscribe(on::<thread::ThreadId>().call_blocking(|caller| {
            assert_ne!(thread::current().id(), *caller, "`emit` would have waited");
        }))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    let (send, report) = futures::channel::oneshot::channel();
    let caller = thread::spawn(move || {
        let me = thread::current().id();
        let report = futures::executor::block_on(emitter.emit_and_wait(me));
        send.send(report).unwrap();
    });
    assert!(report.await.unwrap().all_handled());
    caller.join().unwrap();
}

#[actix::test]
async fn a_nested_emission_runs_at_once() {
    let linker = Linker::start();
    let log = Log::new();
    let (a, b, c) = (log.clone(), log.clone(), log.clone());
    linker
        .subscribe(on::<u8>().call(move |n| {
            n.emitter().emit(1_u16);
            a.push("first");
        }))
        .unwrap();
    linker
        .subscribe(on::<u8>().call(move |_| b.push("second")))
        .unwrap();
    linker
        .subscribe(on::<u16>().call(move |_| c.push("nested")))
        .unwrap();
    Emitter::start(&linker, Strategy::inline()).emit(1_u8);
    assert_eq!(log.entries(), ["nested", "first", "second"]);
}
