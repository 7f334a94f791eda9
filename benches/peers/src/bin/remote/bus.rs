//! ventix, through what everybody may use of it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use tokio::time::sleep;
use ventix::remote::redis::Redis;
use ventix::remote::sqlite::Sqlite;
use ventix::remote::{Remote, Worker};
use ventix::{Emitter, Linker, Overflow, Strategy, on};

/// How many emissions may be on their way at a time.
const ROOM: usize = 4_096;
/// How many are emitted in one go.
const AT_ONCE: usize = 256;
/// How many a worker runs at a time.
const CONCURRENCY: usize = 256;

/// Where emissions are kept.
pub(crate) enum Place {
    Redis(String),
    /// A file in a folder that is deleted in the end.
    Sqlite(PathBuf, #[expect(dead_code, reason = "it is held")] TempDir),
}

/// An event that is 100 bytes of JSON.
#[derive(Serialize, Deserialize)]
struct Text(String);

impl Text {
    fn new() -> Self {
        Self("x".repeat(98))
    }
}

impl Place {
    pub(crate) fn file() -> Self {
        let folder = TempDir::new().expect("there is a folder for what is temporary");
        Self::Sqlite(folder.path().join("queue.db"), folder)
    }

    /// A queue of a name of its own, with one group.
    fn remote(&self) -> Remote {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let queue = format!("bench-{}", NUMBER.fetch_add(1, Relaxed));
        let builder = match self {
            Self::Redis(url) => {
                Remote::builder(Redis::builder(url).build().expect("the URL is one"))
            }
            Self::Sqlite(path, _) => Remote::builder(Sqlite::open(path).expect("it can be opened")),
        };
        let remote = builder.queue(queue).group("workers").start();
        let remote = remote.expect("there is a system");
        remote
            .register::<Text>("bench.text", 1)
            .expect("it is the first");
        remote
    }
}

/// How many emissions a second are confirmed, and then handled.
pub(crate) fn rates(place: &Place, count: usize) -> (f64, f64) {
    actix::System::new().block_on(async {
        let remote = place.remote();
        remote.ensure().await.expect("the engine answers");
        let confirmed = confirm(&remote, count).await;
        let linker = Linker::start();
        let handled = Arc::new(AtomicUsize::new(0));
        let counter = handled.clone();
        let subscribed = linker.subscribe(on::<Text>().call(move |_| {
            counter.fetch_add(1, Relaxed);
        }));
        subscribed.expect("the linker runs");
        let begin = Instant::now();
        let builder = Worker::builder(&remote, &linker).concurrency(CONCURRENCY);
        let worker = builder.start().expect("the settings fit");
        while worker.stats().acked < count as u64 {
            sleep(Duration::from_millis(2)).await;
        }
        let rate = count as f64 / begin.elapsed().as_secs_f64();
        assert_eq!(handled.load(Relaxed), count, "each once");
        worker.drain(Duration::from_secs(5)).await;
        (confirmed, rate)
    })
}

async fn confirm(remote: &Remote, count: usize) -> f64 {
    let strategy = Strategy::remote(remote).bounded(ROOM, Overflow::Refuse);
    let emitter = Emitter::start(&Linker::start(), strategy);
    let begin = Instant::now();
    let mut emitted = 0;
    loop {
        let confirmed = remote.stats().confirmed as usize;
        if confirmed == count {
            return count as f64 / begin.elapsed().as_secs_f64();
        }
        // Those that were just confirmed may hold their places for a moment.
        if emitted < count && emitted - confirmed + 2 * AT_ONCE <= ROOM {
            let events = (emitted..count).take(AT_ONCE).map(|_| Text::new());
            let receipts = emitter.emit_all(events);
            assert_eq!(receipts.refused(), 0, "there is room");
            emitted += receipts.len();
        } else {
            sleep(Duration::from_millis(1)).await;
        }
    }
}

/// The median and the 99th percentile from an emission to its handler, in milliseconds.
pub(crate) fn latency(place: &Place, count: usize) -> [f64; 2] {
    actix::System::new().block_on(async {
        let remote = place.remote();
        let linker = Linker::start();
        let (tell, told) = mpsc::channel();
        let subscribed = linker.subscribe(on::<Text>().call(move |_| {
            // Nobody waits after the last.
            let _ = tell.send(Instant::now());
        }));
        subscribed.expect("the linker runs");
        let worker = Worker::builder(&remote, &linker).concurrency(CONCURRENCY);
        let worker = worker.start().expect("the settings fit");
        worker.ready().await;
        let emitter = Emitter::start(&linker, Strategy::remote(&remote));
        let mut times = Vec::with_capacity(count);
        for _ in 0..count + 10 {
            let begin = Instant::now();
            assert!(emitter.emit(Text::new()).is_queued());
            let end = loop {
                match told.try_recv() {
                    Ok(end) => break end,
                    Err(_) => sleep(Duration::from_millis(1)).await,
                }
            };
            times.push((end - begin).as_secs_f64() * 1e3);
            // Until the system is idle again.
            sleep(Duration::from_millis(2)).await;
        }
        worker.drain(Duration::from_secs(5)).await;
        // Not those that found no connection.
        let mut times = times.split_off(10);
        times.sort_by(f64::total_cmp);
        [times[count / 2], times[count * 99 / 100]]
    })
}

/// How many hundredths of one processor this program takes while a worker waits.
pub(crate) fn idle(place: &Place, time: Duration) -> f64 {
    actix::System::new().block_on(async {
        let remote = place.remote();
        let linker = Linker::start();
        linker
            .subscribe(on::<Text>().call(|_| ()))
            .expect("the linker runs");
        let worker = Worker::builder(&remote, &linker).start();
        let worker = worker.expect("the settings fit");
        worker.ready().await;
        sleep(Duration::from_secs(1)).await;
        let before = ticks();
        sleep(time).await;
        let share = (ticks() - before) / time.as_secs_f64();
        worker.drain(Duration::from_secs(5)).await;
        share
    })
}

/// The time that this program has computed, in hundredths of a second as Linux counts them.
fn ticks() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let (_, fields) = stat.rsplit_once(')').unwrap_or_default();
    let fields = fields.split_whitespace().skip(11).take(2);
    fields.filter_map(|field| field.parse::<f64>().ok()).sum()
}
