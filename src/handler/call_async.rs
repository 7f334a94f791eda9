use std::panic::AssertUnwindSafe;

use actix_rt::Arbiter;
use futures::FutureExt;

use crate::delivery::{Delivery, Turn};
use crate::outcome::{IntoOutcome, Panicked, Verdict};
use crate::registry::Target;

use super::guard::guard;

/// A callback whose future runs on the arbiter that runs the emission, so it
/// need not be `Send`.
pub(crate) struct AsyncTarget<F>(pub(crate) F);

impl<E, F, U, R> Target<E> for AsyncTarget<F>
where
    E: ?Sized + Send + Sync + 'static,
    F: Fn(Delivery<E>) -> U + Send + Sync,
    U: Future<Output = R> + 'static,
    R: IntoOutcome,
{
    fn start(&self, turn: Turn<'_, E>) {
        let (delivery, slip) = turn.into_shared();
        let mut future = None;
        // Making the future runs the user's code too, up to its first `await`
        // or less.
        let made = guard(|| {
            future = Some((self.0)(delivery));
            Verdict::Lost
        });
        let Some(future) = future else {
            return slip.decide(made);
        };
        actix_rt::spawn(async move {
            let done = AssertUnwindSafe(future).catch_unwind().await;
            slip.decide(match done {
                Ok(result) => result.judge(),
                Err(panic) => Verdict::Panicked(Panicked::caught(&*panic)),
            });
        });
    }

    fn can_start(&self) -> bool {
        can_spawn()
    }
}

/// Whether this thread's arbiter is running. A `System` that has been made but
/// not entered yet has an arbiter and no place to spawn on.
pub(super) fn can_spawn() -> bool {
    Arbiter::try_current().is_some() && tokio::runtime::Handle::try_current().is_ok()
}
