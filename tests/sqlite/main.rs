//! The queue in a file: what it promises, and what becomes of it when things go wrong.

mod busy;
mod clauses;
mod closing;
mod crash;
mod full;
mod letters;
mod ordered;
mod outbox;
mod processes;
mod schema;

use std::num::{NonZeroU16, NonZeroUsize};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::timeout;
use ventix::EmissionId;
use ventix::remote::sqlite::Sqlite;
use ventix::remote::{
    Backend, Confirmed, Consumer, GroupName, GroupStatus, Lease, Outgoing, QueueName, Source,
    Topology,
};

/// More than anything here takes, on a host that is busy with other things.
const DEADLINE: Duration = Duration::from_secs(60);
/// Longer than any test.
const LONG: Duration = Duration::from_secs(3600);
/// For what must not happen: several polls of the file.
const A_WHILE: Duration = Duration::from_millis(150);

/// A folder of a test's own, with a file in it.
struct Place {
    _folder: TempDir,
    path: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("queue.db");
        Self {
            _folder: folder,
            path,
        }
    }

    fn open(&self) -> Sqlite {
        Sqlite::open(&self.path).unwrap()
    }

    /// Looks into the file, past the backend.
    fn look(&self) -> rusqlite::Connection {
        let connection = rusqlite::Connection::open(&self.path).unwrap();
        connection.busy_timeout(DEADLINE).unwrap();
        connection
    }

    fn assert_intact(&self) {
        let answer: String = self
            .look()
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(answer, "ok");
    }
}

fn queue() -> QueueName {
    QueueName::new("orders").unwrap()
}

fn group(name: &str) -> GroupName {
    GroupName::new(name).unwrap()
}

fn unordered() -> Topology {
    Topology::new(queue())
}

fn ordered() -> Topology {
    Topology::new(queue()).ordered(NonZeroU16::new(8).unwrap())
}

fn consumer(topology: Topology, name: &str, group_name: &str, lease: Duration) -> Consumer {
    Consumer {
        topology: topology.group(group(group_name)),
        group: group(group_name),
        name: Arc::from(name),
        lease,
    }
}

fn fresh_id() -> EmissionId {
    EmissionId::from_u128(uuid::Uuid::new_v4().as_u128())
}

fn message(text: &str) -> Outgoing {
    Outgoing::new(fresh_id(), text.as_bytes())
}

fn keyed(key: &str, text: &str) -> Outgoing {
    let mut message = message(text);
    message.key = Some(key.into());
    message
}

fn delayed(delay: Duration, text: &str) -> Outgoing {
    let mut message = message(text);
    message.delay = Some(delay);
    message
}

fn text(lease: &Lease) -> String {
    String::from_utf8(lease.body().to_vec()).unwrap()
}

async fn publish(backend: &Sqlite, messages: &[Outgoing]) {
    for confirmed in backend.publish(&queue(), messages).await {
        assert_eq!(confirmed.unwrap(), Confirmed::Stored);
    }
}

async fn reader(backend: &Sqlite, topology: Topology, group: &str) -> Box<dyn Source> {
    read_with_lease(backend, topology, group, LONG).await
}

async fn read_with_lease(
    backend: &Sqlite,
    topology: Topology,
    group: &str,
    lease: Duration,
) -> Box<dyn Source> {
    let consumer = consumer(topology, "reader", group, lease);
    backend.consume(&consumer).await.unwrap()
}

async fn next(source: &mut Box<dyn Source>, free: usize) -> Vec<Lease> {
    let free = NonZeroUsize::new(free).unwrap();
    timeout(DEADLINE, source.next(free)).await.unwrap().unwrap()
}

async fn one(source: &mut Box<dyn Source>) -> Lease {
    next(source, 1).await.pop().unwrap()
}

/// Acknowledges messages until there are as many as that, and returns their texts.
async fn drain(source: &mut Box<dyn Source>, number: usize) -> Vec<String> {
    let mut texts = Vec::new();
    while texts.len() < number {
        for lease in next(source, number - texts.len()).await {
            texts.push(text(&lease));
            lease.ack().await.unwrap();
        }
    }
    texts
}

async fn assert_nothing(source: &mut Box<dyn Source>) {
    let next = source.next(NonZeroUsize::MIN);
    assert!(timeout(A_WHILE, next).await.is_err(), "there is something");
}

async fn status(backend: &Sqlite, name: &str) -> GroupStatus {
    let status = backend.status(&queue()).await.unwrap().unwrap();
    let mut groups = status.groups.into_iter();
    groups.find(|status| status.group.as_str() == name).unwrap()
}
