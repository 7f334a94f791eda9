use std::sync::Arc;

use actix_rt::ArbiterHandle;

use crate::delivery::{Batch, Parcel};
use crate::handler::blocking::Threads;
use crate::outcome::{IntoOutcome, guard};
use crate::registry::BatchTarget;

/// A callback that may block, on the pool of threads that tokio keeps for it.
pub(crate) struct BatchBlocking<F> {
    callback: Arc<F>,
    threads: Threads,
}

impl<F> BatchBlocking<F> {
    pub(crate) fn new(callback: F, home: &ArbiterHandle) -> Self {
        Self {
            callback: Arc::new(callback),
            threads: Threads::new(home),
        }
    }
}

impl<E, F, R> BatchTarget<E> for BatchBlocking<F>
where
    E: ?Sized + Send + Sync + 'static,
    F: Fn(Batch<E>) -> R + Send + Sync + 'static,
    R: IntoOutcome,
{
    fn start(&self, batch: Vec<Parcel<E>>, may_block: bool) {
        let callback = self.callback.clone();
        let (mut batch, slips) = Batch::shared(batch);
        let job = move || {
            // Those that waited for too long are not to be handled any more.
            batch.retain_in_time(&slips);
            if !batch.is_empty() {
                slips.returned(guard(|| callback(batch).judge()));
            }
        };
        self.threads.run(job, may_block);
    }

    /// It may be that this thread is there to be blocked.
    fn passes_on(&self) -> bool {
        false
    }
}
