use crate::event::EmissionId;
use crate::outcome::Reason;

/// An emission was refused as a whole: no subscription was asked.
///
/// The event is not given back; it is a [`DeadLetter`](crate::DeadLetter).
///
/// # Examples
///
/// ```
/// use futures::SinkExt;
/// use ventix::{Emitter, Linker, Reason, Strategy};
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// let mut sink = Emitter::start(&linker, Strategy::current()).sink::<u8>();
/// linker.stop();
/// let error = sink.send(1).await.unwrap_err();
/// assert_eq!(*error.reason(), Reason::LinkerStopped);
/// assert_eq!(error.to_string(), "the emission was refused");
/// # });
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the emission was refused")]
pub struct EmitError {
    pub(super) id: EmissionId,
    #[source]
    pub(super) reason: Reason,
}

impl EmitError {
    /// Returns the id that the emission had.
    ///
    /// # Examples
    ///
    /// ```
    /// # use futures::SinkExt;
    /// # use ventix::{on, DeadLetter, Emitter, Linker, Overflow, Strategy};
    /// # actix::System::new().block_on(async {
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let linker = Linker::start();
    /// linker.subscribe(on::<DeadLetter>().call(move |dead| tell.send(dead.original_metadata().id())))?;
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// let full = Strategy::current().bounded(1, Overflow::Refuse);
    /// let mut sink = Emitter::start(&linker, full).sink::<u8>();
    /// sink.send(1).await?;
    /// let error = sink.send(2).await.unwrap_err();
    /// assert_eq!(told.try_recv(), Ok(error.id()));
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn id(&self) -> EmissionId {
        self.id
    }

    /// Returns why it was refused.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::SinkExt;
    /// use ventix::{Emitter, Linker, Reason, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let mut sink = Emitter::start(&linker, Strategy::inline()).sink::<u8>();
    /// linker.stop();
    /// let error = sink.send(1).await.unwrap_err();
    /// assert_eq!(error.reason(), &Reason::LinkerStopped);
    /// # });
    /// ```
    #[must_use]
    pub fn reason(&self) -> &Reason {
        &self.reason
    }
}
