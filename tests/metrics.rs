//! What a recorder of the `metrics` facade is told.

use std::collections::HashMap;
use std::time::Duration;

use metrics_util::MetricKind;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use ventix::metrics::Exporter;
use ventix::{Emitter, Linker, Retry, Strategy, on};

/// A recorder, and what it was told since it was last asked.
struct Told {
    recorder: DebuggingRecorder,
    snapshotter: Snapshotter,
}

impl Told {
    fn new() -> Self {
        let recorder = DebuggingRecorder::new();
        let snapshotter = recorder.snapshotter();
        Self {
            recorder,
            snapshotter,
        }
    }

    fn export(&self, exporter: &mut Exporter) -> HashMap<String, DebugValue> {
        metrics::with_local_recorder(&self.recorder, || exporter.export());
        let seen = self.snapshotter.snapshot().into_vec().into_iter();
        seen.map(|(key, _, _, value)| (key.key().to_string(), value))
            .collect()
    }
}

/// The value of a metric whose key has all these parts.
fn value<'a>(seen: &'a HashMap<String, DebugValue>, parts: &[&str]) -> Option<&'a DebugValue> {
    let mut found = seen
        .iter()
        .filter(|(key, _)| parts.iter().all(|part| key.contains(part)));
    let value = found.next().map(|(_, value)| value);
    assert!(found.next().is_none(), "{parts:?} is of several: {seen:#?}");
    value
}

fn counter(seen: &HashMap<String, DebugValue>, parts: &[&str]) -> u64 {
    match value(seen, parts) {
        Some(DebugValue::Counter(count)) => *count,
        other => panic!("{parts:?}: {other:?} in {seen:#?}"),
    }
}

fn gauge(seen: &HashMap<String, DebugValue>, parts: &[&str]) -> f64 {
    match value(seen, parts) {
        Some(DebugValue::Gauge(value)) => value.into_inner(),
        other => panic!("{parts:?}: {other:?} in {seen:#?}"),
    }
}

fn times(seen: &HashMap<String, DebugValue>, parts: &[&str]) -> Vec<f64> {
    match value(seen, parts) {
        Some(DebugValue::Histogram(times)) => times.iter().map(|time| time.into_inner()).collect(),
        None => Vec::new(),
        other => panic!("{parts:?}: {other:?} in {seen:#?}"),
    }
}

#[actix::test]
async fn outcomes_gauges_and_times_are_told_with_their_labels() {
    tokio::time::pause();
    let linker = Linker::builder().name("orders").start().unwrap();
    let naps = on::<u64>().call_async(async |seconds| {
        actix::clock::sleep(Duration::from_secs(*seconds)).await;
        if *seconds == 1 { Err("no") } else { Ok(()) }
    });
    let retry = Retry::constant(Duration::from_secs(1)).attempts(2);
    linker.subscribe(naps.named("naps").retry(retry)).unwrap();
    let emitter = Emitter::builder(&linker).name("shop").start().unwrap();
    assert!(!emitter.emit_and_wait(1_u64).await.all_handled());
    assert!(emitter.emit_and_wait(4_u64).await.all_handled());
    emitter.emit(1_000_u64);
    emitter.prepare(1_u64).topic("no topic").emit();
    actix_rt::task::yield_now().await;

    let told = Told::new();
    let mut exporter = Exporter::new(&linker).with_emitter(&emitter);
    let seen = told.export(&mut exporter);
    let labels = [
        "linker = orders",
        "subscription = #1",
        "name = naps",
        "event = u64",
    ];
    let with = |name: &'static str| [&[name][..], &labels].concat();
    let deliveries = |outcome| [&with("ventix_deliveries_total")[..], &[outcome]].concat();
    assert_eq!(counter(&seen, &deliveries("outcome = handled")), 1);
    assert_eq!(counter(&seen, &deliveries("outcome = failed")), 1);
    assert_eq!(value(&seen, &deliveries("outcome = lost")), None);
    assert_eq!(counter(&seen, &with("ventix_retries_total")), 1);
    assert_eq!(gauge(&seen, &with("ventix_deliveries_in_flight")), 1.0);
    assert_eq!(gauge(&seen, &with("ventix_deliveries_waiting")), 0.0);
    let mut run = times(&seen, &with("ventix_run_seconds"));
    run.sort_by(f64::total_cmp);
    assert_eq!(run.len(), 3);
    assert!(
        (1.0..1.13).contains(&run[0]) && (4.0..4.51).contains(&run[2]),
        "{run:?}"
    );
    assert_eq!(times(&seen, &with("ventix_queue_seconds")).len(), 2);

    let shop = |name: &'static str| [name, "linker = orders", "emitter = shop"];
    assert_eq!(counter(&seen, &shop("ventix_emissions_total")), 4);
    assert_eq!(counter(&seen, &shop("ventix_emissions_refused_total")), 1);
    let deliveries = |outcome| [&shop("ventix_emitter_deliveries_total")[..], &[outcome]].concat();
    assert_eq!(counter(&seen, &deliveries("outcome = handled")), 1);
    assert_eq!(counter(&seen, &deliveries("outcome = failed")), 1);
    assert_eq!(value(&seen, &deliveries("outcome = lost")), None);
    assert_eq!(gauge(&seen, &shop("ventix_emissions_in_flight")), 1.0);
    assert_eq!(gauge(&seen, &shop("ventix_emissions_waiting")), 0.0);
}

#[actix::test]
async fn a_time_is_told_once() {
    let linker = Linker::start();
    linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    let (told, mut exporter) = (Told::new(), Exporter::new(&linker));
    for emissions in [3, 0, 2] {
        for _ in 0..emissions {
            emitter.emit(1_u8);
        }
        let seen = told.export(&mut exporter);
        assert_eq!(times(&seen, &["ventix_run_seconds"]).len(), emissions);
    }
}

#[actix::test]
async fn what_has_ended_is_told_to_its_end() {
    let linker = Linker::start();
    let once = on::<u8>().call(|_| ()).once();
    linker.subscribe(once).unwrap();
    let (told, mut exporter) = (Told::new(), Exporter::new(&linker));
    told.export(&mut exporter);
    Emitter::start(&linker, Strategy::inline()).emit(1_u8);
    assert!(linker.is_empty());
    let seen = told.export(&mut exporter);
    assert_eq!(counter(&seen, &["ventix_deliveries_total"]), 1);
    assert_eq!(times(&seen, &["ventix_run_seconds"]).len(), 1);
}

#[actix::test]
async fn it_exports_again_and_again_until_the_linker_has_gone() {
    tokio::time::pause();
    let linker = Linker::start();
    linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    let exporter = Exporter::new(&linker);
    let period = Duration::from_secs(10);
    let mut exporting = Box::pin(exporter.export_every(period));
    let start = actix::clock::Instant::now();
    assert!(futures::poll!(exporting.as_mut()).is_pending());
    drop(linker);
    exporting.await;
    assert!(start.elapsed() >= period);
}

#[test]
fn every_metric_is_described() {
    let told = Told::new();
    metrics::with_local_recorder(&told.recorder, || {
        ventix::metrics::describe();
        // Only what has a value is shown.
        metrics::histogram!("ventix_run_seconds").record(1.0);
    });
    let seen = told.snapshotter.snapshot().into_vec();
    let (key, unit, description, _) = &seen[0];
    assert_eq!(key.kind(), MetricKind::Histogram);
    assert_eq!(*unit, Some(metrics::Unit::Seconds));
    assert!(description.is_some());
}
