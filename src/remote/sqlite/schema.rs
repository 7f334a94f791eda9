use rusqlite::{Connection, OptionalExtension, params};

use super::fault::Fault;

/// The tables, as this version knows them.
///
/// The number is kept in a table of its own, since the file may be a program's own database,
/// whose `user_version` is for the program's migrations.
pub(super) const VERSION: i64 = 1;

/// What a message is doing: `ventix_message.state`.
pub(super) mod state {
    /// It can be handed out once it is due.
    pub(in super::super) const READY: i64 = 0;
    /// It is leased, until it is due.
    pub(in super::super) const LEASED: i64 = 1;
    /// One of the same key is before it, in an ordered queue.
    pub(in super::super) const BLOCKED: i64 = 2;
}

const TABLES: &str = include_str!("schema.sql");

/// Makes the tables, if they are not there. Within a transaction that writes.
pub(super) fn prepare(connection: &Connection) -> Result<(), Fault> {
    connection
        .execute_batch("CREATE TABLE IF NOT EXISTS ventix_schema (version INTEGER NOT NULL)")?;
    let found = connection
        .query_row("SELECT version FROM ventix_schema", [], |row| row.get(0))
        .optional()?;
    match found {
        Some(VERSION) => Ok(()),
        Some(found) => Err(Fault::Schema {
            found,
            known: VERSION,
        }),
        None => {
            connection.execute_batch(TABLES)?;
            connection.execute(
                "INSERT INTO ventix_schema (version) VALUES (?1)",
                params![VERSION],
            )?;
            Ok(())
        }
    }
}
