//! The clock of a file, by which its leases run out and its delays are over.

mod clock;

#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "portable.rs")]
mod source;

pub(super) use clock::{Clock, wall};
