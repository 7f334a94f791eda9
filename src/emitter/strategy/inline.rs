use actix_rt::{Arbiter, ArbiterHandle};

use super::super::shared::Dispatch;
use super::{Flavor, Placement, Strategy};

impl Strategy {
    /// Runs emissions on the thread that emits, before `emit` returns.
    ///
    /// Works on any thread. Sync callbacks have run when `emit` returns; async ones
    /// have been spawned on the caller's arbiter. On a thread that has none their
    /// delivery is refused with
    /// [`Reason::NoArbiter`](crate::Reason::NoArbiter).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU32, Ordering};
    /// use std::sync::Arc;
    /// use ventix::{on, Emitter, Linker, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let sum = Arc::new(AtomicU32::new(0));
    /// let linker = Linker::start();
    /// let adder = sum.clone();
    /// linker.subscribe(on::<u32>().call(move |n| { adder.fetch_add(**n, Ordering::Relaxed); }))?;
    ///
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// std::thread::spawn(move || emitter.emit(42_u32)).join().unwrap();
    /// assert_eq!(sum.load(Ordering::Relaxed), 42);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn inline() -> Self {
        Self(Flavor::Inline)
    }
}

pub(super) fn place(home: &ArbiterHandle) -> Placement {
    Placement {
        arbiter: Arbiter::try_current().unwrap_or_else(|| home.clone()),
        owned: None,
        dispatch: Dispatch::Inline,
    }
}
