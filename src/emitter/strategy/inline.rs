use crate::handler::Site;

use super::super::gear::How;
use super::{Flavor, Seating, Strategy};

impl Strategy {
    /// Runs emissions on the thread that emits, before `emit` returns.
    ///
    /// Works on any thread. Sync callbacks have run when `emit` returns; async ones
    /// have been spawned on the caller's arbiter. On a thread that has none their
    /// delivery is refused with
    /// [`Reason::NoArbiter`](crate::Reason::NoArbiter).
    ///
    /// What a handler emits runs at once, in the middle of what it was emitted by.
    /// [In order](Self::in_order) it runs after that, still before `emit` returns; and
    /// an emission that finds another one running waits for it. When that has ended,
    /// what waits runs on the thread that emitted first, or on the linker's arbiter
    /// if async callbacks or actors had to be waited for.
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
        Self::new(Flavor::Inline)
    }
}

pub(super) fn seat() -> Seating {
    Seating {
        how: How::Run,
        site: Site::given(Vec::new()),
        is_split: false,
    }
}
