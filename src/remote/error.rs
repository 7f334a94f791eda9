use std::sync::Arc;
use std::time::Duration;

use crate::event::EventType;
use crate::linker::StartError;
use crate::outcome::BoxError;
use crate::policy::SettingError;

/// Why a name is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no name: {fault}")]
pub struct InvalidName {
    pub(super) name: Box<str>,
    pub(super) fault: NameFault,
}

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NameFault {
    #[error("it is empty")]
    Empty,
    #[error("it is longer than 100 bytes")]
    TooLong,
    #[error("it has a {0:?}; letters, digits, `.`, `-` and `_` are allowed")]
    Character(char),
}

/// Why an engine did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// It cannot be reached, or does not answer. Try again later.
    #[error("the backend cannot be reached")]
    Unavailable(#[source] BoxError),
    /// What is there differs from what was asked for.
    #[error("the backend has another setting: {what} is {found}, not {wanted}")]
    Mismatch {
        /// Which setting.
        what: &'static str,
        /// What it is there.
        found: String,
        /// What was asked for.
        wanted: String,
    },
    /// It refuses, and will again: by its version, its rights or its configuration.
    #[error("the backend refuses")]
    Refused(#[source] BoxError),
    /// The backend was closed.
    #[error("the backend is closed")]
    Closed,
}

/// Why a message was not confirmed. The kind says what to do.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// It was not sent. Publish it again.
    #[error("not sent: the backend cannot be reached")]
    NotSent(#[source] BoxError),
    /// It may have been stored: the answer did not come. Publish it again with the same id.
    #[error("sent, and not confirmed")]
    Unknown(#[source] BoxError),
    /// The engine has no room for now. Publish it again, later.
    #[error("the backend has no room")]
    Backpressure(#[source] BoxError),
    /// The engine will never take it, because of its size or of what it is.
    #[error("the backend will not take it")]
    Rejected(#[source] BoxError),
}

impl PublishError {
    /// Returns whether publishing it again, with the same id, may work.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        !matches!(self, Self::Rejected(_))
    }
}

/// Why there is nothing to consume.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConsumeError {
    /// The source was stopped, or its backend closed.
    #[error("the source is stopped")]
    Stopped,
    /// The engine cannot be reached just now. Ask again, a little later.
    #[error("the backend cannot be reached")]
    Unavailable(#[source] BoxError),
}

/// Why a message could not be settled: it is handed out again when its lease has run out.
#[derive(Debug, thiserror::Error)]
#[error("not settled within {within:?}: the backend does not answer")]
pub struct SettleError {
    /// How long was tried.
    pub within: Duration,
    /// What the engine's client said.
    #[source]
    pub source: BoxError,
}

/// Why an event did not get its name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The name is none.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// Another event has it. Two events need two names.
    #[error("{name:?} is the name of {by}")]
    NameTaken {
        /// The name.
        name: Box<str>,
        /// The event that has it.
        by: EventType,
    },
    /// The event has another name, or this one in another version.
    #[error("{event} is registered as {name} {version}, and cannot be {again} as well")]
    EventTaken {
        /// The event.
        event: EventType,
        /// The name that it has.
        name: Arc<str>,
        /// The version that it has.
        version: u32,
        /// The name and version that it was to have.
        again: Box<str>,
    },
}

/// Why a remote or a worker did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteError {
    /// A name is none.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// There is no place for it to run, or a setting leaves no room.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A setting of the attempts makes no sense.
    #[error(transparent)]
    Setting(#[from] SettingError),
}
