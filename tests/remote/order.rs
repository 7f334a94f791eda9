//! Order per key, across workers.

use std::collections::HashMap;
use std::num::NonZeroU16;

use ventix::on;

use super::*;

on_engines! {
    what_has_one_key_stays_in_order_across_workers_and_retries
}

async fn what_has_one_key_stays_in_order_across_workers_and_retries(engine: Engine) {
    const NUMBER: u64 = 60;
    let partitions = NonZeroU16::new(4).unwrap();
    let world = World::with(&engine, |builder| builder.ordered(partitions)).await;
    let log = Log::<(u64, bool)>::new();
    let mut workers = Vec::new();
    for _ in 0..2 {
        let seen = log.clone();
        let linker = Linker::start();
        let handler = on::<Order>().call_async(move |order| {
            let seen = seen.clone();
            async move {
                actix::clock::sleep(MS).await;
                // Every seventh fails the first time.
                let is_again = seen.all().contains(&(order.id, false));
                let is_well = is_again || order.id % 7 != 0;
                seen.add((order.id, is_well));
                if is_well { Ok(()) } else { Err("once more") }
            }
        });
        linker.subscribe(handler.named("in order")).unwrap();
        workers.push(world.start(&linker).await);
    }
    for id in 0..NUMBER {
        let order = world.emitter.prepare(Order { id });
        assert!(order.key(format!("key-{}", id % 5)).emit().is_queued());
    }
    let acked = || workers.iter().map(|it| it.stats().acked).sum::<u64>();
    until("all", || acked() == NUMBER).await;
    let mut by_key: HashMap<u64, Vec<u64>> = HashMap::new();
    for (id, is_well) in log.all() {
        if is_well {
            by_key.entry(id % 5).or_default().push(id);
        }
    }
    assert_eq!(by_key.len(), 5);
    for ids in by_key.values() {
        assert!(ids.is_sorted(), "{ids:?}");
    }
}
