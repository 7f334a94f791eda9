use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::remote::BackendError;

use super::fault::Fault;
use super::settings::Settings;
use super::sqlite::Sqlite;

/// How a file is opened: made by [`Sqlite::builder`].
///
/// # Examples
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("queue.db");
/// use std::time::Duration;
/// use ventix::remote::{Backend, sqlite::Sqlite};
///
/// let queue = Sqlite::builder(path)
///     .dedup_window(Duration::from_secs(3600))
///     .busy_timeout(Duration::from_secs(2))
///     .open()?;
/// assert_eq!(queue.capabilities().dedup_window, Some(Duration::from_secs(3600)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct SqliteBuilder {
    path: PathBuf,
    settings: Settings,
}

impl SqliteBuilder {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            settings: Settings::default(),
        }
    }

    /// Sets how long an id that was published is known: 10 minutes, unless set.
    ///
    /// It is this program's window; what another one takes for new is by its own.
    #[must_use]
    pub fn dedup_window(mut self, window: Duration) -> Self {
        self.settings.dedup_window = window;
        self
    }

    /// Sets how long the lock of the file is waited for, while others write: 5 seconds,
    /// unless set. After that nothing was done, and the operation's error says so.
    #[must_use]
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.settings.busy_timeout = timeout;
        self
    }

    /// Sets how often it is looked whether another process, or another value of the same
    /// file, has written: every 25 milliseconds, unless set, and only while somebody waits
    /// for messages. Clones of one [`Sqlite`] hear of each other at once.
    #[must_use]
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.settings.poll_interval = interval.max(Duration::from_millis(1));
        self
    }

    /// Sets the most bytes of one message: 16 MiB, unless set. What is larger is
    /// [rejected](crate::remote::PublishError::Rejected). SQLite itself takes 1 GB.
    #[must_use]
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_bytes = bytes;
        self
    }

    /// Sets how many bytes of the file may be in use, by all that is in it, before publishing
    /// is [`Backpressure`](crate::remote::PublishError::Backpressure): any number, unless set.
    /// Workers go on, and what they settle makes room.
    ///
    /// One transaction may go beyond it.
    #[must_use]
    pub fn max_size(mut self, bytes: u64) -> Self {
        self.settings.max_size = Some(bytes);
        self
    }

    /// Opens the file, and makes it if it is not there.
    ///
    /// This reads and writes the disk, and so blocks: do it where the program starts.
    ///
    /// # Errors
    ///
    /// [`BackendError::Refused`] if the file cannot be opened, is none of SQLite's, is of a
    /// newer version of ventix, or cannot have a write-ahead log where it is;
    /// [`BackendError::Unavailable`] if others have locked it for longer than the
    /// [timeout](Self::busy_timeout).
    pub fn open(self) -> Result<Sqlite, BackendError> {
        Sqlite::start(&self.path, self.settings).map_err(Fault::into_backend)
    }
}
