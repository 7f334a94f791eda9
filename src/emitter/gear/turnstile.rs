use std::sync::atomic::{AtomicUsize, Ordering, fence};

use tokio::sync::Notify;

use crate::fence::heavy;
use crate::stripes::Crowd;

/// Counts the emissions that a gear has let in and not yet run, and tells when it
/// has run the last one after it was closed.
#[derive(Debug)]
pub(super) struct Turnstile {
    /// Those that came while it was open, and all that have left.
    crowd: Crowd,
    /// How many have come otherwise, above the bits that say whether it is closed, whether all
    /// that came before that have been seen, and whether all have passed. It never falls.
    state: AtomicUsize,
    told: Notify,
}

const CLOSED: usize = 1;
const SEEN: usize = 2;
const PASSED: usize = 4;
const ONE: usize = 8;

impl Turnstile {
    /// With `inside` already let in.
    pub(super) fn new(inside: usize) -> Self {
        Self {
            crowd: Crowd::default(),
            state: AtomicUsize::new(inside * ONE),
            told: Notify::new(),
        }
    }

    /// Lets one in, unless it is closed. Then it has to [`leave`](Self::leave) all
    /// the same.
    ///
    /// It comes before it asks, and whoever closes does so before he counts.
    #[inline]
    pub(super) fn enter(&self) -> bool {
        self.crowd.come(1);
        !self.is_closed()
    }

    /// Lets one in as long as not all have passed, closed or not. As with
    /// [`enter`](Self::enter), it has to leave all the same.
    pub(super) fn enter_late(&self) -> bool {
        self.state.fetch_add(ONE, Ordering::SeqCst) & PASSED == 0
    }

    /// Counts one that is inside once more.
    pub(super) fn enter_again(&self) {
        self.state.fetch_add(ONE, Ordering::SeqCst);
    }

    /// Counts one off. Returns whether all have passed by that: true once.
    #[inline]
    pub(super) fn leave(&self) -> bool {
        self.crowd.go(1);
        self.state.load(Ordering::SeqCst) & SEEN != 0 && self.pass()
    }

    /// Lets no more in. Returns whether all have passed by that: true once.
    ///
    /// Nobody else counts who is inside before all that came while it was open can be seen;
    /// and those that went meanwhile without a look are seen by the count here.
    pub(super) fn close(&self) -> bool {
        self.state.fetch_or(CLOSED, Ordering::SeqCst);
        heavy();
        self.state.fetch_or(SEEN, Ordering::SeqCst);
        heavy();
        self.pass()
    }

    #[inline]
    pub(super) fn is_closed(&self) -> bool {
        self.state.load(Ordering::SeqCst) & CLOSED != 0
    }

    /// Ends it when nobody is inside, unless one has come since that comes late: then that one
    /// does when it leaves.
    #[cold]
    fn pass(&self) -> bool {
        // Of two that leave at the same time, one at least sees that both have.
        fence(Ordering::SeqCst);
        // Those that have come late are counted last, as those that come are.
        let inside = self.crowd.count();
        let state = self.state.load(Ordering::SeqCst);
        if state & PASSED != 0 || inside.wrapping_add(state / ONE) != 0 {
            return false;
        }
        let (success, failure) = (Ordering::SeqCst, Ordering::SeqCst);
        self.state
            .compare_exchange(state, state | PASSED, success, failure)
            .is_ok()
    }

    fn has_passed(&self) -> bool {
        self.state.load(Ordering::SeqCst) & PASSED != 0
    }

    /// Tells those that wait for it that all have passed.
    pub(super) fn tell(&self) {
        self.told.notify_waiters();
    }

    /// Waits until all have passed.
    pub(super) async fn passed(&self) {
        loop {
            let told = self.told.notified();
            if self.has_passed() {
                return;
            }
            told.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn the_last_one_out_after_the_closing_is_told_so_once() {
        let turnstile = Turnstile::new(1);
        assert!(turnstile.enter());
        assert!(!turnstile.leave(), "it is open");
        assert!(!turnstile.close(), "one is inside");
        // One that comes too late goes at once, and may be the last.
        assert!(!turnstile.enter());
        assert!(!turnstile.leave());
        let mut passed = Box::pin(turnstile.passed());
        assert_eq!(passed.as_mut().now_or_never(), None);
        assert!(turnstile.leave());
        turnstile.tell();
        assert_eq!(passed.now_or_never(), Some(()));
        assert!(!turnstile.enter() && !turnstile.leave() && !turnstile.close());
    }

    #[test]
    fn it_lets_those_in_that_come_late_until_all_have_passed() {
        let turnstile = Turnstile::new(1);
        assert!(!turnstile.close(), "one is inside");
        assert!(turnstile.enter_late());
        assert!(!turnstile.leave() && turnstile.leave());
        assert!(!turnstile.enter_late() && !turnstile.leave());
    }

    #[test]
    fn an_empty_one_has_passed_when_it_is_closed() {
        assert!(Turnstile::new(0).close());
    }
}
