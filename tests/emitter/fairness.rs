//! A flood of emissions leaves the arbiter time for everything else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use actix::prelude::*;
use ventix::{Emitter, Linker, Routing, Strategy, on};

#[derive(Message)]
#[rtype(result = "()")]
struct Ping;

struct Other;

impl Actor for Other {
    type Context = Context<Self>;
}

impl Handler<Ping> for Other {
    type Result = ();

    fn handle(&mut self, _: Ping, _: &mut Context<Self>) {}
}

/// A flood that ends by itself: what waits for its end has starved.
const FLOOD: usize = 2_000_000;

/// Emits anew whatever it handles, until the flood is over or was stopped.
fn self_emitting(linker: &Linker) -> (Arc<AtomicUsize>, Arc<AtomicBool>) {
    let (handled, stop) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let (count, is_over) = (handled.clone(), stop.clone());
    linker
        .subscribe(on::<u8>().call(move |n| {
            let count = count.fetch_add(1, Ordering::Relaxed);
            if count < FLOOD && !is_over.load(Ordering::Relaxed) {
                n.emitter().emit(1_u8);
            }
        }))
        .unwrap();
    (handled, stop)
}

#[actix::test]
async fn a_handler_that_emits_without_end_starves_no_timer_and_no_actor() {
    for strategy in [
        Strategy::current(),
        Strategy::current().in_order(),
        Strategy::on(&Arbiter::current()),
    ] {
        let name = format!("{strategy:?}");
        let linker = Linker::start();
        let (handled, stop) = self_emitting(&linker);
        let other = Other.start();
        let emitter = Emitter::start(&linker, strategy);
        for _ in 0..100 {
            assert!(emitter.emit(1_u8).is_complete());
        }
        for _ in 0..3 {
            actix_rt::time::sleep(Duration::from_millis(2)).await;
            other.send(Ping).await.unwrap();
            let _ = linker
                .addr()
                .send(ventix::Query::subscription_count())
                .await
                .unwrap();
        }
        stop.store(true, Ordering::Relaxed);
        let handled = handled.load(Ordering::Relaxed);
        assert!(handled > 64, "there was no flood: {handled} {name}");
        assert!(handled < FLOOD, "all had to wait for its end: {name}");
        assert!(emitter.drain(Duration::from_secs(10)).await.is_complete());
    }
}

#[actix::test]
async fn a_flood_from_another_thread_starves_no_timer_and_no_actor() {
    let linker = Linker::start();
    let handled = Arc::new(AtomicUsize::new(0));
    let counter = handled.clone();
    linker
        .subscribe(on::<u8>().call(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        }))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::current());
    let stop = Arc::new(AtomicBool::new(false));
    let (flooding, is_over) = (emitter.clone(), stop.clone());
    let flood = std::thread::spawn(move || {
        while !is_over.load(Ordering::Relaxed) {
            let _ = flooding.emit(1_u8);
        }
    });
    let other = Other.start();
    while handled.load(Ordering::Relaxed) < 1_000 {
        actix_rt::time::sleep(Duration::from_millis(1)).await;
        other.send(Ping).await.unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    flood.join().unwrap();
}

#[actix::test]
async fn one_seat_of_a_pool_is_as_fair() {
    for strategy in [
        Strategy::pool(1).routing(Routing::Keyed),
        Strategy::blocking(1),
    ] {
        let linker = Linker::start();
        let (handled, stop) = self_emitting(&linker);
        linker
            .subscribe(on::<u16>().call_async(async |_| {
                actix_rt::time::sleep(Duration::from_millis(2)).await;
            }))
            .unwrap();
        let emitter = Emitter::start(&linker, strategy);
        assert!(emitter.emit(1_u8).is_complete());
        assert!(emitter.emit_and_wait(1_u16).await.all_handled());
        stop.store(true, Ordering::Relaxed);
        assert!(handled.load(Ordering::Relaxed) < FLOOD);
    }
}
