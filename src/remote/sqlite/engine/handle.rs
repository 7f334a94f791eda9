use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use futures::channel::oneshot;

use crate::remote::Lease;

use super::super::fault::Fault;
use super::super::ledger::Ledger;
use super::claim::{Claim, Reader};
use super::task::{Task, Work};

/// What the thread is told.
pub(super) enum Message {
    Write(Box<dyn Task>),
    Read(Box<dyn Task>),
    Claim(Claim),
    Close(oneshot::Sender<()>),
}

/// The way to the thread. The thread ends when the last one is dropped.
#[derive(Clone)]
pub(in super::super) struct Handle {
    inbox: mpsc::Sender<Message>,
    closed: Arc<AtomicBool>,
    patience: Duration,
}

impl Handle {
    pub(super) fn pair(patience: Duration) -> (Self, mpsc::Receiver<Message>) {
        let (inbox, messages) = mpsc::channel();
        let handle = Self {
            inbox,
            closed: Arc::default(),
            patience,
        };
        (handle, messages)
    }

    /// Has something done in a transaction, and answers when that is committed.
    pub(in super::super) async fn write<T: Send + 'static>(
        &self,
        run: impl FnMut(&Ledger<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let (answer, answered) = oneshot::channel();
        self.send(Message::Write(Box::new(Work::new(run, answer))))?;
        answered.await.map_err(|_| Fault::Lost)?
    }

    /// Looks something up.
    pub(in super::super) async fn read<T: Send + 'static>(
        &self,
        run: impl FnMut(&Ledger<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let (answer, answered) = oneshot::channel();
        self.send(Message::Read(Box::new(Work::new(run, answer))))?;
        answered.await.map_err(|_| Fault::Lost)?
    }

    /// Has something done that nobody waits for.
    pub(in super::super) fn post(
        &self,
        run: impl FnMut(&Ledger<'_>) -> Result<(), Fault> + Send + 'static,
    ) {
        let (answer, _) = oneshot::channel();
        // Where the thread has ended, the time does it: the lease runs out.
        let _ = self.send(Message::Write(Box::new(Work::new(run, answer))));
    }

    /// Waits for messages, and leases them.
    pub(in super::super) async fn claim(
        &self,
        reader: &Arc<Reader>,
        free: usize,
    ) -> Result<Vec<Lease>, Fault> {
        let (answer, answered) = oneshot::channel();
        let claim = Claim::new(Arc::clone(reader), free, self.clone(), answer);
        self.send(Message::Claim(claim))?;
        answered.await.map_err(|_| Fault::Closed)?
    }

    /// Takes nothing new, and waits until all that came before is done.
    pub(in super::super) async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        let (answer, answered) = oneshot::channel();
        if self.send(Message::Close(answer)).is_ok() {
            // Without an answer the thread has ended already, and with it what was asked.
            let _ = answered.await;
        }
    }

    /// Refuses what is new after a close.
    pub(in super::super) fn is_open(&self) -> Result<(), Fault> {
        match self.closed.load(Ordering::Acquire) {
            true => Err(Fault::Closed),
            false => Ok(()),
        }
    }

    /// Returns how long the thread tries, while others write.
    pub(in super::super) fn patience(&self) -> Duration {
        self.patience
    }

    fn send(&self, message: Message) -> Result<(), Fault> {
        self.inbox.send(message).map_err(|_| Fault::Closed)
    }
}
