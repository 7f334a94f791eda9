//! Layers around deliveries and around emissions.

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use actix::clock::{Instant, sleep};
use actix::prelude::*;
use actix_rt::task::yield_now;
use futures::FutureExt;
use futures::channel::oneshot;
use ventix::middleware::{Correlate, Deduplicate, Timing};
use ventix::{
    BoxError, DeadLetter, Delivery, DeliveryLayer, Emission, EmissionId, EmissionLayer, Emit,
    Emitter, HandlerPanicked, Incoming, Linker, Metadata, Outcome, Outgoing, Overflow, Reason,
    Receipt, Report, Retry, Routing, Strategy, SubscriptionSpec, WeakEmitter, on, on_any, on_topic,
};

use support::settle;

const SECOND: Duration = Duration::from_secs(1);

/// What layers and handlers wrote down, in the order in which they did.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn push(&self, entry: impl Into<String>) {
        self.0.lock().unwrap().push(entry.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// A layer that writes down what it sees.
struct Scribe(&'static str, Log);

impl DeliveryLayer for Scribe {
    fn before(&self, delivery: &mut Incoming<'_>) -> Result<(), Reason> {
        self.1.push(format!("{}+{}", self.0, delivery.attempt()));
        Ok(())
    }

    fn after(&self, _: &mut Incoming<'_>, outcome: &Outcome) {
        self.1.push(format!("{}-{}", self.0, outcome.as_str()));
    }
}

impl EmissionLayer for Scribe {
    fn before(&self, emission: &mut Outgoing<'_>) -> Result<(), Reason> {
        self.1
            .push(format!("{}+{}", self.0, emission.metadata().name()));
        Ok(())
    }

    fn after(&self, emission: &Metadata, receipt: &Receipt) {
        assert_eq!(emission.id(), receipt.id());
        let accepted = receipt.accepted();
        self.1.push(format!("{}-{accepted}", self.0));
    }
}

type BeforeDelivery = Box<dyn Fn(&mut Incoming<'_>) -> Result<(), Reason> + Send + Sync>;
type AfterDelivery = Box<dyn Fn(&mut Incoming<'_>, &Outcome) + Send + Sync>;

/// One that does as it is told, before and after.
struct Does(BeforeDelivery, AfterDelivery);

impl Does {
    fn before(
        act: impl Fn(&mut Incoming<'_>) -> Result<(), Reason> + Send + Sync + 'static,
    ) -> Self {
        Self(Box::new(act), Box::new(|_, _| ()))
    }

    fn after(act: impl Fn(&mut Incoming<'_>, &Outcome) + Send + Sync + 'static) -> Self {
        Self(Box::new(|_| Ok(())), Box::new(act))
    }
}

impl DeliveryLayer for Does {
    fn before(&self, delivery: &mut Incoming<'_>) -> Result<(), Reason> {
        (self.0)(delivery)
    }

    fn after(&self, delivery: &mut Incoming<'_>, outcome: &Outcome) {
        (self.1)(delivery, outcome);
    }
}

type BeforeEmission = Box<dyn Fn(&mut Outgoing<'_>) -> Result<(), Reason> + Send + Sync>;

/// The same around emissions.
struct Says(BeforeEmission);

impl Says {
    fn new(act: impl Fn(&mut Outgoing<'_>) -> Result<(), Reason> + Send + Sync + 'static) -> Self {
        Self(Box::new(act))
    }
}

impl EmissionLayer for Says {
    fn before(&self, emission: &mut Outgoing<'_>) -> Result<(), Reason> {
        (self.0)(emission)
    }
}

fn no() -> Result<(), Reason> {
    Err(Reason::layer("not today"))
}

/// Refuses what is 0.
fn no_zeros() -> Does {
    Does::before(|delivery| match delivery.event().downcast_ref() {
        Some(0_u8) => no(),
        _ => Ok(()),
    })
}

fn words(report: &Report) -> Vec<&'static str> {
    report.outcomes().map(Outcome::as_str).collect()
}

fn inline(linker: &Linker) -> Emitter {
    Emitter::start(linker, Strategy::inline())
}

fn current(linker: &Linker) -> Emitter {
    Emitter::start(linker, Strategy::current())
}

/// What was told of dead letters: who, if anybody, and why.
fn dead_letters(linker: &Linker) -> Log {
    let letters = Log::default();
    let told = letters.clone();
    let hear = on::<DeadLetter>().call(move |letter| {
        let who = letter.handler().and_then(|handler| handler.name());
        told.push(format!("{}: {}", who.unwrap_or("-"), letter.error()));
    });
    linker.subscribe(hear).unwrap();
    letters
}

struct Plain;

impl Actor for Plain {
    type Context = Context<Self>;
}

impl Handler<Emission> for Plain {
    type Result = ();

    fn handle(&mut self, emission: Emission, _: &mut Context<Self>) {
        emission.run();
    }
}

/// Handles at once, or keeps what it gets until it is told to let go.
#[derive(Default)]
struct Holder {
    keeps: bool,
    held: Vec<Delivery<u8>>,
}

impl Actor for Holder {
    type Context = Context<Self>;
}

impl Handler<Delivery<u8>> for Holder {
    type Result = ();

    fn handle(&mut self, delivery: Delivery<u8>, _: &mut Context<Self>) {
        if self.keeps {
            assert_eq!(*delivery, 1);
            self.held.push(delivery);
        }
    }
}

/// Ends later than its handler returns.
struct Later;

impl Actor for Later {
    type Context = Context<Self>;
}

impl Handler<Delivery<u8>> for Later {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, delivery: Delivery<u8>, _: &mut Context<Self>) -> ResponseFuture<()> {
        Box::pin(async move {
            yield_now().await;
            drop(delivery);
        })
    }
}

#[derive(Clone, Message)]
#[rtype(result = "()")]
struct LetGo;

impl Handler<LetGo> for Holder {
    type Result = ();

    fn handle(&mut self, _: LetGo, _: &mut Context<Self>) {
        self.held.clear();
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Stop;

impl Handler<Stop> for Holder {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}

#[actix::test]
async fn the_first_added_is_the_outermost_and_the_linkers_are_outside() {
    let log = Log::default();
    let scribe = |name| Scribe(name, log.clone());
    let linker = Linker::builder().layer(scribe("a")).layer(scribe("b"));
    let linker = linker.start().unwrap();
    let handles = log.clone();
    let first = on::<u8>().call(move |_| handles.push("handler"));
    let second = on::<u16>().call(|_| ()).layer(scribe("e"));
    let spec = first.layer(scribe("c")).layer(scribe("d")).and(second);
    linker.subscribe(spec).unwrap();
    inline(&linker).emit(1_u8);
    let expected = [
        "a+1",
        "b+1",
        "c+1",
        "d+1",
        "e+1",
        "handler",
        "e-handled",
        "d-handled",
        "c-handled",
        "b-handled",
        "a-handled",
    ];
    assert_eq!(log.take(), expected);
}

#[actix::test]
async fn a_subscriptions_layers_are_its_own() {
    let log = Log::default();
    let linker = Linker::start();
    let one = on::<u8>().call(|_| ()).layer(Scribe("one", log.clone()));
    linker.subscribe(one).unwrap();
    linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    inline(&linker).emit(1_u8);
    assert_eq!(log.take(), ["one+1", "one-handled"]);
}

/// One of each kind of handler.
fn every_handler(arbiter: &Arbiter) -> Vec<(&'static str, SubscriptionSpec)> {
    let here = Arbiter::current();
    vec![
        ("call", on::<u8>().call(|_| ())),
        ("any", on_any().filter(|any, _| any.is::<u8>()).call(|_| ())),
        ("async", on::<u8>().call_async(|_| yield_now())),
        ("blocking", on::<u8>().call_blocking(|_| ())),
        ("actor", on::<u8>().actor(Holder::default().start())),
        ("later", on::<u8>().actor(Later.start())),
        ("made", on::<u8>().actor_in(&here, Holder::default)),
        (
            "made elsewhere",
            on::<u8>().actor_in(&arbiter.handle(), Holder::default),
        ),
        (
            "pool",
            on::<u8>().actor_pool(2, Routing::RoundRobin, Holder::default),
        ),
    ]
}

#[actix::test]
async fn every_kind_of_handler_under_every_strategy_is_seen_to_begin_and_to_end() {
    let arbiter = Arbiter::new();
    let strategies = [
        Strategy::inline(),
        Strategy::inline().in_order(),
        Strategy::current(),
        Strategy::current().in_order(),
        Strategy::on(&arbiter.handle()),
        Strategy::dedicated(),
        Strategy::pool(2),
        Strategy::pool(2).in_order(),
        Strategy::blocking(2),
        Strategy::blocking(2).in_order(),
        Strategy::custom(Plain.start().recipient()),
    ];
    for strategy in strategies {
        let shown = format!("{strategy:?}");
        for (kind, spec) in every_handler(&arbiter) {
            let log = Log::default();
            let linker = Linker::builder().layer(Scribe("out", log.clone()));
            let linker = linker.start().unwrap();
            linker
                .subscribe(spec.layer(Scribe("in", log.clone())))
                .unwrap();
            let emitter = Emitter::start(&linker, strategy.clone());
            let report = emitter.emit_and_wait(1_u8).await;
            assert!(report.all_handled(), "{kind} {shown}: {report:?}");
            let expected = ["out+1", "in+1", "in-handled", "out-handled"];
            assert_eq!(log.take(), expected, "{kind} {shown}");
        }
        for (kind, spec) in every_handler(&arbiter) {
            let linker = Linker::start();
            let handler = linker
                .subscribe(spec.layer(Does::before(|_| no())))
                .unwrap();
            let emitter = Emitter::start(&linker, strategy.clone());
            let report = emitter.emit_and_wait(1_u8).await;
            assert_eq!(words(&report), ["refused"], "{kind} {shown}");
            assert_eq!(handler.counts().refused, 1, "{kind} {shown}");
        }
    }
}

#[actix::test]
async fn a_plain_actor_is_seen_too() {
    struct Old;
    impl Actor for Old {
        type Context = Context<Self>;
    }
    impl Handler<LetGo> for Old {
        type Result = ();
        fn handle(&mut self, _: LetGo, _: &mut Context<Self>) {}
    }
    let log = Log::default();
    let linker = Linker::start();
    let spec = on::<LetGo>().plain_actor(Old.start());
    linker
        .subscribe(spec.layer(Scribe("a", log.clone())))
        .unwrap();
    assert!(current(&linker).emit_and_wait(LetGo).await.all_handled());
    assert_eq!(log.take(), ["a+1", "a-handled"]);
}

#[actix::test]
async fn what_ends_late_is_seen_to_end_then() {
    let log = Log::default();
    let linker = Linker::start();
    let keeps = true;
    let holder = Holder {
        keeps,
        ..Holder::default()
    };
    let holder = holder.start();
    let spec = on::<u8>()
        .actor(holder.clone())
        .layer(Scribe("a", log.clone()));
    linker.subscribe(spec).unwrap();
    inline(&linker).emit(1_u8);
    settle().await;
    assert_eq!(log.take(), ["a+1"]);
    holder.send(LetGo).await.unwrap();
    assert_eq!(log.take(), ["a-handled"]);
}

#[actix::test]
async fn what_is_lost_in_a_mailbox_is_seen_to_end() {
    let log = Log::default();
    let linker = Linker::start();
    let holder = Holder::default().start();
    let spec = on::<u8>()
        .actor(holder.clone())
        .layer(Scribe("a", log.clone()));
    linker.subscribe(spec).unwrap();
    holder.do_send(Stop);
    inline(&linker).emit(1_u8);
    settle().await;
    assert_eq!(log.take(), ["a+1", "a-lost"]);
}

#[actix::test]
async fn what_is_turned_away_is_refused_counted_and_a_dead_letter() {
    let (log, linker) = (Log::default(), Linker::start());
    let letters = dead_letters(&linker);
    let scribe = |name| Scribe(name, log.clone());
    let failures = log.clone();
    let spec = on::<u8>().call(|_| unreachable!("it is turned away"));
    let spec = spec.named("shop").layer(scribe("outer"));
    let spec = spec.layer(no_zeros()).layer(scribe("inner"));
    let spec = spec.on_failure(move |failure| failures.push(failure.error().to_string()));
    let shop = linker.subscribe(spec).unwrap();
    let report = inline(&linker).emit_and_wait(0_u8).await;
    let outcome = report.outcomes().next().unwrap();
    let Outcome::Refused(reason) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(reason, &Reason::layer("not today"));
    assert_eq!(report.receipt().accepted(), 1);
    assert_eq!((shop.counts().refused, shop.counts().ended()), (1, 1));
    let said = "a layer turned it away: not today";
    assert_eq!(log.take(), ["outer+1", "outer-refused", said]);
    assert_eq!(letters.take(), [format!("shop: {said}")]);
}

#[actix::test]
async fn the_kind_of_reason_decides_what_becomes_of_it() {
    let linker = Linker::start();
    let letters = dead_letters(&linker);
    let skips = Does::before(|_| Err(Reason::Filtered));
    let drops = Does::before(|_| Err(Reason::Coalesced));
    for layer in [skips, drops] {
        let spec = on::<u8>().call(|_| ()).named("shop").layer(layer);
        linker.subscribe(spec).unwrap();
    }
    let report = inline(&linker).emit_and_wait(0_u8).await;
    assert_eq!(words(&report), ["skipped", "dropped"]);
    assert_eq!(
        letters.take(),
        ["shop: dropped for a newer one with the same key"]
    );
}

#[actix::test]
async fn what_is_turned_away_gives_its_place_and_its_shot_back() {
    tokio::time::pause();
    for retries in [false, true] {
        let linker = Linker::start();
        let mut spec = on::<u8>().call_async(|_| async {}).once().capacity(1);
        if retries {
            spec = spec.retry(Retry::constant(SECOND).attempts(3));
        }
        let shop = linker.subscribe(spec.layer(no_zeros())).unwrap();
        let emitter = current(&linker);
        for _ in 0..3 {
            assert_eq!(words(&emitter.emit_and_wait(0_u8).await), ["refused"]);
        }
        assert!(shop.is_active(), "its shot is there");
        assert_eq!(words(&emitter.emit_and_wait(1_u8).await), ["handled"]);
        assert!(!shop.is_active());
        assert_eq!((shop.counts().retried, shop.counts().in_flight()), (0, 0));
    }
}

#[actix::test]
async fn the_next_in_the_lane_has_its_turn_when_one_is_turned_away() {
    let linker = Linker::start();
    let spec = on::<u8>().call_async(|_| yield_now()).in_order();
    let shop = linker.subscribe(spec.layer(no_zeros())).unwrap();
    let emitter = current(&linker);
    for n in [1_u8, 0, 0, 2, 0, 3] {
        emitter.emit(n);
    }
    settle().await;
    assert_eq!((shop.counts().handled, shop.counts().refused), (3, 3));
}

#[actix::test]
async fn each_attempt_passes_through_the_layers() {
    tokio::time::pause();
    let (log, linker) = (Log::default(), Linker::start());
    let third = on::<u8>().call(|n| {
        if n.attempt() == 3 {
            Ok(())
        } else {
            Err("not yet")
        }
    });
    let spec = third.retry(Retry::constant(SECOND).attempts(3));
    linker
        .subscribe(spec.layer(Scribe("a", log.clone())))
        .unwrap();
    assert!(current(&linker).emit_and_wait(1_u8).await.all_handled());
    let expected = ["a+1", "a-failed", "a+2", "a-failed", "a+3", "a-handled"];
    assert_eq!(log.take(), expected);
}

#[actix::test]
async fn a_later_attempt_can_be_turned_away() {
    tokio::time::pause();
    let linker = Linker::start();
    let spec = on::<u8>().call(|_| Err::<(), _>("not yet"));
    let spec = spec.retry(Retry::constant(SECOND).attempts(5)).once();
    let first_only = Does::before(|delivery| match delivery.attempt() {
        1 => Ok(()),
        _ => no(),
    });
    let shop = linker.subscribe(spec.layer(first_only)).unwrap();
    assert_eq!(
        words(&current(&linker).emit_and_wait(1_u8).await),
        ["refused"]
    );
    assert!(!shop.is_active(), "its first attempt has spent the shot");
    assert_eq!(shop.counts().in_flight(), 0);
}

#[actix::test]
async fn a_panic_before_is_the_deliverys_own_and_tried_again_like_one() {
    tokio::time::pause();
    let (log, linker) = (Log::default(), Linker::start());
    let panics = log.clone();
    let hear = on::<HandlerPanicked>().call(move |it| panics.push(it.panic().to_string()));
    linker.subscribe(hear).unwrap();
    let twice = |delivery: &mut Incoming<'_>| {
        assert!(delivery.attempt() > 2, "no paper");
        Ok(())
    };
    // It is no more asked what it makes of its own panic than those inside it are.
    let unasked = |_: &mut Incoming<'_>, outcome: &Outcome| assert!(outcome.is_handled());
    let unasked = Does(Box::new(twice), Box::new(unasked));
    let inner = Log::default();
    let spec = on::<u8>().call(|_| ()).layer(Scribe("a", log.clone()));
    let spec = spec.layer(unasked).layer(Scribe("b", inner.clone())).once();
    let retry = Retry::constant(SECOND).attempts(3);
    let shop = linker.subscribe(spec.retry(retry)).unwrap();
    linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    let emitter = current(&linker);
    assert!(emitter.emit_and_wait(1_u8).await.all_handled());
    let expected = ["a+1", "a-panicked", "a+2", "a-panicked", "a+3", "a-handled"];
    assert_eq!(log.take(), expected);
    assert_eq!(inner.take(), ["b+3", "b-handled"]);
    assert!(!shop.is_active());

    let always = Does::before(|_| panic!("no paper"));
    let shop = linker
        .subscribe(on::<u8>().call(|_| ()).layer(always))
        .unwrap();
    let report = emitter.emit_and_wait(1_u8).await;
    assert_eq!(words(&report), ["handled", "panicked"]);
    assert_eq!(shop.counts().panicked, 1);
    assert_eq!(log.take(), ["the handler panicked: no paper"]);
}

#[actix::test]
async fn a_panic_after_is_the_outcome_and_nothing_is_handled_twice() {
    tokio::time::pause();
    let (log, linker) = (Log::default(), Linker::start());
    let ran = Arc::new(AtomicUsize::new(0));
    let runs = ran.clone();
    let spec = on::<u8>().call(move |n| {
        runs.fetch_add(1, Ordering::Relaxed);
        if **n > 1 { Err("too many") } else { Ok(()) }
    });
    let panics = Does::after(|_, _| panic!("no ink"));
    let spec = spec.layer(Scribe("a", log.clone())).layer(panics);
    let retry = Retry::constant(SECOND).attempts(2);
    let shop = linker.subscribe(spec.retry(retry)).unwrap();
    let emitter = current(&linker);
    assert_eq!(words(&emitter.emit_and_wait(1_u8).await), ["panicked"]);
    assert_eq!(ran.load(Ordering::Relaxed), 1);
    assert_eq!(log.take(), ["a+1", "a-panicked"]);
    // What went wrong first stays what it is.
    assert_eq!(words(&emitter.emit_and_wait(2_u8).await), ["failed"]);
    assert_eq!(ran.load(Ordering::Relaxed), 3);
    assert_eq!((shop.counts().panicked, shop.counts().failed), (1, 1));
}

#[actix::test]
async fn what_times_out_ends_once() {
    tokio::time::pause();
    let (log, linker) = (Log::default(), Linker::start());
    let keeps = true;
    let held = Vec::new();
    let holder = Holder { keeps, held }.start();
    let spec = on::<u8>().actor(holder.clone()).timeout(SECOND);
    linker
        .subscribe(spec.layer(Scribe("a", log.clone())))
        .unwrap();
    assert_eq!(
        words(&current(&linker).emit_and_wait(1_u8).await),
        ["timed out"]
    );
    assert_eq!(log.take(), ["a+1", "a-timed out"]);
    holder.send(LetGo).await.unwrap();
    settle().await;
    assert_eq!(log.take(), Vec::<String>::new());
}

#[actix::test]
async fn each_layer_finds_what_it_kept_and_nothing_stays_behind() {
    struct Counted(Arc<AtomicUsize>, &'static str);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
    }
    struct Keeps(Arc<AtomicUsize>, &'static str, Log);
    impl DeliveryLayer for Keeps {
        fn before(&self, delivery: &mut Incoming<'_>) -> Result<(), Reason> {
            assert!(delivery.take::<Counted>().is_none(), "it is another's");
            self.0.fetch_add(1, Ordering::Relaxed);
            delivery.keep(Counted(self.0.clone(), self.1));
            Ok(())
        }
        fn after(&self, delivery: &mut Incoming<'_>, _: &Outcome) {
            assert!(delivery.take::<u8>().is_none(), "of another type");
            if self.1 != "careless" {
                let kept: Counted = delivery.take().unwrap();
                self.2.push(kept.1);
            }
        }
    }
    let (alive, log) = (Arc::new(AtomicUsize::new(0)), Log::default());
    let keeps = |name| Keeps(alive.clone(), name, log.clone());
    let linker = Linker::builder().layer(keeps("a")).start().unwrap();
    let spec = on::<u8>().call_async(|n| async move {
        yield_now().await;
        if *n > 1 { Err("too many") } else { Ok(()) }
    });
    let spec = spec
        .layer(keeps("careless"))
        .layer(Scribe("-", Log::default()));
    let spec = spec.layer(keeps("b")).layer(no_zeros());
    let shop = linker.subscribe(spec).unwrap();
    let emitter = current(&linker);
    for n in [1_u8, 0, 2] {
        assert_eq!(words(&emitter.emit_and_wait(n).await).len(), 1);
        assert_eq!(log.take(), ["b", "a"], "{n}");
        assert_eq!(alive.load(Ordering::Relaxed), 0, "{n}");
    }
    assert_eq!(shop.counts().ended(), 3);
}

#[actix::test]
async fn notices_pass_by_the_linkers_layers_and_not_by_ones_own() {
    let log = Log::default();
    let linker = Linker::builder().layer(Does::before(|_| no()));
    let linker = linker.start().unwrap();
    let heard = log.clone();
    let hear = on::<DeadLetter>().call(move |letter| heard.push(letter.to_string()));
    linker
        .subscribe(hear.layer(Scribe("own", log.clone())))
        .unwrap();
    linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    assert_eq!(
        words(&inline(&linker).emit_and_wait(1_u8).await),
        ["refused"]
    );
    let letter = "u8 was not handled by #2: a layer turned it away: not today";
    assert_eq!(log.take(), ["own+1", letter, "own-handled"]);
}

/// Tells of everything, as a layer should not have to be afraid to.
struct Audited;

struct Auditor {
    emitter: OnceLock<WeakEmitter>,
    seen: AtomicUsize,
}

impl Auditor {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            emitter: OnceLock::new(),
            seen: AtomicUsize::new(0),
        })
    }

    fn tell(&self) {
        let seen = self.seen.fetch_add(1, Ordering::Relaxed);
        assert!(seen < 10, "it goes on for ever");
        let emitter = self.emitter.get().and_then(WeakEmitter::upgrade);
        emitter.unwrap().emit(Audited);
    }
}

impl DeliveryLayer for Auditor {
    fn after(&self, _: &mut Incoming<'_>, _: &Outcome) {
        self.tell();
    }
}

impl EmissionLayer for Auditor {
    fn before(&self, _: &mut Outgoing<'_>) -> Result<(), Reason> {
        self.tell();
        Ok(())
    }
}

#[actix::test]
async fn what_a_layer_emits_and_what_comes_of_it_passes_by_all_layers() {
    for strategy in [Strategy::inline(), Strategy::current()] {
        let (around_deliveries, around_emissions) = (Auditor::new(), Auditor::new());
        let linker = Linker::builder().layer(around_deliveries.clone());
        let linker = linker.emission_layer(around_emissions.clone());
        let linker = linker.start().unwrap();
        let audit = on::<Audited>().call(|it| {
            it.emitter()
                .emit("an audit")
                .is_complete()
                .then_some(())
                .ok_or("lost")
        });
        let audits = linker.subscribe(audit).unwrap();
        let follows = linker.subscribe(on::<&str>().call(|_| ())).unwrap();
        linker.subscribe(on::<u8>().call(|_| ())).unwrap();
        let emitter = Emitter::start(&linker, strategy);
        for auditor in [&around_deliveries, &around_emissions] {
            auditor.emitter.get_or_init(|| emitter.downgrade());
        }
        emitter.emit(1_u8);
        settle().await;
        let seen = |auditor: &Auditor| auditor.seen.load(Ordering::Relaxed);
        assert_eq!((seen(&around_deliveries), seen(&around_emissions)), (1, 1));
        assert_eq!(audits.counts().handled, 2);
        assert_eq!(follows.counts().handled, 2);
    }
}

#[actix::test]
async fn emissions_pass_through_the_linkers_layers_and_then_the_emitters() {
    let (log, linker) = (Log::default(), Linker::builder());
    let scribe = |name| Scribe(name, log.clone());
    let linker = linker
        .emission_layer(scribe("a"))
        .emission_layer(scribe("b"));
    let linker = linker.start().unwrap();
    let handles = log.clone();
    linker
        .subscribe(on::<u8>().call(move |_| handles.push("handler")))
        .unwrap();
    let emitter = Emitter::builder(&linker).strategy(Strategy::inline());
    let emitter = emitter.layer(scribe("c")).start().unwrap();
    let expected = ["a+u8", "b+u8", "c+u8", "handler", "c-1", "b-1", "a-1"];
    emitter.emit(1_u8);
    assert_eq!(log.take(), expected);
    emitter.emit_when_ready(1_u8).await;
    assert_eq!(log.take(), expected);
    assert!(emitter.emit_and_wait(1_u8).await.all_handled());
    assert_eq!(log.take(), expected);
    emitter.addr().send(Emit(1_u8)).await.unwrap();
    assert_eq!(log.take(), expected);
    // Nobody listens, and it is seen.
    emitter.prepare(1_u8).topic("bytes").emit();
    assert_eq!(
        log.take(),
        ["a+bytes", "b+bytes", "c+bytes", "c-0", "b-0", "a-0"]
    );
    // Another emitter has the linker's only.
    inline(&linker).emit(1_u8);
    assert_eq!(log.take(), ["a+u8", "b+u8", "handler", "b-1", "a-1"]);
}

#[actix::test]
async fn what_a_handler_emits_passes_through_too() {
    let (log, linker) = (Log::default(), Linker::start());
    linker
        .subscribe(on::<u8>().call(|n| drop(n.emitter().emit("a byte"))))
        .unwrap();
    let emitter = Emitter::builder(&linker).layer(Scribe("a", log.clone()));
    emitter.start().unwrap().emit(1_u8);
    settle().await;
    assert_eq!(log.take(), ["a+u8", "a-1", "a+&str", "a-0"]);
}

#[actix::test]
async fn a_layer_changes_what_an_emission_carries() {
    tokio::time::pause();
    let (log, linker) = (Log::default(), Linker::start());
    let written = log.clone();
    linker
        .subscribe(on::<u8>().call(move |n| {
            let about = n.metadata();
            let left = about.deadline().map(|at| at.duration_since(Instant::now()));
            let (key, tenant) = (about.key(), about.headers().get("tenant"));
            let correlation = about.correlation() == EmissionId::from_u128(7);
            written.push(format!("{key:?} {tenant:?} {correlation} {left:?}"));
        }))
        .unwrap();
    let sets = Says::new(|emission| {
        emission.set_key("k");
        emission.set_header("tenant", "acme");
        emission.set_correlation(EmissionId::from_u128(7));
        emission.bring_forward(Instant::now() + 10 * SECOND);
        Ok(())
    });
    let emitter = Emitter::builder(&linker).strategy(Strategy::inline());
    let emitter = emitter.layer(sets).start().unwrap();
    emitter.emit(1_u8);
    emitter
        .prepare(1_u8)
        .header("tenant", "globex")
        .expires_in(SECOND)
        .emit();
    let carried = r#"Some("k") Some("acme") true"#;
    let expected = [
        format!("{carried} Some(10s)"),
        format!("{carried} Some(1s)"),
    ];
    assert_eq!(log.take(), expected);
}

#[actix::test]
async fn an_emission_is_refused_as_a_whole_by_the_layers_reason() {
    let (log, linker) = (Log::default(), Linker::start());
    let letters = dead_letters(&linker);
    for _ in 0..2 {
        linker
            .subscribe(on::<u8>().call(|_| unreachable!("it is refused")))
            .unwrap();
    }
    let emitter = Emitter::builder(&linker).layer(Scribe("outer", log.clone()));
    let emitter = emitter.layer(Says::new(|_| no()));
    let emitter = emitter.layer(Scribe("inner", log.clone())).start().unwrap();
    let reason = Reason::layer("not today");
    assert_eq!(emitter.emit(1_u8).refusal(), Some(&reason));
    assert_eq!(emitter.emit_when_ready(1_u8).await.refusal(), Some(&reason));
    let report = emitter.emit_and_wait(1_u8).await;
    assert_eq!(report.receipt().refusal(), Some(&reason));
    assert_eq!(words(&report), ["refused", "refused"]);
    assert_eq!(emitter.refused(), 3);
    assert_eq!(
        letters.take(),
        vec!["-: a layer turned it away: not today"; 3]
    );
    assert_eq!(log.take(), ["outer+u8", "outer-0"].repeat(3));
    let counts = linker.snapshot().iter().last().unwrap().counts();
    assert_eq!(counts.matched, 0, "no subscription was asked");
}

#[actix::test]
async fn an_emission_that_a_layer_skips_is_no_dead_letter() {
    let linker = Linker::start();
    let letters = dead_letters(&linker);
    linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    let emitter = Emitter::builder(&linker).layer(Says::new(|_| Err(Reason::Duplicate)));
    let emitter = emitter.start().unwrap();
    assert_eq!(words(&emitter.emit_and_wait(1_u8).await), ["skipped"]);
    assert_eq!((emitter.refused(), letters.take().len()), (1, 0));
}

#[actix::test]
async fn a_panic_refuses_that_emission_and_no_other() {
    struct Clumsy;
    impl EmissionLayer for Clumsy {
        fn before(&self, emission: &mut Outgoing<'_>) -> Result<(), Reason> {
            assert_ne!(emission.event().downcast_ref(), Some(&0_u8), "a zero");
            Ok(())
        }
        fn after(&self, _: &Metadata, _: &Receipt) {
            panic!("no ink");
        }
    }
    let (log, linker) = (Log::default(), Linker::start());
    linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    let emitter = Emitter::builder(&linker).layer(Scribe("a", log.clone()));
    let emitter = emitter.layer(Clumsy).start().unwrap();
    assert_eq!(emitter.emit(0_u8).refusal(), Some(&Reason::LayerPanicked));
    assert_eq!(emitter.emit(1_u8).accepted(), 1);
    assert_eq!(log.take(), ["a+u8", "a-0", "a+u8", "a-1"]);
    assert_eq!(emitter.refused(), 1);
}

#[actix::test]
async fn an_emission_that_is_given_up_while_it_waits_leaves_nothing_behind() {
    let (log, linker) = (Log::default(), Linker::start());
    let (_open, gate) = oneshot::channel::<()>();
    let gate = gate.shared();
    let spec = on::<u8>().call_async(move |_| gate.clone().map(|_| ()));
    let full = spec.capacity(1).overflow(Overflow::Wait(Duration::MAX));
    linker.subscribe(full).unwrap();
    let emitter = Emitter::builder(&linker).layer(Scribe("a", log.clone()));
    let emitter = emitter.start().unwrap();
    emitter.emit(1_u8);
    let waiting = emitter.emit_when_ready(2_u8);
    assert!(waiting.now_or_never().is_none());
    assert_eq!(log.take(), ["a+u8", "a-1", "a+u8"]);
}

#[actix::test]
async fn headers_are_carried_along_a_chain_and_never_over_ones_own() {
    let (log, correlate) = (Log::default(), Correlate::new());
    let correlate = correlate.carry("tenant").carry("trace");
    let linker = Linker::builder().emission_layer(correlate).start().unwrap();
    linker
        .subscribe(on::<u8>().call(|n| {
            n.emitter().prepare(1_u16).header("trace", "own").emit();
        }))
        .unwrap();
    linker
        .subscribe(on::<u16>().call(|n| drop(n.emitter().emit(1_u32))))
        .unwrap();
    let written = log.clone();
    linker
        .subscribe(on::<u32>().call(move |n| {
            let headers = n.metadata().headers().iter();
            written.push(
                headers
                    .map(|(name, value)| format!("{name}={value} "))
                    .collect::<String>(),
            );
        }))
        .unwrap();
    let emitter = inline(&linker);
    let first = emitter.prepare(1_u8).header("tenant", "acme");
    first.header("trace", "first").header("secret", "s").emit();
    assert_eq!(log.take(), ["tenant=acme trace=own "]);
    emitter.emit(1_u8);
    assert_eq!(log.take(), ["trace=own "], "nothing of the chain before");
}

#[actix::test]
async fn only_the_first_of_a_chain_is_asked_for_its_correlation() {
    let seven = EmissionId::from_u128(7);
    let asked = Arc::new(AtomicUsize::new(0));
    let asks = asked.clone();
    let correlate = Correlate::new().id_from(move |_| {
        asks.fetch_add(1, Ordering::Relaxed);
        Some(seven)
    });
    let linker = Linker::builder().emission_layer(correlate).start().unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    linker
        .subscribe(on::<u8>().call(|n| drop(n.emitter().emit(1_u16))))
        .unwrap();
    linker
        .subscribe(on::<u16>().call(move |n| tell.send(n.metadata().correlation())))
        .unwrap();
    let emitter = inline(&linker);
    emitter.emit(1_u8);
    let own = EmissionId::from_u128(8);
    emitter.prepare(1_u8).correlation(own).emit();
    assert_eq!(told.try_iter().collect::<Vec<_>>(), [seven, own]);
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

fn message(emitter: &Emitter, id: &str) -> impl Future<Output = Report> + use<> {
    let emitter = emitter.clone();
    let id = id.to_owned();
    async move { emitter.prepare(1_u8).header("id", id).emit_and_wait().await }
}

#[actix::test]
async fn a_duplicate_is_skipped_within_the_window_and_no_dead_letter() {
    tokio::time::pause();
    let linker = Linker::start();
    let letters = dead_letters(&linker);
    let once_a_minute = Deduplicate::by_header("id", 60 * SECOND);
    let shop = linker
        .subscribe(on::<u8>().call(|_| ()).layer(once_a_minute))
        .unwrap();
    let emitter = inline(&linker);
    assert_eq!(words(&message(&emitter, "a").await), ["handled"]);
    sleep(59 * SECOND).await;
    let report = message(&emitter, "a").await;
    assert!(matches!(
        report.outcomes().next(),
        Some(Outcome::Skipped(Reason::Duplicate))
    ));
    assert_eq!(words(&message(&emitter, "b").await), ["handled"]);
    sleep(SECOND).await;
    assert_eq!(words(&message(&emitter, "a").await), ["handled"]);
    assert_eq!(words(&message(&emitter, "b").await), ["skipped"]);
    // What carries no id is nobody's duplicate.
    for _ in 0..2 {
        assert_eq!(words(&emitter.emit_and_wait(1_u8).await), ["handled"]);
    }
    assert_eq!((shop.counts().handled, shop.counts().skipped), (5, 2));
    assert_eq!(letters.take(), Vec::<String>::new());
}

#[actix::test]
async fn what_failed_is_tried_again_and_is_no_duplicate() {
    tokio::time::pause();
    let linker = Linker::start();
    let fails = Arc::new(AtomicUsize::new(3));
    let left = fails.clone();
    let spec = on::<u8>().call(move |_| match left.load(Ordering::Relaxed) {
        0 => Ok(()),
        n => {
            left.store(n - 1, Ordering::Relaxed);
            Err("not yet")
        }
    });
    let layer = Deduplicate::by_header("id", 60 * SECOND);
    let spec = spec.layer(layer).retry(Retry::constant(SECOND).attempts(2));
    linker.subscribe(spec).unwrap();
    let emitter = current(&linker);
    assert_eq!(
        words(&message(&emitter, "a").await),
        ["failed"],
        "two attempts"
    );
    assert_eq!(
        words(&message(&emitter, "a").await),
        ["handled"],
        "two more"
    );
    assert_eq!(words(&message(&emitter, "a").await), ["skipped"]);
}

#[actix::test]
async fn what_is_being_handled_answers_for_its_twin() {
    let linker = Linker::start();
    let (open, gate) = oneshot::channel::<()>();
    let gate = gate.shared();
    let spec = on::<u8>().call_async(move |_| gate.clone().map(|_| ()));
    let spec = spec.layer(Deduplicate::by_header("id", SECOND));
    linker.subscribe(spec).unwrap();
    let emitter = current(&linker);
    let first = actix_rt::spawn(message(&emitter, "a"));
    settle().await;
    let twin = actix_rt::spawn(message(&emitter, "a"));
    settle().await;
    open.send(()).unwrap();
    assert_eq!(words(&twin.await.unwrap()), ["skipped"]);
    assert_eq!(words(&first.await.unwrap()), ["handled"]);
}

#[actix::test]
async fn a_twin_that_waits_behind_one_that_fails_has_its_turn() {
    let linker = Linker::start();
    let runs = AtomicUsize::new(0);
    let spec = on::<u8>().call_async(move |_| {
        let run = runs.fetch_add(1, Ordering::Relaxed);
        async move {
            yield_now().await;
            if run == 0 { Err("not yet") } else { Ok(()) }
        }
    });
    let spec = spec.in_order().layer(Deduplicate::by_header("id", SECOND));
    linker.subscribe(spec).unwrap();
    let emitter = current(&linker);
    let [a, b, c] = [(); 3].map(|()| message(&emitter, "a"));
    let (a, b, c) = futures::join!(a, b, c);
    assert_eq!(
        [a, b, c].map(|report| words(&report)[0]),
        ["failed", "handled", "skipped"]
    );
}

#[actix::test]
async fn around_a_linker_each_handler_has_its_own_duplicates() {
    let layer = Deduplicate::by_header("id", Duration::MAX);
    let linker = Linker::builder().layer(layer).start().unwrap();
    for _ in 0..3 {
        linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    }
    let emitter = inline(&linker);
    assert_eq!(words(&message(&emitter, "a").await), ["handled"; 3]);
    assert_eq!(words(&message(&emitter, "a").await), ["skipped"; 3]);
}

#[actix::test]
async fn a_duplicate_spends_no_shot() {
    let linker = Linker::start();
    let layer = Deduplicate::by_header("id", Duration::MAX);
    let spec = on::<u8>().call(|_| ()).for_at_most(2).layer(layer);
    let shop = linker.subscribe(spec).unwrap();
    let emitter = inline(&linker);
    for (id, outcome) in [("a", "handled"), ("a", "skipped"), ("a", "skipped")] {
        assert_eq!(words(&message(&emitter, id).await), [outcome]);
    }
    assert!(shop.is_active());
    assert_eq!(words(&message(&emitter, "b").await), ["handled"]);
    assert!(!shop.is_active());
}

#[actix::test]
async fn each_attempt_is_timed_and_waiting_between_them_is_not() {
    tokio::time::pause();
    let (timing, linker) = (Timing::new(), Linker::builder());
    let linker = linker.layer(timing.clone()).start().unwrap();
    let spec = on::<u8>().call_async(|n| async move {
        sleep(SECOND * n.attempt()).await;
        if n.attempt() == 2 {
            Ok(())
        } else {
            Err("not yet")
        }
    });
    linker
        .subscribe(spec.retry(Retry::constant(60 * SECOND).attempts(2)))
        .unwrap();
    linker
        .subscribe(on_topic::<u8>("bytes").call(|_| ()))
        .unwrap();
    assert!(current(&linker).emit_and_wait(1_u8).await.all_handled());
    let [(_, timed)] = timing.summary().try_into().unwrap();
    let near = |time: Duration, seconds: u32| time.abs_diff(SECOND * seconds) < SECOND / 50;
    assert_eq!(timed.count(), 2);
    assert!(
        near(timed.total(), 3) && near(timed.longest(), 2),
        "{timed:?}"
    );
}

#[test]
fn a_layers_error_can_be_asked_for() {
    let error: BoxError = "no number".parse::<u8>().unwrap_err().into();
    let reason = Reason::layer(error);
    let Reason::Layer(rejected) = &reason else {
        unreachable!();
    };
    assert!(rejected.error().is::<std::num::ParseIntError>());
    assert_ne!(reason, Reason::layer("another"));
}
