//! What a sample keeps, and what it leaves out.

use super::*;

#[actix::test]
async fn without_sampling_nothing_is_kept() {
    let linker = Linker::start();
    let mail = on::<Placed>().call(|order| drop(order.emitter().emit(Mailed)));
    linker.subscribe(mail).unwrap();
    inline(&linker).emit(Placed);
    let graph = linker.graph();
    assert_eq!(graph.events().len(), 1, "what is listened to");
    assert_eq!(graph.events()[0].emitted(), 0);
    assert!(graph.chains().is_empty());
    assert_eq!(graph.handlers()[0].counts().map(|c| c.handled), Some(1));
}

#[actix::test]
async fn a_sample_is_bounded_and_counts_what_does_not_fit() {
    let linker = Linker::builder()
        .sample_graph(1)
        .sample_capacity(8)
        .start()
        .unwrap();
    let count = on::<u32>().call(|n| {
        n.emitter()
            .prepare(())
            .topic(format!("counted.{}", **n))
            .emit();
    });
    linker.subscribe(count).unwrap();
    let emitter = inline(&linker);
    for n in 0..20_u32 {
        emitter.emit(n);
    }
    let graph = linker.graph();
    // `u32` and 7 topics; and one more topic that only its chain has brought along.
    assert_eq!((graph.events().len(), graph.chains().len()), (9, 8));
    assert_eq!(graph.omitted(), 13);
    // What is known already goes on being counted.
    let of_u32 = graph.events().iter().find(|event| event.name() == "u32");
    assert_eq!(of_u32.map(EventNode::emitted), Some(20));
    assert!(graph.dot().to_string().lines().count() < 40);
}

#[actix::test]
async fn a_chain_that_does_not_fit_is_counted_even_if_its_event_does() {
    let linker = Linker::builder()
        .sample_graph(1)
        .sample_capacity(2)
        .start()
        .unwrap();
    for _ in 0..3 {
        linker
            .subscribe(on::<Placed>().call(|order| drop(order.emitter().emit(Mailed))))
            .unwrap();
    }
    inline(&linker).emit(Placed);
    let graph = linker.graph();
    assert_eq!(
        (graph.events().len(), graph.chains().len(), graph.omitted()),
        (2, 2, 1)
    );
    assert_eq!(graph.unheard().map(EventNode::emitted).sum::<u64>(), 3);
}

#[actix::test]
async fn one_in_many_sees_both_of_two_that_take_turns() {
    let linker = Linker::builder().sample_graph(10).start().unwrap();
    linker
        .subscribe(on::<Placed>().call(|order| drop(order.emitter().emit(Mailed))))
        .unwrap();
    let emitter = inline(&linker);
    for _ in 0..10_000 {
        emitter.emit(Placed);
    }
    let graph = linker.graph();
    assert_eq!(graph.one_in(), Some(10));
    for event in graph.events() {
        let seen = event.emitted();
        assert!(
            (800..1_200).contains(&seen),
            "{} seen {seen} times",
            event.name()
        );
    }
    assert_eq!(
        graph.chains()[0].count(),
        graph.unheard().next().unwrap().emitted()
    );
}

#[actix::test]
async fn a_sample_is_exact_under_threads() {
    let linker = sampled();
    linker
        .subscribe(on::<Placed>().call(|order| drop(order.emitter().emit(Mailed))))
        .unwrap();
    let emitter = inline(&linker);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..500).for_each(|_| drop(emitter.emit(Placed))));
        }
    });
    let graph = linker.graph();
    assert!(graph.events().iter().all(|event| event.emitted() == 2_000));
    assert_eq!(graph.chains()[0].count(), 2_000);
}

/// Hash maps are behind it, and each of them has another order.
#[actix::test]
async fn the_same_graph_is_always_written_the_same() {
    let written = || {
        let linker = sampled();
        for topic in ["b.*", "a.>", "c.1", "c.2"] {
            let echo = on_topic::<u8>(topic).call(|n| {
                if **n > 0 {
                    n.emitter()
                        .prepare(**n - 1)
                        .topic(format!("a.{}", **n))
                        .emit();
                }
            });
            linker.subscribe(echo.named(topic)).unwrap();
        }
        linker.subscribe(on::<Placed>().call(|_| ())).unwrap();
        let emitter = inline(&linker);
        for number in 0..30 {
            emitter
                .prepare(3_u8)
                .topic(format!("c.{}", number % 7))
                .emit();
            emitter.prepare("text").topic(format!("b.{number}")).emit();
        }
        let graph = linker.graph();
        format!("{}{}", graph.dot(), graph.mermaid())
    };
    let first = written();
    assert!(first.lines().count() > 100, "{first}");
    for _ in 0..5 {
        assert_eq!(written(), first);
    }
}
