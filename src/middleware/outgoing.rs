use std::fmt;
use std::sync::Arc;

use actix::clock::Instant;

use crate::event::{AnyEvent, EmissionId, Headers, Metadata};

/// An emission that is about to be made, as an [`EmissionLayer`](crate::EmissionLayer)
/// sees it.
///
/// What the emission carries can be changed. The event, its topic and its id cannot: who
/// it is for is said by the one that emits.
///
/// # Examples
///
/// ```
/// use ventix::{EmissionLayer, Outgoing, Reason};
///
/// struct Tenant(&'static str);
///
/// impl EmissionLayer for Tenant {
///     fn before(&self, emission: &mut Outgoing<'_>) -> Result<(), Reason> {
///         emission.set_header("tenant", self.0);
///         Ok(())
///     }
/// }
/// # use ventix::{on, BoxError, Emitter, Linker, Strategy};
/// # actix::System::new().block_on(async {
/// # let linker = Linker::start();
/// linker.subscribe(on::<u8>().call(|n| {
///     Ok::<_, BoxError>(n.metadata().headers().get("tenant").map(str::to_owned))
/// }))?;
/// let emitter = Emitter::builder(&linker).layer(Tenant("acme")).start()?;
/// let report = emitter.emit_and_wait(1_u8).await;
/// assert_eq!(report.replies::<Option<String>>().next(), Some(&Some("acme".into())));
/// # Ok::<(), BoxError>(())
/// # }).unwrap();
/// ```
pub struct Outgoing<'a> {
    metadata: &'a mut Metadata,
    event: &'a AnyEvent,
}

impl<'a> Outgoing<'a> {
    pub(super) fn new(metadata: &'a mut Metadata, event: &'a AnyEvent) -> Self {
        Self { metadata, event }
    }

    /// Returns what the emission says about itself so far.
    ///
    /// # Examples
    ///
    /// See [`set_key`](Self::set_key).
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        self.metadata
    }

    /// Returns the event, to be asked for the type that the layer knows.
    ///
    /// # Examples
    ///
    /// See [`set_key`](Self::set_key).
    #[must_use]
    pub fn event(&self) -> &'a AnyEvent {
        self.event
    }

    /// Returns the headers of the emission whose handler makes this one through
    /// [`Delivery::emitter`](crate::Delivery::emitter); none for any other.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, EmissionLayer, Emitter, Linker, Outgoing, Reason, Strategy};
    /// struct InheritTenant;
    ///
    /// impl EmissionLayer for InheritTenant {
    ///     fn before(&self, emission: &mut Outgoing<'_>) -> Result<(), Reason> {
    ///         if let Some(tenant) = emission.cause_headers().get("tenant").map(str::to_owned) {
    ///             emission.set_header("tenant", tenant);
    ///         }
    ///         Ok(())
    ///     }
    /// }
    /// # actix::System::new().block_on(async {
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|order| drop(order.emitter().emit("invoice"))))?;
    /// linker.subscribe(on::<&str>().call(move |invoice| {
    ///     tell.send(invoice.metadata().headers().get("tenant").map(str::to_owned))
    /// }))?;
    /// let builder = Emitter::builder(&linker).strategy(Strategy::inline());
    /// let emitter = builder.layer(InheritTenant).start()?;
    /// emitter.prepare(1_u8).header("tenant", "acme").emit();
    /// assert_eq!(told.try_recv()?.as_deref(), Some("acme"));
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn cause_headers(&self) -> &Headers {
        self.metadata.cause_headers()
    }

    /// Sets a header, or replaces the one of that name.
    ///
    /// # Examples
    ///
    /// See [`Outgoing`].
    pub fn set_header(&mut self, name: impl Into<Box<str>>, value: impl Into<Box<str>>) {
        self.metadata.attributes_mut().headers.set(name, value);
    }

    /// Sets the key: emissions of one key belong together.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, BoxError, EmissionLayer, Emitter, Linker, Outgoing, Reason, Strategy};
    /// struct OrderPlaced { customer: &'static str }
    /// struct ByCustomer;
    ///
    /// impl EmissionLayer for ByCustomer {
    ///     fn before(&self, emission: &mut Outgoing<'_>) -> Result<(), Reason> {
    ///         let order = emission.event().downcast_ref::<OrderPlaced>();
    ///         if let (None, Some(order)) = (emission.metadata().key(), order) {
    ///             emission.set_key(order.customer);
    ///         }
    ///         Ok(())
    ///     }
    /// }
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<OrderPlaced>().call(|order| {
    ///     Ok::<_, BoxError>(order.metadata().key().map(str::to_owned))
    /// }))?;
    /// let emitter = Emitter::builder(&linker).layer(ByCustomer).start()?;
    /// let report = emitter.emit_and_wait(OrderPlaced { customer: "7" }).await;
    /// assert_eq!(report.replies::<Option<String>>().next(), Some(&Some("7".into())));
    /// # Ok::<(), BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn set_key(&mut self, key: impl Into<Arc<str>>) {
        self.metadata.attributes_mut().key = Some(key.into());
    }

    /// Sets the id that all emissions of one piece of work share.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, BoxError, EmissionId, EmissionLayer, Emitter, Linker, Outgoing, Reason};
    /// struct Within(EmissionId);
    ///
    /// impl EmissionLayer for Within {
    ///     fn before(&self, emission: &mut Outgoing<'_>) -> Result<(), Reason> {
    ///         emission.set_correlation(self.0);
    ///         Ok(())
    ///     }
    /// }
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|n| Ok::<_, BoxError>(n.metadata().correlation())))?;
    /// let request = EmissionId::from_u128(7);
    /// let emitter = Emitter::builder(&linker).layer(Within(request)).start()?;
    /// assert_eq!(emitter.emit_and_wait(1_u8).await.replies().next(), Some(&request));
    /// # Ok::<(), BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn set_correlation(&mut self, id: EmissionId) {
        self.metadata.attributes_mut().correlation = Some(id);
    }

    /// Sets a deadline. One that is there already can be brought forward, never put off.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use actix::clock::Instant;
    /// # use ventix::{on, BoxError, EmissionLayer, Emitter, Linker, Outgoing, Reason};
    /// struct WithinAMinute;
    ///
    /// impl EmissionLayer for WithinAMinute {
    ///     fn before(&self, emission: &mut Outgoing<'_>) -> Result<(), Reason> {
    ///         emission.bring_forward(Instant::now() + Duration::from_secs(60));
    ///         Ok(())
    ///     }
    /// }
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|n| Ok::<_, BoxError>(n.metadata().deadline())))?;
    /// let emitter = Emitter::builder(&linker).layer(WithinAMinute).start()?;
    /// let report = emitter.emit_and_wait(1_u8).await;
    /// let deadline = report.replies::<Option<Instant>>().next().unwrap().unwrap();
    /// assert!(deadline > Instant::now());
    /// # Ok::<(), BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn bring_forward(&mut self, deadline: Instant) {
        let own = &mut self.metadata.attributes_mut().deadline;
        *own = Some(own.map_or(deadline, |own| own.min(deadline)));
    }
}

impl fmt::Debug for Outgoing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("metadata", &self.metadata)
            .finish_non_exhaustive()
    }
}
