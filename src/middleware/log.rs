use crate::event::Metadata;
use crate::outcome::{Outcome, Receipt};

use super::delivery_layer::DeliveryLayer;
use super::emission_layer::EmissionLayer;
use super::incoming::Incoming;

/// Writes one line per delivery, or per emission, through `tracing`: when it has ended,
/// with the target `ventix`. It stands around either.
///
/// A line of a delivery says which emission and event, whose handler, which attempt, and
/// how that ended, with its error; a line of an emission how many it matched and how many
/// took it, or why it was refused. The [debug mode](crate#debug-mode) writes much more,
/// and can be had without a layer.
///
/// # Examples
///
/// ```
/// use ventix::middleware::Log;
/// use ventix::{on, Emitter, Linker};
/// # use std::sync::Mutex;
/// # use tracing_subscriber::util::SubscriberInitExt;
/// # let log = tempfile::NamedTempFile::new().unwrap();
/// # let written = Mutex::new(log.reopen().unwrap());
/// # let lines = tracing_subscriber::fmt().with_ansi(false).with_writer(written);
/// # let _listening = lines.set_default();
/// # actix::System::new().block_on(async {
///
/// let linker = Linker::builder().layer(Log::info()).start()?;
/// linker.subscribe(on::<u8>().call(|_| ()).named("sum"))?;
/// let emitter = Emitter::builder(&linker).layer(Log::info()).start()?;
/// emitter.emit_and_wait(1_u8).await;
/// // INFO ventix: emission ... event="u8" matched=1 accepted=1
/// // INFO ventix: delivery ... event="u8" handler=#1 (sum) attempt=1 outcome="handled"
/// # let log = std::fs::read_to_string(log.path())?;
/// # assert!(log.contains("INFO ventix: emission") && log.contains("accepted=1"), "{log}");
/// # assert!(log.contains("handler=#1 (sum) attempt=1 outcome=\"handled\""), "{log}");
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Log(Level);

#[derive(Debug, Clone, Copy)]
enum Level {
    Trace,
    Debug,
    Info,
}

/// Writes one line at a level that is known only when the program runs.
macro_rules! line {
    ($level:expr, $($line:tt)*) => {
        match $level {
            Level::Trace => tracing::trace!(target: "ventix", $($line)*),
            Level::Debug => tracing::debug!(target: "ventix", $($line)*),
            Level::Info => tracing::info!(target: "ventix", $($line)*),
        }
    };
}

impl Log {
    /// Writes at the level `TRACE`.
    ///
    /// # Examples
    ///
    /// See [`Log`].
    #[must_use]
    pub fn trace() -> Self {
        Self(Level::Trace)
    }

    /// Writes at the level `DEBUG`.
    ///
    /// # Examples
    ///
    /// See [`Log`].
    #[must_use]
    pub fn debug() -> Self {
        Self(Level::Debug)
    }

    /// Writes at the level `INFO`.
    ///
    /// # Examples
    ///
    /// See [`Log`].
    #[must_use]
    pub fn info() -> Self {
        Self(Level::Info)
    }
}

impl DeliveryLayer for Log {
    fn after(&self, delivery: &mut Incoming<'_>, outcome: &Outcome) {
        let metadata = delivery.metadata();
        let skipped = match outcome {
            Outcome::Skipped(reason) => Some(reason),
            _ => None,
        };
        line!(
            self.0,
            emission = %metadata.id(),
            event = metadata.name(),
            correlation = %metadata.correlation(),
            handler = %delivery.handler(),
            attempt = delivery.attempt(),
            outcome = outcome.as_str(),
            reason = skipped.map(tracing::field::display),
            error = outcome.error().as_ref().map(tracing::field::display),
            "delivery"
        );
    }
}

impl EmissionLayer for Log {
    fn after(&self, emission: &Metadata, receipt: &Receipt) {
        line!(
            self.0,
            emission = %emission.id(),
            event = emission.name(),
            correlation = %emission.correlation(),
            causation = emission.causation().map(tracing::field::display),
            matched = receipt.matched(),
            accepted = receipt.accepted(),
            refused = receipt.refusal().map(tracing::field::display),
            "emission"
        );
    }
}
