use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::remote::{Answer, ConsumeError, Lease, Source};

use super::engine::{Handle, Reader};
use super::fault::Fault;

/// One consumer of a group.
pub(super) struct SqliteSource {
    handle: Handle,
    reader: Arc<Reader>,
    is_stopped: bool,
}

impl SqliteSource {
    pub(super) fn new(handle: Handle, reader: Reader) -> Self {
        Self {
            handle,
            reader: Arc::new(reader),
            is_stopped: false,
        }
    }
}

impl Source for SqliteSource {
    fn next<'a>(&'a mut self, free: NonZeroUsize) -> Answer<'a, Result<Vec<Lease>, ConsumeError>> {
        Box::pin(async move {
            if self.is_stopped {
                return Err(ConsumeError::Stopped);
            }
            self.handle.is_open().map_err(Fault::into_consume)?;
            let claimed = self.handle.claim(&self.reader, free.get()).await;
            claimed.map_err(Fault::into_consume)
        })
    }

    fn stop(&mut self) {
        if std::mem::replace(&mut self.is_stopped, true) {
            return;
        }
        let reader = Arc::clone(&self.reader);
        self.handle.post(move |ledger| reader.is_gone(ledger));
    }
}

impl Drop for SqliteSource {
    fn drop(&mut self) {
        self.stop();
    }
}
