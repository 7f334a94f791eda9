use std::cell::Cell;

use crate::outcome::Panicked;
use crate::shield::{shielded, try_run};

thread_local! {
    /// Whether a layer runs on this thread. What it emits passes by all layers: one that
    /// emits for every emission would do so for ever.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Whether what is emitted on this thread, now, is a layer's.
pub(crate) fn is_inside() -> bool {
    INSIDE.get()
}

/// Runs what a layer does, and catches its panic.
pub(super) fn inside<R>(run: impl FnOnce() -> R) -> Result<R, Panicked> {
    let before = INSIDE.replace(true);
    let ran = try_run(run);
    INSIDE.set(before);
    ran.map_err(|panic| {
        let panicked = Panicked::caught(&*panic);
        // What it carries is a user's.
        shielded(move || drop(panic));
        panicked
    })
}
