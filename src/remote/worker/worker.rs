use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr};

use crate::linker::Linker;
use crate::remote::remote::Remote;

use super::actor::{Drain, WorkerActor};
use super::builder::WorkerBuilder;
use super::counts::WorkerStats;
use super::run::{Desk, Phase};

/// The handle to what runs emissions from a backend. See the [module's page](super).
///
/// When it is dropped, the worker leases nothing more; what it has at work ends, as long as the
/// `System` runs.
pub struct Worker {
    desk: Arc<Desk>,
    addr: Addr<WorkerActor>,
}

/// What a drain had to give back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerDrained {
    /// How many emissions had not ended in time. They were given back, and are handed to
    /// another worker; their handlers here were not stopped.
    pub released: usize,
}

impl Worker {
    /// Returns a builder: group, concurrency, strategy, attempts, lease.
    pub fn builder(remote: &Remote, linker: &Linker) -> WorkerBuilder {
        WorkerBuilder::new(remote, linker)
    }

    pub(super) fn new(desk: Arc<Desk>) -> Self {
        let site = desk.remote.site.clone();
        let reading = desk.clone();
        let addr = WorkerActor::start_in_arbiter(&site.arbiter(), |_| WorkerActor::new(reading));
        Self { desk, addr }
    }

    /// Waits until its group is there and it reads: what is emitted from then on reaches it.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn ready(&self) {
        self.desk.reached(Phase::Reading).await;
    }

    /// Returns what has become of what it was handed.
    #[must_use]
    pub fn stats(&self) -> WorkerStats {
        self.desk.counts.read()
    }

    /// Returns how many emissions it has at work.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.desk.in_flight()
    }

    /// Ends it: it leases nothing more, what it has at work may end within a time, and the
    /// rest is given back.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it drains all the same.
    pub async fn drain(&self, within: Duration) -> WorkerDrained {
        // If its arbiter has gone, there is nothing left to drain.
        self.addr.send(Drain(within)).await.unwrap_or_default()
    }

    /// Works until the process is told to end, by `SIGTERM` or `SIGINT` (on other systems
    /// Ctrl-C), and [drains](Self::drain).
    ///
    /// # Errors
    ///
    /// If the operating system has no handler left for signals.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe before the signal has come.
    pub async fn run_until_signal(&self, within: Duration) -> std::io::Result<WorkerDrained> {
        until_signal().await?;
        Ok(self.drain(within).await)
    }
}

#[cfg(unix)]
async fn until_signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

#[cfg(not(unix))]
async fn until_signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.desk.enter(Phase::Draining);
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker")
            .field("consumer", &self.desk.settings.consumer)
            .field("in_flight", &self.in_flight())
            .finish_non_exhaustive()
    }
}
