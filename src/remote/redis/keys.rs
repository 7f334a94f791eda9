use std::sync::Arc;

use crate::remote::{GroupName, QueueName};

/// What a queue is called inside the server. The braces keep all of its keys in one slot of
/// a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct QueueKey(Arc<str>);

impl QueueKey {
    pub(super) fn new(prefix: &str, queue: &QueueName) -> Self {
        Self(format!("{{{prefix}:{queue}}}").into())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    fn of_group(&self, group: &GroupName, tail: &str) -> String {
        format!("{}:g:{group}:{tail}", self.0)
    }

    /// The stream of a queue that is not ordered.
    pub(super) fn stream(&self, group: &GroupName) -> String {
        self.of_group(group, "s:0")
    }

    pub(super) fn dead(&self, group: &GroupName) -> String {
        self.of_group(group, "d")
    }

    pub(super) fn hints(&self, group: &GroupName) -> String {
        self.of_group(group, "h")
    }

    pub(super) fn wake(&self, group: &GroupName, consumer: &str) -> String {
        format!("{}:g:{group}:w:{consumer}", self.0)
    }
}

/// The set of the names of all queues.
pub(super) fn queues(prefix: &str) -> String {
    format!("{prefix}:queues")
}

/// Hashes a key, by FNV-1a of 64 bits folded to 32. It must never change: what has the same
/// key would not stay in order while programs of both versions run.
pub(super) fn hash(key: &[u8]) -> u32 {
    let hash = key.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let folded = (hash >> 32) ^ (hash & 0xffff_ffff);
    u32::try_from(folded).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::hash;

    #[test]
    fn hashes_never_change() {
        assert_eq!(hash(b""), 0x4fd0_bfc1);
        assert_eq!(hash(b"a"), 0x2962_30c0);
        assert_eq!(hash(b"customer-42"), hash(b"customer-42"));
    }
}
