//! Programs of several ages, and clocks that are wrong: rows 18 and 19.

use ventix::EmissionId;
use ventix::remote::{DeadLetters, DeadReason, Envelope, GroupName, Outgoing, Remote, Worker};
use ventix::{Emitter, Linker, Strategy, on};

use crate::role::{Deed, Work};
use crate::world::{World, queue};
use crate::*;

on_engines! {
    what_an_older_worker_does_not_know_waits_for_a_newer_one
    what_newer_emitters_add_is_passed_over
    times_in_envelopes_delay_nothing
    delays_are_the_engines
}

async fn what_an_older_worker_does_not_know_waits_for_a_newer_one(world: World) {
    let backend = world.place.backend();
    let witness = witness::Witness::new(backend, world.ledger.clone(), None);
    let old = Remote::builder(witness).queue("jobs").group("group");
    let old = old.start().unwrap();
    old.register::<Job>("test.job", 1).unwrap();
    let old_worker = Work::new(Deed::Quick).start(&old, &world.ledger).await;
    let emitter = world.emitter();
    emitter.emit(Note("from a newer program".into()));
    emitter.emit(Job { id: 1 });
    until("it is dead", || old_worker.stats().dead == 1).await;
    world.until("done", 1).await;
    let dead = world.dead().await.records;
    assert_eq!(dead[0].reason.code(), DeadReason::UNKNOWN_EVENT);
    old_worker.drain(PATIENCE).await;

    let new = world.remote();
    let linker = Linker::start();
    let notes = world.ledger.clone();
    let reads = on::<Note>().call(move |_| notes.note("read", 2));
    linker.subscribe(reads.named("reads")).unwrap();
    let _worker = Worker::builder(&new, &linker).group("group").start();
    let group = GroupName::new("group").unwrap();
    let letters = DeadLetters::of(new.backend(), new.queue(), &group);
    let requeued = letters.requeue(|it| it.reason.code() == DeadReason::UNKNOWN_EVENT);
    assert_eq!(requeued.await.unwrap(), 1);
    world.until("read", 1).await;
    assert_eq!(world.settled().await.dead, 0);
}

impl World {
    /// Publishes an envelope with attributes that no emitter of ours would write.
    async fn publish(&self, id: u64, attributes: &str, delay: Option<Duration>) {
        let emission = EmissionId::from_u128(id.into());
        let json = format!(
            r#"{{"specversion":"1.0","id":"{emission}","source":"other","type":"test.job",
            {attributes}"dataversion":1,"data":{{"id":{id},"since":"version 2"}}}}"#,
        );
        Envelope::from_bytes(json.as_bytes()).unwrap();
        let mut message = Outgoing::new(emission, json.into_bytes());
        message.delay = delay;
        let backend = self.place.backend();
        let mut answers = backend.publish(&queue(), &[message]).await;
        answers.remove(0).unwrap();
    }
}

async fn what_newer_emitters_add_is_passed_over(world: World) {
    let worker = world.work(Work::new(Deed::Quick)).await;
    world.publish(1, r#""region":"eu","shard":7,"#, None).await;
    world.until("done", 1).await;
    until("it is acknowledged", || worker.stats().acked == 1).await;
}

const HOUR: i64 = 3600;

/// A time, as somebody writes it whose clock is wrong by so many seconds.
fn time_of_a_clock(off: i64) -> String {
    (jiff::Timestamp::now() + jiff::SignedDuration::from_secs(off)).to_string()
}

async fn times_in_envelopes_delay_nothing(world: World) {
    let _worker = world.work(Work::new(Deed::Quick)).await;
    for (id, off) in [(1, HOUR), (2, -HOUR)] {
        let time = time_of_a_clock(off);
        let attributes = format!(r#""time":"{time}","notbefore":"{time}","#);
        world.publish(id, &attributes, None).await;
    }
    world.until("done", 2).await;
}

async fn delays_are_the_engines(world: World) {
    let _worker = world.work(Work::new(Deed::Quick)).await;
    for (id, off) in [(1, HOUR), (2, -HOUR)] {
        let time = time_of_a_clock(off);
        let attributes = format!(r#""time":"{time}","notbefore":"{time}","#);
        world.publish(id, &attributes, Some(500 * MS)).await;
    }
    let begun = Instant::now();
    world.until("done", 2).await;
    assert!(begun.elapsed() > 300 * MS, "{:?}", begun.elapsed());
    // One that says how long, not when.
    let remote = world.remote();
    let emitter = Emitter::start(&Linker::start(), Strategy::remote(&remote));
    let due = std::time::SystemTime::now() + 500 * MS;
    let report = emitter.prepare(Job { id: 3 }).not_before(due);
    assert!(report.emit_and_wait().await.receipt().is_confirmed());
    assert_eq!(world.ledger.count("done", 3), 0);
    world.until("done", 3).await;
}
