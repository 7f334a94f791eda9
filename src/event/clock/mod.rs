//! The wall clock of emissions, read once for each, at the resolution that the
//! platform gives cheaply.

#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "portable.rs")]
mod source;

/// Milliseconds since the Unix epoch.
pub(super) use source::now_millis;
