use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use ventix::remote::redis::Redis;
use ventix::remote::sqlite::Sqlite;
use ventix::remote::{
    Backend, DeadPage, DeadQuery, GroupName, GroupStatus, QueueName, Remote, Worker,
};
use ventix::{Emitter, Linker, Strategy};

use crate::ledger::Ledger;
use crate::role::{Orders, Process, Role, Work};
use crate::server::{FORGETFUL, Server};
use crate::witness::{Trap, Witness};
use crate::{Job, MS, Note, PATIENCE};

/// Where a queue is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Place {
    File(PathBuf),
    Server(String),
}

/// An engine with a queue, and what its users write down.
pub(crate) struct World {
    pub(crate) place: Place,
    pub(crate) ledger: Ledger,
    server: Option<Server>,
    pub(crate) folder: TempDir,
}

impl Place {
    pub(crate) fn backend(&self) -> Arc<dyn Backend> {
        match self {
            Self::File(path) => Arc::new(Sqlite::open(path).unwrap()),
            Self::Server(url) => Arc::new(redis(url)),
        }
    }
}

/// One that gives up what is dead sooner than it would by default.
pub(crate) fn redis(url: &str) -> Redis {
    let redis = Redis::builder(url)
        .connect_timeout(Duration::from_secs(1))
        .command_timeout(Duration::from_secs(2))
        .poll(500 * MS);
    redis.build().unwrap()
}

impl World {
    fn new(folder: TempDir, place: Place, server: Option<Server>) -> Self {
        let ledger = Ledger::open(&folder.path().join("ledger"));
        Self {
            place,
            ledger,
            server,
            folder,
        }
    }

    pub(crate) fn sqlite() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::File(folder.path().join("queue.db"));
        Some(Self::new(folder, place, None))
    }

    pub(crate) fn redis() -> Option<Self> {
        Server::start().map(Self::of_server)
    }

    /// Redis without persistence.
    pub(crate) fn forgetful() -> Option<Self> {
        Server::with(&FORGETFUL).map(Self::of_server)
    }

    fn of_server(server: Server) -> Self {
        let place = Place::Server(server.url());
        Self::new(tempfile::tempdir().unwrap(), place, Some(server))
    }

    pub(crate) fn server(&mut self) -> &mut Server {
        self.server.as_mut().unwrap()
    }

    pub(crate) fn remote(&self) -> Remote {
        remote(&self.place, &self.ledger, None)
    }

    pub(crate) fn emitter(&self) -> Emitter {
        Emitter::start(&Linker::start(), Strategy::remote(&self.remote()))
    }

    /// Emits jobs, which all have to be confirmed.
    pub(crate) async fn emit(&self, ids: impl IntoIterator<Item = u64>) {
        let ids: Vec<_> = ids.into_iter().collect();
        let count = ids.len();
        let confirmed = emit(&self.emitter(), &self.ledger, ids).await;
        assert_eq!(confirmed, count);
    }

    /// Starts a worker in this process, with a connection of its own.
    pub(crate) async fn work(&self, work: Work) -> Worker {
        let remote = remote(&self.place, &self.ledger, work.trap);
        work.start(&remote, &self.ledger).await
    }

    /// Starts a process.
    pub(crate) fn process(&self, role: Role) -> Process {
        Process::start(&Orders {
            place: self.place.clone(),
            ledger: self.ledger.path().to_owned(),
            role,
        })
    }

    pub(crate) fn working(&self, work: Work) -> Process {
        self.process(Role::Work(work))
    }

    /// Waits until something was written down so often.
    pub(crate) async fn until(&self, word: &str, count: usize) {
        crate::until(&format!("{count} {word}"), || {
            self.ledger.all(word).len() >= count
        })
        .await;
    }

    pub(crate) async fn status(&self) -> GroupStatus {
        let backend = self.place.backend();
        let status = backend.status(&queue()).await.unwrap().unwrap();
        let mut groups = status.groups.into_iter();
        groups.find(|it| it.group.as_str() == "group").unwrap()
    }

    pub(crate) async fn dead(&self) -> DeadPage {
        let query = DeadQuery::new(queue(), GroupName::new("group").unwrap());
        self.place.backend().dead(&query).await.unwrap()
    }

    /// Waits until nothing is left but dead letters.
    pub(crate) async fn settled(&self) -> GroupStatus {
        let begun = Instant::now();
        loop {
            let status = self.status().await;
            if status.ready + status.delayed + status.in_flight == 0 {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "{status:?}");
            actix::clock::sleep(20 * MS).await;
        }
    }
}

pub(crate) fn queue() -> QueueName {
    QueueName::new("jobs").unwrap()
}

/// The queue in a place, with what is known there.
pub(crate) fn remote(place: &Place, ledger: &Ledger, trap: Option<Trap>) -> Remote {
    let witness = Witness::new(place.backend(), ledger.clone(), trap);
    let builder = Remote::builder(witness).queue("jobs").group("group");
    let remote = builder.start().unwrap();
    remote.register::<Job>("test.job", 1).unwrap();
    remote.register::<Note>("test.note", 1).unwrap();
    remote
}

/// Emits jobs at once, and writes down which were confirmed; says how many.
pub(crate) async fn emit(
    emitter: &Emitter,
    ledger: &Ledger,
    ids: impl IntoIterator<Item = u64>,
) -> usize {
    let emit = async |id| {
        let report = emitter.emit_and_wait(Job { id }).await;
        let is_confirmed = report.receipt().is_confirmed();
        if is_confirmed {
            ledger.note("confirmed", id);
        }
        is_confirmed
    };
    let confirmed = join_all(ids.into_iter().map(emit)).await;
    confirmed.into_iter().filter(|it| *it).count()
}

/// Runs a test in a `System` of its own. What is not installed here is skipped, where that is
/// allowed.
pub(crate) fn run<F: Future<Output = ()>>(start: fn() -> Option<World>, test: fn(World) -> F) {
    if let Some(world) = start() {
        actix::System::new().block_on(test(world));
    }
}
