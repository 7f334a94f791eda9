use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures::channel::oneshot;

use crate::remote::{Consumer, Lease};

use super::super::fault::Fault;
use super::super::ledger::{Ledger, Row};
use super::super::settings::micros;
use super::handle::Handle;
use super::held::Held;

/// How long a consumer is silent before it says again that it reads. Written only along with
/// something else, or when twice that time is over.
const SILENT: Duration = Duration::from_secs(5);

/// One consumer of a group.
#[derive(Debug)]
pub(in super::super) struct Reader {
    consumer: Consumer,
    /// When it last said that it reads.
    heard: AtomicI64,
}

impl Reader {
    pub(in super::super) fn new(consumer: Consumer) -> Self {
        Self {
            consumer,
            heard: AtomicI64::new(0),
        }
    }

    /// Strikes it off.
    pub(in super::super) fn is_gone(&self, ledger: &Ledger<'_>) -> Result<(), Fault> {
        if let Some(group) = self.group(ledger)? {
            ledger.gone(group, &self.consumer.name)?;
        }
        Ok(())
    }

    /// The group, unless it was removed: then there is nothing until it is made anew.
    fn group(&self, ledger: &Ledger<'_>) -> Result<Option<i64>, Fault> {
        ledger.find(self.consumer.topology.queue(), &self.consumer.group)
    }
}

/// A consumer that waits for messages.
pub(super) struct Claim {
    reader: Arc<Reader>,
    free: usize,
    /// The way back, for what is leased.
    handle: Handle,
    answer: oneshot::Sender<Result<Vec<Lease>, Fault>>,
    /// When it is worth looking again; 0 for now.
    pub(super) wake: i64,
    /// What it has got, in a transaction that is not committed yet.
    found: Vec<Row>,
}

impl Claim {
    pub(super) fn new(
        reader: Arc<Reader>,
        free: usize,
        handle: Handle,
        answer: oneshot::Sender<Result<Vec<Lease>, Fault>>,
    ) -> Self {
        Self {
            reader,
            free,
            handle,
            answer,
            wake: 0,
            found: Vec::new(),
        }
    }

    /// Whether nobody waits for it any more.
    pub(super) fn is_abandoned(&self) -> bool {
        self.answer.is_canceled()
    }

    /// Looks, without writing, whether there is something to do, and if not, when.
    pub(super) fn is_due(&mut self, ledger: &Ledger<'_>) -> Result<bool, Fault> {
        self.wait_for_next(ledger)?;
        Ok(self.wake <= ledger.now)
    }

    pub(super) fn attempt(&mut self, ledger: &Ledger<'_>) -> Result<(), Fault> {
        let reader = &self.reader;
        let Some(group) = reader.group(ledger)? else {
            self.found.clear();
            self.wake = i64::MAX;
            return Ok(());
        };
        let Consumer { name, lease, .. } = &reader.consumer;
        self.found = ledger.claim(group, name, micros(*lease), self.free)?;
        if ledger
            .now
            .saturating_sub(reader.heard.load(Ordering::Relaxed))
            >= micros(SILENT)
        {
            ledger.heard_of(group, name)?;
            reader.heard.store(ledger.now, Ordering::Relaxed);
        }
        if self.found.is_empty() {
            self.wait_for_next(ledger)?;
        }
        Ok(())
    }

    /// Answers, once the transaction is committed; or gives itself back, to wait on.
    pub(super) fn finish(mut self, out: &Arc<()>) -> Option<Self> {
        if self.found.is_empty() {
            return Some(self);
        }
        let rows = std::mem::take(&mut self.found);
        let duration = self.reader.consumer.lease;
        let lease = |row: Row| {
            let held = Held::new(self.handle.clone(), row.token, duration, out);
            Lease::new(row.body, Some(row.deliveries), duration, Box::new(held))
        };
        // Where nobody takes them any more, they are dropped here, and so given back.
        let _ = self.answer.send(Ok(rows.into_iter().map(lease).collect()));
        None
    }

    pub(super) fn fail(self, fault: Fault) {
        // It is not written down after all, maybe.
        self.reader.heard.store(0, Ordering::Relaxed);
        let _ = self.answer.send(Err(fault));
    }

    fn wait_for_next(&mut self, ledger: &Ledger<'_>) -> Result<(), Fault> {
        let Some(group) = self.reader.group(ledger)? else {
            self.wake = i64::MAX;
            return Ok(());
        };
        let due = ledger.next_due(group)?.unwrap_or(i64::MAX);
        let heard = self.reader.heard.load(Ordering::Relaxed);
        self.wake = due.min(heard.saturating_add(2 * micros(SILENT)));
        Ok(())
    }
}
