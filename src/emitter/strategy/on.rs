use actix_rt::ArbiterHandle;

use crate::handler::Site;

use super::super::gear::How;
use super::{Flavor, Seating, Strategy};

impl Strategy {
    /// Runs emissions on an arbiter of the user's.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix::Arbiter;
    /// use ventix::{on, BoxError, Emitter, Linker, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let arbiter = Arbiter::new();
    /// let (tell, told) = std::sync::mpsc::channel();
    /// arbiter.spawn_fn(move || tell.send(std::thread::current().id()).unwrap());
    ///
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| Ok::<_, BoxError>(std::thread::current().id())))?;
    /// let emitter = Emitter::start(&linker, Strategy::on(&arbiter.handle()));
    /// let report = emitter.emit_and_wait(1_u8).await;
    /// assert_eq!(report.replies().next(), Some(&told.recv().unwrap()));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn on(arbiter: &ArbiterHandle) -> Self {
        Self::new(Flavor::On(arbiter.clone()))
    }
}

pub(super) fn seat(arbiter: ArbiterHandle) -> Seating {
    Seating {
        how: How::Run,
        site: Site::given(vec![arbiter]),
        is_split: false,
    }
}
