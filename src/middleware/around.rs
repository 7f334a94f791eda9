use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::event::{AnyValue, EmissionId};
use crate::outcome::{Outcome, Verdict};
use crate::shield::shielded;

use super::delivery_layer::DeliveryLayer;
use super::incoming::Incoming;
use super::inside::inside;
use super::stack::Stack;

/// What stands around the deliveries of one subscription.
pub(crate) struct Around {
    layers: Stack<dyn DeliveryLayer>,
    /// How many of them are the linker's: they stand outside, and let notices be.
    of_linker: usize,
    /// What is to be known of attempts that have begun and not ended.
    begun: Mutex<HashMap<EmissionId, Begun>>,
}

#[derive(Default)]
struct Begun {
    /// What each layer keeps, by its position, in their order.
    kept: Kept,
    /// The layer that panicked: those from there on have not let it pass.
    stopped_at: Option<usize>,
}

type Kept = Vec<(usize, Box<AnyValue>)>;

impl Around {
    /// Returns nothing where nothing stands around.
    pub(crate) fn new(
        of_linker: &Stack<dyn DeliveryLayer>,
        own: &Stack<dyn DeliveryLayer>,
    ) -> Option<Self> {
        let layers = of_linker.and(own);
        let is_any = !layers.layers().is_empty();
        is_any.then(|| Self {
            layers,
            of_linker: of_linker.layers().len(),
            begun: Mutex::default(),
        })
    }

    /// Lets an attempt pass through all layers, or says how it ends instead. One that
    /// was refused has ended with that; a panic is as if the handler had, and goes on to
    /// [`after`](Self::after).
    pub(crate) fn before(&self, mut incoming: Incoming<'_>) -> Result<(), Verdict> {
        let layers = self.layers_for(&incoming);
        let mut kept = Kept::new();
        for (at, layer) in layers.iter().enumerate() {
            match inside(|| layer.before(&mut incoming)) {
                Ok(Ok(())) => kept.extend(incoming.kept.take().map(|value| (at, value))),
                Ok(Err(reason)) => {
                    incoming.forget();
                    let outcome = Outcome::from(reason.clone());
                    let outcome = pass_out(&layers[..at], incoming, kept, outcome);
                    shielded(move || drop(outcome));
                    return Err(Verdict::Refused(reason));
                }
                Err(panic) => {
                    incoming.forget();
                    let stopped_at = Some(at);
                    self.note(incoming.metadata.id(), Begun { kept, stopped_at });
                    return Err(Verdict::Panicked(panic));
                }
            }
        }
        if !kept.is_empty() {
            let stopped_at = None;
            self.note(incoming.metadata.id(), Begun { kept, stopped_at });
        }
        Ok(())
    }

    /// Lets the layers see how an attempt ended that has passed through them. A layer
    /// that panics over what was handled is how it ends.
    pub(crate) fn after(&self, incoming: Incoming<'_>, outcome: Outcome) -> Outcome {
        let begun = self.begun().remove(&incoming.metadata.id());
        let Begun { kept, stopped_at } = begun.unwrap_or_default();
        let layers = self.layers_for(&incoming);
        let passed = stopped_at.unwrap_or(layers.len());
        pass_out(&layers[..passed], incoming, kept, outcome)
    }

    fn note(&self, id: EmissionId, begun: Begun) {
        let stale = self.begun().insert(id, begun);
        // What layers keep is a user's.
        shielded(move || drop(stale));
    }

    /// What a layer makes is for none of them: there would be no end to it.
    fn layers_for(&self, incoming: &Incoming<'_>) -> &[Arc<dyn DeliveryLayer>] {
        let layers = self.layers.layers();
        if incoming.metadata.passes_layers() {
            &[]
        } else if incoming.is_notice {
            &layers[self.of_linker..]
        } else {
            layers
        }
    }

    fn begun(&self) -> MutexGuard<'_, HashMap<EmissionId, Begun>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Goes through the layers from the inside.
fn pass_out(
    layers: &[Arc<dyn DeliveryLayer>],
    mut incoming: Incoming<'_>,
    mut kept: Kept,
    mut outcome: Outcome,
) -> Outcome {
    for (at, layer) in layers.iter().enumerate().rev() {
        if kept.last().is_some_and(|(of, _)| *of == at) {
            incoming.kept = kept.pop().map(|(_, value)| value);
        }
        if let Err(panic) = inside(|| layer.after(&mut incoming, &outcome)) {
            if outcome.is_handled() {
                let handled = std::mem::replace(&mut outcome, Outcome::Panicked(panic));
                // Its answer is a user's.
                shielded(move || drop(handled));
            }
        }
        incoming.forget();
    }
    outcome
}
