//! Redis without memory: row 12.

use ventix::{Emitter, Linker, Strategy};

use crate::role::{Deed, Work};
use crate::world::{World, emit};
use crate::*;

on_redis! {
    without_memory_emissions_wait_and_workers_make_room
}

async fn without_memory_emissions_wait_and_workers_make_room(mut world: World) {
    world.emit(1..=40).await;
    world.server().run("CONFIG SET maxmemory 1").await;
    let remote = world.remote();
    let emitter = Emitter::start(&Linker::start(), Strategy::remote(&remote));
    let ledger = world.ledger.clone();
    let waiting = actix::spawn(async move { emit(&emitter, &ledger, 41..=60).await });
    until("it is refused", || remote.stats().retried >= 40).await;
    // Workers retry, bury and acknowledge without new memory.
    let failing = world.work(Work::new(Deed::Fails).attempts(2).concurrency(4));
    let failing = failing.await;
    until("some are dead", || failing.stats().dead >= 4).await;
    failing.drain(PATIENCE).await;
    let worker = world.work(Work::new(Deed::Quick)).await;
    let status = world.settled().await;
    let done = world.ledger.set("done").len();
    assert_eq!(done + usize::try_from(status.dead).unwrap(), 40);
    assert!(failing.stats().retried >= 4);
    assert_eq!(
        (remote.stats().confirmed, waiting.is_finished()),
        (0, false)
    );
    world.server().run("CONFIG SET maxmemory 0").await;
    assert_eq!(waiting.await.unwrap(), 20, "by itself");
    until("the rest", || worker.stats().acked == done as u64 + 20).await;
    assert_eq!((worker.stats().unsettled, remote.stats().rejected), (0, 0));
}
