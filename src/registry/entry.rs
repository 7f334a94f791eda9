use std::sync::Arc;

use crate::biased::ThisThread;
use crate::debug::Mode;
use crate::delivery::{Alone, Delivery, Header, Laps, Turn};
use crate::event::Metadata;
use crate::outcome::{Reason, Verdict, panicked};
use crate::shield::try_run;

use super::goal::{Goal, Place};
use super::record::Record;
use super::tally::{Tally, Traits};
use super::target::Nature;

/// A subscription on a route, and how it takes the event.
///
/// A delivery whose subscription is plain touches nothing of it but this, its tally and
/// its handler.
pub(super) struct Entry<E: 'static> {
    pub(super) record: Arc<Record>,
    pub(super) goal: Goal<E>,
    /// The record's.
    tally: Arc<Tally>,
    /// The tally's.
    traits: Traits,
    /// Its handler's.
    nature: Nature,
}

impl<E: Send + Sync + 'static> Entry<E> {
    pub(super) fn new(record: Arc<Record>, goal: Goal<E>) -> Self {
        Self {
            tally: record.tally().clone(),
            traits: *record.tally().traits(),
            nature: goal.nature(),
            record,
            goal,
        }
    }

    /// Claims one delivery the short way, if there is nothing to ask and a place. If it
    /// does not, that says nothing.
    #[inline(always)]
    pub(super) fn claim_shortly(&self, me: ThisThread) -> bool {
        let is_taken = self.traits.is_plain
            && !self.tally.is_paused()
            && match self.nature {
                Nature::Callback => true,
                Nature::Mailbox => self.goal.is_alive(),
                Nature::Other => false,
            };
        is_taken && self.tally.try_enter_from(me)
    }

    /// The same, for one that is known to be a [plain mailbox](Self::is_plain_mailbox).
    #[inline(always)]
    pub(super) fn claim_mailbox(&self, me: ThisThread) -> bool {
        !self.tally.is_paused() && self.goal.is_alive() && self.tally.try_enter_from(me)
    }

    /// Claims one delivery of an emission that is to be run there.
    pub(super) fn claim(&self, place: Place, event: &E, metadata: &Metadata) -> Result<(), Reason> {
        let asked = self.goal.ask(event, place);
        self.record.claim(&asked, metadata)
    }

    /// Whether this thread has what the handler needs.
    #[inline]
    pub(super) fn can_start(&self) -> bool {
        self.nature != Nature::Other || self.goal.can_start()
    }

    /// Whether it is written what becomes of its deliveries.
    pub(super) fn mode(&self) -> Mode {
        self.traits.mode
    }

    /// Whether it is a callback whose deliveries do nothing but come and go.
    pub(super) fn is_plain_callback(&self) -> bool {
        let is_typed = matches!(self.goal, Goal::Typed(_));
        is_typed && self.nature == Nature::Callback && self.traits.is_plain
    }

    /// Whether it is an actor whose deliveries do nothing but come and go.
    pub(super) fn is_plain_mailbox(&self) -> bool {
        let is_typed = matches!(self.goal, Goal::Typed(_));
        is_typed && self.nature == Nature::Mailbox && self.traits.is_plain
    }

    pub(super) fn is_unbounded(&self) -> bool {
        self.tally.is_unbounded()
    }

    #[inline]
    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Calls such a callback, and says how that ended, if not as handled without an answer.
    #[inline]
    pub(super) fn call(&self, lent: &Delivery<E>, me: ThisThread) -> Option<Box<Verdict>> {
        let Goal::Typed(aim) = &self.goal else {
            return Some(Box::new(Verdict::Lost));
        };
        let verdict = aim.target.run(lent);
        if verdict.is_none() {
            self.tally.leave_handled(me);
        }
        verdict
    }

    /// Such a call of a timed emission has ended.
    #[cold]
    pub(super) fn timed(&self, laps: &mut Laps, lent: &Delivery<E>) {
        let timed = laps.next();
        self.tally.meter().record(timed);
        lent.held().ledger().origin().timed(timed);
    }

    /// Passes the one delivery of an emission on to such an actor.
    #[inline(always)]
    pub(super) fn post(&self, alone: Alone<E>) {
        if let Goal::Typed(aim) = &self.goal {
            aim.target.post(alone);
        }
    }

    /// Makes a delivery that nobody looks at the short way, if there is one: to its end,
    /// where the handler is done when it returns. Returns whether it was made. The last
    /// one is given what is lent to all, if it needs a delivery of its own.
    #[inline]
    pub(super) fn run_shortly(
        &self,
        lent: &mut Option<Delivery<E>>,
        position: usize,
        is_last: bool,
        may_block: bool,
    ) -> bool {
        let (Some(delivery), Goal::Typed(aim)) = (&*lent, &self.goal) else {
            return false;
        };
        if self.nature == Nature::Other || !self.traits.is_plain {
            return false;
        }
        if self.nature == Nature::Callback {
            let turn = Turn::new(delivery, position, may_block);
            let ran = try_run(|| aim.target.run(turn.delivery()));
            match ran.unwrap_or_else(|panic| Some(Box::new(panicked(panic)))) {
                None => self.tally.leave_handled(ThisThread::get()),
                Some(verdict) => turn.end(*verdict),
            }
        } else if is_last {
            let given = lent
                .take()
                .map(|lent| Turn::last(lent, position, may_block));
            given.into_iter().for_each(|turn| aim.target.start(turn));
        } else {
            aim.target.start(Turn::new(delivery, position, may_block));
        }
        true
    }

    /// Ends a delivery that was handled the short way, if there is nothing to tell. The long
    /// way does the same.
    #[inline]
    pub(super) fn close_shortly(&self, header: &Header) -> bool {
        let is_short = self.traits.is_short(header);
        if is_short {
            self.tally.leave_handled(ThisThread::get());
        }
        is_short
    }
}
