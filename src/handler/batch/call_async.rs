use std::time::Duration;

use crate::delivery::{Batch, Parcel};
use crate::handler::to_the_end::to_the_end;
use crate::outcome::{IntoOutcome, Reason, Verdict, guard};
use crate::registry::BatchTarget;
use crate::spawn::{can_spawn, try_spawn};

/// A callback whose future runs on the arbiter that hands the batch over.
pub(crate) struct BatchAsync<F> {
    pub(crate) callback: F,
    /// When this is over, the future is dropped.
    pub(crate) limit: Option<Duration>,
}

impl<E, F, U, R> BatchTarget<E> for BatchAsync<F>
where
    E: ?Sized + Send + Sync + 'static,
    F: Fn(Batch<E>) -> U + Send + Sync,
    U: Future<Output = R> + 'static,
    R: IntoOutcome + 'static,
{
    fn start(&self, batch: Vec<Parcel<E>>, _: bool) {
        let (batch, slips) = Batch::shared(batch);
        let mut future = None;
        // Making the future runs the user's code too.
        let made = guard(|| {
            future = Some((self.callback)(batch));
            Verdict::Lost
        });
        let Some(future) = future else {
            return slips.returned(made);
        };
        let (ended, limit) = (slips.clone(), self.limit);
        let spawned = try_spawn(async move {
            ended.returned(to_the_end(future, limit).await);
        });
        if !spawned {
            slips.returned(Verdict::Refused(Reason::NoArbiter));
        }
    }

    fn ends_in_time(&self) -> bool {
        true
    }

    fn can_start(&self) -> bool {
        can_spawn()
    }
}
