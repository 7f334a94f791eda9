use std::fmt;
use std::sync::Arc;

use actix_rt::ArbiterHandle;

use crate::delivery::Origin;
use crate::event::AnyEvent;
use crate::outcome::Reason;
use crate::registry::Host;

use super::shared::Core;

/// The linker, as its registry knows it.
impl Host for Core {
    fn home(&self) -> &ArbiterHandle {
        &self.home
    }

    fn origin(self: Arc<Self>) -> Arc<dyn Origin> {
        self.notices.enter();
        self
    }

    fn reopen(self: Arc<Self>) -> Result<Arc<dyn Origin>, Reason> {
        if self.loads.are_closed() {
            return Err(Reason::ShuttingDown);
        }
        // A drain that begins now waits for what is counted in, or has it refused here.
        self.notices.begin()?;
        Ok(Arc::new(Redelivering(self)))
    }
}

/// The linker, as the one that delivers once more what has ended.
#[derive(Debug)]
struct Redelivering(Arc<Core>);

impl Origin for Redelivering {
    fn ended(&self, _: usize) {
        self.0.notices.end();
    }

    fn is_draining(&self) -> bool {
        self.0.is_draining()
    }

    fn into_any(self: Arc<Self>) -> Arc<AnyEvent> {
        self.0.clone()
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
    fn ended(&self, _: usize) {
        self.notices.end();
    }

    fn is_of_notices(&self) -> bool {
        true
    }

    /// From the beginning of a drain, and not only when its turn comes: what waits for
    /// newer ones has been flushed by then.
    fn is_draining(&self) -> bool {
        self.loads.are_closed()
    }

    fn into_any(self: Arc<Self>) -> Arc<AnyEvent> {
        self
    }
}
