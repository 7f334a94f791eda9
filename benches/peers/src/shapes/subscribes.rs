//! 10,000 and 100,000 subscribes to one event, and then the unsubscribes.

use std::time::{Duration, Instant};

use ventix::{Linker, Subscription, on};

use super::{Shape, in_system};
use crate::contest::Row;
use crate::effort::Effort;
use crate::event::{Event, Left};

/// The name of the shape.
pub const NAME: &str = "subscribes to one event, then the unsubscribes";

/// How many.
pub const SIZES: [usize; 2] = [10_000, 100_000];

/// The names of the rows of a size: subscribes, unsubscribes.
#[must_use]
pub fn rows_of(size: usize) -> [String; 2] {
    [
        format!("ventix, {size} subscribes"),
        format!("ventix, {size} unsubscribes"),
    ]
}

/// Measures the shape.
pub fn measure(effort: Effort) -> Shape {
    let rows = in_system(async {
        let begin = Instant::now();
        let mut figures = SIZES.map(|_| [const { Vec::new() }; 2]);
        let mut rounds = 0;
        while rounds < effort.rounds || begin.elapsed() < effort.per_shape {
            for (size, figures) in SIZES.into_iter().zip(&mut figures) {
                for (figures, time) in figures.iter_mut().zip(time(size)) {
                    figures.push(time.as_nanos() as f64 / 1e3);
                }
            }
            rounds += 1;
        }
        let rows = SIZES.into_iter().zip(figures);
        let rows = rows.flat_map(|(size, figures)| rows_of(size).into_iter().zip(figures));
        rows.map(|(name, figures)| Row::of(name, figures)).collect()
    });
    Shape {
        name: NAME.to_owned(),
        unit: "us for all".to_owned(),
        floor: None,
        rows,
    }
}

/// The time of so many subscribes, and of the unsubscribes.
fn time(size: usize) -> [Duration; 2] {
    let linker = Linker::start();
    let left = Left::default();
    let begin = Instant::now();
    let subscribe = |_| {
        let left = left.clone();
        let spec = on::<Event>().call(move |event| left.handle(event));
        linker.subscribe(spec).expect("no limit is set")
    };
    let subscriptions: Vec<Subscription> = (0..size).map(subscribe).collect();
    let subscribed = begin.elapsed();
    let begin = Instant::now();
    for subscription in &subscriptions {
        subscription.unsubscribe();
    }
    [subscribed, begin.elapsed()]
}
