use rusqlite::{OptionalExtension, params};

use crate::remote::{DeadReason, Settled};

use super::super::clock;
use super::super::fault::Fault;
use super::super::schema::state;
use super::ledger::Ledger;

/// A message, and what shows that it is still one's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Token {
    pub(in super::super) id: i64,
    pub(in super::super) owner: [u8; 16],
}

/// What is left of a message that was taken out of the table.
struct Taken {
    group: i64,
    key: Option<String>,
    body: Vec<u8>,
}

impl Ledger<'_> {
    pub(in super::super) fn ack(&self, token: Token) -> Result<Settled, Fault> {
        let taken = self
            .connection
            .prepare_cached(
                "DELETE FROM ventix_message WHERE id = ?1 AND owner = ?2 RETURNING grp, key",
            )?
            .query_row(params![token.id, token.owner], |row| {
                Ok((row.get(0)?, row.get::<_, Option<String>>(1)?))
            })
            .optional()?;
        let Some((group, key)) = taken else {
            return Ok(Settled::LeaseLost);
        };
        self.unblock(group, key.as_deref())?;
        Ok(Settled::Done)
    }

    pub(in super::super) fn retry(
        &self,
        token: Token,
        after: i64,
        body: Option<&[u8]>,
    ) -> Result<Settled, Fault> {
        let due = self.now.saturating_add(after);
        let changed = match body {
            None => self.execute(
                "UPDATE ventix_message
                 SET state = ?4, due = ?3, owner = NULL, consumer = NULL, deliveries = 0
                 WHERE id = ?1 AND owner = ?2",
                params![token.id, token.owner, due, state::READY],
            ),
            Some(body) => self.execute(
                "UPDATE ventix_message
                 SET state = ?4, due = ?3, owner = NULL, consumer = NULL, deliveries = 0, body = ?5
                 WHERE id = ?1 AND owner = ?2",
                params![token.id, token.owner, due, state::READY, body],
            ),
        };
        Ok(settled(changed?))
    }

    /// What is released is the longest due: it is handed out before what has waited.
    pub(in super::super) fn release(&self, token: Token) -> Result<Settled, Fault> {
        let changed = self.execute(
            "UPDATE ventix_message
             SET state = ?3, due = 0, owner = NULL, consumer = NULL, deliveries = deliveries - 1
             WHERE id = ?1 AND owner = ?2",
            params![token.id, token.owner, state::READY],
        );
        Ok(settled(changed?))
    }

    pub(in super::super) fn extend(&self, token: Token, lease: i64) -> Result<Settled, Fault> {
        let until = self.now.saturating_add(lease);
        let changed = self.execute(
            "UPDATE ventix_message SET due = ?3 WHERE id = ?1 AND owner = ?2",
            params![token.id, token.owner, until],
        );
        Ok(settled(changed?))
    }

    pub(in super::super) fn dead(
        &self,
        token: Token,
        reason: &DeadReason,
        body: Option<&[u8]>,
    ) -> Result<Settled, Fault> {
        let taken = self
            .connection
            .prepare_cached(
                "DELETE FROM ventix_message WHERE id = ?1 AND owner = ?2
                 RETURNING grp, key, body",
            )?
            .query_row(params![token.id, token.owner], |row| {
                Ok(Taken {
                    group: row.get(0)?,
                    key: row.get(1)?,
                    body: row.get(2)?,
                })
            })
            .optional()?;
        let Some(taken) = taken else {
            return Ok(Settled::LeaseLost);
        };
        self.execute(
            "INSERT INTO ventix_dead (grp, code, text, at, key, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                taken.group,
                reason.code(),
                reason.text(),
                clock::wall(),
                taken.key,
                body.unwrap_or(&taken.body)
            ],
        )?;
        self.unblock(taken.group, taken.key.as_deref())?;
        Ok(Settled::Done)
    }

    /// Lets the next message of a key be handed out.
    fn unblock(&self, group: i64, key: Option<&str>) -> rusqlite::Result<()> {
        let Some(key) = key else { return Ok(()) };
        self.execute(
            "UPDATE ventix_message SET state = ?4
             WHERE state = ?3 AND id = (
                SELECT id FROM ventix_message WHERE grp = ?1 AND key = ?2
                ORDER BY id LIMIT 1)",
            params![group, key, state::BLOCKED, state::READY],
        )
        .map(drop)
    }
}

fn settled(changed: usize) -> Settled {
    match changed {
        0 => Settled::LeaseLost,
        _ => Settled::Done,
    }
}
