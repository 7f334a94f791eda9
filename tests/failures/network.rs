//! Networks that fail between users and Redis: rows 8 and 9.

use std::time::Instant;

use ventix::{Emitter, Linker, Strategy};

use crate::proxy::{Proxy, Weather};
use crate::role::{Deed, Work};
use crate::world::{Place, World, emit, remote};
use crate::*;

on_redis! {
    emissions_over_a_bad_network_have_one_effect_each
    a_worker_recovers_from_a_bad_network_by_itself
    slow_answers_cost_neither_leases_nor_emissions
}

const WEATHERS: [Weather; 4] = [
    Weather::Down,
    Weather::Silent,
    Weather::Deaf,
    Weather::Slow(Duration::from_millis(200)),
];

/// A network to the server, and a place behind it.
async fn network(world: &mut World) -> (Proxy, Place) {
    let proxy = Proxy::start(world.server().port).await;
    let place = Place::Server(proxy.url());
    (proxy, place)
}

async fn emissions_over_a_bad_network_have_one_effect_each(mut world: World) {
    let (proxy, place) = network(&mut world).await;
    let remote = remote(&place, &world.ledger, None);
    let emitter = Emitter::start(&Linker::start(), Strategy::remote(&remote));
    let _worker = world.work(Work::new(Deed::Quick).lease(PATIENCE)).await;
    emit(&emitter, &world.ledger, [0]).await;
    let mut ids = 1..;
    for weather in WEATHERS {
        proxy.set(weather);
        let ids: Vec<_> = ids.by_ref().take(20).collect();
        let heals = async {
            match weather {
                // It works all the same.
                Weather::Slow(_) => {}
                _ => {
                    let failed = remote.stats().retried;
                    until("failures", || remote.stats().retried > failed).await;
                    proxy.set(Weather::Fair);
                }
            }
            Instant::now()
        };
        let (confirmed, healed) = futures::join!(emit(&emitter, &world.ledger, ids), heals);
        assert_eq!(confirmed, 20, "{weather:?}");
        println!("{weather:?}: all confirmed {:?} later", healed.elapsed());
        assert!(healed.elapsed() < 10 * Duration::from_secs(1));
    }
    world.until("done", 81).await;
    world.settled().await;
    let balance = world.ledger.balance("emitted over a bad network");
    assert_eq!((balance.handled, balance.duplicates), (81, 0));
}

async fn a_worker_recovers_from_a_bad_network_by_itself(mut world: World) {
    let (proxy, place) = network(&mut world).await;
    let remote = remote(&place, &world.ledger, None);
    let work = Work::new(Deed::Takes(100 * MS)).attempts(1_000);
    let worker = work.start(&remote, &world.ledger).await;
    let emitter = world.emitter();
    let mut ids = 1..;
    for weather in WEATHERS {
        let begun = world.ledger.all("started").len();
        let ids: Vec<_> = ids.by_ref().take(20).collect();
        emit(&emitter, &world.ledger, ids.clone()).await;
        // Some are at work.
        world.until("started", begun + 1).await;
        proxy.set(weather);
        // Longer than a lease, and no longer: it is out while it has to extend.
        actix::clock::sleep(800 * MS).await;
        proxy.set(Weather::Fair);
        let healed = Instant::now();
        until("all are done", || {
            let done = world.ledger.set("done");
            ids.iter().all(|id| done.contains(id))
        })
        .await;
        println!("{weather:?}: all handled {:?} later", healed.elapsed());
        // 10 s by design, of which a busy machine is allowed as much again.
        assert!(healed.elapsed() < Duration::from_secs(20), "{weather:?}");
    }
    world.settled().await;
    let balance = world.ledger.balance("worked over a bad network");
    assert_eq!(balance.handled, 80);
    let stats = worker.stats();
    println!("{stats:?}");
    // Nobody acknowledges twice what was handed out twice.
    assert_eq!(stats.dead, 0);
    let acked = world.ledger.all("acked");
    assert_eq!(acked.len(), world.ledger.set("acked").len());
    let not_acked = world.ledger.all("done").len() - acked.len();
    assert!(balance.duplicates <= not_acked);
}

async fn slow_answers_cost_neither_leases_nor_emissions(mut world: World) {
    let (proxy, place) = network(&mut world).await;
    let remote = remote(&place, &world.ledger, None);
    let emitter = Emitter::start(&Linker::start(), Strategy::remote(&remote));
    let work = Work::new(Deed::Takes(400 * MS)).lease(Duration::from_secs(6));
    let worker = work.start(&remote, &world.ledger).await;
    proxy.set(Weather::Slow(700 * MS));
    assert_eq!(emit(&emitter, &world.ledger, 1..=10).await, 10);
    until("all are acknowledged", || worker.stats().acked == 10).await;
    let balance = world.ledger.balance("answers after 700 ms");
    assert_eq!((balance.handled, balance.duplicates), (10, 0));
    let stats = worker.stats();
    assert_eq!(
        (stats.leased, stats.lease_lost, stats.unsettled),
        (10, 0, 0)
    );
    assert_eq!(remote.stats().retried, 0);
    let status = world.status().await;
    assert_eq!((status.ready, status.in_flight), (0, 0));
}
