use std::thread;

use actix::Arbiter;
use ventix::{Emitter, Linker, Outcome, Reason, StartError, Strategy, on};

use super::Log;

#[actix::test]
async fn emissions_run_on_the_arbiter_that_was_named() {
    let arbiter = Arbiter::new();
    let (send, id) = std::sync::mpsc::channel();
    arbiter.spawn_fn(move || send.send(thread::current().id()).unwrap());
    let linker = Linker::start();
    let log = Log::new();
    let writer = log.clone();
    linker
        .subscribe(on::<u8>().call(move |_| writer.push(thread::current().id())))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::on(&arbiter.handle()));
    assert!(emitter.emit_and_wait(1_u8).await.all_handled());
    assert_eq!(log.entries(), [id.recv().unwrap()]);
}

#[actix::test]
async fn it_works_from_a_thread_without_a_system() {
    let arbiter = Arbiter::new().handle();
    let linker = Linker::start();
    linker
        .subscribe(on::<u8>().call_async(async |_| ()))
        .unwrap();
    let report = thread::spawn(move || {
        let emitter = Emitter::start(&linker, Strategy::on(&arbiter));
        futures::executor::block_on(emitter.emit_and_wait(1_u8))
    });
    assert!(report.join().unwrap().all_handled());
}

#[actix::test]
async fn on_an_arbiter_that_has_stopped_it_does_not_start() {
    let arbiter = Arbiter::new();
    let handle = arbiter.handle();
    arbiter.stop();
    arbiter.join().unwrap();
    let linker = Linker::start();
    let started = Emitter::builder(&linker)
        .strategy(Strategy::on(&handle))
        .start();
    assert_eq!(started.map(drop), Err(StartError::ArbiterStopped));
}

#[actix::test]
async fn when_its_arbiter_stops_what_runs_is_lost_and_what_comes_is_refused() {
    let arbiter = Arbiter::new();
    let linker = Linker::start();
    linker
        .subscribe(on::<u8>().call_async(|_| std::future::pending::<()>()))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::on(&arbiter.handle()));
    let (report, ()) = futures::join!(emitter.emit_and_wait(1_u8), async {
        assert!(arbiter.stop());
        arbiter.join().unwrap();
    });
    let outcome = report.iter().next().unwrap().outcome();
    assert!(matches!(outcome, Outcome::Lost(_)), "{outcome:?}");
    assert_eq!(emitter.emit(2_u8).refusal(), Some(&Reason::EmitterStopped));
}
