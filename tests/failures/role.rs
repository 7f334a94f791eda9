//! What the processes do that tests start and kill.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use ventix::remote::{Remote, Worker};
use ventix::{Emitter, Linker, Retry, Strategy, on};

use crate::ledger::Ledger;
use crate::witness::Trap;
use crate::world::{Place, emit, remote};
use crate::{Job, MS, PATIENCE};

/// Tells a process what it is; without it, it is none.
const ORDERS: &str = "VENTIX_FAILURES_ORDERS";

/// All that a process has to know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Orders {
    pub(crate) place: Place,
    pub(crate) ledger: PathBuf,
    pub(crate) role: Role,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Role {
    /// Emits jobs without end, so many at once, with numbers of its own.
    Emit(usize),
    Work(Work),
}

/// A worker.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Work {
    pub(crate) deed: Deed,
    pub(crate) trap: Option<Trap>,
    pub(crate) concurrency: usize,
    pub(crate) attempts: u32,
    pub(crate) lease: Duration,
    /// How long it may take to end after a `SIGTERM`.
    pub(crate) drain: Duration,
}

/// What handlers do.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Deed {
    Quick,
    /// It has its effect once for each id.
    Effect,
    Takes(Duration),
    Stuck,
    /// Waits for the gate; from this job on, for ever.
    Gated(u64),
    Fails,
    /// The process does not survive this job.
    AbortsOn(u64),
    /// Takes a while, and fails now and then.
    Chance,
}

impl Work {
    pub(crate) fn new(deed: Deed) -> Self {
        Self {
            deed,
            trap: None,
            concurrency: 8,
            attempts: 5,
            lease: 500 * MS,
            drain: PATIENCE,
        }
    }

    pub(crate) fn trap(mut self, trap: Trap) -> Self {
        self.trap = Some(trap);
        self
    }

    pub(crate) fn concurrency(mut self, concurrency: usize) -> Self {
        self.concurrency = concurrency;
        self
    }

    pub(crate) fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    pub(crate) fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    pub(crate) fn drain(mut self, drain: Duration) -> Self {
        self.drain = drain;
        self
    }

    /// Starts it, and waits until it reads.
    pub(crate) async fn start(self, remote: &Remote, ledger: &Ledger) -> Worker {
        let linker = Linker::start();
        let (deed, notes) = (self.deed, ledger.clone());
        let handler = on::<Job>().call_async(move |job| run(deed, job.id, notes.clone()));
        linker.subscribe(handler.named("job")).unwrap();
        let worker = Worker::builder(remote, &linker)
            .group("group")
            .concurrency(self.concurrency)
            .retry(Retry::constant(50 * MS).attempts(self.attempts))
            .lease(self.lease)
            .start()
            .unwrap();
        worker.ready().await;
        worker
    }
}

async fn run(deed: Deed, id: u64, ledger: Ledger) -> Result<(), &'static str> {
    ledger.note("started", id);
    match deed {
        Deed::Quick => {}
        Deed::Effect => ledger.effect(id),
        Deed::Takes(time) => actix::clock::sleep(time).await,
        Deed::Gated(stuck) if id < stuck => {
            while !ledger.gate().exists() {
                actix::clock::sleep(5 * MS).await;
            }
        }
        Deed::Stuck | Deed::Gated(_) => std::future::pending().await,
        Deed::Fails => return Err("no luck"),
        Deed::AbortsOn(poison) if id == poison => std::process::abort(),
        Deed::AbortsOn(_) => {}
        Deed::Chance => {
            actix::clock::sleep(MS * u32::try_from(id % 20).unwrap()).await;
            let nanos = std::time::UNIX_EPOCH.elapsed().unwrap().subsec_nanos();
            if nanos / 1_000 % 16 == 0 {
                return Err("no luck this time");
            }
        }
    }
    ledger.note("done", id);
    Ok(())
}

/// A process, which is killed when this is dropped, and ends by itself when we do.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn start(orders: &Orders) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "role::child", "--nocapture"])
            .env(ORDERS, serde_json::to_string(orders).unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Kills it by `SIGKILL`.
    pub(crate) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Asks it to end by `SIGTERM`.
    pub(crate) fn terminate(&self) {
        let mut kill = Command::new("kill");
        let status = kill.args(["-TERM", &self.id().to_string()]).status();
        assert!(status.unwrap().success());
    }

    pub(crate) fn is_over(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    /// Waits until it has ended by itself.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        crate::until("a process ends", || self.is_over()).await;
        self.0.wait().unwrap()
    }

    /// How much memory it has in use, in KiB.
    pub(crate) fn memory(&self) -> u64 {
        let path = format!("/proc/{}/status", self.id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let size = line.unwrap().trim().trim_end_matches(" kB");
        size.parse().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the processes run that tests start. In any other process it does nothing.
#[test]
fn child() {
    let Ok(orders) = std::env::var(ORDERS) else {
        return;
    };
    // Its standard input ends with the process that has started it.
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(1);
    });
    let orders: Orders = serde_json::from_str(&orders).unwrap();
    actix::System::new().block_on(obey(orders));
}

async fn obey(orders: Orders) {
    let ledger = Ledger::open(&orders.ledger);
    match orders.role {
        Role::Emit(batch) => {
            let remote = remote(&orders.place, &ledger, None);
            let emitter = Emitter::start(&Linker::start(), Strategy::remote(&remote));
            let mut ids = u64::from(std::process::id()) << 32..;
            ledger.note("emits", 0);
            loop {
                emit(&emitter, &ledger, ids.by_ref().take(batch)).await;
                actix::clock::sleep(20 * MS).await;
            }
        }
        Role::Work(work) => {
            let remote = remote(&orders.place, &ledger, work.trap);
            let worker = work.start(&remote, &ledger).await;
            ledger.note("works", 0);
            let drained = worker.run_until_signal(work.drain).await.unwrap();
            ledger.note("drained", u64::try_from(drained.released).unwrap());
        }
    }
}
