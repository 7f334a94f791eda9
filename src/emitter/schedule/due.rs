use std::time::{Duration, SystemTime};

use actix::clock::Instant;

use super::now::Now;

/// When a schedule is to emit, by the clock that it goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    Clock(Instant),
    Wall(SystemTime),
}

impl Due {
    /// How long it has been due, if it is.
    pub(super) fn lateness(self, now: &Now) -> Option<Duration> {
        match self {
            Self::Clock(at) => now.clock.checked_duration_since(at),
            Self::Wall(at) => now.wall.duration_since(at).ok(),
        }
    }

    pub(super) fn instant(self, now: &Now) -> Instant {
        match self {
            Self::Clock(at) => at,
            Self::Wall(at) => now.instant_of(at),
        }
    }

    pub(super) fn wall(self, now: &Now) -> SystemTime {
        match self {
            Self::Clock(at) => now.wall_at(at),
            Self::Wall(at) => at,
        }
    }
}
