use crate::delivery::{Delivery, Turn};
use crate::outcome::{IntoOutcome, Verdict, guard};
use crate::registry::{Nature, Target};

/// A callback that looks at the delivery, on the thread that runs the emission.
pub(crate) struct CallTarget<F>(pub(crate) F);

impl<E, F, R> Target<E> for CallTarget<F>
where
    E: ?Sized + 'static,
    F: Fn(&Delivery<E>) -> R + Send + Sync,
    R: IntoOutcome,
{
    fn start(&self, turn: Turn<'_, E>) {
        turn.begin();
        let verdict = turn.in_span(|| guard(|| (self.0)(turn.delivery()).judge()));
        turn.end(verdict);
    }

    fn nature(&self) -> Nature {
        Nature::Callback
    }

    #[inline]
    fn run(&self, delivery: &Delivery<E>) -> Option<Box<Verdict>> {
        (self.0)(delivery).judge_shortly().map(Box::new)
    }
}
