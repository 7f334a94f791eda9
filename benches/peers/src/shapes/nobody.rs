//! An event that nobody listens to.

use std::hint::black_box;
use std::rc::Rc;
use std::time::Instant;

use ventix::{Emitter, Linker, Strategy, on};

use super::{Shape, in_system};
use crate::contest::{Contestant, Entry, Turns, contest};
use crate::contestants::actix;
use crate::contestants::actix::RAW;
use crate::contestants::broker::{self, BROKER};
use crate::contestants::bursts::Audience;
use crate::event::Event;
use crate::place::Place;

/// The name of the shape.
pub const NAME: &str = "no subscriber";

/// The name of the row that has a bar.
pub const EMIT: &str = "ventix inline, emit";

/// Measures the shape.
pub fn measure(entry: Entry) -> Shape<Turns> {
    let rows = in_system(async {
        let one = || Audience::new(1, Place::Here);
        let raw = actix::raw(one())
            .await
            .note("to one actor: what a delivery costs");
        let linker = Linker::start();
        let inline = Emitter::start(&linker, Strategy::inline());
        let current = Emitter::start(&linker, Strategy::current());
        let others = Linker::start();
        let other = on::<u8>().call(|_| ());
        others.subscribe(other).expect("no limit is set");
        let others = Emitter::start(&others, Strategy::inline());
        let typed = inline.typed::<Event>();
        let typed = emissions("ventix inline, typed emit", move |event| {
            drop(black_box(typed.emit(event)));
        });
        let ignored = emissions(EMIT, move |event| drop(black_box(inline.emit(event))));
        let current = emissions("ventix current, emit", move |event| {
            drop(black_box(current.emit(event)));
        });
        let others = emissions(
            "ventix inline, emit, others have subscribers",
            move |event| {
                drop(black_box(others.emit(event)));
            },
        );
        let issue = issues();
        contest(vec![raw, issue, ignored, typed, current, others], entry).await
    });
    Shape {
        name: NAME.to_owned(),
        unit: "ns per emit".to_owned(),
        floor: Some(RAW.to_owned()),
        rows,
    }
}

const EMISSIONS: usize = 1_000;

/// One that is done when it has emitted.
fn emissions(name: &str, emit: impl Fn(Event) + 'static) -> Contestant {
    let emit = Rc::new(emit);
    Contestant::new(name, EMISSIONS, move || {
        let emit = emit.clone();
        async move {
            let begin = Instant::now();
            for n in 0..EMISSIONS {
                emit(Event::new(n));
            }
            begin.elapsed()
        }
    })
}

/// The broker, which finds out in its own time that nobody listens.
fn issues() -> Contestant {
    Contestant::new(BROKER, EMISSIONS, || async {
        let begin = Instant::now();
        for n in 0..EMISSIONS {
            broker::issue(Event::new(n));
        }
        // Twice: its actor was woken and handles all of them, so that nothing is left
        // for the turn of another.
        actix_rt::task::yield_now().await;
        actix_rt::task::yield_now().await;
        begin.elapsed()
    })
}
