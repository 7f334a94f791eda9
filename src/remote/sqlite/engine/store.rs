use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::super::clock::Clock;
use super::super::fault::Fault;
use super::super::ledger::Ledger;
use super::super::schema;
use super::super::settings::Settings;

/// How many statements stay prepared: all there are.
const STATEMENTS: usize = 64;
/// The write-ahead log is cut to this, in bytes, once a burst is over.
const LOG_SIZE: i64 = 64 << 20;
/// The pauses before another try for the lock: from the first to the last, doubling.
const PAUSES: [Duration; 2] = [Duration::from_micros(100), Duration::from_millis(2)];

/// The open file.
pub(super) struct Store {
    connection: Connection,
    pub(super) clock: Clock,
    pub(super) settings: Settings,
    /// What `data_version` was when it was last asked.
    version: i64,
}

impl Store {
    pub(super) fn open(path: &Path, settings: Settings) -> Result<Self, Fault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // We wait for the lock ourselves: SQLite's own pauses grow to 100 ms.
        connection.busy_timeout(Duration::ZERO)?;
        let clock = patiently(settings.busy_timeout, || set_up(&mut connection))?;
        Ok(Self {
            connection,
            clock,
            settings,
            version: 0,
        })
    }

    /// Does something in one transaction, which is committed if it succeeds.
    pub(super) fn commit(
        &self,
        mut run: impl FnMut(&Ledger<'_>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut made_room = false;
        loop {
            let ended = patiently(self.settings.busy_timeout, || self.try_commit(&mut run));
            match ended {
                // The log starts from its beginning again, and so needs no more of the disk.
                Err(fault) if fault.is_full() && !made_room => {
                    made_room = true;
                    self.checkpoint("RESTART");
                }
                ended => return ended,
            }
        }
    }

    fn try_commit(
        &self,
        run: &mut impl FnMut(&Ledger<'_>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.execute("BEGIN IMMEDIATE")?;
        let ended =
            run(&self.ledger()).and_then(|()| self.execute("COMMIT").map_err(Fault::commit));
        if ended.is_err() && !self.connection.is_autocommit() {
            self.execute("ROLLBACK")?;
        }
        ended
    }

    /// Looks something up, at one moment.
    pub(super) fn read<T>(
        &self,
        mut run: impl FnMut(&Ledger<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        patiently(self.settings.busy_timeout, || {
            self.execute("BEGIN")?;
            let ended = run(&self.ledger());
            if !self.connection.is_autocommit() {
                self.execute("COMMIT")?;
            }
            ended
        })
    }

    /// Whether another connection has committed something since this was last asked.
    pub(super) fn others_wrote(&mut self) -> bool {
        let version = self
            .connection
            .prepare_cached("PRAGMA data_version")
            .and_then(|mut pragma| pragma.query_row([], |row| row.get(0)));
        // Where it cannot be read, there is reason to look at what is there.
        let version = version.unwrap_or(self.version.wrapping_add(1));
        std::mem::replace(&mut self.version, version) != version
    }

    /// Moves what is in the log into the file, as far as others let it.
    pub(super) fn checkpoint(&self, mode: &str) {
        let done = self
            .connection
            .query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(()));
        if let Err(error) = done {
            tracing::debug!(target: "ventix", %error, "no checkpoint");
        }
    }

    pub(super) fn close(self) {
        // What it holds is in the log, if it cannot be closed now.
        let _ = self.connection.close();
    }

    fn ledger(&self) -> Ledger<'_> {
        Ledger {
            connection: &self.connection,
            now: self.clock.now(),
            settings: &self.settings,
        }
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }
}

fn set_up(connection: &mut Connection) -> Result<Clock, Fault> {
    let found: String =
        connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if found != "wal" {
        return Err(Fault::Journal { found });
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    // On Apple's systems alone, where a plain fsync leaves it in the drive's cache.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    connection.pragma_update_and_check(None, "journal_size_limit", LOG_SIZE, |_| Ok(()))?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    schema::prepare(&transaction)?;
    let clock = Clock::of(&transaction)?;
    transaction.commit()?;
    Ok(clock)
}

/// Tries until it is no longer because of others, or the time is over.
fn patiently<T>(timeout: Duration, mut run: impl FnMut() -> Result<T, Fault>) -> Result<T, Fault> {
    let deadline = Instant::now().checked_add(timeout);
    let [mut pause, longest] = PAUSES;
    loop {
        match run() {
            Err(fault) if fault.is_busy() && deadline.is_none_or(|end| Instant::now() < end) => {
                thread::sleep(pause);
                pause = (pause * 2).min(longest);
            }
            ended => return ended,
        }
    }
}
