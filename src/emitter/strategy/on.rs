use actix_rt::ArbiterHandle;

use super::super::shared::Dispatch;
use super::{Flavor, Placement, Strategy};

impl Strategy {
    /// Runs emissions on an arbiter of the user's.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix::Arbiter;
    /// use ventix::{Emitter, Linker, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let arbiter = Arbiter::new();
    /// let linker = Linker::start();
    /// let emitter = Emitter::start(&linker, Strategy::on(&arbiter.handle()));
    /// # });
    /// ```
    #[must_use]
    pub fn on(arbiter: &ArbiterHandle) -> Self {
        Self(Flavor::On(arbiter.clone()))
    }
}

pub(super) fn place(arbiter: ArbiterHandle) -> Placement {
    Placement {
        arbiter,
        owned: None,
        dispatch: Dispatch::Own,
    }
}
