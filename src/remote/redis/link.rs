use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{AsyncConnectionConfig, Cmd, Pipeline, RedisError, Value};
use tokio::sync::Mutex;

use super::fault::Fault;
use super::keys::QueueKey;
use super::script::Script;
use super::settings::Settings;

/// The way to the server: one connection that all commands share, made when it is needed and
/// made anew after it failed, and further ones for those who block.
///
/// The client's own manager of connections is not used: it gives up after six attempts, and a
/// connection that is silent, not closed, stays in use for ever.
pub(super) struct Link {
    client: redis::Client,
    address: Arc<str>,
    connect_timeout: Duration,
    command_timeout: Duration,
    slot: Mutex<Slot>,
}

#[derive(Default)]
struct Slot {
    /// The connection, and how many there were before.
    connection: Option<MultiplexedConnection>,
    number: u64,
    /// The last attempt that failed: those who waited for it meanwhile do not try again.
    failed: Option<(Instant, Fault)>,
}

/// The connection in use, and which one it is.
type Current = (u64, MultiplexedConnection);

impl Link {
    pub(super) fn new(client: &redis::Client, settings: &Settings) -> Result<Self, RedisError> {
        let info = client.get_connection_info().clone();
        let keepalive = TcpKeepalive::new()
            .with_time(Duration::from_secs(10))
            .with_interval(Duration::from_secs(5));
        let tcp = TcpSettings::default()
            .set_nodelay(true)
            .set_keepalive(keepalive);
        let address = info.addr().to_string().into();
        Ok(Self {
            client: redis::Client::open(info.set_tcp_settings(tcp))?,
            address,
            connect_timeout: settings.connect_timeout,
            command_timeout: settings.command_timeout,
            slot: Mutex::default(),
        })
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Opens a connection of one's own, for commands that block for so long.
    pub(super) async fn open(&self, block: Duration) -> Result<MultiplexedConnection, Fault> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.connect_timeout))
            .set_response_timeout(Some(block + self.command_timeout));
        let opened = self
            .client
            .get_multiplexed_async_connection_with_config(&config);
        // The client's timeout leaves out the greeting.
        let opened = tokio::time::timeout(self.connect_timeout * 2, opened).await;
        let mut connection = opened
            .unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()))
            .map_err(|e| Fault::of_connect(&self.address, e))?;
        self.check_version(&mut connection).await?;
        Ok(connection)
    }

    async fn check_version(&self, connection: &mut MultiplexedConnection) -> Result<(), Fault> {
        let info = redis::cmd("INFO").arg("server").to_owned();
        let info: String = match info.query_async(connection).await {
            Ok(info) => info,
            // Who may not ask is told by the commands themselves.
            Err(e) if e.code() == Some("NOPERM") => return Ok(()),
            Err(e) => return Err(Fault::of_connect(&self.address, e)),
        };
        let version = info
            .lines()
            .find_map(|line| line.strip_prefix("redis_version:"))
            .unwrap_or_default();
        let major = version.split('.').next().and_then(|n| n.parse().ok());
        match major.unwrap_or(7_u32) {
            7.. => Ok(()),
            _ => Err(Fault::Version {
                address: self.address.to_string(),
                found: version.to_owned(),
            }),
        }
    }

    async fn current(&self) -> Result<Current, Fault> {
        let asked = Instant::now();
        let mut slot = self.slot.lock().await;
        if let Some(connection) = &slot.connection {
            return Ok((slot.number, connection.clone()));
        }
        if let Some((at, fault)) = &slot.failed
            && *at >= asked
        {
            return Err(fault.clone());
        }
        match self.open(Duration::ZERO).await {
            Ok(connection) => {
                slot.number += 1;
                slot.connection = Some(connection.clone());
                slot.failed = None;
                Ok((slot.number, connection))
            }
            Err(fault) => {
                slot.failed = Some((Instant::now(), fault.clone()));
                Err(fault)
            }
        }
    }

    async fn close_number(&self, number: u64) {
        let mut slot = self.slot.lock().await;
        if slot.number == number {
            slot.connection = None;
        }
    }

    /// Lets go of the connection; the next command makes a new one.
    pub(super) async fn close(&self) {
        self.slot.lock().await.connection = None;
    }

    /// Runs one command.
    pub(super) async fn run(&self, command: &Cmd) -> Result<Value, Fault> {
        let (number, mut connection) = self.current().await?;
        let answer: Result<Value, _> = command.query_async(&mut connection).await;
        match answer {
            Ok(value) => Ok(value),
            Err(e) => {
                let fault = Fault::of_command(&self.address, e);
                if fault.ends_connection() {
                    self.close_number(number).await;
                }
                Err(fault)
            }
        }
    }

    /// Runs commands in one round trip, each by itself; the whole fails only if the server
    /// does not answer.
    pub(super) async fn run_all(
        &self,
        pipeline: &Pipeline,
        count: usize,
    ) -> Result<Vec<Result<Value, Fault>>, Fault> {
        let (number, mut connection) = self.current().await?;
        match connection.req_packed_commands(pipeline, 0, count).await {
            Ok(values) => {
                let result = |value: Value| value.extract_error();
                let fault = |e| Fault::of_command(&self.address, e);
                Ok(values
                    .into_iter()
                    .map(|value| result(value).map_err(fault))
                    .collect())
            }
            Err(e) => {
                self.close_number(number).await;
                Err(Fault::of_command(&self.address, e))
            }
        }
    }

    /// Runs a script. A server that does not know it, because it was started anew, learns it.
    pub(super) async fn eval(&self, script: &Script, call: &Cmd) -> Result<Value, Fault> {
        match self.run(call).await {
            Err(fault) if fault.is_no_script() => {
                self.load(script).await?;
                self.run(call).await
            }
            answer => answer,
        }
    }

    /// Teaches the server a script.
    pub(super) async fn load(&self, script: &Script) -> Result<(), Fault> {
        let mut load = redis::cmd("SCRIPT");
        load.arg("LOAD").arg(script.code());
        self.run(&load).await.map(drop)
    }
}

/// Begins the call of a script, with room for so many long arguments, and their bytes.
pub(super) fn call(script: &Script, queue: &QueueKey, args: usize, bytes: usize) -> Cmd {
    let mut call = Cmd::with_capacity(args + 16, bytes + 512);
    call.arg("EVALSHA")
        .arg(script.hash())
        .arg(1)
        .arg(queue.as_str());
    call
}
