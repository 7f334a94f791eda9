//! No mailbox without a bound: what comes on top is refused, never queued.

use actix::prelude::*;
use ventix::{Delivery, Emitter, Linker, Overflow, Reason, Strategy, on};

/// Keeps what it gets until it is told.
#[derive(Default)]
struct Hoarder(Vec<Delivery<u32>>);

impl Actor for Hoarder {
    type Context = Context<Self>;
}

impl Handler<Delivery<u32>> for Hoarder {
    type Result = ();

    fn handle(&mut self, n: Delivery<u32>, _: &mut Context<Self>) {
        self.0.push(n);
    }
}

#[derive(Message)]
#[rtype(result = "usize")]
struct LetGo;

impl Handler<LetGo> for Hoarder {
    type Result = usize;

    fn handle(&mut self, _: LetGo, _: &mut Context<Self>) -> usize {
        self.0.drain(..).map(drop).count()
    }
}

#[actix::test]
async fn a_lane_takes_1024_deliveries_by_default_and_refuses_the_next() {
    let linker = Linker::start();
    let hoarder = Hoarder::default().start();
    linker
        .subscribe(on::<u32>().actor(hoarder.clone()))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    assert!((0..1_024).all(|n: u32| emitter.emit(n).is_complete()));
    let full = Reason::LaneFull { capacity: 1_024 };
    assert_eq!(emitter.emit(1_024_u32).refusals()[0].reason(), &full);
    assert_eq!(hoarder.send(LetGo).await.unwrap(), 1_024);
    assert!(emitter.emit(1_025_u32).is_complete());
}

#[actix::test]
async fn an_emitter_lets_1024_emissions_wait_by_default_and_refuses_the_next() {
    let linker = Linker::start();
    linker.subscribe(on::<u32>().call(|_| ())).unwrap();
    let emitter = Emitter::start(&linker, Strategy::current());
    assert!((0..1_024).all(|n: u32| emitter.emit(n).is_complete()));
    let full = Reason::EmitterFull { capacity: 1_024 };
    assert_eq!(emitter.emit(1_024_u32).refusal(), Some(&full));
    while !emitter.emit(1_025_u32).is_complete() {
        actix_rt::task::yield_now().await;
    }
}

#[actix::test]
async fn an_emission_that_finds_the_emitter_full_is_refused_in_every_line_of_its_report() {
    let linker = Linker::start();
    linker.subscribe(on::<u32>().call(|_| ()).once()).unwrap();
    linker.subscribe(on::<u32>().call(|_| ())).unwrap();
    let strategy = Strategy::current().bounded(1, Overflow::Refuse);
    let emitter = Emitter::start(&linker, strategy);
    linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    assert!(emitter.emit(1_u8).is_complete());
    let report = emitter.emit_and_wait(2_u32).await;
    assert_eq!(super::words(&report), ["refused", "refused"]);
    assert_eq!(linker.subscription_count(), 3, "no shot was spent");
}

#[actix::test]
async fn a_lane_is_released_whatever_ends_a_delivery() {
    let linker = Linker::start();
    linker
        .subscribe(on::<u32>().call(|n| assert!(**n % 2 == 0)).capacity(1))
        .unwrap();
    linker
        .subscribe(
            on::<u32>()
                .call_async(async |n| assert!(*n % 2 == 0))
                .capacity(1),
        )
        .unwrap();
    linker
        .subscribe(
            on::<u32>()
                .call_blocking(|n| assert!(*n % 2 == 0))
                .capacity(1),
        )
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::current());
    for n in 0..20_u32 {
        let report = emitter.emit_and_wait(n).await;
        assert_eq!(report.receipt().accepted(), 3);
        assert_eq!(report.handled(), if n % 2 == 0 { 3 } else { 0 });
    }
}

#[actix::test]
async fn a_shot_that_another_emission_holds_is_skipped_and_nothing_went_wrong() {
    let linker = Linker::start();
    linker.subscribe(on::<u8>().call(|_| ()).once()).unwrap();
    linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    let emitter = Emitter::start(&linker, Strategy::current());
    let (first, second) = futures::join!(emitter.emit_and_wait(1_u8), emitter.emit_and_wait(2_u8));
    assert_eq!(super::words(&first), ["handled", "handled"]);
    assert_eq!(super::words(&second), ["skipped", "handled"]);
    assert_eq!(second.receipt().refusals()[0].reason(), &Reason::Spent);
    assert!(second.receipt().is_complete() && second.all_handled());
    assert_eq!(second.errors().count(), 0);
}
