use std::fmt;
use std::sync::Arc;

use crate::delivery::{AnyHeld, Held, Kept, Ledger, Origin, Sleeper, Turn};
use crate::event::{AnyEvent, EmissionId, HandlerRef, Metadata, SubscriptionId};
use crate::outcome::{Reason, Refusal, Verdict};
use crate::shield::shielded;

use super::announce::{Counted, Host};
use super::claim::Taker;
use super::goal::Aim;
use super::queue::Standing;
use super::record::Record;
use super::registry::Registry;
use super::runs::Again;
use super::starting::deliver;

/// One subscription that gets what was kept: a route of its own.
pub(super) struct Lone<E: ?Sized + 'static> {
    pub(super) record: Arc<Record>,
    pub(super) aim: Aim<E>,
}

/// A delivery that can be made once more, whatever its event is.
pub(super) trait Redelivery: Send {
    /// Claims it, as any delivery.
    fn claim(&self, standing: Standing) -> Result<(), Refusal>;

    /// Delivers what was claimed, on the linker's arbiter.
    fn send(self: Box<Self>, reopened: Reopened);
}

/// The permission to deliver once more what may have ended, counted in.
pub(super) struct Reopened {
    host: Arc<dyn Host>,
    origin: Counted,
}

impl Registry {
    /// Delivers a kept emission to one subscription, as any delivery: by the same
    /// questions, and on the linker's arbiter, when that comes to it. `claimed` is called
    /// before it is.
    ///
    /// Nobody who waits for the emission hears of it. What its handler emits through its
    /// delivery goes through the emitter that made the emission, if that has not ended;
    /// if it has, it runs under `inline`.
    pub(crate) fn redeliver(
        &self,
        kept: &Kept,
        id: SubscriptionId,
        claimed: impl FnOnce(),
    ) -> Result<(), Reason> {
        let redelivery = self.redelivery(kept, id).ok_or(Reason::HandlerGone)?;
        let reopened = self.reopen(kept)?;
        let refused = redelivery.claim(Standing::Last).err();
        if let Some(refusal) = refused {
            return Err(refusal.reason().clone());
        }
        claimed();
        redelivery.send(reopened);
        Ok(())
    }

    /// Asks to deliver a kept emission once more, to whomever.
    pub(super) fn reopen(&self, kept: &Kept) -> Result<Reopened, Reason> {
        if kept.metadata().is_expired() {
            return Err(Reason::Expired);
        }
        let host = self.host().ok_or(Reason::LinkerStopped)?;
        let origin = Counted::new(host.clone().reopen()?);
        Ok(Reopened { host, origin })
    }
}

impl<E: ?Sized + Send + Sync + 'static> Lone<E> {
    /// How a kept emission is delivered here, if it is of the right type.
    pub(super) fn redelivery(self, kept: &Kept) -> Option<Box<dyn Redelivery>> {
        let sleeper = kept.sleeper::<E>()?;
        let lone = Arc::new(self);
        let kept = kept.clone();
        Some(Box::new(Ready {
            lone,
            sleeper,
            kept,
        }))
    }
}

struct Ready<E: ?Sized + 'static> {
    lone: Arc<Lone<E>>,
    sleeper: Sleeper<E>,
    kept: Kept,
}

impl<E: ?Sized + Send + Sync + 'static> Redelivery for Ready<E> {
    fn claim(&self, standing: Standing) -> Result<(), Refusal> {
        let (record, metadata) = (&self.lone.record, self.sleeper.metadata());
        let claimed = if record.is_over(metadata.id()) {
            // A lane knows its deliveries by their emissions.
            Err(Reason::StillHeld)
        } else {
            record.claim_as(standing, self, metadata)
        };
        claimed.map_err(|reason| {
            if reason == Reason::HandlerGone {
                // Drops handlers, and tells of it.
                shielded(|| record.unlink_dead());
            }
            record.refusal(metadata, reason)
        })
    }

    fn send(self: Box<Self>, reopened: Reopened) {
        let Self {
            lone,
            sleeper,
            kept,
        } = *self;
        let Reopened { host, origin } = reopened;
        let ledger = Arc::new(Once {
            lone: lone.clone(),
            origin: origin.pass_on(),
        });
        let claimed = Claimed(Some((Held::wake(sleeper, kept, ledger), lone)));
        // What cannot be spawned, because the arbiter has stopped, is dropped.
        host.home().spawn_fn(move || claimed.deliver());
    }
}

impl<E: ?Sized + Send + Sync + 'static> Taker for Ready<E> {
    fn admits(&self, metadata: &Metadata) -> Result<(), Reason> {
        self.lone.aim.admits(self.sleeper.event(), metadata)
    }

    fn check(&self) -> Result<(), Reason> {
        self.lone.aim.target.check()
    }
}

/// A claimed delivery on its way. Dropped, it is lost, and says so.
struct Claimed<E: ?Sized + Send + Sync + 'static>(Option<(Held<E>, Arc<Lone<E>>)>);

impl<E: ?Sized + Send + Sync + 'static> Claimed<E> {
    fn deliver(mut self) {
        if let Some((held, lone)) = self.0.take() {
            let record = lone.record.clone();
            shielded(|| {
                if held.header().metadata.is_expired() {
                    let verdict = Verdict::Refused(Reason::Expired);
                    return lone.record.abandon(0, &held, verdict);
                }
                let lent = Turn::lend(held);
                deliver(&lone.record, &lone.aim.target, &lent, 0, false);
            });
            record.pump(record.lane.go_on());
        }
    }
}

impl<E: ?Sized + Send + Sync + 'static> Drop for Claimed<E> {
    fn drop(&mut self) {
        if let Some((held, lone)) = self.0.take() {
            let record = &lone.record;
            shielded(|| record.abandon(0, &held, Verdict::Lost));
            record.pump(record.lane.go_on());
        }
    }
}

/// One delivery of it, which `origin` has counted in.
struct Once<E: ?Sized + 'static> {
    lone: Arc<Lone<E>>,
    origin: Arc<dyn Origin>,
}

impl<E: ?Sized + Send + Sync + 'static> Ledger for Once<E> {
    fn len(&self) -> usize {
        1
    }

    fn connected(&self, _: usize) -> bool {
        self.lone.aim.target.is_alive()
    }

    fn close(&self, position: usize, event: &dyn AnyHeld, verdict: Verdict) {
        let record = &self.lone.record;
        if let Some(Again { after, spot }) = record.close(position, event, verdict) {
            let errand = self.lone.aim.errand(record, position, event, spot);
            record.try_again(event.header().metadata.id(), errand, after);
        }
    }

    fn is_over(&self, _: usize, id: EmissionId) -> bool {
        self.lone.record.is_over(id)
    }

    fn attempt(&self, _: usize, id: EmissionId) -> u32 {
        self.lone.record.attempt(id)
    }

    fn handler(&self, _: usize) -> HandlerRef {
        self.lone.record.handler.clone()
    }

    fn origin(&self) -> &Arc<dyn Origin> {
        &self.origin
    }

    fn is_reported(&self) -> bool {
        false
    }

    fn as_any(&self) -> &AnyEvent {
        self
    }
}

impl<E: ?Sized> fmt::Debug for Once<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Once").field(&self.lone.record).finish()
    }
}
