//! Workers that die: rows 1 to 4.

use std::time::Instant;

use ventix::remote::{DeadReason, Envelope};

use crate::role::{Deed, Work};
use crate::witness::Trap;
use crate::world::World;
use crate::*;

on_engines! {
    what_a_killed_worker_had_at_work_runs_again_when_its_lease_is_over
    a_worker_that_dies_before_it_acknowledges_causes_one_run_more_and_no_second_effect
    a_worker_that_dies_as_it_retries_or_buries_loses_nothing
    what_kills_each_worker_is_a_dead_letter_in_the_end
}

async fn what_a_killed_worker_had_at_work_runs_again_when_its_lease_is_over(world: World) {
    let mut victim = world.working(Work::new(Deed::Stuck));
    world.emit(1..=4).await;
    world.until("started", 4).await;
    let _other = world.work(Work::new(Deed::Quick)).await;
    victim.kill();
    let killed = Instant::now();
    world.until("done", 4).await;
    println!("run again {:?} after the kill", killed.elapsed());
    // A lease, and what it takes to notice.
    assert!(killed.elapsed() < 20 * Work::new(Deed::Quick).lease);
    world.until("acked", 4).await;
    for id in 1..=4 {
        assert_eq!(world.ledger.numbers("leased", id), [1, 2]);
    }
    let balance = world.ledger.balance("killed at work");
    assert_eq!((balance.handled, balance.duplicates), (4, 0));
    world.settled().await;
}

async fn a_worker_that_dies_before_it_acknowledges_causes_one_run_more_and_no_second_effect(
    world: World,
) {
    let work = Work::new(Deed::Effect).concurrency(1);
    let mut victim = world.working(work.trap(Trap::BeforeAck));
    world.emit(1..=3).await;
    assert!(!victim.ended().await.success());
    let _other = world.work(work).await;
    world.until("acked", 3).await;
    let balance = world.ledger.balance("killed before the acknowledgement");
    assert_eq!((balance.handled, balance.duplicates), (3, 1));
    assert_eq!(world.ledger.all("effect").len(), 3);
    world.settled().await;
}

async fn a_worker_that_dies_as_it_retries_or_buries_loses_nothing(world: World) {
    let traps = [
        (Trap::BeforeRetry, 5),
        (Trap::AfterRetry, 5),
        (Trap::BeforeDead, 1),
        (Trap::AfterDead, 1),
    ];
    for (id, (trap, attempts)) in (1..).zip(traps) {
        let work = Work::new(Deed::Fails).attempts(attempts).trap(trap);
        let mut victim = world.working(work);
        world.emit([id]).await;
        assert!(!victim.ended().await.success());
        let status = world.status().await;
        let places = [status.ready, status.delayed, status.in_flight, status.dead];
        assert_eq!(places.iter().sum::<u64>(), 1, "{trap:?}: {status:?}");
        assert_eq!(status.dead == 1, trap == Trap::AfterDead, "{trap:?}");
        if trap != Trap::AfterDead {
            let other = world.work(Work::new(Deed::Quick)).await;
            world.until("acked", usize::try_from(id).unwrap()).await;
            assert_eq!(world.ledger.count("done", id), 1, "{trap:?}");
            other.drain(PATIENCE).await;
        }
    }
    let dead = world.dead().await.records;
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].reason.code(), DeadReason::FAILED);
}

async fn what_kills_each_worker_is_a_dead_letter_in_the_end(world: World) {
    const POISON: u64 = 3;
    let attempts = 3;
    // One at a time: what is at work beside it is counted as tried, too.
    let work = Work::new(Deed::AbortsOn(POISON));
    let work = work.concurrency(1).attempts(attempts);
    world.emit(1..=6).await;
    let begun = Instant::now();
    let mut workers = 1;
    let mut worker = world.working(work);
    while world.dead().await.records.is_empty() {
        assert!(begun.elapsed() < PATIENCE);
        if worker.is_over() {
            workers += 1;
            worker = world.working(work);
        }
        actix::clock::sleep(20 * MS).await;
    }
    // It was handed out after a lease each time: whoever restarts workers does not spin.
    let started = world.ledger.count("started", POISON);
    assert_eq!(started, usize::try_from(attempts).unwrap());
    assert!(world.ledger.count("leased", POISON) <= started + 2);
    assert_eq!(workers, started + 1);
    let dead = world.dead().await.records;
    assert_eq!(dead[0].reason.code(), DeadReason::ABANDONED);
    let envelope = Envelope::from_bytes(&dead[0].body).unwrap();
    assert_eq!(witness::job(&dead[0].body), POISON);
    assert!(envelope.errors().is_empty());
    world.until("acked", 5).await;
    assert_eq!(world.ledger.all("done").len(), 5);
    assert_eq!(world.settled().await.dead, 1);
}
