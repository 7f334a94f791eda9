use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use super::error::{InvalidName, NameFault};

/// A queue and the groups that each get all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topology {
    queue: QueueName,
    groups: Vec<GroupName>,
    partitions: Option<NonZeroU16>,
}

impl Topology {
    /// Describes a queue without groups.
    #[must_use]
    pub fn new(queue: QueueName) -> Self {
        Self {
            queue,
            groups: Vec::new(),
            partitions: None,
        }
    }

    /// Adds a group.
    #[must_use]
    pub fn group(mut self, group: GroupName) -> Self {
        if !self.groups.contains(&group) {
            self.groups.push(group);
        }
        self
    }

    /// Keeps what has the same key in order: one message of a key is out at a time. An engine
    /// that cannot look at single keys does so by `partitions`, to which keys are hashed, and
    /// has one message of a partition out at a time. What has no key is in no order.
    ///
    /// The number cannot be changed while the queue is there.
    #[must_use]
    pub fn ordered(mut self, partitions: NonZeroU16) -> Self {
        self.partitions = Some(partitions);
        self
    }

    /// Returns the queue's name.
    #[must_use]
    pub fn queue(&self) -> &QueueName {
        &self.queue
    }

    /// Returns the groups, in the order in which they were added.
    #[must_use]
    pub fn groups(&self) -> &[GroupName] {
        &self.groups
    }

    /// Returns the number of partitions, if the queue is ordered.
    #[must_use]
    pub fn partitions(&self) -> Option<NonZeroU16> {
        self.partitions
    }
}

/// Who reads from a queue: one of those that compete in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consumer {
    /// The queue, with the group in it.
    pub topology: Topology,
    /// The group it reads for.
    pub group: GroupName,
    /// Its own name, unique within the group.
    pub name: Arc<str>,
    /// How long a message is its own before it must be settled or extended.
    pub lease: Duration,
}

macro_rules! names {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// 1 to 100 letters, digits, `.`, `-` and `_`, of ASCII: what every engine takes.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks a name.
            ///
            /// # Errors
            ///
            /// If it is empty, longer than 100 bytes, or has another character.
            pub fn new(name: impl AsRef<str>) -> Result<Self, InvalidName> {
                check(name.as_ref()).map(Self)
            }

            /// Returns the text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(name: &str) -> Result<Self, InvalidName> {
                Self::new(name)
            }
        }
    };
}

names! {
    /// The name of a queue.
    QueueName
}

names! {
    /// The name of a group: what competes inside, and fans out between.
    GroupName
}

/// The longest name, in bytes.
const MAX_NAME: usize = 100;

pub(super) fn check(name: &str) -> Result<Arc<str>, InvalidName> {
    let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let fault = match name.chars().find(|&c| !is_fit(c)) {
        _ if name.is_empty() => NameFault::Empty,
        _ if name.len() > MAX_NAME => NameFault::TooLong,
        Some(c) => NameFault::Character(c),
        None => return Ok(name.into()),
    };
    Err(InvalidName {
        name: name.into(),
        fault,
    })
}
