//! apalis-redis, with one connection manager as its own examples have it, and batches as large
//! as ventix's.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use apalis::prelude::*;
use apalis_redis::{Config, RedisStorage};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

/// How many are pushed in one go, read in one go, and run at a time.
const AT_ONCE: usize = 256;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Job(String);

/// How many jobs a second are pushed, and then worked; not how many, if they do not end.
pub(crate) fn rates(url: &str, count: usize) -> (f64, Option<f64>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    runtime.expect("there are threads").block_on(async {
        let connection = apalis_redis::connect(url).await.expect("it answers");
        let config = Config::default().queue("bench").batch_size(AT_ONCE);
        let mut storage = RedisStorage::<Job>::new(connection).with_config(config);
        let begin = Instant::now();
        for _ in 0..count / AT_ONCE {
            let jobs = (0..AT_ONCE).map(|_| Job("x".repeat(98))).collect();
            storage.push_bulk(jobs).await.expect("it is taken");
        }
        let count = count / AT_ONCE * AT_ONCE;
        let pushed = count as f64 / begin.elapsed().as_secs_f64();

        let worked = Arc::new(AtomicUsize::new(0));
        let counter = worked.clone();
        let begin = Instant::now();
        let worker = WorkerBuilder::new("bench")
            .backend(storage)
            .concurrency(AT_ONCE)
            .build(move |_: Job| {
                let counter = counter.clone();
                async move {
                    counter.fetch_add(1, Relaxed);
                    Ok::<(), BoxDynError>(())
                }
            });
        let running = tokio::spawn(worker.run());
        let deadline = begin + Duration::from_secs(20);
        while worked.load(Relaxed) < count && Instant::now() < deadline && !running.is_finished() {
            sleep(Duration::from_millis(2)).await;
        }
        let (done, time) = (worked.load(Relaxed), begin.elapsed());
        if running.is_finished() {
            eprintln!("apalis-redis: the worker has ended: {:?}", running.await);
        } else {
            running.abort();
        }
        if done < count {
            eprintln!("apalis-redis: work not measured: {done} of {count} in {time:?}");
            return (pushed, None);
        }
        (pushed, Some(count as f64 / time.as_secs_f64()))
    })
}
