use std::time::Duration;

use super::due::Due;
use super::now::Now;

/// When a schedule is due again.
pub(super) trait Rhythm: Send {
    /// What comes after a tick that was due then, and is carried out now.
    fn beat(&self, due: Due, now: &Now) -> Beat;
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Beat {
    /// The first tick to come, if there is one.
    pub(super) next: Option<Due>,
    /// How many ticks have passed since the one that was due.
    pub(super) missed: u64,
}

/// Due once.
pub(super) struct Once;

impl Rhythm for Once {
    fn beat(&self, _: Due, _: &Now) -> Beat {
        let (next, missed) = (None, 0);
        Beat { next, missed }
    }
}

/// Due at intervals, which are not zero.
pub(super) struct Every(pub(super) Duration);

impl Rhythm for Every {
    /// Ticks are whole intervals after the first, however late they are carried out.
    fn beat(&self, due: Due, now: &Now) -> Beat {
        let (late, interval) = (due.lateness(now).unwrap_or_default(), self.0);
        let missed = late.as_nanos() / interval.as_nanos();
        let since_last = late.as_nanos() % interval.as_nanos();
        let since_last = u64::try_from(since_last).unwrap_or_default();
        let next = now.later(interval - Duration::from_nanos(since_last));
        Beat {
            next: Some(Due::Clock(next)),
            missed: u64::try_from(missed).unwrap_or(u64::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn ticks_stay_on_the_grid_of_the_first_one() {
        let now = Now::read();
        let beat = |late| Every(SECOND).beat(Due::Clock(now.clock - late), &now);
        let (in_time, bit) = (Duration::ZERO, Duration::from_millis(300));
        let due = |at| Some(Due::Clock(at));
        assert_eq!(
            (beat(in_time).next, beat(in_time).missed),
            (due(now.clock + SECOND), 0)
        );
        assert_eq!(
            (beat(bit).next, beat(bit).missed),
            (due(now.clock + SECOND - bit), 0)
        );
        let late = beat(4 * SECOND + bit);
        assert_eq!((late.next, late.missed), (due(now.clock + SECOND - bit), 4));
        let just = beat(SECOND);
        assert_eq!((just.next, just.missed), (due(now.clock + SECOND), 1));
    }
}
