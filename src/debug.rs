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
//!
//! # Spans
//!
//! Of the same levels, with the target `ventix::span`, are the spans: one for each
//! emission and, as its child, one for each delivery, or each attempt of it. They have
//! fields: event, emission, correlation, causation, subscription, attempt, outcome. An
//! emission's is open until its last delivery has ended. It is always a root, which
//! *follows from* the span that was current when it was emitted, and from the one of the
//! delivery whose handler emitted it through `Delivery::emitter`. So a chain of events,
//! which may never end, is a chain of short traces with links, and not a tree that grows
//! for ever. Notices have none.
//!
//! The emitter's mode decides about its emissions' spans, and where it makes none, there
//! are none of their deliveries; the linker's decides about those too.

use std::fmt;
use std::sync::Arc;

use actix_rt::Arbiter;
use tracing::level_filters::LevelFilter;

/// Whose lines they are, and whether they are written.
#[derive(Debug, Clone)]
pub(crate) struct Debug {
    pub(crate) name: Arc<str>,
    pub(crate) mode: Mode,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    #[default]
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

    /// Whether nobody would see a line or a span, as far as one look can tell.
    #[inline]
    pub(crate) fn is_quiet(&self) -> bool {
        self.mode.is_quiet()
    }

    /// Whether anybody would see a line.
    #[inline]
    pub(crate) fn is_heard(&self) -> bool {
        self.mode.is_heard()
    }
}

impl Mode {
    /// Whether nobody would see a line or a span, as far as one look can tell.
    #[inline]
    fn is_quiet(self) -> bool {
        match self {
            Self::Off => true,
            Self::Follow => LevelFilter::current() < LevelFilter::DEBUG,
            Self::On => LevelFilter::current() < LevelFilter::INFO,
        }
    }

    /// Whether anybody would see a line.
    #[inline]
    pub(crate) fn is_heard(self) -> bool {
        !self.is_quiet() && self.is_let_through()
    }

    #[cold]
    fn is_let_through(self) -> bool {
        match self {
            Self::Off => false,
            Self::Follow => tracing::enabled!(target: "ventix", tracing::Level::DEBUG),
            Self::On => tracing::enabled!(target: "ventix", tracing::Level::INFO),
        }
    }

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

/// Makes a span, if the mode says so and somebody looks. It has the target
/// `ventix::span`, so that a filter can take spans and leave the lines, and the parent that
/// is named.
macro_rules! debug_span {
    ($debug:expr, parent: $parent:expr, $name:literal, $($fields:tt)*) => {
        match $debug.mode {
            $crate::debug::Mode::Off => tracing::Span::none(),
            $crate::debug::Mode::Follow => {
                tracing::debug_span!(target: "ventix::span", parent: $parent, $name, $($fields)*)
            }
            $crate::debug::Mode::On => {
                tracing::info_span!(target: "ventix::span", parent: $parent, $name, $($fields)*)
            }
        }
    };
}

pub(crate) use {debug_line, debug_span};

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
