use std::sync::Arc;

use actix_rt::ArbiterHandle;

use crate::delivery::{Delivery, Turn};
use crate::outcome::IntoOutcome;
use crate::registry::Target;

use super::guard::guard;

/// A callback that may block, on the pool of threads that tokio keeps for it.
///
/// It is the pool of the runtime that runs the emission, or else that of the
/// linker's arbiter, so that a callback never stalls an arbiter, and `emit` never
/// waits for one.
pub(crate) struct BlockingTarget<F> {
    pub(crate) callback: Arc<F>,
    pub(crate) home: ArbiterHandle,
}

impl<E, F, R> Target<E> for BlockingTarget<F>
where
    E: ?Sized + Send + Sync + 'static,
    F: Fn(Delivery<E>) -> R + Send + Sync + 'static,
    R: IntoOutcome,
{
    fn start(&self, turn: Turn<'_, E>) {
        let callback = self.callback.clone();
        let (delivery, slip) = turn.into_shared();
        let work = move || slip.returned(guard(|| callback(delivery).judge()));
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn_blocking(work);
        } else {
            // When the linker's arbiter has stopped, the work is dropped here,
            // and the delivery with it: it is lost, and says so.
            self.home.spawn_fn(move || {
                actix_rt::task::spawn_blocking(work);
            });
        }
    }
}
