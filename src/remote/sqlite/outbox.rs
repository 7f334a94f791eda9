use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::remote::{BackendError, Confirmed, Outgoing, PublishError, QueueName};

use super::clock::Clock;
use super::fault::Fault;
use super::ledger::Ledger;
use super::schema;
use super::settings::Settings;

/// Publishes within a transaction of the program's own, in the same file: a transactional
/// outbox.
///
/// A message is published if, and only if, the transaction commits, along with whatever else
/// the program has written in it. So nothing is announced that did not happen, and nothing
/// happens that is not announced. Workers, of any process, see it once it is committed: within
/// their [poll interval](super::SqliteBuilder::poll_interval).
///
/// # Examples
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("shop.db");
/// use rusqlite::Connection;
/// use ventix::EmissionId;
/// use ventix::remote::{Confirmed, Outgoing, QueueName, sqlite::Outbox};
///
/// let mut shop = Connection::open(path)?;
/// shop.execute_batch("CREATE TABLE orders (id INTEGER PRIMARY KEY)")?;
/// let outbox = Outbox::prepare(&mut shop)?;
///
/// let queue = QueueName::new("orders")?;
/// let placed = Outgoing::new(EmissionId::from_u128(7), *b"order 1 is placed");
/// let transaction = shop.transaction()?;
/// transaction.execute("INSERT INTO orders (id) VALUES (1)", [])?;
/// assert_eq!(outbox.enqueue(&transaction, &queue, &placed)?, Confirmed::Stored);
/// transaction.commit()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Outbox {
    clock: Clock,
    settings: Settings,
}

impl Outbox {
    pub(super) fn new(clock: Clock, settings: Settings) -> Self {
        Self { clock, settings }
    }

    /// Makes the tables in the database of a connection, if they are not there: all of them
    /// are called `ventix_…`. Once for each time the program runs; the outbox then serves
    /// every connection to the file, with the default settings. Where the file is open as a
    /// [`Sqlite`](super::Sqlite) too, [`Sqlite::outbox`](super::Sqlite::outbox) does without.
    ///
    /// # Errors
    ///
    /// [`BackendError::Refused`] if the tables are there in a newer version, or cannot be
    /// made; [`BackendError::Unavailable`] if the file is locked.
    pub fn prepare(connection: &mut Connection) -> Result<Self, BackendError> {
        let prepare = |connection: &mut Connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            schema::prepare(&transaction)?;
            let clock = Clock::of(&transaction)?;
            transaction.commit()?;
            Ok(Self::new(clock, Settings::default()))
        };
        prepare(connection).map_err(Fault::into_backend)
    }

    /// Stores a message within a transaction. It is published when that commits, and as
    /// durable as its connection is set to be: `synchronous=FULL`, SQLite's default, for what
    /// survives a power loss.
    ///
    /// # Errors
    ///
    /// [`PublishError`], by kind. The transaction stays as it was before, unless SQLite has
    /// rolled it back as a whole, as it does when the disk is full: then it cannot commit.
    pub fn enqueue(
        &self,
        transaction: &Transaction<'_>,
        queue: &QueueName,
        message: &Outgoing,
    ) -> Result<Confirmed, PublishError> {
        let (size, limit) = (message.body.len(), self.settings.max_bytes);
        if size > limit {
            return Err(Fault::TooLarge { size, limit }.into_publish());
        }
        self.store(transaction, queue, message)
            .map_err(Fault::into_publish)
    }

    fn store(
        &self,
        transaction: &Transaction<'_>,
        queue: &QueueName,
        message: &Outgoing,
    ) -> Result<Confirmed, Fault> {
        transaction.execute_batch("SAVEPOINT ventix")?;
        let ledger = Ledger {
            connection: transaction,
            now: self.clock.now(),
            settings: &self.settings,
        };
        let stored = ledger.publish(queue, std::slice::from_ref(message));
        if stored.is_err() && !transaction.is_autocommit() {
            transaction.execute_batch("ROLLBACK TO ventix")?;
        }
        if !transaction.is_autocommit() {
            transaction.execute_batch("RELEASE ventix")?;
        }
        stored?.pop().ok_or(Fault::Lost)
    }
}
