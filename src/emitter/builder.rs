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
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(move |n| tell.send(**n)))?;
    /// let inline = Emitter::builder(&linker).strategy(Strategy::inline()).start()?;
    /// inline.emit(1_u8);
    /// assert_eq!(told.try_recv(), Ok(1), "it has run before `emit` returned");
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// Names the emitter, for the debug mode. By default it has no name.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Emitter, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let emitter = Emitter::builder(&linker).name("mail").start()?;
    /// assert!(format!("{emitter:?}").contains("mail"));
    /// # Ok::<(), ventix::StartError>(())
    /// # }).unwrap();
    /// ```
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets how many emissions may wait to be run, 1,024 by default. The next
    /// one is refused with [`Reason::EmitterFull`](crate::Reason::EmitterFull).
    /// 0 is an error of [`start`](Self::start). With [`Strategy::inline`] none
    /// ever waits.
    ///
    /// Messages to [`Emitter::addr`](crate::Emitter::addr) wait in actix's mailbox,
    /// whose bound `do_send` does not know; they take no place here.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Reason};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// let emitter = Emitter::builder(&linker).capacity(1).start()?;
    /// let both = futures::join!(emitter.emit_and_wait(1_u8), emitter.emit_and_wait(2_u8));
    /// assert!(both.0.all_handled());
    /// assert_eq!(both.1.receipt().refusal(), Some(&Reason::EmitterFull { capacity: 1 }));
    /// assert!(emitter.emit(3_u8).is_complete(), "the first has made room");
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn capacity(mut self, emissions: usize) -> Self {
        self.capacity = emissions;
        self
    }

    /// Switches the [debug mode](crate#debug-mode) on or off, whatever the
    /// environment says.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Emitter, Linker, Strategy};
    /// # use std::sync::Mutex;
    /// # use tracing_subscriber::util::SubscriberInitExt;
    /// # let log = tempfile::NamedTempFile::new().unwrap();
    /// # let written = Mutex::new(log.reopen().unwrap());
    /// # let lines = tracing_subscriber::fmt().with_ansi(false).with_writer(written);
    /// # let _listening = lines.set_default();
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let strategy = Strategy::inline();
    /// let mail = Emitter::builder(&linker).strategy(strategy).name("mail").debug(true).start()?;
    /// mail.emit("hello"); // INFO ventix: nobody listens ... emitter=mail event="&str"
    /// # let log = std::fs::read_to_string(log.path())?;
    /// # assert!(log.contains("INFO ventix: nobody listens") && log.contains("emitter=mail"), "{log}");
    /// # assert!(log.contains("event=\"&str\""), "{log}");
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn debug(mut self, on: bool) -> Self {
        self.debug = Some(on);
        self
    }

    /// Starts the emitter.
    ///
    /// # Errors
    ///
    /// When the strategy needs an arbiter and there is none, when the arbiter
    /// has stopped, or when the capacity is 0. With [`Strategy::inline`] and
    /// [`Strategy::custom`] the arbiter is this thread's, or else the linker's.
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
            debug: Debug::new(self.name.clone(), self.debug),
            name: self.name,
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
