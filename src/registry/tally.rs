use std::fmt;
use std::mem::offset_of;
use std::sync::OnceLock;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU64};

use crate::biased::{Owner, ThisThread};
use crate::debug::Mode;
use crate::delivery::Header;
use crate::fence::Bias;
use crate::latency::Meter;
use crate::outcome::{Outcome, Reason};

use super::counts::Counts;
use super::outcomes::Outcomes;
use super::stats::Stats;

/// The counts while they count, and all else that a delivery meets on its short way, in
/// one place.
///
/// The deliveries of a lane are bounded by counting those that have [entered](Self::try_enter)
/// and those that have left. Neither count ever falls, which makes the bound exact with
/// one compare-and-swap and no word that both sides write: whoever enters reads those that
/// have entered, then those that have left, and adds himself only if nobody has entered
/// meanwhile. What left in between makes room, never less: so there are never more than
/// fit, and who is turned away has seen a full lane at the moment that he read who left.
/// As long as one thread alone enters, it needs no [swap](Bias) either.
///
/// Where those that enter and those that leave do so on two threads, each side has a cache
/// line of its own, and reads that of the other only where there seems to be no room. Those
/// that come and go at once have one for both.
///
/// In a [plain](Traits::is_plain) subscription the same two counts are the first and the
/// last word of the ledger: who enters is matched, and who leaves has ended. Elsewhere a
/// place changes hands, or is held beyond the end, so that the ledger is counted apart.
#[repr(C)]
pub(crate) struct Tally {
    going: Going,
    /// What most subscriptions never count: what did not enter, and what leaves apart from that.
    rest: OnceLock<Box<Outcomes>>,
    meter: Meter,
    /// Nothing leads to the subscription any more.
    is_unlinked: AtomicBool,
    traits: Traits,
    _apart: u64,
    coming: Coming,
}

/// What a delivery has to know of its subscription, and never changes.
#[derive(Clone, Copy, Default)]
pub(super) struct Traits {
    /// Whether deliveries do nothing here but come and go.
    pub(super) is_plain: bool,
    /// Whether it is written what becomes of each.
    pub(super) mode: Mode,
}

impl Traits {
    /// Whether the delivery of an emission takes the short way from here on: nobody looks
    /// at it.
    #[inline]
    pub(super) fn is_short(&self, header: &Header) -> bool {
        self.is_plain && header.is_unwatched() && !self.mode.is_heard()
    }
}

/// A cache line, which the two sides are apart. To align them would take more.
const LINE: usize = 64;

const _: () = assert!(offset_of!(Tally, coming) >= size_of::<Going>() + LINE);

/// What those have that leave, or that come and go at once.
#[derive(Default)]
#[repr(C)]
struct Going {
    /// Who counts here. Where there is no bound, he is sent away while it is paused.
    owner: Owner,
    owned: Counted,
    /// Have left otherwise than as handled.
    left: AtomicU64,
}

/// What those have that enter where there is a bound; and those that do not own the other.
#[derive(Default)]
struct Coming {
    /// Those that have entered, where there is a bound.
    entered: AtomicU64,
    bias: Bias,
    /// How many had left when that was looked at last: no more than have by now.
    seen: AtomicU64,
    /// How many may be in at a time.
    capacity: u64,
    /// Where there is a bound.
    is_paused: AtomicBool,
    shared: Counted,
}

/// Of a lane without a bound.
const UNBOUNDED: u64 = u64::MAX;

/// What one thread counts by plain additions, and others [beside it](crate::biased).
#[derive(Default)]
struct Counted {
    /// Have entered where there is no bound.
    entered: AtomicU64,
    /// Have left as handled, if it is plain.
    handled: AtomicU64,
}

impl Tally {
    /// For as many at a time as come.
    pub(super) fn open() -> Self {
        Self::with_capacity(UNBOUNDED)
    }

    pub(super) fn bounded(capacity: usize) -> Self {
        Self::with_capacity(u64::try_from(capacity).unwrap_or(UNBOUNDED))
    }

    fn with_capacity(capacity: u64) -> Self {
        Self {
            coming: Coming {
                capacity,
                ..Coming::default()
            },
            going: Going::default(),
            rest: OnceLock::new(),
            meter: Meter::default(),
            is_unlinked: AtomicBool::new(false),
            traits: Traits::default(),
            _apart: 0,
        }
    }

    /// Says whose it is, before anybody counts.
    pub(super) fn belong_to(&mut self, traits: Traits) {
        self.traits = traits;
    }

    #[inline]
    pub(super) fn traits(&self) -> &Traits {
        &self.traits
    }

    /// Whether a delivery may be claimed the short way: there is nothing to ask but its
    /// handler, and whether there is [room](Self::try_enter).
    #[inline]
    pub(super) fn asks_nothing(&self) -> bool {
        self.traits.is_plain && !self.is_paused()
    }

    #[inline]
    pub(super) fn is_paused(&self) -> bool {
        match self.is_unbounded() {
            true => self.going.owner.is_away(),
            false => self.coming.is_paused.load(Acquire),
        }
    }

    /// Pauses it, or no longer. Returns what it was.
    pub(super) fn set_paused(&self, paused: bool) -> bool {
        match self.is_unbounded() {
            true => self.going.owner.set_away(paused),
            false => self.coming.is_paused.swap(paused, AcqRel),
        }
    }

    pub(super) fn meter(&self) -> &Meter {
        &self.meter
    }

    pub(super) fn is_unlinked(&self) -> &AtomicBool {
        &self.is_unlinked
    }

    /// Takes a place, if there is one. Never takes more than there are, and never refuses
    /// while there is one, however many try at once.
    #[inline]
    pub(super) fn try_enter(&self) -> bool {
        self.try_enter_from(ThisThread::get())
    }

    /// The same, for one that knows its thread.
    #[inline(always)]
    pub(super) fn try_enter_from(&self, me: ThisThread) -> bool {
        if self.is_unbounded() {
            self.enter_many(1, me);
            return true;
        }
        let entered = &self.coming.entered;
        let plain = || {
            let before = entered.load(Relaxed);
            let has_place = self.has_place_beside(before);
            if has_place {
                entered.store(before + 1, Release);
            }
            has_place
        };
        self.coming
            .bias
            .run(me, plain, || self.enter_among_others())
    }

    fn enter_among_others(&self) -> bool {
        let count = &self.coming.entered;
        // Before those that have left are read.
        let mut entered = count.load(Acquire);
        loop {
            if !self.has_place_beside(entered) {
                return false;
            }
            match count.compare_exchange_weak(entered, entered + 1, Acquire, Acquire) {
                Ok(_) => return true,
                Err(now) => entered = now,
            }
        }
    }

    /// Whether there is a place for as many as come.
    #[inline]
    pub(super) fn is_unbounded(&self) -> bool {
        self.coming.capacity == UNBOUNDED
    }

    /// Takes so many places, where there is [no bound](Self::is_unbounded).
    #[inline]
    pub(super) fn enter_many(&self, count: u64, me: ThisThread) {
        self.add(count, self.going.owner.is(me), |counted| &counted.entered);
    }

    /// Takes one where there is no bound and [nothing to ask](Self::asks_nothing) but whether
    /// it is paused: then it is nobody's.
    #[inline(always)]
    pub(super) fn enter_open(&self, me: ThisThread) -> bool {
        let is_owner = self.going.owner.is(me);
        let is_let_in = is_owner || !self.going.owner.is_away();
        if is_let_in {
            self.add(1, is_owner, |counted| &counted.entered);
        }
        is_let_in
    }

    /// Whether [`try_enter`](Self::try_enter) would find a place.
    pub(super) fn has_place(&self) -> bool {
        self.is_unbounded() || self.has_place_beside(self.coming.entered.load(Acquire))
    }

    #[inline]
    fn has_place_beside(&self, entered: u64) -> bool {
        let Coming { seen, capacity, .. } = &self.coming;
        let fits = |left| entered.saturating_sub(left) < *capacity;
        fits(seen.load(Relaxed)) || fits(self.look())
    }

    #[inline]
    fn add(&self, count: u64, is_owner: bool, which: impl FnOnce(&Counted) -> &AtomicU64) {
        if is_owner {
            let owned = which(&self.going.owned);
            owned.store(owned.load(Relaxed) + count, Release);
        } else {
            which(&self.coming.shared).fetch_add(count, Release);
        }
    }

    fn get(&self, which: fn(&Counted) -> &AtomicU64) -> u64 {
        which(&self.going.owned).load(Acquire) + which(&self.coming.shared).load(Acquire)
    }

    /// How many have left. Others may have come and gone since those that have entered were
    /// read: then there is a place, or it is seen again.
    fn look(&self) -> u64 {
        let left = self.get(|counted| &counted.handled) + self.going.left.load(Acquire);
        self.coming.seen.store(left, Relaxed);
        left
    }

    /// Gives a place back that the ledger does not speak of: where it is counted apart.
    #[inline]
    pub(super) fn leave(&self) {
        if !self.traits.is_plain {
            self.going.left.fetch_add(1, Release);
        }
    }

    /// A delivery has ended as handled, and gives its place back.
    #[inline]
    pub(super) fn leave_handled(&self, me: ThisThread) {
        self.add(1, self.going.owner.is(me), |counted| &counted.handled);
    }

    /// Counts how an emission was answered. Where it is plain, who was let in is counted.
    #[inline]
    pub(super) fn answered(&self, answer: &Result<(), Reason>) {
        match answer {
            Ok(()) if self.traits.is_plain => {}
            Ok(()) => self.rest().matched(),
            Err(reason) => self.rest().turned_away(reason),
        }
    }

    pub(super) fn tried_again(&self) {
        self.rest().tried_again();
    }

    /// Counts how a delivery ended. Where it is plain, its place is free then.
    pub(super) fn ended(&self, outcome: &Outcome) {
        if self.traits.is_plain && outcome.is_handled() {
            return self.leave_handled(ThisThread::get());
        }
        self.rest().ended(outcome);
        if self.traits.is_plain {
            self.going.left.fetch_add(1, Release);
        }
    }

    #[cold]
    fn rest(&self) -> &Outcomes {
        self.rest.get_or_init(Box::default)
    }

    /// Who has entered, if it is plain.
    fn entered(&self) -> u64 {
        match self.traits.is_plain {
            true => self.get(|counted| &counted.entered) + self.coming.entered.load(Acquire),
            false => 0,
        }
    }

    pub(crate) fn stats(&self, waiting: usize) -> Stats {
        let (queue, run) = self.meter().latencies();
        Stats {
            counts: self.counts(),
            waiting,
            queue,
            run,
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        let handled = match self.traits.is_plain {
            true => self.get(|counted| &counted.handled),
            false => 0,
        };
        let mut counts = match self.rest.get() {
            Some(rest) => rest.counts(),
            None => Counts::default(),
        };
        counts.handled += handled;
        // Last: nothing has ended that was not counted in before.
        counts.matched += self.entered();
        counts
    }
}

impl fmt::Debug for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tally").field(&self.counts()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicI64;

    use super::*;

    const PLAIN: Traits = Traits {
        is_plain: true,
        mode: Mode::Off,
    };

    #[test]
    fn it_takes_its_capacity_and_not_one_more() {
        let tally = Tally::bounded(2);
        assert!(tally.try_enter() && tally.try_enter());
        assert!(!tally.try_enter() && !tally.has_place());
        tally.leave();
        assert!(tally.has_place() && tally.try_enter());
        assert!(!tally.try_enter());
        let open = Tally::open();
        assert!((0..1_000).all(|_| open.try_enter()) && open.has_place());
    }

    #[test]
    fn it_is_exact_under_threads() {
        let tally = Tally::bounded(100);
        let entered = std::thread::scope(|scope| {
            let enter = || (0..1_000).filter(|_| tally.try_enter()).count();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(enter)).collect();
            let counts = threads.into_iter().map(|thread| thread.join().unwrap());
            counts.sum::<usize>()
        });
        assert_eq!(entered, 100);
    }

    #[test]
    fn an_open_one_lets_nobody_in_while_it_is_paused() {
        let mut tally = Tally::open();
        tally.belong_to(PLAIN);
        let me = ThisThread::get();
        let pause = || {
            std::thread::scope(|scope| {
                let paused = scope.spawn(|| tally.set_paused(true));
                paused.join().unwrap()
            })
        };
        assert!(tally.enter_open(me) && !tally.is_paused());
        assert!(!pause() && pause() && tally.is_paused());
        assert!(!tally.enter_open(me) && !tally.asks_nothing());
        tally.leave_handled(me);
        assert!(tally.set_paused(false) && !tally.is_paused());
        assert!(tally.enter_open(me) && tally.asks_nothing());
        let counts = tally.counts();
        let in_flight = counts.in_flight();
        assert_eq!((counts.matched, counts.handled, in_flight), (2, 1, 1));
    }

    /// As many threads as there are places always find one, whoever comes and goes; and
    /// more never hold more than there are.
    #[test]
    fn nobody_is_refused_while_there_is_a_place_and_the_ledger_adds_up() {
        for (threads, places) in [(3, 3), (4, 2)] {
            let mut tally = Tally::bounded(places);
            tally.belong_to(PLAIN);
            let (inside, tally) = (AtomicI64::new(0), &tally);
            let come_and_go = || {
                let mut refused = 0_u64;
                for n in 0..20_000 {
                    if !tally.try_enter() {
                        let reason = Reason::LaneFull { capacity: places };
                        tally.answered(&Err(reason));
                        refused += 1;
                        continue;
                    }
                    let held = inside.fetch_add(1, Relaxed) + 1;
                    assert!(usize::try_from(held).unwrap() <= places);
                    inside.fetch_sub(1, Relaxed);
                    match n % 3 {
                        0 => tally.ended(&Outcome::Lost(crate::outcome::Lost)),
                        _ => tally.leave_handled(ThisThread::get()),
                    }
                }
                refused
            };
            let refused: u64 = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..threads).map(|_| scope.spawn(come_and_go)).collect();
                threads
                    .into_iter()
                    .map(|thread| thread.join().unwrap())
                    .sum()
            });
            let counts = tally.counts();
            assert_eq!(counts.matched, threads * 20_000);
            assert_eq!((counts.refused, counts.in_flight()), (refused, 0));
            assert!(places < usize::try_from(threads).unwrap() || refused == 0);
        }
    }
}
