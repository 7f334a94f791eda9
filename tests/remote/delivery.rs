//! From an emitter to handlers elsewhere.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::channel::oneshot;
use ventix::{BoxError, EmissionId, on, on_topic};

use super::*;

on_engines! {
    an_emission_reaches_handlers_with_all_that_is_known_of_it
    what_a_handler_emits_names_its_cause
    it_is_acknowledged_only_after_its_handlers
    only_handlers_that_failed_run_again
    who_has_no_use_for_it_is_done
    what_nobody_listens_to_is_acknowledged_and_counted
    a_long_handler_keeps_its_lease
    a_blocking_handler_costs_neither_connection_nor_lease
    no_more_is_leased_than_may_run
    it_is_kept_from_workers_until_its_time
    batches_go_out_like_single_ones
}

async fn an_emission_reaches_handlers_with_all_that_is_known_of_it(engine: Engine) {
    let world = World::new(&engine).await;
    let linker = Linker::start();
    let log = Log::<Vec<String>>::new();
    let seen = log.clone();
    let orders = on_topic::<Order>("orders.>").call(move |order| {
        let about = order.metadata();
        seen.add(vec![
            order.id.to_string(),
            about.id().to_string(),
            about.name().to_owned(),
            about.key().unwrap().to_owned(),
            about.correlation().to_string(),
            about.headers().get("tenant").unwrap().to_owned(),
            about.headers().get("traceparent").unwrap().to_owned(),
            about.deadline().is_some().to_string(),
            format!("{:?}", about.time()),
        ]);
    });
    linker.subscribe(orders).unwrap();
    let _worker = world.start(&linker).await;
    let correlation = EmissionId::from_u128(77);
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let report = world
        .emitter
        .prepare(Order { id: 7 })
        .topic("orders.placed")
        .key("Kundin Ä")
        .correlation(correlation)
        .header("tenant", "ácmé ✓")
        .header("traceparent", trace)
        .expires_in(PATIENCE)
        .emit_and_wait()
        .await;
    assert!(report.receipt().is_confirmed(), "{report:?}");
    until("the handler", || log.len() == 1).await;
    let id = report.receipt().id();
    let id_millis = u64::try_from(id.as_u128() >> 80).unwrap();
    let time = std::time::UNIX_EPOCH + Duration::from_millis(id_millis);
    let expected = [
        "7".into(),
        id.to_string(),
        "orders.placed".into(),
        "Kundin Ä".into(),
        correlation.to_string(),
        "ácmé ✓".into(),
        trace.into(),
        "true".into(),
        format!("{time:?}"),
    ];
    assert_eq!(log.all(), [expected]);
}

async fn what_a_handler_emits_names_its_cause(engine: Engine) {
    let world = World::new(&engine).await;
    let linker = Linker::start();
    let log = Log::<Option<EmissionId>>::new();
    let seen = log.clone();
    let chain = on::<Order>().call(|order| {
        let receipt = order.emitter().emit(Note("from a handler".into()));
        assert!(receipt.is_complete());
    });
    linker.subscribe(chain).unwrap();
    linker
        .subscribe(on::<Note>().call(move |note| seen.add(note.metadata().causation())))
        .unwrap();
    let _worker = world.start(&linker).await;
    let id = world.emitter.emit(Order { id: 1 }).id();
    until("the note", || log.len() == 1).await;
    assert_eq!(log.all(), [Some(id)]);
}

async fn it_is_acknowledged_only_after_its_handlers(engine: Engine) {
    let world = World::new(&engine).await;
    let linker = Linker::start();
    let (go, gate) = oneshot::channel::<()>();
    let gate = Arc::new(Mutex::new(Some(gate)));
    let waits = on::<Order>().call_async(move |_| gate.lock().unwrap().take().unwrap());
    linker.subscribe(waits).unwrap();
    let worker = world.start(&linker).await;
    world.emitter.emit(Order { id: 1 });
    until("it is leased", || worker.stats().leased == 1).await;
    let status = world.remote.backend().status(world.remote.queue());
    let status = status.await.unwrap().unwrap();
    assert_eq!(status.groups[0].in_flight, 1);
    assert_eq!((worker.in_flight(), worker.stats().acked), (1, 0));
    go.send(()).unwrap();
    until("it is acknowledged", || worker.stats().acked == 1).await;
}

async fn only_handlers_that_failed_run_again(engine: Engine) {
    let world = World::new(&engine).await;
    let linker = Linker::start();
    let (good, bad) = (Log::new(), Log::new());
    let (ran, failed) = (good.clone(), bad.clone());
    linker
        .subscribe(
            on::<Order>()
                .call(move |order| ran.add(order.id))
                .named("good"),
        )
        .unwrap();
    let fails = on::<Order>().call(move |order| {
        failed.add(order.id);
        if failed.len() < 3 {
            Err("not yet")
        } else {
            Ok(())
        }
    });
    linker.subscribe(fails.named("bad")).unwrap();
    let worker = world.start(&linker).await;
    world.emitter.emit(Order { id: 5 });
    until("the third attempt", || worker.stats().acked == 1).await;
    assert_eq!((good.all(), bad.all()), (vec![5], vec![5, 5, 5]));
    assert_eq!(worker.stats().retried, 2);
    assert!(world.dead().await.records.is_empty());
}

async fn who_has_no_use_for_it_is_done(engine: Engine) {
    let world = World::new(&engine).await;
    let linker = Linker::start();
    let log = Log::new();
    let ran = log.clone();
    let never = on::<Order>().filter(|_, _| false);
    linker.subscribe(never.call(|_| ())).unwrap();
    let once = on::<Order>().call(move |order| ran.add(order.id));
    linker.subscribe(once.once()).unwrap();
    let worker = world.start(&linker).await;
    for id in [1, 2] {
        world.emitter.emit(Order { id });
    }
    until("both", || worker.stats().acked == 2).await;
    assert_eq!(log.len(), 1);
    assert_eq!(worker.stats().retried, 0);
}

async fn what_nobody_listens_to_is_acknowledged_and_counted(engine: Engine) {
    let world = World::new(&engine).await;
    let worker = world.start(&Linker::start()).await;
    world.emitter.emit(Order { id: 1 });
    until("it is acknowledged", || worker.stats().acked == 1).await;
    assert_eq!(worker.stats().unheard, 1);
}

async fn a_long_handler_keeps_its_lease(engine: Engine) {
    let world = World::new(&engine).await;
    let linker = Linker::start();
    let runs = Arc::new(AtomicUsize::new(0));
    let ran = runs.clone();
    let long = on::<Order>().call_async(move |_| {
        ran.fetch_add(1, Ordering::SeqCst);
        actix::clock::sleep(3_000 * MS)
    });
    linker.subscribe(long).unwrap();
    let lease = 900 * MS;
    let worker = ready(world.worker(&linker).lease(lease)).await;
    // Would take it, as soon as its lease had run out.
    let _other = ready(world.worker(&linker).lease(lease)).await;
    world.emitter.emit(Order { id: 1 });
    until("it ends", || runs.load(Ordering::SeqCst) == 1).await;
    until("it is settled", || {
        worker.stats().acked + _other.stats().acked == 1
    })
    .await;
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    assert_eq!(worker.stats().lease_lost + _other.stats().lease_lost, 0);
}

async fn a_blocking_handler_costs_neither_connection_nor_lease(engine: Engine) {
    let world = World::new(&engine).await;
    let linker = Linker::start();
    let log = Log::new();
    let seen = log.clone();
    // It blocks the arbiter that runs the handlers, far beyond the lease.
    let blocks = on::<Order>().call(move |order| {
        seen.add(order.id);
        let (_keep, never) = std::sync::mpsc::channel::<()>();
        never.recv_timeout(2_500 * MS).unwrap_err();
    });
    linker.subscribe(blocks).unwrap();
    let worker = ready(world.worker(&linker).lease(800 * MS)).await;
    let other = ready(world.worker(&Linker::start()).lease(800 * MS)).await;
    drop(other);
    world.emitter.emit(Order { id: 1 });
    until("it is settled", || worker.stats().acked == 1).await;
    assert_eq!(log.all(), [1]);
    assert_eq!(worker.stats().lease_lost, 0);
}

async fn no_more_is_leased_than_may_run(engine: Engine) {
    let world = World::new(&engine).await;
    let linker = Linker::start();
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (now, peak) = (running.clone(), most.clone());
    let handler = on::<Order>().call_async(move |_| {
        let (now, peak) = (now.clone(), peak.clone());
        async move {
            let at_work = now.fetch_add(1, Ordering::SeqCst) + 1;
            peak.fetch_max(at_work, Ordering::SeqCst);
            actix::clock::sleep(2 * MS).await;
            now.fetch_sub(1, Ordering::SeqCst);
        }
    });
    linker.subscribe(handler).unwrap();
    let worker = ready(world.worker(&linker).concurrency(3)).await;
    let _ = world.emitter.emit_all((0..50).map(|id| Order { id }));
    until("all are done", || {
        assert!(worker.in_flight() <= 3);
        worker.stats().acked == 50
    })
    .await;
    assert_eq!(most.load(Ordering::SeqCst), 3);
}

async fn it_is_kept_from_workers_until_its_time(engine: Engine) {
    let world = World::new(&engine).await;
    let linker = Linker::start();
    let log = Log::<Instant>::new();
    let seen = log.clone();
    linker
        .subscribe(on::<Order>().call(move |_| seen.add(Instant::now())))
        .unwrap();
    let _worker = world.start(&linker).await;
    let delay = 300 * MS;
    let begun = Instant::now();
    let when = std::time::SystemTime::now() + delay;
    let report = world.emitter.prepare(Order { id: 1 }).not_before(when);
    assert!(report.emit_and_wait().await.receipt().is_confirmed());
    until("it comes", || log.len() == 1).await;
    let took = log.all()[0] - begun;
    assert!(took >= delay - 5 * MS, "{took:?}");
}

async fn batches_go_out_like_single_ones(engine: Engine) {
    let world = World::new(&engine).await;
    let linker = Linker::start();
    let log = Log::new();
    let seen = log.clone();
    let handler = on::<Order>().call(move |order| -> Result<(), BoxError> {
        seen.add(order.id);
        Ok(())
    });
    linker.subscribe(handler).unwrap();
    let worker = world.start(&linker).await;
    let receipts = world.emitter.emit_all((0..1_000).map(|id| Order { id }));
    assert_eq!(receipts.refused(), 0);
    until("all", || worker.stats().acked == 1_000).await;
    let mut ids = log.all();
    ids.sort_unstable();
    assert_eq!(ids, (0..1_000).collect::<Vec<_>>());
}
