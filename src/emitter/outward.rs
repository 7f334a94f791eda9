//! The way out: emissions that are not run here, but carried to workers.
//!
//! An emission that goes out takes the steps of every other one up to the gear: it passes the
//! layers, is counted in, and takes a place in the emitter's room. Then it is encoded and put
//! on an [`Outlet`], which tells how it ended: confirmed, or turned away for good. Until then
//! it holds its place, its event, for the dead letter that it may become, and its count, for
//! those that drain or switch.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use actix::clock::Instant;
use futures::channel::oneshot;

use crate::event::{AnyEvent, EmissionId, Metadata};
use crate::outcome::{Reason, Receipt};
use crate::shield::shielded;

use super::gear::{Pass, Ticket};
use super::launch::{Begun, Owned};
use super::shared::{Core, Shared};
use super::watch::Watch;

/// What carries emissions away.
pub(crate) trait Outlet: fmt::Debug + Send + Sync {
    /// Makes bytes of an event, or says why it cannot.
    fn encode(&self, event: &AnyEvent, metadata: &Metadata) -> Result<Arc<[u8]>, Reason>;

    /// Takes a parcel, and settles it in the end. One that is dropped is settled by that, as
    /// one that was never confirmed.
    fn take(&self, parcel: Parcel);
}

/// An emission on its way out.
pub(crate) struct Parcel {
    pub(crate) id: EmissionId,
    pub(crate) key: Option<Arc<str>>,
    pub(crate) not_before: Option<SystemTime>,
    pub(crate) deadline: Option<Instant>,
    pub(crate) body: Arc<[u8]>,
    end: Option<End>,
    /// Its place among those that wait, until it has ended.
    _ticket: Ticket,
}

type End = Box<dyn FnOnce(Result<(), Reason>) + Send>;

impl Parcel {
    /// Says how it ended: confirmed, or turned away for good.
    pub(crate) fn settle(mut self, end: Result<(), Reason>) {
        self.end(end);
    }

    fn end(&mut self, how: Result<(), Reason>) {
        if let Some(end) = self.end.take() {
            // It drops an event, and may tell of a dead letter.
            shielded(move || end(how));
        }
    }
}

impl Drop for Parcel {
    fn drop(&mut self) {
        self.end(Err(Reason::Unconfirmed));
    }
}

impl fmt::Debug for Parcel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parcel")
            .field("id", &self.id)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// The answer for the one that waits: none, if the parcel was lost.
pub(super) type Confirmation = oneshot::Receiver<Result<(), Reason>>;

/// An event that is to go out.
pub(super) struct Departing<'a, E> {
    pub(super) event: Owned<E>,
    pub(super) metadata: Metadata,
    pub(super) begun: Begun<'a>,
    pub(super) pass: Pass<'a>,
}

impl Shared {
    /// Puts an event on the outlet of the gear that has let it in.
    #[cold]
    pub(super) fn send_out<E: Send + Sync + 'static>(
        &self,
        outlet: &Arc<dyn Outlet>,
        departing: Departing<'_, E>,
        watch: Option<&mut Watch>,
    ) -> Receipt {
        let Departing {
            event,
            metadata,
            begun,
            pass,
        } = departing;
        let body = match outlet.encode(&*event, &metadata) {
            Ok(body) => body,
            Err(reason) => {
                drop((begun, pass));
                return self.turn_away(event, metadata, &Arc::default(), reason, watch);
            }
        };
        let receipt = Receipt::queued(metadata.id());
        self.say_emitted(&metadata, &receipt);
        drop(self.spans(&metadata, &receipt));
        let (tell, told) = oneshot::channel();
        if let Some(watch) = watch {
            watch.confirmation = Some(told);
        }
        let (id, key) = (metadata.id(), metadata.key().map(Arc::from));
        let (not_before, deadline) = (metadata.not_before(), metadata.deadline());
        let (core, slot) = (self.core.clone(), self.slot.clone());
        // Counted off at its end.
        begun.pass_on();
        let end = move |end: Result<(), Reason>| {
            let counted = Counted(core.clone());
            match &end {
                Ok(()) => drop(event),
                Err(reason) => {
                    let shared = Self::of(&core, &slot, None);
                    let nobody = Arc::default();
                    drop(shared.turn_away(event, metadata, &nobody, reason.clone(), None));
                }
            }
            drop(counted);
            // Whoever waited may have gone: then it is nobody's.
            let _ = tell.send(end);
        };
        outlet.take(Parcel {
            id,
            key,
            not_before,
            deadline,
            body,
            end: Some(Box::new(end)),
            _ticket: pass.into_ticket(),
        });
        receipt
    }
}

/// One that is counted as on its way, wherever its event's drop may lead to.
struct Counted(Arc<Core>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.load.end();
    }
}
