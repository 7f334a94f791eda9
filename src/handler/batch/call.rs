use crate::delivery::{Batch, Parcel};
use crate::outcome::{IntoOutcome, guard};
use crate::registry::BatchTarget;
use crate::shield::shielded;

/// A callback that looks at the batch, on the thread that hands it over.
pub(crate) struct BatchCall<F>(pub(crate) F);

impl<E, F, R> BatchTarget<E> for BatchCall<F>
where
    E: ?Sized + 'static,
    F: Fn(&Batch<E>) -> R + Send + Sync,
    R: IntoOutcome,
{
    fn start(&self, batch: Vec<Parcel<E>>, _: bool) {
        let (batch, slips) = Batch::shared(batch);
        slips.returned(guard(|| (self.0)(&batch).judge()));
        // They end here, if they went well.
        shielded(move || drop(batch));
    }

    fn passes_on(&self) -> bool {
        false
    }
}
