//! The matrix of Pyventus's own benchmark: the time of one emit.
//!
//! Of `n` subscriptions, the square root of `n` are the events. Each subscription is to
//! one event, or to a random selection or all of them besides; none, half or all of them,
//! at random, fire once. Each figure is of the first emit of a linker that has just been
//! filled, which runs every callback of the event to its end, as it does there. Pyventus's
//! event names are topics here.

use std::hint::black_box;
use std::time::Instant;

use ventix::{Emitter, Linker, Strategy, SubscriptionSpec, on_topic};

use super::{Shape, in_system};
use crate::contest::Row;
use crate::effort::Effort;
use crate::event::{Event, Left};

/// The name of the shape.
pub const NAME: &str = "Pyventus's matrix, first emit";

const SIZES: [usize; 5] = [100, 500, 1_000, 5_000, 10_000];

/// How many of the others something is true of.
#[derive(Clone, Copy)]
enum Some {
    None,
    Random,
    All,
}

/// A small generator, the same in every run: xorshift, of Marsaglia 2003.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

/// A filled linker's emitter.
fn fill(size: usize, events: Some, once: Some, left: &Left) -> Emitter {
    let linker = Linker::start();
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let count = size.isqrt();
    let names: Vec<String> = (0..count).map(|n| format!("Event{n}")).collect();
    let mut subscribe = |own: usize, others: Some| {
        let mut order: Vec<usize> = (0..count).collect();
        let picked = match others {
            Some::None => 0,
            Some::Random => random.below(count + 1),
            Some::All => count,
        };
        // The first steps of a shuffle: a random selection.
        for n in 0..picked {
            let other = n + random.below(count - n);
            order.swap(n, other);
        }
        let mut on = on_topic::<Event>(&names[own]);
        for other in order.into_iter().take(picked).filter(|other| *other != own) {
            on = on.or_topic(&names[other]);
        }
        let left = left.clone();
        let spec = on.call(move |event| left.handle(event));
        let is_once = match once {
            Some::None => false,
            Some::Random => random.below(2) == 1,
            Some::All => true,
        };
        let spec = if is_once {
            SubscriptionSpec::once(spec)
        } else {
            spec
        };
        linker.subscribe(spec).expect("no limit is set");
    };
    for own in 0..count {
        for _ in 0..size / count {
            subscribe(own, events);
        }
    }
    for own in 0..size % count {
        subscribe(own, Some::None);
    }
    Emitter::start(&linker, Strategy::inline())
}

/// Measures the shape.
pub fn measure(effort: Effort) -> Shape {
    let modes = [
        ("single", Some::None),
        ("random", Some::Random),
        ("all", Some::All),
    ];
    let onces = [
        ("none", Some::None),
        ("random", Some::Random),
        ("all", Some::All),
    ];
    let mut cells = Vec::new();
    for size in SIZES {
        for (mode, events) in modes {
            for (once_name, once) in onces {
                let name =
                    format!("ventix inline, {size} subscriptions, {mode} events, {once_name} once");
                cells.push((name, size, events, once, Vec::new()));
            }
        }
    }
    let begin = Instant::now();
    let mut rounds = 0;
    in_system(async {
        while rounds < effort.rounds || begin.elapsed() < effort.matrix {
            for (_, size, events, once, figures) in &mut cells {
                figures.push(first_emit(*size, *events, *once));
            }
            rounds += 1;
        }
    });
    let rows = cells
        .into_iter()
        .map(|(name, .., figures)| Row::of(name, figures));
    Shape {
        name: NAME.to_owned(),
        unit: "us per emit".to_owned(),
        floor: None,
        rows: rows.collect(),
    }
}

/// The microseconds of the first emit of a linker that has just been filled.
fn first_emit(size: usize, events: Some, once: Some) -> f64 {
    let left = Left::default();
    let emitter = fill(size, events, once, &left);
    let begin = Instant::now();
    drop(black_box(
        emitter.prepare(Event::new(0)).topic("Event0").emit(),
    ));
    begin.elapsed().as_nanos() as f64 / 1e3
}
