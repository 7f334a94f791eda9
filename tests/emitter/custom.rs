use std::time::Duration;

use actix::clock::Instant;
use actix::prelude::*;
use ventix::{Emission, Emitter, Linker, Outcome, Reason, on};

use super::{Log, words};

/// Runs emissions later.
struct Delay(Duration);

impl Actor for Delay {
    type Context = Context<Self>;
}

impl Handler<Emission> for Delay {
    type Result = ();

    fn handle(&mut self, emission: Emission, ctx: &mut Context<Self>) {
        ctx.run_later(self.0, |_, _| emission.run());
    }
}

#[actix::test]
async fn a_delaying_strategy_delays_everything() {
    tokio::time::pause();
    let linker = Linker::start();
    linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    let hour = Duration::from_secs(3_600);
    let emitter = Emitter::with(&linker, Delay(hour).start().recipient());
    let begin = Instant::now();
    assert!(emitter.emit_and_wait(1_u8).await.all_handled());
    assert!(begin.elapsed() >= hour);
}

#[actix::test]
async fn what_expires_while_a_strategy_holds_it_is_refused_and_spends_nothing() {
    tokio::time::pause();
    let linker = Linker::start();
    let links = linker.subscribe(on::<u8>().call(|_| ()).once()).unwrap();
    let emitter = Emitter::with(&linker, Delay(Duration::from_secs(2)).start().recipient());
    let report = emitter
        .prepare(1_u8)
        .expires_in(Duration::from_secs(1))
        .emit_and_wait()
        .await;
    let outcome = report.iter().next().unwrap().outcome();
    assert!(
        matches!(outcome, Outcome::Refused(Reason::Expired)),
        "{outcome:?}"
    );
    assert!(links.is_active());
}

/// Loses every other emission.
struct Careless(bool);

impl Actor for Careless {
    type Context = Context<Self>;
}

impl Handler<Emission> for Careless {
    type Result = ();

    fn handle(&mut self, emission: Emission, _: &mut Context<Self>) {
        self.0 = !self.0;
        if self.0 {
            drop(emission);
        } else {
            emission.run();
        }
    }
}

#[actix::test]
async fn an_emission_that_a_strategy_drops_is_lost_and_frees_the_one_shot() {
    let linker = Linker::start();
    linker
        .subscribe(on::<u8>().call(|_| ()).once().capacity(1))
        .unwrap();
    let emitter = Emitter::with(&linker, Careless(false).start().recipient());
    assert_eq!(words(&emitter.emit_and_wait(1_u8).await), ["lost"]);
    assert_eq!(words(&emitter.emit_and_wait(2_u8).await), ["handled"]);
    assert!(linker.is_empty());
}

/// Keeps emissions until it is told.
#[derive(Default)]
struct Hold(Vec<Emission>);

impl Actor for Hold {
    type Context = Context<Self>;
}

impl Handler<Emission> for Hold {
    type Result = ();

    fn handle(&mut self, emission: Emission, _: &mut Context<Self>) {
        self.0.push(emission);
    }
}

#[derive(Message)]
#[rtype(result = "usize")]
struct Release;

impl Handler<Release> for Hold {
    type Result = usize;

    fn handle(&mut self, _: Release, _: &mut Context<Self>) -> usize {
        self.0.drain(..).map(Emission::run).count()
    }
}

#[actix::test]
async fn an_emission_that_waits_holds_the_one_shot_and_its_place() {
    let linker = Linker::start();
    linker.subscribe(on::<u8>().call(|_| ()).once()).unwrap();
    linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    let hold = Hold::default().start();
    let strategy = ventix::Strategy::custom(hold.clone().recipient());
    let emitter = Emitter::start(&linker, strategy.bounded(2, ventix::Overflow::Refuse));
    let first = emitter.emit(1_u8);
    let second = emitter.emit(2_u8);
    assert_eq!((first.accepted(), second.accepted()), (2, 1));
    assert_eq!(second.refusals()[0].reason(), &Reason::Spent);
    let third = emitter.emit(3_u8);
    assert_eq!(third.refusal(), Some(&Reason::EmitterFull { capacity: 2 }));
    assert_eq!(hold.send(Release).await.unwrap(), 2);
    assert!(emitter.emit(4_u8).is_complete());
}

#[actix::test]
async fn an_emission_tells_what_it_is() {
    struct Teller(Log<String>);

    impl Actor for Teller {
        type Context = Context<Self>;
    }

    impl Handler<Emission> for Teller {
        type Result = ();

        fn handle(&mut self, emission: Emission, _: &mut Context<Self>) {
            let about = emission.metadata();
            let key = about.key().unwrap_or("-");
            self.0
                .push(format!("{} {key} {}", about.name(), emission.deliveries()));
            emission.run();
        }
    }

    let linker = Linker::start();
    linker
        .subscribe(ventix::on_topic::<u8>("a.*").call(|_| ()))
        .unwrap();
    linker
        .subscribe(ventix::on_topic::<u16>("a.b").call(|_| ()))
        .unwrap();
    let log = Log::new();
    let emitter = Emitter::with(&linker, Teller(log.clone()).start().recipient());
    let _ = emitter
        .prepare(1_u8)
        .topic("a.b")
        .key("k")
        .emit_and_wait()
        .await;
    assert_eq!(log.entries(), ["a.b k 1"]);
}

#[actix::test]
async fn when_a_strategy_stops_what_it_holds_is_lost_and_what_comes_is_refused() {
    let linker = Linker::start();
    linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    let arbiter = Arbiter::new();
    let hold = Hold::start_in_arbiter(&arbiter.handle(), |_| Hold::default());
    let emitter = Emitter::with(&linker, hold.clone().recipient());
    let waiting = emitter.emit_and_wait(1_u8);
    let (report, ()) = futures::join!(waiting, async {
        arbiter.stop();
        arbiter.join().unwrap();
    });
    assert_eq!(words(&report), ["lost"]);
    assert_eq!(emitter.emit(1_u8).refusal(), Some(&Reason::EmitterStopped));
}

/// Passes its deliveries on, so that they outlive it.
struct Passer(std::sync::mpsc::Sender<ventix::Delivery<u8>>);

impl Actor for Passer {
    type Context = Context<Self>;
}

impl Handler<ventix::Delivery<u8>> for Passer {
    type Result = ();

    fn handle(&mut self, n: ventix::Delivery<u8>, ctx: &mut Context<Self>) {
        self.0.send(n).unwrap();
        ctx.stop();
    }
}

#[actix::test]
async fn what_turns_a_delivery_away_is_asked_in_one_order() {
    let (sender, held) = std::sync::mpsc::channel();
    let passer = Passer(sender).start();
    let linker = Linker::start();
    let lane = linker
        .subscribe(on::<u8>().actor(passer.clone()).capacity(1))
        .unwrap();
    let once = linker.subscribe(on::<u16>().call(|_| ()).once()).unwrap();
    let inline = Emitter::start(&linker, ventix::Strategy::inline());
    let hold = Emitter::with(&linker, Hold::default().start().recipient());
    assert!(inline.emit(1_u8).is_complete());
    assert!(hold.emit(1_u16).is_complete());
    while passer.connected() {
        actix_rt::task::yield_now().await;
    }

    // The deadline comes before everything: the dead handler is not even seen.
    let late = inline.prepare(2_u8).deadline(Instant::now()).emit();
    assert_eq!(late.refusal(), Some(&Reason::Expired));
    assert!(lane.is_active());
    // Whether the handler is there comes before room in the lane, which is full.
    let full = inline.emit(2_u8);
    assert_eq!(full.refusals()[0].reason(), &Reason::HandlerGone);
    assert!(!lane.is_active());
    // A shot that is taken comes before both, and the deadline before that.
    let late = inline.prepare(2_u16).deadline(Instant::now()).emit();
    assert_eq!(late.refusal(), Some(&Reason::Expired));
    assert_eq!(inline.emit(2_u16).refusals()[0].reason(), &Reason::Spent);
    assert!(once.is_active());
    drop(held);
}
