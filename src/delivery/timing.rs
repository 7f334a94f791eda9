use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use actix::clock::Instant;

use crate::event::SubscriptionId;
use crate::latency::Timed;

/// When the deliveries of an emission that is timed have begun.
#[derive(Debug)]
pub(crate) struct Timing {
    accepted: Instant,
    /// In nodes of a few hundred bytes. One table for a hundred deliveries would be so large
    /// that glibc, to make room for it, gives up the free chunks that it keeps at hand.
    running: Mutex<BTreeMap<SubscriptionId, Running>>,
}

#[derive(Debug)]
struct Running {
    since: Option<Instant>,
    /// It has queued for an attempt before.
    is_again: bool,
}

impl Timing {
    /// For an emission that was accepted then.
    pub(crate) fn since(accepted: Instant) -> Self {
        Self {
            accepted,
            running: Mutex::default(),
        }
    }

    /// The handler has begun, if it had not.
    pub(super) fn begin(&self, subscription: SubscriptionId) {
        let mut running = self.running();
        let new = || Running {
            since: None,
            is_again: false,
        };
        let run = running.entry(subscription).or_insert_with(new);
        run.since.get_or_insert_with(Instant::now);
    }

    /// The delivery has ended, or this attempt. Returns nothing if it had not begun.
    pub(crate) fn end(&self, subscription: SubscriptionId) -> Option<Timed> {
        let mut running = self.running();
        let run = running.get_mut(&subscription)?;
        let since = run.since.take()?;
        let is_again = std::mem::replace(&mut run.is_again, true);
        drop(running);
        // A clock that is paused belongs to a thread, and others have their own.
        let queue = since.saturating_duration_since(self.accepted);
        Some(Timed {
            queue: (!is_again).then_some(queue),
            run: since.elapsed(),
        })
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<SubscriptionId, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When the deliveries of a timed emission end, of which one begins where the one before it
/// ends: it needs one look at the clock for each, and no list.
#[derive(Debug)]
pub(crate) struct Laps {
    accepted: Instant,
    last: Instant,
}

impl Laps {
    /// For an emission that was accepted then.
    pub(crate) fn since(accepted: Instant) -> Self {
        Self {
            accepted,
            last: accepted,
        }
    }

    /// The next one has ended.
    pub(crate) fn next(&mut self) -> Timed {
        let now = Instant::now();
        let before = std::mem::replace(&mut self.last, now);
        Timed {
            queue: Some(before.saturating_duration_since(self.accepted)),
            run: now.saturating_duration_since(before),
        }
    }
}
