use std::sync::{Arc, Weak};

use actix_rt::{Arbiter, ArbiterHandle, System};

/// The most arbiters in one place: each is a thread.
pub(crate) const MAX_ARBITERS: usize = 1_024;

/// Arbiters that something lives on: the actors of a crew, the seats of a strategy.
#[derive(Debug)]
pub(crate) struct Site {
    arbiters: Vec<ArbiterHandle>,
    /// Those that were started for it, and are stopped with it.
    owned: Vec<Arbiter>,
    /// Held as long as somebody lives there.
    inhabited: Arc<()>,
}

impl Site {
    /// Arbiters of the user's.
    pub(crate) fn given(arbiters: Vec<ArbiterHandle>) -> Self {
        let owned = Vec::new();
        let inhabited = Arc::default();
        Self {
            arbiters,
            owned,
            inhabited,
        }
    }

    /// Arbiters of its own. There are none outside a `System`: actix panics there.
    pub(crate) fn own(count: usize) -> Option<Self> {
        System::try_current()?;
        let owned: Vec<_> = (0..count).map(|_| Arbiter::new()).collect();
        let arbiters = owned.iter().map(Arbiter::handle).collect();
        let inhabited = Arc::default();
        Some(Self {
            arbiters,
            owned,
            inhabited,
        })
    }

    /// Goes when nobody lives there any more.
    pub(crate) fn inhabited(&self) -> Weak<()> {
        Arc::downgrade(&self.inhabited)
    }

    pub(crate) fn arbiters(&self) -> &[ArbiterHandle] {
        &self.arbiters
    }
}

/// What lives there has ended by then, or is told to.
impl Drop for Site {
    fn drop(&mut self) {
        for arbiter in &self.owned {
            arbiter.stop();
        }
    }
}
