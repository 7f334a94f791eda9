use std::num::NonZeroU16;

use rusqlite::{OptionalExtension, params};

use crate::remote::{BackendError, GroupName, QueueName, Topology};

use super::super::fault::Fault;
use super::super::schema::state;
use super::ledger::Ledger;

/// A queue as the file knows it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Queue {
    pub(super) id: i64,
    /// `None` until it is ensured; 0 if it is in no order.
    pub(super) partitions: Option<u16>,
}

/// The queue is there with another number of partitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Mismatch {
    found: u16,
    wanted: u16,
}

impl Queue {
    /// What waits for a first group has this in the place of a group.
    pub(super) fn unclaimed(self) -> i64 {
        -self.id
    }

    /// Whether keys matter, or may yet.
    pub(super) fn keeps_keys(self) -> bool {
        self.partitions != Some(0)
    }
}

impl Ledger<'_> {
    pub(super) fn queue(&self, name: &QueueName) -> rusqlite::Result<Option<Queue>> {
        self.connection
            .prepare_cached("SELECT id, partitions FROM ventix_queue WHERE name = ?1")?
            .query_row([name.as_str()], |row| {
                Ok(Queue {
                    id: row.get(0)?,
                    partitions: row.get(1)?,
                })
            })
            .optional()
    }

    pub(super) fn queue_or_new(&self, name: &QueueName) -> rusqlite::Result<Queue> {
        if let Some(queue) = self.queue(name)? {
            return Ok(queue);
        }
        self.execute(
            "INSERT INTO ventix_queue (name) VALUES (?1)",
            [name.as_str()],
        )?;
        Ok(Queue {
            id: self.connection.last_insert_rowid(),
            partitions: None,
        })
    }

    pub(super) fn group(&self, queue: Queue, name: &GroupName) -> rusqlite::Result<Option<i64>> {
        self.connection
            .prepare_cached("SELECT id FROM ventix_group WHERE queue = ?1 AND name = ?2")?
            .query_row(params![queue.id, name.as_str()], |row| row.get(0))
            .optional()
    }

    /// The group of a queue, if both are there.
    pub(in super::super) fn find(
        &self,
        queue: &QueueName,
        group: &GroupName,
    ) -> Result<Option<i64>, Fault> {
        let found = self
            .connection
            .prepare_cached(
                "SELECT ventix_group.id FROM ventix_queue
                 JOIN ventix_group ON ventix_group.queue = ventix_queue.id
                 WHERE ventix_queue.name = ?1 AND ventix_group.name = ?2",
            )?
            .query_row([queue.as_str(), group.as_str()], |row| row.get(0))
            .optional()?;
        Ok(found)
    }

    /// Where a message is stored: in each group, or apart while there is none.
    pub(super) fn destinations(&self, queue: Queue) -> rusqlite::Result<Vec<i64>> {
        let mut groups = self
            .connection
            .prepare_cached("SELECT id FROM ventix_group WHERE queue = ?1 ORDER BY id")?
            .query_map([queue.id], |row| row.get(0))?
            .collect::<Result<Vec<_>, _>>()?;
        if groups.is_empty() {
            groups.push(queue.unclaimed());
        }
        Ok(groups)
    }

    /// Makes the queue and its groups what they are to be.
    pub(in super::super) fn ensure(
        &self,
        topology: &Topology,
    ) -> Result<Result<(), Mismatch>, Fault> {
        let mut queue = self.queue_or_new(topology.queue())?;
        let wanted = topology.partitions().map_or(0, NonZeroU16::get);
        match queue.partitions {
            Some(found) if found != wanted => return Ok(Err(Mismatch { found, wanted })),
            Some(_) => {}
            None => {
                self.execute(
                    "UPDATE ventix_queue SET partitions = ?2 WHERE id = ?1",
                    params![queue.id, wanted],
                )?;
                queue.partitions = Some(wanted);
                if !queue.keeps_keys() {
                    self.execute(
                        "UPDATE ventix_message SET state = ?2, key = NULL WHERE grp = ?1",
                        params![queue.unclaimed(), state::READY],
                    )?;
                }
            }
        }
        for group in topology.groups() {
            self.group_or_new(queue, group)?;
        }
        Ok(Ok(()))
    }

    /// Does the same for a queue and one more group of it, and returns the group.
    pub(in super::super) fn join(
        &self,
        topology: &Topology,
        group: &GroupName,
    ) -> Result<Result<i64, Mismatch>, Fault> {
        if let Err(mismatch) = self.ensure(topology)? {
            return Ok(Err(mismatch));
        }
        let queue = self.queue_or_new(topology.queue())?;
        Ok(Ok(self.group_or_new(queue, group)?))
    }

    /// Deletes a group, and all that it has.
    pub(in super::super) fn remove(
        &self,
        queue: &QueueName,
        group: &GroupName,
    ) -> Result<bool, Fault> {
        let Some(group) = self.find(queue, group)? else {
            return Ok(false);
        };
        for sql in [
            "DELETE FROM ventix_message WHERE grp = ?1",
            "DELETE FROM ventix_dead WHERE grp = ?1",
            "DELETE FROM ventix_consumer WHERE grp = ?1",
            "DELETE FROM ventix_group WHERE id = ?1",
        ] {
            self.execute(sql, [group])?;
        }
        Ok(true)
    }

    fn group_or_new(&self, queue: Queue, name: &GroupName) -> rusqlite::Result<i64> {
        if let Some(group) = self.group(queue, name)? {
            return Ok(group);
        }
        self.execute(
            "INSERT INTO ventix_group (queue, name) VALUES (?1, ?2)",
            params![queue.id, name.as_str()],
        )?;
        let group = self.connection.last_insert_rowid();
        // The first group takes what has waited for it; later ones find nothing there.
        self.execute(
            "UPDATE ventix_message SET grp = ?2 WHERE grp = ?1",
            params![queue.unclaimed(), group],
        )?;
        Ok(group)
    }
}

impl From<Mismatch> for BackendError {
    fn from(mismatch: Mismatch) -> Self {
        let text = |partitions| match partitions {
            0 => "none".to_owned(),
            number => number.to_string(),
        };
        Self::Mismatch {
            what: "the number of partitions",
            found: text(mismatch.found),
            wanted: text(mismatch.wanted),
        }
    }
}
