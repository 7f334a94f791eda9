//! A worker that is slower than what comes: row 11.

use std::time::Instant;

use ventix::remote::Remote;
use ventix::{Emitter, Linker, Strategy};

use crate::ledger::Ledger;
use crate::role::{Deed, Work};
use crate::world::{World, emit};
use crate::*;

on_engines! {
    a_backlog_stays_with_the_engine_and_holds_up_no_other_queue
}

const BACKLOG: u64 = 10_000;
const CONCURRENCY: usize = 2;

async fn a_backlog_stays_with_the_engine_and_holds_up_no_other_queue(world: World) {
    // Another queue of the same engine, with a worker that is quick, and notes of its own.
    let notes = Ledger::open(&world.folder.path().join("quick"));
    let quick = Remote::builder(witness::Witness::new(
        world.place.backend(),
        notes.clone(),
        None,
    ));
    let quick = quick.queue("quick").group("group").start().unwrap();
    quick.register::<Job>("test.job", 1).unwrap();
    let _worker = Work::new(Deed::Quick).start(&quick, &notes).await;
    let before = latency(&quick, &notes, 0).await;

    let work = Work::new(Deed::Takes(Duration::from_secs(1)));
    let slow = world.working(work.concurrency(CONCURRENCY));
    world.until("works", 1).await;
    let emitter = world.emitter();
    for first in (0..BACKLOG).step_by(1_000) {
        let ids = first..first + 1_000;
        assert_eq!(emit(&emitter, &world.ledger, ids).await, 1_000);
    }
    let memory = slow.memory();
    let during = latency(&quick, &notes, 100).await;
    for _ in 0..10 {
        let status = world.status().await;
        assert!(status.in_flight <= CONCURRENCY as u64, "{status:?}");
        assert!(status.ready + status.in_flight > BACKLOG / 2, "{status:?}");
        actix::clock::sleep(100 * MS).await;
    }
    let grown = slow.memory().saturating_sub(memory);
    println!("latency {before:?} before, {during:?} behind a backlog; {grown} KiB more");
    assert!(grown < 8 << 10, "{grown} KiB");
    // Far from the hours that the backlog takes, on however busy a machine.
    let limit = 10 * before + Duration::from_secs(1);
    assert!(during < limit, "{before:?}, {during:?}");
}

/// How long it takes until an emission is handled; the median of some.
async fn latency(remote: &Remote, notes: &Ledger, first: u64) -> Duration {
    let emitter = Emitter::start(&Linker::start(), Strategy::remote(remote));
    let mut times = Vec::new();
    for id in first..first + 15 {
        let begun = Instant::now();
        emitter.emit(Job { id });
        while notes.count("done", id) == 0 {
            assert!(begun.elapsed() < PATIENCE);
            actix::clock::sleep(MS).await;
        }
        times.push(begun.elapsed());
    }
    times.sort();
    times[times.len() / 2]
}
