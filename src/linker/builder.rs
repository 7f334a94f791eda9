use std::fmt;
use std::sync::Arc;

use actix::Actor;
use actix_rt::{Arbiter, ArbiterHandle};

use crate::debug::Debug;
use crate::handler::guard;
use crate::outcome::{Failure, IntoOutcome, Success};
use crate::registry::{Callbacks, Registry};

use super::actor::LinkerActor;
use super::error::StartError;
use super::linker::{Core, Linker};

/// The default number of deliveries in flight per subscription. Enough for a
/// burst, and the size that other systems take (vert.x buffers 1,000 messages per
/// consumer); a stuck handler of 32-byte events then holds some 300 KiB.
const LANE_CAPACITY: usize = 1_024;

/// What a linker is made of.
///
/// # Examples
///
/// ```
/// use ventix::Linker;
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::builder()
///     .name("orders")
///     .max_subscribers(100)
///     .on_failure(|failure| eprintln!("{}", failure.error()))
///     .start()?;
/// assert_eq!(linker.name(), Some("orders"));
/// # Ok::<(), ventix::StartError>(())
/// # }).unwrap();
/// ```
#[derive(Default)]
#[must_use = "nothing starts until `start` is called"]
pub struct LinkerBuilder {
    name: Option<Arc<str>>,
    max_subscribers: Option<usize>,
    capacity: Option<usize>,
    callbacks: Callbacks,
    debug: Option<bool>,
    arbiter: Option<ArbiterHandle>,
}

impl LinkerBuilder {
    /// Names the linker, for the debug mode. By default it has no name.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Bounds the subscriptions per event type, topic, pattern, or everything,
    /// each for itself. By default there is no bound; 0 is an error of
    /// [`start`](Self::start).
    pub fn max_subscribers(mut self, max: usize) -> Self {
        self.max_subscribers = Some(max);
        self
    }

    /// Sets how many deliveries may be in flight for a subscription that says
    /// nothing of its own, 1,024 by default. 0 is an error of
    /// [`start`](Self::start). See
    /// [`SubscriptionSpec::capacity`](crate::SubscriptionSpec::capacity).
    pub fn capacity(mut self, deliveries: usize) -> Self {
        self.capacity = Some(deliveries);
        self
    }

    /// Sets the success callback of subscriptions that have none of their own.
    pub fn on_success<F, R>(mut self, callback: F) -> Self
    where
        F: Fn(&Success<'_>) -> R + Send + Sync + 'static,
        R: IntoOutcome + 'static,
    {
        self.callbacks.on_success = Some(Arc::new(move |done| guard(|| callback(done).judge())));
        self
    }

    /// Sets the failure callback of subscriptions that have none of their own.
    pub fn on_failure<F, R>(mut self, callback: F) -> Self
    where
        F: Fn(&Failure<'_>) -> R + Send + Sync + 'static,
        R: IntoOutcome + 'static,
    {
        self.callbacks.on_failure =
            Some(Arc::new(move |failure| guard(|| callback(failure).judge())));
        self
    }

    /// Switches the [debug mode](crate#debug-mode) on or off, whatever the
    /// environment says.
    pub fn debug(mut self, on: bool) -> Self {
        self.debug = Some(on);
        self
    }

    /// Starts the linker's actor on `arbiter` instead of the current one.
    pub fn arbiter(mut self, arbiter: &ArbiterHandle) -> Self {
        self.arbiter = Some(arbiter.clone());
        self
    }

    /// Starts the linker.
    ///
    /// # Errors
    ///
    /// When there is no arbiter on this thread and none was named, when the
    /// arbiter that was named has stopped, or when a setting is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::{Linker, StartError};
    ///
    /// # actix::System::new().block_on(async {
    /// let error = Linker::builder().max_subscribers(0).start().unwrap_err();
    /// assert_eq!(error, StartError::Zero { setting: "max_subscribers" });
    /// # });
    /// ```
    pub fn start(self) -> Result<Linker, StartError> {
        let zero = |setting| Err(StartError::Zero { setting });
        if self.max_subscribers == Some(0) {
            return zero("max_subscribers");
        }
        if self.capacity == Some(0) {
            return zero("capacity");
        }
        let home = self.arbiter.or_else(Arbiter::try_current);
        let home = home.ok_or(StartError::NoArbiter)?;
        let core = Arc::new(Core {
            registry: Arc::new(Registry::new(self.max_subscribers)),
            callbacks: self.callbacks,
            capacity: self.capacity.unwrap_or(LANE_CAPACITY),
            debug: Debug::new(self.name.clone(), self.debug),
            name: self.name,
            home: home.clone(),
        });
        let owned = core.clone();
        let addr = LinkerActor::start_in_arbiter(&home, |_| LinkerActor::new(owned));
        if addr.connected() {
            Ok(Linker::new(core, addr))
        } else {
            Err(StartError::ArbiterStopped)
        }
    }
}

impl fmt::Debug for LinkerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkerBuilder")
            .field("name", &self.name)
            .field("max_subscribers", &self.max_subscribers)
            .field("capacity", &self.capacity)
            .field("debug", &self.debug)
            .finish_non_exhaustive()
    }
}
