use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Counts the emissions that a gear has let in and not yet run, and tells when it
/// has run the last one after it was closed.
#[derive(Debug)]
pub(super) struct Turnstile {
    /// The count, above the bits that say whether it is closed and whether all have
    /// passed: one step tells everything.
    state: AtomicUsize,
    told: Notify,
}

const CLOSED: usize = 1;
const PASSED: usize = 2;
const ONE: usize = 4;

impl Turnstile {
    /// With `inside` already let in.
    pub(super) fn new(inside: usize) -> Self {
        Self {
            state: AtomicUsize::new(inside * ONE),
            told: Notify::new(),
        }
    }

    /// Lets one in, unless it is closed. Then it has to [`leave`](Self::leave) all
    /// the same.
    #[inline]
    pub(super) fn enter(&self) -> bool {
        self.state.fetch_add(ONE, Ordering::AcqRel) & CLOSED == 0
    }

    /// Lets one in as long as not all have passed, closed or not. As with
    /// [`enter`](Self::enter), it has to leave all the same.
    pub(super) fn enter_late(&self) -> bool {
        self.state.fetch_add(ONE, Ordering::AcqRel) & PASSED == 0
    }

    /// Counts one that is inside once more.
    pub(super) fn enter_again(&self) {
        self.state.fetch_add(ONE, Ordering::AcqRel);
    }

    /// Counts one off. Returns whether all have passed by that: true once.
    #[inline]
    pub(super) fn leave(&self) -> bool {
        let left = self.state.fetch_sub(ONE, Ordering::AcqRel) - ONE;
        left == CLOSED && self.pass()
    }

    /// Lets no more in. Returns whether all have passed by that: true once.
    pub(super) fn close(&self) -> bool {
        let before = self.state.fetch_or(CLOSED, Ordering::AcqRel);
        before < ONE && self.pass()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state.load(Ordering::Acquire) & CLOSED != 0
    }

    /// Ends it, unless one has come since: then that one does when it leaves.
    fn pass(&self) -> bool {
        let (success, failure) = (Ordering::AcqRel, Ordering::Acquire);
        self.state
            .compare_exchange(CLOSED, CLOSED | PASSED, success, failure)
            .is_ok()
    }

    fn has_passed(&self) -> bool {
        self.state.load(Ordering::Acquire) & PASSED != 0
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
