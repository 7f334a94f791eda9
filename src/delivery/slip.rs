use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::Span;

use crate::outcome::{Panicked, Reply, Verdict};

use super::delivery::Delivery;
use super::held::Held;

/// What a callback that owns its delivery, and the code that runs the callback,
/// have between them.
///
/// An error, a panic or an answer ends the delivery at once, whoever says it
/// first, and is never kept here: an error may own the very delivery that owns
/// this slip. A callback that only returns leaves the end to whoever holds the
/// delivery: it ends when that is dropped, wherever it went. When the callback
/// never returns and nobody said anything, it is lost.
pub(crate) struct Slip<E: ?Sized + 'static> {
    held: Held<E>,
    position: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The delivery has ended.
    ended: bool,
    /// The callback has returned, without an error or an answer.
    returned: bool,
    /// Somebody panicked with the delivery in hand while the callback ran: the
    /// callback itself, which will say so, or somebody it was passed on to.
    panicked: bool,
}

impl<E: ?Sized> Slip<E> {
    /// A delivery for a callback that owns it, and the slip that the callback's result
    /// goes on.
    pub(super) fn pair(held: Held<E>, position: usize) -> (Delivery<E>, Arc<Self>) {
        let slip = Arc::new(Self {
            held: held.clone(),
            position,
            state: Mutex::default(),
        });
        (Delivery::shared(held, slip.clone()), slip)
    }

    pub(super) fn position(&self) -> usize {
        self.position
    }

    /// The callback begins.
    pub(crate) fn begin(&self) {
        self.held.begin(self.position);
    }

    /// What the callback runs in.
    pub(crate) fn span(&self) -> Span {
        self.held.span(self.position)
    }

    /// Whether it took too long to begin, and has been ended.
    pub(crate) fn is_over(&self) -> bool {
        self.held.is_over(self.position)
    }

    /// Notes how the callback returned.
    pub(crate) fn returned(&self, verdict: Verdict) {
        let verdict = match verdict {
            Verdict::Handled(reply) if reply.is_empty() => {
                let mut state = self.state();
                state.returned = true;
                if !state.panicked {
                    return;
                }
                Verdict::Panicked(Panicked::seen())
            }
            verdict => verdict,
        };
        self.end(verdict);
    }

    /// Notes that the delivery was dropped by a panic.
    pub(super) fn panicked(&self) {
        let mut state = self.state();
        state.panicked = true;
        let returned = state.returned;
        drop(state);
        if returned {
            self.end(Verdict::Panicked(Panicked::seen()));
        }
    }

    /// Ends the delivery, unless it has ended.
    pub(super) fn end(&self, verdict: Verdict) {
        let ended = std::mem::replace(&mut self.state().ended, true);
        if !ended {
            self.held.close(self.position, verdict);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: ?Sized> Drop for Slip<E> {
    fn drop(&mut self) {
        let returned = self.state().returned;
        self.end(if returned {
            Verdict::Handled(Reply::default())
        } else {
            Verdict::Lost
        });
    }
}
