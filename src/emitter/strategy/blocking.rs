use crate::linker::StartError;

use super::super::gear::How;
use super::{Flavor, Seating, Strategy, check};

impl Strategy {
    /// Runs emissions on several threads of the emitter's own that are there to be
    /// blocked: whichever is free takes the next one. They are started and stopped
    /// with it.
    ///
    /// All callbacks run there: [blocking ones](crate::On::call_blocking) too, one
    /// after the other instead of in their pool; and async ones, on the thread that
    /// took the emission, which goes on with them whenever nothing blocks it. A panic
    /// ends its delivery and no thread.
    ///
    /// 0 threads, or more than [`MAX_THREADS`](Self::MAX_THREADS), are an error of
    /// [`start`](crate::EmitterBuilder::start).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::{mpsc, Mutex};
    /// use ventix::{on, Emitter, Linker, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let (go, gate) = mpsc::channel::<()>();
    /// let gate = Mutex::new(gate);
    /// linker.subscribe(on::<&str>().call(move |_| gate.lock().unwrap().recv()))?;
    /// linker.subscribe(on::<u8>().call(|n| n.checked_add(1).ok_or("too much")))?;
    ///
    /// let emitter = Emitter::start(&linker, Strategy::blocking(2));
    /// let blocked = emitter.emit("this blocks a thread");
    /// let report = emitter.emit_and_wait(1_u8).await; // ... and another one is free
    /// assert_eq!(report.replies::<u8>().next(), Some(&2));
    /// go.send(())?;
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn blocking(threads: usize) -> Self {
        Self::new(Flavor::Blocking(threads))
    }
}

pub(super) fn seat(threads: usize) -> Result<Seating, StartError> {
    check("blocking", threads)?;
    Seating::own(How::RunBlocking, threads, false)
}
