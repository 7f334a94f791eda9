use rusqlite::{Connection, Params};

use super::super::settings::Settings;

/// The tables at one moment.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Ledger<'a> {
    pub(in super::super) connection: &'a Connection,
    /// By the file's clock.
    pub(in super::super) now: i64,
    pub(in super::super) settings: &'a Settings,
}

impl Ledger<'_> {
    /// Runs a statement that is prepared once, and returns how many rows it changed.
    pub(super) fn execute(&self, sql: &str, params: impl Params) -> rusqlite::Result<usize> {
        self.connection.prepare_cached(sql)?.execute(params)
    }
}
