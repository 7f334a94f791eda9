//! Keeps threads out of each other's way.
//!
//! What every emission writes, and what all threads have in common, is where they wait for
//! each other: a cache line that another thread has written is a hundred times as far away as
//! one's own. So there is one of it for each of a few groups of threads.

use crate::biased::{Biased, Owner, ThisThread};
use crate::fence;

/// A power of two.
const STRIPES: usize = 8;

/// One of something for each group of threads.
#[derive(Debug)]
pub(crate) struct Stripes<T>([Apart<T>; STRIPES]);

/// On cache lines of its own: processors fetch two at a time.
#[derive(Debug)]
#[repr(align(128))]
struct Apart<T>(T);

impl<T> Stripes<T> {
    pub(crate) fn new(make: impl Fn(usize) -> T) -> Self {
        Self(std::array::from_fn(|at| Apart(make(at))))
    }

    /// That of a thread.
    #[inline]
    pub(crate) fn of(&self, thread: ThisThread) -> &T {
        // Less than the number of stripes.
        let at = thread.number() & (STRIPES as u64 - 1);
        &self.0[usize::try_from(at).unwrap_or(0)].0
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|apart| &apart.0)
    }
}

/// How many are somewhere.
///
/// Whoever comes, and whoever goes, is counted where his thread is, and neither count ever
/// falls: all that have come, less all that have gone, are there. Most stripes are one thread's
/// alone, which counts by plain additions: see [`fence`](crate::fence).
#[derive(Debug)]
pub(crate) struct Crowd(Stripes<Count>);

#[derive(Debug)]
struct Count {
    owner: Owner,
    come: Biased,
    gone: Biased,
    left: Biased,
}

impl Default for Crowd {
    fn default() -> Self {
        let is_asymmetric = fence::is_asymmetric();
        Self(Stripes::new(|_| Count {
            owner: match is_asymmetric {
                true => Owner::default(),
                false => Owner::nobody(),
            },
            come: Biased::default(),
            gone: Biased::default(),
            left: Biased::default(),
        }))
    }
}

impl Crowd {
    /// Some come. Whoever asks afterwards whether they may stay, and whoever forbids it,
    /// passes a [heavy fence](fence::heavy) and counts, cannot both miss each other.
    #[inline]
    pub(crate) fn come(&self, several: usize) {
        self.add(several, |count| &count.come);
    }

    /// Some go, from whatever thread. The same holds for whoever asks afterwards.
    #[inline]
    pub(crate) fn go(&self, several: usize) {
        self.add(several, |count| &count.gone);
    }

    /// One goes, as by [`go`](Self::go), and leaves so many of something behind.
    #[inline]
    pub(crate) fn go_and_leave(&self, behind: usize) {
        let me = ThisThread::get();
        let count = self.0.of(me);
        let is_owner = count.owner.is(me);
        count.left.add(behind as u64, is_owner);
        count.gone.add(1, is_owner);
        fence::light();
    }

    /// How many have been left behind, by all that have gone.
    pub(crate) fn left_behind(&self) -> u64 {
        self.0.iter().map(|count| count.left.get()).sum()
    }

    #[inline]
    fn add(&self, several: usize, which: impl FnOnce(&Count) -> &Biased) {
        let me = ThisThread::get();
        let count = self.0.of(me);
        which(count).add(several as u64, count.owner.is(me));
        fence::light();
    }

    /// How many are there, as far as this thread can know: of those that have come or gone on
    /// others, it may miss the last. Between a [heavy fence](fence::heavy) and this it misses
    /// none from before the fence.
    ///
    /// When it says that none is there, then there was a moment, since it was asked, when that
    /// was so of those that it knows. For those that have gone are counted before those that
    /// have come: at the moment in between, at least so many had gone, and at most so many had
    /// come.
    pub(crate) fn count(&self) -> usize {
        let sum = |which: fn(&Count) -> &Biased| {
            let counts = self.0.iter().map(|count| which(count).get());
            counts.fold(0, u64::wrapping_add)
        };
        let gone = sum(|count| &count.gone);
        let come = sum(|count| &count.come);
        usize::try_from(come.wrapping_sub(gone)).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Barrier, Mutex};
    use std::thread;

    use super::*;

    #[test]
    fn a_thread_keeps_its_stripe_and_the_next_has_another() {
        let stripes = Stripes::new(|at| at);
        let seen = Mutex::new(HashSet::new());
        let all_there = Barrier::new(4);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mine = *stripes.of(ThisThread::get());
                    seen.lock().unwrap().insert(mine);
                    all_there.wait();
                    assert_eq!(*stripes.of(ThisThread::get()), mine);
                });
            }
        });
        assert!(seen.lock().unwrap().len() > 1);
        assert!(stripes.iter().copied().eq(0..STRIPES));
    }

    #[test]
    fn what_is_left_behind_is_of_all_threads() {
        let crowd = Crowd::default();
        crowd.come(20_001);
        crowd.go_and_leave(1);
        let go = || (0..1_000).for_each(|_| crowd.go_and_leave(2));
        thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(go);
            }
        });
        assert_eq!((crowd.count(), crowd.left_behind()), (0, 40_001));
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
