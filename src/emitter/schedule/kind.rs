use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// When a schedule emits, as it was said.
///
/// # Examples
///
/// ```
/// # use std::time::Duration;
/// # use ventix::{Emitter, Linker, ScheduleKind, Strategy};
/// # actix::System::new().block_on(async {
/// let emitter = Emitter::start(&Linker::start(), Strategy::inline());
/// let beat = emitter.prepare("beat").every(Duration::from_secs(5))?;
/// assert_eq!(beat.kind(), &ScheduleKind::Every(Duration::from_secs(5)));
/// assert_eq!(beat.kind().to_string(), "every 5s");
/// # Ok::<(), ventix::ScheduleError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScheduleKind {
    /// Once, so long after it was scheduled.
    After(Duration),
    /// Once, at a time of the wall clock.
    At(SystemTime),
    /// Again and again, so long after one another.
    Every(Duration),
    /// Whenever the wall clock matches an expression.
    Cron {
        /// The expression.
        expression: Arc<str>,
        /// The time zone, `UTC` by default.
        zone: Arc<str>,
    },
}

impl fmt::Display for ScheduleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::After(time) => write!(f, "after {time:?}"),
            Self::At(time) => match time.duration_since(SystemTime::UNIX_EPOCH) {
                Ok(since) => write!(f, "at {} s since 1970", since.as_secs()),
                Err(before) => write!(f, "at {} s before 1970", before.duration().as_secs()),
            },
            Self::Every(interval) => write!(f, "every {interval:?}"),
            Self::Cron { expression, zone } => write!(f, "cron `{expression}` in {zone}"),
        }
    }
}
