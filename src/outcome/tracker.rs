use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::channel::oneshot;

use crate::shield::shielded;

use super::outcome::Ended;

/// The open account of one emission whose end somebody waits for.
///
/// Every accepted delivery adds its line and counts itself off; the last one
/// tells those that wait. If they have gone, nobody is told: the deliveries have
/// run all the same.
#[derive(Debug)]
pub(crate) struct Tracker(Mutex<Account>);

/// Lines of a report, each with its place in the order of delivery.
type Lines = Vec<(usize, Ended)>;

#[derive(Debug)]
struct Account {
    open: usize,
    lines: Lines,
    report: Option<oneshot::Sender<Lines>>,
    ends: Vec<oneshot::Sender<()>>,
}

impl Tracker {
    /// Opens an account for `accepted` deliveries, at least one.
    pub(crate) fn new(accepted: usize) -> Self {
        Self(Mutex::new(Account {
            open: accepted,
            lines: Lines::new(),
            report: None,
            ends: Vec::new(),
        }))
    }

    /// Asks for the lines, when all deliveries have ended.
    pub(crate) fn report(&self) -> oneshot::Receiver<Lines> {
        let (report, done) = oneshot::channel();
        self.account().report = Some(report);
        done
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
        if account.report.is_some() {
            account.lines.push((position, ended));
        } else {
            // It may own a user's value: not to be dropped under the lock, nor
            // to take anything else along.
            drop(account);
            shielded(move || drop(ended));
        }
    }

    /// Counts one delivery off.
    pub(crate) fn count_off(&self) {
        let mut account = self.account();
        account.open -= 1;
        if account.open > 0 {
            return;
        }
        let lines = std::mem::take(&mut account.lines);
        let report = account.report.take();
        let ends = std::mem::take(&mut account.ends);
        // Waking runs code of an executor: not under the lock.
        drop(account);
        // Those that waited may have gone: then it is nobody's.
        let _ = report.map(|report| report.send(lines));
        for end in ends {
            let _ = end.send(());
        }
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
