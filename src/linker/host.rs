use std::fmt;
use std::sync::Arc;

use actix_rt::ArbiterHandle;

use crate::delivery::Origin;
use crate::event::AnyEvent;
use crate::registry::Host;

use super::linker::Core;

/// The linker, as its registry knows it.
impl Host for Core {
    fn home(&self) -> &ArbiterHandle {
        &self.home
    }

    fn origin(self: Arc<Self>) -> Arc<dyn Origin> {
        self.notices.enter();
        self
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The linker, as the one that emits notices.
impl Origin for Core {
    fn ended(&self) {
        self.notices.end();
    }

    fn is_of_notices(&self) -> bool {
        true
    }

    fn into_any(self: Arc<Self>) -> Arc<AnyEvent> {
        self
    }
}
