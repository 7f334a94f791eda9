use std::any::Any;
use std::sync::Arc;

use crate::event::{AnyEvent, Metadata};

use super::emitted::{Body, Header};

/// An emission that is kept, whether it has ended or not, and can be delivered again: as
/// a dead letter, or as the last value.
///
/// It keeps the event and what is known of it, and neither its emitter nor its handlers,
/// unless it had not been expected that somebody keeps it.
#[derive(Clone)]
pub(crate) struct Kept {
    any: Sleeper<AnyEvent>,
    /// The `Sleeper` of the event's own type.
    typed: Arc<AnyEvent>,
}

/// An emission that nobody delivers, of a known type.
pub(crate) struct Sleeper<E: ?Sized>(pub(super) Arc<dyn Body<E>>);

impl Kept {
    pub(super) fn of<E: Send + Sync + 'static>(body: Arc<dyn Body<E>>) -> Self {
        Self {
            any: Sleeper(body.clone().as_any()),
            typed: Arc::new(Sleeper(body)),
        }
    }

    pub(crate) fn header(&self) -> &Header {
        self.any.0.header()
    }

    pub(crate) fn metadata(&self) -> &Metadata {
        &self.header().metadata
    }

    pub(crate) fn event(&self) -> &AnyEvent {
        self.any.event()
    }

    /// The emission, for one that handles events of type `E`, which may be any.
    pub(crate) fn sleeper<E: ?Sized + 'static>(&self) -> Option<Sleeper<E>> {
        let any: &dyn Any = &self.any;
        any.downcast_ref()
            .or_else(|| self.typed.downcast_ref())
            .cloned()
    }
}

impl<E: ?Sized> Sleeper<E> {
    pub(crate) fn metadata(&self) -> &Metadata {
        &self.0.header().metadata
    }

    pub(crate) fn event(&self) -> &E {
        self.0.event()
    }
}

impl<E: ?Sized> Clone for Sleeper<E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}
