use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::Notify;

use crate::fence::heavy;
use crate::outcome::Reason;
use crate::shield::shielded;
use crate::stripes::Crowd;

/// How many emissions an emitter has on their way, from the emitting to the end of
/// the last delivery; and whether it takes more.
#[derive(Debug, Default)]
pub(crate) struct Load {
    in_flight: Crowd,
    closed: AtomicBool,
    idle: Notify,
    /// What is still to be emitted.
    pending: Option<Weak<dyn Pending>>,
}

/// What an emitter is to emit later.
pub(crate) trait Pending: Send + Sync {
    /// Cancels all of it, and returns how much that was.
    fn cancel_all(&self) -> usize;
}

impl Load {
    pub(crate) fn new(pending: Weak<dyn Pending>) -> Self {
        let pending = Some(pending);
        Self {
            pending,
            ..Self::default()
        }
    }

    /// Cancels what is still to be emitted, and returns how much that was.
    pub(crate) fn cancel_pending(&self) -> usize {
        let pending = self.pending.as_ref().and_then(Weak::upgrade);
        pending.map_or(0, |pending| pending.cancel_all())
    }

    /// Counts one in, unless no more are taken.
    ///
    /// Counting in before asking, and closing before counting, means that one that
    /// is let in is always waited for.
    #[inline(always)]
    pub(crate) fn begin(&self) -> Result<(), Reason> {
        self.begin_many(1)
    }

    /// Counts several in, unless no more are taken.
    #[inline(always)]
    pub(crate) fn begin_many(&self, count: usize) -> Result<(), Reason> {
        self.in_flight.come(count);
        if self.closed.load(Ordering::SeqCst) {
            self.end_many(count);
            return Err(Reason::ShuttingDown);
        }
        Ok(())
    }

    /// Counts one in that nobody may refuse.
    pub(crate) fn enter(&self) {
        self.in_flight.come(1);
    }

    /// Counts one off.
    #[inline]
    pub(crate) fn end(&self) {
        self.end_many(1);
    }

    /// Counts several off.
    #[inline]
    pub(crate) fn end_many(&self, count: usize) {
        self.in_flight.go(count);
        self.tell_if_over();
    }

    /// Counts one off that was matched with so many, and has come to its end. Whoever hears of
    /// it finds them counted.
    #[inline]
    pub(crate) fn end_with(&self, deliveries: usize) {
        self.in_flight.go_and_leave(deliveries);
        self.tell_if_over();
    }

    /// With how many all were matched that have come to their end.
    pub(crate) fn ended_deliveries(&self) -> u64 {
        self.in_flight.left_behind()
    }

    /// Some have been counted off: perhaps the last ones.
    #[inline]
    fn tell_if_over(&self) {
        if self.is_closed() {
            self.tell_if_idle();
        }
    }

    #[cold]
    fn tell_if_idle(&self) {
        // Of two that end at the same time, one at least sees that both have.
        fence(Ordering::SeqCst);
        if self.in_flight() == 0 {
            // Their wakers are a user's.
            shielded(|| self.idle.notify_waiters());
        }
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.count()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// Takes no more. Whatever was let in is counted from now on.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        heavy();
    }

    /// Waits until none is on its way. To be asked of one that is closed.
    pub(crate) async fn idle(&self) {
        loop {
            let idle = self.idle.notified();
            if self.in_flight() == 0 {
                return;
            }
            idle.await;
        }
    }
}

/// The loads of all emitters of a linker.
#[derive(Debug, Default)]
pub(super) struct Loads(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    loads: Vec<Weak<Load>>,
    closed: bool,
    /// How many there may be before those that have gone are looked for.
    prune_at: usize,
}

impl Loads {
    /// Adds that of a new emitter. It is closed from the start if the others are.
    pub(super) fn add(&self, load: &Arc<Load>) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.closed {
            load.close();
        }
        if open.loads.len() >= open.prune_at {
            open.loads.retain(|load| load.strong_count() > 0);
            open.prune_at = 2 * open.loads.len() + 8;
        }
        open.loads.push(Arc::downgrade(load));
    }

    pub(super) fn all(&self) -> Vec<Arc<Load>> {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.loads.iter().filter_map(Weak::upgrade).collect()
    }

    /// Whether they take no more.
    pub(super) fn are_closed(&self) -> bool {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.closed
    }

    /// Closes all, and those to come, and returns them.
    pub(super) fn close(&self) -> Vec<Arc<Load>> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.closed = true;
        let loads: Vec<_> = open.loads.iter().filter_map(Weak::upgrade).collect();
        drop(open);
        for load in &loads {
            load.close();
        }
        loads
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn a_closed_load_takes_no_more_and_tells_when_the_last_has_ended() {
        let load = Load::default();
        load.begin().unwrap();
        load.close();
        assert_eq!(load.begin(), Err(Reason::ShuttingDown));
        assert_eq!(load.in_flight(), 1);
        let mut idle = Box::pin(load.idle());
        assert!(idle.as_mut().now_or_never().is_none());
        load.end();
        assert!(idle.now_or_never().is_some());
    }

    #[test]
    fn none_is_let_in_unseen_while_others_close() {
        for _ in 0..1_000 {
            let load = Arc::new(Load::default());
            let other = load.clone();
            let emitting = std::thread::spawn(move || other.begin().is_ok());
            load.close();
            let seen = load.in_flight();
            // Whoever was let in before the closing is seen by now or never was.
            if emitting.join().unwrap() {
                assert_eq!(load.in_flight(), 1);
                assert!(seen <= 1);
                load.end();
            }
            assert_eq!(load.in_flight(), 0);
        }
    }
}
