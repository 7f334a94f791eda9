use std::sync::Arc;

use crate::outcome::{Outcome, Reason};

use super::incoming::Incoming;

/// What stands around the deliveries of a subscription, or of all of a linker's.
///
/// Neither method waits: they run where the delivery begins and where it ends, which may
/// be different threads, and should be short. See the [module's page](crate::middleware)
/// for order, panics and what a layer emits.
///
/// # Examples
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use std::sync::Arc;
/// use ventix::{on, DeliveryLayer, Emitter, Incoming, Linker, Outcome, Strategy};
///
/// #[derive(Default)]
/// struct Failures(AtomicUsize);
///
/// impl DeliveryLayer for Failures {
///     fn after(&self, _: &mut Incoming<'_>, outcome: &Outcome) {
///         if let Outcome::Failed(_) = outcome {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
///
/// # actix::System::new().block_on(async {
/// let failures = Arc::new(Failures::default());
/// let linker = Linker::start();
/// linker.subscribe(on::<&str>().call(|n| n.parse::<u8>()).layer(failures.clone()))?;
/// Emitter::start(&linker, Strategy::inline()).emit("three");
/// assert_eq!(failures.0.load(Ordering::Relaxed), 1);
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no layer around deliveries",
    label = "it does not implement `DeliveryLayer`",
    note = "around emissions stands an `EmissionLayer`: `EmitterBuilder::layer`, or `LinkerBuilder::emission_layer`"
)]
pub trait DeliveryLayer: Send + Sync + 'static {
    /// Runs when an attempt of a delivery is about to begin. An error turns it away:
    /// neither the layers further in nor the handler see it.
    ///
    /// # Errors
    ///
    /// The reason decides what becomes of the delivery, as everywhere: it
    /// [skips](Reason::is_skip) it, [drops](Reason::is_drop) it, or refuses it. A reason
    /// of the layer's own is [`Reason::layer`].
    fn before(&self, delivery: &mut Incoming<'_>) -> Result<(), Reason> {
        let _ = delivery;
        Ok(())
    }

    /// Runs when the attempt has ended, if `before` let it pass; also if one further in
    /// turned it away.
    fn after(&self, delivery: &mut Incoming<'_>, outcome: &Outcome) {
        let _ = (delivery, outcome);
    }
}

impl<L: DeliveryLayer + ?Sized> DeliveryLayer for Arc<L> {
    fn before(&self, delivery: &mut Incoming<'_>) -> Result<(), Reason> {
        (**self).before(delivery)
    }

    fn after(&self, delivery: &mut Incoming<'_>, outcome: &Outcome) {
        (**self).after(delivery, outcome);
    }
}
