use std::time::{SystemTime, UNIX_EPOCH};

/// The system's clock as the standard library reads it.
pub(crate) fn now_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |elapsed| u64::try_from(elapsed.as_millis()).unwrap_or(0))
}
