//! Two threads that emit to one subscriber, beside one of them alone.
//!
//! A figure is the time of one emit as its thread sees it: if two threads do not disturb
//! each other, it is that of one alone. Each thread's events are counted on a cache line
//! of its own, so that only what delivers them is shared.

use std::fmt;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::Recipient;

use super::{Shape, in_system};
use crate::contest::{Contestant, Entry, Turns, contest};
use crate::contestants::actix::{Counter, RAW};
use crate::contestants::broker::{self, BROKER};
use crate::contestants::bursts::Audience;
use crate::contestants::ventix::{By, How, To, Way, emitter};
use crate::contestants::{kameo, tokio};
use crate::crew::Crew;
use crate::event::{Event, Left};
use crate::place::Place;

/// The name of the shape.
pub const NAME: &str = "two emitting threads, one subscriber";

/// So many of each thread that no lane, of 1,024 by default, is full.
const EACH: usize = 500;

const WAYS: [Way; 3] = [
    Way(By::Inline, How::Emit, To::Callback),
    Way(By::Inline, How::Emit, To::Actor),
    Way(By::Dedicated, How::Emit, To::Callback),
];

/// The name of a row.
pub fn row(name: impl fmt::Display, threads: usize) -> String {
    match threads {
        1 => format!("{name}: one thread alone"),
        _ => format!("{name}: two threads"),
    }
}

/// Emits an event: its thread's and the number that it has there.
type Emit = Arc<dyn Fn(usize, usize) + Send + Sync>;

/// The time from the first emission of the threads to the last handler run.
async fn time(crew: &Crew, emit: Emit, threads: usize, left: &Left) -> Duration {
    for thread in 0..threads {
        left.expect(thread, EACH);
    }
    let work = move |thread| {
        let begin = Instant::now();
        emit(thread, EACH);
        (begin, Instant::now())
    };
    let times = crew.run(threads, work).await;
    let is_over = left.is_over();
    assert!(left.are_over(32).await, "a delivery was lost");
    let begin = times.iter().map(|(begin, _)| *begin).min();
    let end = times.iter().map(|(_, end)| *end).max();
    let (begin, end) = begin.zip(end).expect("there are threads");
    // What is over when the last thread is ran on these threads.
    if is_over {
        end - begin
    } else {
        begin.elapsed()
    }
}

/// Emits one by one.
fn each(emit: impl Fn(Event) + Send + Sync + 'static) -> Emit {
    Arc::new(move |thread, events| {
        for n in 0..events {
            emit(Event::of_thread(thread, n));
        }
    })
}

/// Measures the shape.
pub fn measure(entry: Entry) -> Shape<Turns> {
    let rows = in_system(async {
        let crew = Crew::start();
        let mut contestants = Vec::new();
        let audience = || Audience::new(1, Place::Here);

        let one = audience();
        let actor: Recipient<Event> = Counter::start(&one.left, &one.place).await.recipient();
        let emit = each(move |event| actor.do_send(event));
        contestants.extend(both(RAW, &crew, &emit, &one.left));

        let one = audience();
        let _actor = Counter::start_of_broker(&one.left, &one.place).await;
        broker::settle().await;
        contestants.extend(both(BROKER, &crew, &each(broker::issue), &one.left));

        let one = audience();
        let bus = kameo::start_bus(&one).await;
        let emit = each(move |event| kameo::publish(&bus, event));
        contestants.extend(both(kameo::BUS, &crew, &emit, &one.left));

        let one = audience();
        let send = tokio::start_broadcast(&one).await;
        let emit = each(move |event| drop(send.send(event)));
        contestants.extend(both(tokio::BROADCAST, &crew, &emit, &one.left));

        let one = audience();
        let send = tokio::start_mpsc(&one).await;
        let emit = each(move |event| send.try_send(event).expect("there is room"));
        contestants.extend(both(tokio::MPSC, &crew, &emit, &one.left));

        for way in WAYS {
            let one = audience();
            let emitter = emitter(way.0, way.2, &one).await;
            let emit = each(move |event| drop(black_box(emitter.emit(event))));
            contestants.extend(both(way, &crew, &emit, &one.left));
        }
        contest(contestants, entry).await
    });
    Shape {
        name: NAME.to_owned(),
        unit: "ns per emit of a thread".to_owned(),
        floor: Some(row(RAW, 1)),
        rows,
    }
}

/// One thread alone, and both.
fn both(name: impl fmt::Display, crew: &Crew, emit: &Emit, left: &Left) -> [Contestant; 2] {
    [1, 2].map(|threads| {
        let (crew, emit, left) = (crew.clone(), emit.clone(), left.clone());
        Contestant::new(row(&name, threads), EACH, move || {
            let (crew, emit, left) = (crew.clone(), emit.clone(), left.clone());
            async move { time(&crew, emit, threads, &left).await }
        })
    })
}
