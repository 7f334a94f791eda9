//! What a subscription may be made of, and what comes of it: options, callbacks,
//! every form of handler, and the ways to end it.
//!
//! One file for all of it: the forms of handler share their actors and the words
//! that their ends are told in.

mod support;

use std::panic::panic_any;
use std::rc::Rc;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use actix::prelude::*;
use actix_rt::task::yield_now;
use futures::channel::oneshot;
use futures::executor::block_on;
use ventix::{
    AnyEvent, BoxError, Delivery, Emission, Emitter, Failure, IntoOutcome, Linker, Lost, Outcome,
    Panicked, Reason, Receipt, Report, Selector, Stage, Strategy, SubscribeError, SubscriptionSpec,
    on, on_any, on_topic,
};

use support::settle;

/// What handlers wrote down, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    /// A callback that writes `word`, for any event.
    fn note<E: ?Sized>(
        &self,
        word: &'static str,
    ) -> impl Fn(&Delivery<E>) + Clone + Send + Sync + use<E> {
        let log = self.clone();
        move |_| log.write(word)
    }

    fn write(&self, text: impl Into<String>) {
        self.0.lock().unwrap().push(text.into());
    }

    /// What was written since it was last asked.
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// A linker with these subscriptions, and an emitter that runs in place.
fn linked(specs: impl IntoIterator<Item = SubscriptionSpec>) -> (Linker, Emitter) {
    let linker = Linker::start();
    for spec in specs {
        linker.subscribe(spec).unwrap();
    }
    let emitter = Emitter::start(&linker, Strategy::inline());
    (linker, emitter)
}

/// How one event ends for one subscription.
async fn report<E: Send + Sync + 'static>(spec: SubscriptionSpec, event: E) -> Report {
    let (_linker, emitter) = linked([spec]);
    emitter.emit_and_wait(event).await
}

/// The lines of a report, in words.
fn lines(report: &Report) -> Vec<(Stage, &'static str)> {
    let line = |e: &ventix::Ended| (e.stage(), e.outcome().as_str());
    report.iter().map(line).collect()
}

fn words(report: &Report) -> Vec<&'static str> {
    report.outcomes().map(Outcome::as_str).collect()
}

/// What a panic of the only handler said.
fn panic_message(report: &Report) -> Option<&str> {
    match report.outcomes().next() {
        Some(Outcome::Panicked(panic)) => panic.message(),
        other => panic!("{other:?}"),
    }
}

fn topic(text: &str) -> Selector {
    Selector::topic(text).unwrap()
}

/// Runs `work` on a thread that has no arbiter, whatever this one does.
fn on_plain_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> impl Future<Output = T> {
    let (done, result) = oneshot::channel();
    thread::spawn(move || drop(done.send(work())));
    async { result.await.expect("the thread does not panic") }
}

/// A strategy that runs nothing.
struct Dropper;

impl Actor for Dropper {
    type Context = Context<Self>;
}

impl Handler<Emission> for Dropper {
    type Result = ();

    fn handle(&mut self, emission: Emission, _: &mut Context<Self>) {
        drop(emission);
    }
}

/// Does as it is told with a delivery.
#[derive(Debug, Clone, Copy)]
enum Job {
    Reply(u32),
    Fail,
    Panic,
    Stop,
}

struct Worker;

impl Actor for Worker {
    type Context = Context<Self>;
}

impl Handler<Delivery<Job>> for Worker {
    type Result = ();

    fn handle(&mut self, job: Delivery<Job>, ctx: &mut Context<Self>) {
        match *job {
            Job::Reply(n) => job.reply(n),
            Job::Fail => job.fail("no"),
            Job::Panic => panic!("as told"),
            Job::Stop => ctx.stop(),
        }
    }
}

// Once.

#[actix::test]
async fn once_is_once_across_all_selectors_and_types() {
    let spec = |log: &Log| {
        on::<u8>()
            .or_topic("bytes.*")
            .call(log.note("byte"))
            .and(on::<u16>().call(log.note("word")))
            .once()
    };
    type Hit = fn(&Emitter) -> Receipt;
    let by_type: Hit = |emitter| emitter.emit(1_u8);
    let by_pattern: Hit = |emitter| emitter.prepare(1_u8).topic("bytes.in").emit();
    let by_other_type: Hit = |emitter| emitter.emit(1_u16);
    let hits = [by_type, by_pattern, by_other_type];
    for (hit, word) in hits.iter().zip(["byte", "byte", "word"]) {
        let log = Log::default();
        let (linker, emitter) = linked([spec(&log)]);
        assert_eq!(hit(&emitter).accepted(), 1);
        assert!(linker.is_empty());
        assert!(hits.iter().all(|hit| hit(&emitter).is_unheard()));
        assert_eq!(log.take(), [word]);
    }
}

#[actix::test]
async fn once_is_claimed_by_the_first_of_the_emissions_that_wait() {
    let log = Log::default();
    let (linker, _) = linked([on::<u8>().call(log.note("ran")).once()]);
    let emitter = Emitter::start(&linker, Strategy::current());
    assert_eq!(emitter.emit(1_u8).accepted(), 1);
    let second = emitter.emit(2_u8);
    assert_eq!(second.refusals()[0].reason(), &Reason::Spent);
    assert_eq!(linker.subscription_count(), 1, "nothing has run yet");
    settle().await;
    assert_eq!(log.take(), ["ran"]);
    assert!(linker.is_empty());
}

#[actix::test]
async fn an_emission_that_was_refused_or_never_run_does_not_spend_once() {
    let log = Log::default();
    let once = on_topic::<u8>("a").or_event().call(log.note("ran")).once();
    let (linker, emitter) = linked([once]);
    let mismatch = emitter.prepare(1_u16).topic("a").emit();
    assert_eq!((mismatch.matched(), mismatch.accepted()), (1, 0));

    let dropper = Emitter::with(&linker, Dropper.start().recipient());
    assert_eq!(words(&dropper.emit_and_wait(1_u8).await), ["lost"]);
    assert_eq!(linker.subscription_count(), 1);
    assert_eq!(emitter.emit(1_u8).accepted(), 1);
    assert_eq!(log.take(), ["ran"]);
}

#[actix::test]
async fn once_makes_room_under_max_subscribers_when_it_has_fired() {
    let linker = Linker::builder().max_subscribers(1).start().unwrap();
    let once = || on::<u8>().call(|_| ()).once();
    linker.subscribe(once()).unwrap();
    assert!(linker.subscribe(once()).is_err());
    Emitter::start(&linker, Strategy::inline()).emit(1_u8);
    linker.subscribe(once()).unwrap();
}

// Which handlers run.

#[actix::test]
async fn a_handler_that_is_subscribed_twice_runs_twice() {
    let log = Log::default();
    let note = log.note("ran");
    let (_linker, emitter) = linked([on::<u8>().call(note.clone()), on::<u8>().call(note)]);
    assert_eq!(emitter.emit(1_u8).accepted(), 2);
    assert_eq!(log.take(), ["ran", "ran"]);
}

#[actix::test]
async fn a_selector_that_is_named_twice_counts_once() {
    let log = Log::default();
    let twice = on::<u8>()
        .or_event()
        .or_topic("a")
        .or_topic("a")
        .call(log.note("ran"))
        .and(on::<u8>().call(log.note("never")));
    let (linker, emitter) = linked([twice]);
    assert_eq!(linker.snapshot().to_string(), "#1 on u8, a\n");
    assert_eq!(linker.subscription_count_of(&Selector::event::<u8>()), 1);
    emitter.emit(1_u8);
    emitter.prepare(1_u8).topic("a").emit();
    assert_eq!(log.take(), ["ran", "ran"]);
}

#[actix::test]
async fn an_emission_that_many_selectors_match_is_delivered_once() {
    let log = Log::default();
    let wide = on_topic::<AnyEvent>("a.b")
        .or_topic("a.*")
        .or_topic(">")
        .call(log.note("wide"))
        .and(on_any().call(log.note("wide")));
    let (linker, emitter) = linked([wide]);
    assert_eq!(linker.event_count(), 4);
    assert_eq!(emitter.prepare(1_u8).topic("a.b").emit().matched(), 1);
    assert_eq!(emitter.prepare(1_u8).topic("a.c").emit().matched(), 1);
    assert_eq!(emitter.emit(1_u8).matched(), 1);
    assert_eq!(log.take().len(), 3);
}

#[actix::test]
async fn of_the_handlers_of_one_subscription_the_first_that_takes_the_type_runs() {
    let log = Log::default();
    type Select = fn() -> ventix::On<u8>;
    let selects: [Select; 4] = [
        || on_topic("a.b"),
        || on_topic("a.*"),
        || on_topic("*.b"),
        || on_topic(">"),
    ];
    for (i, first) in selects.iter().enumerate() {
        for (j, second) in selects.iter().enumerate() {
            let spec = first()
                .call(log.note("first"))
                .and(second().call(log.note("second")));
            let (_linker, emitter) = linked([spec]);
            assert_eq!(emitter.prepare(1_u8).topic("a.b").emit().matched(), 1);
            assert_eq!(log.take(), ["first"], "selectors {i} and {j}");
        }
    }
}

#[actix::test]
async fn a_handler_of_any_type_takes_what_those_before_it_do_not() {
    let log = Log::default();
    let spec = on_topic::<u16>("a.b")
        .call(log.note("word"))
        .and(on_any().call(log.note("any")))
        .and(on_topic::<u8>("a.b").or_event().call(log.note("byte")));
    let (_linker, emitter) = linked([spec]);
    let words = emitter.prepare(1_u16).topic("a.b").emit();
    let bytes = emitter.prepare(1_u8).topic("a.b").emit();
    let by_type = emitter.emit(1_u8);
    assert!([words, bytes, by_type].iter().all(|r| r.accepted() == 1));
    assert_eq!(log.take(), ["word", "any", "any"]);
}

#[actix::test]
async fn a_mismatch_of_one_handler_leaves_the_event_to_the_next() {
    let log = Log::default();
    let spec = on_topic::<u16>("a.b")
        .call(log.note("word"))
        .and(on_topic::<u8>("a.*").call(log.note("byte")));
    let (_linker, emitter) = linked([spec]);
    assert!(emitter.prepare(1_u8).topic("a.b").emit().is_complete());
    assert!(emitter.prepare(1_u16).topic("a.b").emit().is_complete());
    assert_eq!(log.take(), ["byte", "word"]);
    let neither = emitter.prepare(1_u32).topic("a.b").emit();
    let reason = neither.refusals()[0].reason();
    let text = "the subscription expects u16, the emission has u32";
    assert_eq!(reason.to_string(), text, "the first of its handlers speaks");
}

#[actix::test]
async fn options_that_both_halves_set_are_those_of_the_first() {
    let log = Log::default();
    let callback = |word| {
        let log = log.clone();
        move |_: &ventix::Success<'_>| log.write(word)
    };
    let first = on::<u8>().call(|_| ()).named("first").capacity(2);
    let second = on::<u16>().call(|_| ()).named("second").capacity(3).once();
    let both = first
        .on_success(callback("first"))
        .and(second.on_success(callback("second")).on_failure(|_| ()));
    let (linker, emitter) = linked([both]);
    let table = "#1 (first) on u8, u16; once; at most 2 in flight\n";
    assert_eq!(linker.snapshot().to_string(), table);
    emitter.emit(1_u16);
    assert_eq!(log.take(), ["first"]);
    assert!(linker.is_empty());

    let second = on::<u16>().call(|_| ()).named("second").capacity(3);
    let (linker, _) = linked([on::<u8>().call(|_| ()).and(second)]);
    let table = "#1 (second) on u8, u16; at most 3 in flight\n";
    assert_eq!(linker.snapshot().to_string(), table);
}

#[actix::test]
async fn a_name_is_told_wherever_the_subscription_is() {
    let log = Log::default();
    let (done, failed) = (log.clone(), log.clone());
    let linker = Linker::start();
    let spec = on::<bool>()
        .call(|ok| if **ok { Ok(()) } else { Err("no") })
        .on_success(move |s| done.write(format!("{} {:?}", s.subscription(), s.name())))
        .on_failure(move |f| failed.write(format!("{} {:?}", f.subscription(), f.name())))
        .named("mailer");
    let subscription = linker.subscribe(spec).unwrap();
    assert_eq!(subscription.name(), Some("mailer"));
    let emitter = Emitter::start(&linker, Strategy::inline());
    let report = emitter.emit_and_wait(true).await;
    assert_eq!(report.iter().next().unwrap().name(), Some("mailer"));
    emitter.emit(false);
    assert_eq!(log.take(), [r#"#1 Some("mailer")"#; 2]);
    // Names need not differ.
    linker
        .subscribe(on::<bool>().call(|_| ()).named("mailer"))
        .unwrap();
}

// Callbacks that look at the end.

#[actix::test]
async fn the_success_callback_gets_the_answer_of_a_callback_and_of_an_actor() {
    let log = Log::default();
    let note = || {
        let log = log.clone();
        move |done: &ventix::Success<'_>| {
            assert!(done.value::<String>().is_none());
            log.write(format!(
                "{:?} {}",
                done.value::<u32>(),
                done.metadata().name()
            ));
        }
    };
    let callback = on::<u32>().call(|n| Ok::<_, BoxError>(**n + 1));
    assert!(
        report(callback.on_success(note()), 1_u32)
            .await
            .all_handled()
    );
    let silent = on::<u32>().call(|_| ());
    assert!(report(silent.on_success(note()), 1_u32).await.all_handled());
    assert_eq!(log.take(), ["Some(2) u32", "None u32"]);

    let actor = on_topic::<Job>("jobs").actor(Worker.start());
    let (_linker, emitter) = linked([actor.on_success(note())]);
    let job = emitter.prepare(Job::Reply(7)).topic("jobs");
    assert!(job.emit_and_wait().await.all_handled());
    assert_eq!(log.take(), ["Some(7) jobs"]);
}

#[actix::test]
async fn the_failure_callback_gets_the_error_of_whatever_was_not_handled() {
    let log = Log::default();
    let note = || {
        let log = log.clone();
        move |failure: &Failure<'_>| {
            let kind = match failure.error() {
                error if error.is::<std::fmt::Error>() => "its own",
                error if error.is::<Panicked>() => "panicked",
                error if error.is::<Lost>() => "lost",
                _ => "another",
            };
            log.write(format!(
                "{} {kind}: {}",
                failure.outcome().as_str(),
                failure.error()
            ));
        }
    };
    let failing = on::<u8>().call(|_| Err::<(), _>(std::fmt::Error));
    let failed = report(failing.on_failure(note()), 1_u8).await;
    assert_eq!(words(&failed), ["failed"]);
    let panicking = on::<u8>().call(|_| panic!("boom"));
    let panicked = report(panicking.on_failure(note()), 1_u8).await;
    assert_eq!(panic_message(&panicked), Some("boom"));
    let lost = on::<u8>().call(|_| ());
    let (linker, emitter) = linked([lost.on_failure(note())]);
    let dropper = Emitter::with(&linker, Dropper.start().recipient());
    assert_eq!(words(&dropper.emit_and_wait(1_u8).await), ["lost"]);
    assert_eq!(
        log.take(),
        [
            "failed its own: an error occurred when formatting an argument",
            "panicked panicked: the handler panicked: boom",
            "lost lost: the delivery was dropped before its handler had finished",
        ]
    );
    assert!(emitter.emit_and_wait(1_u8).await.all_handled());
    assert!(log.take().is_empty(), "what was handled is no failure");
}

#[actix::test]
async fn the_failure_callback_hears_of_an_actor_that_failed_panicked_or_stopped() {
    let log = Log::default();
    let heard = log.clone();
    let worker = on::<Job>()
        .actor(Worker.start())
        .on_failure(move |failure| heard.write(failure.outcome().as_str()));
    let (_linker, emitter) = linked([worker]);
    let jobs = [Job::Fail, Job::Panic, Job::Stop];
    let reports = futures::future::join_all(jobs.map(|job| emitter.emit_and_wait(job))).await;
    let ended: Vec<_> = reports.iter().flat_map(words).collect();
    assert_eq!(ended, ["failed", "panicked", "lost"]);
    assert_eq!(log.take(), ended);
}

#[actix::test]
async fn a_refusal_calls_no_callback_back() {
    let log = Log::default();
    let heard = log.clone();
    let spec = on_topic::<u8>("a")
        .call(|_| ())
        .on_failure(move |_| heard.write("failed"));
    let (_linker, emitter) = linked([spec]);
    let report = emitter.prepare(1_u16).topic("a").emit_and_wait().await;
    assert_eq!(words(&report), ["mismatch"]);
    assert!(log.take().is_empty());
}

#[actix::test]
async fn a_callback_that_goes_wrong_is_a_line_of_its_own() {
    let ok = || on::<u8>().call(|_| ());
    let wrong = || on::<u8>().call(|_| Err::<(), _>("no"));
    for (spec, expected) in [
        (
            ok().on_success(|_| Err::<(), _>("x")),
            (Stage::OnSuccess, "failed"),
        ),
        (
            ok().on_success(|_| panic!("x")),
            (Stage::OnSuccess, "panicked"),
        ),
        (
            wrong().on_failure(|_| Err::<(), _>("x")),
            (Stage::OnFailure, "failed"),
        ),
        (
            wrong().on_failure(|_| panic!("x")),
            (Stage::OnFailure, "panicked"),
        ),
    ] {
        let report = report(spec.named("n"), 1_u8).await;
        let lines = lines(&report);
        assert_eq!(lines.len(), 2);
        assert_eq!((lines[0].0, lines[1]), (Stage::Handler, expected));
        assert_eq!(report.outcomes().count(), 1);
        assert!(!report.all_handled());
        let callback = report.into_iter().nth(1).unwrap();
        assert_eq!(callback.name(), Some("n"));
        assert!(
            callback
                .into_outcome()
                .error()
                .unwrap()
                .to_string()
                .ends_with('x')
        );
    }
    let well = ok().on_success(|_| Ok::<_, BoxError>(5));
    let report = report(well, 1_u8).await;
    assert_eq!(lines(&report), [(Stage::Handler, "handled")]);
    assert_eq!(
        report.replies::<i32>().count(),
        0,
        "a callback answers nobody"
    );
}

#[actix::test]
async fn a_callback_that_goes_wrong_while_its_actor_unwinds_is_a_line_too() {
    let worker = || on::<Job>().actor(Worker.start());
    for (spec, word) in [
        (worker().on_failure(|_| Err::<(), _>("x")), "failed"),
        (
            worker().on_failure(|_| panic!("while unwinding")),
            "panicked",
        ),
    ] {
        let (_linker, emitter) = linked([spec]);
        let jobs = [Job::Panic, Job::Fail].map(|job| emitter.emit_and_wait(job));
        let reports = futures::future::join_all(jobs).await;
        for (report, handler) in reports.iter().zip(["panicked", "lost"]) {
            let expected = [(Stage::Handler, handler), (Stage::OnFailure, word)];
            assert_eq!(lines(report), expected);
        }
    }
}

#[actix::test]
async fn callbacks_look_before_the_room_is_free_and_before_the_report() {
    let log = Log::default();
    let again: Arc<Mutex<Option<Emitter>>> = Arc::default();
    let (inner, within) = (log.clone(), again.clone());
    let spec = on::<u8>().call(|_| ()).capacity(1).on_success(move |_| {
        let emitter = within.lock().unwrap().take();
        let refused = emitter.is_some_and(|emitter| !emitter.emit(2_u8).is_complete());
        inner.write(format!("full: {refused}"));
    });
    let (_linker, emitter) = linked([spec]);
    *again.lock().unwrap() = Some(emitter.clone());
    let report = emitter.emit_and_wait(1_u8).await;
    assert_eq!(log.take(), ["full: true"]);
    assert!(report.all_handled());
    assert!(emitter.emit(3_u8).is_complete());
    assert_eq!(log.take(), ["full: false"]);
}

// What callbacks may return.

/// A subscription on `bool` for every way in which a callback can run.
fn in_every_form<R: IntoOutcome + 'static>(result: fn(bool) -> R) -> [SubscriptionSpec; 3] {
    [
        on::<bool>().call(move |ok| result(**ok)),
        on::<bool>().call_async(move |ok| async move { result(*ok) }),
        on::<bool>().call_blocking(move |ok| result(*ok)),
    ]
}

async fn judged<R: IntoOutcome + 'static>(result: fn(bool) -> R) -> Vec<(bool, String)> {
    let mut ended = Vec::new();
    for spec in in_every_form(result) {
        let (_linker, emitter) = linked([spec]);
        for ok in [true, false] {
            let report = emitter.emit_and_wait(ok).await;
            let error = report.errors().next();
            let text = error.map_or_else(String::new, |error| error.to_string());
            ended.push((report.all_handled(), text));
        }
    }
    ended
}

#[actix::test]
async fn a_callback_returns_nothing_or_a_result_of_any_error() {
    assert_eq!(judged(|_| ()).await, vec![(true, String::new()); 6]);

    let yes_then = |error: &str| vec![[(true, String::new()), (false, error.into())]; 3].concat();
    let of_str = |ok: bool| if ok { Ok(1) } else { Err("text") };
    assert_eq!(judged(of_str).await, yes_then("text"));
    let of_string = |ok: bool| {
        if ok {
            Ok(())
        } else {
            Err(format!("made {ok}"))
        }
    };
    assert_eq!(judged(of_string).await, yes_then("made false"));
    let of_error = |ok: bool| if ok { "1" } else { "x" }.parse::<u8>();
    assert_eq!(
        judged(of_error).await,
        yes_then("invalid digit found in string")
    );
    let of_box = |ok: bool| -> Result<u8, BoxError> { Ok(if ok { "1" } else { "" }.parse()?) };
    assert_eq!(
        judged(of_box).await,
        yes_then("cannot parse integer from empty string")
    );
}

#[actix::test]
async fn the_value_in_ok_is_the_answer_in_every_form() {
    for spec in in_every_form(|ok| Ok::<_, BoxError>(u32::from(ok))) {
        let report = report(spec, true).await;
        assert_eq!(report.replies::<u32>().collect::<Vec<_>>(), [&1]);
    }
}

#[actix::test]
async fn a_panic_in_a_callback_is_an_outcome_with_its_message() {
    let texts = [
        on::<u8>().call(|_| panic!("text")),
        on::<u8>().call_async(|_| async { panic!("text") }),
        on::<u8>().call_async(|_| -> std::future::Ready<()> { panic!("text") }),
        on::<u8>().call_async(|_| async {
            yield_now().await;
            panic!("text")
        }),
        on::<u8>().call_blocking(|_| panic!("text")),
    ];
    for spec in texts {
        let report = report(spec, 1_u8).await;
        assert_eq!(panic_message(&report), Some("text"));
        let error = report.errors().next().unwrap();
        assert_eq!(error.to_string(), "the handler panicked: text");
    }
    let made = [
        on::<u8>().call(|n| panic!("not {}", **n)),
        on::<u8>().call_async(|n| async move { panic!("not {}", *n) }),
        on::<u8>().call_blocking(|n| panic!("not {}", *n)),
    ];
    for spec in made {
        assert_eq!(panic_message(&report(spec, 3_u8).await), Some("not 3"));
    }
    let no_text = on::<u8>().call(|n| panic_any(**n));
    assert_eq!(panic_message(&report(no_text, 3_u8).await), None);
}

#[actix::test]
async fn a_panic_in_one_callback_ends_that_delivery_only() {
    let log = Log::default();
    let first = on::<u8>().call(|_| panic!("first"));
    let (_linker, emitter) = linked([first, on::<u8>().call(log.note("second"))]);
    for _ in 0..2 {
        let report = emitter.emit_and_wait(1_u8).await;
        assert_eq!(words(&report), ["panicked", "handled"]);
    }
    assert_eq!(log.take(), ["second", "second"]);
}

// Blocking and async callbacks.

#[actix::test]
async fn a_blocking_callback_does_not_stall_its_arbiter() {
    for strategy in [Strategy::inline(), Strategy::current()] {
        let (open, gate) = mpsc::channel();
        let gate = Mutex::new(gate);
        let spec = on::<u8>().call_blocking(move |_| {
            let gate = gate.lock().unwrap();
            gate.recv_timeout(Duration::from_secs(30))
        });
        let (linker, _) = linked([spec]);
        let emitter = Emitter::start(&linker, strategy);
        let (report, ()) = futures::join!(emitter.emit_and_wait(1_u8), async {
            settle().await;
            open.send("open").unwrap();
        });
        assert_eq!(report.replies::<&str>().collect::<Vec<_>>(), [&"open"]);
    }
}

#[actix::test]
async fn a_blocking_callback_runs_for_an_emission_from_a_plain_thread() {
    let here = thread::current().id();
    let spec = on::<u8>().call_blocking(|_| Ok::<_, BoxError>(thread::current().id()));
    let (_linker, emitter) = linked([spec]);
    let (emitting, report) = on_plain_thread(move || {
        let report = block_on(emitter.emit_and_wait(1_u8));
        (thread::current().id(), report)
    })
    .await;
    let ran = report.replies::<thread::ThreadId>().next().unwrap();
    assert!(
        *ran != here && *ran != emitting,
        "it has a thread of its own"
    );
}

#[actix::test]
async fn a_blocking_callback_that_finds_no_pool_of_threads_is_lost() {
    let arbiter = Arbiter::new();
    let home = arbiter.handle();
    let linker = Linker::builder().arbiter(&home).start().unwrap();
    linker.subscribe(on::<u8>().call_blocking(|_| ())).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    arbiter.stop();
    arbiter.join().unwrap();
    let elsewhere = emitter.clone();
    let report = on_plain_thread(move || block_on(elsewhere.emit_and_wait(1_u8))).await;
    assert_eq!(words(&report), ["lost"]);
    assert!(
        emitter.emit_and_wait(1_u8).await.all_handled(),
        "here is one"
    );
}

#[actix::test]
async fn an_async_callback_need_not_be_send() {
    let spec = on::<u8>().call_async(|n| async move {
        let held = Rc::new(*n);
        yield_now().await;
        Ok::<_, BoxError>(*held + 1)
    });
    let report = report(spec, 1_u8).await;
    assert_eq!(report.replies::<u8>().collect::<Vec<_>>(), [&2]);
}

#[actix::test]
async fn an_async_callback_is_refused_on_a_thread_without_an_arbiter() {
    let log = Log::default();
    let spec = on::<u8>().call_async(|_| async {});
    let (_linker, emitter) = linked([spec, on::<u8>().call(log.note("sync"))]);
    let receipt = on_plain_thread(move || emitter.emit(1_u8)).await;
    assert_eq!((receipt.matched(), receipt.accepted()), (2, 1));
    assert_eq!(receipt.refusals()[0].reason(), &Reason::NoArbiter);
    assert_eq!(log.take(), ["sync"]);
}

#[actix::test]
async fn what_is_said_to_the_delivery_goes_before_what_is_returned() {
    for (spec, word) in [
        (
            on::<u8>().call_async(|n| async move { n.fail("no") }),
            "failed",
        ),
        (
            on::<u8>().call_async(|n| async move {
                n.reply(1_u8);
                Err::<(), _>("no")
            }),
            "handled",
        ),
        (
            on::<u8>().call_async(|n| async move {
                n.reply(1_u8);
                panic!("afterwards")
            }),
            "handled",
        ),
        (on::<u8>().call_blocking(|n| n.fail("no")), "failed"),
        (
            on::<u8>().call_blocking(|n| {
                n.reply(1_u8);
                Err::<(), _>("no")
            }),
            "handled",
        ),
    ] {
        let report = report(spec, 1_u8).await;
        assert_eq!(words(&report), [word]);
        let replies = usize::from(word == "handled");
        assert_eq!(report.replies::<u8>().count(), replies);
    }
}

#[actix::test]
async fn a_delivery_that_left_its_callback_completes_when_it_is_dropped() {
    let (sender, mut receiver) = futures::channel::mpsc::unbounded();
    let blocking = sender.clone();
    let specs = [
        on::<u8>().call_async(move |n| {
            let sender = sender.clone();
            async move { sender.unbounded_send(n).map_err(|e| e.to_string()) }
        }),
        on::<u8>().call_blocking(move |n| blocking.unbounded_send(n).map_err(|e| e.to_string())),
    ];
    let (_linker, emitter) = linked(specs);
    let mut waiting = Box::pin(emitter.emit_and_wait(1_u8));
    assert!(futures::poll!(&mut waiting).is_pending());
    let mut held = Vec::new();
    for _ in 0..2 {
        held.push(futures::StreamExt::next(&mut receiver).await.unwrap());
    }
    for delivery in held {
        settle().await;
        assert!(
            futures::poll!(&mut waiting).is_pending(),
            "one is held still"
        );
        drop(delivery);
    }
    assert_eq!(words(&waiting.await), ["handled", "handled"]);
}

#[actix::test]
async fn a_callback_that_its_arbiter_drops_is_lost() {
    let arbiter = Arbiter::new();
    let (started, on_its_way) = oneshot::channel();
    let started = Mutex::new(Some(started));
    let spec = on::<u8>().call_async(move |n| {
        let started = started.lock().unwrap().take();
        async move {
            if let Some(started) = started {
                started.send(()).unwrap();
            }
            std::future::pending::<()>().await;
            drop(n);
        }
    });
    let (linker, _) = linked([spec]);
    let emitter = Emitter::start(&linker, Strategy::on(&arbiter.handle()));
    let (report, ()) = futures::join!(emitter.emit_and_wait(1_u8), async {
        on_its_way.await.unwrap();
        arbiter.stop();
    });
    assert_eq!(words(&report), ["lost"]);
    arbiter.join().unwrap();
}

// Plain actors.

/// What a plain actor is asked, each kind with an answer of its own.
#[derive(Message, Clone)]
#[rtype(result = "()")]
struct Nothing;

#[derive(Message, Clone)]
#[rtype(result = "usize")]
struct Length(&'static str);

#[derive(Message, Clone)]
#[rtype(result = "Result<u8, std::num::ParseIntError>")]
struct Parse(&'static str);

/// Waits at the gate, if it has one, and then panics if it is told to.
#[derive(Message, Clone)]
#[rtype(result = "()")]
struct Risk(bool);

#[derive(Default)]
struct Plain {
    gate: Option<mpsc::Receiver<()>>,
}

impl Actor for Plain {
    type Context = Context<Self>;
}

impl Handler<Nothing> for Plain {
    type Result = ();

    fn handle(&mut self, _: Nothing, _: &mut Context<Self>) {}
}

impl Handler<Length> for Plain {
    type Result = usize;

    fn handle(&mut self, Length(text): Length, _: &mut Context<Self>) -> usize {
        text.len()
    }
}

impl Handler<Parse> for Plain {
    type Result = Result<u8, std::num::ParseIntError>;

    fn handle(&mut self, Parse(text): Parse, _: &mut Context<Self>) -> Self::Result {
        text.parse()
    }
}

impl Handler<Risk> for Plain {
    type Result = ();

    fn handle(&mut self, Risk(panics): Risk, _: &mut Context<Self>) {
        if let Some(gate) = self.gate.take() {
            gate.recv_timeout(Duration::from_secs(30)).unwrap();
        }
        assert!(!panics, "as told");
    }
}

type Parsed = Result<u8, std::num::ParseIntError>;

#[actix::test]
async fn whatever_a_plain_actor_replies_is_the_answer() {
    let plain = Plain::default().start();
    let (_linker, emitter) = linked([
        on::<Nothing>().plain_actor(plain.clone()),
        on::<Length>().plain_actor(plain.clone()),
        on::<Parse>().plain_actor(plain),
    ]);
    let nothing = emitter.emit_and_wait(Nothing).await;
    assert!(nothing.all_handled());
    assert_eq!(nothing.replies::<()>().count(), 0, "finishing is no answer");
    let length = emitter.emit_and_wait(Length("four")).await;
    assert_eq!(length.replies::<usize>().collect::<Vec<_>>(), [&4]);
    let parsed = emitter.emit_and_wait(Parse("x")).await;
    assert!(parsed.all_handled(), "an `Err` is an answer too");
    assert!(parsed.replies::<Parsed>().next().unwrap().is_err());
}

#[actix::test]
async fn the_judge_of_a_plain_actor_says_what_its_reply_means() {
    let plain = Plain::default().start();
    let (_linker, emitter) = linked([
        on::<Parse>().plain_actor_with(plain.clone(), |reply| reply),
        on::<Length>()
            .plain_actor_with(plain.clone(), |n| if n < 3 { Err("short") } else { Ok(n) }),
        on::<Nothing>().plain_actor_with(plain, |()| panic!("the judge")),
    ]);
    let parsed = emitter.emit_and_wait(Parse("7")).await;
    assert_eq!(parsed.replies::<u8>().collect::<Vec<_>>(), [&7]);
    let failed = emitter.emit_and_wait(Parse("x")).await;
    assert_eq!(words(&failed), ["failed"]);
    assert!(
        failed
            .errors()
            .next()
            .unwrap()
            .is::<std::num::ParseIntError>()
    );
    assert_eq!(
        words(&emitter.emit_and_wait(Length("ab")).await),
        ["failed"]
    );
    let panicked = emitter.emit_and_wait(Nothing).await;
    assert_eq!(panic_message(&panicked), Some("the judge"));
}

#[actix::test]
async fn a_plain_actor_that_panics_panicked_once_and_loses_what_was_queued() {
    for strategy in [Strategy::inline(), Strategy::current()] {
        let (linker, _) = linked([on::<Risk>().plain_actor(Plain::default().start())]);
        let emitter = Emitter::start(&linker, strategy);
        let risks = [false, true, false, false].map(Risk);
        let reports = futures::future::join_all(risks.map(|r| emitter.emit_and_wait(r))).await;
        let ended: Vec<_> = reports.iter().flat_map(words).collect();
        assert_eq!(ended, ["handled", "panicked", "lost", "lost"]);
        let gone = emitter.emit(Risk(false));
        assert_eq!(gone.refusals()[0].reason(), &Reason::HandlerGone);
        assert!(linker.is_empty());
    }
}

/// How risks end for a plain actor when they are emitted from a plain thread.
/// This arbiter does nothing until all have been sent, then it opens the gate.
async fn risks_from_a_plain_thread(plain: Addr<Plain>, open: impl FnOnce()) -> Vec<&'static str> {
    let (_linker, emitter) = linked([on::<Risk>().plain_actor(plain)]);
    let (sent, all_sent) = mpsc::channel();
    let reports = on_plain_thread(move || {
        let risks = [false, true, false].map(Risk);
        let waiting = risks.map(|risk| Box::pin(emitter.emit_and_wait(risk)));
        block_on(async {
            let mut waiting = futures::future::join_all(waiting);
            assert!(futures::poll!(&mut waiting).is_pending());
            sent.send(()).unwrap();
            waiting.await
        })
    });
    all_sent.recv_timeout(Duration::from_secs(30)).unwrap();
    settle().await;
    open();
    reports.await.iter().flat_map(words).collect()
}

#[actix::test]
async fn a_plain_actor_that_panics_is_told_from_the_lost_on_a_plain_thread_too() {
    let arbiter = Arbiter::new();
    let (open, gate) = mpsc::channel();
    let gated = |_: &mut _| Plain { gate: Some(gate) };
    let plain = Plain::start_in_arbiter(&arbiter.handle(), gated);
    let ended = risks_from_a_plain_thread(plain, move || open.send(()).unwrap()).await;
    assert_eq!(ended, ["handled", "panicked", "lost"]);
    arbiter.stop();
    arbiter.join().unwrap();
}

#[actix::test]
async fn a_plain_actor_beside_the_linker_is_told_apart_on_a_plain_thread_too() {
    let plain = Plain::default().start();
    let ended = risks_from_a_plain_thread(plain, || ()).await;
    assert_eq!(ended, ["handled", "panicked", "lost"]);
}

#[actix::test]
async fn a_reply_that_a_plain_actor_takes_to_its_end_is_lost() {
    #[derive(Message, Clone)]
    #[rtype(result = "()")]
    struct Last;

    impl Handler<Last> for Plain {
        type Result = ResponseActFuture<Self, ()>;

        fn handle(&mut self, _: Last, ctx: &mut Context<Self>) -> Self::Result {
            ctx.stop();
            Box::pin(std::future::pending().into_actor(self))
        }
    }

    let spec = on::<Last>().plain_actor(Plain::default().start());
    assert_eq!(words(&report(spec, Last).await), ["lost"]);
}

#[actix::test]
async fn a_clone_that_panics_is_a_panic_of_the_delivery() {
    #[derive(Message)]
    #[rtype(result = "()")]
    struct Unclonable;

    impl Clone for Unclonable {
        fn clone(&self) -> Self {
            panic!("no clone")
        }
    }

    impl Handler<Unclonable> for Plain {
        type Result = ();

        fn handle(&mut self, _: Unclonable, _: &mut Context<Self>) {}
    }

    let spec = on::<Unclonable>().plain_actor(Plain::default().start());
    assert_eq!(
        panic_message(&report(spec, Unclonable).await),
        Some("no clone")
    );
}

// Room.

#[actix::test]
async fn a_capacity_of_0_is_an_error() {
    let linker = Linker::start();
    let error = linker
        .subscribe(on::<u8>().call(|_| ()).capacity(0))
        .unwrap_err();
    assert_eq!(error, SubscribeError::ZeroCapacity);
    let half = on::<u8>().call(|_| ()).capacity(0);
    let error = linker
        .subscribe(on::<u16>().call(|_| ()).and(half))
        .unwrap_err();
    assert_eq!(error, SubscribeError::ZeroCapacity);
    assert!(linker.is_empty());
}

#[actix::test]
async fn a_capacity_is_exact_and_every_end_makes_room() {
    let (sender, mut receiver) = futures::channel::mpsc::unbounded();
    let spec = on::<u8>()
        .call_async(move |n| {
            let sender = sender.clone();
            async move { sender.unbounded_send(n).map_err(|e| e.to_string()) }
        })
        .capacity(3);
    let (_linker, emitter) = linked([spec]);
    let mut held = Vec::new();
    for n in 0..3_u8 {
        assert!(emitter.emit(n).is_complete());
        held.push(futures::StreamExt::next(&mut receiver).await.unwrap());
    }
    let full = || {
        let receipt = emitter.emit(9_u8);
        assert_eq!((receipt.matched(), receipt.accepted()), (1, 0));
        let capacity = 3;
        assert_eq!(
            receipt.refusals()[0].reason(),
            &Reason::LaneFull { capacity }
        );
    };
    full();
    let ends: [fn(Delivery<u8>); 3] = [drop, |n| n.fail("no"), |n| n.reply(1)];
    for end in ends {
        // The callback lets go of its part once it has returned.
        settle().await;
        end(held.pop().unwrap());
        assert!(emitter.emit(1_u8).is_complete(), "there is room for one");
        full();
        let next = futures::StreamExt::next(&mut receiver).await.unwrap();
        held.insert(0, next);
    }
}

#[actix::test]
async fn a_full_lane_refuses_that_subscription_alone() {
    let log = Log::default();
    let stuck = on::<u8>()
        .call_async(|_| std::future::pending::<()>())
        .capacity(1);
    let (_linker, emitter) = linked([stuck, on::<u8>().call(log.note("other"))]);
    assert_eq!(emitter.emit(1_u8).accepted(), 2);
    let receipt = emitter.emit(2_u8);
    assert_eq!((receipt.matched(), receipt.accepted()), (2, 1));
    assert_eq!(log.take(), ["other", "other"]);
}

#[actix::test]
async fn a_capacity_bounds_a_callback_that_emits_what_it_handles() {
    let log = Log::default();
    let inner = log.clone();
    let spec = on::<u8>()
        .call(move |n| {
            let receipt = n.emitter().emit(**n + 1);
            inner.write(format!("{} {}", **n, receipt.accepted()));
        })
        .capacity(2);
    let (_linker, emitter) = linked([spec]);
    assert!(emitter.emit_and_wait(1_u8).await.all_handled());
    assert_eq!(log.take(), ["2 0", "1 1"], "the third is refused");
}

// The ways to end it.

#[actix::test]
async fn a_dropped_handle_changes_nothing_and_a_dropped_guard_ends_it() {
    let (linker, emitter) = linked([]);
    let subscription = linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    drop(subscription.clone());
    drop(subscription);
    assert_eq!(emitter.emit(1_u8).accepted(), 1);

    let guard = linker.subscribe(on::<u8>().call(|_| ())).unwrap().guard();
    let subscription = guard.subscription().clone();
    assert_eq!(emitter.emit(1_u8).accepted(), 2);
    drop(guard);
    assert!(!subscription.is_active());
    assert_eq!(emitter.emit(1_u8).accepted(), 1);
}

#[actix::test]
async fn every_way_to_unsubscribe_says_whether_it_did_anything() {
    let linker = Linker::start();
    let subscribe = || {
        linker
            .subscribe(on::<u8>().or_topic("a").call(|_| ()))
            .unwrap()
    };
    let bytes = Selector::event::<u8>();

    let whole = subscribe();
    assert!(whole.is_active());
    assert!(whole.unsubscribe());
    assert!(!whole.is_active());
    assert!(!whole.unsubscribe() && !linker.unsubscribe(whole.id()));
    assert!(!whole.unsubscribe_from(&bytes));

    let by_id = subscribe();
    assert!(linker.unsubscribe(by_id.id()));
    assert!(!by_id.unsubscribe());

    let parts = subscribe();
    assert!(!parts.unsubscribe_from(&Selector::event::<u16>()));
    assert!(
        !parts.unsubscribe_from(&topic("a.*")),
        "no pattern of its own"
    );
    assert!(parts.unsubscribe_from(&bytes));
    assert!(!parts.unsubscribe_from(&bytes));
    assert!(parts.is_active());
    assert!(linker.unsubscribe_from(parts.id(), &topic("a")));
    assert!(!parts.is_active() && !parts.unsubscribe());

    let many = [subscribe(), subscribe()];
    assert_eq!(linker.remove_event(&bytes), 2);
    assert_eq!(linker.remove_event(&bytes), 0);
    assert!(many.iter().all(ventix::Subscription::is_active));
    assert_eq!(linker.clear(), 2);
    assert_eq!(linker.clear(), 0);
    assert!(!many.iter().any(ventix::Subscription::is_active));
}

#[actix::test]
async fn a_handler_may_change_the_subscriptions_of_its_own_emission() {
    let log = Log::default();
    let linker = Linker::start();
    let handles = Arc::new(Mutex::new(Vec::new()));
    let spec = {
        let (log, handles, linker) = (log.clone(), handles.clone(), linker.clone());
        on::<u8>().call(move |_| {
            log.write("first");
            let handles: Vec<ventix::Subscription> = std::mem::take(&mut *handles.lock().unwrap());
            for handle in handles {
                assert!(handle.unsubscribe());
            }
            linker.subscribe(on::<u8>().call(log.note("late"))).unwrap();
        })
    };
    let first = linker.subscribe(spec).unwrap();
    let second = linker
        .subscribe(on::<u8>().call(log.note("second")))
        .unwrap();
    handles.lock().unwrap().extend([first, second]);

    let emitter = Emitter::start(&linker, Strategy::inline());
    let report = emitter.emit_and_wait(1_u8).await;
    assert_eq!(words(&report), ["handled", "handled"]);
    assert_eq!(log.take(), ["first", "second"], "it was for both of them");
    emitter.emit(1_u8);
    assert_eq!(log.take(), ["late"]);
}
