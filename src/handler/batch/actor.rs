use actix::{Recipient, WeakRecipient};

use crate::delivery::{Batch, Parcel};
use crate::registry::BatchTarget;

/// An actor that takes batches.
pub(crate) enum BatchActor<E: ?Sized + Send + Sync + 'static> {
    Strong(Recipient<Batch<E>>),
    /// Does not keep the actor alive.
    Weak(WeakRecipient<Batch<E>>),
}

impl<E: ?Sized + Send + Sync + 'static> BatchActor<E> {
    pub(crate) fn new(recipient: Recipient<Batch<E>>, weak: bool) -> Self {
        if weak {
            Self::Weak(recipient.downgrade())
        } else {
            Self::Strong(recipient)
        }
    }
}

impl<E: ?Sized + Send + Sync + 'static> BatchTarget<E> for BatchActor<E> {
    fn start(&self, batch: Vec<Parcel<E>>, _: bool) {
        let batch = Batch::owned(batch);
        // If the actor has stopped since, the batch is dropped: its deliveries are lost,
        // and say so.
        match self {
            Self::Strong(recipient) => recipient.do_send(batch),
            Self::Weak(recipient) => {
                if let Some(recipient) = recipient.upgrade() {
                    recipient.do_send(batch);
                }
            }
        }
    }

    fn is_alive(&self) -> bool {
        match self {
            Self::Strong(recipient) => recipient.connected(),
            // One that has stopped can be upgraded all the same.
            Self::Weak(recipient) => recipient.upgrade().is_some_and(|r| r.connected()),
        }
    }
}
