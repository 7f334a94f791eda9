use std::thread;

use ventix::{Emitter, Linker, StartError, Strategy, on};

use super::Log;

#[actix::test]
async fn emissions_run_on_one_thread_of_the_emitters_own() {
    let linker = Linker::start();
    let log = Log::new();
    let writer = log.clone();
    linker
        .subscribe(on::<u8>().call(move |_| writer.push(thread::current().id())))
        .unwrap();
    let one = Emitter::start(&linker, Strategy::dedicated());
    let two = Emitter::start(&linker, Strategy::dedicated());
    for emitter in [&one, &one, &two] {
        assert!(emitter.emit_and_wait(1_u8).await.all_handled());
    }
    let ids = log.entries();
    assert_eq!(ids[0], ids[1]);
    assert!(ids[0] != ids[2] && !ids.contains(&thread::current().id()));
}

#[actix::test]
async fn outside_a_system_it_does_not_start() {
    let linker = Linker::start();
    let started = thread::spawn(move || {
        let emitter = Emitter::builder(&linker).strategy(Strategy::dedicated());
        emitter.start().map(drop)
    });
    assert_eq!(started.join().unwrap(), Err(StartError::NoArbiter));
}
