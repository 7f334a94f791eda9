//! Who listens to what: namespaces, settings, queries, topics, and how
//! subscriptions come and go.
//!
//! One file, because every question to a linker is about the same few
//! subscriptions; the sections are those of the module's promises.

use std::cell::RefCell;
use std::panic::{self, catch_unwind};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use actix::prelude::*;
use actix_rt::task::yield_now;
use ventix::{
    AnyEvent, Delivery, Emitter, EventType, Linker, Outcome, Query, Reason, Selector, StartError,
    Strategy, Subscribe, SubscribeError, SubscriptionGuard, SubscriptionInfo, Unsubscribe, on,
    on_any, on_topic,
};

/// What handlers wrote down, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<&'static str>>>);

impl Log {
    /// A callback that writes `word`, for any event.
    fn note<E: ?Sized>(&self, word: &'static str) -> impl Fn(&Delivery<E>) + Send + Sync + use<E> {
        let log = self.clone();
        move |_| log.write(word)
    }

    fn write(&self, word: &'static str) {
        self.0.lock().unwrap().push(word);
    }

    /// What was written since it was last asked.
    fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

fn inline(linker: &Linker) -> Emitter {
    Emitter::start(linker, Strategy::inline())
}

fn topic(text: &str) -> Selector {
    Selector::topic(text).unwrap()
}

/// Lets the current arbiter work until `condition` holds.
async fn until(condition: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if condition() {
            return;
        }
        yield_now().await;
    }
    panic!("it did not come about");
}

/// Runs `work` on a thread that has no arbiter, and fails if it never ends.
fn on_plain_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, result) = mpsc::channel();
    thread::spawn(move || done.send(work()));
    let result = result.recv_timeout(Duration::from_secs(30));
    result.expect("the thread neither panics nor hangs")
}

/// Stops an arbiter and waits until it has.
fn stop(arbiter: Arbiter) {
    arbiter.stop();
    arbiter.join().unwrap();
}

/// Handles whole numbers until it gets a 0.
struct Worker(Log);

impl Actor for Worker {
    type Context = Context<Self>;

    fn stopped(&mut self, _: &mut Context<Self>) {
        self.0.write("stopped");
    }
}

impl<E: Into<u64> + Copy + Send + Sync + 'static> Handler<Delivery<E>> for Worker {
    type Result = ();

    fn handle(&mut self, number: Delivery<E>, ctx: &mut Context<Self>) {
        if (*number).into() == 0 {
            ctx.stop();
        }
        self.0.write("worked");
    }
}

// Namespaces.

#[actix::test]
async fn two_linkers_never_meet() {
    let log = Log::default();
    let (red, blue) = (Linker::start(), Linker::start());
    let reds = red
        .subscribe(on::<u8>().or_topic("bytes").call(log.note("red")))
        .unwrap();
    blue.subscribe(on::<u8>().or_topic("bytes").call(log.note("blue")))
        .unwrap();

    let emitter = inline(&blue);
    assert_eq!(emitter.emit(1_u8).matched(), 1);
    assert_eq!(emitter.prepare(1_u8).topic("bytes").emit().matched(), 1);
    assert_eq!(log.take(), ["blue", "blue"]);

    assert!(reds.unsubscribe());
    assert!(red.is_empty());
    assert_eq!(blue.subscription_count(), 1);
    assert_eq!(red.stop(), 0);
    assert!(emitter.emit(1_u8).is_complete());
}

#[actix::test]
async fn two_types_of_one_name_never_meet() {
    mod orders {
        pub(super) struct Created;
    }
    mod users {
        pub(super) struct Created;
    }
    let log = Log::default();
    let linker = Linker::start();
    let of_orders = on::<orders::Created>().call(log.note("order"));
    linker.subscribe(of_orders).unwrap();
    let emitter = inline(&linker);
    assert!(emitter.emit(users::Created).is_unheard());

    let of_users = on::<users::Created>().call(log.note("user"));
    linker.subscribe(of_users).unwrap();
    assert_eq!(emitter.emit(users::Created).matched(), 1);
    assert_eq!(emitter.emit(orders::Created).matched(), 1);
    assert_eq!(log.take(), ["user", "order"]);
}

#[actix::test]
async fn a_type_and_a_topic_of_one_text_never_meet() {
    let log = Log::default();
    let linker = Linker::start();
    linker.subscribe(on::<u8>().call(log.note("type"))).unwrap();
    linker
        .subscribe(on_topic::<u8>("u8").call(log.note("topic")))
        .unwrap();
    let emitter = inline(&linker);
    assert_eq!(emitter.emit(1_u8).matched(), 1);
    assert_eq!(log.take(), ["type"]);
    assert_eq!(emitter.prepare(1_u8).topic("u8").emit().matched(), 1);
    assert_eq!(log.take(), ["topic"]);
    assert_eq!(linker.event_count(), 2);
    assert_eq!(linker.remove_event(&topic("u8")), 1);
    assert!(linker.contains_event(&Selector::event::<u8>()));
}

// Settings.

#[actix::test]
async fn a_linker_has_the_name_and_the_bound_it_was_given() {
    let builder = Linker::builder().name("orders").max_subscribers(3);
    let linker = builder.start().unwrap();
    assert_eq!(linker.name(), Some("orders"));
    assert_eq!(linker.max_subscribers(), Some(3));
    let plain = Linker::start();
    assert_eq!((plain.name(), plain.max_subscribers()), (None, None));
}

#[actix::test]
async fn a_setting_of_0_is_an_error_that_names_it() {
    let error = Linker::builder().max_subscribers(0).start().unwrap_err();
    let setting = "max_subscribers";
    assert_eq!(error, StartError::Zero { setting });
    assert_eq!(error.to_string(), "`max_subscribers` must be 1 at least");
    let error = Linker::builder().capacity(0).start().unwrap_err();
    let setting = "capacity";
    assert_eq!(error, StartError::Zero { setting });
}

#[actix::test]
async fn max_subscribers_bounds_each_event_for_itself() {
    let linker = Linker::builder().max_subscribers(2).start().unwrap();
    let all = || {
        on::<u8>()
            .or_topic("bytes")
            .or_topic("bytes.*")
            .call(|_| ())
            .and(on_any().call(|_| ()))
    };
    let first = linker.subscribe(all()).unwrap();
    linker.subscribe(all()).unwrap();
    for event in [
        Selector::event::<u8>(),
        topic("bytes"),
        topic("bytes.*"),
        Selector::everything(),
    ] {
        assert_eq!(linker.subscription_count_of(&event), 2);
        let one = match event.to_string().as_str() {
            "u8" => on::<u8>().call(|_| ()),
            "everything" => on_any().call(|_| ()),
            text => on_topic::<u8>(text).call(|_| ()),
        };
        let error = linker.subscribe(one).unwrap_err();
        let text = format!("`{event}` has 2 subscribers, the most that its linker allows");
        assert_eq!(error.to_string(), text);
        let max = 2;
        assert_eq!(error, SubscribeError::TooManySubscribers { event, max });
    }
    linker
        .subscribe(on::<u16>().or_topic("words").call(|_| ()))
        .unwrap();
    assert!(first.unsubscribe());
    linker.subscribe(all()).unwrap();
}

#[actix::test]
async fn nothing_is_kept_of_a_subscription_that_one_full_event_turns_away() {
    let log = Log::default();
    let linker = Linker::builder().max_subscribers(1).start().unwrap();
    linker
        .subscribe(on_topic::<u8>("full.*").call(|_| ()))
        .unwrap();
    let before = linker.snapshot().to_string();

    let wide = on::<u8>()
        .or_topic("free")
        .or_topic("full.*")
        .call(log.note("kept"))
        .and(on::<u16>().call(log.note("kept")));
    assert!(linker.subscribe(wide).is_err());

    assert_eq!(linker.snapshot().to_string(), before);
    assert_eq!(linker.events(), [topic("full.*")]);
    let emitter = inline(&linker);
    assert!(emitter.emit(1_u8).is_unheard());
    assert!(emitter.emit(1_u16).is_unheard());
    assert!(emitter.prepare(1_u8).topic("free").emit().is_unheard());
    assert_eq!(emitter.prepare(1_u8).topic("full.x").emit().matched(), 1);
    assert!(log.take().is_empty());
}

#[actix::test]
async fn nothing_is_kept_of_a_subscription_with_a_text_that_is_no_topic() {
    let linker = Linker::start();
    let wrong = on::<u8>().or_topic("a..b").or_topic("a.>.b").call(|_| ());
    let Err(SubscribeError::InvalidTopic(error)) = linker.subscribe(wrong) else {
        panic!("`a..b` is no topic");
    };
    assert_eq!((error.text(), error.position()), ("a..b", 2));
    let second = on::<u8>().call(|_| ()).and(on_topic::<u8>("").call(|_| ()));
    let error = linker.subscribe(second).unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid topic ``: it is empty, at byte 0"
    );
    assert!(linker.is_empty() && linker.event_count() == 0);
}

#[actix::test]
async fn default_callbacks_are_for_subscriptions_that_have_none() {
    let log = Log::default();
    let (done, failed) = (log.clone(), log.clone());
    let linker = Linker::builder()
        .on_success(move |_| done.write("default success"))
        .on_failure(move |_| failed.write("default failure"))
        .start()
        .unwrap();
    let judge = |ok: &Delivery<bool>| if **ok { Ok(()) } else { Err("no") };

    let emitter = inline(&linker);
    let callbacks = |spec| {
        let guard = linker.subscribe(spec).unwrap().guard();
        emitter.emit(true);
        emitter.emit(false);
        drop(guard);
        log.take()
    };
    let spec = || on::<bool>().call(judge);
    assert_eq!(callbacks(spec()), ["default success", "default failure"]);
    let own = log.clone();
    let with_success = spec().on_success(move |_| own.write("own success"));
    assert_eq!(callbacks(with_success), ["own success", "default failure"]);
    let own = log.clone();
    let with_failure = spec().on_failure(move |_| own.write("own failure"));
    assert_eq!(callbacks(with_failure), ["default success", "own failure"]);
}

#[actix::test]
async fn the_capacity_of_the_linker_is_for_subscriptions_that_say_none() {
    let linker = Linker::builder().capacity(2).start().unwrap();
    let forever = || on::<u8>().call_async(|_| std::future::pending::<()>());
    linker.subscribe(forever()).unwrap();
    linker.subscribe(forever().capacity(3)).unwrap();
    linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    let capacities: Vec<_> = linker
        .snapshot()
        .iter()
        .map(SubscriptionInfo::capacity)
        .collect();
    assert_eq!(capacities, [Some(2), Some(3), None]);

    let emitter = inline(&linker);
    let accepted: Vec<_> = (0..5_u8).map(|n| emitter.emit(n).accepted()).collect();
    assert_eq!(accepted, [3, 3, 2, 1, 1]);

    let by_default = Linker::start();
    by_default.subscribe(forever()).unwrap();
    let snapshot = by_default.snapshot();
    assert_eq!(snapshot.iter().next().unwrap().capacity(), Some(1_024));
}

// Where a linker lives.

#[actix::test]
async fn a_linker_starts_on_the_arbiter_it_is_given_from_any_thread() {
    let arbiter = Arbiter::new();
    let handle = arbiter.handle();
    let linker = on_plain_thread(move || Linker::builder().arbiter(&handle).start().unwrap());
    let addr = linker.addr();
    assert!(addr.send(Query::is_empty()).await.unwrap());
    stop(arbiter);
    assert!(!addr.connected(), "the actor lived there");
}

#[actix::test]
async fn a_linker_does_not_start_on_an_arbiter_that_has_stopped() {
    let arbiter = Arbiter::new();
    let handle = arbiter.handle();
    stop(arbiter);
    let error = Linker::builder().arbiter(&handle).start().unwrap_err();
    assert_eq!(error, StartError::ArbiterStopped);
    assert_eq!(error.to_string(), "the arbiter has stopped");
}

#[test]
fn a_linker_does_not_start_where_a_system_has_ended() {
    let error = on_plain_thread(|| {
        System::new().block_on(async {});
        Linker::builder().start().unwrap_err()
    });
    assert_eq!(error, StartError::ArbiterStopped);
}

#[test]
fn a_linker_does_not_start_without_an_arbiter() {
    let error = on_plain_thread(|| Linker::builder().start().unwrap_err());
    assert_eq!(error, StartError::NoArbiter);
}

thread_local! {
    /// Where this thread last panicked.
    static PANICKED_AT: RefCell<Option<(String, u32)>> = const { RefCell::new(None) };
}

#[test]
fn starting_without_an_arbiter_panics_where_it_was_called() {
    let earlier = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        let at = panic.location().map(|at| (at.file().into(), at.line()));
        PANICKED_AT.set(at);
        earlier(panic);
    }));
    let (message, at, line) = on_plain_thread(|| {
        let line = line!() + 1;
        let panic = catch_unwind(|| drop(Linker::start())).unwrap_err();
        let message = *panic.downcast::<String>().unwrap();
        (message, PANICKED_AT.take(), line)
    });
    assert_eq!(message, StartError::NoArbiter.to_string());
    assert_eq!(at, Some((file!().into(), line)));
}

#[actix::test]
async fn the_handles_go_on_when_the_actor_has_died() {
    let arbiter = Arbiter::new();
    let linker = Linker::builder()
        .arbiter(&arbiter.handle())
        .start()
        .unwrap();
    let log = Log::default();
    let early = linker
        .subscribe(on::<u8>().call(log.note("early")))
        .unwrap();
    let before = inline(&linker);
    stop(arbiter);
    assert!(linker.addr().send(Query::is_empty()).await.is_err());

    assert!(linker.contains(early.id()), "no subscription is lost");
    linker.subscribe(on::<u8>().call(log.note("late"))).unwrap();
    for emitter in [before, inline(&linker)] {
        assert!(emitter.emit_and_wait(1_u8).await.all_handled());
        assert_eq!(log.take(), ["early", "late"]);
    }
    assert!(early.unsubscribe());
    assert_eq!(linker.subscription_count(), 1);
    assert_eq!(linker.clear(), 1);
}

#[actix::test]
async fn the_last_handle_takes_the_actor_and_the_handlers_with_it() {
    let linker = Linker::start();
    let captured = Arc::new(());
    let held = captured.clone();
    let callback = move |_: &Delivery<u8>| drop(held.clone());
    let subscription = linker.subscribe(on::<u8>().call(callback)).unwrap();
    let (addr, emitter) = (linker.addr(), inline(&linker));

    drop(linker);
    assert!(!addr.send(Query::is_empty()).await.unwrap());
    drop(addr);
    assert!(
        emitter.emit(1_u8).is_complete(),
        "an emitter holds its linker"
    );
    assert!(subscription.is_active());
    drop(emitter);
    until(|| Arc::strong_count(&captured) == 1).await;
    assert!(!subscription.is_active());
    assert!(!subscription.unsubscribe());
    assert!(!subscription.unsubscribe_from(&Selector::event::<u8>()));
}

// When a change takes effect.

#[actix::test]
async fn a_change_on_a_thread_without_a_system_holds_when_it_returns() {
    let linker = Linker::start();
    let emitter = inline(&linker);
    let counts = on_plain_thread(move || {
        let subscription = linker
            .subscribe(on::<u8>().or_topic("bytes").call(|_| ()))
            .unwrap();
        let subscribed = emitter.emit(1_u8).accepted();
        subscription.unsubscribe_from(&Selector::event::<u8>());
        let by_type = emitter.emit(1_u8).matched();
        let by_topic = emitter.prepare(1_u8).topic("bytes").emit().accepted();
        subscription.unsubscribe();
        let unsubscribed = emitter.prepare(1_u8).topic("bytes").emit().matched();
        [subscribed, by_type, by_topic, unsubscribed]
    });
    assert_eq!(counts, [1, 0, 1, 0]);
}

#[actix::test]
async fn a_change_holds_for_the_next_emission_whatever_other_threads_change() {
    let linker = Linker::start();
    let emitter = inline(&linker);
    let work = |thread: u8| {
        let (linker, emitter) = (linker.clone(), emitter.clone());
        move || {
            let emit = || {
                emitter.emit(thread);
                emitter.prepare(thread).topic("a.b").emit();
            };
            for _ in 0..200 {
                let log = Log::default();
                let note = log.note("ran");
                let spec = on::<u8>().or_topic("a.*").call(move |from| {
                    if **from == thread {
                        note(from);
                    }
                });
                let subscription = linker.subscribe(spec).unwrap();
                emit();
                assert_eq!(log.take(), ["ran", "ran"]);
                assert!(subscription.unsubscribe());
                emit();
                assert!(log.take().is_empty());
            }
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(work).map(|work| scope.spawn(work)).collect();
        threads.into_iter().for_each(|t| t.join().unwrap());
    });
    assert!(linker.is_empty() && linker.event_count() == 0);
}

#[actix::test]
async fn an_emission_is_for_those_that_were_linked_when_it_was_made() {
    let log = Log::default();
    let linker = Linker::start();
    let early = linker
        .subscribe(on::<u8>().call(log.note("early")))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::current());
    assert_eq!(emitter.emit(1_u8).accepted(), 1);
    assert!(early.unsubscribe());
    linker.subscribe(on::<u8>().call(log.note("late"))).unwrap();
    assert!(log.take().is_empty(), "this arbiter is busy here");
    assert!(emitter.emit_and_wait(2_u8).await.all_handled());
    assert_eq!(log.take(), ["early", "late"]);
}

#[actix::test]
async fn emissions_on_ever_new_topics_reach_their_patterns() {
    let log = Log::default();
    let linker = Linker::start();
    linker
        .subscribe(on_topic::<u32>("n.*").call(log.note("pattern")))
        .unwrap();
    let emitter = inline(&linker);
    for n in 0..5_000_u32 {
        let receipt = emitter.prepare(n).topic(format!("n.{n}")).emit();
        assert_eq!(receipt.accepted(), 1);
    }
    assert_eq!(log.take().len(), 5_000);
    linker
        .subscribe(on_topic::<u32>("n.0").call(log.note("exact")))
        .unwrap();
    emitter.prepare(0_u32).topic("n.0").emit();
    assert_eq!(log.take(), ["pattern", "exact"]);
}

// Messages.

#[actix::test]
async fn subscribe_and_unsubscribe_are_messages_too() {
    let linker = Linker::start();
    let addr = linker.addr();
    let subscribe = || Subscribe(on::<u8>().or_topic("bytes").call(|_| ()).named("m"));
    let first = addr.send(subscribe()).await.unwrap().unwrap();
    let second = addr.send(subscribe()).await.unwrap().unwrap();
    assert_eq!(first.name(), Some("m"));
    assert!(first.is_active() && first.id() < second.id());
    let wrong = Subscribe(on_topic::<u8>("a.").call(|_| ()));
    let error = addr.send(wrong).await.unwrap().unwrap_err();
    assert!(matches!(error, SubscribeError::InvalidTopic(_)));

    let unlink = async |what| addr.send(what).await.unwrap();
    let link = |id| Unsubscribe::link(id, Selector::event::<u8>());
    assert_eq!(unlink(link(first.id())).await, 1);
    assert_eq!(unlink(link(first.id())).await, 0);
    assert_eq!(linker.events_of(first.id()), [topic("bytes")]);
    assert_eq!(unlink(Unsubscribe::subscription(first.id())).await, 1);
    assert_eq!(unlink(Unsubscribe::subscription(first.id())).await, 0);
    assert!(!first.is_active());
    assert_eq!(unlink(Unsubscribe::event(topic("bytes"))).await, 1);
    assert_eq!(unlink(Unsubscribe::event(topic("bytes"))).await, 0);
    assert_eq!(linker.events_of(second.id()), [Selector::event::<u8>()]);
    addr.send(subscribe()).await.unwrap().unwrap();
    assert_eq!(unlink(Unsubscribe::everything()).await, 2);
    assert!(linker.is_empty());
}

#[actix::test]
async fn every_query_answers_what_its_method_returns() {
    let linker = Linker::builder().max_subscribers(7).start().unwrap();
    let spec = on::<u8>().or_topic("bytes.>").call(|_| ()).once();
    let id = linker.subscribe(spec).unwrap().id();
    linker.subscribe(on_any().call(|_| ())).unwrap();
    let gone = linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    gone.unsubscribe();
    let addr = linker.addr();

    macro_rules! assert_same {
        ($($query:ident($($arg:expr),*)),* $(,)?) => {$({
            let answer = addr.send(Query::$query($($arg.clone()),*)).await.unwrap();
            assert_eq!(answer, linker.$query($(assert_same!(@ $query $arg)),*));
        })*};
        // Methods borrow events and copy ids.
        (@ $query:ident id) => { id };
        (@ $query:ident $arg:expr) => { $arg };
    }
    assert_same!(
        is_empty(),
        subscription_count(),
        event_count(),
        events(),
        max_subscribers()
    );
    for id in [id, gone.id()] {
        assert_same!(contains(id), events_of(id), event_count_of(id));
    }
    for event in [
        &Selector::event::<u8>(),
        &Selector::event::<u16>(),
        &topic("bytes.>"),
    ] {
        assert_same!(subscriptions_of(event), subscription_count_of(event));
        assert_same!(contains_event(event), are_linked(id, event));
    }
    let snapshot = addr.send(Query::snapshot()).await.unwrap();
    assert_eq!(snapshot.to_string(), linker.snapshot().to_string());
    assert_eq!(snapshot.iter().count(), 2);
}

// Queries.

#[actix::test]
async fn an_empty_linker_says_so_to_every_question() {
    let linker = Linker::start();
    let gone = linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    let (id, bytes) = (gone.id(), Selector::event::<u8>());
    assert!(!linker.is_empty());
    gone.unsubscribe();

    assert!(linker.is_empty());
    assert_eq!(linker.subscription_count(), 0);
    assert_eq!(linker.event_count(), 0);
    assert!(linker.events().is_empty());
    assert!(linker.events_of(id).is_empty());
    assert_eq!(linker.event_count_of(id), 0);
    assert!(linker.subscriptions_of(&bytes).is_empty());
    assert_eq!(linker.subscription_count_of(&bytes), 0);
    assert!(!linker.contains_event(&bytes));
    assert!(!linker.contains(id));
    assert!(!linker.are_linked(id, &bytes));
    assert_eq!(linker.snapshot().to_string(), "");
    assert!(!linker.unsubscribe(id));
    assert!(!linker.unsubscribe_from(id, &bytes));
    assert_eq!((linker.remove_event(&bytes), linker.clear()), (0, 0));
}

#[actix::test]
async fn queries_see_types_topics_patterns_and_everything() {
    let linker = Linker::start();
    let bytes = on::<u8>().or_topic("a.b").call(|_| ()).named("bytes");
    let bytes = linker.subscribe(bytes.capacity(4).once()).unwrap().id();
    let all = on_topic::<AnyEvent>("a.*")
        .call_async(|_| async {})
        .and(on_any().call(|_| ()));
    let all = linker.subscribe(all).unwrap().id();
    let more = linker.subscribe(on::<u8>().call(|_| ())).unwrap().id();
    let (typed, everything) = (Selector::event::<u8>(), Selector::everything());

    assert_eq!(linker.subscription_count(), 3);
    assert_eq!(linker.event_count(), 4);
    let events = [
        topic("a.*"),
        topic("a.b"),
        everything.clone(),
        typed.clone(),
    ];
    assert_eq!(linker.events(), events, "in the order of their text");
    assert_eq!(linker.events_of(bytes), [typed.clone(), topic("a.b")]);
    assert_eq!(linker.event_count_of(all), 2);
    assert_eq!(linker.subscriptions_of(&typed), [bytes, more]);
    assert_eq!(linker.subscription_count_of(&typed), 2);
    // A pattern is an event of its own, not the topics that it matches.
    assert_eq!(linker.subscriptions_of(&topic("a.b")), [bytes]);
    assert_eq!(linker.subscriptions_of(&topic("a.*")), [all]);
    assert!(!linker.contains_event(&topic("a.c")));
    assert!(linker.contains_event(&everything));
    assert!(linker.contains(all));
    assert!(linker.are_linked(all, &everything));
    assert!(!linker.are_linked(all, &typed));

    let table = "#1 (bytes) on u8, a.b; once; at most 4 in flight\n\
                 #2 on a.*, everything; at most 1024 in flight\n\
                 #3 on u8\n";
    let snapshot = linker.snapshot();
    linker.clear();
    assert_eq!(snapshot.to_string(), table, "a snapshot is of its moment");
    assert!(linker.is_empty());
}

#[actix::test]
async fn removing_an_event_leaves_the_others() {
    let log = Log::default();
    let linker = Linker::start();
    let both = on::<u8>().or_topic("bytes").call(log.note("both"));
    let both = linker.subscribe(both).unwrap();
    let one = linker.subscribe(on::<u8>().call(log.note("one"))).unwrap();
    assert_eq!(linker.remove_event(&Selector::event::<u8>()), 2);
    assert!(!one.is_active());
    assert_eq!(linker.events_of(both.id()), [topic("bytes")]);
    let emitter = inline(&linker);
    assert!(emitter.emit(1_u8).is_unheard());
    emitter.prepare(1_u8).topic("bytes").emit();
    assert_eq!(log.take(), ["both"]);
}

// Topics.

#[actix::test]
async fn an_emission_on_a_topic_is_addressed_by_the_topic_alone() {
    let log = Log::default();
    let linker = Linker::start();
    for spec in [
        on_any().call(log.note("everything")),
        on_topic::<String>("audit.login").call(log.note("exact")),
        on::<String>().call(log.note("type")),
        on_topic::<String>("audit.>").call(log.note("rest")),
        on_topic::<AnyEvent>("audit.login").call(log.note("exact, any type")),
        on_topic::<String>("*.login").call(log.note("one")),
        on_topic::<AnyEvent>("*.*").call(log.note("pattern, any type")),
        on_topic::<String>("audit.logout").call(log.note("other topic")),
        on_topic::<String>("audit").call(log.note("shorter topic")),
        on_topic::<String>("*").call(log.note("shorter pattern")),
    ] {
        linker.subscribe(spec).unwrap();
    }
    let emitter = inline(&linker);
    let event = emitter.prepare(String::from("ann"));
    let report = event.topic("audit.login").emit_and_wait().await;
    let reached = [
        "everything",
        "exact",
        "rest",
        "exact, any type",
        "one",
        "pattern, any type",
    ];
    assert_eq!(log.take(), reached);
    assert!(report.all_handled());
    assert_eq!(report.receipt().matched(), reached.len());

    assert_eq!(emitter.emit(String::from("ann")).accepted(), 2);
    assert_eq!(log.take(), ["everything", "type"]);
}

#[actix::test]
async fn a_topic_that_is_none_refuses_the_emission() {
    let linker = Linker::start();
    linker.subscribe(on_any().call(|_| ())).unwrap();
    let receipt = inline(&linker).prepare(1_u8).topic("audit.*").emit();
    let Some(Reason::InvalidTopic(error)) = receipt.refusal() else {
        panic!("{receipt:?}");
    };
    assert_eq!((error.text(), error.position()), ("audit.*", 6));
    assert_eq!((receipt.matched(), receipt.accepted()), (0, 0));
    assert!(!receipt.is_unheard() && !receipt.is_complete());
}

#[actix::test]
async fn a_mismatch_names_both_types_in_the_receipt_and_in_the_report() {
    let log = Log::default();
    let linker = Linker::start();
    let wrong = linker
        .subscribe(
            on_topic::<String>("a.b")
                .call(log.note("wrong"))
                .named("lines"),
        )
        .unwrap();
    let right = linker
        .subscribe(on_topic::<u64>("a.*").call(log.note("right")))
        .unwrap();
    let report = inline(&linker)
        .prepare(7_u64)
        .topic("a.b")
        .emit_and_wait()
        .await;
    assert_eq!(log.take(), ["right"]);

    let receipt = report.receipt();
    assert_eq!((receipt.matched(), receipt.accepted()), (2, 1));
    let [refusal] = receipt.refusals() else {
        panic!("{receipt:?}");
    };
    assert_eq!(
        (refusal.subscription(), refusal.name()),
        (wrong.id(), Some("lines"))
    );
    let (expected, found) = (EventType::of::<String>(), EventType::of::<u64>());
    assert_eq!(refusal.reason(), &Reason::Mismatch { expected, found });
    let text = "the subscription expects alloc::string::String, the emission has u64";
    assert_eq!(refusal.reason().to_string(), text);

    let lines: Vec<_> = report.iter().collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (lines[0].subscription(), lines[1].subscription()),
        (wrong.id(), right.id())
    );
    let ended = lines[0].outcome();
    assert!(
        matches!(ended, Outcome::Mismatch { expected: e, found: f } if (*e, *f) == (expected, found))
    );
    assert_eq!(ended.error().unwrap().to_string(), text);
    assert!(!report.all_handled());
}

// The end.

#[actix::test]
async fn a_stopped_linker_lets_nothing_in_and_emits_nothing() {
    let linker = Linker::start();
    let subscription = linker
        .subscribe(on::<u8>().or_topic("bytes").call(|_| ()))
        .unwrap();
    linker.subscribe(on_any().call(|_| ())).unwrap();
    let emitter = inline(&linker);
    assert_eq!(emitter.emit(1_u8).accepted(), 2);

    assert_eq!(linker.stop(), 2);
    assert_eq!(linker.stop(), 0);
    assert!(linker.is_empty() && !subscription.is_active());
    let error = linker.subscribe(on::<u8>().call(|_| ())).unwrap_err();
    assert_eq!(error, SubscribeError::LinkerStopped);
    let by_message = linker.addr().send(Subscribe(on_any().call(|_| ()))).await;
    assert_eq!(
        by_message.unwrap().unwrap_err(),
        SubscribeError::LinkerStopped
    );

    for emitter in [
        emitter,
        inline(&linker),
        Emitter::start(&linker, Strategy::current()),
    ] {
        let receipt = emitter.emit(1_u8);
        assert_eq!(receipt.refusal(), Some(&Reason::LinkerStopped));
        assert!(!receipt.is_unheard());
        let receipt = emitter.prepare(1_u8).topic("bytes").emit();
        assert_eq!(receipt.refusal(), Some(&Reason::LinkerStopped));
        let report = emitter.emit_and_wait(1_u8).await;
        assert_eq!(report.receipt().refusal(), Some(&Reason::LinkerStopped));
        assert!(!report.all_handled());
    }
}

#[actix::test]
async fn what_was_accepted_before_a_linker_stopped_is_delivered() {
    let log = Log::default();
    let linker = Linker::start();
    linker
        .subscribe(on::<u8>().call(log.note("delivered")))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::current());
    assert_eq!(emitter.emit(1_u8).accepted(), 1);
    assert_eq!(linker.stop(), 1);
    until(|| log.take() == ["delivered"]).await;
}

#[actix::test]
async fn an_actor_that_stopped_is_found_and_unlinked() {
    let log = Log::default();
    let linker = Linker::start();
    let addr = Worker(log.clone()).start();
    let spec = on::<u8>().or_topic("bytes").actor(addr.clone()).named("w");
    let worker = linker.subscribe(spec).unwrap();
    let emitter = inline(&linker);
    assert!(emitter.emit_and_wait(0_u8).await.all_handled());
    until(|| !addr.connected()).await;
    assert!(worker.is_active(), "nobody has looked yet");

    let report = emitter.emit_and_wait(1_u8).await;
    let [refusal] = report.receipt().refusals() else {
        panic!("{report:?}");
    };
    assert_eq!(
        (refusal.subscription(), refusal.name()),
        (worker.id(), Some("w"))
    );
    assert_eq!(refusal.reason(), &Reason::HandlerGone);
    let line = report.iter().next().unwrap();
    assert!(matches!(
        line.outcome(),
        Outcome::Refused(Reason::HandlerGone)
    ));

    assert!(!worker.is_active(), "it is unlinked from its topic too");
    assert!(linker.is_empty());
    assert!(emitter.emit(1_u8).is_unheard());
}

#[actix::test]
async fn an_actor_that_stopped_leaves_the_rest_of_its_subscription() {
    let log = Log::default();
    let linker = Linker::start();
    let addr = Worker(log.clone()).start();
    let pair = on::<u8>()
        .or_topic("numbers")
        .actor(addr.clone())
        .and(on_topic::<u16>("numbers").call(log.note("other type")))
        .and(on::<u16>().call(log.note("other event")));
    let pair = linker.subscribe(pair).unwrap();
    let emitter = inline(&linker);
    assert!(emitter.emit_and_wait(0_u8).await.all_handled());
    until(|| !addr.connected()).await;
    log.take();

    assert_eq!(
        emitter.emit(1_u8).refusals()[0].reason(),
        &Reason::HandlerGone
    );
    assert!(emitter.emit(1_u8).is_unheard());
    assert!(pair.is_active());
    emitter.emit(1_u16);
    assert_eq!(log.take(), ["other event"]);
    emitter.prepare(1_u16).topic("numbers").emit();
    assert_eq!(log.take(), ["other type"], "its handler is there still");
}

#[actix::test]
async fn unsubscribing_an_actor_that_nobody_else_holds_stops_it() {
    let log = Log::default();
    let linker = Linker::start();
    let actor = Worker(log.clone()).start();
    let worker = linker.subscribe(on::<u8>().actor(actor)).unwrap();
    let emitter = inline(&linker);
    assert!(emitter.emit_and_wait(1_u8).await.all_handled());
    for _ in 0..10 {
        yield_now().await;
    }
    assert_eq!(log.take(), ["worked"], "its subscription keeps it alive");

    assert!(worker.unsubscribe());
    until(|| log.take() == ["stopped"]).await;
}

/// Every way that a subscription on `u8` ends.
type End = fn(&Linker, &SubscriptionGuard);
const ENDS: [(&str, End); 6] = [
    ("unsubscribe", |_, guard| {
        guard.subscription().unsubscribe();
    }),
    ("unsubscribe_from", |_, guard| {
        let bytes = Selector::event::<u8>();
        guard.subscription().unsubscribe_from(&bytes);
    }),
    ("remove_event", |linker, _| {
        linker.remove_event(&Selector::event::<u8>());
    }),
    ("clear", |linker, _| {
        linker.clear();
    }),
    ("stop", |linker, _| {
        linker.stop();
    }),
    ("once", |linker, _| {
        Emitter::start(linker, Strategy::inline()).emit(1_u8);
    }),
];

#[actix::test]
async fn a_subscription_that_ends_drops_what_its_handler_captured() {
    for (name, end) in ENDS {
        let linker = Linker::start();
        let captured = Arc::new(());
        let held = captured.clone();
        let spec = on::<u8>().call(move |_| drop(held.clone())).once();
        let guard = linker.subscribe(spec).unwrap().guard();
        assert_eq!(Arc::strong_count(&captured), 2);
        // So that a built route is thrown away too.
        let other = linker.subscribe(on_any().call(|_| ())).unwrap();
        inline(&linker).emit(1_u16);
        end(&linker, &guard);
        assert_eq!(Arc::strong_count(&captured), 1, "{name}");
        drop(other);
    }
}

#[actix::test]
async fn a_handler_may_end_another_subscription_when_it_is_dropped() {
    for (name, end) in ENDS {
        let linker = Linker::start();
        let emptied = on_plain_thread({
            let linker = linker.clone();
            move || {
                let inner = linker.subscribe(on::<u16>().or_topic("a").call(|_| ()));
                let inner = inner.unwrap().guard();
                let callback = move |_: &Delivery<u8>| assert!(inner.subscription().is_active());
                let outer = linker.subscribe(on::<u8>().call(callback).once());
                let outer = outer.unwrap().guard();
                end(&linker, &outer);
                linker.is_empty()
            }
        });
        assert!(emptied, "{name}");
    }
}
