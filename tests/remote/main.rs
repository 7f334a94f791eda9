//! What is emitted in one place and handled in another: every promise on every engine.

#[macro_use]
mod passing_on;

mod corpus;
mod dead;
mod delivery;
mod engine;
mod faulty;
mod groups;
mod order;
mod outward;
#[cfg(feature = "redis")]
#[path = "../redis/server.rs"]
#[allow(dead_code, reason = "the tests of the backend itself use the rest")]
mod redis_server;
mod relay;
mod shutdown;
#[cfg(feature = "signing")]
mod signing;
mod wire;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use ventix::remote::{
    DeadPage, DeadQuery, GroupName, Remote, RemoteBuilder, Worker, WorkerBuilder,
};
use ventix::{Emitter, Linker, Retry, Strategy};

use engine::Engine;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Order {
    id: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Note(String);

const MS: Duration = Duration::from_millis(1);

/// How long a test waits for what must come: far longer than it takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A queue with the events of these tests, on one engine.
struct World {
    engine: Engine,
    remote: Remote,
    emitter: Emitter,
    /// Hears of what the emitting side could not send.
    home: Linker,
}

impl World {
    async fn new(engine: &Engine) -> Self {
        Self::with(engine, |builder| builder).await
    }

    async fn with(engine: &Engine, set: impl FnOnce(RemoteBuilder) -> RemoteBuilder) -> Self {
        let remote = registered(set(engine.remote()).start().unwrap());
        let home = Linker::builder().dead_letters(1_000).start().unwrap();
        let emitter = Emitter::start(&home, Strategy::remote(&remote));
        Self {
            engine: engine.clone(),
            remote,
            emitter,
            home,
        }
    }

    fn worker(&self, linker: &Linker) -> WorkerBuilder {
        let retry = Retry::constant(5 * MS).attempts(3);
        Worker::builder(&self.remote, linker)
            .group("group")
            .retry(retry)
    }

    async fn start(&self, linker: &Linker) -> Worker {
        ready(self.worker(linker)).await
    }

    async fn dead(&self) -> DeadPage {
        self.dead_of("group").await
    }

    async fn dead_of(&self, group: &str) -> DeadPage {
        let query = DeadQuery::new(self.remote.queue().clone(), GroupName::new(group).unwrap());
        self.remote.backend().dead(&query).await.unwrap()
    }

    /// Waits for so many dead letters, and returns their codes.
    async fn codes(&self, count: usize) -> Vec<String> {
        let begun = Instant::now();
        loop {
            let page = self.dead().await;
            if page.records.len() >= count {
                let codes = page.records.iter();
                return codes.map(|it| it.reason.code().to_owned()).collect();
            }
            assert!(begun.elapsed() < PATIENCE, "{page:?}");
            actix::clock::sleep(MS).await;
        }
    }
}

fn registered(remote: Remote) -> Remote {
    remote.register::<Order>("test.order", 1).unwrap();
    remote.register::<Note>("test.note", 1).unwrap();
    remote
}

async fn ready(builder: WorkerBuilder) -> Worker {
    let worker = builder.start().unwrap();
    worker.ready().await;
    worker
}

/// Waits for something that other threads do.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}");
        actix::clock::sleep(MS).await;
    }
}

/// What handlers have seen, in the order in which they did.
#[derive(Debug, Clone, Default)]
struct Log<T = u64>(Arc<Mutex<Vec<T>>>);

impl<T: Clone> Log<T> {
    fn new() -> Self {
        Self(Arc::default())
    }

    fn add(&self, item: T) {
        self.0.lock().unwrap().push(item);
    }

    fn all(&self) -> Vec<T> {
        self.0.lock().unwrap().clone()
    }

    fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

/// Runs each test on each engine that is built in, as a test of its own.
macro_rules! on_engines {
    ($($name:ident)*) => {
        mod memory {
            $(#[test]
            fn $name() {
                crate::engine::run(|| Some(crate::engine::memory()), super::$name);
            })*
        }
        #[cfg(feature = "sqlite")]
        mod sqlite {
            $(#[test]
            fn $name() {
                crate::engine::run(crate::engine::sqlite, super::$name);
            })*
        }
        #[cfg(feature = "redis")]
        mod redis {
            $(#[test]
            fn $name() {
                crate::engine::run(crate::engine::redis, super::$name);
            })*
        }
    };
}
use on_engines;
