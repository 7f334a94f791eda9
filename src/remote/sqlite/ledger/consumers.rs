use std::time::Duration;

use rusqlite::params;

use super::super::settings::micros;
use super::ledger::Ledger;

/// Who has not been heard of for so long is struck off the list: it was killed.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(600);

impl Ledger<'_> {
    /// Writes down that a consumer reads.
    pub(in super::super) fn heard_of(&self, group: i64, name: &str) -> rusqlite::Result<()> {
        self.execute(
            "INSERT INTO ventix_consumer (grp, name, at) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET at = excluded.at",
            params![group, name, self.now],
        )
        .map(drop)
    }

    /// Strikes off a consumer that reads no more.
    pub(in super::super) fn gone(&self, group: i64, name: &str) -> rusqlite::Result<()> {
        self.execute(
            "DELETE FROM ventix_consumer WHERE grp = ?1 AND name = ?2",
            params![group, name],
        )
        .map(drop)
    }

    /// Strikes off those of a group that went without a word.
    pub(in super::super) fn tidy_consumers(&self, group: i64) -> rusqlite::Result<()> {
        self.execute(
            "DELETE FROM ventix_consumer WHERE grp = ?1 AND at < ?2",
            params![group, self.now.saturating_sub(micros(FORGOTTEN_AFTER))],
        )
        .map(drop)
    }
}
