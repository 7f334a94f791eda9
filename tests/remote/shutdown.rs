//! Drains of workers.

use futures::channel::oneshot;
use ventix::on;

use super::*;

on_engines! {
    a_drain_lets_what_runs_end_and_takes_nothing_more
    what_does_not_end_in_time_is_given_back_uncounted
    an_idle_worker_drains_at_once
    a_dropped_worker_reads_no_more
    a_worker_whose_linker_has_stopped_gives_back_and_reads_no_more
}

/// A handler that waits for a sign, once; and then takes no time.
pub(super) fn gated(linker: &Linker, log: &Log) -> oneshot::Sender<()> {
    let (go, gate) = oneshot::channel::<()>();
    let gate = Arc::new(Mutex::new(Some(gate)));
    let seen = log.clone();
    let handler = on::<Order>().call_async(move |order| {
        let gate = gate.lock().unwrap().take();
        seen.add(order.id);
        async move {
            if let Some(gate) = gate {
                // Whoever holds the sign may drop it.
                let _ = gate.await;
            }
        }
    });
    linker.subscribe(handler.named("gated")).unwrap();
    go
}

async fn a_drain_lets_what_runs_end_and_takes_nothing_more(engine: Engine) {
    let world = World::new(&engine).await;
    let linker = Linker::start();
    let log = Log::new();
    let go = gated(&linker, &log);
    let worker = ready(world.worker(&linker).concurrency(1)).await;
    let _ = world.emitter.emit_all((0..5).map(|id| Order { id }));
    until("one runs", || log.len() == 1).await;
    let draining = worker.drain(PATIENCE);
    let release = async {
        actix::clock::sleep(5 * MS).await;
        go.send(()).unwrap();
    };
    let (drained, ()) = futures::join!(draining, release);
    assert_eq!(drained.released, 0);
    assert_eq!((worker.stats().acked, log.len()), (1, 1));
    let next = world.start(&linker).await;
    until("the others", || next.stats().acked == 4).await;
}

async fn what_does_not_end_in_time_is_given_back_uncounted(engine: Engine) {
    let world = World::new(&engine).await;
    let linker = Linker::start();
    let log = Log::new();
    let _stuck = gated(&linker, &log);
    let retry = Retry::constant(MS).attempts(1);
    let worker = ready(world.worker(&linker).retry(retry.clone())).await;
    world.emitter.emit(Order { id: 1 });
    until("it runs", || log.len() == 1).await;
    let drained = worker.drain(20 * MS).await;
    assert_eq!((drained.released, worker.stats().released), (1, 1));
    let fresh = Linker::start();
    let seen = log.clone();
    fresh
        .subscribe(
            on::<Order>()
                .call(move |order| seen.add(order.id))
                .named("gated"),
        )
        .unwrap();
    // With one attempt, a counted delivery would make it a dead letter.
    let next = ready(world.worker(&fresh).retry(retry)).await;
    until("it is done", || next.stats().acked == 1).await;
    assert_eq!(log.all(), [1, 1]);
}

async fn an_idle_worker_drains_at_once(engine: Engine) {
    let world = World::new(&engine).await;
    let worker = world.start(&Linker::start()).await;
    assert_eq!(worker.drain(PATIENCE).await.released, 0);
    assert_eq!(
        worker.drain(PATIENCE).await.released,
        0,
        "twice does no harm"
    );
}

async fn a_dropped_worker_reads_no_more(engine: Engine) {
    let world = World::new(&engine).await;
    let linker = Linker::start();
    let log = Log::new();
    drop(gated(&linker, &log));
    drop(world.start(&linker).await);
    let rest = Linker::start();
    let other = world.start(&rest).await;
    world.emitter.emit(Order { id: 1 });
    until("the other has it", || other.stats().acked == 1).await;
    assert_eq!(log.len(), 0);
}

async fn a_worker_whose_linker_has_stopped_gives_back_and_reads_no_more(engine: Engine) {
    let world = World::new(&engine).await;
    let linker = Linker::start();
    let log = Log::new();
    drop(gated(&linker, &log));
    let worker = ready(world.worker(&linker).concurrency(1)).await;
    linker.stop();
    world.emitter.emit(Order { id: 1 });
    until("it is given back", || worker.stats().released == 1).await;
    let fresh = Linker::start();
    drop(gated(&fresh, &log));
    let next = world.start(&fresh).await;
    until("the other has it", || next.stats().acked == 1).await;
    assert_eq!((log.len(), worker.stats().leased), (1, 1));
}
