use std::sync::Arc;

use crate::event::Metadata;
use crate::outcome::{Reason, Receipt};

use super::outgoing::Outgoing;

/// What stands around the emissions of an emitter, or of all of a linker's.
///
/// Neither method waits: they run in the call that emits. See the
/// [module's page](crate::middleware) for order, panics and what a layer emits.
///
/// # Examples
///
/// ```
/// use ventix::{on, EmissionLayer, Emitter, Linker, Outgoing, Reason};
///
/// struct OnlyText;
///
/// impl EmissionLayer for OnlyText {
///     fn before(&self, emission: &mut Outgoing<'_>) -> Result<(), Reason> {
///         match emission.event().is::<String>() {
///             true => Ok(()),
///             false => Err(Reason::layer("that is no text")),
///         }
///     }
/// }
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<u8>().call(|_| ()))?;
/// let emitter = Emitter::builder(&linker).layer(OnlyText).start()?;
/// assert_eq!(emitter.emit(1_u8).refusal(), Some(&Reason::layer("that is no text")));
/// assert_eq!(emitter.refused(), 1);
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no layer around emissions",
    label = "it does not implement `EmissionLayer`",
    note = "around deliveries stands a `DeliveryLayer`: `SubscriptionSpec::layer`, or `LinkerBuilder::layer`"
)]
pub trait EmissionLayer: Send + Sync + 'static {
    /// Runs when an event is about to be emitted, before any subscription is asked. An
    /// error refuses the emission as a whole: neither the layers further in nor any
    /// subscription see it.
    ///
    /// # Errors
    ///
    /// The reason stands in the [receipt](Receipt::refusal). One of the layer's own is
    /// [`Reason::layer`].
    fn before(&self, emission: &mut Outgoing<'_>) -> Result<(), Reason> {
        let _ = emission;
        Ok(())
    }

    /// Runs when the receipt is known, if `before` let it pass. Under
    /// [`inline`](crate::Strategy::inline) the handlers have run by then.
    ///
    /// Not for an emission that was given up while it waited for room: it has no receipt.
    fn after(&self, emission: &Metadata, receipt: &Receipt) {
        let _ = (emission, receipt);
    }
}

impl<L: EmissionLayer + ?Sized> EmissionLayer for Arc<L> {
    fn before(&self, emission: &mut Outgoing<'_>) -> Result<(), Reason> {
        (**self).before(emission)
    }

    fn after(&self, emission: &Metadata, receipt: &Receipt) {
        (**self).after(emission, receipt);
    }
}
