use std::sync::LazyLock;

use rustix::thread::{MembarrierCommand, membarrier};

/// A process says once that it is going to ask. Old kernels cannot, and sandboxes may forbid
/// it.
static IS_REGISTERED: LazyLock<bool> =
    LazyLock::new(|| membarrier(MembarrierCommand::RegisterPrivateExpedited).is_ok());

pub(super) fn is_asymmetric() -> bool {
    *IS_REGISTERED
}

pub(super) fn barrier() {
    if is_asymmetric() {
        let done = membarrier(MembarrierCommand::PrivateExpedited);
        done.expect("the kernel does what the process has registered for");
    }
}
