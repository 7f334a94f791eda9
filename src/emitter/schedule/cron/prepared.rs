use std::sync::Arc;

use crate::emitter::prepared::Prepared;
use crate::emitter::schedule::due::Due;
use crate::emitter::schedule::kind::ScheduleKind;
use crate::emitter::schedule::now::Now;
use crate::emitter::schedule::schedule::Schedule;

use super::error::CronError;
use super::expression::Expression;

impl<E: Clone + Send + Sync + 'static> Prepared<'_, E> {
    /// Emits a clone of it whenever the wall clock, in UTC, matches a cron expression. See
    /// [the page on schedules](crate::emitter::schedule).
    ///
    /// An expression has five fields, or six: then the first are seconds, which are `0` by
    /// default.
    ///
    /// | field | values |
    /// |---|---|
    /// | second (if there are six) | `0`-`59` |
    /// | minute | `0`-`59` |
    /// | hour | `0`-`23` |
    /// | day of the month | `1`-`31`; `L` for the last; `15W` for the weekday nearest to the 15th |
    /// | month | `1`-`12`, or `JAN`-`DEC` |
    /// | day of the week | `0`-`7`, or `SUN`-`SAT`: `0` and `7` are Sunday; `5#2` for the second Friday of a month, `5#L` for the last |
    ///
    /// A field is `*` for every value, or a list of values and ranges with commas between
    /// them: `0,30`, `9-17`, and with steps `*/15`, `8-18/2`. When both days are said, one
    /// that matches is enough; with `+` before the day of the week, as in `0 0 13 * +FRI`,
    /// both must. Names may be in lower case. `@yearly`, `@monthly`, `@weekly`, `@daily`
    /// and `@hourly` stand for what they say.
    ///
    /// Of the ticks missed at a time, 1,000 are counted at most.
    ///
    /// # Errors
    ///
    /// When it is no expression, or when no time to come matches it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// # tokio::time::pause();
    /// let linker = Linker::start();
    /// linker.subscribe(on::<&str>().call(|what| println!("{}", **what)))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// let report = emitter.prepare("report").cron("30 8 * * MON-FRI")?;
    /// let minutes = emitter.prepare("a minute has begun").cron("0 * * * * *")?;
    /// tokio::time::sleep(Duration::from_secs(120)).await;
    /// assert!(minutes.fired() >= 1 && report.is_active());
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn cron(self, expression: impl Into<Arc<str>>) -> Result<Schedule, CronError> {
        self.cron_in(expression, "UTC")
    }

    /// Emits a clone of it whenever the wall clock of a time zone matches a cron
    /// expression, as [`cron`](Self::cron) does in UTC.
    ///
    /// The zone is one of the IANA time zone database, as the system knows it:
    /// `Europe/Zurich`. A time of the day that is skipped when the clocks go forward is
    /// made up for right after; one that comes twice when they go back counts once. What is
    /// said for every hour or minute is emitted in every one there is.
    ///
    /// # Errors
    ///
    /// As for [`cron`](Self::cron), and when the system knows no zone of that name.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{CronError, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let emitter = Emitter::start(&Linker::start(), Strategy::inline());
    /// let lunch = emitter.prepare("lunch").cron_in("0 12 * * *", "Europe/Zurich")?;
    /// assert_eq!(lunch.kind().to_string(), "cron `0 12 * * *` in Europe/Zurich");
    /// let error = emitter.prepare("lunch").cron_in("0 12 * * *", "Europe/Atlantis").unwrap_err();
    /// assert!(matches!(error, CronError::UnknownZone { .. }));
    /// # Ok::<(), CronError>(())
    /// # }).unwrap();
    /// ```
    pub fn cron_in(
        self,
        expression: impl Into<Arc<str>>,
        zone: impl Into<Arc<str>>,
    ) -> Result<Schedule, CronError> {
        let (expression, zone) = (expression.into(), zone.into());
        let rhythm = Expression::new(&expression, &zone)?;
        let Some(first) = rhythm.next_after(Now::read().wall) else {
            return Err(CronError::Never { expression });
        };
        let kind = ScheduleKind::Cron { expression, zone };
        Ok(self.schedule_clones(kind, Due::Wall(first), Box::new(rhythm)))
    }
}
