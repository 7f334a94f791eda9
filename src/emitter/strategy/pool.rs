use crate::linker::StartError;

use super::super::gear::How;
use super::{Flavor, Seating, Strategy, check};

impl Strategy {
    /// Runs emissions on several arbiters, and so threads, of the emitter's own. They
    /// are started and stopped with it.
    ///
    /// [`routing`](Self::routing) says which takes the next one. Only with
    /// [`Routing::Keyed`](crate::Routing::Keyed) do those of one key run in the order
    /// of emission; what has no key runs in no order. With
    /// [`Routing::LeastLoaded`](crate::Routing::LeastLoaded) it is the arbiter with the
    /// fewest emissions that wait or that it is just running; async callbacks that
    /// have been started do not count.
    ///
    /// 0 threads, or more than [`MAX_THREADS`](Self::MAX_THREADS), are an error of
    /// [`start`](crate::EmitterBuilder::start). A callback that stops the arbiter it
    /// runs on makes the pool smaller: what waited for it is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::{Arc, Barrier};
    /// use ventix::{on, Emitter, Linker, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// // Two that wait for one another: on one thread they would wait for ever.
    /// let both = Arc::new(Barrier::new(2));
    /// linker.subscribe(on::<u8>().call(move |_| { both.wait(); }))?;
    /// let emitter = Emitter::start(&linker, Strategy::pool(2));
    /// let reports = futures::join!(emitter.emit_and_wait(1_u8), emitter.emit_and_wait(2_u8));
    /// assert!(reports.0.all_handled() && reports.1.all_handled());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn pool(threads: usize) -> Self {
        Self::new(Flavor::Pool(threads))
    }
}

pub(super) fn seat(threads: usize, is_split: bool) -> Result<Seating, StartError> {
    check("pool", threads)?;
    Seating::own(How::Run, threads, is_split)
}
