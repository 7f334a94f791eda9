use std::time::Duration;

use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::remote::{BackendError, ConsumeError, PublishError};

/// Why the server did not do what it was asked; says which server, and no credentials.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Fault {
    /// Nothing was sent.
    #[error("cannot connect to {address}")]
    Unreachable {
        address: String,
        #[source]
        source: RedisError,
    },
    /// Nothing was sent: the server takes no such client.
    #[error("{address} does not let us in")]
    Denied {
        address: String,
        #[source]
        source: RedisError,
    },
    /// It was sent, and no answer came.
    #[error("{address} did not answer")]
    Unanswered {
        address: String,
        #[source]
        source: RedisError,
    },
    /// The server answered with an error, and did nothing.
    #[error("{address} answered with an error")]
    Answered {
        address: String,
        #[source]
        source: RedisError,
    },
    /// The server is too old.
    #[error("{address} is Redis {found}; version 7.0 or later is needed")]
    Version { address: String, found: String },
    /// The server's answer makes no sense: something else has keys of that name, perhaps.
    #[error("the answer to {what} is not understood")]
    Answer { what: &'static str },
    /// What was to be there is gone, even after it was made anew.
    #[error("the queue's state was lost")]
    Lost,
    /// A message was taken only in part, or not at all.
    #[error("the message was not stored: {text}")]
    Message { text: String },
    /// It is larger than the backend takes.
    #[error("the message has {bytes} bytes, and {most} are allowed")]
    TooLarge { bytes: usize, most: usize },
    /// The backend was closed.
    #[error("the backend is closed")]
    Closed,
    /// What is under way did not end in time.
    #[error("publishes were still under way after {within:?}")]
    Unfinished { within: Duration },
    /// The task that did it was ended, with the arbiter that it ran on.
    #[error("the arbiter that the connection ran on has stopped")]
    Stopped,
}

impl Fault {
    /// Of a server that answered, or did not.
    pub(super) fn of_command(address: &str, source: RedisError) -> Self {
        let address = address.to_owned();
        match source.kind() {
            ErrorKind::Server(_) | ErrorKind::Extension => Self::Answered { address, source },
            _ => Self::Unanswered { address, source },
        }
    }

    /// Of a connection that did not come about.
    pub(super) fn of_connect(address: &str, source: RedisError) -> Self {
        let address = address.to_owned();
        let code = source.code();
        match source.kind() {
            ErrorKind::AuthenticationFailed | ErrorKind::InvalidClientConfig => {
                Self::Denied { address, source }
            }
            _ if matches!(code, Some("NOAUTH" | "WRONGPASS" | "NOPERM")) => {
                Self::Denied { address, source }
            }
            _ => Self::Unreachable { address, source },
        }
    }

    fn code(&self) -> Option<&str> {
        match self {
            Self::Answered { source, .. } => source.code(),
            _ => None,
        }
    }

    pub(super) fn is_no_script(&self) -> bool {
        matches!(self, Self::Answered { source, .. }
            if source.kind() == ErrorKind::Server(ServerErrorKind::NoScript))
    }

    /// The stream or the group that is read from is not there.
    pub(super) fn is_no_group(&self) -> bool {
        matches!(self.code(), Some("NOGROUP" | "UNBLOCKED" | "WRONGTYPE"))
    }

    /// The connection is of no more use.
    pub(super) fn ends_connection(&self) -> bool {
        match self {
            Self::Unanswered { .. } | Self::Stopped => true,
            // A replica that was the primary, or a node that does not have the slot.
            _ => matches!(self.code(), Some("READONLY" | "MOVED" | "NOAUTH")),
        }
    }
}

impl From<Fault> for BackendError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Closed => Self::Closed,
            Fault::Denied { .. } | Fault::Version { .. } => Self::Refused(fault.into()),
            _ if fault.code() == Some("NOPERM") => Self::Refused(fault.into()),
            _ => Self::Unavailable(fault.into()),
        }
    }
}

impl From<Fault> for ConsumeError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Closed => Self::Stopped,
            _ => Self::Unavailable(fault.into()),
        }
    }
}

impl From<Fault> for PublishError {
    fn from(fault: Fault) -> Self {
        match (&fault, fault.code()) {
            (Fault::TooLarge { .. } | Fault::Message { .. }, _) => Self::Rejected(fault.into()),
            (Fault::Unanswered { .. } | Fault::Answer { .. } | Fault::Stopped, _) => {
                Self::Unknown(fault.into())
            }
            (_, Some("OOM" | "MISCONF" | "NOREPLICAS")) => Self::Backpressure(fault.into()),
            _ => Self::NotSent(fault.into()),
        }
    }
}
