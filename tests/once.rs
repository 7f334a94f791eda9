//! A once-handler fires once, whatever is emitted by however many threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use ventix::{Emitter, Linker, Strategy, on, on_topic};

const THREADS: usize = 8;
const ROUNDS: usize = 1_000;

/// Every round subscribes one handler to two types, a topic and a pattern, once,
/// and lets all threads emit one of the four at the same moment.
fn stress(linker: &Linker, emitters: &[Emitter]) {
    let barrier = Barrier::new(THREADS + 1);
    let accepted = AtomicUsize::new(0);
    thread::scope(|scope| {
        for i in 0..THREADS {
            let (barrier, accepted) = (&barrier, &accepted);
            let emitter = &emitters[i % emitters.len()];
            scope.spawn(move || {
                for _ in 0..ROUNDS {
                    barrier.wait();
                    let receipt = match i % 4 {
                        0 => emitter.emit(1_u8),
                        1 => emitter.emit(1_u16),
                        2 => emitter.prepare(1_u8).topic("once.topic").emit(),
                        _ => emitter.prepare(1_u16).topic("once.pattern").emit(),
                    };
                    accepted.fetch_add(receipt.accepted(), Ordering::Relaxed);
                    barrier.wait();
                }
            });
        }
        for round in 0..ROUNDS {
            let fired = Arc::new(AtomicUsize::new(0));
            let count = || {
                let fired = fired.clone();
                move || {
                    fired.fetch_add(1, Ordering::Relaxed);
                }
            };
            let (a, b, c, d) = (count(), count(), count(), count());
            let spec = on::<u8>()
                .call(move |_| a())
                .and(on::<u16>().call(move |_| b()))
                .and(on_topic::<u8>("once.topic").call(move |_| c()))
                .and(on_topic::<u16>("once.*").call(move |_| d()))
                .once();
            let links = linker.subscribe(spec).unwrap();
            barrier.wait();
            barrier.wait();
            while links.is_active() {
                thread::yield_now();
            }
            while fired.load(Ordering::Relaxed) == 0 {
                thread::yield_now();
            }
            assert_eq!(accepted.swap(0, Ordering::Relaxed), 1, "round {round}");
            assert_eq!(fired.load(Ordering::Relaxed), 1, "round {round}");
        }
    });
}

#[test]
fn inline_once_fires_exactly_once_under_eight_threads() {
    let system = actix::System::new();
    let (linker, emitters) = system.block_on(async {
        let linker = Linker::start();
        let emitters = vec![
            Emitter::start(&linker, Strategy::inline()),
            Emitter::start(&linker, Strategy::inline()),
        ];
        (linker, emitters)
    });
    stress(&linker, &emitters);
}

#[test]
fn dedicated_and_inline_once_fires_exactly_once_under_eight_threads() {
    let system = actix::System::new();
    let (linker, emitters) = system.block_on(async {
        let linker = Linker::start();
        let emitters = vec![
            Emitter::start(&linker, Strategy::dedicated()),
            Emitter::start(&linker, Strategy::inline()),
            Emitter::start(&linker, Strategy::dedicated()),
        ];
        (linker, emitters)
    });
    stress(&linker, &emitters);
}
