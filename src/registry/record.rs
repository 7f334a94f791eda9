use std::fmt;
use std::ops::Deref;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use actix::clock::Instant;
use futures::channel::oneshot;

use crate::debug::{Debug, debug_line};
use crate::delivery::Origin;
use crate::event::{EmissionId, HandlerRef, Metadata, SubscriptionId};
use crate::middleware::Around;
use crate::notice::BreakerChanged;
use crate::outcome::{Ended, Outcome, Reason, Refusal, Stage};
use crate::policy::{Change, Pace, WhenPaused};

use super::callbacks::Callbacks;
use super::expects::{Arriving, Expects};
use super::lane::Lane;
use super::last::Replay;
use super::overflow::Overflow;
use super::registry::Registry;
use super::runs::Runs;
use super::shots::Shots;
use super::stats::Stats;
use super::stopwatch::Stopwatch;
use super::tally::{Tally, Traits};

/// A subscription, as everything that links or delivers to it sees it: what it is, and
/// the options that its deliveries meet on their way.
///
/// How a delivery is claimed stands in `claim.rs`, how it begins and ends in
/// `ending.rs`, and how what waits is started in `waking.rs`.
pub(crate) struct Record {
    pub(crate) handler: HandlerRef,
    pub(crate) lane: Lane,
    /// Most have none.
    extras: Option<Box<Extras>>,
    pub(crate) debug: Arc<Debug>,
    /// Where it is unlinked once it is spent, or its handler has gone.
    pub(crate) registry: Weak<Registry>,
    /// The higher, the earlier it is delivered to.
    pub(crate) priority: i32,
}

/// The options of a subscription that most have not. A record is used as if it had them
/// itself.
#[derive(Default)]
pub(crate) struct Extras {
    /// What a pause does.
    pub(crate) when_paused: WhenPaused,
    /// When its time is over.
    pub(crate) until: Option<Instant>,
    /// What refuses that comes too fast.
    pub(crate) pace: Option<Pace>,
    pub(crate) shots: Option<Shots>,
    pub(crate) runs: Option<Runs>,
    /// If it wants the last values.
    pub(crate) replay: Option<Replay>,
    /// Those that follow what is on its way to its handlers.
    pub(crate) expects: Vec<Arc<dyn Expects>>,
    /// The layers around its deliveries.
    pub(crate) around: Option<Around>,
    pub(crate) callbacks: Callbacks,
    /// Ends what takes too long.
    pub(crate) stopwatch: Option<Arc<dyn Stopwatch>>,
    /// Dropped with it: what unlinks it when its time is over has nothing to do.
    pub(crate) _expiry: Option<oneshot::Sender<()>>,
}

/// What one has that has none.
static NO_EXTRAS: Extras = Extras {
    when_paused: WhenPaused::Refuse,
    until: None,
    pace: None,
    shots: None,
    runs: None,
    replay: None,
    expects: Vec::new(),
    around: None,
    callbacks: Callbacks {
        on_success: None,
        on_failure: None,
    },
    stopwatch: None,
    _expiry: None,
};

impl Extras {
    /// Whether deliveries meet none of them.
    fn is_empty(&self) -> bool {
        let is_asked = self.until.is_some() || self.pace.is_some() || self.shots.is_some();
        let is_followed = self.runs.is_some() || self.around.is_some() || self.replay.is_some();
        let is_timed = self.stopwatch.is_some() || !self.expects.is_empty();
        let is_heard = self.callbacks.on_success.is_some() || self.callbacks.on_failure.is_some();
        !(is_asked || is_followed || is_timed || is_heard)
    }
}

impl Deref for Record {
    type Target = Extras;

    #[inline]
    fn deref(&self) -> &Extras {
        self.extras.as_deref().unwrap_or(&NO_EXTRAS)
    }
}

impl Record {
    /// One whose deliveries do nothing in their lane but come and go, and meet no option,
    /// is plain: they take the short way.
    pub(crate) fn new(
        handler: HandlerRef,
        (mut lane, extras): (Lane, Extras),
        debug: &Arc<Debug>,
        registry: Weak<Registry>,
    ) -> Self {
        let is_plain = lane.is_plain() && extras.is_empty();
        let tally = Arc::get_mut(&mut lane.tally);
        let tally = tally.expect("nobody counts before there is a subscription");
        let mode = debug.mode;
        tally.belong_to(Traits { is_plain, mode });
        let is_bare = extras.is_empty() && extras.when_paused == WhenPaused::Refuse;
        Self {
            handler,
            lane,
            extras: (!is_bare).then(|| Box::new(extras)),
            debug: debug.clone(),
            registry,
            priority: 0,
        }
    }

    pub(crate) fn at_priority(self, priority: i32) -> Self {
        Self { priority, ..self }
    }

    /// What has become of its deliveries. Its handle looks at it too.
    pub(crate) fn tally(&self) -> &Arc<Tally> {
        &self.lane.tally
    }

    fn is_paused(&self) -> bool {
        self.tally().is_paused()
    }

    /// Whether it refuses what comes because it is paused.
    pub(super) fn refuses_for_now(&self) -> bool {
        self.when_paused == WhenPaused::Refuse && self.is_paused()
    }

    pub(crate) fn id(&self) -> SubscriptionId {
        self.handler.subscription()
    }

    /// Whether the waiting calls wait for room in its lane.
    pub(super) fn waits(&self) -> bool {
        matches!(self.lane.overflow(), Overflow::Wait(_))
    }

    /// Pauses it, or lets it go on. Returns whether that changed anything.
    pub(crate) fn set_paused(self: &Arc<Self>, paused: bool) -> bool {
        let before = self.tally().set_paused(paused);
        if before == paused {
            return false;
        }
        let done = if paused { "paused" } else { "resumed" };
        debug_line!(self.debug, linker = %self.debug.name, subscription = %self, "{done}");
        if self.when_paused == WhenPaused::Hold {
            // Another thread may change it too: the last one counts.
            let holds = || self.is_paused() && !self.is_unlinked();
            self.pump(self.lane.hold(holds));
        }
        true
    }

    /// Whether nothing leads to it any more.
    fn is_unlinked(&self) -> bool {
        self.tally().is_unlinked().load(Ordering::SeqCst)
    }

    /// Nothing leads to it any more: what waits in its lane for something newer, waits
    /// in vain.
    pub(super) fn unlinked(self: &Arc<Self>) {
        self.tally().is_unlinked().store(true, Ordering::SeqCst);
        self.flush();
        // Nobody can resume it any more.
        self.set_paused(false);
    }

    /// Whether what comes now is not to wait for what comes after it: nothing may.
    pub(super) fn is_hurried(&self, origin: &dyn Origin) -> bool {
        origin.is_draining() || self.is_unlinked()
    }

    /// Whether deliveries may come beside so many that wait and have not begun: none does
    /// once they hold all the shots that are left.
    pub(super) fn has_more(&self, waiting: usize) -> bool {
        let shots = self.shots.as_ref();
        shots.is_none_or(|shots| shots.unspent() > waiting)
    }

    /// Takes those of its handlers out that have gone.
    pub(crate) fn unlink_dead(&self) {
        if let Some(registry) = self.registry.upgrade() {
            registry.remove_dead(self);
        }
    }

    /// Emits a notice about it.
    pub(crate) fn notify<N: Send + Sync + 'static>(&self, notice: impl FnOnce() -> N) {
        if let Some(registry) = self.registry.upgrade() {
            registry.announce(notice);
        }
    }

    /// Tells that its breaker has opened, or closed.
    #[inline]
    pub(super) fn tell_of_change(&self, change: Option<Change>) {
        if let Some(change) = change {
            self.notify(|| BreakerChanged {
                handler: self.handler.clone(),
                change,
            });
        }
    }

    /// Notes that a delivery is on its way to its handler.
    #[inline]
    pub(super) fn expect(&self) {
        self.expects.iter().for_each(|expects| expects.claimed());
    }

    /// Notes that a delivery is handed over, when what this returns is dropped; or that
    /// it never will be.
    #[inline]
    pub(super) fn arrival(&self) -> Arriving<'_> {
        Arriving(&self.expects)
    }

    /// Whether a delivery has been ended because it took too long.
    pub(super) fn is_over(&self, id: EmissionId) -> bool {
        let stopwatch = self.stopwatch.as_ref();
        stopwatch.is_some_and(|stopwatch| stopwatch.is_late(id))
    }

    /// Which of its attempts a delivery is at.
    pub(super) fn attempt(&self, id: EmissionId) -> u32 {
        let runs = self.runs.as_ref();
        runs.map_or(1, |runs| runs.attempt(id).max(1))
    }

    /// How many of its deliveries have not ended, or have ended late and are still
    /// held.
    pub(super) fn in_flight(&self) -> usize {
        let late = self.stopwatch.as_ref().map_or(0, |s| s.late());
        usize::try_from(self.tally().counts().in_flight()).unwrap_or(usize::MAX) + late
    }

    /// What has become of its deliveries.
    pub(crate) fn stats(&self) -> Stats {
        self.tally().stats(self.lane.waiting())
    }

    pub(super) fn ended(&self, stage: Stage, outcome: Outcome) -> Ended {
        Ended::new(self.handler.clone(), stage, outcome)
    }

    pub(super) fn refusal(&self, metadata: &Metadata, reason: Reason) -> Refusal {
        debug_line!(
            self.debug,
            linker = %self.debug.name,
            emission = %metadata.id(),
            event = metadata.name(),
            subscription = %self,
            %reason,
            "turned away"
        );
        Refusal::new(self.handler.clone(), reason)
    }
}

/// The id, and the name if there is one: `#7 (mailer)`.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.handler.fmt(f)
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({self})")
    }
}
