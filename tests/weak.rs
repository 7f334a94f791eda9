//! Subscriptions that do not keep their actor alive, and those that do.

mod support;

use std::sync::{Arc, Mutex};

use actix::prelude::*;
use ventix::{
    Delivery, Emitter, HandlerGone, Linker, Reason, Restart, Routing, Strategy, SubscribeError,
    SubscriptionSpec, on,
};

use support::settle;

/// Tells when it has stopped.
#[derive(Default)]
struct Session {
    stopped: Arc<Mutex<bool>>,
}

impl Session {
    fn start_and_watch() -> (Addr<Self>, Arc<Mutex<bool>>) {
        let stopped = Arc::default();
        let told = Arc::clone(&stopped);
        (Self { stopped }.start(), told)
    }
}

impl Actor for Session {
    type Context = Context<Self>;

    fn stopped(&mut self, _: &mut Context<Self>) {
        *self.stopped.lock().unwrap() = true;
    }
}

#[derive(Clone, Message)]
#[rtype(result = "()")]
struct News;

impl Handler<Delivery<News>> for Session {
    type Result = ();

    fn handle(&mut self, _: Delivery<News>, _: &mut Context<Self>) {}
}

impl Handler<News> for Session {
    type Result = ();

    fn handle(&mut self, _: News, _: &mut Context<Self>) {}
}

/// The ways to subscribe an actor by its address.
fn specs(session: &Addr<Session>) -> [SubscriptionSpec; 3] {
    let session = || session.clone();
    [
        on::<News>().actor(session()),
        on::<News>().recipient(session().recipient()),
        on::<News>().plain_actor(session()),
    ]
}

/// What is told of handlers that have gone.
fn gone(linker: &Linker) -> Arc<Mutex<Vec<String>>> {
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = told.clone();
    let spec = on::<HandlerGone>().call(move |gone| tell.lock().unwrap().push(gone.to_string()));
    linker.subscribe(spec).unwrap();
    told
}

#[actix::test]
async fn a_subscription_keeps_its_actor_and_a_weak_one_does_not() {
    for way in 0..3 {
        for weak in [false, true] {
            let (session, stopped) = Session::start_and_watch();
            let linker = Linker::start();
            let told = gone(&linker);
            let [a, b, c] = specs(&session);
            let spec = [a, b, c].into_iter().nth(way).unwrap().named("session");
            let spec = if weak { spec.weak() } else { spec };
            let subscription = linker.subscribe(spec).unwrap();
            let emitter = Emitter::start(&linker, Strategy::inline());
            assert!(
                emitter.emit_and_wait(News).await.all_handled(),
                "{way} {weak}"
            );
            drop(session);
            settle().await;
            assert_eq!(*stopped.lock().unwrap(), weak, "{way} {weak}");
            let receipt = emitter.emit(News);
            if weak {
                assert_eq!(receipt.refusals()[0].reason(), &Reason::HandlerGone);
                assert_eq!(*told.lock().unwrap(), ["#2 (session) has gone"]);
                assert!(!subscription.is_active());
            } else {
                assert!(receipt.is_complete());
                assert!(subscription.is_active() && told.lock().unwrap().is_empty());
            }
        }
    }
}

#[actix::test]
async fn one_that_has_gone_is_unlinked_by_a_sweep() {
    let (session, stopped) = Session::start_and_watch();
    let linker = Linker::start();
    let told = gone(&linker);
    for spec in specs(&session) {
        linker.subscribe(spec.weak()).unwrap();
    }
    settle().await;
    assert_eq!(linker.sweep(), 0, "it is still there");
    drop(session);
    settle().await;
    assert!(*stopped.lock().unwrap());
    assert_eq!(linker.sweep(), 3);
    assert_eq!(told.lock().unwrap().len(), 3);
    assert_eq!(linker.subscription_count(), 1, "the one to hear of it");
}

#[actix::test]
async fn what_is_on_its_way_to_an_actor_that_goes_is_handled_or_lost() {
    for strategy in [Strategy::inline(), Strategy::current()] {
        for way in 0..3 {
            let (session, _) = Session::start_and_watch();
            let linker = Linker::start();
            let spec = specs(&session).into_iter().nth(way).unwrap();
            let lane = linker.subscribe(spec.weak()).unwrap();
            let emitter = Emitter::start(&linker, strategy.clone());
            let waiting = emitter.emit_and_wait(News);
            let (report, ()) = futures::join!(waiting, async { drop(session) });
            let outcome = report.outcomes().next().unwrap().as_str();
            assert!(["handled", "lost"].contains(&outcome), "{outcome}");
            assert_eq!((lane.counts().matched, lane.counts().in_flight()), (1, 0));
        }
    }
}

#[actix::test]
async fn only_an_actor_of_the_users_can_be_held_weakly() {
    let linker = Linker::start();
    let here = Arbiter::current();
    let specs = [
        on::<News>().call(|_| ()),
        on::<News>().call_async(async |_| ()),
        on::<News>().call_blocking(|_| ()),
        on::<News>().actor_in(&here, Session::default),
        on::<News>().actor_pool_in([here.clone()], Routing::RoundRobin, Session::default),
    ];
    for spec in specs {
        assert_eq!(
            linker.subscribe(spec.weak()).unwrap_err(),
            SubscribeError::NotWeak
        );
    }
    assert!(linker.is_empty());
}

#[actix::test]
async fn only_an_actor_that_the_bus_makes_can_be_restarted() {
    let linker = Linker::start();
    let (session, _) = Session::start_and_watch();
    let callbacks = [
        on::<News>().call(|_| ()),
        on::<News>().call_async(async |_| ()),
        on::<News>().call_blocking(|_| ()),
    ];
    for spec in callbacks.into_iter().chain(specs(&session)) {
        let error = linker
            .subscribe(spec.restart(Restart::default()))
            .unwrap_err();
        assert_eq!(error, SubscribeError::NotMade);
    }
    assert!(linker.is_empty());
}

#[actix::test]
async fn a_callback_beside_a_weak_actor_stays() {
    let (session, _) = Session::start_and_watch();
    let linker = Linker::start();
    let callback = on::<u8>().call(|_| ());
    let both = on::<News>().actor(session).weak().and(callback);
    let both = linker.subscribe(both).unwrap();
    settle().await;
    assert_eq!(linker.sweep(), 1);
    assert!(both.is_active());
    let emitter = Emitter::start(&linker, Strategy::inline());
    assert!(emitter.emit(News).is_unheard());
    assert_eq!(emitter.emit(1_u8).accepted(), 1);
}
