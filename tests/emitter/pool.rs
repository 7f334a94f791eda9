use std::collections::HashSet;
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread::{self, ThreadId};

use actix::prelude::*;
use futures::FutureExt;
use ventix::{
    BoxError, Emitter, Linker, Outcome, Reason, Report, Routing, StartError, Strategy, on,
};

use super::{Plain, words};

fn thread_of(report: &Report) -> ThreadId {
    *report
        .replies::<ThreadId>()
        .next()
        .expect("it says where it ran")
}

fn says_where() -> ventix::SubscriptionSpec {
    on::<u32>().call(|_| Ok::<_, BoxError>(thread::current().id()))
}

#[actix::test]
async fn round_robin_takes_the_arbiters_in_turn() {
    let linker = Linker::start();
    linker.subscribe(says_where()).unwrap();
    let emitter = Emitter::start(&linker, Strategy::pool(3));
    let mut threads = Vec::new();
    for n in 0..9_u32 {
        threads.push(thread_of(&emitter.emit_and_wait(n).await));
    }
    assert_eq!(threads[..3], threads[3..6]);
    assert_eq!(threads[..3], threads[6..]);
    let distinct: HashSet<_> = threads.iter().collect();
    assert_eq!(distinct.len(), 3);
    assert!(!distinct.contains(&thread::current().id()));
}

#[actix::test]
async fn the_least_loaded_arbiter_takes_the_next_one() {
    let linker = Linker::start();
    linker.subscribe(says_where()).unwrap();
    let (first, second) = (mpsc::channel::<()>(), mpsc::channel::<()>());
    let gates = [Mutex::new(first.1), Mutex::new(second.1)];
    let (begin, begun) = mpsc::channel();
    linker
        .subscribe(on::<usize>().call(move |gate| {
            begin.send(()).unwrap();
            gates[**gate].lock().unwrap().recv().unwrap();
        }))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::pool(2).routing(Routing::LeastLoaded));
    for gate in [0_usize, 1] {
        assert!(emitter.emit(gate).is_complete());
        begun.recv().unwrap();
    }
    // Three more for each, and then one of the two goes on.
    let mut waiting: Vec<_> = (0..6_u32)
        .map(|n| Box::pin(emitter.emit_and_wait(n)))
        .collect();
    for waiting in &mut waiting {
        assert!(waiting.as_mut().now_or_never().is_none());
    }
    second.0.send(()).unwrap();
    for _ in 0..3 {
        let (report, _, rest) = futures::future::select_all(waiting).await;
        assert!(report.all_handled());
        waiting = rest;
    }
    let mut threads = HashSet::new();
    for n in 0..10_u32 {
        threads.insert(thread_of(&emitter.emit_and_wait(n).await));
    }
    assert_eq!(threads.len(), 1, "the other one has more to do");
    first.0.send(()).unwrap();
    for report in futures::future::join_all(waiting).await {
        assert!(!threads.contains(&thread_of(&report)));
    }
}

#[actix::test]
async fn a_key_has_its_arbiter_and_what_has_none_goes_round() {
    let linker = Linker::start();
    linker.subscribe(says_where()).unwrap();
    let emitter = Emitter::start(&linker, Strategy::pool(4).routing(Routing::Keyed));
    let mut all = HashSet::new();
    for key in 0..16 {
        let key = key.to_string();
        let mut threads = HashSet::new();
        for n in 0..4_u32 {
            let report = emitter.prepare(n).key(key.as_str()).emit_and_wait().await;
            threads.insert(thread_of(&report));
        }
        assert_eq!(threads.len(), 1);
        all.extend(threads);
    }
    assert_eq!(all.len(), 4);
    let mut round = HashSet::new();
    for n in 0..4_u32 {
        round.insert(thread_of(&emitter.emit_and_wait(n).await));
    }
    assert_eq!(round, all);
}

#[actix::test]
async fn they_run_side_by_side() {
    let linker = Linker::start();
    let all = Arc::new(Barrier::new(4));
    linker
        .subscribe(on::<u8>().call(move |_| {
            all.wait();
        }))
        .unwrap();
    for strategy in [Strategy::pool(4), Strategy::blocking(4)] {
        let emitter = Emitter::start(&linker, strategy);
        let reports = (0..4_u8).map(|n| emitter.emit_and_wait(n));
        for report in futures::future::join_all(reports).await {
            assert!(report.all_handled());
        }
    }
}

#[actix::test]
async fn none_and_too_many_are_errors() {
    let linker = Linker::start();
    let start = |strategy| {
        Emitter::builder(&linker)
            .strategy(strategy)
            .start()
            .map(drop)
    };
    let max = Strategy::MAX_THREADS;
    for (setting, make) in [
        ("pool", Strategy::pool as fn(usize) -> Strategy),
        ("blocking", Strategy::blocking),
    ] {
        assert_eq!(start(make(0)), Err(StartError::Zero { setting }));
        assert_eq!(
            start(make(max + 1)),
            Err(StartError::TooMany { setting, max })
        );
        assert_eq!(
            start(make(usize::MAX)),
            Err(StartError::TooMany { setting, max })
        );
    }
    let setting = "custom_pool";
    assert_eq!(
        start(Strategy::custom_pool([])),
        Err(StartError::Zero { setting })
    );
    let setting = "bounded";
    let bounded = Strategy::inline().bounded(0, ventix::Overflow::Refuse);
    assert_eq!(start(bounded), Err(StartError::Zero { setting }));
    let emitter = Emitter::start(&linker, Strategy::inline());
    let switched = emitter.switch(Strategy::pool(0)).await;
    assert_eq!(switched, Err(StartError::Zero { setting: "pool" }));
    assert!(emitter.emit("nothing has changed").is_unheard());
}

#[actix::test]
async fn outside_a_system_it_does_not_start() {
    let linker = Linker::start();
    for strategy in [Strategy::pool(2), Strategy::blocking(2)] {
        let linker = linker.clone();
        let started = thread::spawn(move || {
            let emitter = Emitter::builder(&linker).strategy(strategy);
            emitter.start().map(drop)
        });
        assert_eq!(started.join().unwrap(), Err(StartError::NoArbiter));
    }
}

#[actix::test]
async fn an_arbiter_that_a_callback_stops_hands_its_share_on() {
    let linker = Linker::start();
    linker
        .subscribe(on::<&str>().call(|_| {
            Arbiter::current().stop();
        }))
        .unwrap();
    linker.subscribe(says_where()).unwrap();
    for strategy in [
        Strategy::pool(2),
        Strategy::pool(2).routing(Routing::Keyed),
        Strategy::blocking(2),
        Strategy::pool(2).in_order(),
        Strategy::blocking(2).in_order(),
    ] {
        let emitter = Emitter::start(&linker, strategy);
        assert!(emitter.emit_and_wait("stop").await.all_handled());
        // Until it has stopped, it may run some, and lose some.
        let (mut thread, mut in_a_row) = (None, 0);
        while in_a_row < 20 {
            let report = emitter.prepare(1_u32).key("k").emit_and_wait().await;
            let outcome = report.outcomes().next().unwrap();
            let here = match outcome {
                Outcome::Handled(_) => Some(thread_of(&report)),
                Outcome::Lost(_) => None,
                other => panic!("{other:?}"),
            };
            in_a_row = if here == thread { in_a_row + 1 } else { 0 };
            thread = here;
        }
        assert!(thread.is_some(), "one is left");
        let stopped = Some(&Reason::EmitterStopped);
        while emitter.emit_and_wait("stop").await.receipt().refusal() != stopped {}
    }
}

#[actix::test]
async fn actors_of_a_users_pool_are_routed_to_like_arbiters() {
    let linker = Linker::start();
    linker.subscribe(says_where()).unwrap();
    let arbiters: Vec<_> = (0..3).map(|_| Arbiter::new()).collect();
    let actors: Vec<_> = arbiters
        .iter()
        .map(|arbiter| Plain.start_in(arbiter))
        .collect();
    let strategy = || Strategy::custom_pool(actors.iter().map(|actor| actor.clone().recipient()));
    let emitter = Emitter::start(&linker, strategy());
    let mut threads = Vec::new();
    for n in 0..6_u32 {
        threads.push(thread_of(&emitter.emit_and_wait(n).await));
    }
    assert_eq!(threads[..3], threads[3..]);
    assert_eq!(threads.iter().collect::<HashSet<_>>().len(), 3);

    for strategy in [
        strategy().routing(Routing::Keyed),
        strategy().routing(Routing::Keyed).in_order(),
        strategy()
            .routing(Routing::Keyed)
            .bounded(4, ventix::Overflow::Coalesce),
    ] {
        let emitter = Emitter::start(&linker, strategy);
        let mut of_one = HashSet::new();
        for n in 0..4_u32 {
            let report = emitter.prepare(n).key("k").emit_and_wait().await;
            of_one.insert(thread_of(&report));
        }
        assert_eq!(of_one.len(), 1, "{emitter:?}");
    }

    // One that has stopped hands its share on.
    let emitter = Emitter::start(&linker, strategy());
    arbiters[0].stop();
    while actors[0].connected() {
        actix_rt::task::yield_now().await;
    }
    for n in 0..6_u32 {
        assert_eq!(words(&emitter.emit_and_wait(n).await), ["handled"]);
    }
    for arbiter in &arbiters {
        arbiter.stop();
    }
    while actors.iter().any(Addr::connected) {
        actix_rt::task::yield_now().await;
    }
    assert_eq!(emitter.emit(1_u32).refusal(), Some(&Reason::EmitterStopped));
}
