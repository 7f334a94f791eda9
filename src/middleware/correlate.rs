use std::fmt;
use std::sync::Arc;

use crate::event::{EmissionId, Metadata};
use crate::outcome::Reason;

use super::emission_layer::EmissionLayer;
use super::outgoing::Outgoing;

/// Carries headers from an emission to what its handlers emit, and says which piece of
/// work the first one of a chain belongs to.
///
/// What a handler emits through [`Delivery::emitter`](crate::Delivery::emitter) has the
/// correlation of its cause without any layer. This one adds what the world outside
/// knows: the id of a request, a tenant, the `traceparent` and `baggage` of
/// [W3C trace context](https://www.w3.org/TR/trace-context/). A header that an emission
/// has of its own is not replaced, and neither is a correlation.
///
/// # Examples
///
/// ```
/// use ventix::middleware::Correlate;
/// use ventix::{on, EmissionId, Linker, Emitter};
///
/// struct OrderPlaced;
/// struct InvoiceSent;
///
/// # actix::System::new().block_on(async {
/// let (tell, told) = std::sync::mpsc::channel();
/// let correlate = Correlate::new().carry("tenant").id_from_header("request-id");
/// let linker = Linker::builder().emission_layer(correlate).start()?;
/// linker.subscribe(on::<OrderPlaced>().call(|order| {
///     order.emitter().emit(InvoiceSent);
/// }))?;
/// linker.subscribe(on::<InvoiceSent>().call(move |invoice| {
///     let about = invoice.metadata();
///     tell.send((about.headers().get("tenant").map(str::to_owned), about.correlation()))
/// }))?;
///
/// let emitter = Emitter::builder(&linker).start()?;
/// let request = "01890a5d-ac96-774b-bcce-b302099a8057";
/// emitter.prepare(OrderPlaced).header("tenant", "acme").header("request-id", request).emit();
/// # actix_rt::task::yield_now().await;
/// # actix_rt::task::yield_now().await;
/// assert_eq!(told.try_recv()?, (Some("acme".into()), request.parse()?));
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Default)]
pub struct Correlate {
    carried: Vec<Box<str>>,
    source: Option<Arc<Source>>,
}

type Source = dyn Fn(&Metadata) -> Option<EmissionId> + Send + Sync;

impl Correlate {
    /// One that does nothing yet.
    ///
    /// # Examples
    ///
    /// See [`Correlate`].
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Copies a header from the emission whose handler emits, where that has it.
    ///
    /// # Examples
    ///
    /// See [`Correlate`].
    #[must_use]
    pub fn carry(mut self, header: impl Into<Box<str>>) -> Self {
        self.carried.push(header.into());
        self
    }

    /// Asks for the correlation of what has neither one of its own nor a cause.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{middleware::Correlate, on, BoxError, EmissionId, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// tokio::task_local! { static REQUEST: EmissionId; }
    ///
    /// let correlate = Correlate::new().id_from(|_| REQUEST.try_get().ok());
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|n| Ok::<_, BoxError>(n.metadata().correlation())))?;
    /// let emitter = Emitter::builder(&linker).layer(correlate).start()?;
    /// let request = EmissionId::from_u128(7);
    /// let report = REQUEST.scope(request, emitter.emit_and_wait(1_u8)).await;
    /// assert_eq!(report.replies().next(), Some(&request));
    /// # Ok::<(), BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn id_from(
        mut self,
        source: impl Fn(&Metadata) -> Option<EmissionId> + Send + Sync + 'static,
    ) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// Takes the correlation of what has neither one of its own nor a cause from a
    /// header, if that is a UUID.
    ///
    /// # Examples
    ///
    /// See [`Correlate`].
    #[must_use]
    pub fn id_from_header(self, header: impl Into<Box<str>>) -> Self {
        let header = header.into();
        self.id_from(move |metadata| metadata.headers().get(&header)?.parse().ok())
    }
}

impl EmissionLayer for Correlate {
    fn before(&self, emission: &mut Outgoing<'_>) -> Result<(), Reason> {
        for name in &self.carried {
            if emission.metadata().headers().get(name).is_some() {
                continue;
            }
            if let Some(value) = emission.cause_headers().get(name).map(Box::from) {
                let value: Box<str> = value;
                emission.set_header(name.clone(), value);
            }
        }
        if let Some(source) = &self.source {
            let metadata = emission.metadata();
            let is_first = metadata.causation().is_none() && !metadata.is_correlated();
            if let Some(id) = is_first.then(|| source(metadata)).flatten() {
                emission.set_correlation(id);
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Correlate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Correlate")
            .field("carried", &self.carried)
            .field("asks", &self.source.is_some())
            .finish()
    }
}
