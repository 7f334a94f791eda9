use std::thread;

use ventix::{Emitter, Linker, StartError, Strategy, on};

use super::Log;

#[actix::test]
async fn emissions_run_on_the_arbiter_of_the_emitter_after_what_it_is_doing() {
    let linker = Linker::start();
    let log = Log::new();
    let writer = log.clone();
    linker
        .subscribe(on::<u8>().call(move |_| writer.push(thread::current().id())))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::current());
    let elsewhere = emitter.clone();
    thread::spawn(move || elsewhere.emit(1_u8)).join().unwrap();
    assert_eq!(emitter.emit(2_u8).accepted(), 1);
    assert!(
        log.entries().is_empty(),
        "this arbiter has not been let go of"
    );
    assert!(emitter.emit_and_wait(3_u8).await.all_handled());
    assert_eq!(log.entries(), [thread::current().id(); 3]);
}

#[actix::test]
async fn off_an_arbiter_it_does_not_start() {
    let linker = Linker::start();
    let started = thread::spawn(move || Emitter::builder(&linker).start().map(drop));
    assert_eq!(started.join().unwrap(), Err(StartError::NoArbiter));
}
