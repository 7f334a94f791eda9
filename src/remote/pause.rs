use std::time::Duration;

use crate::policy::Retry;

/// The pauses between tries to reach an engine: 50 ms, doubling up to 5 s, with up to as much
/// again by chance, so that those that lost it together do not come back together.
#[derive(Debug, Clone)]
pub(super) struct Pause {
    backoff: Retry,
    tries: u32,
}

impl Default for Pause {
    fn default() -> Self {
        let backoff = Retry::exponential(Duration::from_millis(50));
        Self {
            backoff: backoff.max_delay(Duration::from_secs(5)).jitter(),
            tries: 0,
        }
    }
}

impl Pause {
    /// How long to wait now.
    pub(super) fn next(&mut self) -> Duration {
        self.tries = self.tries.saturating_add(1);
        self.backoff.delay(self.tries)
    }

    /// It went well.
    pub(super) fn reset(&mut self) {
        self.tries = 0;
    }
}
