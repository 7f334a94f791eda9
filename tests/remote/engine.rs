use std::any::Any;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ventix::remote::{
    Backend, Consumer, GroupName, Memory, QueueName, Remote, RemoteBuilder, Topology,
};

/// One engine, with a queue of its own for a test.
#[derive(Clone)]
pub(super) struct Engine {
    /// Makes a connection of its own to the same engine.
    connect: Arc<dyn Fn(&str) -> RemoteBuilder + Send + Sync>,
    queue: String,
    /// What goes when the engine is not needed any more.
    _keep: Arc<dyn Any + Send + Sync>,
}

impl Engine {
    fn new<B: Backend>(
        connect: impl Fn() -> B + Send + Sync + 'static,
        keep: impl Any + Send + Sync,
    ) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self {
            connect: Arc::new(move |queue| Remote::builder(connect()).queue(queue)),
            queue: format!("test-{}-{number}", std::process::id()),
            _keep: Arc::new(keep),
        }
    }

    pub(super) fn remote(&self) -> RemoteBuilder {
        (self.connect)(&self.queue)
    }

    /// One that reads from the queue, past any worker.
    pub(super) fn consumer(&self, group: &str) -> Consumer {
        let group = GroupName::new(group).unwrap();
        Consumer {
            topology: Topology::new(QueueName::new(&self.queue).unwrap()).group(group.clone()),
            group,
            name: Arc::from("by-hand"),
            lease: Duration::from_secs(30),
        }
    }
}

/// Runs a test on an engine, in a `System` of its own.
/// What is not installed on this machine is skipped, where that is allowed.
pub(super) fn run<F: Future<Output = ()>>(start: fn() -> Option<Engine>, test: fn(Engine) -> F) {
    let Some(engine) = start() else {
        return;
    };
    actix::System::new().block_on(test(engine));
}

pub(super) fn memory() -> Engine {
    let memory = Memory::new();
    Engine::new(move || memory.clone(), ())
}

#[cfg(feature = "sqlite")]
pub(super) fn sqlite() -> Option<Engine> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue.db");
    let connect = move || ventix::remote::sqlite::Sqlite::open(&path).unwrap();
    Some(Engine::new(connect, folder))
}

#[cfg(feature = "redis")]
pub(super) fn redis() -> Option<Engine> {
    let server = crate::redis_server::Server::start()?;
    let url = server.url();
    let connect = move || {
        let redis = ventix::remote::redis::Redis::builder(&url);
        redis.build().unwrap()
    };
    Some(Engine::new(connect, std::sync::Mutex::new(server)))
}
