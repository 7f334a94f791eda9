//! A durable queue in a file: no server, and as many processes of one machine as there are.
//!
//! ```
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("queue.db");
//! use std::num::NonZeroUsize;
//! use std::time::Duration;
//! use ventix::EmissionId;
//! use ventix::remote::sqlite::Sqlite;
//! use ventix::remote::{Backend, Consumer, GroupName, Outgoing, QueueName, Settled, Topology};
//!
//! # actix::System::new().block_on(async {
//! let backend = Sqlite::open(path)?;
//! let (queue, group) = (QueueName::new("orders")?, GroupName::new("billing")?);
//! let topology = Topology::new(queue.clone()).group(group.clone());
//! backend.ensure(&topology).await?;
//!
//! let placed = Outgoing::new(EmissionId::from_u128(7), *b"order 1 is placed");
//! for confirmed in backend.publish(&queue, &[placed]).await {
//!     confirmed?; // it is on the disk
//! }
//!
//! let (name, lease) = ("worker-1".into(), Duration::from_secs(30));
//! let mut source = backend.consume(&Consumer { topology, group, name, lease }).await?;
//! for lease in source.next(NonZeroUsize::MIN).await? {
//!     assert_eq!(lease.body()[..], *b"order 1 is placed");
//!     assert_eq!(lease.ack().await?, Settled::Done);
//! }
//! backend.close(Duration::from_secs(5)).await?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What a program writes along with its own rows, in one transaction, is an [`Outbox`]'s.
//!
//! # Guarantees
//!
//! - **Confirmed is on the disk.** The log is synced before a publish is confirmed, or a
//!   message settled (`journal_mode=WAL`, `synchronous=FULL`). A process that is killed, or a
//!   power loss, loses nothing that was confirmed, as far as the disk keeps what it said that
//!   it has. What was not confirmed is stored as a whole call, or not at all.
//! - **Order.** Messages are handed out in the order of their publishing, the longest due
//!   first; one that is released, or whose lease has run out, before those. In an
//!   [ordered](crate::remote::Topology::ordered) queue one message of a key is out at a time,
//!   and a retried one keeps its place. Keys are looked at one by one: the number of
//!   partitions is only remembered. A requeued letter goes behind what its group has.
//! - **Back-pressure.** No more is handed out than was asked for. Publishing is
//!   [`Backpressure`](crate::remote::PublishError::Backpressure) when the disk is full, or the
//!   file [as large as it may be](SqliteBuilder::max_size).
//! - **Once within the window.** An id is stored once per queue within 10 minutes, or
//!   [as set](SqliteBuilder::dedup_window); a crash forgets none. Older ids are deleted as new
//!   ones come.
//! - **Nothing blocks an arbiter**, except [`open`](Sqlite::open). One thread has the file
//!   open, and what waits for it is done in one transaction: a hundred publishes that come
//!   at the same time, by one sync of the disk.
//! - **Wake-up.** What is published or given back by a [`Sqlite`] or its clones is handed out
//!   by them at once; by other processes, or other values of the same file, within
//!   [25 milliseconds](SqliteBuilder::poll_interval). An idle worker costs far less than 1 % of
//!   a processor for that.
//! - **Shutdown.** [`close`](crate::remote::Backend::close) confirms what was being published,
//!   turns away what waits, and moves the log into the file. Leases that are out can still be
//!   settled; with the last of them the file is closed. It closes for all clones.
//!
//! # Time
//!
//! On Linux, leases and delays go by the time since the machine was started (suspended times
//! included), which all processes read alike and nobody can set, plus an offset that is kept
//! in the file. A wall clock that is set by an hour, or by a time server, changes nothing. The
//! wall clock is read only when the file is first opened after the machine was started, to
//! know how long it was off: if it is wrong then, what waited over the restart is due earlier
//! or later by as much, and time never goes back. Processes in a time namespace of their own
//! (`unshare --time`) must not share a file with others. `/proc` must be there.
//!
//! Elsewhere it is the wall clock, and setting it moves what is due.
//!
//! The [time](crate::remote::DeadRecord::time) of a dead letter is for people, and the wall
//! clock's.
//!
//! # Operating it
//!
//! - **The file** has a `-wal` and a `-shm` beside it while it is open, and after a crash.
//!   They belong to it: never delete, move or copy one without the others. Who may write the
//!   file must be able to write its folder.
//! - **A local disk only**, on one machine. Network drives (NFS, SMB) and most shared folders
//!   of virtual machines neither lock nor share memory as it needs, and would corrupt it.
//!   Containers of one kernel can share it, by a volume.
//! - **Backup** while it is used: `VACUUM INTO 'copy.db'`, or `.backup` of the `sqlite3` tool.
//!   A copy that is put back hands out again what was settled since it was made.
//! - **Disk space.** The file does not shrink, but what is free in it is used again; the log
//!   grows to some megabytes, and is cut to 64 MiB after a burst. When the disk is full,
//!   publishing is back-pressure, and settling fails too, since both are writes; nothing is
//!   lost, and it goes on by itself once there is room. With
//!   [`max_size`](SqliteBuilder::max_size) below the size of the disk, workers go on.
//! - **Locks.** One process writes at a time. Others try for
//!   [5 seconds](SqliteBuilder::busy_timeout), and then say that the backend cannot be
//!   reached. A transaction of the program's own, in the same file, should so be brief.
//! - **Versions.** The version of the tables is kept in `ventix_schema`, and `user_version` is
//!   left to the program, whose database it may be. A file of a newer version is refused.
//!   All tables are called `ventix_…`; nothing but ventix should write them.

mod builder;
mod clock;
mod engine;
mod fault;
mod ledger;
mod outbox;
mod schema;
mod settings;
mod source;
mod sqlite;

pub use builder::SqliteBuilder;
pub use outbox::Outbox;
pub use sqlite::Sqlite;
