use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Params, params};

use crate::remote::{ConsumerStatus, GroupName, GroupStatus, QueueName, QueueStatus};

use super::super::fault::Fault;
use super::super::schema::state;
use super::ledger::Ledger;

impl Ledger<'_> {
    /// Counts what a queue has, by reading the index alone.
    pub(in super::super) fn status(&self, name: &QueueName) -> Result<Option<QueueStatus>, Fault> {
        let Some(queue) = self.queue(name)? else {
            return Ok(None);
        };
        let groups = self
            .connection
            .prepare_cached("SELECT id, name FROM ventix_group WHERE queue = ?1 ORDER BY name")?
            .query_map([queue.id], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
            })?
            .collect::<Result<Vec<_>, _>>()?;
        let groups = groups
            .into_iter()
            // All names in the table were checked when they came in.
            .filter_map(|(id, name)| Some((id, GroupName::new(name).ok()?)))
            .map(|(id, name)| self.group_status(id, name))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Some(QueueStatus {
            queue: name.clone(),
            partitions: queue.partitions.filter(|&number| number > 0),
            unclaimed: self.count(
                "SELECT count(*) FROM ventix_message WHERE grp = ?1",
                [queue.unclaimed()],
            )?,
            groups,
        }))
    }

    pub(in super::super) fn queues(&self) -> rusqlite::Result<Vec<QueueName>> {
        let names = self
            .connection
            .prepare_cached("SELECT name FROM ventix_queue ORDER BY name")?
            .query_map([], |row| row.get::<_, String>(0))?
            .collect::<Result<Vec<_>, _>>()?;
        Ok(names
            .into_iter()
            .filter_map(|name| QueueName::new(name).ok())
            .collect())
    }

    fn group_status(&self, id: i64, group: GroupName) -> Result<GroupStatus, Fault> {
        let due = |state: i64| {
            self.count(
                "SELECT count(*) FROM ventix_message WHERE grp = ?1 AND state = ?2 AND due <= ?3",
                params![id, state, self.now],
            )
        };
        let not_due = |state: i64| {
            self.count(
                "SELECT count(*) FROM ventix_message WHERE grp = ?1 AND state = ?2 AND due > ?3",
                params![id, state, self.now],
            )
        };
        Ok(GroupStatus {
            group,
            // What waits only for one of its key counts too: it is lag.
            ready: due(state::READY)? + due(state::LEASED)? + due(state::BLOCKED)?,
            delayed: not_due(state::READY)? + not_due(state::BLOCKED)?,
            in_flight: not_due(state::LEASED)?,
            dead: self.count("SELECT count(*) FROM ventix_dead WHERE grp = ?1", [id])?,
            consumers: self.consumers(id)?,
        })
    }

    fn consumers(&self, group: i64) -> rusqlite::Result<Vec<ConsumerStatus>> {
        let mut consumers = BTreeMap::new();
        let mut readers = self
            .connection
            .prepare_cached("SELECT name, at FROM ventix_consumer WHERE grp = ?1")?;
        let mut readers = readers.query([group])?;
        while let Some(row) = readers.next()? {
            let idle = self.now.saturating_sub(row.get(1)?);
            let idle = Duration::from_micros(u64::try_from(idle).unwrap_or(0));
            consumers.insert(row.get::<_, String>(0)?, (0, Some(idle)));
        }
        let mut owners = self.connection.prepare_cached(
            "SELECT consumer, count(*) FROM ventix_message
             WHERE grp = ?1 AND state = ?2 AND due > ?3 GROUP BY consumer",
        )?;
        let mut owners = owners.query(params![group, state::LEASED, self.now])?;
        while let Some(row) = owners.next()? {
            let (in_flight, _) = consumers.entry(row.get(0)?).or_insert((0, None));
            *in_flight = row.get::<_, i64>(1)?.unsigned_abs();
        }
        let consumers = consumers.into_iter();
        Ok(consumers
            .map(|(name, (in_flight, idle))| ConsumerStatus {
                name: Arc::from(name),
                in_flight,
                idle,
            })
            .collect())
    }

    fn count(&self, sql: &str, params: impl Params) -> rusqlite::Result<u64> {
        self.connection
            .prepare_cached(sql)?
            .query_row(params, |row| Ok(row.get::<_, i64>(0)?.unsigned_abs()))
    }
}
