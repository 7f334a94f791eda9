//! What the bus says of itself: which notices there are, where they are heard, and
//! that they never go round in circles.

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use actix::prelude::*;
use actix_rt::task::yield_now;
use ventix::{
    AnyEvent, BoxError, DeadLetter, Delivery, Emission, Emitter, HandlerGone, HandlerPanicked,
    Linker, Lost, Panicked, Reason, Report, Strategy, SubscribeError, SubscriptionSpec, TimedOut,
    on, on_any, on_topic,
};

use support::settle;

/// What handlers wrote down, in order.
struct Log<T>(Arc<Mutex<Vec<T>>>);

impl<T> Log<T> {
    fn new() -> Self {
        Self(Arc::default())
    }

    fn push(&self, entry: T) {
        self.0.lock().unwrap().push(entry);
    }

    fn take(&self) -> Vec<T> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

impl<T> Clone for Log<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

fn linked(specs: impl IntoIterator<Item = SubscriptionSpec>) -> (Linker, Emitter) {
    let linker = Linker::start();
    for spec in specs {
        linker.subscribe(spec).unwrap();
    }
    let emitter = Emitter::start(&linker, Strategy::inline());
    (linker, emitter)
}

/// A handler that fails.
fn failing() -> SubscriptionSpec {
    on::<u8>().call(|_| Err::<(), _>("no"))
}

/// A subscription to all dead letters that notes what `about` makes of them.
fn letters<T: Send + 'static>(
    log: &Log<T>,
    about: impl Fn(&DeadLetter) -> T + Send + Sync + 'static,
) -> SubscriptionSpec {
    let log = log.clone();
    on::<DeadLetter>().call(move |letter| log.push(about(letter.event())))
}

fn words(report: &Report) -> Vec<&'static str> {
    report.iter().map(|line| line.outcome().as_str()).collect()
}

/// Does as it is told, and counts.
#[derive(Default)]
struct Worker;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Message)]
#[rtype(result = "()")]
enum Job {
    Panic,
    Stop,
    Nothing,
}

impl Worker {
    fn work(job: Job, ctx: &mut Context<Self>) {
        match job {
            Job::Panic => panic!("as told"),
            Job::Stop => ctx.stop(),
            Job::Nothing => {}
        }
    }
}

impl Actor for Worker {
    type Context = Context<Self>;
}

impl Handler<Delivery<Job>> for Worker {
    type Result = ();

    fn handle(&mut self, job: Delivery<Job>, ctx: &mut Context<Self>) {
        Self::work(*job, ctx);
    }
}

impl Handler<Job> for Worker {
    type Result = ();

    fn handle(&mut self, job: Job, ctx: &mut Context<Self>) {
        Self::work(job, ctx);
    }
}

impl Handler<Delivery<DeadLetter>> for Worker {
    type Result = ();

    fn handle(&mut self, _: Delivery<DeadLetter>, _: &mut Context<Self>) {}
}

mod dead_letters {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Noted {
        event: Option<u8>,
        handler: Option<String>,
        error: String,
    }

    fn note(letter: &DeadLetter) -> Noted {
        Noted {
            event: letter.original().downcast_ref().copied(),
            handler: letter.handler().and_then(|h| h.name().map(str::to_owned)),
            error: letter.error().to_string(),
        }
    }

    fn noted(event: u8, handler: &str, error: &str) -> Noted {
        Noted {
            event: Some(event),
            handler: Some(handler.to_owned()),
            error: error.to_owned(),
        }
    }

    #[actix::test]
    async fn each_way_not_to_be_handled_makes_one_with_event_handler_and_error() {
        tokio::time::pause();
        let log = Log::new();
        let pending = |_| std::future::pending::<()>();
        let (linker, emitter) = linked([
            failing().named("fails"),
            on::<u8>().call(|_| panic!("as told")).named("panics"),
            on::<u8>()
                .call_async(async |_| panic!("as told"))
                .named("panics later"),
            on::<u8>()
                .call_async(pending)
                .timeout(Duration::from_secs(1))
                .named("is late"),
            on::<u8>().call(|_| ()).named("handles"),
            letters(&log, note),
        ]);
        let report = emitter.emit_and_wait(7_u8).await;
        assert_eq!(
            words(&report),
            ["failed", "panicked", "panicked", "timed out", "handled"]
        );
        let panicked = "the handler panicked: as told";
        let mut found = log.take();
        assert_eq!(found.remove(0), noted(7, "fails", "no"));
        assert_eq!(found.remove(0), noted(7, "panics", panicked));
        assert_eq!(found.remove(0), noted(7, "panics later", panicked));
        assert_eq!(
            (found[0].event, found[0].handler.as_deref()),
            (Some(7), Some("is late"))
        );
        assert_eq!(found.len(), 1);
        assert_eq!(linker.missed_notices(), 0);
    }

    #[actix::test]
    async fn its_error_is_the_one_that_the_outcome_has() {
        tokio::time::pause();
        let log = Log::new();
        let kind = |letter: &DeadLetter| {
            let error = letter.error();
            [
                error.is::<std::num::ParseIntError>(),
                error.is::<Panicked>(),
                error.is::<TimedOut>(),
                error.is::<Lost>(),
                error.is::<Reason>(),
            ]
            .iter()
            .position(|is| *is)
        };
        let pending = |_| std::future::pending::<()>();
        let (_linker, emitter) = linked([
            on::<&str>().call(|text| text.parse::<u8>()),
            on::<&str>().call(|_| panic!("as told")),
            on::<&str>()
                .call_async(pending)
                .timeout(Duration::from_secs(1)),
            on::<&str>()
                .actor_in(&Arbiter::current(), || Stopper)
                .named("stops"),
            letters(&log, kind),
        ]);
        let waiting = ["x", "y"].map(|text| emitter.emit_and_wait(text));
        drop(futures::future::join_all(waiting).await);
        let mut kinds = log.take();
        kinds.sort_unstable();
        // The first one was read by the actor that stopped, the other one was not.
        assert_eq!(kinds, [0, 0, 1, 1, 2, 2, 3].map(Some));
    }

    /// Stops over everything.
    struct Stopper;

    impl Actor for Stopper {
        type Context = Context<Self>;
    }

    impl Handler<Delivery<&'static str>> for Stopper {
        type Result = ();

        fn handle(&mut self, text: Delivery<&'static str>, ctx: &mut Context<Self>) {
            assert!(!text.is_empty());
            ctx.stop();
        }
    }

    #[actix::test]
    async fn it_says_what_the_emission_said() {
        let log = Log::new();
        let about = |letter: &DeadLetter| {
            let about = letter.original_metadata();
            (
                about.id(),
                about.name().to_owned(),
                about.key().map(str::to_owned),
            )
        };
        let spec = on_topic::<u8>("audit.>").call(|_| Err::<(), _>("no"));
        let (_linker, emitter) = linked([spec, letters(&log, about)]);
        let receipt = emitter.prepare(1_u8).topic("audit.login").key("k").emit();
        let expected = (receipt.id(), "audit.login".to_owned(), Some("k".to_owned()));
        assert_eq!(log.take(), [expected]);
    }

    /// Drops every emission, or runs it late, or on a thread without an arbiter.
    #[derive(Clone, Copy)]
    enum Bad {
        Drop,
        Late,
        Elsewhere,
    }

    impl Actor for Bad {
        type Context = Context<Self>;
    }

    impl Handler<Emission> for Bad {
        type Result = ResponseFuture<()>;

        fn handle(&mut self, emission: Emission, _: &mut Context<Self>) -> Self::Result {
            let how = *self;
            Box::pin(async move {
                match how {
                    Self::Drop => drop(emission),
                    Self::Late => {
                        actix_rt::time::sleep(Duration::from_secs(2)).await;
                        emission.run();
                    }
                    Self::Elsewhere => thread::spawn(|| emission.run()).join().unwrap(),
                }
            })
        }
    }

    #[actix::test]
    async fn what_is_not_run_or_too_late_or_where_it_cannot_is_one_too() {
        tokio::time::pause();
        for (how, error) in [
            (Bad::Drop, Lost::default().to_string()),
            (Bad::Late, Reason::Expired.to_string()),
            (Bad::Elsewhere, Reason::NoArbiter.to_string()),
        ] {
            let log = Log::new();
            let spec = on::<u8>().call_async(async |_| ()).named("waits");
            let (linker, _) = linked([spec, letters(&log, note)]);
            let emitter = Emitter::with(&linker, how.start().recipient());
            let event = emitter.prepare(3_u8).expires_in(Duration::from_secs(1));
            drop(event.emit_and_wait().await);
            assert_eq!(log.take(), [noted(3, "waits", &error)]);
        }
    }

    #[actix::test]
    async fn what_was_handled_or_skipped_is_none() {
        let log = Log::new();
        let (_linker, emitter) = linked([
            on::<u8>().call(|_| ()),
            on::<u8>().call_async(async |_| ()).once(),
            on::<u8>()
                .call(|_| ())
                .on_success(|_| Err::<(), _>("not its business")),
            letters(&log, note),
        ]);
        let late = Emitter::start(emitter.linker(), Strategy::current());
        // The second one finds the shot claimed.
        let (first, second) = futures::join!(late.emit_and_wait(1_u8), late.emit_and_wait(2_u8));
        assert_eq!(words(&first), ["handled", "handled", "handled", "failed"]);
        assert_eq!(words(&second), ["handled", "skipped", "handled", "failed"]);
        assert_eq!(log.take(), []);
    }

    #[actix::test]
    async fn it_holds_the_event_as_long_as_it_is_there_and_no_longer() {
        let event = Arc::new(());
        let letter = Arc::new(Mutex::new(None));
        let kept = letter.clone();
        let (_linker, emitter) = linked([
            on::<Arc<()>>().call(|_| Err::<(), _>("no")),
            on::<DeadLetter>().call_async(move |it| {
                *kept.lock().unwrap() = Some(it);
                async {}
            }),
        ]);
        let report = emitter.emit_and_wait(event.clone()).await;
        assert_eq!(words(&report), ["failed"], "the letter is not waited for");
        let it = letter.lock().unwrap().take().unwrap();
        let found = it.original().downcast_ref::<Arc<()>>().unwrap();
        assert!(Arc::ptr_eq(found, &event));
        assert_eq!(Arc::strong_count(&event), 2);
        drop(it);
        settle().await;
        assert_eq!(Arc::strong_count(&event), 1);
    }
}

mod handlers {
    use super::*;

    #[actix::test]
    async fn a_panic_of_every_kind_of_handler_is_told_with_handler_emission_and_message() {
        let log = Log::new();
        let noted = log.clone();
        let note = on::<HandlerPanicked>().call(move |it| {
            let message = it.panic().message().map(str::to_owned);
            noted.push((
                it.handler().name().unwrap().to_owned(),
                it.emission(),
                message,
            ));
        });
        let (_linker, emitter) = linked([
            on::<Job>().call(|_| panic!("as told")).named("sync"),
            on::<Job>()
                .call_async(async |_| panic!("as told"))
                .named("async"),
            on::<Job>()
                .call_blocking(|_| panic!("as told"))
                .named("blocking"),
            on::<Job>().actor(Worker.start()).named("actor"),
            on::<Job>().plain_actor(Worker.start()).named("plain"),
            on::<Job>()
                .actor_in(&Arbiter::current(), || Worker)
                .named("made"),
            note,
        ]);
        let report = emitter.emit_and_wait(Job::Panic).await;
        assert_eq!(words(&report), ["panicked"; 6]);
        // What is told in the middle of a panic is told on the linker's arbiter.
        settle().await;
        let mut log = log.take();
        log.sort();
        let id = Some(report.receipt().id());
        let expected = [
            ("actor", None),
            ("async", Some("as told")),
            ("blocking", Some("as told")),
            ("made", None),
            ("plain", None),
            ("sync", Some("as told")),
        ];
        let expected = expected.map(|(name, message)| {
            let message = message.map(str::to_owned);
            (name.to_owned(), id, message)
        });
        assert_eq!(log, expected);
    }

    #[actix::test]
    async fn an_actor_that_has_gone_is_told_by_the_next_emission_or_by_a_sweep() {
        for swept in [false, true] {
            let log = Log::new();
            let noted = log.clone();
            let note = on::<HandlerGone>().call(move |gone| {
                noted.push(gone.handler().name().map(str::to_owned));
            });
            let (linker, emitter) = linked([
                on::<Job>().actor(Worker.start()).named("actor"),
                on::<Job>().plain_actor(Worker.start()).named("plain"),
                on::<Job>().call(|_| ()).named("callback"),
                note,
            ]);
            drop(emitter.emit_and_wait(Job::Stop).await);
            settle().await;
            assert_eq!(log.take(), [], "nobody has looked");
            if swept {
                assert_eq!(linker.sweep(), 2);
                assert_eq!(linker.sweep(), 0);
            } else {
                let receipt = emitter.emit(Job::Nothing);
                let refusals = receipt.refusals().iter().map(ventix::Refusal::reason);
                assert!(refusals.eq([&Reason::HandlerGone, &Reason::HandlerGone]));
            }
            assert_eq!(log.take(), [Some("actor".into()), Some("plain".into())]);
            assert_eq!(emitter.emit(Job::Nothing).matched(), 1);
            assert_eq!(log.take(), []);
        }
    }

    #[actix::test]
    async fn a_sweep_is_made_as_often_as_is_asked() {
        tokio::time::pause();
        let period = Duration::from_secs(60);
        let linker = Linker::builder().sweep_every(period).start().unwrap();
        let emitter = Emitter::start(&linker, Strategy::inline());
        for _ in 0..3 {
            linker.subscribe(on::<Job>().actor(Worker.start())).unwrap();
            drop(emitter.emit_and_wait(Job::Stop).await);
            settle().await;
            assert_eq!(linker.subscription_count(), 1);
            actix_rt::time::sleep(period + Duration::from_millis(2)).await;
            assert!(linker.is_empty());
        }
    }

    #[actix::test]
    async fn those_that_have_gone_make_room_for_a_new_subscriber() {
        let linker = Linker::builder().max_subscribers(2).start().unwrap();
        let emitter = Emitter::start(&linker, Strategy::inline());
        let subscribe = || linker.subscribe(on::<Job>().actor(Worker.start()));
        subscribe().unwrap();
        subscribe().unwrap();
        let error = subscribe().unwrap_err();
        assert!(matches!(
            error,
            SubscribeError::TooManySubscribers { max: 2, .. }
        ));
        drop(emitter.emit_and_wait(Job::Stop).await);
        settle().await;
        subscribe().unwrap();
        subscribe().unwrap();
        assert!(subscribe().is_err());
    }
}

mod circles {
    use super::*;

    /// Fails with each of these subscribed to dead letters, ten times.
    async fn ten_failures(handler: SubscriptionSpec) -> (Linker, ventix::Counts) {
        let (linker, emitter) = linked([failing()]);
        let handler = linker.subscribe(handler).unwrap();
        for n in 0..10_u8 {
            drop(emitter.emit_and_wait(n).await);
            settle().await;
        }
        (linker, handler.counts())
    }

    #[actix::test]
    async fn a_handler_of_dead_letters_that_fails_says_so_in_its_counts_only() {
        let failures = Log::new();
        let noted = failures.clone();
        let spec = on::<DeadLetter>().call(|_| Err::<(), _>("no"));
        let spec = spec.on_failure(move |failure| noted.push(failure.error().to_string()));
        let (_linker, counts) = ten_failures(spec).await;
        assert_eq!((counts.matched, counts.failed), (10, 10));
        assert_eq!(failures.take(), ["no"; 10]);
    }

    #[actix::test]
    async fn a_handler_of_dead_letters_that_panics_says_so_in_its_counts_only() {
        let panics = Log::new();
        let noted = panics.clone();
        let spec = on::<DeadLetter>()
            .call(|_| panic!("as told"))
            .and(on::<HandlerPanicked>().call(move |_| noted.push(())));
        let (_linker, counts) = ten_failures(spec).await;
        assert_eq!((counts.matched, counts.panicked), (10, 10));
        assert_eq!(panics.len(), 0);
    }

    #[actix::test]
    async fn a_handler_of_dead_letters_that_is_full_says_so_in_its_counts_only() {
        let spec = on::<DeadLetter>().call_async(|_| std::future::pending::<()>());
        let (_linker, counts) = ten_failures(spec.capacity(3)).await;
        assert_eq!(
            (counts.matched, counts.refused, counts.in_flight()),
            (10, 7, 3)
        );
    }

    #[actix::test]
    async fn a_handler_of_dead_letters_that_has_gone_is_unlinked_and_told() {
        let told = Log::new();
        let noted = told.clone();
        let worker = Worker.start();
        let gone = on::<HandlerGone>().call(move |_| noted.push(()));
        let (linker, emitter) = linked([
            failing(),
            on::<DeadLetter>().actor(worker.clone()),
            on::<Job>().actor(worker),
            gone,
        ]);
        drop(emitter.emit_and_wait(Job::Stop).await);
        settle().await;
        for n in 0..10_u8 {
            drop(emitter.emit_and_wait(n).await);
            settle().await;
        }
        // It still listens to jobs: nobody has asked there.
        assert_eq!((told.len(), linker.subscription_count()), (1, 3));
    }

    #[actix::test]
    async fn one_that_emits_what_fails_again_neither_overflows_nor_starves_others() {
        const TIMES: usize = 20_000;
        let (linker, emitter) = linked([failing()]);
        let (times, again) = (Arc::new(AtomicUsize::new(0)), emitter.clone());
        let counted = times.clone();
        let spec = on::<DeadLetter>().call(move |_| {
            if counted.fetch_add(1, Ordering::Relaxed) < TIMES {
                again.emit(0_u8);
            }
        });
        linker.subscribe(spec).unwrap();
        emitter.emit(0_u8);
        let mut turns = 0;
        while times.load(Ordering::Relaxed) <= TIMES {
            yield_now().await;
            turns += 1;
            assert!(turns < 10 * TIMES, "it has stopped going round");
        }
        assert!(turns > TIMES / 100, "this task had its turns: {turns}");
        linker.stop();
    }

    #[actix::test]
    async fn one_that_hears_everything_and_fails_at_it_hears_each_once() {
        let heard = Log::new();
        let noted = heard.clone();
        let fails = on_any().call(move |any| {
            noted.push(if any.is::<DeadLetter>() {
                "letter"
            } else {
                "event"
            });
            Err::<(), _>("no")
        });
        let (_linker, emitter) = linked([fails]);
        drop(emitter.emit_and_wait(1_u8).await);
        settle().await;
        assert_eq!(heard.take(), ["event", "letter"]);
    }
}

mod places {
    use super::*;

    #[actix::test]
    async fn a_sync_callback_hears_at_once_and_where_it_happened() {
        let log = Log::new();
        let (_linker, emitter) = linked([failing(), letters(&log, |_| thread::current().id())]);
        let thread = thread::spawn(move || {
            emitter.emit(1_u8);
            thread::current().id()
        });
        // This thread, the linker's arbiter, does nothing in between.
        let id = thread.join().unwrap();
        assert_eq!(log.take(), [id]);
    }

    #[actix::test]
    async fn what_happens_in_a_panic_is_told_after_it() {
        let log = Log::new();
        let arbiter = Arbiter::new();
        let about = |_: &DeadLetter| (thread::panicking(), thread::current().id());
        let panics = on::<Job>().actor_in(&arbiter.handle(), || Worker);
        let (_linker, emitter) = linked([panics, letters(&log, about)]);
        drop(emitter.emit_and_wait(Job::Panic).await);
        settle().await;
        assert_eq!(log.take(), [(false, thread::current().id())]);
    }

    #[actix::test]
    async fn from_a_thread_without_arbiter_an_async_handler_runs_on_the_linkers() {
        let log = Log::new();
        let noted = log.clone();
        let hears = on::<DeadLetter>().call_async(move |_| {
            let noted = noted.clone();
            async move { noted.push(thread::current().id()) }
        });
        let (linker, emitter) = linked([failing(), hears]);
        thread::spawn(move || emitter.emit(1_u8)).join().unwrap();
        assert_eq!(log.len(), 0);
        settle().await;
        assert_eq!(log.take(), [thread::current().id()]);
        assert_eq!(linker.missed_notices(), 0);
    }

    #[actix::test]
    async fn what_a_handler_of_notices_causes_is_told_after_it() {
        let log = Log::new();
        let (linker, emitter) = linked([failing()]);
        let (noted, again) = (log.clone(), emitter.clone());
        let spec = on::<DeadLetter>().call(move |letter| {
            let first = letter.original().downcast_ref() == Some(&1_u8);
            noted.push(if first { "first begins" } else { "second" });
            if first {
                again.emit(2_u8);
                noted.push("first ends");
            }
        });
        linker.subscribe(spec).unwrap();
        emitter.emit(1_u8);
        settle().await;
        assert_eq!(log.take(), ["first begins", "first ends", "second"]);
        linker.stop();
    }

    #[actix::test]
    async fn no_more_than_1024_wait_for_the_linkers_arbiter_and_the_others_are_counted() {
        let log = Log::new();
        let noted = log.clone();
        let hears = on::<DeadLetter>().call_async(move |letter| {
            noted.push(letter.original().downcast_ref::<u32>().copied().unwrap());
            async {}
        });
        let fails = on::<u32>().call(|_| Err::<(), _>("no"));
        let (linker, emitter) = linked([fails, hears.capacity(5_000)]);
        for round in 1..=2 {
            // This thread, the linker's arbiter, waits.
            let emitter = emitter.clone();
            let emitting = thread::spawn(move || {
                for n in 0..1_500_u32 {
                    assert!(emitter.emit(n).is_complete());
                }
            });
            emitting.join().unwrap();
            assert_eq!(linker.missed_notices(), round * 476);
            settle().await;
            assert!(log.take().into_iter().eq(0..1_024));
        }
    }

    #[actix::test]
    async fn everything_includes_the_notices() {
        let log = Log::new();
        let noted = log.clone();
        let kind = move |any: &AnyEvent| match () {
            () if any.is::<DeadLetter>() => "dead letter",
            () if any.is::<HandlerPanicked>() => "panic",
            () => "event",
        };
        let (_linker, emitter) = linked([
            on::<u8>().call(|_| panic!("as told")),
            on_any().call(move |any| noted.push(kind(any.event()))),
        ]);
        emitter.emit(1_u8);
        assert_eq!(log.take(), ["panic", "dead letter", "event"]);
    }

    #[actix::test]
    async fn nothing_is_made_when_nobody_listens() {
        let event = Arc::new(());
        let (linker, emitter) = linked([
            on::<Arc<()>>().call(|_| Err::<(), BoxError>("no".into())),
            on::<Arc<()>>().call(|_| panic!("as told")),
        ]);
        let sent = event.clone();
        let emitting = thread::spawn(move || {
            for _ in 0..1_100 {
                emitter.emit(sent.clone());
            }
        });
        emitting.join().unwrap();
        // Nothing waits for this thread, the linker's arbiter.
        assert_eq!(linker.missed_notices(), 0);
        assert_eq!(Arc::strong_count(&event), 1);
    }
}

mod refusals {
    use super::*;

    use ventix::Overflow;

    #[actix::test]
    async fn what_a_subscription_turns_away_is_one_each() {
        let log = Log::new();
        let linker = Linker::start();
        let about = |letter: &DeadLetter| {
            let byte = letter.original().downcast_ref::<u8>().copied();
            let reason = letter.error().downcast_ref::<Reason>().cloned();
            (byte, letter.handler().is_some(), reason.unwrap())
        };
        linker.subscribe(letters(&log, about)).unwrap();
        let busy = |policy| {
            let stuck = on_topic::<u8>("n").call_async(|_| std::future::pending::<()>());
            stuck.capacity(1).overflow(policy)
        };
        let emitter = Emitter::start(&linker, Strategy::inline());
        linker.subscribe(busy(Overflow::Refuse)).unwrap();
        linker.subscribe(busy(Overflow::DropNewest)).unwrap();
        assert_eq!(emitter.prepare(1_u8).topic("n").emit().accepted(), 2);
        linker.subscribe(on_topic::<u16>("n").call(|_| ())).unwrap();
        assert_eq!(emitter.prepare(2_u8).topic("n").emit().accepted(), 0);
        let told = log.take();
        assert_eq!(told[0], (Some(2), true, Reason::LaneFull { capacity: 1 }));
        let dropped = Reason::DroppedNewest { capacity: 1 };
        assert_eq!(told[1], (Some(2), true, dropped));
        assert!(matches!(told[2].2, Reason::Mismatch { .. }));
        assert_eq!(told.len(), 3);
    }

    #[actix::test]
    async fn what_an_emitter_turns_away_is_one_of_nobody() {
        let log = Log::new();
        let linker = Linker::start();
        let about = |letter: &DeadLetter| {
            assert!(letter.handler().is_none());
            letter.error().to_string()
        };
        linker.subscribe(letters(&log, about)).unwrap();
        linker.subscribe(on::<u8>().call(|_| ())).unwrap();
        let bounded = Strategy::current().bounded(1, Overflow::Refuse);
        let emitter = Emitter::start(&linker, bounded);
        assert!(emitter.emit(1_u8).is_complete());
        let late = emitter.prepare(2_u8).expires_in(Duration::ZERO);
        let refused = [
            emitter.emit(3_u8),
            late.emit(),
            emitter.prepare(4_u8).topic("not..one").emit(),
        ];
        assert!(emitter.drain(Duration::from_secs(10)).await.is_complete());
        let shut = emitter.emit(5_u8);
        let reasons = refused.iter().chain([&shut]).map(|receipt| {
            let reason = receipt.refusal().unwrap();
            reason.to_string()
        });
        assert_eq!(log.take(), reasons.collect::<Vec<_>>());
        assert_eq!(emitter.refused(), 4);
    }

    #[actix::test]
    async fn what_a_handler_of_notices_emits_is_emitted_like_anything_else() {
        let log = Log::new();
        let write = log.clone();
        let (linker, emitter) = linked([
            failing(),
            on::<DeadLetter>().call(|letter| {
                let alarm = letter.emitter().emit("call somebody");
                assert!(alarm.is_complete());
            }),
            on::<&str>().call(move |alarm| write.push((**alarm, alarm.metadata().causation()))),
        ]);
        let report = emitter.emit_and_wait(1_u8).await;
        assert_eq!(words(&report), ["failed"]);
        let alarms = log.take();
        assert_eq!(alarms[0].0, "call somebody");
        assert!(alarms[0].1.is_some(), "its cause is the letter");
        assert!(linker.drain(Duration::from_secs(10)).await.is_complete());
    }
}
