//! The graph of a linker: what it says of subscriptions and of traffic, and that
//! whatever a user calls things, its pictures can be read.

#[cfg(feature = "json")]
mod json;
mod names;
mod sample;

use std::time::Duration;

use actix::prelude::*;
use ventix::graph::{Chain, EventKind, EventNode, Feed, Graph};
use ventix::{
    Delivery, Emitter, Linker, LinkerBuilder, Selector, StartError, Strategy, on, on_any, on_topic,
};

struct Placed;
struct Billed(u32);
struct Mailed;

/// A linker that samples every emission.
fn sampled() -> Linker {
    let linker = Linker::builder().sample_graph(1).start();
    linker.expect("there is an arbiter")
}

fn inline(linker: &Linker) -> Emitter {
    Emitter::start(linker, Strategy::inline())
}

/// The chains, as text: types without their modules.
fn chains(graph: &Graph) -> Vec<String> {
    let text = |selector: &Selector| {
        let text = selector.to_string();
        text.rsplit("::").next().unwrap().to_owned()
    };
    let chain = |chain: &Chain| {
        let (cause, event) = (text(chain.cause()), text(chain.event()));
        format!("{cause} {} {event} {}", chain.handler(), chain.count())
    };
    graph.chains().iter().map(chain).collect()
}

#[actix::test]
async fn who_listens_to_what_needs_no_sample() {
    let linker = Linker::builder().name("orders").start().unwrap();
    let both = on::<Placed>().or_topic("orders.>").call(|_| ());
    let both = linker.subscribe(both.named("both")).unwrap();
    let all = linker.subscribe(on_any().call(|_| ()).once()).unwrap();
    inline(&linker).prepare(1_u8).topic("orders.created").emit();

    let graph = linker.graph();
    assert_eq!((graph.name(), graph.one_in()), (Some("orders"), None));
    let kinds: Vec<_> = graph.events().iter().map(EventNode::kind).collect();
    assert_eq!(kinds[0], EventKind::Type);
    assert_eq!(kinds[1..], [EventKind::Pattern], "`once` has fired");
    assert!(graph.events().iter().all(|event| event.listeners() == 1));
    assert_eq!(graph.handlers().len(), 1);
    assert_eq!(graph.handlers()[0].id(), both.id());
    assert!(!all.is_active());
    let links = graph.links().iter();
    let links: Vec<_> = links
        .map(|link| (link.event().clone(), link.handler()))
        .collect();
    let pattern = Selector::topic("orders.>").unwrap();
    assert_eq!(
        links,
        [
            (Selector::event::<Placed>(), both.id()),
            (pattern, both.id())
        ]
    );
    assert!(graph.feeds().is_empty() && graph.chains().is_empty());
    assert_eq!(graph.unheard().count(), 0);
}

#[actix::test]
async fn a_handler_nobody_reaches_is_known_without_a_sample() {
    let linker = Linker::start();
    linker
        .subscribe(on::<Placed>().call(|_| ()).named("reached"))
        .unwrap();
    linker
        .subscribe(on::<Mailed>().call(|_| ()).named("unreached"))
        .unwrap();
    inline(&linker).emit(Placed);
    let graph = linker.graph();
    assert!(
        graph
            .unreached()
            .map(|handler| handler.name())
            .eq([Some("unreached")])
    );
    assert!(
        graph
            .dot()
            .to_string()
            .contains(r#"class="handler unreached""#)
    );
    let mermaid = graph.mermaid().to_string();
    assert!(mermaid.contains("0 matched\"]:::unreached\n"), "{mermaid}");
    assert!(mermaid.contains("classDef unreached "), "{mermaid}");
    assert!(!mermaid.contains("unheard"), "{mermaid}");
}

#[actix::test]
async fn an_event_nobody_hears_is_marked_and_one_that_was_heard_is_not() {
    let linker = sampled();
    linker
        .subscribe(on::<Placed>().call(|_| ()).once())
        .unwrap();
    let emitter = inline(&linker);
    emitter.emit(Placed);
    emitter.emit(Placed);
    emitter.emit(Mailed);
    emitter.prepare(1_u8).topic("into.the.void").emit();
    let graph = linker.graph();
    let unheard: Vec<_> = graph.unheard().map(EventNode::name).collect();
    assert_eq!(unheard, [std::any::type_name::<Mailed>(), "into.the.void"]);
    let placed = graph
        .events()
        .iter()
        .find(|event| event.name().ends_with("Placed"));
    assert_eq!(placed.map(|e| (e.emitted(), e.missed())), Some((2, 1)));
    let mermaid = graph.mermaid().to_string();
    assert!(
        mermaid.contains("([\"Mailed<br/>1 seen, unheard\"]):::unheard\n"),
        "{mermaid}"
    );
    assert!(
        mermaid.contains("([\"Placed<br/>2 seen, 1 unheard\"])\n"),
        "{mermaid}"
    );
    let dot = graph.dot().to_string();
    let marked = dot
        .lines()
        .filter(|line| line.contains(" unheard\", color="));
    assert_eq!(marked.count(), 2, "{dot}");
}

#[actix::test]
async fn what_is_refused_by_a_linker_that_has_stopped_is_not_unheard() {
    let linker = sampled();
    let emitter = inline(&linker);
    linker.stop();
    assert!(emitter.emit(Placed).refusal().is_some());
    let drained = sampled();
    drained.subscribe(on::<Mailed>().call(|_| ())).unwrap();
    let emitter = inline(&drained);
    assert!(drained.drain(Duration::from_secs(5)).await.is_complete());
    assert!(emitter.emit(Placed).refusal().is_some());
    assert!(emitter.emit(Mailed).refusal().is_some());
    assert!(linker.graph().events().is_empty());
    let graph = drained.graph();
    assert!(
        graph.events().iter().map(EventNode::emitted).eq([0]),
        "what is listened to"
    );
}

#[actix::test]
async fn traffic_on_a_topic_feeds_the_patterns_that_match_and_everything() {
    let linker = sampled();
    for pattern in ["orders.*", "orders.>", "users.*"] {
        linker
            .subscribe(on_topic::<u8>(pattern).call(|_| ()))
            .unwrap();
    }
    linker.subscribe(on_any().call(|_| ())).unwrap();
    linker
        .subscribe(on_topic::<u8>("orders.silent").call(|_| ()))
        .unwrap();
    let emitter = inline(&linker);
    emitter.prepare(1_u8).topic("orders.eu.created").emit();
    emitter.emit(1_u8);
    let graph = linker.graph();
    let feed = |feed: &Feed| format!("{} -> {}", feed.event(), feed.reaches());
    let feeds: Vec<_> = graph.feeds().iter().map(feed).collect();
    let expected = [
        "u8 -> everything",
        "orders.eu.created -> orders.>",
        "orders.eu.created -> everything",
    ];
    assert_eq!(feeds, expected);
}

struct Biller;

impl Actor for Biller {
    type Context = Context<Self>;
}

impl Handler<Delivery<Placed>> for Biller {
    type Result = ();

    fn handle(&mut self, order: Delivery<Placed>, _: &mut Context<Self>) {
        order.emitter().emit(Billed(1));
    }
}

#[actix::test]
async fn a_chain_is_seen_under_every_strategy_and_with_every_kind_of_handler() {
    let strategies = [
        Strategy::inline(),
        Strategy::current(),
        Strategy::current().in_order(),
        Strategy::dedicated(),
        Strategy::pool(2),
        Strategy::blocking(1),
    ];
    for strategy in strategies {
        let linker = sampled();
        let shown = format!("{strategy:?}");
        let subscribe = |spec| linker.subscribe(spec).unwrap();
        subscribe(on::<Placed>().actor(Biller.start()));
        subscribe(on::<Placed>().call(|order| {
            order.emitter().emit(Billed(2));
        }));
        subscribe(on::<Placed>().call_async(async |order| {
            actix_rt::task::yield_now().await;
            order.emitter().prepare(Billed(3)).key("key").emit();
        }));
        subscribe(on::<Placed>().call_blocking(|order| {
            order.emitter().emit(Billed(4));
        }));
        subscribe(on::<Billed>().call(|bill| {
            if bill.0 > 2 {
                bill.emitter().prepare(Mailed).topic("mail.sent").emit();
            }
        }));
        let emitter = Emitter::start(&linker, strategy);
        for _ in 0..3 {
            assert_eq!(emitter.emit_and_wait(Placed).await.handled(), 4, "{shown}");
        }
        while linker
            .graph()
            .events()
            .iter()
            .map(EventNode::emitted)
            .sum::<u64>()
            < 3 + 12 + 6
        {
            actix_rt::task::yield_now().await;
        }
        let expected = [
            "Billed #5 mail.sent 6",
            "Placed #1 Billed 3",
            "Placed #2 Billed 3",
            "Placed #3 Billed 3",
            "Placed #4 Billed 3",
        ];
        assert_eq!(chains(&linker.graph()), expected, "{shown}");
        assert_eq!(linker.graph().unheard().count(), 1, "{shown}");
    }
}

#[actix::test]
async fn a_handler_of_several_events_says_on_which_it_emitted() {
    let linker = sampled();
    let mail = on::<Placed>().call(|order| drop(order.emitter().emit(Mailed)));
    let mail = mail.and(on::<Billed>().call(|bill| drop(bill.emitter().emit(Mailed))));
    linker.subscribe(mail).unwrap();
    let emitter = inline(&linker);
    emitter.emit(Placed);
    emitter.emit(Billed(1));
    emitter.emit(Billed(2));
    let graph = linker.graph();
    assert_eq!(chains(&graph), ["Billed #1 Mailed 2", "Placed #1 Mailed 1"]);
    let mermaid = graph.mermaid().to_string();
    assert!(mermaid.contains("h1 ==>|\"2× on Billed\"| e1"), "{mermaid}");
    let dot = graph.dot().to_string();
    assert!(
        dot.contains("h1 -> e1 [style=bold, label=\"1× on Placed\"]"),
        "{dot}"
    );
}

#[actix::test]
async fn a_handler_that_has_gone_is_shown_by_what_it_emitted() {
    let linker = sampled();
    let first = on::<Placed>().call(|order| drop(order.emitter().emit(Mailed)));
    linker.subscribe(first.once().named("first")).unwrap();
    inline(&linker).emit(Placed);
    let graph = linker.graph();
    let first = &graph.handlers()[0];
    assert_eq!((first.name(), first.is_linked()), (Some("first"), false));
    assert!(first.counts().is_none() && !first.is_unreached());
    assert!(graph.links().is_empty());
    let mermaid = graph.mermaid().to_string();
    assert!(
        mermaid.contains("h1[\"first<br/>#35;1<br/>unsubscribed\"]:::gone"),
        "{mermaid}"
    );
}

#[actix::test]
async fn what_a_handler_of_notices_emits_is_a_chain() {
    let linker = sampled();
    let tell = on::<ventix::DeadLetter>().call(|dead| drop(dead.emitter().emit(Mailed)));
    linker.subscribe(tell).unwrap();
    linker
        .subscribe(on::<Placed>().call(|_| Err::<(), _>("no")))
        .unwrap();
    inline(&linker).emit(Placed);
    assert_eq!(chains(&linker.graph()), ["DeadLetter #1 Mailed 1"]);
    assert_eq!(linker.graph().unreached().count(), 0);
}

#[actix::test]
async fn an_emission_handed_to_another_linker_is_no_chain_there() {
    let (orders, users) = (sampled(), sampled());
    users
        .subscribe(on::<Mailed>().call(|_| ()).named("not the one"))
        .unwrap();
    let elsewhere = inline(&users).addr();
    orders
        .subscribe(on::<Placed>().call(move |order| {
            elsewhere.do_send(order.emitter().prepare(Mailed).into_message());
        }))
        .unwrap();
    assert!(inline(&orders).emit_and_wait(Placed).await.all_handled());
    while users.graph().events()[0].emitted() == 0 {
        actix_rt::task::yield_now().await;
    }
    assert!(users.graph().chains().is_empty() && orders.graph().chains().is_empty());
}

#[actix::test]
async fn every_way_to_emit_is_counted_once() {
    let linker = sampled();
    linker
        .subscribe(on::<u8>().call_async(async |_| ()))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::current());
    emitter.emit(1_u8);
    assert!(emitter.emit_and_wait(2_u8).await.all_handled());
    emitter.emit_when_ready(3_u8).await;
    emitter.prepare(4_u8).key("key").emit();
    emitter.addr().send(ventix::Emit(5_u8)).await.unwrap();
    assert_eq!(linker.graph().events()[0].emitted(), 5);
}

#[actix::test]
async fn a_sample_of_none_or_in_no_room_is_an_error() {
    let zero = |builder: LinkerBuilder| builder.start().unwrap_err();
    let setting = |setting| StartError::Zero { setting };
    assert_eq!(
        zero(Linker::builder().sample_graph(0)),
        setting("sample_graph")
    );
    assert_eq!(
        zero(Linker::builder().sample_capacity(0)),
        setting("sample_capacity")
    );
}
