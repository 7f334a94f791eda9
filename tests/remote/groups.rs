//! Groups: what competes inside, and fans out between.

use ventix::on;

use super::*;

on_engines! {
    every_group_gets_all_and_workers_of_one_share
    what_is_emitted_before_any_group_waits_for_the_first
}

async fn every_group_gets_all_and_workers_of_one_share(engine: Engine) {
    const NUMBER: u64 = 200;
    let world = World::new(&engine).await;
    let mut workers = Vec::new();
    let mut logs = Vec::new();
    for group in ["billing", "mail"] {
        let log = Log::new();
        for _ in 0..3 {
            let seen = log.clone();
            let linker = Linker::start();
            linker
                .subscribe(on::<Order>().call(move |order| seen.add(order.id)))
                .unwrap();
            workers.push(ready(world.worker(&linker).group(group)).await);
        }
        logs.push(log);
    }
    let _ = world.emitter.emit_all((0..NUMBER).map(|id| Order { id }));
    let acked = || workers.iter().map(|it| it.stats().acked).sum::<u64>();
    until("all", || acked() == 2 * NUMBER).await;
    for log in logs {
        let mut ids = log.all();
        ids.sort_unstable();
        assert_eq!(ids, (0..NUMBER).collect::<Vec<_>>());
    }
}

async fn what_is_emitted_before_any_group_waits_for_the_first(engine: Engine) {
    let world = World::new(&engine).await;
    let report = world.emitter.emit_and_wait(Order { id: 1 }).await;
    assert!(report.receipt().is_confirmed());
    let linker = Linker::start();
    let log = Log::new();
    let seen = log.clone();
    linker
        .subscribe(on::<Order>().call(move |order| seen.add(order.id)))
        .unwrap();
    let _worker = world.start(&linker).await;
    until("the first group has it", || log.len() == 1).await;
}
