use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What has become of what went out through a remote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RelayStats {
    /// How many were put on their way.
    pub queued: u64,
    /// How many the backend has confirmed.
    pub confirmed: u64,
    /// How many times one was not confirmed and is, or was, tried again.
    pub retried: u64,
    /// How many were turned away for good: by the backend, or because their deadline passed.
    pub rejected: u64,
}

/// The same, while it changes.
#[derive(Debug, Default)]
pub(in crate::remote) struct RelayCounts {
    pub(super) queued: AtomicU64,
    pub(super) confirmed: AtomicU64,
    pub(super) retried: AtomicU64,
    pub(super) rejected: AtomicU64,
}

impl RelayCounts {
    pub(in crate::remote) fn read(&self) -> RelayStats {
        RelayStats {
            confirmed: self.confirmed.load(Relaxed),
            retried: self.retried.load(Relaxed),
            rejected: self.rejected.load(Relaxed),
            queued: self.queued.load(Relaxed),
        }
    }
}
