use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_rt::ArbiterHandle;

use crate::delivery::{Delivery, Turn};
use crate::outcome::{IntoOutcome, guard};
use crate::registry::Target;
use crate::shield::shielded;

/// A callback that may block, on the pool of threads that tokio keeps for it; or
/// right where the emission runs, if that thread is there to be blocked.
///
/// It is the pool of the runtime that runs the emission, or else that of the
/// linker's arbiter, so that a callback never stalls an arbiter, and `emit` never
/// waits for one. The pool has 512 threads by default and no fairness, so a
/// subscription takes [`MAX_THREADS`] of them at most: what comes on top waits in
/// the subscription's own line.
pub(crate) struct BlockingTarget<F> {
    callback: Arc<F>,
    threads: Threads,
}

/// How many threads one subscription may use at a time. With tokio's default of
/// 512, fifteen subscriptions may be stuck and the sixteenth still runs.
const MAX_THREADS: usize = 32;

impl<F> BlockingTarget<F> {
    pub(crate) fn new(callback: F, home: &ArbiterHandle) -> Self {
        Self {
            callback: Arc::new(callback),
            threads: Threads::new(home),
        }
    }
}

impl<E, F, R> Target<E> for BlockingTarget<F>
where
    E: ?Sized + Send + Sync + 'static,
    F: Fn(Delivery<E>) -> R + Send + Sync + 'static,
    R: IntoOutcome,
{
    fn start(&self, turn: Turn<'_, E>) {
        let callback = self.callback.clone();
        let may_block = turn.may_block();
        let (delivery, slip) = turn.into_shared();
        let job = move || {
            // One that waited for too long is not to run any more.
            if !slip.is_over() {
                slip.begin();
                let run = || guard(|| callback(delivery).judge());
                let verdict = slip.span().in_scope(run);
                slip.returned(verdict);
            }
        };
        self.threads.run(job, may_block);
    }
}

/// The threads of one subscription, and the linker's arbiter, whose runtime has some.
pub(super) struct Threads {
    home: ArbiterHandle,
    line: Arc<Line>,
}

impl Threads {
    pub(super) fn new(home: &ArbiterHandle) -> Self {
        Self {
            home: home.clone(),
            line: Arc::default(),
        }
    }

    /// Runs a job: on one of them, or right here if this thread `may_block`.
    pub(super) fn run(&self, job: impl FnOnce() + Send + 'static, may_block: bool) {
        if may_block {
            return job();
        }
        let Some(thread) = Line::push(&self.line, Box::new(job)) else {
            return;
        };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn_blocking(move || thread.work());
        } else {
            self.home.spawn_fn(move || {
                actix_rt::task::spawn_blocking(move || thread.work());
            });
        }
    }
}

type Job = Box<dyn FnOnce() + Send>;

/// What waits for a thread, and how many threads work on it.
#[derive(Default)]
struct Line(Mutex<State>);

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    threads: usize,
}

impl Line {
    /// Adds a job. Returns a thread's work if one more may come.
    fn push(line: &Arc<Self>, job: Job) -> Option<Thread> {
        let mut state = line.state();
        state.jobs.push_back(job);
        (state.threads < MAX_THREADS).then(|| {
            state.threads += 1;
            let (line, done) = (line.clone(), false);
            Thread { line, done }
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One thread's part in a line. Dropped without having worked, because its
/// runtime has stopped, it drops what waits if nobody else is there to do it: that
/// is lost, and says so.
struct Thread {
    line: Arc<Line>,
    done: bool,
}

impl Thread {
    fn work(mut self) {
        while let Some(job) = self.next() {
            shielded(job);
        }
    }

    /// The next job. Finding none and leaving are one step: a job that comes
    /// right after finds a place for another thread.
    fn next(&mut self) -> Option<Job> {
        let mut state = self.line.state();
        let job = state.jobs.pop_front();
        if job.is_none() {
            state.threads -= 1;
            self.done = true;
        }
        job
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        let mut state = self.line.state();
        state.threads -= 1;
        let left = if state.threads == 0 {
            std::mem::take(&mut state.jobs)
        } else {
            VecDeque::new()
        };
        drop(state);
        drop(left);
    }
}
