//! A typed emitter is the emitter, and sees every change at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix::prelude::*;
use actix_rt::task::yield_now;
use ventix::{
    Delivery, EmissionLayer, Emitter, Linker, Outgoing, Reason, Refusal, Strategy, on, on_any,
};

#[derive(Debug)]
struct Tick(usize);

struct Counter(Arc<AtomicUsize>);

impl Actor for Counter {
    type Context = Context<Self>;

    fn stopped(&mut self, _: &mut Self::Context) {
        self.0.fetch_add(1_000, Ordering::SeqCst);
    }
}

impl Handler<Delivery<Tick>> for Counter {
    type Result = ();

    fn handle(&mut self, _: Delivery<Tick>, _: &mut Self::Context) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[actix::test]
async fn it_sees_what_is_subscribed_and_unsubscribed_at_once() {
    let linker = Linker::start();
    let ticks = Emitter::start(&linker, Strategy::inline()).typed();
    assert!(ticks.emit(Tick(0)).is_unheard());
    for round in 0..3 {
        let one = linker.subscribe(on::<Tick>().call(|_| ())).unwrap();
        assert_eq!(ticks.emit(Tick(round)).accepted(), 1);
        let all = linker.subscribe(on_any().call(|_| ())).unwrap();
        assert_eq!(ticks.emit(Tick(round)).accepted(), 2);
        one.unsubscribe();
        assert_eq!(ticks.emit(Tick(round)).accepted(), 1);
        all.unsubscribe();
        assert!(ticks.emit(Tick(round)).is_unheard());
    }
}

#[actix::test]
async fn what_it_keeps_keeps_nobody_alive_that_was_unsubscribed() {
    let linker = Linker::start();
    let ticks = Emitter::start(&linker, Strategy::inline()).typed();
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = Counter(seen.clone()).start();
    let subscription = linker.subscribe(on::<Tick>().actor(counter)).unwrap();
    assert_eq!(ticks.emit(Tick(1)).accepted(), 1);
    while seen.load(Ordering::SeqCst) == 0 {
        yield_now().await;
    }
    subscription.unsubscribe();
    // The typed emitter has emitted nothing since.
    while seen.load(Ordering::SeqCst) < 1_000 {
        yield_now().await;
    }
}

#[actix::test]
async fn it_goes_along_with_a_switch_and_with_a_drain() {
    let linker = Linker::start();
    let emitter = Emitter::start(&linker, Strategy::inline());
    let ticks = emitter.typed();
    let seen = Arc::new(AtomicUsize::new(0));
    let last = seen.clone();
    let note = move |tick: &Delivery<Tick>| {
        assert_eq!(last.swap(tick.0, Ordering::SeqCst), tick.0 - 1);
    };
    linker.subscribe(on::<Tick>().call(note)).unwrap();
    ticks.emit(Tick(1));
    assert_eq!(seen.load(Ordering::SeqCst), 1, "inline");
    emitter.switch(Strategy::current()).await.unwrap();
    ticks.emit(Tick(2));
    assert_eq!(seen.load(Ordering::SeqCst), 1, "in its turn");
    assert_eq!(ticks.emit_all([Tick(3), Tick(4)]).accepted(), 2);
    assert!(ticks.emit_and_wait(Tick(5)).await.all_handled());
    emitter.switch(Strategy::inline()).await.unwrap();
    assert_eq!(ticks.emit_when_ready(Tick(6)).await.accepted(), 1);
    assert_eq!(seen.load(Ordering::SeqCst), 6);
    assert_eq!(ticks.emitter().stats().emitted, 6);
    assert!(emitter.drain(Duration::from_secs(5)).await.is_complete());
    let refused = ticks.emit(Tick(7));
    assert_eq!(refused.refusal(), Some(&Reason::ShuttingDown));
    linker.stop();
    assert_eq!(ticks.emit(Tick(8)).refusal(), Some(&Reason::LinkerStopped));
}

#[actix::test]
async fn what_it_emits_is_refused_for_the_reasons_of_any_other() {
    let linker = Linker::start();
    let emitter = Emitter::start(&linker, Strategy::inline());
    let ticks = emitter.typed();
    let counter = Counter(Arc::default()).start();
    let subscription = linker
        .subscribe(on::<Tick>().actor(counter).capacity(1))
        .unwrap();
    let paused = linker.subscribe(on::<Tick>().call(|_| ())).unwrap();
    paused.pause();
    assert_eq!(ticks.emit(Tick(1)).refusals()[0].reason(), &Reason::Paused);
    let receipt = ticks.emit(Tick(2));
    assert_eq!((receipt.matched(), receipt.accepted()), (2, 0));
    let reasons: Vec<_> = receipt.refusals().iter().map(Refusal::reason).collect();
    assert_eq!(
        reasons,
        [&Reason::LaneFull { capacity: 1 }, &Reason::Paused]
    );
    let same = emitter.emit(Tick(3));
    assert_eq!(same.refusals(), receipt.refusals());
    assert_eq!(subscription.counts().refused, 2);
    assert_eq!(paused.counts().refused, 3);
}

/// Refuses the first tick.
struct NotTheFirst;

impl EmissionLayer for NotTheFirst {
    fn before(&self, emission: &mut Outgoing<'_>) -> Result<(), Reason> {
        match emission.event().downcast_ref() {
            Some(Tick(1)) => Err(Reason::layer("the first")),
            _ => Ok(()),
        }
    }
}

#[actix::test]
async fn what_it_emits_passes_the_layers() {
    let linker = Linker::start();
    linker.subscribe(on::<Tick>().call(|_| ())).unwrap();
    let emitter = Emitter::builder(&linker).strategy(Strategy::inline());
    let ticks = emitter.layer(NotTheFirst).start().unwrap().typed();
    assert!(ticks.emit(Tick(1)).refusal().is_some());
    assert_eq!(ticks.emit_all([Tick(1), Tick(2)]).accepted(), 1);
    assert_eq!(ticks.emit(Tick(3)).accepted(), 1);
}

#[actix::test]
async fn what_a_handler_emits_through_it_has_its_cause() {
    let linker = Linker::start();
    let causes = Arc::new(AtomicUsize::new(0));
    let caused = causes.clone();
    let handler = move |tick: &Delivery<Tick>| match tick.metadata().causation() {
        Some(_) => drop(caused.fetch_add(tick.0, Ordering::SeqCst)),
        None => {
            let ticks = tick.emitter().typed();
            ticks.emit(Tick(2));
            let _ = ticks.emit_all([Tick(3), Tick(4)]);
        }
    };
    linker.subscribe(on::<Tick>().call(handler)).unwrap();
    let ticks = Emitter::start(&linker, Strategy::inline()).typed();
    ticks.clone().emit(Tick(1));
    assert_eq!(causes.load(Ordering::SeqCst), 9);
}
