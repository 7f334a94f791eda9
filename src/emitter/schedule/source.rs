use crate::emitter::message::Emit;
use crate::emitter::shared::Shared;
use crate::outcome::Receipt;
use crate::shield::{shielded, try_run};

use super::about::About;

/// What a schedule emits.
pub(super) trait Source: Send {
    /// Emits it once. Nothing, if there is nothing to emit.
    fn emit(&mut self, emitter: &Shared, about: &About) -> Option<Receipt>;
}

/// The event itself, once.
pub(super) struct Itself<E>(Option<Emit<E>>);

impl<E> Itself<E> {
    pub(super) fn new(emit: Emit<E>) -> Self {
        Self(Some(emit))
    }
}

impl<E: Send + Sync + 'static> Source for Itself<E> {
    fn emit(&mut self, emitter: &Shared, about: &About) -> Option<Receipt> {
        let emit = self.0.take()?;
        about.count_fired();
        Some(emitter.launch(emit, None))
    }
}

/// Clones of an event.
pub(super) struct Clones<E>(Emit<E>);

impl<E> Clones<E> {
    pub(super) fn new(emit: Emit<E>) -> Self {
        Self(emit)
    }
}

impl<E: Clone + Send + Sync + 'static> Source for Clones<E> {
    /// A clone that panics is none.
    fn emit(&mut self, emitter: &Shared, about: &About) -> Option<Receipt> {
        let event = try_run(|| self.0.event.clone());
        let event = event.map_err(|panic| shielded(move || drop(panic))).ok()?;
        let emit = Emit {
            event,
            topic: self.0.topic.clone(),
            attributes: self.0.attributes.clone(),
            origin: self.0.origin.clone(),
            trace: self.0.trace.clone(),
        };
        about.count_fired();
        Some(emitter.launch(emit, None))
    }
}
