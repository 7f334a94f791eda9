use std::sync::Arc;
use std::time::Duration;

use actix::clock::{Instant, sleep, sleep_until};
use actix_rt::ArbiterHandle;

use crate::event::EmissionId;
use crate::shield::shielded;

use super::announce::Host;
use super::queue::{Errand, Next};
use super::record::Record;

/// Starts what waits in a lane: now, or when its time has come, which is told by the
/// linker's arbiter. When that has stopped, nobody is left to tell it, and what waits
/// is lost.
impl Record {
    /// Gives the room of a delivery back.
    #[inline]
    pub(super) fn leave(self: &Arc<Self>, id: EmissionId) {
        self.pump(self.lane.leave(id));
    }

    /// Lets nothing wait for something newer any more.
    pub(super) fn flush(self: &Arc<Self>) {
        self.pump(self.lane.flush());
    }

    /// Does what is next, and what comes of it.
    #[inline]
    pub(super) fn pump(self: &Arc<Self>, next: Next) {
        if !matches!(next, Next::Nothing) {
            self.go_on(next);
        }
    }

    fn go_on(self: &Arc<Self>, mut next: Next) {
        loop {
            match next {
                Next::Nothing => return,
                Next::Start(errand) => {
                    shielded(|| errand.start());
                    next = self.lane.next();
                }
                Next::Wake(when) => return self.wake_at(when),
            }
        }
    }

    fn wake_at(self: &Arc<Self>, when: Instant) {
        let alarm = Alarm(Some(self.clone()));
        self.at_home(|home| {
            home.spawn(async move {
                sleep_until(when).await;
                alarm.ring(when);
            });
        });
    }

    /// Lets a delivery wait, and tries it again, when the breaker lets it.
    pub(super) fn try_again(
        self: &Arc<Self>,
        id: EmissionId,
        errand: Box<dyn Errand>,
        after: Duration,
    ) {
        let record = self.clone();
        // Where there is nobody to wait, the errand is dropped: lost.
        self.at_home(|home| {
            home.spawn(async move {
                sleep(after).await;
                let runs = record.runs.as_ref();
                loop {
                    match runs.map_or(Ok(None), |runs| runs.ask_again(id)) {
                        Ok(change) => break record.tell_of_change(change),
                        Err(until) => sleep_until(until).await,
                    }
                }
                record.pump(record.lane.unpark(id, errand));
            });
        });
    }

    /// Does something with the linker's arbiter, if the linker is there.
    pub(super) fn at_home(&self, act: impl FnOnce(&ArbiterHandle)) {
        let registry = self.registry.upgrade();
        if let Some(host) = registry.and_then(|registry| registry.host()) {
            act(Host::home(&*host));
        }
    }
}

/// Wakes a lane. Dropped before it has, it gives up what waits there.
struct Alarm(Option<Arc<Record>>);

impl Alarm {
    fn ring(mut self, asked: Instant) {
        if let Some(record) = self.0.take() {
            record.pump(record.lane.wake(asked));
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if let Some(record) = self.0.take() {
            for errand in record.lane.give_up() {
                shielded(move || drop(errand));
            }
        }
    }
}
