//! Dry runs: what an explanation says is what the emission that follows comes to, and
//! nothing has changed in between.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use actix::prelude::*;
use futures::channel::oneshot;
use proptest::prelude::*;
use proptest::sample::select;
use ventix::{
    Breaker, BreakerChanged, Counts, DeadLetter, Debounce, Delivery, DeliveryLayer, EmissionLayer,
    Emitter, Explained, Explanation, Incoming, Linker, NearMiss, Outgoing, Overflow, Reason,
    Restart, Strategy as Run, Subscription, SubscriptionSpec, Throttle, WhenPaused, on, on_any,
    on_topic,
};

use support::settle;

const SECOND: Duration = Duration::from_secs(1);

fn answers(explanation: &Explanation) -> Vec<Result<(), Reason>> {
    let lines = explanation.lines().iter();
    lines
        .map(|line| line.answer().map_err(Clone::clone))
        .collect()
}

#[actix::test]
async fn every_line_stands_in_the_order_of_delivery() {
    let linker = Linker::start();
    let last = linker
        .subscribe(on::<u8>().call(|_| ()).priority(-1))
        .unwrap();
    let second = linker
        .subscribe(on_any().call(|_| ()).named("all"))
        .unwrap();
    let first = linker
        .subscribe(on::<u8>().call(|_| ()).priority(1))
        .unwrap();
    let explanation = linker.explain(&7_u8);
    let ids: Vec<_> = explanation
        .lines()
        .iter()
        .map(Explained::subscription)
        .collect();
    assert_eq!(ids, [first.id(), second.id(), last.id()]);
    assert_eq!(explanation.lines()[1].name(), Some("all"));
    assert_eq!(explanation.accepted(), 3);
}

#[actix::test]
async fn a_type_that_a_topic_is_not_for_is_a_mismatch_and_one_elsewhere_a_near_miss() {
    let linker = Linker::start();
    let other = linker
        .subscribe(on_topic::<u16>("bytes.*").call(|_| ()))
        .unwrap();
    let bare = linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    let deeper = linker
        .subscribe(on_topic::<u8>("bytes.*.*").call(|_| ()))
        .unwrap();
    // Wants everything on its topic, and this type is nothing special to it.
    linker
        .subscribe(on_topic::<ventix::AnyEvent>("words").call(|_| ()))
        .unwrap();
    let explanation = linker.explain_on("bytes.in", &7_u8);
    assert_eq!(explanation.lines().len(), 1);
    assert_eq!(explanation.lines()[0].subscription(), other.id());
    assert!(matches!(
        explanation.lines()[0].answer(),
        Err(Reason::Mismatch { .. })
    ));
    let misses = explanation.near_misses().iter();
    let misses: Vec<_> = misses.map(NearMiss::subscription).collect();
    assert_eq!(misses, [bare.id(), deeper.id()]);
    assert_eq!(
        explanation.to_string(),
        "bytes.in (u8): 0 of 1 would get it\n\
         \u{20} #1  the subscription expects u16, the emission has u8\n\
         not asked, though they take u8:\n\
         \u{20} #2  listens to u8\n\
         \u{20} #3  listens to bytes.*.*\n"
    );
    assert_eq!(
        linker.explain(&"text").to_string(),
        "&str: nobody listens\n"
    );
}

#[actix::test]
async fn a_handler_that_has_stopped_is_named_and_stays_linked() {
    struct Session;
    impl Actor for Session {
        type Context = Context<Self>;
        fn started(&mut self, ctx: &mut Context<Self>) {
            ctx.stop();
        }
    }
    impl Handler<Delivery<u8>> for Session {
        type Result = ();
        fn handle(&mut self, _: Delivery<u8>, _: &mut Context<Self>) {}
    }
    let linker = Linker::start();
    let gone = linker.subscribe(on::<u8>().actor(Session.start())).unwrap();
    settle().await;
    assert_eq!(
        answers(&linker.explain(&7)),
        [] as [Result<(), Reason>; 0],
        "an i32"
    );
    assert_eq!(answers(&linker.explain(&7_u8)), [Err(Reason::HandlerGone)]);
    assert!(gone.is_active());
}

#[actix::test]
async fn a_suspended_handler_is_named() {
    struct Fragile;
    impl Actor for Fragile {
        type Context = Context<Self>;
    }
    impl Handler<Delivery<u8>> for Fragile {
        type Result = ();
        fn handle(&mut self, _: Delivery<u8>, _: &mut Context<Self>) {
            panic!("at once");
        }
    }
    let linker = Linker::start();
    let restart = Restart::default().budget(1, 60 * SECOND).jitter(false);
    let restart = restart.backoff(Duration::ZERO, Duration::ZERO);
    let fragile = on::<u8>()
        .actor_in(&Arbiter::current(), || Fragile)
        .restart(restart);
    linker.subscribe(fragile).unwrap();
    let emitter = Emitter::start(&linker, Run::current());
    for _ in 0..2 {
        drop(emitter.emit_and_wait(7_u8).await);
        settle().await;
    }
    let answer = answers(&linker.explain(&7_u8)).remove(0);
    assert!(matches!(answer, Err(Reason::Suspended { restarts: 1, .. })));
}

#[actix::test]
async fn filters_see_what_the_emission_would_say_of_itself_and_may_panic() {
    let linker = Linker::start();
    let careful = on::<u8>().filter(|_, about| {
        about.key() == Some("k")
            && about.headers().get("h") == Some("v")
            && about.topic().is_none()
            && about.causation().is_some()
    });
    linker.subscribe(careful.call(|_| ())).unwrap();
    linker
        .subscribe(on::<u8>().filter(|_, _| panic!("oh")).call(|_| ()))
        .unwrap();
    let explained = Arc::new(AtomicBool::new(false));
    let done = explained.clone();
    let chained = on::<&str>().call(move |word| {
        let emitter = word.emitter();
        let event = emitter.prepare(7_u8).key("k").header("h", "v");
        let expected = [Ok(()), Err(Reason::FilterPanicked)];
        done.store(answers(&event.explain()) == expected, SeqCst);
    });
    linker.subscribe(chained).unwrap();
    Emitter::start(&linker, Run::inline()).emit("go");
    assert!(explained.load(SeqCst));
    let filtered = [Err(Reason::Filtered), Err(Reason::FilterPanicked)];
    assert_eq!(answers(&linker.explain(&7_u8)), filtered);
}

#[actix::test]
async fn a_prepared_event_says_why_it_would_be_refused_as_a_whole() {
    tokio::time::pause();
    let linker = Linker::start();
    let idle = linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    let emitter = Emitter::start(&linker, Run::current().bounded(1, Overflow::Refuse));
    let refusal = || emitter.prepare(7_u8).explain().refusal().cloned();
    assert_eq!(refusal(), None);
    let late = emitter.prepare(7_u8).expires_in(Duration::ZERO);
    assert_eq!(late.explain().refusal(), Some(&Reason::Expired));
    assert_eq!(
        (late.explain().accepted(), late.explain().lines().len()),
        (0, 1)
    );
    let nowhere = emitter.prepare(7_u8).topic("a..b");
    assert!(matches!(
        nowhere.explain().refusal(),
        Some(Reason::InvalidTopic(_))
    ));
    assert!(emitter.emit(7_u8).is_complete());
    for _ in 0..3 {
        assert_eq!(refusal(), Some(Reason::EmitterFull { capacity: 1 }));
    }
    settle().await;
    assert_eq!(refusal(), None);
    // Nobody who listens, nobody who refuses.
    let unheard = emitter.prepare(7_u16).expires_in(Duration::ZERO);
    assert_eq!(unheard.explain().refusal(), None);
    assert!(emitter.drain(SECOND).await.is_complete());
    assert_eq!(refusal(), Some(Reason::ShuttingDown));
    assert_eq!((emitter.refused(), idle.counts().matched), (0, 1));
    linker.stop();
    assert_eq!(
        linker.explain(&7_u8).refusal(),
        Some(&Reason::LinkerStopped)
    );
}

#[test]
fn an_async_handler_cannot_run_where_there_is_no_arbiter() {
    let (linker, emitter) = System::new().block_on(async {
        let linker = Linker::start();
        linker
            .subscribe(on::<u8>().call_async(async |_| ()))
            .unwrap();
        let emitter = Emitter::start(&linker, Run::inline());
        (linker, emitter)
    });
    let inline = emitter.prepare(7_u8);
    assert_eq!(answers(&inline.explain()), [Err(Reason::NoArbiter)]);
    assert_eq!(inline.emit().refusals()[0].reason(), &Reason::NoArbiter);
    // Some strategy has one.
    assert_eq!(answers(&linker.explain(&7_u8)), [Ok(())]);
}

#[actix::test]
async fn a_cycle_is_named() {
    let linker = Linker::start();
    let found = Arc::new(AtomicBool::new(false));
    let seen = found.clone();
    let itself = on::<u8>().call_async(move |n| {
        let emitter = n.emitter();
        let explanation = emitter.prepare(8_u8).explain();
        let answer = answers(&explanation).remove(0);
        seen.store(matches!(answer, Err(Reason::Cycle { .. })), SeqCst);
        let refusal = emitter.emit(8_u8).refusals()[0].reason().clone();
        assert_eq!(answer, Err(refusal));
        async move { drop(n) }
    });
    linker.subscribe(itself.capacity(1)).unwrap();
    let emitter = Emitter::start(&linker, Run::inline());
    assert!(emitter.emit_and_wait(7_u8).await.all_handled());
    assert!(found.load(SeqCst));
}

#[actix::test]
async fn no_layer_is_asked() {
    /// Turns all away, and counts how many.
    #[derive(Clone, Default)]
    struct Closed(Arc<AtomicUsize>);
    impl Closed {
        fn turn_away(&self) -> Result<(), Reason> {
            self.0.fetch_add(1, SeqCst);
            Err(Reason::layer("closed"))
        }
    }
    impl DeliveryLayer for Closed {
        fn before(&self, _: &mut Incoming<'_>) -> Result<(), Reason> {
            self.turn_away()
        }
    }
    impl EmissionLayer for Closed {
        fn before(&self, _: &mut Outgoing<'_>) -> Result<(), Reason> {
            self.turn_away()
        }
    }
    let (around_deliveries, around_emissions) = (Closed::default(), Closed::default());
    let linker = Linker::start();
    let spec = on::<u8>().call(|_| ()).layer(around_deliveries.clone());
    linker.subscribe(spec).unwrap();
    let open = Emitter::start(&linker, Run::inline());
    let shut = Emitter::builder(&linker).strategy(Run::inline());
    let shut = shut.layer(around_emissions.clone()).start().unwrap();
    for emitter in [&open, &shut] {
        let explanation = emitter.prepare(7_u8).explain();
        assert_eq!(explanation.refusal(), None);
        assert_eq!(answers(&explanation), [Ok(())]);
    }
    assert_eq!(answers(&linker.explain(&7_u8)), [Ok(())]);
    let asked = || [&around_deliveries, &around_emissions].map(|layer| layer.0.load(SeqCst));
    assert_eq!(asked(), [0, 0]);
    // Each of them is, when it is emitted.
    assert_eq!(open.emit(7_u8).accepted(), 1);
    assert!(shut.emit(7_u8).refusal().is_some());
    assert_eq!(asked(), [1, 1]);
}

/// What a handler of the property does.
#[derive(Debug, Clone, Copy)]
enum Does {
    Works,
    Fails,
    /// Holds what it gets until it is let go of.
    Holds,
}

#[derive(Debug, Clone)]
struct Options {
    does: Does,
    on: &'static str,
    even: bool,
    when_paused: WhenPaused,
    shots: Option<usize>,
    until: Option<u64>,
    throttle: Option<(u32, bool)>,
    debounce: Option<u64>,
    breaker: Option<u32>,
    capacity: usize,
    overflow: Overflow,
    in_order: bool,
    priority: i32,
}

#[derive(Debug, Clone)]
enum Step {
    /// A number, on a topic perhaps, with a key perhaps.
    Emit(u8, Option<&'static str>, Option<&'static str>),
    Sleep(u64),
    Pause(usize),
    Resume(usize),
    LetGo,
}

fn options() -> impl Strategy<Value = Options> {
    let overflow = select(vec![
        Overflow::Refuse,
        Overflow::DropOldest,
        Overflow::DropNewest,
        Overflow::Coalesce,
        Overflow::Wait(SECOND),
    ]);
    let policies = (
        proptest::option::weighted(0.3, 1_usize..4),
        proptest::option::weighted(0.2, 1_u64..6),
        proptest::option::weighted(0.3, (1_u32..3, any::<bool>())),
        proptest::option::weighted(0.3, 1_u64..3),
        proptest::option::weighted(0.4, 1_u32..3),
    );
    let rest = (
        select(vec![Does::Works, Does::Fails, Does::Holds, Does::Holds]),
        select(vec!["u8", "t.*", "u16 on t.a", "u8, and u16 on t.a", "any"]),
        proptest::bool::weighted(0.3),
        select(vec![WhenPaused::Refuse, WhenPaused::Hold]),
        1_usize..4,
        overflow,
        proptest::bool::weighted(0.3),
        -1_i32..2,
    );
    (policies, rest).prop_map(|(policies, rest)| {
        let (shots, until, throttle, debounce, breaker) = policies;
        let (does, on, even, when_paused, capacity, overflow, in_order, priority) = rest;
        Options {
            does,
            on,
            even,
            when_paused,
            shots,
            until,
            throttle,
            debounce,
            breaker,
            capacity,
            overflow,
            in_order,
            priority,
        }
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let topic = proptest::option::of(select(vec!["t.a", "t.b"]));
    let key = proptest::option::of(select(vec!["k", "l"]));
    let step = prop_oneof![
        6 => (0_u8..4, topic, key).prop_map(|(n, topic, key)| Step::Emit(n, topic, key)),
        2 => (100_u64..2_500).prop_map(Step::Sleep),
        1 => (0_usize..4).prop_map(Step::Pause),
        1 => (0_usize..4).prop_map(Step::Resume),
        1 => Just(Step::LetGo),
    ];
    proptest::collection::vec(step, 1..30)
}

type Gates = Arc<std::sync::Mutex<Vec<oneshot::Sender<()>>>>;

fn spec(options: &Options, gates: &Gates) -> SubscriptionSpec {
    let (does, gates) = (options.does, gates.clone());
    let work = move || {
        let (open, gate) = oneshot::channel();
        if let Does::Holds = does {
            gates.lock().unwrap().push(open);
        }
        async move {
            match does {
                Does::Works => Ok(()),
                Does::Fails => Err("no"),
                Does::Holds => gate.await.map_err(|_| "gone"),
            }
        }
    };
    let even = options.even;
    let spec = match options.on {
        "u8" => on::<u8>()
            .filter(move |n, _| !even || n % 2 == 0)
            .call_async(move |_| work()),
        "t.*" => on_topic::<u8>("t.*")
            .filter(move |_, about| !even || about.key().is_some())
            .call_async(move |_| work()),
        "u8, and u16 on t.a" => on::<u8>()
            .call_async(move |_| work())
            .and(on_topic::<u16>("t.a").call(|_| ())),
        "u16 on t.a" => on_topic::<u16>("t.a").call_async(move |_| work()),
        _ => on_any()
            // Not what its own failures come to.
            .filter(|any, _| !any.is::<DeadLetter>() && !any.is::<BreakerChanged>())
            .call_async(move |_| work()),
    };
    let mut spec = spec
        .when_paused(options.when_paused)
        .capacity(options.capacity)
        .overflow(options.overflow)
        .priority(options.priority);
    if let Some(shots) = options.shots {
        spec = spec.for_at_most(shots);
    }
    if let Some(seconds) = options.until {
        spec = spec.expires_in(Duration::from_secs(seconds));
    }
    if let Some((burst, hold)) = options.throttle {
        let throttle = Throttle::per_second(1).burst(burst);
        spec = spec.throttle(if hold { throttle.hold() } else { throttle });
    }
    if let Some(seconds) = options.debounce {
        spec = spec.debounce(Debounce::quiet(Duration::from_secs(seconds)));
    }
    if let Some(probes) = options.breaker {
        let breaker = Breaker::new().window(2).min_calls(2).probes(probes);
        spec = spec.breaker(breaker.open_for(2 * SECOND));
    }
    if options.in_order {
        spec.in_order()
    } else {
        spec
    }
}

/// Explains twice and emits, and holds the three against one another.
fn explain_and_emit(
    emitter: &Emitter,
    linked: &[Subscription],
    (n, topic, key): (u8, Option<&'static str>, Option<&'static str>),
) -> Result<(), TestCaseError> {
    let mut event = emitter.prepare(n);
    if let Some(topic) = topic {
        event = event.topic(topic);
    }
    if let Some(key) = key {
        event = event.key(key);
    }
    let counts = || {
        linked
            .iter()
            .map(Subscription::counts)
            .collect::<Vec<Counts>>()
    };
    let before = counts();
    let explanation = event.explain();
    prop_assert_eq!(&explanation, &event.explain(), "asking changes nothing");
    prop_assert_eq!(before, counts(), "nor is it counted");
    let receipt = event.emit();
    prop_assert_eq!(explanation.refusal(), receipt.refusal());
    prop_assert_eq!(explanation.lines().len(), receipt.matched());
    prop_assert_eq!(explanation.accepted(), receipt.accepted());
    let said = explanation.lines().iter();
    let said = said.filter_map(|line| Some((line.subscription(), line.answer().err()?)));
    let done = receipt.refusals().iter();
    let done = done.map(|refusal| (refusal.subscription(), refusal.reason()));
    prop_assert_eq!(said.collect::<Vec<_>>(), done.collect::<Vec<_>>());
    Ok(())
}

async fn run(options: Vec<Options>, steps: Vec<Step>, inline: bool) -> Result<(), TestCaseError> {
    tokio::time::pause();
    let linker = Linker::start();
    let gates = Gates::default();
    let subscribe = |options: &Options| linker.subscribe(spec(options, &gates)).unwrap();
    let linked: Vec<_> = options.iter().map(subscribe).collect();
    let strategy = if inline {
        Run::inline()
    } else {
        Run::current().bounded(2, Overflow::DropOldest)
    };
    let emitter = Emitter::start(&linker, strategy);
    for step in steps {
        match step {
            Step::Emit(n, topic, key) => {
                explain_and_emit(&emitter, &linked, (n, topic, key))?;
                if n == 0 {
                    settle().await;
                }
            }
            Step::Sleep(millis) => actix::clock::sleep(Duration::from_millis(millis)).await,
            Step::Pause(n) => drop(linked[n % linked.len()].pause()),
            Step::Resume(n) => drop(linked[n % linked.len()].resume()),
            Step::LetGo => {
                gates.lock().unwrap().clear();
                settle().await;
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_explained_is_what_comes(
        options in proptest::collection::vec(options(), 1..4),
        steps in steps(),
        inline in any::<bool>(),
    ) {
        System::new().block_on(run(options, steps, inline))?;
    }
}
