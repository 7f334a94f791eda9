//! What everyone delivers, and what every handler does with it.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How many threads emit at most.
pub const THREADS: usize = 4;

/// What everyone delivers: 32 bytes.
#[derive(Clone, Debug, actix::Message)]
#[rtype(result = "()")]
pub struct Event([u64; 4]);

impl Event {
    /// An event of the only thread that emits.
    #[must_use]
    pub fn new(n: usize) -> Self {
        Self::of_thread(0, n)
    }

    /// An event of one of the threads that emit.
    #[must_use]
    pub fn of_thread(thread: usize, n: usize) -> Self {
        let n = n as u64;
        Self([thread as u64, n, n, n])
    }

    fn thread(&self) -> usize {
        // A power of two, so that no bound is checked.
        self.0[0] as usize % THREADS
    }
}

/// A counter on a cache line, and its neighbour, of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Line(AtomicUsize);

/// How many handler runs are still to come: one count for each thread that emits, so
/// that they share no cache line on account of the measure.
#[derive(Clone, Debug, Default)]
pub struct Left(Arc<[Line; THREADS]>);

impl Left {
    /// What every handler does: one atomic decrement.
    #[inline]
    pub fn handle(&self, event: &Event) {
        black_box(event);
        self.0[event.thread()].0.fetch_sub(1, Ordering::Relaxed);
    }

    /// Expects so many handler runs of events of a thread.
    pub fn expect(&self, thread: usize, runs: usize) {
        self.0[thread].0.store(runs, Ordering::Relaxed);
    }

    /// Whether every expected handler run is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0
            .iter()
            .all(|line| line.0.load(Ordering::Relaxed) == 0)
    }

    /// Lets this thread's tasks run until every expected handler run is over. With
    /// `spins` it looks less often, for handlers on another thread, whose counter it
    /// would take away.
    /// It is false when they are not over after ten seconds: something was lost.
    #[must_use]
    pub async fn are_over(&self, spins: usize) -> bool {
        let mut rounds = 0_u32;
        let mut begin = None;
        while !self.is_over() {
            actix_rt::task::yield_now().await;
            for _ in 0..spins {
                std::hint::spin_loop();
            }
            rounds += 1;
            if rounds.is_multiple_of(4_096) {
                let begin = begin.get_or_insert_with(Instant::now);
                if begin.elapsed() > Duration::from_secs(10) {
                    return false;
                }
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, Left};

    #[test]
    fn each_thread_is_counted_on_its_own() {
        let left = Left::default();
        left.expect(0, 1);
        left.expect(1, 2);
        left.handle(&Event::of_thread(1, 7));
        left.handle(&Event::new(8));
        assert!(!left.is_over());
        left.handle(&Event::of_thread(1, 9));
        assert!(left.is_over());
    }
}
