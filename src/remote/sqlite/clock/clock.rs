use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension, params};

use super::super::fault::Fault;
use super::source;

/// A clock that all processes on the machine read alike, in microseconds, and that nobody
/// sets.
///
/// It is the time since the machine was started, plus an offset that is kept in the file. The
/// first to open the file after a start chooses the offset, so that the clock shows the wall
/// clock's time then, or the last time that the file knows of, whichever is later. Until the
/// next start the wall clock is not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Clock {
    offset: i64,
}

/// A start of the machine, and how long ago it was, in microseconds.
#[derive(Debug, Clone)]
pub(super) struct Boot {
    pub(super) id: String,
    pub(super) elapsed: i64,
}

impl Clock {
    /// Reads the file's clock, or sets it, if the machine was started anew. Within a
    /// transaction that writes.
    pub(in super::super) fn of(connection: &Connection) -> Result<Self, Fault> {
        let boot = source::boot().map_err(Fault::clock)?;
        Ok(Self::anchored(connection, &boot, wall())?)
    }

    fn anchored(connection: &Connection, boot: &Boot, wall: i64) -> rusqlite::Result<Self> {
        let known: Option<(String, i64, i64)> = connection
            .query_row("SELECT boot, offset, latest FROM ventix_clock", [], |row| {
                row.try_into()
            })
            .optional()?;
        let latest = match known {
            Some((id, offset, _)) if id == boot.id => return Ok(Self { offset }),
            Some((_, _, latest)) => latest,
            None => 0,
        };
        let seen = connection
            .query_row(
                "SELECT at FROM ventix_seen ORDER BY rowid DESC LIMIT 1",
                [],
                |row| row.get(0),
            )
            .optional()?;
        let now = wall.max(latest).max(seen.unwrap_or(0));
        let offset = now - boot.elapsed;
        connection.execute("DELETE FROM ventix_clock", [])?;
        connection.execute(
            "INSERT INTO ventix_clock (boot, offset, latest) VALUES (?1, ?2, ?3)",
            params![boot.id, offset, now],
        )?;
        Ok(Self { offset })
    }

    /// Returns the time.
    pub(in super::super) fn now(self) -> i64 {
        self.offset.saturating_add(source::elapsed())
    }
}

/// The wall clock, in microseconds since 1970.
pub(in super::super) fn wall() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::schema;
    use super::*;

    const HOUR: i64 = 3_600_000_000;

    fn boot(id: &str, elapsed: i64) -> Boot {
        Boot {
            id: id.to_owned(),
            elapsed,
        }
    }

    #[test]
    fn a_wall_clock_that_is_set_changes_nothing_until_the_machine_is_started_anew() {
        let file = Connection::open_in_memory().unwrap();
        schema::prepare(&file).unwrap();
        let wall = 1_700_000_000_000_000;
        let first = Clock::anchored(&file, &boot("a", 5), wall).unwrap();
        for set in [wall - HOUR, wall + HOUR, 0] {
            let other = Clock::anchored(&file, &boot("a", 77), set).unwrap();
            assert_eq!(other, first);
        }
    }

    #[test]
    fn the_clock_never_goes_back_when_the_machine_is_started_anew() {
        let file = Connection::open_in_memory().unwrap();
        schema::prepare(&file).unwrap();
        let wall = 1_700_000_000_000_000;
        Clock::anchored(&file, &boot("a", 5), wall).unwrap();
        let set_back = Clock::anchored(&file, &boot("b", 3), wall - HOUR).unwrap();
        assert_eq!(set_back.offset + 3, wall);
        let later = Clock::anchored(&file, &boot("c", 9), wall + HOUR).unwrap();
        assert_eq!(later.offset + 9, wall + HOUR);
    }

    #[test]
    fn what_the_file_saw_last_is_over_after_a_start() {
        let file = Connection::open_in_memory().unwrap();
        schema::prepare(&file).unwrap();
        file.execute(
            "INSERT INTO ventix_seen (queue, id, at) VALUES (1, x'00', 900)",
            [],
        )
        .unwrap();
        let clock = Clock::anchored(&file, &boot("a", 5), 3).unwrap();
        assert_eq!(clock.offset + 5, 900);
    }
}
