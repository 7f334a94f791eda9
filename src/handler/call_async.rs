use std::time::Duration;

use tracing::Instrument;

use crate::delivery::{Delivery, Turn};
use crate::outcome::{IntoOutcome, Reason, Verdict, guard};
use crate::registry::Target;
use crate::spawn::{can_spawn, try_spawn};

use super::to_the_end::to_the_end;

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
        slip.begin();
        let span = slip.span();
        let mut future = None;
        // Making the future runs the user's code too.
        let make = || {
            guard(|| {
                future = Some((self.callback)(delivery));
                Verdict::Lost
            })
        };
        let made = span.in_scope(make);
        let Some(future) = future else {
            return slip.returned(made);
        };
        let (ended, limit) = (slip.clone(), self.limit);
        let spawned = try_spawn(async move {
            ended.returned(to_the_end(future.instrument(span), limit).await);
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
