//! What the README says of actix and actix-broker beside ventix: each row of its
//! comparison, shown on both.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix::prelude::*;
use actix_broker::{ArbiterBroker, Broker, BrokerSubscribe};
use ventix::{Delivery, Emitter, Linker, Outcome, Reason, Strategy, on};

use support::settle;

#[derive(Clone, Message)]
#[rtype(result = "Result<(), &'static str>")]
struct Fallible;

#[derive(Clone, Message)]
#[rtype(result = "()")]
struct News(u32);

#[derive(Default)]
struct Listener {
    heard: Arc<AtomicUsize>,
    from_broker: bool,
}

impl Actor for Listener {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        if self.from_broker {
            self.subscribe_async::<ArbiterBroker, News>(ctx);
            self.subscribe_async::<ArbiterBroker, News>(ctx);
        }
    }
}

impl Handler<Fallible> for Listener {
    type Result = Result<(), &'static str>;

    fn handle(&mut self, _: Fallible, _: &mut Context<Self>) -> Self::Result {
        self.heard.fetch_add(1, Ordering::Relaxed);
        Err("dropped by actix")
    }
}

impl Handler<Delivery<Fallible>> for Listener {
    type Result = ();

    fn handle(&mut self, fallible: Delivery<Fallible>, _: &mut Context<Self>) {
        fallible.fail("told by ventix");
    }
}

impl Handler<News> for Listener {
    type Result = ();

    fn handle(&mut self, news: News, ctx: &mut Context<Self>) {
        self.heard.fetch_add(1, Ordering::Relaxed);
        if news.0 == 0 {
            ctx.stop();
        }
    }
}

impl Handler<Delivery<News>> for Listener {
    type Result = ();

    fn handle(&mut self, _: Delivery<News>, _: &mut Context<Self>) {
        self.heard.fetch_add(1, Ordering::Relaxed);
    }
}

#[actix::test]
async fn bound_actix_takes_what_its_mailbox_has_no_room_for_and_ventix_refuses_it() {
    let heard = Arc::new(AtomicUsize::new(0));
    let listener = Listener {
        heard: heard.clone(),
        from_broker: false,
    };
    let addr = listener.start();
    // The default capacity is 16, and this actor cannot run before we yield.
    for n in 1..=1_000 {
        addr.clone().try_send(News(n)).unwrap();
    }
    settle().await;
    assert_eq!(heard.load(Ordering::Relaxed), 1_000);

    let linker = Linker::start();
    linker
        .subscribe(on::<News>().actor(addr).capacity(16))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    let accepted: usize = (1..=1_000).map(|n| emitter.emit(News(n)).accepted()).sum();
    assert_eq!(accepted, 16);
}

#[actix::test]
async fn error_actix_drops_what_a_handler_returned_and_ventix_reports_it() {
    let heard = Arc::new(AtomicUsize::new(0));
    let listener = Listener {
        heard: heard.clone(),
        from_broker: false,
    };
    let addr = listener.start();
    addr.do_send(Fallible); // returns nothing, now or later
    settle().await;
    assert_eq!(heard.load(Ordering::Relaxed), 1);

    let linker = Linker::start();
    linker.subscribe(on::<Fallible>().actor(addr)).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    let report = emitter.emit_and_wait(Fallible).await;
    let outcome = report.iter().next().unwrap().outcome();
    assert!(matches!(outcome, Outcome::Failed(error) if error.to_string() == "told by ventix"));
}

#[actix::test]
async fn gone_actix_drops_what_is_sent_to_a_stopped_actor_and_ventix_says_so() {
    let addr = Listener::default().start();
    let linker = Linker::start();
    linker.subscribe(on::<News>().actor(addr.clone())).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    addr.do_send(News(0));
    settle().await;
    assert!(!addr.connected());

    addr.do_send(News(1)); // returns nothing, now or later
    let receipt = emitter.emit(News(1));
    assert_eq!(receipt.refusals()[0].reason(), &Reason::HandlerGone);
    assert!(linker.is_empty(), "and it is unlinked");
}

#[actix::test]
async fn unheard_the_broker_says_nothing_and_ventix_says_that_nobody_listens() {
    Broker::<ArbiterBroker>::issue_async(News(1)); // returns nothing
    let emitter = Emitter::start(&Linker::start(), Strategy::inline());
    assert!(emitter.emit(News(1)).is_unheard());
}

#[actix::test]
async fn namespace_the_broker_is_one_per_arbiter_and_linkers_are_as_many_as_you_start() {
    let heard = Arc::new(AtomicUsize::new(0));
    let from_broker = true;
    let listener = Listener {
        heard: heard.clone(),
        from_broker,
    };
    let _addr = listener.start();
    settle().await;
    Broker::<ArbiterBroker>::issue_async(News(1));
    settle().await;
    // It subscribed twice by mistake, and has no way to take one back.
    assert_eq!(heard.load(Ordering::Relaxed), 2);

    let linker = Linker::start();
    let stranger = Linker::start();
    let links = linker.subscribe(on::<News>().call(|_| ())).unwrap();
    assert!(
        Emitter::start(&stranger, Strategy::inline())
            .emit(News(1))
            .is_unheard()
    );
    assert!(links.unsubscribe());
    assert!(
        Emitter::start(&linker, Strategy::inline())
            .emit(News(1))
            .is_unheard()
    );
}
