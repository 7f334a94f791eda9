use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use ventix::remote::{
    Answer, Backend, BackendError, Capabilities, Confirmed, Consumer, DeadPage, DeadQuery,
    DeadSelection, GroupName, Memory, Outgoing, PublishError, QueueName, QueueStatus, Source,
    Topology,
};

/// An engine that goes wrong when it is told to.
#[derive(Debug, Clone)]
pub(super) struct Faulty {
    inner: Memory,
    faults: Arc<Faults>,
}

#[derive(Debug, Default)]
struct Faults {
    fails: AtomicBool,
    rejects: AtomicBool,
    loses_answers: AtomicBool,
    lost_answers: AtomicUsize,
    published: AtomicUsize,
}

impl Faulty {
    pub(super) fn new() -> Self {
        Self {
            inner: Memory::new(),
            faults: Arc::default(),
        }
    }

    /// Nothing is sent from now on, or it is again.
    pub(super) fn fail(&self, fails: bool) {
        self.faults.fails.store(fails, SeqCst);
    }

    /// Nothing is taken for good from now on.
    pub(super) fn reject(&self, rejects: bool) {
        self.faults.rejects.store(rejects, SeqCst);
    }

    /// All is stored from now on, and nobody hears of it.
    pub(super) fn lose_answers(&self, loses: bool) {
        self.faults.loses_answers.store(loses, SeqCst);
    }

    pub(super) fn lost_answers(&self) -> usize {
        self.faults.lost_answers.load(SeqCst)
    }

    /// How many were confirmed, or would have been.
    pub(super) fn published(&self) -> usize {
        self.faults.published.load(SeqCst)
    }
}

impl Backend for Faulty {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn ensure<'a>(&'a self, topology: &'a Topology) -> Answer<'a, Result<(), BackendError>> {
        self.inner.ensure(topology)
    }

    fn publish<'a>(
        &'a self,
        queue: &'a QueueName,
        messages: &'a [Outgoing],
    ) -> Answer<'a, Vec<Result<Confirmed, PublishError>>> {
        Box::pin(async move {
            let all = |error: fn() -> PublishError| messages.iter().map(|_| Err(error())).collect();
            if self.faults.fails.load(SeqCst) {
                return all(|| PublishError::NotSent("down".into()));
            }
            if self.faults.rejects.load(SeqCst) {
                return all(|| PublishError::Rejected("never".into()));
            }
            let answers = self.inner.publish(queue, messages).await;
            if self.faults.loses_answers.load(SeqCst) {
                self.faults.lost_answers.fetch_add(messages.len(), SeqCst);
                return all(|| PublishError::Unknown("cut off".into()));
            }
            self.faults.published.fetch_add(messages.len(), SeqCst);
            answers
        })
    }

    fn consume<'a>(
        &'a self,
        consumer: &'a Consumer,
    ) -> Answer<'a, Result<Box<dyn Source>, BackendError>> {
        self.inner.consume(consumer)
    }

    passing_on! {
        dead(query: &'a DeadQuery) -> DeadPage;
        requeue(selection: &'a DeadSelection) -> usize;
        purge(selection: &'a DeadSelection) -> usize;
        remove(queue: &'a QueueName, group: &'a GroupName) -> bool;
        status(queue: &'a QueueName) -> Option<QueueStatus>;
        queues() -> Vec<QueueName>;
        close(within: Duration) -> ();
    }
}
