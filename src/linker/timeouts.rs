use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix::clock::{Instant, sleep_until};
use actix_rt::ArbiterHandle;

use crate::delivery::Held;
use crate::event::{AnyEvent, EmissionId};
use crate::outcome::TimedOut;
use crate::registry::{Record, Stopped, Stopwatch};
use crate::shield::shielded;

/// The timeout of a subscription, and the deliveries it runs for.
///
/// One task on the linker's arbiter sleeps until the first of them is due, and is
/// there only while there are any. What ends itself in time, on its own arbiter, is
/// due a [`GRACE`] later.
pub(super) struct Timeouts {
    limit: Duration,
    home: ArbiterHandle,
    state: Mutex<State>,
}

/// How long the arbiter of an async callback may be busy with something else, when
/// the callback's time is over, before it counts as stuck.
const GRACE: Duration = Duration::from_millis(100);

#[derive(Default)]
struct State {
    running: HashMap<EmissionId, Running>,
    /// Those that were ended, and that their handlers still hold.
    late: HashSet<EmissionId>,
    watched: bool,
}

struct Running {
    record: Arc<Record>,
    position: usize,
    event: Held<AnyEvent>,
    until: Instant,
}

impl Timeouts {
    /// Returns nothing for a time without end.
    pub(super) fn start(limit: Duration, home: &ArbiterHandle) -> Option<Arc<dyn Stopwatch>> {
        Instant::now().checked_add(limit)?;
        let (home, state) = (home.clone(), Mutex::default());
        Some(Arc::new(Watched(Arc::new(Self { limit, home, state }))))
    }

    /// Ends what is due, and returns when to look again, if anything is left: not
    /// later than what begins from now on can be due.
    fn end_due(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut state = self.state();
        let is_due = |(id, running): (&EmissionId, &Running)| (running.until <= now).then_some(*id);
        let ids: Vec<_> = state.running.iter().filter_map(is_due).collect();
        let due = ids.iter().filter_map(|id| state.running.remove(id));
        let due: Vec<_> = due.collect();
        state.late.extend(ids);
        let next = state.running.values().map(|running| running.until).min();
        state.watched = next.is_some();
        drop(state);
        let next = next.map(|next| next.min(now + self.limit));
        for running in due {
            let late = TimedOut::new(self.limit);
            shielded(|| {
                let Running { record, event, .. } = running;
                record.time_out(running.position, &event, late);
            });
        }
        next
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shared with the task that watches.
struct Watched(Arc<Timeouts>);

impl Stopwatch for Watched {
    fn start(
        &self,
        record: &Arc<Record>,
        position: usize,
        event: Held<AnyEvent>,
        ends_itself: bool,
    ) {
        let due = Instant::now() + self.0.limit;
        let until = if ends_itself { due + GRACE } else { due };
        let id = event.header().metadata.id();
        let running = Running {
            record: record.clone(),
            position,
            event,
            until,
        };
        let mut state = self.0.state();
        state.running.insert(id, running);
        if std::mem::replace(&mut state.watched, true) {
            return;
        }
        drop(state);
        let timeouts = self.0.clone();
        self.0.home.spawn(async move {
            let mut next = Some(due);
            while let Some(due) = next {
                sleep_until(due).await;
                next = timeouts.end_due();
            }
        });
    }

    fn is_late(&self, emission: EmissionId) -> bool {
        self.0.state().late.contains(&emission)
    }

    fn late(&self) -> usize {
        self.0.state().late.len()
    }

    fn stop(&self, emission: EmissionId) -> Stopped {
        let mut state = self.0.state();
        let running = state.running.remove(&emission);
        let late = running.is_none() && state.late.contains(&emission);
        drop(state);
        drop(running);
        if late { Stopped::Late } else { Stopped::InTime }
    }

    fn let_go(&self, emission: EmissionId) {
        self.0.state().late.remove(&emission);
    }
}
