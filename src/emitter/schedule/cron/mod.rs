//! Schedules by cron expressions, which the crate `croner` reads and `jiff` knows the
//! calendars for.

mod error;
mod expression;
mod prepared;

pub use error::CronError;
