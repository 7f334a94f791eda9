use std::fmt;
use std::marker::PhantomData;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use futures::{Stream, StreamExt};

use crate::emitter::{Emitter, give_way, is_final};
use crate::event::EmissionId;
use crate::handler::PER_TURN;
use crate::outcome::{BoxError, Reason, SharedError};

impl Emitter {
    /// Emits every item of a stream by its type, and then how that ended: as
    /// [`TaskCompleted`], or, when an item is an error, as [`TaskFailed`]. Returns how many
    /// items there were, or the error.
    ///
    /// Nothing happens before the future is polled. It waits for room as
    /// [`emit_when_ready`](Self::emit_when_ready) does. All emissions of one task have the
    /// same [correlation](crate::Metadata::correlation). It also fails when the emitter
    /// takes nothing any more.
    ///
    /// # Errors
    ///
    /// The error that [`TaskFailed`] has.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future cancels the task. If it had begun, that is a [`TaskFailed`] with
    /// [`TaskStopped::Cancelled`]; the one item that waits for room, if any, is not emitted.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::stream;
    /// use ventix::{on, Emitter, Linker, Strategy, TaskFailed};
    ///
    /// # actix::System::new().block_on(async {
    /// # let (tell, told) = std::sync::mpsc::channel();
    /// # let tell_end = tell.clone();
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u32>().call(move |n| tell.send(n.to_string())))?;
    /// linker.subscribe(on::<TaskFailed>().call(move |it| tell_end.send(it.to_string())))?;
    ///
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// let lines = stream::iter(["1", "2", "three"]).map(|line| line.parse::<u32>());
    /// # use futures::StreamExt;
    /// let ended = emitter.observe("import", lines).await;
    /// assert!(ended.is_err());
    /// let told: Vec<_> = told.try_iter().collect();
    /// assert_eq!(told, ["1", "2", "import failed after 2 items"]);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub async fn observe<T, E, S>(
        &self,
        task: impl Into<Arc<str>>,
        items: S,
    ) -> Result<u64, SharedError>
    where
        T: Send + Sync + 'static,
        E: Into<BoxError>,
        S: Stream<Item = Result<T, E>>,
    {
        let work = |yielder: Yielder<T>| async move {
            let mut items = pin!(items);
            let mut in_turn = 0;
            while let Some(item) = items.next().await {
                let item = item.map_err(Into::into)?;
                yielder.emit(item).await?;
                in_turn += 1;
                if in_turn == PER_TURN {
                    in_turn = 0;
                    give_way().await;
                }
            }
            Ok::<_, BoxError>(())
        };
        self.observe_with(task, work).await
    }

    /// Runs async work that [emits](Yielder::emit) its items as they come, and then emits
    /// how it ended: the same as [`observe`](Self::observe) for what is no stream.
    ///
    /// # Errors
    ///
    /// The error that the work returns, which [`TaskFailed`] has.
    ///
    /// # Cancel safety
    ///
    /// As [`observe`](Self::observe).
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::{on, BoxError, Emitter, Linker, Strategy, TaskCompleted, Yielder};
    ///
    /// struct Progress(u8);
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<Progress>().call(|done| println!("{} %", done.0)))?;
    /// linker.subscribe(on::<TaskCompleted>().call(|task| println!("{}", **task)))?;
    ///
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// let backup = emitter.observe_with("backup", |yielder: Yielder<Progress>| async move {
    ///     for quarter in 1..=4 {
    ///         // ... copies a part
    ///         yielder.emit(Progress(quarter * 25)).await?;
    ///     }
    ///     Ok::<_, BoxError>(())
    /// });
    /// assert_eq!(backup.await.ok(), Some(4));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub async fn observe_with<T, E, U>(
        &self,
        task: impl Into<Arc<str>>,
        work: impl FnOnce(Yielder<T>) -> U,
    ) -> Result<u64, SharedError>
    where
        T: Send + Sync + 'static,
        E: Into<BoxError>,
        U: Future<Output = Result<(), E>>,
    {
        let run = Arc::new(Run {
            emitter: self.clone(),
            task: task.into(),
            so_far: Mutex::default(),
        });
        let ending = Ending(Some(run.clone()));
        let ended = work(Yielder::new(run)).await;
        ending.end(ended.map_err(|error| error.into().into()))
    }
}

/// One task on its way.
struct Run {
    emitter: Emitter,
    task: Arc<str>,
    so_far: Mutex<SoFar>,
}

#[derive(Clone, Copy, Default)]
struct SoFar {
    items: u64,
    /// What its emissions have in common.
    first: Option<EmissionId>,
}

impl Run {
    fn so_far(&self) -> SoFar {
        *self.so_far.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn emitted(&self, id: EmissionId) {
        let mut so_far = self.so_far.lock().unwrap_or_else(PoisonError::into_inner);
        so_far.items += 1;
        so_far.first.get_or_insert(id);
    }

    fn tell<E: Send + Sync + 'static>(&self, end: E) {
        let end = self.emitter.prepare(end);
        let end = match self.so_far().first {
            Some(first) => end.correlation(first),
            None => end,
        };
        // If it is refused, that is a dead letter.
        let _receipt = end.emit();
    }

    fn completed(&self) -> u64 {
        let items = self.so_far().items;
        let task = self.task.clone();
        self.tell(TaskCompleted { task, items });
        items
    }

    fn failed(&self, error: SharedError) {
        let items = self.so_far().items;
        let task = self.task.clone();
        self.tell(TaskFailed { task, items, error });
    }
}

/// Tells how a task ended. Dropped before that, it has been stopped.
struct Ending(Option<Arc<Run>>);

impl Ending {
    fn end(mut self, ended: Result<(), SharedError>) -> Result<u64, SharedError> {
        let run = self.0.take().expect("it ends once");
        match ended {
            Ok(()) => Ok(run.completed()),
            Err(error) => {
                run.failed(error.clone());
                Err(error)
            }
        }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some(run) = self.0.take() {
            run.failed(Arc::new(if std::thread::panicking() {
                TaskStopped::Panicked
            } else {
                TaskStopped::Cancelled
            }));
        }
    }
}

/// Emits the items of a task. See [`Emitter::observe_with`].
///
/// # Examples
///
/// ```
/// use ventix::{Reason, Yielder};
///
/// async fn count(to: u32, yielder: Yielder<u32>) -> Result<(), Reason> {
///     for n in 1..=to {
///         yielder.emit(n).await?;
///     }
///     Ok(())
/// }
/// # actix::System::new().block_on(async {
/// # let linker = ventix::Linker::start();
/// # let emitter = ventix::Emitter::start(&linker, ventix::Strategy::current());
/// assert_eq!(emitter.observe_with("count", |yielder| count(10, yielder)).await.ok(), Some(10));
/// # });
/// ```
pub struct Yielder<T> {
    run: Arc<Run>,
    items: PhantomData<fn(T)>,
}

impl<T: Send + Sync + 'static> Yielder<T> {
    fn new(run: Arc<Run>) -> Self {
        let items = PhantomData;
        Self { run, items }
    }

    /// Emits one item, after waiting for room where that is allowed.
    ///
    /// What subscriptions turn away, and what finds no room, is lost to them alone, as with
    /// any emission.
    ///
    /// # Errors
    ///
    /// When the emitter or its linker has stopped, or shuts down: nothing more will be
    /// taken.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped before it has resolved, the item was not emitted.
    ///
    /// # Examples
    ///
    /// See [`Yielder`].
    pub async fn emit(&self, item: T) -> Result<(), Reason> {
        let item = self.run.emitter.prepare(item);
        let item = match self.run.so_far().first {
            Some(first) => item.correlation(first),
            None => item,
        };
        let receipt = item.emit_when_ready().await;
        match receipt.refusal() {
            Some(reason) if is_final(reason) => Err(reason.clone()),
            _ => {
                self.run.emitted(receipt.id());
                Ok(())
            }
        }
    }
}

impl<T> fmt::Debug for Yielder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Yielder")
            .field("task", &self.run.task)
            .finish_non_exhaustive()
    }
}

/// A task has yielded all its items: an event, emitted by [`Emitter::observe`].
///
/// # Examples
///
/// See [`Emitter::observe_with`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TaskCompleted {
    /// The task's name.
    pub task: Arc<str>,
    /// How many items it has yielded.
    pub items: u64,
}

impl fmt::Display for TaskCompleted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} completed after {} items", self.task, self.items)
    }
}

/// A task has failed, or was stopped: an event, emitted by [`Emitter::observe`].
///
/// # Examples
///
/// See [`Emitter::observe`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TaskFailed {
    /// The task's name.
    pub task: Arc<str>,
    /// How many items it had yielded.
    pub items: u64,
    /// Why.
    pub error: SharedError,
}

impl fmt::Display for TaskFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed after {} items", self.task, self.items)
    }
}

/// Why a task did not come to its end, if that was not its own error.
///
/// # Examples
///
/// ```
/// # use ventix::{on, BoxError, Emitter, Linker, Strategy, TaskFailed, TaskStopped, Yielder};
/// # use futures::FutureExt;
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<TaskFailed>().call(|it| {
///     assert_eq!(it.error.downcast_ref(), Some(&TaskStopped::Cancelled));
/// }))?;
/// let emitter = Emitter::start(&linker, Strategy::inline());
/// let endless = emitter.observe_with("endless", |_: Yielder<()>| {
///     std::future::pending::<Result<(), BoxError>>()
/// });
/// assert!(endless.now_or_never().is_none(), "it is cancelled, for it is dropped");
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TaskStopped {
    /// Its future was dropped.
    #[error("the task was cancelled")]
    Cancelled,
    /// It panicked.
    #[error("the task panicked")]
    Panicked,
}
