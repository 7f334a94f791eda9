//! Streams that others trim: row 13.

use ventix::remote::Remote;

use crate::role::{Deed, Work};
use crate::world::{World, redis};
use crate::*;

on_redis! {
    what_others_trim_is_counted_and_work_goes_on
    what_others_trim_under_a_handler_does_not_disturb_it
}

const STREAM: &str = "{ventix:jobs}:g:group:s:0";

async fn what_others_trim_is_counted_and_work_goes_on(mut world: World) {
    let mut victim = world.working(Work::new(Deed::Stuck).concurrency(3));
    world.emit(1..=6).await;
    world.until("started", 3).await;
    victim.kill();
    world
        .server()
        .run(&format!("XTRIM {STREAM} MAXLEN 1"))
        .await;
    let backend = redis(&world.server().url());
    let remote = Remote::builder(backend.clone()).queue("jobs");
    let remote = remote.group("group").start().unwrap();
    remote.register::<Job>("test.job", 1).unwrap();
    let worker = Work::new(Deed::Quick).start(&remote, &world.ledger).await;
    world.emit([7]).await;
    until("those that are left", || worker.stats().acked == 2).await;
    until("those that were out are missed", || backend.lost() == 3).await;
    world.settled().await;
    assert_eq!(world.ledger.all("done").len(), 2);
}

async fn what_others_trim_under_a_handler_does_not_disturb_it(mut world: World) {
    let worker = world.work(Work::new(Deed::Gated(u64::MAX))).await;
    world.emit(1..=3).await;
    world.until("started", 3).await;
    world
        .server()
        .run(&format!("XTRIM {STREAM} MAXLEN 0"))
        .await;
    let consumers = world.status().await.consumers;
    let delete = format!("XGROUP DELCONSUMER {STREAM} group {}", consumers[0].name);
    world.server().run(&delete).await;
    std::fs::write(world.ledger.gate(), "").unwrap();
    world.until("done", 3).await;
    world.emit(4..=6).await;
    world.until("done", 6).await;
    until("none is left", || worker.in_flight() == 0).await;
    assert_eq!(world.ledger.balance("trimmed").duplicates, 0);
    world.settled().await;
}
