use std::time::Duration;

/// How a [`Redis`](super::Redis) does its work.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) prefix: String,
    pub(super) window: Duration,
    pub(super) connect_timeout: Duration,
    pub(super) command_timeout: Duration,
    pub(super) block: Duration,
    pub(super) max_bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            prefix: "ventix".to_owned(),
            window: Duration::from_secs(10 * 60),
            connect_timeout: Duration::from_secs(2),
            command_timeout: Duration::from_secs(5),
            block: Duration::from_secs(2),
            max_bytes: 16 << 20,
        }
    }
}
