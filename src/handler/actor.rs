use actix::Recipient;

use crate::delivery::{Delivery, Turn};
use crate::registry::Target;

/// An actor that takes deliveries.
pub(crate) struct ActorTarget<E: ?Sized + Send + Sync + 'static>(pub(crate) Recipient<Delivery<E>>);

impl<E: ?Sized + Send + Sync + 'static> Target<E> for ActorTarget<E> {
    fn start(&self, turn: Turn<'_, E>) {
        // The delivery's permit was taken when the emission was accepted. If the
        // actor has stopped since, actix drops the delivery: it is lost, and
        // says so.
        self.0.do_send(turn.into_delivery());
    }

    fn is_alive(&self) -> bool {
        self.0.connected()
    }
}
