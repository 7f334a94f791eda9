use std::sync::Arc;
use std::time::SystemTime;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::emitter::schedule::due::Due;
use crate::emitter::schedule::now::Now;
use crate::emitter::schedule::rhythm::{Beat, Rhythm};

use super::error::CronError;

/// How many missed ticks are counted one by one: each costs about a microsecond, and a
/// clock that is set forward by a year may miss millions.
const MOST_MISSED: u64 = 1_000;

/// The times that a cron expression matches.
pub(super) struct Expression {
    cron: Cron,
    zone: TimeZone,
}

impl Expression {
    pub(super) fn new(expression: &Arc<str>, zone: &Arc<str>) -> Result<Self, CronError> {
        let parser = CronParser::builder()
            .seconds(Seconds::Optional)
            .year(Year::Disallowed)
            .build();
        let cron = parser
            .parse(expression)
            .map_err(|error| CronError::Invalid {
                expression: expression.clone(),
                source: Arc::new(error),
            })?;
        let zone = match &**zone {
            "UTC" => TimeZone::UTC,
            name => TimeZone::get(name).map_err(|error| CronError::UnknownZone {
                zone: zone.clone(),
                source: Arc::new(error),
            })?,
        };
        Ok(Self { cron, zone })
    }

    /// The first time after that one, if there is any.
    pub(super) fn next_after(&self, time: SystemTime) -> Option<SystemTime> {
        let time = Timestamp::try_from(time).ok()?.to_zoned(self.zone.clone());
        let next = self.cron.find_next_occurrence(&time, false).ok()?;
        Some(SystemTime::from(next.timestamp()))
    }
}

impl Rhythm for Expression {
    fn beat(&self, due: Due, now: &Now) -> Beat {
        let mut next = self.next_after(due.wall(now));
        let mut missed = 0;
        while next.is_some_and(|next| next <= now.wall) {
            missed += 1;
            let last = if missed < MOST_MISSED { next } else { None };
            next = self.next_after(last.unwrap_or(now.wall));
        }
        let next = next.map(Due::Wall);
        Beat { next, missed }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn expression(text: &str, zone: &str) -> Expression {
        Expression::new(&text.into(), &zone.into()).unwrap()
    }

    fn time(text: &str) -> SystemTime {
        text.parse::<Timestamp>().unwrap().into()
    }

    fn next(text: &str, zone: &str, after: &str) -> SystemTime {
        expression(text, zone).next_after(time(after)).unwrap()
    }

    #[test]
    fn fields_are_five_or_six_and_the_first_of_six_are_seconds() {
        let after = "2026-02-27T23:59:30.25Z";
        let utc = |text| next(text, "UTC", after);
        assert_eq!(utc("* * * * *"), time("2026-02-28T00:00:00Z"));
        assert_eq!(utc("*/10 * * * * *"), time("2026-02-27T23:59:40Z"));
        assert_eq!(utc("30 8 * * MON-FRI"), time("2026-03-02T08:30:00Z"));
        assert_eq!(utc("30 8 * * 7"), time("2026-03-01T08:30:00Z"));
        assert_eq!(utc("0 0 L * *"), time("2026-02-28T00:00:00Z"));
        assert_eq!(utc("0 12 29 2 *"), time("2028-02-29T12:00:00Z"));
        assert_eq!(utc("@hourly"), time("2026-02-28T00:00:00Z"));
        for wrong in ["", "* * * *", "* * * * * * *", "60 * * * *", "a b c d e"] {
            let made = Expression::new(&wrong.into(), &"UTC".into());
            assert!(matches!(made, Err(CronError::Invalid { .. })), "{wrong}");
        }
    }

    #[test]
    fn a_time_that_matches_is_not_its_own_successor() {
        let noon = "2026-02-27T12:00:00Z";
        assert_eq!(
            next("0 12 * * *", "UTC", noon),
            time(noon) + Duration::from_secs(86_400)
        );
    }

    #[test]
    fn a_time_zone_moves_the_times_with_its_summer() {
        let at_nine = |after| next("0 9 * * *", "Europe/Zurich", after);
        assert_eq!(
            at_nine("2026-03-28T00:00:00Z"),
            time("2026-03-28T08:00:00Z")
        );
        assert_eq!(
            at_nine("2026-03-29T00:00:00Z"),
            time("2026-03-29T07:00:00Z")
        );
        // Half past two does not exist that day, and is twice there on another.
        let at_half_past_two = |after| next("30 2 * * *", "Europe/Zurich", after);
        assert_eq!(
            at_half_past_two("2026-03-29T00:00:00Z"),
            time("2026-03-29T01:00:00Z")
        );
        assert_eq!(
            at_half_past_two("2026-10-24T23:00:00Z"),
            time("2026-10-25T00:30:00Z")
        );
        assert_eq!(
            at_half_past_two("2026-10-25T00:30:00Z"),
            time("2026-10-26T01:30:00Z")
        );
    }

    #[test]
    fn what_was_missed_is_counted_up_to_a_thousand_and_the_next_is_to_come() {
        let every_minute = expression("* * * * *", "UTC");
        let due = UNIX_EPOCH + Duration::from_secs(60 * 1_000_000);
        let beat = |minutes: u64| {
            let mut now = Now::read();
            now.wall = due + Duration::from_secs(60 * minutes + 30);
            let beat = every_minute.beat(Due::Wall(due), &now);
            assert_eq!(
                beat.next,
                Some(Due::Wall(now.wall + Duration::from_secs(30)))
            );
            beat.missed
        };
        assert_eq!((beat(0), beat(1), beat(999)), (0, 1, 999));
        assert_eq!((beat(1_000), beat(50_000)), (1_000, 1_000));
    }
}
