use std::time::Duration;

/// What a builder has set.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) dedup_window: Duration,
    pub(super) busy_timeout: Duration,
    pub(super) poll_interval: Duration,
    pub(super) max_bytes: usize,
    pub(super) max_size: Option<u64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            dedup_window: Duration::from_secs(600),
            busy_timeout: Duration::from_secs(5),
            poll_interval: Duration::from_millis(25),
            max_bytes: 16 << 20,
            max_size: None,
        }
    }
}

/// Microseconds, the unit of the file; as many as fit, which is 292,000 years.
pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
