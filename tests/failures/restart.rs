//! Engines that restart, and those who publish: rows 6 and 7.

use ventix::remote::{Backend, Remote};
use ventix::{Emitter, Linker, Strategy};

use crate::role::{Deed, Role, Work};
use crate::world::{World, emit, redis, run};
use crate::*;

on_engines! {
    what_a_killed_emitter_was_told_is_confirmed_is_handled
}

#[test]
fn a_broker_that_is_killed_and_restarted_loses_nothing_that_was_confirmed() {
    run(World::redis, killed_broker);
}

#[test]
fn a_broker_that_has_lost_all_is_set_up_again_and_work_goes_on() {
    run(World::forgetful, lost_state);
}

async fn what_a_killed_emitter_was_told_is_confirmed_is_handled(world: World) {
    let _worker = world.work(Work::new(Deed::Quick).concurrency(32)).await;
    for round in 1..=4 {
        let mut emitter = world.process(Role::Emit(25));
        world.until("confirmed", 50 * round).await;
        emitter.kill();
    }
    world.settled().await;
    let balance = world.ledger.balance("killed emitters");
    assert!(balance.confirmed >= 200);
    assert_eq!(balance.duplicates, 0);
}

async fn killed_broker(mut world: World) {
    let remote = world.remote();
    let emitter = Emitter::start(&Linker::start(), Strategy::remote(&remote));
    let worker = world.work(Work::new(Deed::Chance).attempts(1_000)).await;
    let ledger = world.ledger.clone();
    let emitting = actix::spawn(async move {
        let mut confirmed = 0;
        for first in (0..600).step_by(20) {
            confirmed += emit(&emitter, &ledger, first..first + 20).await;
        }
        confirmed
    });
    for round in 1..=2 {
        world.until("confirmed", 100 * round).await;
        world.server().kill();
        // While it is away they fail, and try again.
        let failed = remote.stats().retried;
        until("failures", || remote.stats().retried > failed).await;
        assert!(!emitting.is_finished());
        world.server().revive();
    }
    assert_eq!(emitting.await.unwrap(), 600, "all in the end, by itself");
    world.settled().await;
    let balance = world.ledger.balance("killed broker");
    assert_eq!(balance.handled, 600);
    let late = world.ledger.all("late").len() + world.ledger.all("unsettled").len();
    assert!(balance.duplicates <= late, "{late} were settled too late");
    assert_eq!(worker.stats().dead, 0);
}

async fn lost_state(mut world: World) {
    let backend = redis(&world.server().url());
    let remote = Remote::builder(backend.clone()).queue("jobs");
    let remote = remote.group("group").start().unwrap();
    remote.register::<Job>("test.job", 1).unwrap();
    let emitter = Emitter::start(&Linker::start(), Strategy::remote(&remote));
    let work = Work::new(Deed::Quick);
    let worker = work.start(&remote, &world.ledger).await;
    emit(&emitter, &world.ledger, 1..=10).await;
    until("acknowledged", || worker.stats().acked == 10).await;
    world.server().kill();
    world.server().revive();
    // Emitter or worker, whoever comes first sets it up again, and says so.
    emit(&emitter, &world.ledger, 11..=20).await;
    until("acknowledged", || worker.stats().acked == 20).await;
    assert_eq!(backend.resets(), 1);
    assert_eq!(world.ledger.balance("lost state").duplicates, 0);
    // What waits when all is deleted is lost, and nothing else.
    worker.drain(PATIENCE).await;
    emit(&emitter, &world.ledger, 21..=25).await;
    world.server().run("FLUSHALL").await;
    emit(&emitter, &world.ledger, 26..=30).await;
    let worker = work.start(&remote, &world.ledger).await;
    until("the rest", || worker.stats().acked == 5).await;
    let kept = (1..=20).chain(26..=30).collect();
    assert_eq!(world.ledger.set("done"), kept);
    assert_eq!(backend.resets(), 2);
    assert_eq!(backend.queues().await.unwrap(), [world::queue()]);
}

/// What a relay does after an outage is no first time.
#[test]
fn an_emitter_that_sets_it_up_again_says_so() {
    run(World::forgetful, lost_to_emitters);
}

async fn lost_to_emitters(mut world: World) {
    let backend = redis(&world.server().url());
    let remote = Remote::builder(backend.clone()).queue("jobs");
    let remote = remote.group("group").start().unwrap();
    remote.register::<Job>("test.job", 1).unwrap();
    let emitter = Emitter::start(&Linker::start(), Strategy::remote(&remote));
    emit(&emitter, &world.ledger, 1..=5).await;
    assert_eq!(backend.resets(), 0, "the first time");
    world.server().kill();
    let ledger = world.ledger.clone();
    let waiting = emit(&emitter, &ledger, 6..=10);
    let server = world.server();
    let revives = async {
        until("it failed", || remote.stats().retried > 0).await;
        server.revive();
    };
    assert_eq!(futures::join!(waiting, revives).0, 5);
    assert_eq!((world.status().await.ready, backend.resets()), (5, 1));
}
