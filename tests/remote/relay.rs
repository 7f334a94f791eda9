//! The relay: what an outage of the backend does, and does not.

use ventix::{Reason, on};

use super::faulty::Faulty;
use super::*;

fn emitter_of(remote: &Remote) -> (Linker, Emitter) {
    let linker = Linker::builder().dead_letters(100).start().unwrap();
    let emitter = Emitter::start(&linker, Strategy::remote(remote));
    (linker, emitter)
}

#[actix::test]
async fn an_outage_delays_and_neither_loses_nor_doubles() {
    let faulty = Faulty::new();
    let remote = registered(
        Remote::builder(faulty.clone())
            .group("group")
            .start()
            .unwrap(),
    );
    let (_linker, emitter) = emitter_of(&remote);
    faulty.fail(true);
    for id in 0..100 {
        assert!(emitter.emit(Order { id }).is_queued(), "nobody is held up");
    }
    until("it is tried", || remote.stats().retried > 0).await;
    faulty.lose_answers(true);
    faulty.fail(false);
    until("answers were lost", || faulty.lost_answers() > 0).await;
    faulty.lose_answers(false);
    until("all are confirmed", || remote.stats().confirmed == 100).await;
    let linker = Linker::start();
    let log = Log::new();
    let seen = log.clone();
    linker
        .subscribe(on::<Order>().call(move |order| seen.add(order.id)))
        .unwrap();
    let worker = Worker::builder(&remote, &linker).group("group");
    let worker = ready(worker.concurrency(1)).await;
    until("all", || worker.stats().acked == 100).await;
    assert_eq!(
        log.all(),
        (0..100).collect::<Vec<_>>(),
        "in order, and once each"
    );
}

#[actix::test]
async fn what_waits_too_long_is_refused_at_its_deadline() {
    let faulty = Faulty::new();
    let remote = registered(Remote::start(faulty.clone()).unwrap());
    let (linker, emitter) = emitter_of(&remote);
    faulty.fail(true);
    let report = emitter
        .prepare(Order { id: 1 })
        .expires_in(50 * MS)
        .emit_and_wait()
        .await;
    assert_eq!(report.receipt().refusal(), Some(&Reason::Expired));
    until("the letter", || linker.dead_letters().list().len() == 1).await;
}

#[actix::test]
async fn a_drain_waits_until_all_is_confirmed() {
    let faulty = Faulty::new();
    let remote = registered(Remote::start(faulty.clone()).unwrap());
    let (linker, emitter) = emitter_of(&remote);
    faulty.fail(true);
    emitter.emit(Order { id: 1 });
    assert!(!linker.drain(20 * MS).await.is_complete());
    faulty.fail(false);
    assert!(linker.drain(PATIENCE).await.is_complete());
    assert_eq!(remote.stats().confirmed, 1);
    assert_eq!(
        emitter.emit(Order { id: 2 }).refusal(),
        Some(&Reason::ShuttingDown)
    );
}

#[actix::test]
async fn what_is_queued_goes_out_when_all_handles_have_gone() {
    let faulty = Faulty::new();
    let remote = registered(Remote::start(faulty.clone()).unwrap());
    let (linker, emitter) = emitter_of(&remote);
    faulty.fail(true);
    for id in 0..10 {
        emitter.emit(Order { id });
    }
    drop((remote, linker, emitter));
    faulty.fail(false);
    until("it is published", || faulty.published() == 10).await;
}

#[test]
fn what_is_on_its_way_when_the_system_ends_is_unconfirmed_and_says_so() {
    let (tell, told) = std::sync::mpsc::channel();
    let system = actix::System::new();
    system.block_on(async move {
        let faulty = Faulty::new();
        faulty.fail(true);
        let remote = registered(Remote::start(faulty).unwrap());
        let (linker, emitter) = emitter_of(&remote);
        let letters = linker.dead_letters();
        emitter.emit(Order { id: 1 });
        tell.send((emitter, letters)).unwrap();
        actix::System::current().stop();
    });
    system.run().unwrap();
    let (emitter, letters) = told.recv().unwrap();
    let begun = Instant::now();
    while letters.list().is_empty() {
        assert!(begun.elapsed() < PATIENCE);
        std::thread::yield_now();
    }
    let error = letters.list()[0].error().to_string();
    assert!(error.contains("not confirmed"), "{error}");
    assert_eq!(emitter.refused(), 1);
}
