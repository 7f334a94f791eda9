use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use super::topology::{GroupName, QueueName};

/// Why a message is dead: a short code for programs, and a text for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadReason {
    code: Cow<'static, str>,
    text: String,
}

impl DeadReason {
    /// The envelope cannot be read.
    pub const UNDECODABLE: &'static str = "undecodable";
    /// No event is registered by that name.
    pub const UNKNOWN_EVENT: &'static str = "unknown_event";
    /// The event is registered, in another version.
    pub const UNKNOWN_VERSION: &'static str = "unknown_version";
    /// The envelope is larger than the worker takes.
    pub const TOO_LARGE: &'static str = "too_large";
    /// The signature is missing, wrong, by an unknown key, or too old.
    pub const UNSIGNED: &'static str = "unsigned";
    /// Its deadline had passed.
    pub const EXPIRED: &'static str = "expired";
    /// It failed in its last attempt.
    pub const FAILED: &'static str = "failed";
    /// It was handed out more often than it was to be tried, and never settled: each worker
    /// that had it may have died of it.
    pub const ABANDONED: &'static str = "abandoned";

    /// Makes a reason of a code, and a text that says more.
    #[must_use]
    pub fn new(code: impl Into<Cow<'static, str>>, text: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            text: text.into(),
        }
    }

    /// Returns the code: one of the constants, or a backend's own.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Returns the text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for DeadReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text.is_empty() {
            true => f.write_str(&self.code),
            false => write!(f, "{}: {}", self.code, self.text),
        }
    }
}

/// Which dead letters to list.
#[derive(Debug, Clone)]
pub struct DeadQuery {
    /// The queue.
    pub queue: QueueName,
    /// The group.
    pub group: GroupName,
    /// Only those whose reason has this code.
    pub code: Option<String>,
    /// Those that come after this one: where the [page](DeadPage::next) before left off.
    pub after: Option<DeadId>,
    /// How many, at most.
    pub limit: usize,
}

impl DeadQuery {
    /// Asks for the first 100 dead letters of a group.
    #[must_use]
    pub fn new(queue: QueueName, group: GroupName) -> Self {
        Self {
            queue,
            group,
            code: None,
            after: None,
            limit: 100,
        }
    }
}

/// Dead letters, the oldest first.
#[derive(Debug, Clone, Default)]
pub struct DeadPage {
    /// The letters.
    pub records: Vec<DeadRecord>,
    /// Where the next page begins, if there may be more.
    pub next: Option<DeadId>,
}

/// One dead letter, as the engine keeps it.
#[derive(Debug, Clone)]
pub struct DeadRecord {
    /// Its id among the dead letters of the group.
    pub id: DeadId,
    /// Why it is dead.
    pub reason: DeadReason,
    /// When it died, by the engine's clock.
    pub time: SystemTime,
    /// The envelope, as it was when it died.
    pub body: Arc<[u8]>,
}

/// The engine's name for a dead letter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeadId(pub Arc<str>);

impl fmt::Display for DeadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Dead letters of one group, by their ids.
#[derive(Debug, Clone)]
pub struct DeadSelection {
    /// The queue.
    pub queue: QueueName,
    /// The group.
    pub group: GroupName,
    /// The letters; with the bytes that a requeued one is to have in the place of its own.
    pub letters: Vec<(DeadId, Option<Arc<[u8]>>)>,
}
