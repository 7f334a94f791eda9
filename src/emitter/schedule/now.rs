//! What time it is, by both clocks.
//!
//! Everything sleeps by tokio's clock, which tests pause and advance and which knows
//! nothing of dates. Calendars go by the wall clock, which people and daemons set, and
//! which no test can move. To have one time line for both, the wall clock is read as
//! `SystemTime` and moved by as much as tokio's clock is ahead of (or, paused, behind) the
//! real monotonic clock at that moment: nothing in production, and what a test has
//! advanced it by in a test. The two are read together and the sum is never kept, so an
//! adjustment of the system's clock shows at the next look; whoever sleeps until a time of
//! the wall clock looks at least once in [`LOOK_AGAIN`]. The monotonic clock is read before
//! the wall clock, so what lies between the readings makes it late and never early.

use std::time::{Duration, SystemTime};

use actix::clock::Instant;

use crate::later::later;

/// How long a change of the wall clock may go unnoticed.
pub(super) const LOOK_AGAIN: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy)]
pub(super) struct Now {
    pub(super) clock: Instant,
    pub(super) wall: SystemTime,
}

impl Now {
    pub(super) fn read() -> Self {
        let clock = Instant::now();
        let real = std::time::Instant::now();
        Self::of(clock, real, SystemTime::now())
    }

    fn of(clock: Instant, real: std::time::Instant, wall: SystemTime) -> Self {
        let shown = clock.into_std();
        let moved = match shown.checked_duration_since(real) {
            Some(ahead) => wall.checked_add(ahead),
            None => wall.checked_sub(real.duration_since(shown)),
        };
        let wall = moved.unwrap_or(wall);
        Self { clock, wall }
    }

    /// The instant that comes so much later.
    pub(super) fn later(&self, time: Duration) -> Instant {
        later(self.clock, time)
    }

    /// The instant of a time of the wall clock, if nobody sets that; now, if it is over.
    pub(super) fn instant_of(&self, wall: SystemTime) -> Instant {
        self.later(wall.duration_since(self.wall).unwrap_or_default())
    }

    /// What the wall clock shows at an instant, if nobody sets it.
    pub(super) fn wall_at(&self, clock: Instant) -> SystemTime {
        let time = match clock.checked_duration_since(self.clock) {
            Some(later) => self.wall.checked_add(later),
            None => self.wall.checked_sub(self.clock.duration_since(clock)),
        };
        time.unwrap_or(self.wall)
    }
}

#[cfg(test)]
mod tests {
    use crate::later::FAR;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    #[test]
    fn the_wall_clock_is_moved_with_the_clock_of_the_tests() {
        let (real, wall) = (std::time::Instant::now() + HOUR, SystemTime::now());
        let at = |clock| Now::of(Instant::from_std(clock), real, wall).wall;
        assert_eq!(at(real), wall);
        assert_eq!(at(real + HOUR), wall + HOUR);
        assert_eq!(at(real - HOUR), wall - HOUR);
    }

    #[test]
    fn no_time_is_too_long() {
        let now = Now::read();
        assert_eq!(now.later(Duration::MAX), now.clock + FAR);
        assert_eq!(now.instant_of(now.wall - HOUR), now.clock);
        assert_eq!(now.wall_at(now.clock + HOUR), now.wall + HOUR);
    }
}
