//! The debug mode: what a linker and an emitter do, line by line, through
//! [`tracing`].
//!
//! Every line has the target `ventix`. By default lines are written at the
//! level `DEBUG`, so the `tracing` filter decides; `.debug(true)` on one linker
//! or emitter writes its lines at `INFO` instead, so they stand out of the rest,
//! and `.debug(false)` writes none. The environment variable `VENTIX_DEBUG`, read
//! when a linker or emitter starts, sets what holds where nothing was said: `1`,
//! `true`, `on` or `yes`, and `0`, `false`, `off` or `no`. Switched off, a line costs one
//! branch.

use std::fmt;
use std::sync::Arc;

use actix_rt::Arbiter;

/// Whose lines they are, and whether they are written.
#[derive(Debug, Clone)]
pub(crate) struct Debug {
    pub(crate) name: Arc<str>,
    pub(crate) mode: Mode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Off,
    /// At `DEBUG`: the filter decides.
    Follow,
    /// At `INFO`.
    On,
}

impl Debug {
    pub(crate) fn new(name: Option<Arc<str>>, asked: Option<bool>) -> Self {
        let mode = match asked {
            Some(true) => Mode::On,
            Some(false) => Mode::Off,
            None => Mode::by_variable(std::env::var("VENTIX_DEBUG").ok().as_deref()),
        };
        let name = name.unwrap_or_else(|| "-".into());
        Self { name, mode }
    }

    /// Whether anybody would see a line.
    pub(crate) fn is_heard(&self) -> bool {
        match self.mode {
            Mode::Off => false,
            Mode::Follow => tracing::enabled!(target: "ventix", tracing::Level::DEBUG),
            Mode::On => tracing::enabled!(target: "ventix", tracing::Level::INFO),
        }
    }
}

impl Mode {
    fn by_variable(value: Option<&str>) -> Self {
        match value.map(str::to_ascii_lowercase).as_deref() {
            Some("1" | "true" | "on" | "yes") => Self::On,
            Some("0" | "false" | "off" | "no") => Self::Off,
            _ => Self::Follow,
        }
    }
}

/// Where a line was written: the thread, and whether it is an arbiter's.
pub(crate) struct Here;

impl fmt::Display for Here {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let thread = std::thread::current();
        let kind = Arbiter::try_current().map_or("no arbiter", |_| "arbiter");
        match thread.name() {
            Some(name) => write!(f, "{name} ({kind})"),
            None => write!(f, "{:?} ({kind})", thread.id()),
        }
    }
}

/// Writes one line, if the mode says so.
macro_rules! debug_line {
    ($debug:expr, $($line:tt)*) => {
        match $debug.mode {
            $crate::debug::Mode::Off => {}
            $crate::debug::Mode::Follow => {
                tracing::debug!(target: "ventix", at = %$crate::debug::Here, $($line)*);
            }
            $crate::debug::Mode::On => {
                tracing::info!(target: "ventix", at = %$crate::debug::Here, $($line)*);
            }
        }
    };
}

pub(crate) use debug_line;

#[cfg(test)]
mod tests {
    use super::Mode;

    #[test]
    fn the_variable_switches_on_and_off_and_is_otherwise_left_to_the_filter() {
        assert_eq!(Mode::by_variable(Some("1")), Mode::On);
        assert_eq!(Mode::by_variable(Some("TRUE")), Mode::On);
        assert_eq!(Mode::by_variable(Some("off")), Mode::Off);
        assert_eq!(Mode::by_variable(Some("0")), Mode::Off);
        assert_eq!(Mode::by_variable(Some("")), Mode::Follow);
        assert_eq!(Mode::by_variable(None), Mode::Follow);
    }
}
