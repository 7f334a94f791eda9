use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use redis::Value;
use redis::aio::MultiplexedConnection;
use tokio::time::Instant;

use super::fault::Fault;
use super::publish::millis;
use super::reply::Reply;
use super::settle::{Handed, Place};

/// The connection that one source blocks on. It is in use by one read at a time; a read that
/// failed does not give it back.
#[derive(Default)]
pub(super) struct Blocking(Option<MultiplexedConnection>);

/// What a read has brought: messages with the time since when they are leased, and whether
/// there was a wake-up.
type Brought = (Vec<(Instant, Handed)>, bool);

/// How a read has ended.
pub(super) struct Read {
    pub(super) blocking: Blocking,
    pub(super) result: Result<Brought, Fault>,
}

impl Read {
    pub(super) fn failed(fault: Fault) -> Self {
        Self {
            blocking: Blocking::default(),
            result: Err(fault),
        }
    }
}

impl Blocking {
    /// Blocks until there is something, or for the set time.
    pub(super) fn read(
        &mut self,
        place: &Arc<Place>,
        ordered: bool,
        free: usize,
    ) -> impl Future<Output = Read> + Send + 'static {
        let connection = self.0.take();
        let place = place.clone();
        async move {
            let block = place.shared.settings.block;
            let opened = match connection {
                Some(connection) => Ok(connection),
                None => place.shared.link.open(block).await,
            };
            let mut connection = match opened {
                Ok(connection) => connection,
                Err(fault) => return Read::failed(fault),
            };
            let command = match ordered {
                true => place.wait_command(block),
                false => place.read_command(block, free),
            };
            let answer: Result<Value, _> = command.query_async(&mut connection).await;
            let at = Instant::now();
            let result = answer
                .map_err(|e| Fault::of_command(place.shared.link.address(), e))
                .and_then(|value| match ordered {
                    true => Ok((Vec::new(), value != Value::Nil)),
                    false => place.brought(at, value),
                });
            let usable = !matches!(&result, Err(fault) if fault.ends_connection());
            Read {
                blocking: Blocking(usable.then_some(connection)),
                result,
            }
        }
    }
}

impl Place {
    fn wake(&self) -> String {
        self.key.wake(&self.consumer.group, &self.consumer.name)
    }

    /// Reads what is ready, and wake-ups.
    fn read_command(&self, block: Duration, free: usize) -> redis::Cmd {
        let mut read = redis::cmd("XREADGROUP");
        read.arg("GROUP")
            .arg(self.consumer.group.as_str())
            .arg(&*self.consumer.name)
            .arg("COUNT")
            .arg(free)
            .arg("BLOCK")
            .arg(millis(block))
            .arg("STREAMS")
            .arg(self.key.stream(&self.consumer.group))
            .arg(self.wake())
            .arg(">")
            .arg(">");
        read
    }

    /// Waits for a wake-up, of one's own or for whoever comes first.
    fn wait_command(&self, block: Duration) -> redis::Cmd {
        let mut wait = redis::cmd("BLPOP");
        wait.arg(self.wake())
            .arg(self.key.hints(&self.consumer.group))
            .arg(block.as_secs_f64());
        wait
    }

    fn brought(&self, at: Instant, value: Value) -> Result<Brought, Fault> {
        let stream = self.key.stream(&self.consumer.group);
        let (mut handed, mut woken) = (Vec::new(), false);
        let mut streams = Reply::new("read", value)?;
        while !streams.is_empty() {
            let mut part = streams.list()?;
            if part.text()? != stream {
                woken = true;
                continue;
            }
            let mut entries = part.list()?;
            while !entries.is_empty() {
                let mut entry = entries.list()?;
                let id = entry.text()?;
                handed.push((at, read_entry(id, entry.list()?)?));
            }
        }
        Ok((handed, woken))
    }
}

/// Reads the fields of an entry that is handed out for the first time since it was appended.
fn read_entry(id: String, mut fields: Reply) -> Result<Handed, Fault> {
    let (mut body, mut before) = (None, 0);
    while !fields.is_empty() {
        match &*fields.bytes()? {
            b"b" => body = Some(fields.body()?),
            b"d" => before = fields.number()?,
            _ => drop(fields.value()?),
        }
    }
    Ok(Handed {
        partition: 0,
        id,
        token: 1,
        deliveries: before + 1_u32,
        // What somebody else has added: nothing that can be decoded, so it ends as dead.
        body: body.unwrap_or_default(),
    })
}
