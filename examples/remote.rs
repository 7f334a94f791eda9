//! One program, in process, with a queue in a file, or with Redis: by one argument.
//!
//! ```text
//! cargo run --example remote                                            # in process
//! cargo run --example remote --features sqlite -- sqlite:orders.db      # a file
//! cargo run --example remote --features redis -- redis://localhost      # Redis
//! ```
//!
//! The handlers and their subscriptions are the same code. With an engine they run in a
//! worker: here in the same process, and as well in any number of others.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use ventix::remote::{Remote, RemoteBuilder, Worker};
use ventix::{Delivery, Emitter, Linker, Retry, Strategy, on};

#[derive(Serialize, Deserialize)]
struct OrderPlaced {
    id: u32,
    total: u32,
}

const ORDERS: u32 = 5;

/// The handlers, wherever the orders come from.
fn link(linker: &Linker, done: &Arc<AtomicU32>) -> ventix::Result {
    let charged = done.clone();
    let charge = on::<OrderPlaced>().call_async(move |order: Delivery<OrderPlaced>| {
        let charged = charged.clone();
        async move {
            println!("charge {} for order {}", order.total, order.id);
            charged.fetch_add(1, Ordering::SeqCst);
        }
    });
    linker.subscribe(charge.named("charge"))?;

    let mailed = done.clone();
    let mail = on::<OrderPlaced>().call(move |order| {
        // The mail server has a bad moment.
        if order.id == 2 && mailed.fetch_add(1, Ordering::SeqCst) % 2 == 0 {
            return Err("no connection");
        }
        println!("mail for order {}", order.id);
        mailed.fetch_add(1, Ordering::SeqCst);
        Ok(())
    });
    let retry = Retry::exponential(Duration::from_millis(50)).attempts(3);
    linker.subscribe(mail.named("mail").retry(retry))?;
    Ok(())
}

/// The engine that an argument names.
fn engine(url: &str) -> ventix::Result<RemoteBuilder> {
    #[cfg(feature = "sqlite")]
    if let Some(path) = url.strip_prefix("sqlite:") {
        let sqlite = ventix::remote::sqlite::Sqlite::open(path)?;
        return Ok(Remote::builder(sqlite));
    }
    #[cfg(feature = "redis")]
    if url.starts_with("redis") {
        let redis = ventix::remote::redis::Redis::builder(url).build()?;
        return Ok(Remote::builder(redis));
    }
    match url {
        // For a look: it is in process, too.
        "memory" => Ok(Remote::builder(ventix::remote::Memory::new())),
        other => Err(format!("{other} is no engine, or the feature for it is not there").into()),
    }
}

#[actix::main]
async fn main() -> ventix::Result {
    let linker = Linker::start();
    let done = Arc::new(AtomicU32::new(0));
    link(&linker, &done)?;

    let (strategy, worker) = match std::env::args().nth(1) {
        None => (Strategy::current(), None),
        Some(url) => {
            let remote = engine(&url)?.queue("orders").group("shop").start()?;
            remote.register::<OrderPlaced>("shop.order-placed", 1)?;
            let worker = Worker::builder(&remote, &linker).group("shop").start()?;
            worker.ready().await;
            (Strategy::remote(&remote), Some(worker))
        }
    };

    // The emitting side is the same, too.
    let emitter = Emitter::start(&linker, strategy);
    for id in 0..ORDERS {
        let report = emitter.emit_and_wait(OrderPlaced { id, total: 10 * id });
        let report = report.await;
        if report.receipt().is_confirmed() {
            println!("order {id} is in the queue");
        }
    }
    if let Some(worker) = worker {
        while worker.stats().acked < u64::from(ORDERS) {
            actix::clock::sleep(Duration::from_millis(10)).await;
        }
        worker.drain(Duration::from_secs(5)).await;
        println!("{:?}", worker.stats());
    }
    assert!(done.load(Ordering::SeqCst) > 2 * ORDERS);
    Ok(())
}
