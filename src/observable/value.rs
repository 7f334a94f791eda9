use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::emitter::Emitter;
use crate::event::{IntoTopic, Topic, TopicError};
use crate::handler::EventStream;
use crate::linker::{On, on, on_topic};
use crate::outcome::BoxError;
use crate::registry::{Selector, SubscribeError};
use crate::shield::shielded;

use super::refused::{ObservableError, ValueRefused};

/// How many changes wait to be emitted at most.
const CHANGES: usize = 1_024;

/// A value that tells its changes, as events on a topic. See the
/// [module's page](crate::observable).
///
/// Cloning is cheap, and every clone is the same value. It keeps its emitter alive.
///
/// # Examples
///
/// ```
/// use ventix::{Emitter, Linker, Observable, Strategy};
///
/// # actix::System::new().block_on(async {
/// let emitter = Emitter::start(&Linker::start(), Strategy::current());
/// let users = Observable::start(&emitter, "users.online", 0_u32)?;
/// users.set(7)?;
/// users.update(|n| n + 1)?;
/// assert_eq!(*users.get(), 8);
/// users.clear();
/// assert_eq!(*users.get(), 0);
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
pub struct Observable<T: Clone + Send + Sync + 'static>(Arc<Inner<T>>);

struct Inner<T: Clone + Send + Sync + 'static> {
    emitter: Emitter,
    topic: Topic,
    seed: Arc<T>,
    checks: Vec<Check<T>>,
    state: Mutex<State<T>>,
}

type Check<T> = Box<dyn Fn(&T) -> Result<(), BoxError> + Send + Sync>;

/// Nothing of a user's runs or is dropped under its lock.
struct State<T> {
    value: Arc<T>,
    /// How often it was set.
    version: u64,
    refused: Option<ValueRefused<T>>,
    /// What is still to be emitted, in order.
    changes: VecDeque<Change<T>>,
    /// Somebody emits them.
    is_telling: bool,
    skipped: u64,
}

enum Change<T> {
    Set(Arc<T>),
    Refused(ValueRefused<T>),
}

impl<T: Clone + Send + Sync + 'static> Observable<T> {
    /// Starts an observable without validators, and emits its first value. Its changes are
    /// emitted on `topic` through `emitter`, and the linker
    /// [keeps](crate::Linker::keep_last) the last one.
    ///
    /// # Errors
    ///
    /// When the topic is invalid, when its last value is kept already, or when the emitter
    /// refuses the seed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Emitter, Linker, Observable, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// let kitchen = Observable::start(&emitter, "sensors.kitchen", 20.0)?;
    /// assert_eq!(linker.last_on::<f64>("sensors.kitchen").as_deref(), Some(&20.0));
    /// drop(kitchen);
    /// assert!(linker.last_on::<f64>("sensors.kitchen").is_none());
    /// assert!(Observable::start(&emitter, "sensors.*", 20.0).is_err());
    /// # Ok::<(), ventix::ObservableError>(())
    /// # }).unwrap();
    /// ```
    pub fn start(
        emitter: &Emitter,
        topic: impl IntoTopic,
        seed: T,
    ) -> Result<Self, ObservableError> {
        Self::builder(topic, seed).start(emitter)
    }

    /// Returns a builder, for one with validators.
    ///
    /// # Examples
    ///
    /// See [`ObservableBuilder`].
    pub fn builder(topic: impl IntoTopic, seed: T) -> ObservableBuilder<T> {
        ObservableBuilder {
            topic: topic.into_topic(),
            seed,
            checks: Vec::new(),
        }
    }

    /// Returns the topic of its changes.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Emitter, Linker, Observable, Strategy};
    /// # actix::System::new().block_on(async {
    /// let emitter = Emitter::start(&Linker::start(), Strategy::current());
    /// let users = Observable::start(&emitter, "users.online", 0_u32)?;
    /// assert_eq!(users.topic().as_str(), "users.online");
    /// # Ok::<(), ventix::ObservableError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn topic(&self) -> &Topic {
        &self.0.topic
    }

    /// Returns the value.
    ///
    /// # Examples
    ///
    /// See [`Observable`].
    #[must_use]
    pub fn get(&self) -> Arc<T> {
        self.0.state().value.clone()
    }

    /// Sets the value, if all validators let it through.
    ///
    /// It is set when this returns. The change is emitted by then, unless another thread, or
    /// a handler further up, is emitting one: then that goes on with it.
    ///
    /// # Errors
    ///
    /// When a validator refuses it. The value stays, and the
    /// [refused one](Self::refused) is kept with its error, and emitted as
    /// [`ValueRefused`].
    ///
    /// # Examples
    ///
    /// See [`Observable`] and [`ValueRefused`].
    pub fn set(&self, value: T) -> Result<(), ValueRefused<T>> {
        self.commit(Arc::new(value), None).map(drop)
    }

    /// Sets the value to what `change` makes of it, and returns it.
    ///
    /// `change` is called again when the value was set meanwhile, so it should compute
    /// and do nothing else.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    ///
    /// # Examples
    ///
    /// See [`Observable`].
    pub fn update(&self, mut change: impl FnMut(&T) -> T) -> Result<Arc<T>, ValueRefused<T>> {
        loop {
            let state = self.0.state();
            let (value, version) = (state.value.clone(), state.version);
            drop(state);
            let value = Arc::new(change(&value));
            if self.commit(value.clone(), Some(version))? {
                return Ok(value);
            }
        }
    }

    /// Sets the value back to the seed, which no validator is asked about, and forgets
    /// what was refused.
    ///
    /// # Examples
    ///
    /// See [`Observable`].
    pub fn clear(&self) {
        self.store(self.0.seed.clone(), None);
    }

    /// Returns the last value that was refused, if none has been set since.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Emitter, Linker, Observable, Strategy};
    /// # actix::System::new().block_on(async {
    /// let emitter = Emitter::start(&Linker::start(), Strategy::current());
    /// let name = Observable::builder("user.name", String::from("nobody"))
    ///     .validate(|name| if name.is_empty() { Err("it is empty") } else { Ok(()) })
    ///     .start(&emitter)?;
    /// assert!(name.set(String::new()).is_err());
    /// assert!(name.refused().is_some_and(|it| it.value().is_empty()));
    /// name.set(String::from("somebody"))?;
    /// assert!(name.refused().is_none());
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn refused(&self) -> Option<ValueRefused<T>> {
        self.0.state().refused.clone()
    }

    /// Returns how many changes were never emitted: when 1,024 wait, because setting is
    /// faster than what the emitter does in place, the next one takes the place of the
    /// oldest.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Emitter, Linker, Observable, Strategy};
    /// # actix::System::new().block_on(async {
    /// let emitter = Emitter::start(&Linker::start(), Strategy::current());
    /// let users = Observable::start(&emitter, "users.online", 0_u32)?;
    /// assert_eq!(users.skipped(), 0);
    /// # Ok::<(), ventix::ObservableError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.0.state().skipped
    }

    /// Selects its changes: add a handler, and
    /// [`replay_last`](crate::SubscriptionSpec::replay_last) for the value there is.
    ///
    /// # Examples
    ///
    /// See the [module's page](crate::observable).
    pub fn on(&self) -> On<T> {
        on_topic(self.topic())
    }

    /// Selects what its validators refuse.
    ///
    /// # Examples
    ///
    /// See [`ValueRefused`].
    pub fn on_refused(&self) -> On<ValueRefused<T>> {
        let topic = self.topic().clone();
        on().filter(move |refused: &ValueRefused<T>, _| refused.topic == topic)
    }

    /// Subscribes a stream that gets the value there is, and then its changes: see
    /// [`handler::stream`](crate::handler::stream).
    ///
    /// # Errors
    ///
    /// As [`Linker::stream`](crate::Linker::stream).
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::StreamExt;
    /// # use ventix::{Emitter, Linker, Observable, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let emitter = Emitter::start(&Linker::start(), Strategy::current());
    /// let users = Observable::start(&emitter, "users.online", 3_u32)?;
    /// let seen = users.changes(16)?.deliveries();
    /// users.set(4)?;
    /// let seen: Vec<_> = seen.map(|n| *n).take(2).collect().await;
    /// assert_eq!(seen, [3, 4]);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn changes(&self, capacity: usize) -> Result<EventStream<T>, SubscribeError> {
        let (spec, stream) = self.on().stream(capacity);
        self.0.emitter.linker().subscribe(spec.replay_last())?;
        Ok(stream)
    }

    /// Sets a value that is valid. Returns whether it was set: it is not if the version is
    /// not the one that it was made of.
    fn commit(&self, value: Arc<T>, made_of: Option<u64>) -> Result<bool, ValueRefused<T>> {
        let inner = &self.0;
        let Err(error) = inner.checks.iter().try_for_each(|check| check(&value)) else {
            return Ok(self.store(value, made_of));
        };
        let refused = ValueRefused {
            topic: inner.topic.clone(),
            value,
            error: error.into(),
        };
        let mut state = inner.state();
        let older = state.refused.replace(refused.clone());
        let skipped = state.push(Change::Refused(refused.clone()));
        drop(state);
        inner.tell();
        drop((older, skipped));
        Err(refused)
    }

    fn store(&self, value: Arc<T>, made_of: Option<u64>) -> bool {
        let mut state = self.0.state();
        if made_of.is_some_and(|version| version != state.version) {
            return false;
        }
        state.version += 1;
        let older = std::mem::replace(&mut state.value, value.clone());
        let refused = state.refused.take();
        let skipped = state.push(Change::Set(value));
        drop(state);
        self.0.tell();
        drop((older, refused, skipped));
        true
    }
}

impl<T> State<T> {
    /// Adds a change. Returns the one that has lost its place.
    fn push(&mut self, change: Change<T>) -> Option<Change<T>> {
        let is_full = self.changes.len() == CHANGES;
        let oldest = is_full.then(|| self.changes.pop_front()).flatten();
        self.skipped += u64::from(is_full);
        self.changes.push_back(change);
        oldest
    }
}

/// Emits what waits, unless somebody else does. Emitting may run handlers, which may set the
/// value: so it happens after the lock, and one after the other.
impl<T: Clone + Send + Sync + 'static> Inner<T> {
    fn tell(&self) {
        loop {
            let mut state = self.state();
            if state.is_telling {
                return;
            }
            let Some(change) = state.changes.pop_front() else {
                return;
            };
            state.is_telling = true;
            drop(state);
            // Cloning runs a user's code.
            shielded(|| self.emit(change));
            self.state().is_telling = false;
        }
    }

    fn emit(&self, change: Change<T>) {
        let _receipt = match change {
            Change::Set(value) => {
                let value = T::clone(&value);
                self.emitter.prepare(value).topic(&self.topic).emit()
            }
            Change::Refused(refused) => self.emitter.emit(refused),
        };
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone + Send + Sync + 'static> Drop for Inner<T> {
    fn drop(&mut self) {
        let selector = Selector::of_topic(self.topic.clone());
        self.emitter.linker().forget_last(&selector);
    }
}

impl<T: Clone + Send + Sync + 'static> Clone for Observable<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Clone + Send + Sync + 'static> fmt::Debug for Observable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observable")
            .field("topic", &self.0.topic)
            .finish_non_exhaustive()
    }
}

/// What an [`Observable`] is made of.
///
/// # Examples
///
/// ```
/// use ventix::{Emitter, Linker, Observable, Strategy};
///
/// # actix::System::new().block_on(async {
/// let emitter = Emitter::start(&Linker::start(), Strategy::current());
/// let port = Observable::builder("server.port", 8_080_u16)
///     .validate(|port| if *port < 1_024 { Err("it needs root") } else { Ok(()) })
///     .start(&emitter)?;
/// assert!(port.set(80).is_err() && port.set(8_081).is_ok());
/// # Ok::<(), ventix::ObservableError>(())
/// # }).unwrap();
/// ```
#[must_use = "nothing starts until `start` is called"]
pub struct ObservableBuilder<T> {
    topic: Result<Topic, TopicError>,
    seed: T,
    checks: Vec<Check<T>>,
}

impl<T: Clone + Send + Sync + 'static> ObservableBuilder<T> {
    /// Adds a validator: it is asked about every value but the seed, after those that were
    /// added before it. One that panics, panics in [`Observable::set`].
    ///
    /// # Examples
    ///
    /// See [`ObservableBuilder`].
    pub fn validate<E: Into<BoxError>>(
        mut self,
        check: impl Fn(&T) -> Result<(), E> + Send + Sync + 'static,
    ) -> Self {
        let check = move |value: &T| check(value).map_err(Into::into);
        self.checks.push(Box::new(check));
        self
    }

    /// Starts it, and emits the seed.
    ///
    /// # Errors
    ///
    /// As [`Observable::start`].
    ///
    /// # Examples
    ///
    /// See [`ObservableBuilder`].
    pub fn start(self, emitter: &Emitter) -> Result<Observable<T>, ObservableError> {
        let topic = self.topic?;
        let selector = Selector::of_topic(topic.clone());
        if !emitter.linker().core().registry().keep_last(&selector) {
            return Err(ObservableError::Taken { topic });
        }
        let seed = Arc::new(self.seed);
        let inner = Inner {
            emitter: emitter.clone(),
            topic,
            seed: seed.clone(),
            checks: self.checks,
            state: Mutex::new(State {
                value: seed.clone(),
                version: 0,
                refused: None,
                changes: VecDeque::new(),
                is_telling: false,
                skipped: 0,
            }),
        };
        let first = emitter.prepare(T::clone(&seed)).topic(&inner.topic);
        match first.emit().refusal() {
            Some(reason) => Err(ObservableError::Refused(reason.clone())),
            None => Ok(Observable(Arc::new(inner))),
        }
    }
}

impl<T> fmt::Debug for ObservableBuilder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObservableBuilder")
            .field("topic", &self.topic)
            .field("validators", &self.checks.len())
            .finish_non_exhaustive()
    }
}
