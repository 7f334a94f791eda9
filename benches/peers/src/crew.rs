//! Threads that emit at the same time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use actix::System;
use futures::channel::oneshot;

use crate::event::THREADS;

type Job = Box<dyn FnOnce() + Send>;

/// How often a thread looks whether the others are there before it lets one of them have
/// its core, where there is none for each of them.
const LOOKS: u32 = 4_096;

/// Threads that emit at the same time. They live as long as it does, so that what a
/// thread has for itself is warm.
#[derive(Clone, Debug)]
pub struct Crew(Arc<[mpsc::Sender<Job>; THREADS]>);

impl Crew {
    /// Starts them, in this thread's `System`.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[must_use]
    pub fn start() -> Self {
        let system = System::current();
        let start = |_| {
            let system = system.clone();
            let (send, jobs) = mpsc::channel::<Job>();
            thread::spawn(move || {
                System::set_current(system);
                jobs.into_iter().for_each(|job| job());
            });
            send
        };
        Self(Arc::new(std::array::from_fn(start)))
    }

    /// Lets so many threads do this at the same time, each with its number, and returns
    /// what each of them had to say.
    ///
    /// # Panics
    ///
    /// When one of them does.
    pub async fn run<T: Send + 'static>(
        &self,
        threads: usize,
        work: impl Fn(usize) -> T + Send + Sync + 'static,
    ) -> Vec<T> {
        let (ready, work) = (Arc::new(AtomicUsize::new(0)), Arc::new(work));
        let mut told = Vec::new();
        for (n, jobs) in self.0.iter().take(threads).enumerate() {
            let (tell, tell_me) = oneshot::channel();
            let (ready, work) = (ready.clone(), work.clone());
            let job = Box::new(move || {
                meet(&ready, threads);
                let _ = tell.send(work(n));
            });
            jobs.send(job).expect("the thread runs");
            told.push(tell_me);
        }
        let mut said = Vec::new();
        for told in told {
            said.push(told.await.expect("the thread runs"));
        }
        said
    }
}

/// Waits until all of them are here.
fn meet(ready: &AtomicUsize, threads: usize) {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    ready.fetch_add(1, Ordering::AcqRel);
    let mut looks = 0_u32;
    while ready.load(Ordering::Acquire) < threads {
        looks += 1;
        if threads > cores && looks.is_multiple_of(LOOKS) {
            thread::yield_now();
        }
        std::hint::spin_loop();
    }
}
