use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::future::join_all;

use crate::remote::{Answer, Backend};

use super::case::Case;
use super::rows;

/// The conformance suite, for one engine. See the [module's page](super).
#[derive(Clone)]
pub struct Suite {
    connect: Arc<Connect>,
    bounded: Option<Arc<Connect>>,
    restart: Option<Arc<Restart>>,
    scale: f64,
}

type Connect = dyn Fn() -> Arc<dyn Backend> + Send + Sync;

type Restart = dyn Fn() -> Answer<'static, ()> + Send + Sync;

/// How one row is run.
pub(super) type Run = fn(Case) -> Answer<'static, ()>;

impl Suite {
    /// Makes the suite of an engine, to which each call of `connect` connects anew.
    pub fn new<B: Backend>(connect: impl Fn() -> B + Send + Sync + 'static) -> Self {
        Self {
            connect: Arc::new(move || Arc::new(connect())),
            bounded: None,
            restart: None,
            scale: 1.0,
        }
    }

    /// Says how to make an engine that has little room, such as for 100 kB: a new one for every
    /// call. Without that the row `what_finds_no_room_is_not_stored` has nothing to show.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::remote::Memory;
    /// use ventix::testing::Suite;
    ///
    /// let memory = Memory::new();
    /// let suite = Suite::new(move || memory.clone())
    ///     .bounded(|| Memory::builder().max_messages(20).build());
    /// actix::System::new().block_on(suite.run("what_finds_no_room_is_not_stored"));
    /// ```
    #[must_use]
    pub fn bounded<B: Backend>(mut self, make: impl Fn() -> B + Send + Sync + 'static) -> Self {
        self.bounded = Some(Arc::new(move || Arc::new(make())));
        self
    }

    /// Says how the engine is restarted, with what it has stored. Without that the row
    /// `a_restart_loses_nothing_that_was_confirmed` has nothing to show.
    #[must_use]
    pub fn restart<F>(mut self, restart: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.restart = Some(Arc::new(move || Box::pin(restart())));
        self
    }

    /// Sets how large the large rows are: 1.0, if nothing is said, is 5,000 or 10,000 messages
    /// in each.
    #[must_use]
    pub fn scale(mut self, scale: f64) -> Self {
        self.scale = scale;
        self
    }

    /// Returns the names of all rows.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::testing::Suite;
    ///
    /// assert!(Suite::rows().any(|row| row == "a_late_settlement_changes_nothing"));
    /// ```
    pub fn rows() -> impl Iterator<Item = &'static str> {
        rows::ALL.iter().map(|(name, _)| *name)
    }

    /// Runs one row, on a queue of its own.
    ///
    /// # Panics
    ///
    /// If the engine does not do what the row is about, and if there is no such row.
    pub async fn run(&self, row: &str) {
        let found = rows::ALL.iter().find(|(name, _)| *name == row);
        let (name, run) = found.unwrap_or_else(|| panic!("there is no row {row}"));
        run(self.case(name)).await;
    }

    /// Runs one row ten times at a time, on queues of their own, each with a tenth of the
    /// messages; but once, if it restarts the engine, which the others would not bear.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    pub async fn run_ten_at_a_time(&self, row: &str) {
        if row == rows::RESTARTS {
            return self.run(row).await;
        }
        let suite = self.clone().scale(self.scale / 10.0);
        join_all((0..10).map(|_| suite.run(row))).await;
    }

    fn case(&self, row: &'static str) -> Case {
        // Tests of one process never meet, nor do those of two.
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let short: String = row.chars().take(60).collect();
        let queue = format!("{short}-{}-{number}", std::process::id());
        Case::new(self.clone(), &queue)
    }

    /// The suite of the engine that has little room.
    pub(super) fn bounded_one(&self) -> Option<Self> {
        let connect = self.bounded.clone()?;
        Some(Self {
            connect,
            ..self.clone()
        })
    }

    pub(super) fn connect(&self) -> Arc<dyn Backend> {
        (self.connect)()
    }

    pub(super) fn restarting(&self) -> Option<Answer<'static, ()>> {
        self.restart.as_ref().map(|restart| restart())
    }

    pub(super) fn scaled(&self, count: usize) -> usize {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "a few more or less are no matter"
        )]
        let scaled = (count as f64 * self.scale) as usize;
        scaled.clamp(20.min(count), count)
    }
}

impl fmt::Debug for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suite")
            .field("scale", &self.scale)
            .finish_non_exhaustive()
    }
}

/// Makes a test of every row of a [`Suite`], and one that runs them ten at a time. The
/// expression is an `Option<Suite>`: with `None`, where the engine is not there and need not
/// be, nothing runs.
#[macro_export]
macro_rules! conformance {
    ($suite:expr) => {
        $crate::__each_row!(conformance_row, $suite);
    };
}
