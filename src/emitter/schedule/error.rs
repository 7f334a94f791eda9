use std::time::Duration;

/// Why an event could not be scheduled.
///
/// # Examples
///
/// ```
/// # use std::time::Duration;
/// # use ventix::{Emitter, Linker, ScheduleError, Strategy};
/// # actix::System::new().block_on(async {
/// let emitter = Emitter::start(&Linker::start(), Strategy::inline());
/// let error = emitter.prepare(1_u8).every(Duration::ZERO).unwrap_err();
/// assert_eq!(error, ScheduleError::TooShort { interval: Duration::ZERO });
/// assert_eq!(error.to_string(), "the interval is 0ns, and must be 1 ms at least");
/// # });
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// The interval is shorter than what the clock can tell apart.
    #[error("the interval is {interval:?}, and must be 1 ms at least")]
    TooShort {
        /// The interval.
        interval: Duration,
    },
}
