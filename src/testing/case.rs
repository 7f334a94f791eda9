use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix::clock::{Instant, sleep, timeout};

use crate::event::EmissionId;
use crate::remote::{
    Answer, Backend, Capabilities, Consumer, DeadPage, DeadQuery, GroupName, Lease, Outgoing,
    QueueName, QueueStatus, Source, Topology,
};

use super::suite::Suite;

/// How long a row waits for what must come: far longer than it takes.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

/// What every row begins with: a queue of its own, and one connection.
pub(super) struct Case {
    suite: Suite,
    pub(super) backend: Arc<dyn Backend>,
    pub(super) queue: QueueName,
    ids: AtomicU64,
}

impl Case {
    pub(super) fn new(suite: Suite, queue: &str) -> Self {
        Self {
            backend: suite.connect(),
            suite,
            queue: QueueName::new(queue).expect("rows are named by letters and `_`"),
            ids: AtomicU64::new(1),
        }
    }

    pub(super) fn capabilities(&self) -> Capabilities {
        self.backend.capabilities()
    }

    /// Another connection to the same engine.
    pub(super) fn connect(&self) -> Arc<dyn Backend> {
        self.suite.connect()
    }

    /// The same on an engine that has little room, if there is one.
    pub(super) fn bounded(&self) -> Option<Self> {
        let suite = self.suite.bounded_one()?;
        Some(Self::new(suite, self.queue.as_str()))
    }

    pub(super) fn restart(&self) -> Option<Answer<'static, ()>> {
        self.suite.restarting()
    }

    /// A number of messages, as large as the suite is to be.
    pub(super) fn scaled(&self, count: usize) -> usize {
        self.suite.scaled(count)
    }

    /// Another queue, for rows that need more than one.
    pub(super) fn other_queue(&self, name: &str) -> QueueName {
        QueueName::new(format!("{}-{name}", self.queue)).expect("a name and a bit more")
    }

    pub(super) fn topology(&self) -> Topology {
        Topology::new(self.queue.clone())
    }

    /// Makes sure that these groups are there.
    pub(super) async fn ensure(&self, groups: &[&str]) {
        let topology = groups
            .iter()
            .fold(self.topology(), |topology, it| topology.group(group(it)));
        let ensured = self.backend.ensure(&topology).await;
        ensured.expect("the queue can be ensured");
    }

    /// A message with these bytes, and an id of its own.
    pub(super) fn message(&self, body: impl AsRef<[u8]>) -> Outgoing {
        let number = self.ids.fetch_add(1, Ordering::Relaxed);
        let id = u128::from(number) | 1 << 100;
        Outgoing::new(EmissionId::from_u128(id), body.as_ref())
    }

    pub(super) fn keyed(&self, key: &str, body: impl AsRef<[u8]>) -> Outgoing {
        let mut message = self.message(body);
        message.key = Some(key.into());
        message
    }

    pub(super) fn delayed(&self, delay: Duration, body: impl AsRef<[u8]>) -> Outgoing {
        let mut message = self.message(body);
        message.delay = Some(delay);
        message
    }

    /// Publishes, and holds the engine to its word that each is stored.
    pub(super) async fn publish(&self, messages: &[Outgoing]) {
        for chunk in messages.chunks(256) {
            let answers = self.backend.publish(&self.queue, chunk).await;
            assert_eq!(answers.len(), chunk.len(), "an answer for each message");
            for answer in answers {
                answer.expect("what fits is confirmed");
            }
        }
    }

    pub(super) async fn publish_texts(&self, texts: impl IntoIterator<Item = String>) {
        let messages: Vec<_> = texts.into_iter().map(|text| self.message(text)).collect();
        self.publish(&messages).await;
    }

    /// A consumer of the group `group`, with a lease that no row outlives.
    pub(super) fn consumer(&self, name: &str) -> Consumer {
        Consumer {
            topology: self.topology().group(group("group")),
            group: group("group"),
            name: Arc::from(name),
            lease: PATIENCE,
        }
    }

    pub(super) async fn source(&self, name: &str) -> Box<dyn Source> {
        self.source_of(&self.consumer(name)).await
    }

    pub(super) async fn source_with(&self, name: &str, lease: Duration) -> Box<dyn Source> {
        let consumer = Consumer {
            lease,
            ..self.consumer(name)
        };
        self.source_of(&consumer).await
    }

    pub(super) async fn source_of(&self, consumer: &Consumer) -> Box<dyn Source> {
        let begun = Instant::now();
        loop {
            match self.backend.consume(consumer).await {
                Ok(source) => return source,
                // After an outage the next call works, or the one after that.
                Err(error) => assert!(begun.elapsed() < PATIENCE, "{error}"),
            }
            sleep(Duration::from_millis(10)).await;
        }
    }

    pub(super) async fn dead(&self) -> DeadPage {
        let query = DeadQuery::new(self.queue.clone(), group("group"));
        let page = self.backend.dead(&query).await;
        page.expect("dead letters can be listed")
    }

    pub(super) async fn status(&self) -> QueueStatus {
        let status = self.backend.status(&self.queue).await;
        status
            .expect("the status can be asked for")
            .expect("the queue is there")
    }
}

/// How far a row has come that takes what it can get: so that it fails, where messages are
/// lost, and does not wait for ever.
pub(super) struct Progress {
    seen: usize,
    since: Instant,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self {
            seen: 0,
            since: Instant::now(),
        }
    }

    /// Whether there are fewer than so many yet.
    pub(super) fn goes_on(&mut self, seen: usize, count: usize) -> bool {
        if seen != self.seen {
            *self = Self {
                seen,
                ..Self::new()
            };
        }
        let is_late = self.since.elapsed() > PATIENCE && seen < count;
        assert!(!is_late, "{seen} of {count} have come, and no more do");
        seen < count
    }
}

pub(super) fn group(name: &str) -> GroupName {
    GroupName::new(name).expect("rows name groups by letters")
}

/// Waits for the next messages.
pub(super) async fn next(source: &mut Box<dyn Source>, free: usize) -> Vec<Lease> {
    let free = NonZeroUsize::new(free).expect("rows have room");
    let begun = Instant::now();
    loop {
        let leases = timeout(PATIENCE, source.next(free)).await;
        match leases.expect("messages come in time") {
            Ok(leases) if leases.is_empty() => {}
            Ok(leases) => {
                assert!(leases.len() <= free.get(), "no more than there is room for");
                return leases;
            }
            Err(error) => {
                assert!(begun.elapsed() < PATIENCE, "{error}");
                sleep(Duration::from_millis(10)).await;
            }
        }
    }
}

/// Waits for one message.
pub(super) async fn one(source: &mut Box<dyn Source>) -> Lease {
    let mut leases = next(source, 1).await;
    leases.pop().expect("one at least")
}

/// Whether nothing comes for a while.
pub(super) async fn is_silent(source: &mut Box<dyn Source>, time: Duration) -> bool {
    let until = Instant::now() + time;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return true;
        }
        match timeout(left, source.next(NonZeroUsize::MIN)).await {
            Ok(Ok(leases)) if !leases.is_empty() => return false,
            Ok(Err(_)) => sleep(Duration::from_millis(10)).await,
            Ok(Ok(_)) | Err(_) => {}
        }
    }
}

pub(super) fn text(lease: &Lease) -> String {
    String::from_utf8(lease.body().to_vec()).expect("rows publish texts")
}

/// Takes so many messages and acknowledges each; returns their texts, in order.
pub(super) async fn drain(source: &mut Box<dyn Source>, count: usize) -> Vec<String> {
    let mut texts = Vec::with_capacity(count);
    while texts.len() < count {
        for lease in next(source, (count - texts.len()).min(64)).await {
            texts.push(text(&lease));
            acknowledge(lease).await;
        }
    }
    texts
}

pub(super) async fn acknowledge(lease: Lease) {
    let settled = lease.ack().await.expect("it can be acknowledged");
    assert_eq!(settled, crate::remote::Settled::Done);
}

/// Texts that tell messages apart.
pub(super) fn texts(count: usize) -> impl Iterator<Item = String> + Clone {
    (0..count).map(|number| format!("message {number}"))
}

pub(super) fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts
}

/// Waits until it is so.
pub(super) async fn until<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}");
        sleep(Duration::from_millis(5)).await;
    }
}
