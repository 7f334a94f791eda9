use std::sync::Arc;

use actix::Actor;

use crate::debug::Debug;
use crate::event::IdSource;
use crate::linker::{Linker, StartError};
use crate::registry::Lane;

use super::actor::EmitterActor;
use super::emitter::Emitter;
use super::shared::{Core, Shared};
use super::strategy::{Placement, Strategy};

/// The default number of emissions that wait for an emitter's arbiter: the same
/// burst as a lane of a subscription takes.
const CAPACITY: usize = 1_024;

/// What an emitter is made of. Made by [`Emitter::builder`].
///
/// # Examples
///
/// ```
/// use ventix::{on, Emitter, Linker, Reason, Strategy};
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<u8>().call(|_| ()))?;
/// let emitter = Emitter::builder(&linker).strategy(Strategy::current()).capacity(1).start()?;
/// assert!(emitter.emit(1_u8).is_complete());
/// // Nothing has run yet: this arbiter is busy emitting.
/// assert_eq!(emitter.emit(2_u8).refusal(), Some(&Reason::EmitterFull { capacity: 1 }));
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
#[must_use = "nothing starts until `start` is called"]
pub struct EmitterBuilder {
    linker: Linker,
    strategy: Strategy,
    name: Option<Arc<str>>,
    capacity: usize,
    debug: Option<bool>,
}

impl EmitterBuilder {
    pub(super) fn new(linker: Linker) -> Self {
        Self {
            linker,
            strategy: Strategy::current(),
            name: None,
            capacity: CAPACITY,
            debug: None,
        }
    }

    /// Sets where emissions are run. By default [`Strategy::current`].
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// Names the emitter, for the debug mode. By default it has no name.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets how many emissions may wait to be run, 1,024 by default. The next
    /// one is refused with [`Reason::EmitterFull`](crate::Reason::EmitterFull).
    /// 0 is an error of [`start`](Self::start). [`Strategy::inline`] lets none
    /// wait.
    pub fn capacity(mut self, emissions: usize) -> Self {
        self.capacity = emissions;
        self
    }

    /// Switches the [debug mode](crate#debug-mode) on or off, whatever the
    /// environment says.
    pub fn debug(mut self, on: bool) -> Self {
        self.debug = Some(on);
        self
    }

    /// Starts the emitter.
    ///
    /// # Errors
    ///
    /// When the strategy needs an arbiter and there is none, when the arbiter
    /// that it names has stopped, or when the capacity is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::{Emitter, Linker, StartError};
    ///
    /// # actix::System::new().block_on(async {
    /// let error = Emitter::builder(&Linker::start()).capacity(0).start().unwrap_err();
    /// assert_eq!(error, StartError::Zero { setting: "capacity" });
    /// # });
    /// ```
    pub fn start(self) -> Result<Emitter, StartError> {
        if self.capacity == 0 {
            return Err(StartError::Zero {
                setting: "capacity",
            });
        }
        let Placement {
            arbiter,
            owned,
            dispatch,
        } = self.strategy.place(self.linker.core().home())?;
        let core = Arc::new(Core {
            linker: self.linker,
            ids: IdSource::new(),
            lane: Arc::new(Lane::new(self.capacity)),
            dispatch,
            debug: Debug::new(self.name, self.debug),
            _arbiter: owned,
        });
        let owned = core.clone();
        let addr = EmitterActor::start_in_arbiter(&arbiter, |_| EmitterActor::new(owned));
        if !addr.connected() {
            return Err(StartError::ArbiterStopped);
        }
        Ok(Emitter::new(Arc::new(Shared { core, addr })))
    }
}
