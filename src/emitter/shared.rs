use std::sync::Arc;

use actix::{Addr, Recipient};
use actix_rt::Arbiter;

use crate::debug::Debug;
use crate::event::IdSource;
use crate::linker::Linker;
use crate::registry::Lane;

use super::actor::EmitterActor;
use super::emission::Emission;

/// What the handles of one emitter share.
///
/// Every emission holds it too, so the emitter lives until its work is done;
/// the actor only holds the [`Core`], so it does not keep itself alive.
pub(super) struct Shared {
    pub(super) core: Arc<Core>,
    pub(super) addr: Addr<EmitterActor>,
}

/// What the handles and the actor of one emitter share.
pub(super) struct Core {
    pub(super) linker: Linker,
    pub(super) name: Option<Arc<str>>,
    pub(super) ids: IdSource,
    /// How many emissions may wait to be run.
    pub(super) lane: Arc<Lane>,
    pub(super) dispatch: Dispatch,
    pub(super) debug: Debug,
    /// The arbiter that the emitter started, and stops.
    pub(super) _arbiter: Option<OwnedArbiter>,
}

/// Who runs emissions.
pub(super) enum Dispatch {
    /// The one that emits.
    Inline,
    /// The emitter's own actor.
    Own,
    /// A user's actor.
    Custom(Recipient<Emission>),
}

/// An arbiter that stops with its owner. What runs on it is done by then: each
/// of its emissions holds the owner.
pub(super) struct OwnedArbiter(pub(super) Arbiter);

impl Drop for OwnedArbiter {
    fn drop(&mut self) {
        self.0.stop();
    }
}
