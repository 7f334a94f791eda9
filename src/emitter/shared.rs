use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use actix::{Actor, Addr};
use actix_rt::ArbiterHandle;

use crate::debug::Debug;
use crate::delivery::Origin;
use crate::event::IdSource;
use crate::linker::{self, Linker, Load, StartError};
use crate::middleware::{EmissionLayer, Stack};

use super::actor::EmitterActor;
use super::builder::EmitterBuilder;
use super::deliveries::Deliveries;
use super::gear::{Gear, Slot};
use super::schedule::Schedules;
use super::strategy::Strategy;

/// What the handles of one emitter share.
///
/// The actor and the emissions do not hold it, so that the handles' end can be
/// told; from both it can be made anew.
pub(super) struct Shared {
    pub(super) core: Arc<Core>,
    pub(super) slot: Arc<Slot>,
    addr: OnceLock<Addr<EmitterActor>>,
}

/// What stays the same in one emitter, whatever its strategy.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) linker: Linker,
    pub(super) name: Option<Arc<str>>,
    pub(super) ids: IdSource,
    pub(super) debug: Debug,
    /// Those of its linker, and its own.
    pub(super) layers: Stack<dyn EmissionLayer>,
    /// How many emissions were refused as a whole.
    pub(super) refused: AtomicU64,
    /// How many emissions are on their way.
    pub(super) load: Arc<Load>,
    /// What becomes of their deliveries.
    pub(super) deliveries: Deliveries,
    /// What it is to emit later.
    pub(super) schedules: Arc<Schedules>,
    /// What is in no distributed trace starts one.
    pub(super) starts_traces: bool,
    /// Whether nothing looks at an emission before it is matched: no layer, no sample, no
    /// trace that it starts.
    pub(super) is_plain: bool,
    /// Where the actor lives.
    pub(super) home: ArbiterHandle,
    pub(super) handles: Mutex<Weak<Shared>>,
    /// Lets one switch begin at a time.
    pub(super) switching: Mutex<()>,
}

impl Shared {
    /// The handles of an emitter, unless there are some.
    pub(super) fn of(
        core: &Arc<Core>,
        slot: &Arc<Slot>,
        addr: Option<Addr<EmitterActor>>,
    ) -> Arc<Self> {
        let mut handles = lock(&core.handles);
        handles.upgrade().unwrap_or_else(|| {
            let shared = Arc::new(Self {
                core: core.clone(),
                slot: slot.clone(),
                addr: addr.map_or_else(OnceLock::new, OnceLock::from),
            });
            *handles = Arc::downgrade(&shared);
            shared
        })
    }

    /// The handles of the emitter that has made an emission, and the gear that did.
    pub(super) fn of_origin(origin: Arc<dyn Origin>) -> (Arc<Self>, Weak<Gear>) {
        match origin.into_any().downcast::<Gear>() {
            Ok(gear) => {
                let origin = Arc::downgrade(&gear);
                (Self::of_gear(gear), origin)
            }
            Err(other) => {
                let linker = other.downcast::<linker::Core>();
                let linker = linker.expect("emitters and linkers make emissions");
                (Self::of_notices(&linker), Weak::new())
            }
        }
    }

    /// An emitter for what the handlers of notices emit.
    fn of_notices(linker: &Arc<linker::Core>) -> Arc<Self> {
        let builder = EmitterBuilder::new(linker.handle()).strategy(Strategy::inline());
        let shared = builder.start_shared();
        shared.expect("`inline` needs no arbiter, and has a bound")
    }

    fn of_gear(gear: Arc<Gear>) -> Arc<Self> {
        let core = gear.core().clone();
        let handles = lock(&core.handles).upgrade();
        handles.unwrap_or_else(|| {
            let successor = gear.successor().cloned();
            let slot = successor.unwrap_or_else(|| Arc::new(Slot::new(gear)));
            Self::of(&core, &slot, None)
        })
    }

    /// The actor's address. The actor is started when it is first asked for.
    pub(super) fn addr(&self) -> &Addr<EmitterActor> {
        self.addr.get_or_init(|| {
            let (core, slot) = (self.core.clone(), self.slot.clone());
            EmitterActor::start_in_arbiter(&self.core.home, |_| EmitterActor::new(core, slot))
        })
    }

    /// Puts another strategy in, and returns the gear that is to hand over.
    pub(super) fn switch(&self, strategy: Strategy) -> Result<Arc<Gear>, StartError> {
        let placement = strategy.place(self.core.linker.core().home())?;
        let next = Gear::start(&self.core, placement, true)?;
        let switching = lock(&self.core.switching);
        let gear = self.slot.shift(&next);
        drop(switching);
        gear.close();
        Ok(gear)
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
