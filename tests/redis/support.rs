use std::num::{NonZeroU16, NonZeroUsize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ventix::EmissionId;
use ventix::remote::{
    Backend, Confirmed, Consumer, DeadQuery, DeadRecord, GroupStatus, Lease, Outgoing, QueueName,
    Source, Topology,
};

pub(crate) const LONG: Duration = Duration::from_secs(30);

pub(crate) fn queue() -> QueueName {
    "orders".parse().unwrap()
}

pub(crate) fn topology(groups: &[&str]) -> Topology {
    groups
        .iter()
        .fold(Topology::new(queue()), |topology, group| {
            topology.group(group.parse().unwrap())
        })
}

pub(crate) fn ordered(groups: &[&str], partitions: u16) -> Topology {
    topology(groups).ordered(NonZeroU16::new(partitions).unwrap())
}

pub(crate) fn message(body: &str) -> Outgoing {
    static ID: AtomicU64 = AtomicU64::new(1);
    let id = ID.fetch_add(1, Ordering::Relaxed);
    Outgoing::new(EmissionId::from_u128(id.into()), body.as_bytes())
}

pub(crate) fn keyed(key: &str, body: &str) -> Outgoing {
    let mut message = message(body);
    message.key = Some(key.into());
    message
}

pub(crate) fn delayed(body: &str, delay: Duration) -> Outgoing {
    let mut message = message(body);
    message.delay = Some(delay);
    message
}

pub(crate) async fn publish(backend: &dyn Backend, messages: &[Outgoing]) {
    for answer in backend.publish(&queue(), messages).await {
        assert_eq!(answer.unwrap(), Confirmed::Stored);
    }
}

pub(crate) async fn publish_bodies(backend: &dyn Backend, bodies: &[&str]) {
    let messages: Vec<_> = bodies.iter().map(|body| message(body)).collect();
    publish(backend, &messages).await;
}

pub(crate) async fn consume(
    backend: &dyn Backend,
    topology: &Topology,
    group: &str,
    name: &str,
    lease: Duration,
) -> Box<dyn Source> {
    let consumer = Consumer {
        topology: topology.clone(),
        group: group.parse().unwrap(),
        name: name.into(),
        lease,
    };
    backend.consume(&consumer).await.unwrap()
}

pub(crate) fn free(count: usize) -> NonZeroUsize {
    NonZeroUsize::new(count).unwrap()
}

/// Takes what comes next, of any number, within ten seconds.
pub(crate) async fn next(source: &mut Box<dyn Source>, count: usize) -> Vec<Lease> {
    let within = Duration::from_secs(10);
    tokio::time::timeout(within, source.next(free(count)))
        .await
        .expect("nothing came within ten seconds")
        .unwrap()
}

/// Takes one.
pub(crate) async fn one(source: &mut Box<dyn Source>) -> Lease {
    let mut leases = next(source, 1).await;
    assert_eq!(leases.len(), 1);
    leases.remove(0)
}

/// Makes sure that nothing comes for a while.
pub(crate) async fn nothing(source: &mut Box<dyn Source>, within: Duration) {
    if let Ok(leases) = tokio::time::timeout(within, source.next(free(10))).await {
        panic!("there was something: {:?}", bodies(&leases.unwrap()));
    }
}

pub(crate) fn body(lease: &Lease) -> String {
    String::from_utf8(lease.body().to_vec()).unwrap()
}

pub(crate) fn bodies(leases: &[Lease]) -> Vec<String> {
    leases.iter().map(body).collect()
}

/// Takes so many, acknowledges them, and returns them in their order. What the backend cannot
/// do just now is asked for again.
pub(crate) async fn drain(source: &mut Box<dyn Source>, count: usize) -> Vec<String> {
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut got = Vec::new();
    while got.len() < count {
        assert!(Instant::now() < deadline, "only {got:?} came");
        let next = tokio::time::timeout(Duration::from_secs(1), source.next(free(100)));
        for lease in next.await.unwrap_or(Ok(Vec::new())).unwrap_or_default() {
            got.push(body(&lease));
            lease.ack().await.unwrap();
        }
    }
    got
}

pub(crate) async fn group(backend: &dyn Backend, group: &str) -> GroupStatus {
    let status = backend.status(&queue()).await.unwrap().unwrap();
    let mut groups = status.groups.into_iter();
    groups.find(|g| g.group.as_str() == group).unwrap()
}

pub(crate) async fn dead(backend: &dyn Backend, group: &str) -> Vec<DeadRecord> {
    let query = DeadQuery::new(queue(), group.parse().unwrap());
    backend.dead(&query).await.unwrap().records
}

pub(crate) fn bytes(text: &str) -> Arc<[u8]> {
    text.as_bytes().into()
}
