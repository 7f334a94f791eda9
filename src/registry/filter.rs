use std::sync::Arc;

use crate::event::Metadata;
use crate::outcome::Reason;
use crate::shield::{shielded, try_run};

/// What a handler wants of its events. A thin pointer, for most have none.
pub(crate) struct Filter<E: ?Sized>(Arc<Box<Wants<E>>>);

type Wants<E> = dyn Fn(&E, &Metadata) -> bool + Send + Sync;

impl<E: ?Sized> Filter<E> {
    pub(crate) fn new(wants: impl Fn(&E, &Metadata) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(Box::new(wants)))
    }

    /// One that wants what both want.
    pub(crate) fn and(self, wants: impl Fn(&E, &Metadata) -> bool + Send + Sync + 'static) -> Self
    where
        E: 'static,
    {
        Self::new(move |event, metadata| (self.0)(event, metadata) && wants(event, metadata))
    }

    /// Whether the event passes.
    pub(super) fn admits(&self, event: &E, metadata: &Metadata) -> Result<(), Reason> {
        match try_run(|| (self.0)(event, metadata)) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Reason::Filtered),
            Err(panic) => {
                // What it carries is a user's.
                shielded(move || drop(panic));
                Err(Reason::FilterPanicked)
            }
        }
    }
}

impl<E: ?Sized> Clone for Filter<E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}
