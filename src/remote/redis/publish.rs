use std::ops::Range;
use std::time::Duration;

use redis::{Cmd, Value};
use tokio::sync::watch;

use super::fault::Fault;
use super::keys::{QueueKey, hash};
use super::link::call;
use super::reply::{Reply, is_lost};
use super::script::PUBLISH;
use super::shared::Shared;
use crate::remote::{Confirmed, Outgoing, PublishError, QueueName};

/// How many messages one call of the script stores at most: while it runs, the server does
/// nothing else.
const CHUNK: usize = 128;
/// How many bytes one call has at most, unless one message alone has more.
const CHUNK_BYTES: usize = 1 << 20;
/// How many calls are sent in one go.
const CALLS: usize = 8;
/// Over three hundred years. What is later than that would not fit into the server's numbers.
const LONGEST: Duration = Duration::from_secs(10_000_000_000);

pub(super) type Answers = Vec<Result<Confirmed, PublishError>>;

/// Publishes messages to one queue.
pub(super) struct Publish<'a> {
    shared: &'a Shared,
    queue: &'a QueueName,
    key: QueueKey,
    messages: &'a [Outgoing],
}

impl<'a> Publish<'a> {
    pub(super) fn new(shared: &'a Shared, queue: &'a QueueName, messages: &'a [Outgoing]) -> Self {
        Self {
            shared,
            queue,
            key: shared.key(queue),
            messages,
        }
    }

    pub(super) async fn run(self) -> Answers {
        let _underway = Underway::new(self.shared.publishing());
        let mut answers = Vec::with_capacity(self.messages.len());
        let chunks = self.chunks();
        let mut broken = None;
        for chunks in chunks.chunks(CALLS) {
            if let Some(fault) = &broken {
                // What comes later is not to overtake what has to be published again.
                for chunk in chunks {
                    self.fail(chunk, || Fault::clone(fault), &mut answers);
                }
            } else {
                broken = self.send(chunks, &mut answers).await.err();
            }
        }
        answers
    }

    fn is_too_large(&self, message: &Outgoing) -> bool {
        message.body.len() > self.shared.settings.max_bytes
    }

    /// Divides the messages into calls of the script.
    fn chunks(&self) -> Vec<Range<usize>> {
        let mut chunks = Vec::with_capacity(self.messages.len() / CHUNK + 1);
        let (mut start, mut bytes) = (0, 0);
        for (i, message) in self.messages.iter().enumerate() {
            let size = match self.is_too_large(message) {
                true => 0,
                false => message.body.len(),
            };
            if i - start == CHUNK || (bytes + size > CHUNK_BYTES && i > start) {
                chunks.push(start..i);
                (start, bytes) = (i, 0);
            }
            bytes += size;
        }
        if start < self.messages.len() {
            chunks.push(start..self.messages.len());
        }
        chunks
    }

    fn call(&self, chunk: &Range<usize>) -> Cmd {
        let messages = &self.messages[chunk.clone()];
        let bytes = messages.iter().map(|m| m.body.len() + 64).sum();
        let partitions = self.shared.partitions(self.queue);
        // Neither a key nor a time says where they go.
        let is_plain = partitions == Some(0) && messages.iter().all(|m| m.delay.is_none());
        let words = if is_plain { 2 } else { 4 };
        let mut call = call(&PUBLISH, &self.key, words * messages.len(), bytes);
        call.arg(millis(self.shared.settings.window))
            .arg(partitions.map_or(-1, i32::from))
            .arg(words);
        for message in messages.iter().filter(|m| !self.is_too_large(m)) {
            let id = message.id.as_u128().to_be_bytes();
            call.arg(&id[..]).arg(&message.body[..]);
            if !is_plain {
                let key = message.key.as_ref().map_or(&id[..], |key| key.as_bytes());
                call.arg(hash(key))
                    .arg(millis(message.delay.unwrap_or_default()));
            }
        }
        call
    }

    /// Sends some calls, and answers for their messages. An error is one after which nothing
    /// more is to be sent.
    async fn send(&self, chunks: &[Range<usize>], answers: &mut Answers) -> Result<(), Fault> {
        let mut results = match self.shared.open() {
            Err(fault) => Err(fault),
            Ok(link) => match chunks {
                [chunk] => {
                    let answer = link.eval(&PUBLISH, &self.call(chunk)).await;
                    Ok(vec![answer])
                }
                chunks => {
                    let mut pipeline = redis::pipe();
                    for chunk in chunks {
                        pipeline.add_command(self.call(chunk));
                    }
                    link.run_all(&pipeline, chunks.len()).await
                }
            },
        }
        .unwrap_or_else(|fault| chunks.iter().map(|_| Err(fault.clone())).collect());

        let mut broken = Ok(());
        for (chunk, result) in chunks.iter().zip(results.drain(..)) {
            let result = match result {
                Err(fault) if fault.is_no_script() => self.again(chunk).await,
                Ok(value) if is_lost(&value) => self.anew(chunk).await,
                result => result,
            };
            let read = result.and_then(|value| self.read(chunk, value));
            match read {
                Ok(read) => {
                    if read.made {
                        // Others find it by its name; whoever ensures it adds it as well.
                        let _ = self.shared.list(self.queue).await;
                    }
                    answers.extend(read.answers);
                }
                Err(fault) => {
                    self.fail(chunk, || fault.clone(), answers);
                    broken = Err(match fault {
                        // What was not sent is known not to be stored.
                        Fault::Unanswered { address, source } => {
                            Fault::Unreachable { address, source }
                        }
                        fault => fault,
                    });
                }
            }
        }
        broken
    }

    async fn again(&self, chunk: &Range<usize>) -> Result<Value, Fault> {
        self.shared.link.eval(&PUBLISH, &self.call(chunk)).await
    }

    /// The server has lost the queue: makes it anew, with the groups that are known here.
    async fn anew(&self, chunk: &Range<usize>) -> Result<Value, Fault> {
        if let Some(topology) = self.shared.topology(self.queue) {
            // If it fails, so does the next call, and says why.
            let _ = self.shared.ensure(&topology).await;
        }
        match self.again(chunk).await? {
            value if is_lost(&value) => Err(Fault::Lost),
            value => Ok(value),
        }
    }

    fn fail(&self, chunk: &Range<usize>, fault: impl Fn() -> Fault, answers: &mut Answers) {
        for message in &self.messages[chunk.clone()] {
            answers.push(Err(match self.is_too_large(message) {
                true => self.too_large(message),
                false => fault().into(),
            }));
        }
    }

    fn too_large(&self, message: &Outgoing) -> PublishError {
        let (bytes, most) = (message.body.len(), self.shared.settings.max_bytes);
        Fault::TooLarge { bytes, most }.into()
    }

    fn read(&self, chunk: &Range<usize>, value: Value) -> Result<Read, Fault> {
        let mut reply = Reply::new("publish", value)?;
        let made = reply.number::<i64>()? == 1;
        let mut answers = Vec::with_capacity(chunk.len());
        for message in &self.messages[chunk.clone()] {
            answers.push(match self.is_too_large(message) {
                true => Err(self.too_large(message)),
                false => match reply.value()? {
                    Value::Int(1) => Ok(Confirmed::Stored),
                    Value::Int(0) => Ok(Confirmed::Duplicate),
                    Value::BulkString(text) => {
                        let text = String::from_utf8_lossy(&text).into_owned();
                        Err(Fault::Message { text }.into())
                    }
                    _ => Err(Fault::Answer { what: "publish" }.into()),
                },
            });
        }
        Ok(Read { made, answers })
    }
}

/// What one call of the script has answered.
struct Read {
    made: bool,
    answers: Answers,
}

/// Counts a publish while it is under way.
struct Underway<'a>(&'a watch::Sender<usize>);

impl<'a> Underway<'a> {
    fn new(count: &'a watch::Sender<usize>) -> Self {
        count.send_modify(|n| *n += 1);
        Self(count)
    }
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|n| *n -= 1);
    }
}

/// A time in milliseconds, as the server counts; what is not nothing is at least one.
pub(super) fn millis(time: Duration) -> u64 {
    let time = time.min(LONGEST);
    u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}
