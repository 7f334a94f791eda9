//! Keeps threads out of each other's way.
//!
//! What every emission writes, and what all threads have in common, is where they wait for
//! each other: a cache line that another thread has written is a hundred times as far away as
//! one's own. So there is one of it for each of a few groups of threads.

use std::cell::Cell;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// A power of two.
const STRIPES: usize = 8;

thread_local! {
    /// This thread's stripe, once it has been asked for.
    static MINE: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// One of something for each group of threads.
#[derive(Debug)]
pub(crate) struct Stripes<T>(Box<[Apart<T>; STRIPES]>);

/// On cache lines of its own: processors fetch two at a time.
#[derive(Debug)]
#[repr(align(128))]
struct Apart<T>(T);

impl<T> Stripes<T> {
    pub(crate) fn new(make: impl Fn(usize) -> T) -> Self {
        Self(Box::new(std::array::from_fn(|at| Apart(make(at)))))
    }

    /// That of this thread.
    #[inline]
    pub(crate) fn here(&self) -> &T {
        let mine = match MINE.get() {
            usize::MAX => find(),
            mine => mine,
        };
        &self.0[mine % STRIPES].0
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|apart| &apart.0)
    }
}

#[cold]
fn find() -> usize {
    let mut number = Number(0);
    thread::current().id().hash(&mut number);
    // What is left is less than the number of stripes.
    let mine = usize::try_from(number.finish() % STRIPES as u64).unwrap_or(0);
    MINE.set(mine);
    mine
}

/// Takes the number that a `ThreadId` writes for its hash: threads that are started one after
/// the other have numbers in a row, and so stripes of their own.
struct Number(u64);

impl Hasher for Number {
    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }

    /// Not what a `ThreadId` does today; right all the same if it does one day.
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// How many are somewhere.
///
/// Whoever comes, and whoever goes, is counted where his thread is, and neither count ever
/// falls: all that have come, less all that have gone, are there.
#[derive(Debug)]
pub(crate) struct Crowd(Stripes<Count>);

#[derive(Debug, Default)]
struct Count {
    come: AtomicUsize,
    gone: AtomicUsize,
}

impl Default for Crowd {
    fn default() -> Self {
        Self(Stripes::new(|_| Count::default()))
    }
}

impl Crowd {
    /// Some come. Whoever asks afterwards whether they may stay, and whoever forbids it and
    /// counts afterwards, cannot both miss each other: all is sequentially consistent.
    #[inline]
    pub(crate) fn come(&self, several: usize) {
        self.0.here().come.fetch_add(several, Ordering::SeqCst);
    }

    /// Some go, from whatever thread.
    #[inline]
    pub(crate) fn go(&self, several: usize) {
        self.0.here().gone.fetch_add(several, Ordering::SeqCst);
    }

    /// How many are there. It may count some that have gone meanwhile; and when it says that
    /// none is there, then there was a moment, since it was asked, when that was so.
    ///
    /// For those that have gone are counted before those that have come: at the moment in
    /// between, at least so many had gone, and at most so many had come.
    pub(crate) fn count(&self) -> usize {
        let gone = self.0.iter().map(|count| count.gone.load(Ordering::SeqCst));
        let gone = gone.fold(0, usize::wrapping_add);
        let come = self.0.iter().map(|count| count.come.load(Ordering::SeqCst));
        come.fold(0, usize::wrapping_add).wrapping_sub(gone)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::atomic::AtomicBool;
    use std::sync::{Barrier, Mutex};

    use super::*;

    #[test]
    fn a_thread_keeps_its_stripe_and_the_next_has_another() {
        let stripes = Stripes::new(|at| at);
        let seen = Mutex::new(HashSet::new());
        let all_there = Barrier::new(4);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mine = *stripes.here();
                    seen.lock().unwrap().insert(mine);
                    all_there.wait();
                    assert_eq!(*stripes.here(), mine);
                });
            }
        });
        assert!(seen.lock().unwrap().len() > 1);
        assert!(stripes.iter().copied().eq(0..STRIPES));
    }

    #[test]
    fn who_comes_on_one_thread_may_go_on_another() {
        let crowd = Crowd::default();
        crowd.come(3);
        thread::scope(|scope| {
            scope.spawn(|| crowd.go(2));
        });
        assert_eq!(crowd.count(), 1);
        crowd.go(1);
        assert_eq!(crowd.count(), 0);
    }

    /// One is always there, whoever comes and goes: it is never missed.
    #[test]
    fn none_is_missed_that_stays_while_others_come_and_go() {
        let (crowd, is_over) = (Crowd::default(), AtomicBool::new(false));
        crowd.come(1);
        thread::scope(|scope| {
            let come_and_go = || {
                for _ in 0..50_000 {
                    crowd.come(1);
                    crowd.go(1);
                }
            };
            let threads: Vec<_> = (0..2).map(|_| scope.spawn(come_and_go)).collect();
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    assert!(crowd.count() > 0);
                }
            });
            for thread in threads {
                thread.join().unwrap();
            }
            is_over.store(true, Ordering::Relaxed);
        });
        assert_eq!(crowd.count(), 1);
    }
}
