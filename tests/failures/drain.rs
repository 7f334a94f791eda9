//! A worker that is told to end: row 20.

use std::time::Instant;

use crate::role::{Deed, Work};
use crate::world::World;
use crate::*;

on_engines! {
    a_terminated_worker_ends_in_time_with_what_it_could_finish_and_gives_back_the_rest
}

async fn a_terminated_worker_ends_in_time_with_what_it_could_finish_and_gives_back_the_rest(
    world: World,
) {
    let deadline = Duration::from_secs(5);
    let work = Work::new(Deed::Gated(50)).concurrency(100);
    // A lease that does not run out: what comes back was given back.
    let work = work.lease(PATIENCE).drain(deadline / 2);
    let mut worker = world.working(work);
    world.until("works", 1).await;
    world.emit(0..100).await;
    world.until("started", 100).await;
    assert_eq!(world.status().await.in_flight, 100);

    worker.terminate();
    let told = Instant::now();
    std::fs::write(world.ledger.gate(), "").unwrap();
    assert!(worker.ended().await.success());
    println!("ended {:?} after it was told to", told.elapsed());
    assert!(told.elapsed() < deadline);
    assert_eq!(world.ledger.set("acked"), (0..50).collect());
    assert_eq!(world.ledger.set("released"), (50..100).collect());
    let status = world.status().await;
    assert_eq!((status.ready, status.in_flight), (50, 0));
    assert_eq!(world.ledger.all("drained"), [50]);

    let _next = world.work(Work::new(Deed::Quick)).await;
    world.until("acked", 100).await;
    for id in 50..100 {
        assert_eq!(world.ledger.numbers("leased", id), [1, 1], "uncounted");
    }
    assert_eq!(world.ledger.balance("drained").duplicates, 0);
}
