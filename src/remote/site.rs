use actix_rt::{Arbiter, ArbiterHandle, System};

use crate::linker::StartError;

/// The arbiter on which all that is said to an engine is said.
///
/// Whoever works there holds it: it stops when the last one has gone.
#[derive(Debug)]
pub(super) struct IoSite(Arbiter);

impl IoSite {
    pub(super) fn start() -> Result<Self, StartError> {
        System::try_current().ok_or(StartError::NoArbiter)?;
        Ok(Self(Arbiter::new()))
    }

    pub(super) fn arbiter(&self) -> ArbiterHandle {
        self.0.handle()
    }
}

impl Drop for IoSite {
    fn drop(&mut self) {
        self.0.stop();
    }
}
