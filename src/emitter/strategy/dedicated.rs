use crate::linker::StartError;

use super::super::gear::How;
use super::{Flavor, Seating, Strategy};

impl Strategy {
    /// Runs emissions on an arbiter, and so on a thread, of the emitter's own. It
    /// is started and stopped with the emitter.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::{on, Emitter, Linker, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let here = std::thread::current().id();
    /// linker.subscribe(on::<u8>().call(move |_| assert_ne!(std::thread::current().id(), here)))?;
    /// let emitter = Emitter::start(&linker, Strategy::dedicated());
    /// assert!(emitter.emit_and_wait(1_u8).await.all_handled());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn dedicated() -> Self {
        Self::new(Flavor::Dedicated)
    }
}

pub(super) fn seat() -> Result<Seating, StartError> {
    Seating::own(How::Run, 1, false)
}
