//! The emitting side: what the receipt says, and what becomes of what cannot go out.

use ventix::{Overflow, Reason, StartError, on};

use super::faulty::Faulty;
use super::*;

on_engines! {
    the_linkers_own_subscriptions_do_not_run
    a_strategy_can_be_switched_to_remote_and_back
}

/// Its `Serialize` fails, or panics.
#[derive(Deserialize)]
struct Odd(bool);

impl Serialize for Odd {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        assert!(!self.0, "in Serialize");
        Err(serde::ser::Error::custom("cannot be written"))
    }
}

async fn the_linkers_own_subscriptions_do_not_run(engine: Engine) {
    let world = World::new(&engine).await;
    let log = Log::new();
    let seen = log.clone();
    world
        .home
        .subscribe(on::<Order>().call(move |order| seen.add(order.id)))
        .unwrap();
    let receipt = world.emitter.emit(Order { id: 1 });
    assert!(receipt.is_queued() && receipt.is_complete() && !receipt.is_unheard());
    assert_eq!((receipt.matched(), receipt.accepted()), (0, 0));
    let report = world.emitter.emit_and_wait(Order { id: 2 }).await;
    assert!(report.receipt().is_confirmed() && report.all_handled());
    assert_eq!(log.len(), 0);
}

async fn a_strategy_can_be_switched_to_remote_and_back(engine: Engine) {
    let world = World::new(&engine).await;
    let (here, there) = (Log::new(), Log::new());
    let seen = here.clone();
    world
        .home
        .subscribe(on::<Order>().call(move |order| seen.add(order.id)))
        .unwrap();
    let linker = Linker::start();
    let seen = there.clone();
    linker
        .subscribe(on::<Order>().call(move |order| seen.add(order.id)))
        .unwrap();
    let _worker = world.start(&linker).await;
    let emitter = Emitter::start(&world.home, Strategy::inline());
    let typed = emitter.typed::<Order>();
    for round in 0..10 {
        let strategy = match round % 2 {
            0 => Strategy::remote(&world.remote),
            _ => Strategy::inline(),
        };
        emitter.switch(strategy).await.unwrap();
        assert!(emitter.emit(Order { id: 2 * round }).is_complete());
        assert!(typed.emit(Order { id: 2 * round + 1 }).is_complete());
    }
    until("all that went out", || there.len() == 10).await;
    let expected: Vec<_> = (0..20).filter(|id| id % 4 >= 2).collect();
    assert_eq!(here.all(), expected);
}

#[actix::test]
async fn what_cannot_go_out_says_why_and_is_a_dead_letter_here() {
    let engine = engine::memory();
    let world = World::with(&engine, |builder| builder.max_bytes(1_000)).await;
    world.remote.register::<Odd>("test.odd", 1).unwrap();
    let refusal = |receipt: &ventix::Receipt| receipt.refusal().cloned().unwrap();

    let unregistered = refusal(&world.emitter.emit(1_u8));
    assert!(matches!(unregistered, Reason::Unregistered { event } if event.name() == "u8"));
    let unencodable = refusal(&world.emitter.emit(Odd(false)));
    assert_eq!(
        unencodable.to_string(),
        "the event cannot be encoded: the payload is not that of the event"
    );
    assert!(matches!(
        refusal(&world.emitter.emit(Odd(true))),
        Reason::Unencodable(_)
    ));
    let large = refusal(&world.emitter.emit(Note("x".repeat(1_000))));
    assert!(matches!(large, Reason::TooLarge { size, limit: 1_000 } if size > 1_000));
    assert!(world.emitter.emit_and_wait(1_u8).await.errors().count() == 1);
    assert_eq!(world.home.dead_letters().list().len(), 5);
    assert_eq!(world.remote.stats().queued, 0);
}

#[actix::test]
async fn what_the_backend_never_takes_is_a_dead_letter_here() {
    let faulty = Faulty::new();
    let remote = registered(Remote::start(faulty.clone()).unwrap());
    let linker = Linker::builder().dead_letters(10).start().unwrap();
    let emitter = Emitter::start(&linker, Strategy::remote(&remote));
    faulty.reject(true);
    let report = emitter.emit_and_wait(Order { id: 1 }).await;
    let reason = report.receipt().refusal().unwrap();
    assert!(matches!(reason, Reason::Unpublishable(_)), "{reason}");
    assert!(
        emitter.emit(Order { id: 2 }).is_queued(),
        "it is told later"
    );
    let letters = || linker.dead_letters().list().len();
    until("both are dead letters", || letters() == 2).await;
    assert_eq!(emitter.refused(), 2);
    assert_eq!(remote.stats().rejected, 2);
}

#[actix::test]
async fn a_full_out_lane_refuses_or_waits_as_it_is_told() {
    let faulty = Faulty::new();
    let remote = registered(Remote::start(faulty.clone()).unwrap());
    let linker = Linker::start();
    faulty.fail(true);
    let strategy = Strategy::remote(&remote).bounded(2, Overflow::Refuse);
    let emitter = Emitter::start(&linker, strategy);
    let receipts: Vec<_> = (0..3).map(|id| emitter.emit(Order { id })).collect();
    assert!(receipts[0].is_queued() && receipts[1].is_queued());
    assert_eq!(
        receipts[2].refusal(),
        Some(&Reason::EmitterFull { capacity: 2 })
    );

    let patient = Strategy::remote(&remote).bounded(2, Overflow::Wait(PATIENCE));
    let patient = Emitter::start(&linker, patient);
    let events = futures::stream::iter((10..20).map(|id| Order { id }));
    let heal = async {
        until("it is tried", || remote.stats().retried > 0).await;
        faulty.fail(false);
    };
    let (forwarded, ()) = futures::join!(patient.forward(events), heal);
    assert_eq!((forwarded.emitted(), forwarded.refused()), (10, 0));
    until("all", || remote.stats().confirmed == 12).await;
}

#[actix::test]
async fn settings_that_do_not_fit_are_errors_of_starting() {
    let remote = Remote::start(Faulty::new()).unwrap();
    for strategy in [
        Strategy::remote(&remote).in_order(),
        Strategy::remote(&remote).bounded(1, Overflow::DropOldest),
        Strategy::remote(&remote).bounded(1, Overflow::Coalesce),
    ] {
        let started = Emitter::builder(&Linker::start())
            .strategy(strategy)
            .start();
        assert!(matches!(
            started.unwrap_err(),
            StartError::Unfit {
                strategy: "remote",
                ..
            }
        ));
    }
    let worker = |set: fn(WorkerBuilder, &Remote) -> WorkerBuilder| {
        let builder = Worker::builder(&remote, &Linker::start());
        set(builder, &remote).start().unwrap_err().to_string()
    };
    assert_eq!(
        worker(|it, _| it.concurrency(0)),
        "`concurrency` must be 1 at least"
    );
    assert_eq!(
        worker(|it, _| it.lease(Duration::ZERO)),
        "`lease` must be 1 at least"
    );
    assert!(worker(|it, _| it.group("no/group")).contains("'/'"));
    assert!(worker(|it, _| it.retry(Retry::constant(MS).attempts(0))).contains("one attempt"));
    let out = worker(|it, remote| it.strategy(Strategy::remote(remote)));
    assert_eq!(out, "`strategy` does not fit the strategy `remote`");
    assert!(Remote::builder(Faulty::new()).queue("").start().is_err());
}

#[test]
fn outside_a_system_a_remote_is_an_error() {
    let error = Remote::start(Faulty::new()).unwrap_err();
    assert!(error.to_string().contains("`System`"), "{error}");
}
