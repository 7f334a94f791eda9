use std::pin::pin;
use std::sync::Arc;

use actix::clock::sleep_until;
use actix_rt::task::yield_now;
use futures::future::select;

use crate::debug::debug_line;
use crate::emitter::shared::Shared;
use crate::notice::TicksMissed;
use crate::outcome::{Reason, Receipt};
use crate::shield::shielded;

use super::about::About;
use super::agenda::Tick;
use super::now::Now;
use super::rhythm::Beat;
use super::schedules::{Schedules, Step};

/// How many ticks are carried out before others on the arbiter have their turn, as for
/// emissions.
const TICKS_A_TURN: usize = 61;

/// The task that emits what is due. It is there while anything is pending, and keeps the
/// emitter as long.
pub(super) struct Keeper {
    emitter: Arc<Shared>,
    has_ended: bool,
}

impl Keeper {
    pub(super) fn new(emitter: &Arc<Shared>) -> Self {
        Self {
            emitter: emitter.clone(),
            has_ended: false,
        }
    }

    pub(super) async fn keep(mut self) {
        let mut ticks = 0;
        loop {
            match self.schedules().step() {
                Step::Emit(tick) => self.carry_out(tick),
                Step::SleepUntil(at) => {
                    let changed = pin!(self.schedules().changed());
                    let _ = select(pin!(sleep_until(at)), changed).await;
                    ticks = 0;
                    continue;
                }
                Step::Stop => {
                    self.has_ended = true;
                    return;
                }
            }
            ticks += 1;
            if ticks % TICKS_A_TURN == 0 {
                yield_now().await;
            }
        }
    }

    fn schedules(&self) -> &Schedules {
        &self.emitter.core.schedules
    }

    /// Says when it is due again, then what was missed, and emits.
    fn carry_out(&self, tick: Tick) {
        let Tick {
            about,
            due,
            mut job,
        } = tick;
        let Beat { next, missed } = job.rhythm.beat(due, &Now::read());
        if self.schedules().put_off(about.id, next) {
            self.miss(&about, missed);
            let mut done = None;
            shielded(|| done = Some(job.source.emit(&self.emitter, &about)));
            match done {
                Some(Some(receipt)) if is_last(&receipt) => {
                    self.schedules().cancel(about.id);
                }
                Some(None) => self.miss(&about, 1),
                Some(Some(_)) | None => {}
            }
        }
        let ended = match next {
            Some(_) => self.schedules().give_back(about.id, job),
            None => Some(job),
        };
        shielded(move || drop(ended));
    }

    fn miss(&self, about: &About, missed: u64) {
        if missed == 0 {
            return;
        }
        about.count_missed(missed);
        let core = &self.emitter.core;
        debug_line!(
            core.debug,
            emitter = %core.debug.name,
            schedule = %about.id,
            event = about.name(),
            missed,
            "ticks missed"
        );
        if about.makes_notices {
            core.linker.core().registry().announce(|| TicksMissed {
                schedule: about.id,
                address: about.address.clone(),
                missed,
            });
        }
    }
}

/// Whether no later emission of the same can be taken.
fn is_last(receipt: &Receipt) -> bool {
    matches!(
        receipt.refusal(),
        Some(
            Reason::Expired
                | Reason::InvalidTopic(_)
                | Reason::ShuttingDown
                | Reason::LinkerStopped
        )
    )
}

/// The arbiter has stopped, or never ran it.
impl Drop for Keeper {
    fn drop(&mut self) {
        if !self.has_ended {
            self.schedules().abandon();
        }
    }
}
