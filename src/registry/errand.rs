use std::sync::Arc;

use actix_rt::task::spawn_blocking;

use crate::delivery::{Held, Turn};
use crate::outcome::{Reason, Verdict};
use crate::shield::shielded;

use super::queue::Errand;
use super::record::Record;
use super::runs::Spot;
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
    spot: Spot,
}

impl<E: ?Sized + Send + Sync + 'static> LaneErrand<E> {
    pub(super) fn new(
        held: Held<E>,
        position: usize,
        record: &Arc<Record>,
        target: &Arc<dyn Target<E>>,
        spot: Spot,
    ) -> Self {
        Self(Some(Waiting {
            held,
            position,
            record: record.clone(),
            target: target.clone(),
            spot,
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
            spot,
        } = self;
        let may_block = spot.may_block;
        if !target.can_start() {
            let verdict = Verdict::Refused(Reason::NoArbiter);
            return record.abandon(position, &held, verdict);
        }
        if held.header().metadata.is_expired() {
            let verdict = Verdict::Refused(Reason::Expired);
            return record.abandon(position, &held, verdict);
        }
        let id = held.header().metadata.id();
        if target.begins_later() {
            target.start(Turn::new(&Turn::lend(held), position, may_block));
        } else if record.begin(position, &held, target.ends_in_time(), || spot) {
            let arrival = record.arrival();
            let lent = Turn::lend(held);
            target.start(Turn::new(&lent, position, may_block));
            drop(arrival);
        }
        record.pump(record.lane.handed_over(id));
    }
}

impl<E: ?Sized + Send + Sync + 'static> Errand for LaneErrand<E> {
    fn start(self: Box<Self>) {
        let Some(waiting) = &self.0 else {
            return;
        };
        let (record, spot) = (waiting.record.clone(), waiting.spot.clone());
        // What cannot be spawned, because the arbiter has stopped, is dropped.
        match spot.arbiter {
            Some(arbiter) => {
                arbiter.spawn_fn(move || self.run());
            }
            None => record.at_home(|home| {
                home.spawn_fn(move || {
                    if spot.may_block {
                        drop(spawn_blocking(move || self.run()));
                    } else {
                        self.run();
                    }
                });
            }),
        }
    }

    fn end(mut self: Box<Self>, reason: Reason) {
        if let Some(waiting) = self.0.take() {
            // It may be the last to hold the event, and what ends it is another emission.
            shielded(move || {
                let Waiting { held, position, .. } = &waiting;
                waiting.record.drop_out(*position, held, reason);
            });
        }
    }
}

impl<E: ?Sized + Send + Sync + 'static> Drop for LaneErrand<E> {
    fn drop(&mut self) {
        if let Some(waiting) = self.0.take() {
            shielded(move || {
                let Waiting { held, position, .. } = &waiting;
                waiting.record.abandon(*position, held, Verdict::Lost);
            });
        }
    }
}
