//! What it costs to schedule, to cancel and to emit later, beside 100,000 that are
//! pending.
//!
//! `cargo bench --bench schedule`. Every figure is for one event of 8 bytes.

use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use ventix::{Emitter, Linker, Strategy, on};

const PENDING: u32 = 100_000;
const HOUR: Duration = Duration::from_secs(3_600);

fn schedule(c: &mut Criterion) {
    let mut group = c.benchmark_group("beside 100,000 pending");
    let system = actix::System::new();
    let emitter = system.block_on(async {
        let linker = Linker::start();
        linker
            .subscribe(on::<u64>().call(|_| ()))
            .expect("it is a valid subscription");
        Emitter::start(&linker, Strategy::inline())
    });
    for n in 0..PENDING {
        emitter
            .prepare(u64::from(n))
            .after(HOUR + Duration::from_millis(u64::from(n) * 7919 % 9973));
    }
    group.bench_function("schedule and cancel", |bench| {
        bench.iter(|| emitter.prepare(1_u64).after(HOUR).cancel());
    });
    group.bench_function("schedule and emit", |bench| {
        bench.iter_custom(|times| {
            system.block_on(async {
                let begun = Instant::now();
                for n in 1..times {
                    emitter.prepare(n).after(Duration::ZERO);
                }
                let last = emitter.prepare(0).after(Duration::ZERO);
                while last.is_active() {
                    actix_rt::task::yield_now().await;
                }
                begun.elapsed()
            })
        });
    });
    group.finish();
}

criterion_group!(benches, schedule);
criterion_main!(benches);
