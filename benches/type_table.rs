//! Why routes of types stand in a copy-on-write table and not in a sharded map:
//! what finding a route costs, alone and while a second thread does the same.
//!
//! `cargo bench --bench type_table`

use std::any::TypeId;
use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use criterion::{Criterion, criterion_group, criterion_main};
use dashmap::DashMap;

type Route = Arc<[u64; 4]>;

/// Measures `find` with and without a second thread that does the same.
fn compare(criterion: &mut Criterion, name: &str, find: impl Fn() -> Route + Sync) {
    let mut group = criterion.benchmark_group(name);
    group.bench_function("one thread", |b| b.iter(|| black_box(find())));
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                black_box(find());
            }
        });
        group.bench_function("two threads", |b| b.iter(|| black_box(find())));
        stop.store(true, Ordering::Relaxed);
    });
    group.finish();
}

fn type_table(criterion: &mut Criterion) {
    let id = TypeId::of::<String>();

    let sharded: DashMap<TypeId, Route> = DashMap::new();
    sharded.insert(id, Arc::new([0; 4]));
    compare(criterion, "sharded map", || {
        sharded.get(&id).expect("it was inserted").clone()
    });

    let mut types = HashMap::new();
    types.insert(id, ArcSwapOption::from_pointee([0; 4]));
    let table = ArcSwap::from_pointee(types);
    compare(criterion, "copy-on-write", || {
        let types = table.load();
        let slot = types.get(&id).and_then(ArcSwapOption::load_full);
        slot.expect("it was inserted")
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .sample_size(20);
    targets = type_table
}
criterion_main!(benches);
