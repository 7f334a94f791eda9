//! What one delivery costs, beside what actix itself charges for a message and
//! what its broker does. Every figure is for one emission; divide those of the
//! fan-out by 100.
//!
//! `cargo bench --bench emit`. Events have 32 bytes, handlers decrement one
//! atomic counter, and everything runs on one thread.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use actix::prelude::*;
use actix_broker::{Broker, BrokerSubscribe, SystemBroker};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ventix::{Delivery, Emitter, Linker, Strategy, on};

/// Few enough that no lane, of 1,024 by default, is ever full.
const BURST: usize = 1_000;

#[derive(Clone, Message)]
#[rtype(result = "()")]
struct Event(#[allow(dead_code, reason = "32 bytes to carry")] [u64; 4]);

impl Event {
    fn new(n: usize) -> Self {
        Self([n as u64; 4])
    }
}

/// How many handler runs are still to come.
#[derive(Clone, Default)]
struct Left(Arc<AtomicUsize>);

impl Left {
    fn one_less(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Counter {
    left: Left,
    from_broker: bool,
}

impl Actor for Counter {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        if self.from_broker {
            self.subscribe_async::<SystemBroker, Event>(ctx);
        }
    }
}

impl Handler<Event> for Counter {
    type Result = ();

    fn handle(&mut self, event: Event, _: &mut Self::Context) {
        black_box(event);
        self.left.one_less();
    }
}

impl Handler<Delivery<Event>> for Counter {
    type Result = ();

    fn handle(&mut self, event: Delivery<Event>, _: &mut Self::Context) {
        black_box(&*event);
        self.left.one_less();
    }
}

fn counter(left: &Left) -> Counter {
    let (left, from_broker) = (left.clone(), false);
    Counter { left, from_broker }
}

/// Times `emissions` calls of `emit`, in bursts, each until all its `handlers`
/// have run.
async fn time(left: &Left, handlers: usize, emissions: u64, emit: impl Fn(Event)) -> Duration {
    let mut emissions = usize::try_from(emissions).expect("a count of iterations fits");
    let begin = Instant::now();
    while emissions > 0 {
        let burst = emissions.min(BURST);
        left.0.store(burst * handlers, Ordering::Relaxed);
        for n in 0..burst {
            emit(Event::new(n));
        }
        while left.0.load(Ordering::Relaxed) > 0 {
            actix_rt::task::yield_now().await;
        }
        emissions -= burst;
    }
    begin.elapsed()
}

fn emit(criterion: &mut Criterion) {
    for handlers in [1, 100] {
        let name = match handlers {
            1 => "one subscriber".to_owned(),
            n => format!("{n} subscribers"),
        };
        let mut group = criterion.benchmark_group(name);
        let left = Left::default();

        group.bench_function("raw do_send", |b| {
            b.iter_custom(|emissions| {
                System::new().block_on(async {
                    let start = |_| counter(&left).start().recipient();
                    let actors: Vec<Recipient<Event>> = (0..handlers).map(start).collect();
                    let emit = |event: Event| {
                        for actor in &actors {
                            actor.do_send(event.clone());
                        }
                    };
                    time(&left, handlers, emissions, emit).await
                })
            });
        });

        group.bench_function("actix-broker", |b| {
            b.iter_custom(|emissions| {
                System::new().block_on(async {
                    let start = |_| {
                        let left = left.clone();
                        let from_broker = true;
                        Counter { left, from_broker }.start()
                    };
                    let _actors: Vec<_> = (0..handlers).map(start).collect();
                    // The actors subscribe when they are first polled.
                    for _ in 0..10 {
                        actix_rt::task::yield_now().await;
                    }
                    time(
                        &left,
                        handlers,
                        emissions,
                        Broker::<SystemBroker>::issue_async,
                    )
                    .await
                })
            });
        });

        type Make = fn() -> Strategy;
        let inline: Make = Strategy::inline;
        for (strategy, make) in [("inline", inline), ("current", Strategy::current)] {
            group.bench_function(format!("{strategy}, actors"), |b| {
                b.iter_custom(|emissions| {
                    System::new().block_on(async {
                        let linker = Linker::start();
                        for _ in 0..handlers {
                            let spec = on::<Event>().actor(counter(&left).start());
                            linker.subscribe(spec).expect("no limit is set");
                        }
                        let emitter = Emitter::start(&linker, make());
                        let emit = |event| drop(black_box(emitter.emit(event)));
                        time(&left, handlers, emissions, emit).await
                    })
                });
            });

            group.bench_function(format!("{strategy}, callbacks"), |b| {
                b.iter_custom(|emissions| {
                    System::new().block_on(async {
                        let linker = Linker::start();
                        for _ in 0..handlers {
                            let left = left.clone();
                            let spec = on::<Event>().call(move |event| {
                                black_box(&**event);
                                left.one_less();
                            });
                            linker.subscribe(spec).expect("no limit is set");
                        }
                        let emitter = Emitter::start(&linker, make());
                        let emit = |event| drop(black_box(emitter.emit(event)));
                        time(&left, handlers, emissions, emit).await
                    })
                });
            });
        }
        group.finish();
    }

    // What the statistics cost: the default rate beside none and all.
    for handlers in [1, 100] {
        let mut group = criterion.benchmark_group(format!("timed, {handlers} callbacks"));
        let left = Left::default();
        for (rate, one_in) in [("none", 0), ("one in 64", 64), ("all", 1)] {
            group.bench_function(rate, |b| {
                b.iter_custom(|emissions| {
                    System::new().block_on(async {
                        let linker = Linker::builder().sample_latency(one_in);
                        let linker = linker.start().expect("there is an arbiter");
                        for _ in 0..handlers {
                            let left = left.clone();
                            let spec = on::<Event>().call(move |event| {
                                black_box(&**event);
                                left.one_less();
                            });
                            linker.subscribe(spec).expect("no limit is set");
                        }
                        let emitter = Emitter::start(&linker, Strategy::inline());
                        let emit = |event| drop(black_box(emitter.emit(event)));
                        time(&left, handlers, emissions, emit).await
                    })
                });
            });
        }
        group.finish();
    }

    criterion.bench_function("no subscriber", |b| {
        System::new().block_on(async {
            let emitter = Emitter::start(&Linker::start(), Strategy::inline());
            b.iter(|| emitter.emit(Event::new(1)));
        });
    });
}

/// A burst of events, one by one and as a batch: per event, up to its handling.
fn burst(criterion: &mut Criterion) {
    type Make = fn() -> Strategy;
    let current: Make = Strategy::current;
    for (strategy, make) in [("current", current), ("dedicated", Strategy::dedicated)] {
        let mut group = criterion.benchmark_group(format!("{BURST} events, {strategy}"));
        group.throughput(Throughput::Elements(BURST as u64));
        for (name, is_batch) in [("emit", false), ("emit_all", true)] {
            group.bench_function(name, |b| {
                b.iter_custom(|bursts| {
                    System::new().block_on(async {
                        let left = Left::default();
                        let linker = Linker::start();
                        let counted = left.clone();
                        let spec = on::<Event>().call(move |event| {
                            black_box(&**event);
                            counted.one_less();
                        });
                        linker.subscribe(spec).expect("no limit is set");
                        let emitter = Emitter::start(&linker, make());
                        let begin = Instant::now();
                        for _ in 0..bursts {
                            left.0.store(BURST, Ordering::Relaxed);
                            let events = (0..BURST).map(Event::new);
                            if is_batch {
                                drop(black_box(emitter.emit_all(events)));
                            } else {
                                events.for_each(|event| drop(black_box(emitter.emit(event))));
                            }
                            while left.0.load(Ordering::Relaxed) > 0 {
                                actix_rt::task::yield_now().await;
                            }
                        }
                        begin.elapsed()
                    })
                });
            });
        }
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .sample_size(20);
    targets = emit, burst
}
criterion_main!(benches);
