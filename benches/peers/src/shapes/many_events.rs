//! 10,000 subscriptions over 100 events: does an event cost more when it is not alone?

use std::hint::black_box;

use ventix::{Emitter, Linker, Strategy, Topic, on, on_topic};

use super::{Shape, in_system};
use crate::contest::{Contestant, Entry, Turns, contest};
use crate::contestants::bursts::{Audience, each};
use crate::event::{Event, Left};
use crate::place::Place;

/// The name of the shape.
pub const NAME: &str = "100 callbacks of an event, alone and among 10,000 over 100 events";

/// The name of the floor: an event on a linker of its own.
pub const ALONE: &str = "ventix inline, emit, alone";
/// The name of the row where the same event is one of a hundred.
pub const AMONG: &str = "ventix inline, emit, among 100 events";
const IN_TURN: &str = "ventix inline, topic, 100 topics in turn";
const TOPIC_ALONE: &str = "ventix inline, topic, alone";
const TOPIC_AMONG: &str = "ventix inline, topic, among 100 topics";

const SUBSCRIBERS: usize = 100;
const BURST: usize = 100;

/// An event of one of ten types, each of which is compiled on its own.
struct Numbered<const N: usize>(Event);

fn link<const N: usize>(linker: &Linker, left: &Left) {
    for _ in 0..SUBSCRIBERS {
        let left = left.clone();
        let spec = on::<Numbered<N>>().call(move |event| left.handle(&event.0));
        linker.subscribe(spec).expect("no limit is set");
    }
}

/// Links ten types and ninety topics.
fn link_hundred(linker: &Linker, left: &Left) {
    let ten = [
        link::<0>, link::<1>, link::<2>, link::<3>, link::<4>, link::<5>, link::<6>, link::<7>,
        link::<8>, link::<9>,
    ];
    for link in ten {
        link(linker, left);
    }
    for n in ten.len()..100 {
        link_topic(linker, left, &topic(n));
    }
}

fn link_topic(linker: &Linker, left: &Left, topic: &Topic) {
    for _ in 0..SUBSCRIBERS {
        let left = left.clone();
        let spec = on_topic::<Event>(topic).call(move |event| left.handle(event));
        linker.subscribe(spec).expect("no limit is set");
    }
}

/// Measures the shape.
pub fn measure(entry: Entry) -> Shape<Turns> {
    let audience = || Audience::new(SUBSCRIBERS, Place::Here);
    let rows = in_system(async {
        let alone = types(ALONE, audience(), link::<0>);
        let among = types(AMONG, audience(), link_hundred);
        let topic_alone = topics(TOPIC_ALONE, audience(), 1, 1);
        let topic_among = topics(TOPIC_AMONG, audience(), 100, 1);
        let topics_in_turn = topics(IN_TURN, audience(), 100, 100);
        contest(
            vec![alone, among, topic_alone, topic_among, topics_in_turn],
            entry,
        )
        .await
    });
    Shape {
        name: NAME.to_owned(),
        unit: "ns per delivery".to_owned(),
        floor: Some(ALONE.to_owned()),
        rows,
    }
}

/// Links by types, and emits the first of them.
fn types(name: &str, audience: Audience, link: impl Fn(&Linker, &Left)) -> Contestant {
    let linker = Linker::start();
    link(&linker, &audience.left);
    let emitter = Emitter::start(&linker, Strategy::inline());
    let emit = each(move |event| drop(black_box(emitter.emit(Numbered::<0>(event)))));
    audience.bursts(name, BURST, emit)
}

/// Links by topics, and emits to the first of them.
fn topics(name: &str, audience: Audience, linked: usize, emitted: usize) -> Contestant {
    let linker = Linker::start();
    let topics: Vec<Topic> = (0..linked).map(topic).collect();
    for topic in &topics {
        link_topic(&linker, &audience.left, topic);
    }
    let emitter = Emitter::start(&linker, Strategy::inline());
    audience.bursts(name, BURST, move |burst| {
        for n in 0..burst {
            let prepared = emitter.prepare(Event::new(n));
            drop(black_box(prepared.topic(&topics[n % emitted]).emit()));
        }
    })
}

fn topic(n: usize) -> Topic {
    Topic::new(&format!("event.{n}")).expect("it is a topic")
}
