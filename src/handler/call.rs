use crate::delivery::{Delivery, Turn};
use crate::outcome::{IntoOutcome, guard};
use crate::registry::Target;

/// A callback that looks at the delivery, on the thread that runs the emission.
pub(crate) struct CallTarget<F>(pub(crate) F);

impl<E, F, R> Target<E> for CallTarget<F>
where
    E: ?Sized + 'static,
    F: Fn(&Delivery<E>) -> R + Send + Sync,
    R: IntoOutcome,
{
    fn start(&self, turn: Turn<'_, E>) {
        let verdict = guard(|| (self.0)(turn.delivery()).judge());
        turn.end(verdict);
    }
}
