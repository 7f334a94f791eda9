//! Dead letters that a linker keeps: what is kept, and what becomes of it when it is
//! requeued.

mod support;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::prelude::*;
use actix_rt::task::yield_now;
use futures::FutureExt;
use futures::channel::oneshot;
use ventix::{
    AnyEvent, BoxError, DeadLetter, DeadLetters, Delivery, Emitter, EventType, Linker, Lost, On,
    Outcome, Overflow, Reason, RequeueError, Restart, Retry, Routing, Selector, StartError,
    StoredLetter, Strategy, Subscription, SubscriptionSpec, Throttle, on, on_any, on_topic,
};

use support::settle;

const SECOND: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, PartialEq, Message)]
#[rtype(result = "Result<(), String>")]
struct Order(u32);

fn keeping(letters: usize) -> Linker {
    Linker::builder().dead_letters(letters).start().unwrap()
}

/// Waits until a subscription has nothing in flight, on whatever thread.
async fn ended(subscription: &Subscription) {
    while subscription.counts().in_flight() > 0 {
        yield_now().await;
    }
}

/// Whether handlers can do their work.
#[derive(Clone, Default)]
struct Mended(Arc<AtomicBool>);

impl Mended {
    fn work(&self) -> Result<(), String> {
        if self.0.load(SeqCst) {
            Ok(())
        } else {
            Err("broken".into())
        }
    }

    fn mend(&self) {
        self.0.store(true, SeqCst);
    }
}

impl Actor for Mended {
    type Context = Context<Self>;
}

impl Handler<Delivery<Order>> for Mended {
    type Result = ();

    fn handle(&mut self, order: Delivery<Order>, _: &mut Context<Self>) {
        order.settle(|_| self.work());
    }
}

impl Handler<Delivery<AnyEvent>> for Mended {
    type Result = ();

    fn handle(&mut self, any: Delivery<AnyEvent>, _: &mut Context<Self>) {
        any.settle(|_| self.work());
    }
}

impl Handler<Order> for Mended {
    type Result = Result<(), String>;

    fn handle(&mut self, _: Order, _: &mut Context<Self>) -> Self::Result {
        self.work()
    }
}

/// Everything but notices.
fn on_any_order() -> On<AnyEvent> {
    on_any().filter(|_, about| about.event_type() == EventType::of::<Order>())
}

/// Every kind of handler, typed and untyped, by type, topic and pattern.
fn kinds(mended: &Mended) -> Vec<(&'static str, SubscriptionSpec)> {
    let works = || {
        let mended = mended.clone();
        move || mended.work()
    };
    let call = works();
    let (asynchronous, blocking, any, any_async) = (works(), works(), works(), works());
    let (exact, pattern) = (works(), works());
    let made = mended.clone();
    vec![
        ("call", on::<Order>().call(move |_| call())),
        (
            "call_async",
            on::<Order>().call_async(move |_| std::future::ready(asynchronous())),
        ),
        (
            "call_blocking",
            on::<Order>().call_blocking(move |_| blocking()),
        ),
        ("actor", on::<Order>().actor(mended.clone().start())),
        (
            "plain_actor",
            on::<Order>().plain_actor_with(mended.clone().start(), |result| result),
        ),
        (
            "actor_pool",
            on::<Order>().actor_pool(2, Routing::RoundRobin, move || made.clone()),
        ),
        ("on_any", on_any_order().call(move |_| any())),
        (
            "on_any async",
            on_any_order().call_async(move |_| std::future::ready(any_async())),
        ),
        ("on_any actor", on_any_order().actor(mended.clone().start())),
        (
            "topic",
            on_topic::<Order>("orders.new").call(move |_| exact()),
        ),
        (
            "pattern",
            on_topic::<AnyEvent>("orders.*").call(move |_| pattern()),
        ),
    ]
}

#[actix::test]
async fn a_letter_is_delivered_again_to_the_one_that_failed_whatever_it_is() {
    let names: Vec<_> = kinds(&Mended::default()).iter().map(|k| k.0).collect();
    for (n, name) in names.into_iter().enumerate() {
        let mended = Mended::default();
        let linker = keeping(10);
        let spec = kinds(&mended).swap_remove(n).1;
        let flaky = linker.subscribe(spec).unwrap();
        let seen = Arc::new(AtomicUsize::new(0));
        let count = seen.clone();
        let other = on::<Order>().or_topic("orders.>").call(move |_| {
            count.fetch_add(1, SeqCst);
        });
        linker.subscribe(other).unwrap();
        let emitter = Emitter::start(&linker, Strategy::current());
        let topical = name == "topic" || name == "pattern";
        let report = if topical {
            let order = emitter.prepare(Order(7)).topic("orders.new");
            order.emit_and_wait().await
        } else {
            emitter.emit_and_wait(Order(7)).await
        };
        assert_eq!(report.handled(), 1, "{name}");
        let letters = linker.dead_letters();
        let letter = letters.list().remove(0);
        assert!(letter.is::<Order>() && letter.is_for(flaky.id()), "{name}");
        assert_eq!(letter.attempts().len(), 1, "{name}");
        assert_eq!(letter.error().to_string(), "broken", "{name}");

        // Once more in vain: another letter.
        assert_eq!(letters.requeue(letter.id()), Ok(()), "{name}");
        ended(&flaky).await;
        settle().await;
        let again = letters.list().remove(0);
        assert!(again.id() > letter.id() && letters.len() == 1, "{name}");
        assert_eq!(again.original().downcast_ref(), Some(&Order(7)), "{name}");

        mended.mend();
        assert_eq!(letters.requeue_all(StoredLetter::is::<Order>), 1, "{name}");
        ended(&flaky).await;
        settle().await;
        let counts = flaky.counts();
        assert_eq!((counts.failed, counts.handled), (2, 1), "{name}");
        assert!(letters.is_empty(), "{name}");
        assert_eq!(seen.load(SeqCst), 1, "{name}: nobody else gets it");
    }
}

#[actix::test]
async fn what_is_refused_at_the_door_is_delivered_again_too() {
    for n in 0..kinds(&Mended::default()).len() {
        let mended = Mended::default();
        mended.mend();
        let linker = keeping(10);
        let (name, spec) = kinds(&mended).swap_remove(n);
        let paused = linker.subscribe(spec.paused()).unwrap();
        let emitter = Emitter::start(&linker, Strategy::current());
        let topical = name == "topic" || name == "pattern";
        let receipt = if topical {
            emitter.prepare(Order(1)).topic("orders.new").emit()
        } else {
            emitter.emit(Order(1))
        };
        assert_eq!(receipt.accepted(), 0, "{name}");
        drop(emitter);
        let letters = linker.dead_letters();
        let id = letters.list()[0].id();
        let refused = Err(RequeueError::Refused(Reason::Paused));
        assert_eq!(letters.requeue(id), refused, "{name}");
        assert_eq!(letters.list()[0].id(), id, "{name}: it stays");
        paused.resume();
        assert_eq!(letters.requeue(id), Ok(()), "{name}");
        ended(&paused).await;
        assert_eq!(paused.counts().handled, 1, "{name}");
        assert!(letters.is_empty(), "{name}");
    }
}

#[actix::test]
async fn the_one_that_waits_for_the_emission_hears_nothing_of_what_is_requeued() {
    let linker = keeping(10);
    let mended = Mended::default();
    let works = mended.clone();
    linker
        .subscribe(on::<Order>().call(move |_| works.work()))
        .unwrap();
    let (open, gate) = oneshot::channel::<()>();
    let gate = gate.map(|_| ()).shared();
    linker
        .subscribe(on::<Order>().call_async(move |_| gate.clone()))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    let mut report = Box::pin(emitter.emit_and_wait(Order(1)));
    assert!(report.as_mut().now_or_never().is_none());
    mended.mend();
    let letters = linker.dead_letters();
    assert_eq!(letters.requeue_all(|_| true), 1);
    settle().await;
    assert!(report.as_mut().now_or_never().is_none(), "one still runs");
    open.send(()).unwrap();
    let report = report.await;
    assert_eq!((report.iter().count(), report.handled()), (2, 1));
}

#[actix::test]
async fn an_emission_that_has_ended_is_delivered_again_in_peace() {
    let linker = keeping(10);
    let flaky = linker
        .subscribe(on::<Order>().call(|_| Err::<(), _>("no")))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::current());
    for n in 0..3 {
        assert_eq!(emitter.emit_and_wait(Order(n)).await.handled(), 0);
    }
    for round in 1..4 {
        assert_eq!(linker.dead_letters().requeue_all(|_| true), 3);
        settle().await;
        assert_eq!(flaky.counts().failed, 3 * (round + 1));
        assert_eq!(linker.dead_letters().len(), 3);
    }
    assert_eq!(linker.missed_notices(), 0);
    assert!(linker.drain(SECOND).await.is_complete());
}

#[actix::test]
async fn what_took_too_long_is_delivered_again_once_its_handler_has_let_go_of_it() {
    tokio::time::pause();
    for typed in [true, false] {
        let linker = keeping(10);
        let hands: Arc<Mutex<Vec<Box<dyn std::any::Any + Send>>>> = Arc::default();
        let holding = hands.clone();
        let spec = if typed {
            on::<Order>().recipient(Hold(holding).start().recipient())
        } else {
            on_any_order().recipient(Hold(holding).start().recipient())
        };
        let slow = linker.subscribe(spec.timeout(SECOND).capacity(2)).unwrap();
        let emitter = Emitter::start(&linker, Strategy::current());
        let report = emitter.emit_and_wait(Order(1)).await;
        assert!(matches!(
            report.outcomes().next(),
            Some(Outcome::TimedOut(_))
        ));
        let letters = linker.dead_letters();
        let letter = letters.list().remove(0);
        let held = Err(RequeueError::Refused(Reason::StillHeld));
        assert_eq!(letters.requeue(letter.id()), held);
        hands.lock().unwrap().clear();
        assert_eq!(letters.requeue(letter.id()), Ok(()));
        assert_eq!(
            letters.requeue(letter.id()),
            Err(RequeueError::Unknown { id: letter.id() })
        );
        settle().await;
        assert_eq!(hands.lock().unwrap().len(), 1, "the handler has it again");
        hands.lock().unwrap().clear();
        assert_eq!((slow.counts().timed_out, slow.counts().handled), (1, 1));
        assert!(letters.is_empty());
    }
}

/// Holds what it gets.
struct Hold(Arc<Mutex<Vec<Box<dyn std::any::Any + Send>>>>);

impl Actor for Hold {
    type Context = Context<Self>;
}

impl<E: ?Sized + Send + Sync + 'static> Handler<Delivery<E>> for Hold {
    type Result = ();

    fn handle(&mut self, event: Delivery<E>, _: &mut Context<Self>) {
        self.0.lock().unwrap().push(Box::new(event));
    }
}

#[actix::test]
async fn a_subscription_that_has_gone_is_named() {
    let linker = keeping(10);
    let failing = || on::<Order>().call(|_| Err::<(), _>("no"));
    let once = linker.subscribe(failing().once().named("once")).unwrap();
    let ended = linker.subscribe(failing()).unwrap();
    let moved = linker
        .subscribe(failing().and(on::<u8>().call(|_| ())))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    emitter.emit(Order(1));
    ended.unsubscribe();
    linker.unsubscribe_from(moved.id(), &Selector::event::<Order>());
    let letters = linker.dead_letters();
    assert_eq!(letters.len(), 3);
    for (letter, of) in letters.list().iter().zip([&once, &ended, &moved]) {
        let Err(RequeueError::Gone { handler }) = letters.requeue(letter.id()) else {
            panic!("{letter} was requeued");
        };
        assert_eq!(handler.subscription(), of.id());
    }
    assert_eq!(letters.len(), 3, "they stay");
}

#[actix::test]
async fn a_subscription_with_shots_left_spends_another() {
    let linker = keeping(10);
    let failing = on::<Order>().call(|_| Err::<(), _>("no"));
    let twice = linker.subscribe(failing.for_at_most(2)).unwrap();
    Emitter::start(&linker, Strategy::inline()).emit(Order(1));
    assert_eq!(linker.dead_letters().requeue_all(|_| true), 1);
    settle().await;
    assert!(!twice.is_active() && twice.counts().failed == 2);
}

#[actix::test]
async fn the_whole_algebra_applies() {
    tokio::time::pause();
    let linker = keeping(10);
    let wanted = Arc::new(AtomicBool::new(true));
    let wants = wanted.clone();
    let strict = on::<Order>()
        .filter(move |_, _| wants.load(SeqCst))
        .call(|_| Err::<(), _>("no"))
        .throttle(Throttle::per_second(1));
    linker.subscribe(strict).unwrap();
    Emitter::start(&linker, Strategy::inline()).emit(Order(1));
    let letters = linker.dead_letters();
    let id = letters.list()[0].id();
    let requeue = || letters.requeue(id);
    assert_eq!(
        requeue(),
        Err(RequeueError::Refused(Reason::Throttled {
            retry_in: SECOND
        }))
    );
    wanted.store(false, SeqCst);
    assert_eq!(requeue(), Err(RequeueError::Refused(Reason::Filtered)));
    wanted.store(true, SeqCst);
    tokio::time::advance(SECOND).await;
    assert_eq!(requeue(), Ok(()));
}

#[actix::test]
async fn a_requeued_delivery_is_tried_again_like_any_other() {
    tokio::time::pause();
    let linker = keeping(10);
    let retry = Retry::constant(SECOND).attempts(3);
    let failing = on::<Order>().call(|_| Err::<(), _>("no")).retry(retry);
    let flaky = linker.subscribe(failing).unwrap();
    Emitter::start(&linker, Strategy::inline()).emit(Order(1));
    tokio::time::sleep(10 * SECOND).await;
    let letters = linker.dead_letters();
    assert_eq!(letters.list()[0].attempts().len(), 3);
    assert_eq!(letters.requeue_all(|_| true), 1);
    tokio::time::sleep(10 * SECOND).await;
    assert_eq!((flaky.counts().failed, flaky.counts().retried), (2, 4));
    assert_eq!(letters.list()[0].attempts().len(), 3, "each round its own");
}

#[actix::test]
async fn a_deadline_stays() {
    tokio::time::pause();
    let linker = keeping(10);
    let flaky = linker
        .subscribe(on::<Order>().call(|_| Err::<(), _>("no")))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    emitter.prepare(Order(1)).expires_in(SECOND).emit();
    let letters = linker.dead_letters();
    assert_eq!(letters.requeue_all(|_| true), 1);
    // It passes before the linker's arbiter comes to it.
    tokio::time::advance(2 * SECOND).await;
    settle().await;
    assert_eq!((flaky.counts().failed, flaky.counts().refused), (1, 1));
    let late = letters.list().remove(0);
    assert_eq!(late.error().downcast_ref(), Some(&Reason::Expired));
    let expired = Err(RequeueError::Refused(Reason::Expired));
    assert_eq!(letters.requeue(late.id()), expired);
    assert_eq!(letters.len(), 1);
}

#[actix::test]
async fn what_the_stopped_arbiter_of_the_linker_does_not_come_to_is_a_new_letter() {
    let home = Arbiter::new();
    let linker = Linker::builder().dead_letters(3).arbiter(&home.handle());
    let linker = linker.start().unwrap();
    let flaky = linker
        .subscribe(on::<Order>().call(|_| Err::<(), _>("no")))
        .unwrap();
    Emitter::builder(&linker)
        .strategy(Strategy::inline())
        .start()
        .unwrap()
        .emit(Order(1));
    home.stop();
    home.join().unwrap();
    let letters = linker.dead_letters();
    assert_eq!(letters.requeue(letters.list()[0].id()), Ok(()));
    assert_eq!((flaky.counts().failed, flaky.counts().lost), (1, 1));
    let lost = letters.list().remove(0);
    assert!(lost.error().is::<Lost>() && letters.len() == 1);
}

#[actix::test]
async fn a_drain_waits_for_what_was_requeued_and_then_nothing_is() {
    tokio::time::pause();
    let linker = keeping(10);
    let tries = AtomicUsize::new(0);
    let second = on::<Order>().call_async(move |_| {
        let first = tries.fetch_add(1, SeqCst) < 2;
        async move {
            if first {
                return Err("no");
            }
            actix::clock::sleep(SECOND).await;
            Ok(())
        }
    });
    let second = linker.subscribe(second).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    drop(emitter.emit_and_wait(Order(1)).await);
    drop(emitter.emit_and_wait(Order(2)).await);
    drop(emitter);
    let letters = linker.dead_letters();
    let ids: Vec<_> = letters.list().iter().map(StoredLetter::id).collect();
    assert_eq!(letters.requeue(ids[0]), Ok(()));
    // Some other emitter is to end first.
    let busy = on::<u8>().call_async(async |_| actix::clock::sleep(SECOND).await);
    linker.subscribe(busy).unwrap();
    Emitter::start(&linker, Strategy::inline()).emit(1_u8);
    let drain = linker.drain(10 * SECOND);
    futures::pin_mut!(drain);
    assert!(drain.as_mut().now_or_never().is_none());
    let shut = Err(RequeueError::Refused(Reason::ShuttingDown));
    assert_eq!(letters.requeue(ids[1]), shut);
    assert!(drain.await.is_complete());
    assert_eq!(second.counts().handled, 1);
    assert_eq!(letters.requeue(ids[1]), shut);
}

#[actix::test]
async fn a_handler_emits_through_a_requeued_delivery_though_the_emitter_has_gone() {
    let linker = keeping(10);
    let mended = Mended::default();
    let works = mended.clone();
    let chained = on::<Order>().call(move |order| {
        works.work()?;
        let receipt = order.emitter().emit(order.0);
        assert_eq!(receipt.accepted(), 1);
        Ok::<_, String>(())
    });
    linker.subscribe(chained.named("chained")).unwrap();
    let caused = Arc::new(Mutex::new(None));
    let causes = caused.clone();
    let failing = on::<u32>().call(move |n| {
        *causes.lock().unwrap() = n.metadata().causation();
        Err::<(), _>("no")
    });
    linker.subscribe(failing).unwrap();
    let emitter = Emitter::start(&linker, Strategy::current());
    let report = emitter.emit_and_wait(Order(7)).await;
    drop(emitter);
    settle().await;
    mended.mend();
    assert_eq!(linker.dead_letters().requeue_all(|_| true), 1);
    settle().await;
    assert_eq!(*caused.lock().unwrap(), Some(report.receipt().id()));
    let letters = linker.dead_letters().list();
    // What it emits is no notice: it has letters.
    assert!(letters.len() == 1 && letters[0].is::<u32>());
    assert_eq!(letters[0].original().downcast_ref(), Some(&7_u32));
}

#[actix::test]
async fn what_was_refused_as_a_whole_goes_to_all_that_listen_now() {
    let linker = keeping(10);
    let taken = Arc::new(Mutex::new(Vec::new()));
    let note = |name: &'static str| {
        let taken = taken.clone();
        move |_: &Delivery<Order>| taken.lock().unwrap().push(name)
    };
    let first = linker.subscribe(on::<Order>().call(note("first"))).unwrap();
    let emitter = Emitter::start(&linker, Strategy::current().bounded(1, Overflow::Refuse));
    assert!(emitter.emit(Order(1)).is_complete());
    let full = emitter.emit(Order(2));
    assert_eq!(full.refusal(), Some(&Reason::EmitterFull { capacity: 1 }));
    settle().await;
    taken.lock().unwrap().clear();

    let letters = linker.dead_letters();
    let id = letters.list()[0].id();
    assert!(letters.list()[0].handler().is_none());
    first.pause();
    assert_eq!(
        letters.requeue(id),
        Err(RequeueError::Refused(Reason::Paused))
    );
    linker
        .subscribe(on::<Order>().call(note("eager")).priority(9))
        .unwrap();
    linker.subscribe(on::<Order>().call(note("last"))).unwrap();
    linker.subscribe(on_any().call(|_| ())).unwrap();
    assert_eq!(letters.requeue(id), Ok(()));
    settle().await;
    assert_eq!(*taken.lock().unwrap(), ["eager", "last"]);
    // Only the paused one did not get it.
    let left = letters.list();
    assert!(left.len() == 1 && left[0].is_for(first.id()));
    first.resume();
    assert_eq!(letters.requeue(left[0].id()), Ok(()));
    settle().await;
    assert_eq!(*taken.lock().unwrap(), ["eager", "last", "first"]);
    assert!(letters.is_empty());
    assert!(
        linker.drain(SECOND).await.is_complete(),
        "each was counted off"
    );
}

#[actix::test]
async fn what_was_refused_as_a_whole_and_cannot_be_emitted_stays() {
    let linker = keeping(10);
    let emitter = Emitter::start(&linker, Strategy::inline());
    let order = linker.subscribe(on::<Order>().call(|_| ())).unwrap();
    emitter.prepare(Order(1)).topic("no..topic").emit();
    let letters = linker.dead_letters();
    let nowhere = letters.requeue(letters.list()[0].id());
    assert!(matches!(
        nowhere,
        Err(RequeueError::Refused(Reason::InvalidTopic(_)))
    ));
    assert_eq!(order.counts().matched, 0);
    letters.clear();
    // Another emitter of the same linker is not drained.
    assert!(emitter.drain(SECOND).await.is_complete());
    emitter.emit(Order(2));
    order.unsubscribe();
    let unheard = letters.requeue(letters.list()[0].id());
    assert_eq!(unheard, Err(RequeueError::Unheard));
    assert_eq!(letters.len(), 1);
}

#[actix::test]
async fn the_handler_of_the_topic_gets_what_came_on_the_topic() {
    let linker = keeping(10);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let part = |name: &'static str| {
        let seen = seen.clone();
        move |_: &Delivery<Order>| {
            seen.lock().unwrap().push(name);
            Err::<(), _>("no")
        }
    };
    let both = on::<Order>()
        .call(part("type"))
        .and(on_topic::<Order>("orders.>").call(part("topic")));
    linker.subscribe(both).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    emitter.prepare(Order(1)).topic("orders.new").emit();
    assert_eq!(linker.dead_letters().requeue_all(|_| true), 1);
    settle().await;
    assert_eq!(*seen.lock().unwrap(), ["topic", "topic"]);
}

#[actix::test]
async fn of_several_handlers_that_fit_the_first_gets_it() {
    let linker = keeping(10);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let part = |name: &'static str| {
        let seen = seen.clone();
        move || {
            seen.lock().unwrap().push(name);
            Err::<(), _>("no")
        }
    };
    let (any, order, exact) = (part("any"), part("order"), part("exact"));
    // In either order, whatever the table goes through first.
    let one = on_topic::<AnyEvent>("orders.*")
        .call(move |_| any())
        .and(on_topic::<Order>("orders.new").call(move |_| order()));
    let two = on_topic::<Order>("orders.new")
        .call(move |_| exact())
        .and(on_topic::<AnyEvent>("orders.>").call(|_| ()));
    linker.subscribe(one).unwrap();
    linker.subscribe(two).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    emitter.prepare(Order(1)).topic("orders.new").emit();
    assert_eq!(linker.dead_letters().requeue_all(|_| true), 2);
    settle().await;
    assert_eq!(*seen.lock().unwrap(), ["any", "exact", "any", "exact"]);
}

#[actix::test]
async fn a_letter_that_is_being_requeued_is_nobody_elses() {
    let linker = keeping(10);
    let letters = linker.dead_letters();
    let tried = Arc::new(Mutex::new(Vec::new()));
    let attempts = tried.clone();
    let nosy = on::<Order>().filter(move |_, _| {
        let all = letters.list();
        let again = all.iter().map(|letter| letters.requeue(letter.id()));
        attempts.lock().unwrap().extend(again);
        assert_eq!((letters.clear(), letters.len()), (0, all.len()));
        true
    });
    linker.subscribe(nosy.call(|_| Err::<(), _>("no"))).unwrap();
    Emitter::start(&linker, Strategy::inline()).emit(Order(1));
    let letters = linker.dead_letters();
    let id = letters.list()[0].id();
    assert_eq!(letters.requeue(id), Ok(()));
    assert_eq!(*tried.lock().unwrap(), [Err(RequeueError::Unknown { id })]);
}

#[actix::test]
async fn the_oldest_goes_when_there_is_no_room_and_is_counted() {
    let linker = keeping(3);
    linker
        .subscribe(on::<Order>().call(|_| Err::<(), _>("no")))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    let all: Vec<_> = (0..5).map(Order).collect();
    for order in &all {
        emitter.emit(order.clone());
    }
    let letters = linker.dead_letters();
    let listed = letters.list();
    let kept: Vec<&Order> = listed
        .iter()
        .filter_map(|l| l.original().downcast_ref())
        .collect();
    assert_eq!(kept, all[2..].iter().collect::<Vec<_>>());
    assert!(listed.windows(2).all(|pair| pair[0].id() < pair[1].id()));
    assert_eq!(
        (letters.capacity(), letters.len(), letters.displaced()),
        (3, 3, 2)
    );
    let odd = letters.take(|letter| letter.original().downcast_ref() == Some(&Order(3)));
    assert_eq!((odd.len(), letters.len()), (1, 2));
    assert_eq!(letters.purge(StoredLetter::is::<u8>), 0);
    assert_eq!(
        (letters.clear(), letters.len(), letters.displaced()),
        (2, 0, 2)
    );
}

#[actix::test]
async fn letters_are_selected_by_topic_and_pattern() {
    let linker = keeping(10);
    linker
        .subscribe(on_any().call(|_| Err::<(), _>("no")))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    emitter.emit(Order(1));
    emitter.prepare(Order(2)).topic("orders.new").emit();
    emitter.prepare(3_u8).topic("orders.new.eu").emit();
    let letters = linker.dead_letters();
    let on = |selector: &Selector| {
        let list = letters.list();
        list.iter()
            .map(|letter| letter.is_on(selector))
            .collect::<Vec<_>>()
    };
    assert_eq!(on(&Selector::event::<Order>()), [true, false, false]);
    assert_eq!(
        on(&Selector::topic("orders.new").unwrap()),
        [false, true, false]
    );
    assert_eq!(
        on(&Selector::topic("orders.>").unwrap()),
        [false, true, true]
    );
    assert_eq!(on(&Selector::everything()), [true, true, true]);
}

#[actix::test]
async fn notices_and_what_their_handlers_emit_have_no_letters() {
    let linker = keeping(10);
    linker
        .subscribe(on::<Order>().call(|_| Err::<(), _>("no")))
        .unwrap();
    let noisy = linker.subscribe(on::<DeadLetter>().call(|letter| {
        assert!(letter.id().is_some());
        letter.emitter().emit(Order(9));
        Err::<(), _>("no")
    }));
    Emitter::start(&linker, Strategy::inline()).emit(Order(1));
    settle().await;
    assert_eq!(noisy.unwrap().counts().failed, 1);
    assert_eq!(linker.dead_letters().len(), 1);
}

#[actix::test]
async fn skips_leave_no_letter() {
    let linker = keeping(10);
    let picky = on::<Order>().filter(|order, _| order.0 > 3).call(|_| ());
    linker.subscribe(picky).unwrap();
    Emitter::start(&linker, Strategy::inline()).emit(Order(1));
    assert!(linker.dead_letters().is_empty());
}

#[actix::test]
async fn nothing_is_kept_unless_it_is_asked_for() {
    let linker = Linker::start();
    linker
        .subscribe(on::<Arc<()>>().call(|_| Err::<(), _>("no")))
        .unwrap();
    let event = Arc::new(());
    Emitter::start(&linker, Strategy::inline()).emit(event.clone());
    assert_eq!(Arc::strong_count(&event), 1);
    assert_eq!(
        (
            linker.dead_letters().capacity(),
            linker.dead_letters().len()
        ),
        (0, 0)
    );
    let zero = Linker::builder().dead_letters(0).start().unwrap_err();
    assert_eq!(
        zero,
        StartError::Zero {
            setting: "dead_letters"
        }
    );
}

#[actix::test]
async fn a_letter_that_many_requeue_at_once_is_delivered_once() {
    let linker = keeping(1_000);
    let mended = Mended::default();
    let works = mended.clone();
    let flaky = linker
        .subscribe(on::<Order>().call(move |_| works.work()))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    (0..500).for_each(|n| drop(emitter.emit(Order(n))));
    mended.mend();
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let letters = linker.dead_letters();
            std::thread::spawn(move || letters.requeue_all(|_| true))
        })
        .collect();
    let requeued = threads
        .into_iter()
        .map(|t| t.join().unwrap())
        .sum::<usize>();
    ended(&flaky).await;
    assert_eq!((requeued, flaky.counts().handled), (500, 500));
    assert!(linker.dead_letters().is_empty());
}

/// Looks at the letters when it is dropped.
struct Curious(DeadLetters, Arc<AtomicUsize>);

impl Drop for Curious {
    fn drop(&mut self) {
        let _ = self.0.list().len();
        self.1.fetch_add(1, SeqCst);
        panic!("and it is clumsy");
    }
}

#[actix::test]
async fn what_leaves_is_dropped_outside_the_lock_and_may_panic() {
    let linker = keeping(1);
    linker
        .subscribe(on::<Curious>().call(|_| Err::<(), _>("no")))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    let dropped = Arc::new(AtomicUsize::new(0));
    for n in 0..3 {
        assert_eq!(dropped.load(SeqCst), usize::max(n, 1) - 1);
        emitter.emit(Curious(linker.dead_letters(), dropped.clone()));
    }
    assert_eq!(dropped.load(SeqCst), 2);
    assert_eq!(linker.dead_letters().clear(), 1);
    assert_eq!(dropped.load(SeqCst), 3);
}

#[actix::test]
async fn the_handle_keeps_the_letters_and_not_the_linker() {
    let linker = keeping(1);
    let alive = Arc::new(());
    let held = alive.clone();
    let holding = on::<Order>().call(move |_| {
        let _ = &held;
        Err::<(), _>("no")
    });
    linker.subscribe(holding).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    emitter.emit(Order(1));
    let letters = linker.dead_letters();
    drop((linker, emitter));
    settle().await;
    assert_eq!(Arc::strong_count(&alive), 1);
    let stopped = Err(RequeueError::Refused(Reason::LinkerStopped));
    assert_eq!(letters.requeue(letters.list()[0].id()), stopped);
}

#[actix::test]
async fn a_stopped_linker_requeues_nothing() {
    let linker = keeping(1);
    linker
        .subscribe(on::<Order>().call(|_| Err::<(), _>("no")))
        .unwrap();
    Emitter::start(&linker, Strategy::inline()).emit(Order(1));
    linker.stop();
    let letters = linker.dead_letters();
    let error = letters.requeue(letters.list()[0].id()).unwrap_err();
    assert_eq!(error, RequeueError::Refused(Reason::LinkerStopped));
    assert_eq!(letters.len(), 1);
}

#[actix::test]
async fn a_suspended_handler_says_so_and_gets_it_when_it_is_resumed() {
    struct Once(Mended);
    impl Actor for Once {
        type Context = Context<Self>;
    }
    impl Handler<Delivery<Order>> for Once {
        type Result = ();
        fn handle(&mut self, _: Delivery<Order>, _: &mut Context<Self>) {
            self.0.work().unwrap();
        }
    }
    let (linker, mended) = (keeping(10), Mended::default());
    let made = mended.clone();
    let fragile = on::<Order>()
        .actor_in(&Arbiter::current(), move || Once(made.clone()))
        .restart(
            Restart::default()
                .budget(1, 60 * SECOND)
                .backoff(Duration::ZERO, Duration::ZERO)
                .jitter(false),
        );
    let fragile = linker.subscribe(fragile).unwrap();
    let emitter = Emitter::start(&linker, Strategy::current());
    for n in 0..2 {
        drop(emitter.emit_and_wait(Order(n)).await);
        settle().await;
    }
    let letters = linker.dead_letters();
    let id = letters.list()[0].id();
    let refused = letters.requeue(id).unwrap_err();
    assert!(matches!(
        refused,
        RequeueError::Refused(Reason::Suspended { .. })
    ));
    mended.mend();
    fragile.resume();
    settle().await;
    letters.requeue(id).map_err(BoxError::from).unwrap();
    ended(&fragile).await;
    assert_eq!(
        (fragile.counts().panicked, fragile.counts().handled),
        (2, 1)
    );
}

#[actix::test]
async fn who_listens_only_since_it_was_emitted_hears_of_it_too() {
    let linker = Linker::start();
    let (fail, failing) = oneshot::channel::<()>();
    let failing = failing.shared();
    let handler = on::<Order>().call_async(move |order| {
        let failing = failing.clone();
        async move {
            let _ = failing.await;
            Err::<(), _>(format!("order {}", order.0))
        }
    });
    linker.subscribe(handler).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    assert_eq!(emitter.emit(Order(7)).accepted(), 1);

    let letters = Arc::new(Mutex::new(Vec::new()));
    let seen = letters.clone();
    let listener =
        on::<DeadLetter>().call(move |letter| seen.lock().unwrap().push((**letter).clone()));
    linker.subscribe(listener).unwrap();
    drop(fail);
    settle().await;
    let letter = letters.lock().unwrap().pop().expect("it is heard");
    assert_eq!(letter.original().downcast_ref(), Some(&Order(7)));
    assert_eq!(letter.error().to_string(), "order 7");
    // What nobody was expected to keep is under way as long as somebody does.
    assert_eq!(emitter.stats().in_flight, 1);
    drop(letter);
    assert_eq!(emitter.stats().in_flight, 0);
    assert!(linker.drain(SECOND).await.is_complete());
}
