use std::any::Any;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use crate::event::AnyValue;

/// Any error, as callbacks return it.
///
/// # Examples
///
/// ```
/// use ventix::BoxError;
///
/// fn total(line: &str) -> Result<u64, BoxError> {
///     let (count, price) = line.split_once('x').ok_or("there is no `x`")?;
///     Ok(count.parse::<u64>()? * price.parse::<u64>()?)
/// }
///
/// ventix::on::<String>().call(|line| total(line));
/// assert_eq!(total("3x7").unwrap(), 21);
/// assert_eq!(total("37").unwrap_err().to_string(), "there is no `x`");
/// ```
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Any error, as outcomes hold it: shared by the report, the failure callback
/// and whoever else looks.
///
/// # Examples
///
/// ```
/// # use ventix::{on, Emitter, Linker, SharedError, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()))?;
/// let report = Emitter::start(&linker, Strategy::inline()).emit_and_wait("no number").await;
///
/// // It outlives the report, and any number of threads may look at it.
/// let error: SharedError = report.errors().next().unwrap();
/// drop(report);
/// let there = error.clone();
/// let seen = std::thread::spawn(move || there.is::<std::num::ParseIntError>());
/// assert!(error.is::<std::num::ParseIntError>() && seen.join().unwrap());
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
pub type SharedError = Arc<dyn Error + Send + Sync>;

/// A handler panicked.
///
/// # Examples
///
/// ```
/// # use ventix::{on, Emitter, Linker, Outcome, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<u8>().call(|n| { if **n > 0 { panic!("not {}", **n) } }))?;
/// let emitter = Emitter::start(&linker, Strategy::inline());
/// let report = emitter.emit_and_wait(3_u8).await;
/// let ended = report.iter().next().unwrap();
/// let Outcome::Panicked(panic) = ended.outcome() else { unreachable!() };
/// assert_eq!(panic.message(), Some("not 3"));
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the handler panicked{}", shown(message.as_ref()))]
pub struct Panicked {
    message: Option<Arc<str>>,
}

impl Panicked {
    /// A panic that was caught, with what it said.
    pub(crate) fn caught(payload: &AnyValue) -> Self {
        let payload: &dyn Any = payload;
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        Self {
            message: text.map(Arc::from),
        }
    }

    /// A panic that passed by while it unwound an actor.
    pub(crate) fn seen() -> Self {
        Self { message: None }
    }

    /// Returns what the panic said. Unknown for an actor, whose panic only
    /// passes by, and for a panic whose payload is no text.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Outcome, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| panic!("out of ink")))?;
    /// linker.subscribe(on::<u8>().call(|_| std::panic::panic_any(7)))?;
    /// let report = Emitter::start(&linker, Strategy::inline()).emit_and_wait(1_u8).await;
    /// let messages: Vec<_> = report
    ///     .outcomes()
    ///     .map(|outcome| match outcome {
    ///         Outcome::Panicked(panic) => panic.message(),
    ///         other => panic!("{other:?}"),
    ///     })
    ///     .collect();
    /// assert_eq!(messages, [Some("out of ink"), None]);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }
}

/// A delivery was dropped before its handler had finished, or even begun: its
/// actor stopped, its arbiter stopped, or its emission was dropped without
/// being run.
///
/// # Examples
///
/// ```
/// assert_eq!(
///     ventix::Lost::default().to_string(),
///     "the delivery was dropped before its handler had finished",
/// );
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, thiserror::Error)]
#[error("the delivery was dropped before its handler had finished")]
#[non_exhaustive]
pub struct Lost;

/// A handler did not end within the [timeout](crate::SubscriptionSpec::timeout)
/// of its subscription. It may still be running: a thread cannot be told to stop.
///
/// # Examples
///
/// ```
/// # use std::time::Duration;
/// # use ventix::{on, Emitter, Linker, Outcome, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// let stuck = on::<u8>().call_async(|_| std::future::pending::<()>());
/// linker.subscribe(stuck.timeout(Duration::from_millis(5)))?;
/// let report = Emitter::start(&linker, Strategy::current()).emit_and_wait(1_u8).await;
/// let ended = report.iter().next().unwrap();
/// let Outcome::TimedOut(late) = ended.outcome() else { unreachable!() };
/// assert_eq!(late.after(), Duration::from_millis(5));
/// assert_eq!(late.to_string(), "the handler did not end within 5ms");
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the handler did not end within {after:?}")]
pub struct TimedOut {
    after: Duration,
}

impl TimedOut {
    pub(crate) fn new(after: Duration) -> Self {
        Self { after }
    }

    /// Returns how long it had.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{Outcome, Report};
    /// fn longest(report: &Report) -> Option<Duration> {
    ///     let late = report.outcomes().filter_map(|outcome| match outcome {
    ///         Outcome::TimedOut(late) => Some(late.after()),
    ///         _ => None,
    ///     });
    ///     late.max()
    /// }
    /// # actix::System::new().block_on(async {
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # let linker = Linker::start();
    /// # let emitter = Emitter::start(&linker, Strategy::inline());
    /// # let limit = Duration::from_millis(1);
    /// # linker.subscribe(on::<u8>().call_async(|_| std::future::pending::<()>()).timeout(limit))?;
    /// # assert_eq!(longest(&emitter.emit_and_wait(1_u8).await), Some(limit));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn after(&self) -> Duration {
        self.after
    }
}

fn shown(message: Option<&Arc<str>>) -> String {
    message.map_or_else(String::new, |text| format!(": {text}"))
}
