//! Keeps a user's panic where it happened.
//!
//! A delivery runs code of the user's in many places beside its handler: the
//! `Drop` of an event, an answer or an error, an error's `Display`, a waker. A
//! panic in any of them must not take other deliveries along.
//!
//! Unwind safety is asserted: what such code may have left half done is its own,
//! as after any error; nothing of ours is borrowed by it mutably.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `run`, and gives back what it panicked with.
pub(crate) fn try_run<R>(run: impl FnOnce() -> R) -> Result<R, Box<dyn Any + Send>> {
    catch_unwind(AssertUnwindSafe(run))
}

/// Runs `run`, and lets the panic hook be the only one to hear of a panic.
pub(crate) fn shielded(run: impl FnOnce()) {
    if let Err(panic) = try_run(run) {
        // Dropping what it carries may panic as well: then it is never dropped.
        if let Err(again) = try_run(move || drop(panic)) {
            std::mem::forget(again);
        }
    }
}
