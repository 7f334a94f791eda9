use std::io;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Error, ErrorCode};

use crate::remote::{BackendError, ConsumeError, PublishError, SettleError};

/// Why the file did not take it: what becomes the error of the operation.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Fault {
    /// SQLite said so, before anything was committed.
    #[error(transparent)]
    Sql(Arc<Error>),
    /// SQLite said so while it committed: it may be stored.
    #[error("the commit failed")]
    Commit(#[source] Arc<Error>),
    #[error("the messages take {used} bytes, and may take {limit}")]
    NoRoom { used: u64, limit: u64 },
    #[error("the message has {size} bytes, and may have {limit}")]
    TooLarge { size: usize, limit: usize },
    #[error("the tables are of version {found}, and this program knows version {known}")]
    Schema { found: i64, known: i64 },
    #[error("the journal mode is {found:?}, not \"wal\": is it a file, on a local disk?")]
    Journal { found: String },
    #[error("the machine's clock cannot be read")]
    Clock(#[source] Arc<io::Error>),
    #[error("no thread can be started")]
    Thread(#[source] Arc<io::Error>),
    #[error("the backend is closed")]
    Closed,
    /// The thread went away without an answer.
    #[error("the answer did not come")]
    Lost,
}

impl Fault {
    pub(super) fn clock(error: io::Error) -> Self {
        Self::Clock(Arc::new(error))
    }

    pub(super) fn thread(error: io::Error) -> Self {
        Self::Thread(Arc::new(error))
    }

    pub(super) fn commit(error: Error) -> Self {
        Self::Commit(Arc::new(error))
    }

    /// Somebody else writes: worth another try.
    pub(super) fn is_busy(&self) -> bool {
        matches!(
            self.code(),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
        )
    }

    /// The disk is full.
    pub(super) fn is_full(&self) -> bool {
        self.code() == Some(ErrorCode::DiskFull)
    }

    fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Sql(error) | Self::Commit(error) => error.sqlite_error_code(),
            _ => None,
        }
    }

    /// Trying again does not help.
    fn is_final(&self) -> bool {
        match self {
            Self::Schema { .. } | Self::Journal { .. } | Self::Clock(_) => true,
            Self::Sql(_) | Self::Commit(_) => matches!(
                self.code(),
                Some(
                    ErrorCode::DatabaseCorrupt
                        | ErrorCode::NotADatabase
                        | ErrorCode::ReadOnly
                        | ErrorCode::PermissionDenied
                        | ErrorCode::CannotOpen
                        | ErrorCode::Unknown
                )
            ),
            Self::NoRoom { .. }
            | Self::TooLarge { .. }
            | Self::Thread(_)
            | Self::Closed
            | Self::Lost => false,
        }
    }

    pub(super) fn into_backend(self) -> BackendError {
        match self {
            Self::Closed => BackendError::Closed,
            fault if fault.is_final() => BackendError::Refused(fault.into()),
            fault => BackendError::Unavailable(fault.into()),
        }
    }

    pub(super) fn into_publish(self) -> PublishError {
        match self.code() {
            Some(ErrorCode::DiskFull) => PublishError::Backpressure(self.into()),
            Some(ErrorCode::TooBig) => PublishError::Rejected(self.into()),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                PublishError::NotSent(self.into())
            }
            _ => match self {
                Self::Commit(_) | Self::Lost => PublishError::Unknown(self.into()),
                Self::NoRoom { .. } => PublishError::Backpressure(self.into()),
                Self::TooLarge { .. } => PublishError::Rejected(self.into()),
                _ => PublishError::NotSent(self.into()),
            },
        }
    }

    pub(super) fn into_consume(self) -> ConsumeError {
        match self {
            Self::Closed => ConsumeError::Stopped,
            fault => ConsumeError::Unavailable(fault.into()),
        }
    }

    pub(super) fn into_settle(self, within: Duration) -> SettleError {
        SettleError {
            within,
            source: self.into(),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Sql(Arc::new(error))
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    fn sql(code: i32) -> Fault {
        Error::SqliteFailure(ffi::Error::new(code), None).into()
    }

    fn commit(code: i32) -> Fault {
        Fault::commit(Error::SqliteFailure(ffi::Error::new(code), None))
    }

    #[test]
    fn the_kind_of_a_publish_error_says_what_to_do() {
        use PublishError::{Backpressure, NotSent, Rejected, Unknown};
        type Is = fn(&PublishError) -> bool;
        let cases: [(Fault, Is); 10] = [
            (sql(ffi::SQLITE_FULL), |e| matches!(e, Backpressure(_))),
            (commit(ffi::SQLITE_FULL), |e| matches!(e, Backpressure(_))),
            (sql(ffi::SQLITE_BUSY), |e| matches!(e, NotSent(_))),
            (commit(ffi::SQLITE_BUSY), |e| matches!(e, NotSent(_))),
            (sql(ffi::SQLITE_TOOBIG), |e| matches!(e, Rejected(_))),
            (sql(ffi::SQLITE_CORRUPT), |e| matches!(e, NotSent(_))),
            (sql(ffi::SQLITE_IOERR), |e| matches!(e, NotSent(_))),
            // Whether the disk has it, nobody knows.
            (commit(ffi::SQLITE_IOERR), |e| matches!(e, Unknown(_))),
            (Fault::Lost, |e| matches!(e, Unknown(_))),
            (Fault::Closed, |e| matches!(e, NotSent(_))),
        ];
        for (fault, is_right) in cases {
            let error = fault.clone().into_publish();
            assert!(is_right(&error), "{fault:?}: {error:?}");
        }
    }

    #[test]
    fn what_will_not_get_better_is_refused() {
        for code in [
            ffi::SQLITE_CORRUPT,
            ffi::SQLITE_NOTADB,
            ffi::SQLITE_READONLY,
        ] {
            assert!(matches!(sql(code).into_backend(), BackendError::Refused(_)));
        }
        for code in [ffi::SQLITE_BUSY, ffi::SQLITE_FULL, ffi::SQLITE_IOERR] {
            assert!(matches!(
                sql(code).into_backend(),
                BackendError::Unavailable(_)
            ));
        }
    }
}
