use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::outcome::{Panicked, Verdict};

/// Runs a user's code and turns its panic into a verdict.
///
/// Unwind safety is asserted: what the code may have left half done is its own,
/// as after any error; nothing of ours is borrowed by it mutably.
pub(crate) fn guard(run: impl FnOnce() -> Verdict) -> Verdict {
    catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|panic| Verdict::Panicked(Panicked::caught(&*panic)))
}
