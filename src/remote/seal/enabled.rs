use std::sync::Arc;

use crate::remote::builder::RemoteBuilder;
use crate::remote::wire::Envelope;

use super::signing::Signing;

/// What signs what goes out, and checks what comes in, if anything does.
#[derive(Debug, Clone, Default)]
pub(in crate::remote) struct Seal(Option<Arc<Signing>>);

impl Seal {
    pub(in crate::remote) fn sign(&self, envelope: &mut Envelope) {
        if let Some(signing) = &self.0 {
            signing.sign(envelope);
        }
    }

    pub(in crate::remote) fn check(&self, envelope: &Envelope) -> Result<(), &'static str> {
        match &self.0 {
            Some(signing) => signing.check(envelope),
            None => Ok(()),
        }
    }
}

impl RemoteBuilder {
    /// Signs what goes out, and lets workers take only what is signed.
    pub fn signing(mut self, signing: Signing) -> Self {
        self.seal = Seal(Some(Arc::new(signing)));
        self
    }
}
