use actix::{Recipient, WeakRecipient};

use crate::delivery::{Alone, Delivery, Turn};
use crate::registry::{Nature, Target};

/// An actor that takes deliveries.
pub(crate) enum ActorTarget<E: ?Sized + Send + Sync + 'static> {
    Strong(Recipient<Delivery<E>>),
    /// Does not keep the actor alive.
    Weak(WeakRecipient<Delivery<E>>),
}

impl<E: ?Sized + Send + Sync + 'static> ActorTarget<E> {
    pub(crate) fn new(recipient: Recipient<Delivery<E>>, weak: bool) -> Self {
        if weak {
            Self::Weak(recipient.downgrade())
        } else {
            Self::Strong(recipient)
        }
    }

    #[inline(always)]
    fn send(&self, delivery: Delivery<E>) {
        // The delivery's permit was taken when the emission was accepted. If the
        // actor has stopped since, the delivery is dropped: it is lost, and says so.
        match self {
            Self::Strong(recipient) => recipient.do_send(delivery),
            Self::Weak(recipient) => {
                if let Some(recipient) = recipient.upgrade() {
                    recipient.do_send(delivery);
                }
            }
        }
    }
}

impl<E: ?Sized + Send + Sync + 'static> Target<E> for ActorTarget<E> {
    fn start(&self, turn: Turn<'_, E>) {
        turn.deliver(|delivery| self.send(delivery));
    }

    fn post(&self, alone: Alone<E>) {
        self.send(Delivery::only(alone));
    }

    fn nature(&self) -> Nature {
        Nature::Mailbox
    }

    fn is_alive(&self) -> bool {
        match self {
            Self::Strong(recipient) => recipient.connected(),
            // One that has stopped can be upgraded all the same.
            Self::Weak(recipient) => recipient.upgrade().is_some_and(|r| r.connected()),
        }
    }
}
