-- Where the file's clock stands: see clock.rs.
CREATE TABLE ventix_clock (
    boot   TEXT NOT NULL,
    offset INTEGER NOT NULL,
    latest INTEGER NOT NULL
);

-- `partitions` is NULL until the queue is ensured, and 0 if it is in no order.
CREATE TABLE ventix_queue (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    partitions INTEGER
);

CREATE TABLE ventix_group (
    id    INTEGER PRIMARY KEY,
    queue INTEGER NOT NULL,
    name  TEXT NOT NULL,
    UNIQUE (queue, name)
);

-- A message of one group. `grp` is the group, or the negative queue while that has none.
-- The id is its place in the order of publishing. Of those with one key, only the first is
-- not blocked.
CREATE TABLE ventix_message (
    id         INTEGER PRIMARY KEY,
    grp        INTEGER NOT NULL,
    state      INTEGER NOT NULL,
    due        INTEGER NOT NULL,
    deliveries INTEGER NOT NULL DEFAULT 0,
    owner      BLOB,
    consumer   TEXT,
    key        TEXT,
    body       BLOB NOT NULL
);
CREATE INDEX ventix_message_due ON ventix_message (grp, state, due);
CREATE INDEX ventix_message_key ON ventix_message (grp, key) WHERE key IS NOT NULL;

CREATE TABLE ventix_dead (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    grp  INTEGER NOT NULL,
    code TEXT NOT NULL,
    text TEXT NOT NULL,
    at   INTEGER NOT NULL,
    key  TEXT,
    body BLOB NOT NULL
);
CREATE INDEX ventix_dead_group ON ventix_dead (grp);

-- The ids of a queue that were published, in the order of their publishing.
CREATE TABLE ventix_seen (
    queue INTEGER NOT NULL,
    id    BLOB NOT NULL,
    at    INTEGER NOT NULL,
    UNIQUE (queue, id)
);

-- Who reads, and when it last said so.
CREATE TABLE ventix_consumer (
    grp  INTEGER NOT NULL,
    name TEXT NOT NULL,
    at   INTEGER NOT NULL,
    PRIMARY KEY (grp, name)
) WITHOUT ROWID;
