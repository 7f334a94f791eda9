use std::sync::Arc;

use crate::event::{AnyEvent, Metadata};
use crate::outcome::{Reason, Receipt};

use super::emission_layer::EmissionLayer;
use super::inside::inside;
use super::outgoing::Outgoing;
use super::stack::Stack;

/// One emission on its way through the layers around it, and back.
pub(crate) struct Round<'a> {
    layers: &'a [Arc<dyn EmissionLayer>],
    /// How many have let it pass, and what it carried then.
    passed: Option<(usize, Box<Metadata>)>,
}

impl<'a> Round<'a> {
    pub(crate) fn new(layers: &'a Stack<dyn EmissionLayer>) -> Self {
        Self {
            layers: layers.layers(),
            passed: None,
        }
    }

    /// Lets it pass through all layers, or says why it does not.
    #[inline]
    pub(crate) fn before(
        &mut self,
        event: &AnyEvent,
        metadata: &mut Metadata,
    ) -> Result<(), Reason> {
        // What a layer makes is for none of them: there would be no end to it.
        if self.layers.is_empty() || metadata.passes_layers() {
            return Ok(());
        }
        self.pass(event, metadata)
    }

    fn pass(&mut self, event: &AnyEvent, metadata: &mut Metadata) -> Result<(), Reason> {
        let mut passed = 0;
        let mut answer = Ok(());
        for layer in self.layers {
            let mut outgoing = Outgoing::new(metadata, event);
            let said = inside(|| layer.before(&mut outgoing));
            answer = said.unwrap_or(Err(Reason::LayerPanicked));
            if answer.is_err() {
                break;
            }
            passed += 1;
        }
        self.passed = Some((passed, Box::new(metadata.clone())));
        answer
    }

    /// Lets those see the receipt that have let it pass.
    #[inline]
    pub(crate) fn after(self, receipt: &Receipt) {
        if let Some((passed, metadata)) = self.passed {
            Self::show(&self.layers[..passed], &metadata, receipt);
        }
    }

    fn show(passed: &[Arc<dyn EmissionLayer>], metadata: &Metadata, receipt: &Receipt) {
        for layer in passed.iter().rev() {
            // The receipt is what it is, whatever happens here.
            let _ = inside(|| layer.after(metadata, receipt));
        }
    }
}
