use std::sync::Arc;

use crate::outcome::SharedError;

/// Why an event could not be scheduled by a cron expression.
///
/// # Examples
///
/// ```
/// # use ventix::{CronError, Emitter, Linker, Strategy};
/// # actix::System::new().block_on(async {
/// let emitter = Emitter::start(&Linker::start(), Strategy::inline());
/// let error = emitter.prepare(1_u8).cron("61 * * * *").unwrap_err();
/// assert!(matches!(error, CronError::Invalid { .. }));
/// assert_eq!(error.to_string(), "invalid cron expression `61 * * * *`");
/// let error = emitter.prepare(1_u8).cron("0 0 30 2 *").unwrap_err();
/// assert_eq!(error.to_string(), "the cron expression `0 0 30 2 *` matches no time to come");
/// # });
/// ```
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CronError {
    /// It is no cron expression; the source says why.
    #[error("invalid cron expression `{expression}`")]
    Invalid {
        /// The expression.
        expression: Arc<str>,
        /// What is wrong with it.
        source: SharedError,
    },
    /// It is one, and no time matches it, such as the 30th of February.
    #[error("the cron expression `{expression}` matches no time to come")]
    Never {
        /// The expression.
        expression: Arc<str>,
    },
    /// There is no time zone of that name.
    #[error("unknown time zone `{zone}`")]
    UnknownZone {
        /// The name.
        zone: Arc<str>,
        /// What the time zone database said.
        source: SharedError,
    },
}
