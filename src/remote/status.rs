use std::sync::Arc;
use std::time::Duration;

use super::topology::{GroupName, QueueName};

/// What an engine knows of a queue, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueStatus {
    /// The queue.
    pub queue: QueueName,
    /// The number of partitions, if it is ordered.
    pub partitions: Option<u16>,
    /// How many messages wait for a first group.
    pub unclaimed: u64,
    /// Its groups, by name.
    pub groups: Vec<GroupStatus>,
}

/// What an engine knows of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupStatus {
    /// The group.
    pub group: GroupName,
    /// How many messages could be handed out now: its lag.
    pub ready: u64,
    /// How many wait for their time: delayed, or to be tried again.
    pub delayed: u64,
    /// How many are leased.
    pub in_flight: u64,
    /// How many are dead.
    pub dead: u64,
    /// Who reads, or has leases.
    pub consumers: Vec<ConsumerStatus>,
}

/// What an engine knows of a consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerStatus {
    /// Its name.
    pub name: Arc<str>,
    /// How many messages are leased to it.
    pub in_flight: u64,
    /// How long it has not asked, if the engine knows.
    pub idle: Option<Duration>,
}
