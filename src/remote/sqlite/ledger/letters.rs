use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use rusqlite::{OptionalExtension, params};

use crate::remote::{DeadId, DeadPage, DeadQuery, DeadReason, DeadRecord, DeadSelection};

use super::super::fault::Fault;
use super::ledger::Ledger;

impl Ledger<'_> {
    /// Lists dead letters, the oldest first.
    pub(in super::super) fn letters(&self, query: &DeadQuery) -> Result<DeadPage, Fault> {
        let Some(group) = self.find(&query.queue, &query.group)? else {
            return Ok(DeadPage::default());
        };
        // What is no id of ours comes after all of ours.
        let after = query
            .after
            .as_ref()
            .map_or(0, |id| number(id).unwrap_or(i64::MAX));
        let one_more = i64::try_from(query.limit)
            .unwrap_or(i64::MAX)
            .saturating_add(1);
        let mut records = self
            .connection
            .prepare_cached(
                "SELECT id, code, text, at, body FROM ventix_dead
                 WHERE grp = ?1 AND id > ?2 AND (?3 IS NULL OR code = ?3)
                 ORDER BY id LIMIT ?4",
            )?
            .query_map(params![group, after, query.code, one_more], record)?
            .collect::<Result<Vec<_>, _>>()?;
        let has_more = records.len() > query.limit;
        records.truncate(query.limit);
        let next = records.last().filter(|_| has_more);
        Ok(DeadPage {
            next: next.map(|record| record.id.clone()),
            records,
        })
    }

    /// Gives dead letters back to their group, behind all that it has.
    pub(in super::super) fn requeue(&self, selection: &DeadSelection) -> Result<usize, Fault> {
        let Some(group) = self.find(&selection.queue, &selection.group)? else {
            return Ok(0);
        };
        let mut requeued = 0;
        for (id, other) in &selection.letters {
            let letter = self
                .connection
                .prepare_cached(
                    "DELETE FROM ventix_dead WHERE id = ?1 AND grp = ?2 RETURNING key, body",
                )?
                .query_row(params![number(id), group], |row| {
                    Ok((row.get::<_, Option<String>>(0)?, row.get::<_, Vec<u8>>(1)?))
                })
                .optional()?;
            if let Some((key, body)) = letter {
                let body = other.as_deref().unwrap_or(&body);
                self.insert(group, self.now, key.as_deref(), body)?;
                requeued += 1;
            }
        }
        Ok(requeued)
    }

    /// Deletes dead letters.
    pub(in super::super) fn purge(&self, selection: &DeadSelection) -> Result<usize, Fault> {
        let Some(group) = self.find(&selection.queue, &selection.group)? else {
            return Ok(0);
        };
        let mut purged = 0;
        for (id, _) in &selection.letters {
            purged += self.execute(
                "DELETE FROM ventix_dead WHERE id = ?1 AND grp = ?2",
                params![number(id), group],
            )?;
        }
        Ok(purged)
    }
}

fn number(id: &DeadId) -> Option<i64> {
    id.0.parse().ok()
}

fn record(row: &rusqlite::Row<'_>) -> rusqlite::Result<DeadRecord> {
    let id: i64 = row.get(0)?;
    let at = Duration::from_micros(row.get::<_, i64>(3)?.unsigned_abs());
    Ok(DeadRecord {
        id: DeadId(id.to_string().into()),
        reason: DeadReason::new(row.get::<_, String>(1)?, row.get::<_, String>(2)?),
        time: UNIX_EPOCH.checked_add(at).unwrap_or(UNIX_EPOCH),
        body: Arc::from(row.get_ref(4)?.as_blob()?),
    })
}
