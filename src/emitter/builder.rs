use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use actix_rt::Arbiter;

use crate::debug::Debug;
use crate::event::IdSource;
use crate::linker::{Linker, Load, StartError};
use crate::middleware::{EmissionLayer, Stack};

use super::deliveries::Deliveries;
use super::emitter::Emitter;
use super::gear::{Gear, Slot};
use super::schedule::Schedules;
use super::shared::{Core, Shared};
use super::strategy::Strategy;

/// What an emitter is made of. Made by [`Emitter::builder`].
///
/// # Examples
///
/// ```
/// use ventix::{on, Emitter, Linker, Strategy};
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<u8>().call(|_| ()))?;
/// let emitter = Emitter::builder(&linker)
///     .strategy(Strategy::dedicated().in_order())
///     .name("mail")
///     .start()?;
/// assert!(emitter.emit(1_u8).is_complete());
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
#[must_use = "nothing starts until `start` is called"]
pub struct EmitterBuilder {
    linker: Linker,
    strategy: Strategy,
    name: Option<Arc<str>>,
    debug: Option<bool>,
    trace_context: bool,
    layers: Stack<dyn EmissionLayer>,
}

impl EmitterBuilder {
    pub(super) fn new(linker: Linker) -> Self {
        Self {
            linker,
            strategy: Strategy::current(),
            name: None,
            debug: None,
            trace_context: false,
            layers: Stack::default(),
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

    /// Puts a layer around its emissions, inside those of the linker and those that were
    /// added before. See [`middleware`](crate::middleware).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, EmissionLayer, Emitter, Linker, Outgoing, Reason};
    /// struct Closed;
    ///
    /// impl EmissionLayer for Closed {
    ///     fn before(&self, _: &mut Outgoing<'_>) -> Result<(), Reason> {
    ///         Err(Reason::layer("closed on Sundays"))
    ///     }
    /// }
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// let emitter = Emitter::builder(&linker).layer(Closed).start()?;
    /// assert_eq!(emitter.emit(1_u8).refusal(), Some(&Reason::layer("closed on Sundays")));
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn layer(mut self, layer: impl EmissionLayer) -> Self {
        self.layers.push(Arc::new(layer));
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

    /// Starts a distributed trace for each emission that carries none: in its headers, as
    /// [`TraceContext`](crate::TraceContext) says, so that what its handlers emit, and what
    /// they call, is of the same trace. Its id is the emission's correlation id, and it is
    /// sampled. By default none is started; those that there are are handed down always.
    ///
    /// It costs a few allocations an emission.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, BoxError, Emitter, Linker, Strategy, TraceContext};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|n| Ok::<_, BoxError>(n.metadata().trace_context())))?;
    /// let emitter = Emitter::builder(&linker).strategy(Strategy::inline());
    /// let emitter = emitter.trace_context(true).start()?;
    /// let report = emitter.emit_and_wait(1_u8).await;
    /// let context = report.replies::<Option<TraceContext>>().next().unwrap();
    /// let id = report.receipt().id().as_u128();
    /// assert_eq!(context.as_ref().map(TraceContext::trace_id), Some(id));
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn trace_context(mut self, on: bool) -> Self {
        self.trace_context = on;
        self
    }

    /// Starts the emitter.
    ///
    /// # Errors
    ///
    /// When the strategy needs an arbiter and there is none, when the arbiter
    /// has stopped, when the strategy has no place for anything
    /// ([`bounded`](Strategy::bounded) by 0, a [`pool`](Strategy::pool) of none), or when
    /// it asks for more than [`Strategy::MAX_THREADS`].
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::{Emitter, Linker, StartError, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let error = Emitter::builder(&Linker::start()).strategy(Strategy::pool(0)).start().unwrap_err();
    /// assert_eq!(error, StartError::Zero { setting: "pool" });
    /// # });
    /// ```
    pub fn start(self) -> Result<Emitter, StartError> {
        let shared = self.start_shared()?;
        if !shared.addr().connected() {
            return Err(StartError::ArbiterStopped);
        }
        Ok(Emitter::new(shared))
    }

    pub(super) fn start_shared(self) -> Result<Arc<Shared>, StartError> {
        let linker = self.linker.core().clone();
        let here = self.strategy.arbiter().or_else(Arbiter::try_current);
        let home = here.unwrap_or_else(|| linker.home().clone());
        let placement = self.strategy.place(linker.home())?;
        let schedules = Arc::<Schedules>::default();
        let pending = Arc::downgrade(&schedules);
        let load = Arc::new(Load::new(pending));
        linker.register(&load);
        let layers = linker.emission_layers().and(&self.layers);
        let is_watched = self.trace_context || linker.sampler().is_some();
        let core = Arc::new(Core {
            is_plain: layers.is_empty() && !is_watched,
            linker: self.linker,
            ids: IdSource::new(),
            debug: Debug::new(self.name.clone(), self.debug),
            name: self.name,
            layers,
            refused: AtomicU64::new(0),
            load,
            deliveries: Deliveries::default(),
            schedules,
            starts_traces: self.trace_context,
            home,
            handles: Mutex::default(),
            switching: Mutex::default(),
        });
        let slot = Arc::new(Slot::new(Gear::start(&core, placement, false)?));
        Ok(Shared::of(&core, &slot, None))
    }
}
