use std::sync::Arc;
use std::time::Duration;

use crate::emitter::{Emitter, Strategy};
use crate::linker::{Linker, StartError};
use crate::policy::Retry;
use crate::registry::Overflow;
use crate::remote::error::RemoteError;
use crate::remote::remote::Remote;
use crate::remote::topology::{Consumer, GroupName};

use super::run::{Desk, Settings};
use super::worker::Worker;

/// The settings of a [`Worker`].
#[derive(Debug, Clone)]
#[must_use = "nothing starts before `start`"]
pub struct WorkerBuilder {
    remote: Remote,
    linker: Linker,
    group: String,
    name: Option<String>,
    concurrency: usize,
    strategy: Strategy,
    retry: Retry,
    lease: Duration,
}

impl WorkerBuilder {
    pub(super) fn new(remote: &Remote, linker: &Linker) -> Self {
        let retry = Retry::exponential(Duration::from_secs(1)).attempts(5);
        Self {
            remote: remote.clone(),
            linker: linker.clone(),
            group: "workers".into(),
            name: None,
            concurrency: 16,
            strategy: Strategy::dedicated(),
            retry: retry.max_delay(Duration::from_secs(300)).jitter(),
            lease: Duration::from_secs(30),
        }
    }

    /// Names the group that it works for: `workers`, if nothing is said. Each group gets every
    /// emission; the workers of one share them.
    pub fn group(mut self, name: impl Into<String>) -> Self {
        self.group = name.into();
        self
    }

    /// Names the worker itself, uniquely within its group. A name is made up, if nothing is
    /// said.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets how many emissions it runs at a time: 16, if nothing is said.
    pub fn concurrency(mut self, emissions: usize) -> Self {
        self.concurrency = emissions;
        self
    }

    /// Sets where callbacks run: any local strategy; [`Strategy::dedicated`], if nothing is
    /// said. What runs on the caller's thread under [`inline`](Strategy::inline) runs on the
    /// arbiter that starts the worker.
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// Sets how often an emission is tried, and the delays in between: 5 times, 1 s, doubling
    /// up to 5 minutes with up to as much again by chance, if nothing is said.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Sets how long an emission stays this worker's without its saying so: 30 s, if nothing
    /// is said. It is extended after each third of that. When a worker dies, what it had is
    /// handed out again after that time.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// Starts it. It reads as soon as the backend answers.
    ///
    /// # Errors
    ///
    /// If a name is none, if `concurrency` or `lease` is 0, if the strategy is
    /// [remote](Strategy::remote) or cannot start, if the attempts are 0, and outside a
    /// `System`.
    pub fn start(self) -> Result<Worker, RemoteError> {
        let group = GroupName::new(&self.group)?;
        for (setting, is_zero) in [
            ("concurrency", self.concurrency == 0),
            ("lease", self.lease.is_zero()),
        ] {
            if is_zero {
                return Err(StartError::Zero { setting }.into());
            }
        }
        self.retry.check()?;
        if self.strategy.is_remote() {
            let (setting, strategy) = ("strategy", "remote");
            return Err(StartError::Unfit { setting, strategy }.into());
        }
        let home = actix_rt::Arbiter::try_current().ok_or(StartError::NoArbiter)?;
        // Each emission that it leases finds room.
        let strategy = self.strategy.bounded(self.concurrency, Overflow::Refuse);
        let emitter = Emitter::builder(&self.linker).strategy(strategy).start()?;
        let name = match self.name {
            Some(name) => GroupName::new(name)?.to_string(),
            None => uuid::Uuid::new_v4().simple().to_string(),
        };
        let topology = self.remote.shared.topology.clone().group(group.clone());
        let consumer = Consumer {
            topology,
            group,
            name: Arc::from(name),
            lease: self.lease,
        };
        let settings = Settings {
            consumer,
            concurrency: self.concurrency,
            retry: self.retry,
        };
        Ok(Worker::new(Desk::new(
            &self.remote,
            emitter,
            home,
            settings,
        )))
    }
}
