//! Leases that are lost, and that are kept: row 10.

use crate::role::{Deed, Work};
use crate::witness::Trap;
use crate::world::World;
use crate::*;

on_engines! {
    a_worker_that_says_nothing_loses_its_lease_and_its_word
    a_worker_that_extends_runs_it_once
}

async fn a_worker_that_says_nothing_loses_its_lease_and_its_word(world: World) {
    // The gate opens when somebody else has done it.
    let work = Work::new(Deed::Gated(u64::MAX)).lease(200 * MS);
    // It has room for no more, or it would be handed the same again.
    let mute = world.work(work.trap(Trap::NoExtend).concurrency(1)).await;
    world.emit([1]).await;
    world.until("started", 1).await;
    let other = world.work(Work::new(Deed::Quick)).await;
    until("it is done elsewhere", || other.stats().acked == 1).await;
    std::fs::write(world.ledger.gate(), "").unwrap();
    until("it comes too late", || mute.stats().lease_lost == 1).await;
    assert_eq!(world.ledger.numbers("leased", 1), [1, 2]);
    assert_eq!(world.ledger.balance("not extended").duplicates, 1);
    assert_eq!((world.ledger.count("acked", 1), mute.stats().acked), (1, 0));
    world.settled().await;
}

async fn a_worker_that_extends_runs_it_once(world: World) {
    let work = Work::new(Deed::Takes(1_500 * MS)).lease(400 * MS);
    let worker = world.work(work).await;
    world.emit([1]).await;
    world.until("started", 1).await;
    let other = world.work(Work::new(Deed::Quick)).await;
    until("it is acknowledged", || worker.stats().acked == 1).await;
    assert_eq!((other.stats().leased, worker.stats().lease_lost), (0, 0));
    assert_eq!(world.ledger.balance("extended").duplicates, 0);
}
