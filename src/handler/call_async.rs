use std::panic::AssertUnwindSafe;

use futures::FutureExt;

use crate::delivery::{Delivery, Turn};
use crate::outcome::{IntoOutcome, Panicked, Reason, Verdict, guard};
use crate::registry::Target;

use super::spawn::{can_spawn, try_spawn};

/// A callback whose future runs on the arbiter that runs the emission, so it
/// need not be `Send`.
pub(crate) struct AsyncTarget<F>(pub(crate) F);

impl<E, F, U, R> Target<E> for AsyncTarget<F>
where
    E: ?Sized + Send + Sync + 'static,
    F: Fn(Delivery<E>) -> U + Send + Sync,
    U: Future<Output = R> + 'static,
    R: IntoOutcome + 'static,
{
    fn start(&self, turn: Turn<'_, E>) {
        let (delivery, slip) = turn.into_shared();
        let mut future = None;
        // Making the future runs the user's code too.
        let made = guard(|| {
            future = Some((self.0)(delivery));
            Verdict::Lost
        });
        let Some(future) = future else {
            return slip.returned(made);
        };
        let ended = slip.clone();
        let spawned = try_spawn(async move {
            ended.returned(match AssertUnwindSafe(future).catch_unwind().await {
                Ok(result) => guard(|| result.judge()),
                Err(panic) => Verdict::Panicked(Panicked::caught(&*panic)),
            });
        });
        if !spawned {
            slip.returned(Verdict::Refused(Reason::NoArbiter));
        }
    }

    fn can_start(&self) -> bool {
        can_spawn()
    }
}
