use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::remote::error::BackendError;

use super::store::Store;

/// One way to what is stored, which can be closed without any other.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) store: Arc<Store>,
    is_closed: AtomicBool,
}

impl Connection {
    pub(super) fn new(store: Arc<Store>) -> Arc<Self> {
        Arc::new(Self {
            store,
            is_closed: AtomicBool::new(false),
        })
    }

    /// Takes nothing new, and ends those that wait.
    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        self.store.changed.notify_waiters();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    /// What is stored, unless this is closed.
    pub(super) fn open(&self) -> Result<&Store, BackendError> {
        match self.is_closed() {
            true => Err(BackendError::Closed),
            false => Ok(&self.store),
        }
    }
}
