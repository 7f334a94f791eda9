use crate::remote::wire::Envelope;

/// No seal: envelopes go as they are.
#[derive(Debug, Clone, Default)]
pub(in crate::remote) struct Seal(());

impl Seal {
    #[allow(clippy::unused_self, reason = "as with the feature `signing`")]
    pub(in crate::remote) fn sign(&self, _: &mut Envelope) {}

    #[allow(clippy::unused_self, clippy::unnecessary_wraps, reason = "as above")]
    pub(in crate::remote) fn check(&self, _: &Envelope) -> Result<(), &'static str> {
        Ok(())
    }
}
