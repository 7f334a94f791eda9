use futures::channel::oneshot;

use super::super::fault::Fault;
use super::super::ledger::Ledger;

/// Something to do within a transaction that it may share with others.
pub(super) trait Task: Send {
    /// Does it. More than once, if the transaction was rolled back.
    fn attempt(&mut self, ledger: &Ledger<'_>) -> Result<(), Fault>;

    /// Answers, once the transaction has ended.
    fn finish(self: Box<Self>, ended: Result<(), Fault>);
}

pub(super) struct Work<T, F> {
    run: F,
    done: Option<T>,
    answer: oneshot::Sender<Result<T, Fault>>,
}

impl<T, F> Work<T, F> {
    pub(super) fn new(run: F, answer: oneshot::Sender<Result<T, Fault>>) -> Self {
        Self {
            run,
            done: None,
            answer,
        }
    }
}

impl<T, F> Task for Work<T, F>
where
    T: Send,
    F: FnMut(&Ledger<'_>) -> Result<T, Fault> + Send,
{
    fn attempt(&mut self, ledger: &Ledger<'_>) -> Result<(), Fault> {
        self.done = Some((self.run)(ledger)?);
        Ok(())
    }

    fn finish(self: Box<Self>, ended: Result<(), Fault>) {
        let Self { done, answer, .. } = *self;
        // Who asked may have gone.
        let _ = answer.send(ended.and_then(|()| done.ok_or(Fault::Lost)));
    }
}
