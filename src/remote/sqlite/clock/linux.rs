use std::fs;
use std::io;

use rustix::time::{ClockId, clock_gettime};

use super::clock::Boot;

/// What the kernel calls this boot: another one after each.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The boot, and the microseconds since then, suspended ones included. Nothing sets this
/// clock: not a person, not a time server.
pub(super) fn boot() -> io::Result<Boot> {
    let id = fs::read_to_string(BOOT_ID)?;
    Ok(Boot {
        id: id.trim().to_owned(),
        elapsed: elapsed(),
    })
}

pub(super) fn elapsed() -> i64 {
    let now = clock_gettime(ClockId::Boottime);
    now.tv_sec * 1_000_000 + now.tv_nsec / 1_000
}
