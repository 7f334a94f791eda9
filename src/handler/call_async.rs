use std::panic::AssertUnwindSafe;
use std::time::Duration;

use actix::clock::timeout;
use futures::FutureExt;

use crate::delivery::{Delivery, Turn};
use crate::outcome::{IntoOutcome, Panicked, Reason, TimedOut, Verdict, guard};
use crate::registry::Target;

use crate::spawn::{can_spawn, try_spawn};

/// A callback whose future runs on the arbiter that runs the emission, so it
/// need not be `Send`.
pub(crate) struct AsyncTarget<F> {
    pub(crate) callback: F,
    /// When this is over, the future is dropped.
    pub(crate) limit: Option<Duration>,
}

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
            future = Some((self.callback)(delivery));
            Verdict::Lost
        });
        let Some(future) = future else {
            return slip.returned(made);
        };
        let (ended, limit) = (slip.clone(), self.limit);
        let spawned = try_spawn(async move {
            let result = AssertUnwindSafe(future).catch_unwind();
            let result = match limit {
                Some(limit) => timeout(limit, result).await.map_err(|_| limit),
                None => Ok(result.await),
            };
            ended.returned(match result {
                Ok(Ok(result)) => guard(|| result.judge()),
                Ok(Err(panic)) => Verdict::Panicked(Panicked::caught(&*panic)),
                Err(limit) => Verdict::TimedOut(TimedOut::new(limit)),
            });
        });
        if !spawned {
            slip.returned(Verdict::Refused(Reason::NoArbiter));
        }
    }

    fn ends_in_time(&self) -> bool {
        true
    }

    fn can_start(&self) -> bool {
        can_spawn()
    }
}
