use std::any::Any;

use crate::shield::{shielded, try_run};

use super::error::Panicked;
use super::into_outcome::Verdict;

/// Runs a user's code and turns its panic into a verdict.
pub(crate) fn guard(run: impl FnOnce() -> Verdict) -> Verdict {
    try_run(run).unwrap_or_else(panicked)
}

/// The verdict on what has panicked.
#[cold]
pub(crate) fn panicked(panic: Box<dyn Any + Send>) -> Verdict {
    let verdict = Verdict::Panicked(Panicked::caught(&*panic));
    // What a panic carries is a user's too.
    shielded(move || drop(panic));
    verdict
}
