use std::sync::Arc;

use actix_rt::{Arbiter, ArbiterHandle};

use crate::delivery::{Held, Turn};
use crate::outcome::{Reason, Verdict};
use crate::shield::shielded;

use super::lane::Errand;
use super::record::Record;
use super::target::Target;

/// A delivery that waits in its lane until the one before it has ended.
///
/// It is made on the arbiter that its emission was run on, or, if that ran on
/// none, on the linker's: never in the middle of what has just ended, which may be
/// deep in somebody's stack.
pub(super) struct LaneErrand<E: ?Sized + Send + Sync + 'static>(Option<Waiting<E>>);

struct Waiting<E: ?Sized + Send + Sync + 'static> {
    held: Held<E>,
    position: usize,
    record: Arc<Record>,
    target: Arc<dyn Target<E>>,
    may_block: bool,
    arbiter: Option<ArbiterHandle>,
}

impl<E: ?Sized + Send + Sync + 'static> LaneErrand<E> {
    pub(super) fn new(
        held: Held<E>,
        position: usize,
        record: &Arc<Record>,
        target: &Arc<dyn Target<E>>,
        may_block: bool,
    ) -> Self {
        Self(Some(Waiting {
            held,
            position,
            record: record.clone(),
            target: target.clone(),
            may_block,
            arbiter: Arbiter::try_current(),
        }))
    }

    fn run(mut self) {
        if let Some(waiting) = self.0.take() {
            shielded(|| waiting.run());
        }
    }
}

impl<E: ?Sized + Send + Sync + 'static> Waiting<E> {
    fn run(self) {
        let Self {
            held,
            position,
            record,
            target,
            may_block,
            ..
        } = self;
        if !target.can_start() {
            let verdict = Verdict::Refused(Reason::NoArbiter);
            return record.abandon(position, &held, verdict);
        }
        if held.emitted.header.metadata.is_expired() {
            let verdict = Verdict::Refused(Reason::Expired);
            return record.abandon(position, &held, verdict);
        }
        record.begin(position, &held, target.ends_in_time());
        let lent = Turn::lend(held);
        target.start(Turn::new(&lent, position, may_block));
    }
}

impl<E: ?Sized + Send + Sync + 'static> Errand for LaneErrand<E> {
    fn start(self: Box<Self>) {
        let Some(waiting) = &self.0 else {
            return;
        };
        let registry = waiting.record.registry.upgrade();
        let host = registry.and_then(|registry| registry.host());
        let home = host.as_ref().map(|host| host.home());
        // What cannot be spawned, because the arbiter has stopped, is dropped.
        if let Some(arbiter) = waiting.arbiter.clone().as_ref().or(home) {
            arbiter.spawn_fn(move || self.run());
        }
    }

    fn end(mut self: Box<Self>, reason: Reason) {
        if let Some(waiting) = self.0.take() {
            let Waiting { held, position, .. } = &waiting;
            waiting.record.drop_out(*position, held, reason);
        }
    }
}

impl<E: ?Sized + Send + Sync + 'static> Drop for LaneErrand<E> {
    fn drop(&mut self) {
        if let Some(waiting) = self.0.take() {
            let Waiting { held, position, .. } = &waiting;
            waiting.record.abandon(*position, held, Verdict::Lost);
        }
    }
}
