use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use actix::clock::sleep;
use metrics::{Label, counter, gauge, histogram};

use crate::emitter::{Emitter, EmitterStats, WeakEmitter};
use crate::event::SubscriptionId;
use crate::latency::Latency;
use crate::linker::{Linker, WeakLinker};
use crate::registry::{Counts, Stats, SubscriptionInfo, Tally};

use super::names::{
    DELIVERIES, EMISSIONS, EMISSIONS_IN_FLIGHT, EMISSIONS_REFUSED, EMISSIONS_WAITING,
    EMITTED_DELIVERIES, IN_FLIGHT, QUEUE, RETRIES, RUN, WAITING,
};

/// Exports the statistics of a linker to the current recorder: see the
/// [module's page](crate::metrics).
///
/// It keeps neither the linker nor its emitters alive. A subscription that has ended is
/// exported until its last delivery has; one that has come and gone between two exports is
/// not.
///
/// # Examples
///
/// ```
/// # use ventix::{on, Emitter, Linker, Strategy};
/// use metrics_util::debugging::{DebugValue, DebuggingRecorder};
/// use ventix::metrics::Exporter;
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::builder().name("orders").start()?;
/// linker.subscribe(on::<u8>().call(|_| ()))?;
/// Emitter::start(&linker, Strategy::inline()).emit(1_u8);
///
/// let recorder = DebuggingRecorder::new();
/// let mut exporter = Exporter::new(&linker);
/// metrics::with_local_recorder(&recorder, || exporter.export());
///
/// let seen = recorder.snapshotter().snapshot().into_vec();
/// let in_flight = seen.iter().find(|(key, ..)| key.key().name() == "ventix_deliveries_in_flight");
/// assert_eq!(in_flight.unwrap().3, DebugValue::Gauge(0.0.into()));
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct Exporter {
    linker: WeakLinker,
    linker_name: Label,
    emitters: Vec<(WeakEmitter, Vec<Label>)>,
    subscriptions: HashMap<SubscriptionId, Exported>,
}

/// A subscription, and what has been told of it.
#[derive(Debug)]
struct Exported {
    tally: Arc<Tally>,
    labels: Vec<Label>,
    queue: Told,
    run: Told,
}

/// How many times the recorder has been told of, by bucket.
#[derive(Debug, Default)]
struct Told(HashMap<Duration, u64>);

impl Exporter {
    /// Makes one that has told nothing yet.
    ///
    /// # Examples
    ///
    /// ```
    /// # actix::System::new().block_on(async {
    /// let linker = ventix::Linker::start();
    /// assert!(ventix::metrics::Exporter::new(&linker).export());
    /// # });
    /// ```
    #[must_use]
    pub fn new(linker: &Linker) -> Self {
        Self {
            linker: linker.downgrade(),
            linker_name: label("linker", linker.name()),
            emitters: Vec::new(),
            subscriptions: HashMap::new(),
        }
    }

    /// Exports an emitter as well.
    ///
    /// # Examples
    ///
    /// See the [module's page](crate::metrics).
    #[must_use]
    pub fn with_emitter(mut self, emitter: &Emitter) -> Self {
        let labels = vec![self.linker_name.clone(), label("emitter", emitter.name())];
        self.emitters.push((emitter.downgrade(), labels));
        self
    }

    /// Tells the current recorder how things are. Returns whether the linker is still
    /// there.
    ///
    /// # Examples
    ///
    /// It sees when the linker's actor has stopped:
    ///
    /// ```
    /// # actix::System::new().block_on(async {
    /// # use ventix::{Linker, metrics::Exporter};
    /// let linker = Linker::start();
    /// let mut exporter = Exporter::new(&linker);
    /// assert!(exporter.export());
    /// drop(linker);
    /// # for _ in 0..10 { actix_rt::task::yield_now().await; }
    /// assert!(!exporter.export());
    /// # });
    /// ```
    pub fn export(&mut self) -> bool {
        for (emitter, labels) in &self.emitters {
            if let Some(emitter) = emitter.upgrade() {
                tell_of_emitter(&emitter.stats(), labels);
            }
        }
        let linker = self.linker.upgrade();
        let snapshot = linker.as_ref().map(Linker::snapshot);
        let mut linked = HashMap::new();
        for info in snapshot.iter().flatten() {
            linked.insert(info.id(), info.stats());
            let new = || Exported::new(info, &self.linker_name);
            self.subscriptions.entry(info.id()).or_insert_with(new);
        }
        self.subscriptions.retain(|id, subscription| {
            let known = linked.remove(id);
            let is_linked = known.is_some();
            let stats = known.unwrap_or_else(|| subscription.tally.stats(0));
            subscription.tell(&stats);
            is_linked || stats.counts.in_flight() > 0
        });
        linker.is_some()
    }

    /// Tells the current recorder again and again, a period after the other, until the
    /// linker has gone. It starts at once.
    ///
    /// # Cancel safety
    ///
    /// It may be dropped at any time; then nothing is told any more.
    ///
    /// # Examples
    ///
    /// See the [module's page](crate::metrics).
    pub async fn export_every(mut self, period: Duration) {
        while self.export() {
            sleep(period).await;
        }
    }
}

impl Exported {
    fn new(info: &SubscriptionInfo, linker: &Label) -> Self {
        let events = info.selectors().iter().map(ToString::to_string);
        let events: Vec<_> = events.collect();
        Self {
            tally: info.tally().clone(),
            labels: vec![
                linker.clone(),
                Label::new("subscription", info.id().to_string()),
                label("name", info.name()),
                Label::new("event", events.join(", ")),
            ],
            queue: Told::default(),
            run: Told::default(),
        }
    }

    fn tell(&mut self, stats: &Stats) {
        let Stats {
            counts,
            waiting,
            queue,
            run,
        } = stats;
        let labels = || self.labels.iter();
        tell_of_outcomes(DELIVERIES, counts, &self.labels);
        if counts.retried > 0 {
            counter!(RETRIES, labels()).absolute(counts.retried);
        }
        gauge!(IN_FLIGHT, labels()).set(as_gauge(counts.in_flight()));
        gauge!(WAITING, labels()).set(as_gauge(*waiting as u64));
        self.queue.tell(QUEUE, &self.labels, queue);
        self.run.tell(RUN, &self.labels, run);
    }
}

impl Told {
    /// Tells of the times that are new.
    fn tell(&mut self, name: &'static str, labels: &[Label], latency: &Latency) {
        for (time, count) in latency.buckets() {
            let told = self.0.entry(time).or_default();
            let new = count.saturating_sub(*told);
            if new > 0 {
                let new = usize::try_from(new).unwrap_or(usize::MAX);
                histogram!(name, labels.iter()).record_many(time.as_secs_f64(), new);
                *told = count;
            }
        }
    }
}

fn tell_of_outcomes(name: &'static str, counts: &Counts, labels: &[Label]) {
    for (outcome, count) in counts.outcomes() {
        if count > 0 {
            let mut labels = labels.to_vec();
            labels.push(Label::from_static_parts("outcome", outcome));
            counter!(name, labels.iter()).absolute(count);
        }
    }
}

fn tell_of_emitter(stats: &EmitterStats, labels: &[Label]) {
    counter!(EMISSIONS, labels.iter()).absolute(stats.emitted);
    counter!(EMISSIONS_REFUSED, labels.iter()).absolute(stats.refused);
    tell_of_outcomes(EMITTED_DELIVERIES, &stats.deliveries, labels);
    gauge!(EMISSIONS_IN_FLIGHT, labels.iter()).set(as_gauge(stats.in_flight as u64));
    gauge!(EMISSIONS_WAITING, labels.iter()).set(as_gauge(stats.waiting as u64));
}

/// As the facade wants it: exact up to 2^53.
fn as_gauge(count: u64) -> f64 {
    count as f64
}

fn label(key: &'static str, name: Option<&str>) -> Label {
    Label::new(key, name.unwrap_or("-").to_owned())
}
