//! What it costs to keep dead letters: an emission that is refused, and one that fails,
//! with nobody to hear of it, with a store that is full, and with a subscriber.
//!
//! `cargo bench --bench letters`. Events have 32 bytes, and everything runs on one thread.
//!
//! On a busy 2-core host: refused 0.19 us with nobody, 0.43 kept, 0.58 heard; failed 0.36,
//! 0.52 and 0.7.

use std::hint::black_box;
use std::time::Duration;

use actix::System;
use criterion::{Criterion, criterion_group, criterion_main};
use ventix::{DeadLetter, Emitter, Linker, Strategy, on};

struct Event([u64; 4]);

/// A linker whose one handler is paused, or fails.
fn linked(keeps: bool, is_heard: bool, is_paused: bool) -> Emitter {
    let mut linker = Linker::builder();
    if keeps {
        linker = linker.dead_letters(256);
    }
    let linker = linker.start().expect("there is an arbiter");
    let spec = on::<Event>().call(|event| {
        black_box(event.0);
        Err::<(), _>(std::fmt::Error)
    });
    let spec = if is_paused { spec.paused() } else { spec };
    linker.subscribe(spec).expect("no limit is set");
    if is_heard {
        let letters = on::<DeadLetter>().call(|letter| {
            black_box(letter.handler());
        });
        linker.subscribe(letters).expect("no limit is set");
    }
    Emitter::start(&linker, Strategy::inline())
}

fn letters(criterion: &mut Criterion) {
    for (name, is_paused) in [("refused", true), ("failed", false)] {
        let mut group = criterion.benchmark_group(name);
        let cases = [
            ("nobody", false, false),
            ("kept", true, false),
            ("heard", false, true),
            ("kept and heard", true, true),
        ];
        for (case, keeps, is_heard) in cases {
            group.bench_function(case, |b| {
                System::new().block_on(async {
                    let emitter = linked(keeps, is_heard, is_paused);
                    b.iter(|| drop(black_box(emitter.emit(Event([1; 4])))));
                });
            });
        }
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20);
    targets = letters
}
criterion_main!(benches);
