use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use actix::clock::Instant;
use tokio::sync::Notify;

use crate::emitter::shared::{Core, Shared};
use crate::event::ScheduleId;
use crate::linker::Pending;
use crate::shield::shielded;

use super::about::About;
use super::agenda::{Agenda, Job, Tick};
use super::due::Due;
use super::info::ScheduleInfo;
use super::keeper::Keeper;
use super::now::Now;

/// The schedules of one emitter: those that are pending.
///
/// Nothing of a user's runs or is dropped under the lock.
#[derive(Default)]
pub(in crate::emitter) struct Schedules {
    agenda: Mutex<Agenda>,
    /// Something is due earlier than it was, or nothing is any more.
    changed: Notify,
}

/// What is to be done next.
pub(super) enum Step {
    Emit(Tick),
    SleepUntil(Instant),
    /// Nothing is pending, and nobody looks after what comes.
    Stop,
}

impl Schedules {
    /// Adds one, and sees to it that somebody looks after it. Gives the job back if the
    /// emitter is shut.
    pub(super) fn add(
        emitter: &Arc<Shared>,
        about: &Arc<About>,
        due: Due,
        job: Job,
    ) -> Result<(), Job> {
        let (core, id) = (&emitter.core, about.id);
        let schedules = &core.schedules;
        let mut agenda = schedules.agenda();
        // Asked under the lock: whoever shuts it cancels what is in the agenda after that.
        if is_shut(core) {
            return Err(job);
        }
        agenda.insert(about.clone(), due, job);
        let is_kept = std::mem::replace(&mut agenda.is_kept, true);
        let is_first = agenda.is_first(due, id);
        drop(agenda);
        if !is_kept {
            // When the arbiter has stopped, the keeper is dropped, and abandons it.
            core.linker.core().home().spawn(Keeper::new(emitter).keep());
        } else if is_first {
            schedules.changed.notify_one();
        }
        Ok(())
    }

    pub(super) fn cancel(&self, id: ScheduleId) -> bool {
        let mut agenda = self.agenda();
        let entry = agenda.remove(id);
        let is_empty = agenda.is_empty();
        drop(agenda);
        if is_empty {
            self.changed.notify_one();
        }
        let is_cancelled = entry.is_some();
        shielded(move || drop(entry));
        is_cancelled
    }

    pub(super) fn is_pending(&self, id: ScheduleId) -> bool {
        self.agenda().get(id).is_some()
    }

    pub(super) fn next(&self, id: ScheduleId) -> Option<SystemTime> {
        let due = self.agenda().get(id)?.due;
        Some(due.wall(&Now::read()))
    }

    /// Those that are pending: what is due first comes first.
    pub(in crate::emitter) fn list(&self) -> Vec<ScheduleInfo> {
        let agenda = self.agenda();
        let pending: Vec<_> = agenda.iter().map(|e| (e.due, e.about.clone())).collect();
        drop(agenda);
        let now = Now::read();
        let infos = pending.iter().map(|(due, about)| {
            let info = ScheduleInfo::new(about, due.wall(&now));
            (due.instant(&now), info)
        });
        let mut infos: Vec<_> = infos.collect();
        infos.sort_by_key(|(due, info)| (*due, info.id()));
        infos.into_iter().map(|(_, info)| info).collect()
    }

    pub(super) fn step(&self) -> Step {
        let mut agenda = self.agenda();
        let now = Now::read();
        if let Some(tick) = agenda.pop_due(&now) {
            return Step::Emit(tick);
        }
        match agenda.next_look(&now) {
            Some(at) => Step::SleepUntil(at),
            None => {
                agenda.is_kept = false;
                Step::Stop
            }
        }
    }

    /// Waits until there may be something else to do.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// As [`Agenda::put_off`].
    pub(super) fn put_off(&self, id: ScheduleId, next: Option<Due>) -> bool {
        self.agenda().put_off(id, next)
    }

    /// As [`Agenda::give_back`].
    pub(super) fn give_back(&self, id: ScheduleId, job: Job) -> Option<Job> {
        self.agenda().give_back(id, job)
    }

    /// Ends everything, as nobody looks after it any more.
    pub(super) fn abandon(&self) {
        let mut agenda = self.agenda();
        agenda.is_kept = false;
        let entries = agenda.take();
        drop(agenda);
        for entry in entries.into_values() {
            shielded(move || drop(entry));
        }
    }

    fn agenda(&self) -> MutexGuard<'_, Agenda> {
        self.agenda.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether nothing that is emitted is taken any more.
fn is_shut(core: &Core) -> bool {
    core.load.is_closed() || core.linker.core().registry().is_closed()
}

impl Pending for Schedules {
    fn cancel_all(&self) -> usize {
        let entries = self.agenda().take();
        let count = entries.len();
        if count > 0 {
            self.changed.notify_one();
        }
        for entry in entries.into_values() {
            shielded(move || drop(entry));
        }
        count
    }
}

impl fmt::Debug for Schedules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pending = self.agenda().iter().count();
        f.debug_struct("Schedules")
            .field("pending", &pending)
            .finish_non_exhaustive()
    }
}
