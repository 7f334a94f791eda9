use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ventix::EmissionId;
use ventix::remote::{
    Answer, Backend, BackendError, Capabilities, Confirmed, Consumer, DeadPage, DeadQuery,
    DeadSelection, GroupName, Memory, Outgoing, PublishError, QueueName, QueueStatus, Source,
    Topology,
};

use super::fault::Fault;
use super::source::BrokenSource;

/// The engine in process, with a fault.
#[derive(Debug)]
pub(crate) struct Broken {
    inner: Memory,
    pub(super) fault: Fault,
    pub(super) is_closed: Arc<AtomicBool>,
    pub(super) shared: Arc<Shared>,
}

/// What its connections share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    published: AtomicU32,
    pub(super) retries: AtomicU32,
    /// What was acknowledged by those that had lost it.
    acked_late: Mutex<HashSet<Arc<[u8]>>>,
}

impl Shared {
    pub(super) fn is_acked(&self, body: &Arc<[u8]>) -> bool {
        self.acked_late.lock().unwrap().contains(body)
    }

    pub(super) fn ack_late(&self, body: Arc<[u8]>) {
        self.acked_late.lock().unwrap().insert(body);
    }
}

/// Another connection.
impl Clone for Broken {
    fn clone(&self) -> Self {
        Self {
            is_closed: Arc::default(),
            inner: self.inner.clone(),
            shared: self.shared.clone(),
            fault: self.fault,
        }
    }
}

impl Broken {
    pub(crate) fn new(inner: Memory, fault: Fault) -> Self {
        Self {
            inner,
            fault,
            is_closed: Arc::default(),
            shared: Arc::default(),
        }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn queue(&self, queue: &QueueName) -> QueueName {
        match self.fault {
            Fault::MixesQueues => QueueName::new("all").unwrap(),
            _ => queue.clone(),
        }
    }

    fn group(&self, group: &GroupName) -> GroupName {
        match self.fault {
            Fault::MixesGroups => GroupName::new("all").unwrap(),
            _ => group.clone(),
        }
    }

    fn topology(&self, topology: &Topology) -> Topology {
        let groups = topology.groups().iter().map(|group| self.group(group));
        let bare = Topology::new(self.queue(topology.queue()));
        let bare = match topology.partitions() {
            Some(partitions) => bare.ordered(partitions),
            None => bare,
        };
        groups.fold(bare, Topology::group)
    }

    pub(super) fn consumer(&self, consumer: &Consumer) -> Consumer {
        let group = match self.fault {
            Fault::FansOutWithin => GroupName::new(&*consumer.name).unwrap(),
            _ => self.group(&consumer.group),
        };
        Consumer {
            topology: self.topology(&consumer.topology).group(group.clone()),
            group,
            ..consumer.clone()
        }
    }

    pub(super) async fn source(
        &self,
        consumer: &Consumer,
    ) -> Result<Box<dyn Source>, BackendError> {
        self.inner.consume(&self.consumer(consumer)).await
    }

    /// A message, as the fault makes it.
    fn spoilt(&self, message: &Outgoing) -> Outgoing {
        let mut message = message.clone();
        match self.fault {
            Fault::IgnoresDelays => message.delay = None,
            Fault::OverflowsDelays => message.delay = message.delay.filter(|it| !is_long(*it)),
            Fault::IgnoresIds => message.id = fresh_id(),
            Fault::IgnoresKeys => message.key = None,
            Fault::SpoilsBytes => {
                let text = String::from_utf8_lossy(&message.body).into_owned();
                message.body = text.into_bytes().into();
            }
            Fault::CutsOff => {
                let most = message.body.len().min(1 << 16);
                message.body = message.body[..most].into();
            }
            _ => {}
        }
        message
    }

    async fn publish_one(
        &self,
        queue: &QueueName,
        message: &Outgoing,
    ) -> Result<Confirmed, PublishError> {
        let number = self.shared.published.fetch_add(1, Ordering::Relaxed) + 1;
        if self.has(Fault::LosesSome) && number % 5 == 0 {
            return Ok(Confirmed::Stored);
        }
        if self.has(Fault::LosesUnclaimed) {
            let status = self.inner.status(queue).await.unwrap();
            if status.is_none_or(|status| status.groups.is_empty()) {
                return Ok(Confirmed::Stored);
            }
        }
        let mut message = self.spoilt(message);
        let answer = self.inner.publish(queue, std::slice::from_ref(&message));
        let answer = answer.await.pop().unwrap();
        if self.has(Fault::Doubles) {
            message.id = fresh_id();
            let _ = self.inner.publish(queue, &[message]).await;
        } else if self.has(Fault::StoresWhatItRefuses) && number > 20 {
            return Err(PublishError::Backpressure("full, in a way".into()));
        }
        answer
    }
}

/// Longer than fits in so many milliseconds.
pub(super) fn is_long(time: Duration) -> bool {
    i64::try_from(time.as_millis()).is_err()
}

/// An id that nobody has had before.
fn fresh_id() -> EmissionId {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    EmissionId::from_u128(u128::from(number) | 1 << 110)
}

impl Backend for Broken {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = self.inner.capabilities();
        // As if: there is a row for those that are.
        capabilities.persistent = true;
        match self.fault {
            Fault::NeverForgetsIds => capabilities.dedup_window = Some(Duration::from_secs(1)),
            Fault::TakesAnySize => capabilities.max_bytes = Some(1 << 20),
            _ => {}
        }
        capabilities
    }

    fn ensure<'a>(&'a self, topology: &'a Topology) -> Answer<'a, Result<(), BackendError>> {
        Box::pin(async move {
            let topology = self.topology(topology);
            if self.has(Fault::EnsuresAnew) {
                for group in topology.groups() {
                    self.inner.remove(topology.queue(), group).await?;
                }
            }
            match self.inner.ensure(&topology).await {
                Err(BackendError::Mismatch { .. }) if self.has(Fault::IgnoresMismatches) => Ok(()),
                ensured => ensured,
            }
        })
    }

    fn publish<'a>(
        &'a self,
        queue: &'a QueueName,
        messages: &'a [Outgoing],
    ) -> Answer<'a, Vec<Result<Confirmed, PublishError>>> {
        Box::pin(async move {
            let queue = self.queue(queue);
            let mut messages: Vec<_> = messages.iter().collect();
            if self.has(Fault::TurnsBatchesRound) {
                messages.reverse();
            }
            let mut answers = Vec::new();
            for message in messages {
                answers.push(self.publish_one(&queue, message).await);
            }
            match self.fault {
                Fault::TurnsBatchesRound => answers.reverse(),
                Fault::AnswersForNothing if answers.is_empty() => {
                    answers.push(Ok(Confirmed::Stored));
                }
                _ => {}
            }
            answers
        })
    }

    fn consume<'a>(
        &'a self,
        consumer: &'a Consumer,
    ) -> Answer<'a, Result<Box<dyn Source>, BackendError>> {
        Box::pin(async move {
            let inner = self.source(consumer).await?;
            let source = BrokenSource::new(inner, self, consumer);
            Ok(Box::new(source) as Box<dyn Source>)
        })
    }

    fn dead<'a>(&'a self, query: &'a DeadQuery) -> Answer<'a, Result<DeadPage, BackendError>> {
        Box::pin(async move {
            let mut query = query.clone();
            query.queue = self.queue(&query.queue);
            query.group = self.group(&query.group);
            query.code = query.code.filter(|_| !self.has(Fault::IgnoresCodes));
            self.inner.dead(&query).await
        })
    }

    fn requeue<'a>(
        &'a self,
        selection: &'a DeadSelection,
    ) -> Answer<'a, Result<usize, BackendError>> {
        Box::pin(async move {
            let mut selection = selection.clone();
            for (_, bytes) in &mut selection.letters {
                *bytes = bytes.take().filter(|_| !self.has(Fault::IgnoresNewBytes));
            }
            self.inner.requeue(&selection).await
        })
    }

    fn purge<'a>(
        &'a self,
        selection: &'a DeadSelection,
    ) -> Answer<'a, Result<usize, BackendError>> {
        Box::pin(async move {
            match self.fault {
                Fault::NeverPurges => Ok(selection.letters.len()),
                _ => self.inner.purge(selection).await,
            }
        })
    }

    fn remove<'a>(
        &'a self,
        queue: &'a QueueName,
        group: &'a GroupName,
    ) -> Answer<'a, Result<bool, BackendError>> {
        Box::pin(async move {
            match self.fault {
                Fault::NeverRemoves => Ok(true),
                _ => self.inner.remove(queue, group).await,
            }
        })
    }

    fn status<'a>(
        &'a self,
        queue: &'a QueueName,
    ) -> Answer<'a, Result<Option<QueueStatus>, BackendError>> {
        Box::pin(async move {
            let mut status = self.inner.status(&self.queue(queue)).await?;
            if self.has(Fault::InventsQueues) {
                status.get_or_insert_with(|| QueueStatus {
                    queue: queue.clone(),
                    partitions: None,
                    unclaimed: 0,
                    groups: Vec::new(),
                });
            }
            for group in status.iter_mut().flat_map(|status| &mut status.groups) {
                match self.fault {
                    Fault::CountsNothing => group.ready = 0,
                    Fault::ForgetsConsumers => group.consumers.clear(),
                    _ => {}
                }
            }
            Ok(status)
        })
    }

    fn queues(&self) -> Answer<'_, Result<Vec<QueueName>, BackendError>> {
        self.inner.queues()
    }

    fn close(&self, within: Duration) -> Answer<'_, Result<(), BackendError>> {
        self.is_closed.store(true, Ordering::Relaxed);
        match self.fault {
            Fault::IgnoresClose => Box::pin(std::future::ready(Ok(()))),
            _ => self.inner.close(within),
        }
    }
}
