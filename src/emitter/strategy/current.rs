use actix_rt::Arbiter;

use crate::linker::StartError;

use super::{Flavor, Seating, Strategy, on};

impl Strategy {
    /// Runs emissions on the arbiter on which the emitter is started, after what
    /// that arbiter is doing.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::{on, Emitter, Linker, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let here = std::thread::current().id();
    /// linker.subscribe(on::<u8>().call(move |_| assert_eq!(std::thread::current().id(), here)))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// assert!(emitter.emit_and_wait(1_u8).await.all_handled());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn current() -> Self {
        Self::new(Flavor::Current)
    }
}

pub(super) fn seat() -> Result<Seating, StartError> {
    let arbiter = Arbiter::try_current().ok_or(StartError::NoArbiter)?;
    Ok(on::seat(arbiter))
}
