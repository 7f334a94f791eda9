//! What is allocated: counted by a program of its own, since counting costs time.

use std::env;
use std::process::Command;

use super::Shape;
use crate::effort::Effort;

/// The name of the shape.
pub const NAME: &str = "memory";

/// A subscription that nothing was ever delivered to.
pub const IDLE: &str = "bytes of an idle callback subscription";
/// A subscription that has nothing to do any more.
pub const IDLE_AGAIN: &str = "bytes of a callback subscription after 100 deliveries";
/// Allocations of an emission to a hundred actors, without those of raw `do_send`.
pub const BEYOND: &str = "allocations of an emission to 100 actors beyond raw do_send's";
/// Allocations of a batch, without its own list of events.
pub const BATCH: &str =
    "allocations of emit_all of 1,000 to a callback on another thread, beyond its list";

/// Measures the shape, by the program `memory` that was built beside this one.
///
/// # Panics
///
/// When it was not.
pub fn measure(_: Effort) -> Shape {
    let this = env::current_exe().expect("a program knows where it is");
    let program = this.with_file_name(format!("memory{}", env::consts::EXE_SUFFIX));
    let output = Command::new(&program).output();
    let output = output.unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("it prints a shape")
}
