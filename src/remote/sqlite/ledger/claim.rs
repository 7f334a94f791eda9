use std::sync::Arc;

use rusqlite::params;

use super::super::schema::state;
use super::ledger::Ledger;
use super::settle::Token;

/// A message that was handed out.
#[derive(Debug)]
pub(in super::super) struct Row {
    pub(in super::super) token: Token,
    pub(in super::super) deliveries: u32,
    pub(in super::super) body: Arc<[u8]>,
}

/// Leases that have run out come first, then what is due, the longest due first. Each of the
/// two is one range of `ventix_message_due`, of which no more is read than is handed out.
const CLAIM: &str = "
    UPDATE ventix_message
    SET state = ?7, due = ?3, owner = ?4, consumer = ?5, deliveries = deliveries + 1
    WHERE id IN (
        SELECT id FROM (
            SELECT id FROM ventix_message
            WHERE grp = ?1 AND state = ?7 AND due <= ?2 ORDER BY due, id LIMIT ?6)
        UNION ALL
        SELECT id FROM (
            SELECT id FROM ventix_message
            WHERE grp = ?1 AND state = ?8 AND due <= ?2 ORDER BY due, id LIMIT ?6)
        LIMIT ?6)
    RETURNING id, deliveries, body";

const NEXT_DUE: &str = "
    SELECT min(due) FROM (
        SELECT min(due) AS due FROM ventix_message WHERE grp = ?1 AND state = ?2
        UNION ALL
        SELECT min(due) FROM ventix_message WHERE grp = ?1 AND state = ?3)";

impl Ledger<'_> {
    /// Leases what is due to one consumer, `free` of them at most.
    pub(in super::super) fn claim(
        &self,
        group: i64,
        consumer: &str,
        lease: i64,
        free: usize,
    ) -> rusqlite::Result<Vec<Row>> {
        let owner = *uuid::Uuid::new_v4().as_bytes();
        let until = self.now.saturating_add(lease);
        let free = i64::try_from(free).unwrap_or(i64::MAX);
        let mut statement = self.connection.prepare_cached(CLAIM)?;
        let mut rows = statement
            .query_map(
                params![
                    group,
                    self.now,
                    until,
                    owner,
                    consumer,
                    free,
                    state::LEASED,
                    state::READY
                ],
                |row| {
                    Ok(Row {
                        token: Token {
                            id: row.get(0)?,
                            owner,
                        },
                        deliveries: row.get(1)?,
                        body: row.get_ref(2)?.as_blob()?.into(),
                    })
                },
            )?
            .collect::<Result<Vec<_>, _>>()?;
        rows.sort_unstable_by_key(|row| row.token.id);
        Ok(rows)
    }

    /// When the next message of a group can be handed out, if there is one.
    pub(in super::super) fn next_due(&self, group: i64) -> rusqlite::Result<Option<i64>> {
        self.connection
            .prepare_cached(NEXT_DUE)?
            .query_row(params![group, state::READY, state::LEASED], |row| {
                row.get(0)
            })
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::super::super::schema;
    use super::*;

    /// How SQLite goes about a statement, a line for each step.
    fn plan(file: &Connection, sql: &str) -> Vec<String> {
        let mut statement = file.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let steps = statement.query_map(params_of(sql).as_slice(), |row| row.get(3));
        steps.unwrap().map(Result::unwrap).collect()
    }

    fn params_of(sql: &str) -> Vec<&'static dyn rusqlite::ToSql> {
        let last = (1..=9).rev().find(|n| sql.contains(&format!("?{n}")));
        vec![&0_i64 as &dyn rusqlite::ToSql; last.unwrap()]
    }

    fn file_with_messages(number: i64) -> Connection {
        let file = Connection::open_in_memory().unwrap();
        schema::prepare(&file).unwrap();
        file.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
             INSERT INTO ventix_message (grp, state, due, key, body)
             SELECT i % 3, 0, i, i % 100, x'00' FROM n",
            [number],
        )
        .unwrap();
        file
    }

    #[test]
    fn a_claim_among_100_000_reads_by_the_index_and_sorts_nothing() {
        let file = file_with_messages(100_000);
        for analyzed in [false, true] {
            if analyzed {
                file.execute_batch("ANALYZE").unwrap();
            }
            for sql in [CLAIM, NEXT_DUE] {
                let steps = plan(&file, sql);
                let by_index = |step: &&String| {
                    step.contains("COVERING INDEX ventix_message_due (grp=? AND state=?")
                };
                assert_eq!(steps.iter().filter(by_index).count(), 2, "{steps:#?}");
                for step in &steps {
                    assert!(!step.contains("TEMP B-TREE"), "{steps:#?}");
                    assert!(!step.contains("SCAN ventix_message"), "{steps:#?}");
                }
            }
        }
    }

    #[test]
    fn a_claim_takes_what_is_longest_due() {
        let file = file_with_messages(100_000);
        let settings = super::super::super::settings::Settings::default();
        let ledger = Ledger {
            connection: &file,
            now: 1_000_000,
            settings: &settings,
        };
        let ids = |rows: Vec<Row>| rows.iter().map(|row| row.token.id).collect::<Vec<_>>();
        assert_eq!(ids(ledger.claim(1, "a", 10, 3).unwrap()), [1, 4, 7]);
        assert_eq!(ids(ledger.claim(1, "a", 10, 2).unwrap()), [10, 13]);
        assert_eq!(ledger.next_due(1).unwrap(), Some(16));
        let later = Ledger {
            now: 1_000_010,
            ..ledger
        };
        assert_eq!(
            ids(later.claim(1, "a", 10, 6).unwrap()),
            [1, 4, 7, 10, 13, 16]
        );
    }
}
