use super::super::fault::Fault;
use super::ledger::Ledger;

impl Ledger<'_> {
    /// Refuses if the file holds as much as it may. Pages that are free do not count: what is
    /// settled makes room.
    pub(super) fn has_room(&self) -> Result<(), Fault> {
        let Some(limit) = self.settings.max_size else {
            return Ok(());
        };
        let pages = self.pragma("page_count")? - self.pragma("freelist_count")?;
        let used = u64::try_from(pages * self.pragma("page_size")?).unwrap_or(0);
        if used >= limit {
            return Err(Fault::NoRoom { used, limit });
        }
        Ok(())
    }

    fn pragma(&self, name: &str) -> rusqlite::Result<i64> {
        self.connection
            .pragma_query_value(None, name, |row| row.get(0))
    }
}
