use rusqlite::params;

use crate::remote::{Confirmed, Outgoing, QueueName};

use super::super::fault::Fault;
use super::super::schema::state;
use super::super::settings::micros;
use super::ledger::Ledger;
use super::queues::Queue;

/// How many old ids are forgotten for each one that is new, so that the table shrinks after
/// a burst without a long pause.
const FORGOTTEN_FOR_ONE: usize = 2;

const INSERT: &str = "
    INSERT INTO ventix_message (grp, state, due, key, body)
    VALUES (?1, iif(?3 IS NOT NULL AND EXISTS (
        SELECT 1 FROM ventix_message WHERE grp = ?1 AND key = ?3
    ), ?5, ?6), ?2, ?3, ?4)";

const FORGET: &str = "
    DELETE FROM ventix_seen
    WHERE at < ?1 AND rowid IN (SELECT rowid FROM ventix_seen ORDER BY rowid LIMIT ?2)";

impl Ledger<'_> {
    /// Stores messages in every group of the queue.
    pub(in super::super) fn publish(
        &self,
        queue: &QueueName,
        messages: &[Outgoing],
    ) -> Result<Vec<Confirmed>, Fault> {
        self.has_room()?;
        let queue = self.queue_or_new(queue)?;
        let groups = self.destinations(queue)?;
        self.forget(messages.len().saturating_mul(FORGOTTEN_FOR_ONE))?;
        messages
            .iter()
            .map(|message| self.store(queue, &groups, message))
            .collect()
    }

    fn store(&self, queue: Queue, groups: &[i64], message: &Outgoing) -> Result<Confirmed, Fault> {
        if !self.is_new(queue, message)? {
            return Ok(Confirmed::Duplicate);
        }
        let due = self.now.saturating_add(message.delay.map_or(0, micros));
        let key = message.key.as_deref().filter(|_| queue.keeps_keys());
        for &group in groups {
            self.insert(group, due, key, &message.body)?;
        }
        Ok(Confirmed::Stored)
    }

    /// Puts a message behind all that the group has; behind one of its key, it is blocked.
    pub(super) fn insert(
        &self,
        group: i64,
        due: i64,
        key: Option<&str>,
        body: &[u8],
    ) -> rusqlite::Result<()> {
        let params = params![group, due, key, body, state::BLOCKED, state::READY];
        self.execute(INSERT, params).map(drop)
    }

    fn is_new(&self, queue: Queue, message: &Outgoing) -> rusqlite::Result<bool> {
        let id = message.id.as_u128().to_be_bytes();
        let remember = || {
            self.execute(
                "INSERT INTO ventix_seen (queue, id, at) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO NOTHING",
                params![queue.id, id, self.now],
            )
        };
        if remember()? == 1 {
            return Ok(true);
        }
        let old = self.execute(
            "DELETE FROM ventix_seen WHERE queue = ?1 AND id = ?2 AND at < ?3",
            params![queue.id, id, self.window_start()],
        )?;
        Ok(old == 1 && remember()? == 1)
    }

    /// Forgets ids that are older than the window, the oldest first.
    pub(in super::super) fn forget(&self, at_most: usize) -> rusqlite::Result<usize> {
        let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
        self.execute(FORGET, params![self.window_start(), at_most])
    }

    fn window_start(&self) -> i64 {
        self.now.saturating_sub(micros(self.settings.dedup_window))
    }
}
