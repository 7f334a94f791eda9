use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures::channel::{mpsc, oneshot};
use futures::task::AtomicWaker;

use crate::shield::shielded;

use super::outcome::Ended;

/// The open account of one emission whose end somebody waits for.
///
/// Every accepted delivery adds its line and counts itself off; the last one
/// tells those that wait. If they have gone, nobody is told: the deliveries have
/// run all the same.
#[derive(Debug)]
pub(crate) struct Tracker {
    account: Mutex<Account>,
    /// The one that waits for the lines. It lies here, and not in a channel of its own:
    /// most emissions that are waited for have one delivery.
    waiting: AtomicWaker,
}

/// Where an account lies: in what is kept of its emission, so that it is no allocation of
/// its own.
pub(crate) trait HoldsTracker: fmt::Debug + Send + Sync {
    fn tracker(&self) -> &Tracker;
}

#[derive(Debug)]
struct Account {
    open: usize,
    lines: Vec<Ended>,
    /// Whether somebody waits for the lines.
    is_awaited: bool,
    /// Bounded by the number of deliveries: each ends once.
    each: Option<mpsc::UnboundedSender<(usize, Ended)>>,
    ends: Vec<oneshot::Sender<()>>,
}

impl Tracker {
    /// Opens an account for `accepted` deliveries, at least one.
    pub(crate) fn new(accepted: usize) -> Self {
        let account = Account {
            open: accepted,
            lines: Vec::new(),
            is_awaited: false,
            each: None,
            ends: Vec::new(),
        };
        Self {
            account: Mutex::new(account),
            waiting: AtomicWaker::new(),
        }
    }

    /// Asks for the lines of the account that `place` holds, when all deliveries have
    /// ended. One can ask, and once.
    pub(crate) fn report(place: Arc<dyn HoldsTracker>) -> Lines {
        place.tracker().account().is_awaited = true;
        Lines(Some(place))
    }

    /// Asks for each line as soon as it is added, instead of all at the end.
    pub(crate) fn each(&self) -> mpsc::UnboundedReceiver<(usize, Ended)> {
        let (each, lines) = mpsc::unbounded();
        self.account().each = Some(each);
        lines
    }

    /// Asks for a sign when all deliveries have ended.
    pub(crate) fn end(&self) -> oneshot::Receiver<()> {
        let (end, done) = oneshot::channel();
        self.account().ends.push(end);
        done
    }

    /// Adds a line to the account, if anybody wants to see it.
    pub(crate) fn add(&self, position: usize, ended: Ended) {
        let mut account = self.account();
        if account.is_awaited {
            let Account { open, lines, .. } = &mut *account;
            if lines.is_empty() {
                // A line each, but for those of callbacks.
                *lines = Vec::with_capacity(*open);
            }
            lines.push(ended.at(position));
            return;
        }
        let each = account.each.clone();
        // Telling wakes, by a waker of the user's, and the line may own a user's
        // value: neither under the lock, nor to take anything else along.
        drop(account);
        shielded(move || match each {
            // Whoever asked may have gone: then it is nobody's.
            Some(each) => drop(each.unbounded_send((position, ended))),
            None => drop(ended),
        });
    }

    /// Counts one delivery off.
    pub(crate) fn count_off(&self) {
        let mut account = self.account();
        account.open -= 1;
        if account.open > 0 {
            return;
        }
        let is_awaited = account.is_awaited;
        let each = account.each.take();
        let ends = std::mem::take(&mut account.ends);
        // Waking runs code of an executor: not under the lock.
        drop(account);
        // Its end is that of the lines. A waker's panic is not to keep the others.
        if each.is_some() {
            shielded(move || drop(each));
        }
        if is_awaited {
            shielded(|| self.waiting.wake());
        }
        for end in ends {
            // Those that waited may have gone: then it is nobody's.
            let _ = end.send(());
        }
    }

    /// Adds the only line of a delivery, and counts it off.
    pub(crate) fn close(&self, position: usize, ended: Ended) {
        self.add(position, ended);
        // Wakes the one that waits, and drops the lines if it has gone.
        shielded(|| self.count_off());
    }

    /// The lines, if all deliveries have ended.
    fn lines(&self) -> Option<Vec<Ended>> {
        let mut account = self.account();
        (account.open == 0).then(|| std::mem::take(&mut account.lines))
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lines of an emission, as soon as all deliveries have ended. In no order: each
/// says where it stands.
#[derive(Debug)]
pub(crate) struct Lines(Option<Arc<dyn HoldsTracker>>);

impl Future for Lines {
    type Output = Vec<Ended>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Vec<Ended>> {
        let tracker = self
            .0
            .as_ref()
            .expect("lines are asked for until they are there")
            .tracker();
        // The last one may count itself off between a look and the registering.
        let lines = tracker.lines().or_else(|| {
            tracker.waiting.register(cx.waker());
            tracker.lines()
        });
        if lines.is_some() {
            self.0 = None;
        }
        lines.map_or(Poll::Pending, Poll::Ready)
    }
}

/// Nobody waits for the lines any more: those that come are nobody's.
impl Drop for Lines {
    fn drop(&mut self) {
        let Some(place) = self.0.take() else {
            return;
        };
        let tracker = place.tracker();
        let mut account = tracker.account();
        account.is_awaited = false;
        let lines = std::mem::take(&mut account.lines);
        drop(account);
        if !lines.is_empty() {
            // What they hold is a user's.
            shielded(move || drop(lines));
        }
        drop(tracker.waiting.take());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, Waker};

    use futures::FutureExt;

    use crate::event::{HandlerRef, SubscriptionId};

    use super::super::{Outcome, Reply, Stage};
    use super::*;

    impl HoldsTracker for Tracker {
        fn tracker(&self) -> &Tracker {
            self
        }
    }

    fn line(value: impl Send + 'static) -> Ended {
        let handler = HandlerRef {
            subscription: SubscriptionId::new(1),
            name: None,
        };
        Ended::new(handler, Stage::Handler, Outcome::Handled(Reply::new(value)))
    }

    /// Counts how often it wakes, and panics when it does.
    #[derive(Default)]
    struct Alarm(AtomicUsize);

    impl Wake for Alarm {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
            panic!("woken");
        }
    }

    #[test]
    fn the_one_that_waits_is_woken_once_and_keeps_nobody_from_hearing() {
        let tracker = Arc::new(Tracker::new(2));
        let (mut lines, end) = (Tracker::report(tracker.clone()), tracker.end());
        let alarm = Arc::new(Alarm::default());
        let waker = Waker::from(alarm.clone());
        let mut cx = Context::from_waker(&waker);
        assert!(lines.poll_unpin(&mut cx).is_pending());
        tracker.close(1, line(()));
        assert_eq!(alarm.0.load(Ordering::Relaxed), 0, "one is open");
        assert!(lines.poll_unpin(&mut cx).is_pending());
        tracker.close(0, line(()));
        assert_eq!(alarm.0.load(Ordering::Relaxed), 1);
        assert!(end.now_or_never().is_some());
        let lines = lines.now_or_never().unwrap();
        assert_eq!(
            lines.iter().map(|it| it.position).collect::<Vec<_>>(),
            [1, 0]
        );
    }

    #[test]
    fn what_nobody_waits_for_is_not_kept() {
        let tracker = Arc::new(Tracker::new(3));
        let lines = Tracker::report(tracker.clone());
        let value = Arc::new(());
        tracker.close(0, line(value.clone()));
        assert_eq!(Arc::strong_count(&value), 2);
        drop(lines);
        assert_eq!(Arc::strong_count(&value), 1, "what had come");
        tracker.close(1, line(value.clone()));
        assert_eq!(Arc::strong_count(&value), 1, "what came since");
        tracker.close(2, line(value.clone()));
        assert_eq!(Arc::strong_count(&value), 1, "the last");
    }
}
