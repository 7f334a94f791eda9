use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::event::{Topic, TopicError};
use crate::outcome::{Reason, SharedError};

/// A value that a validator of an [`Observable`](crate::Observable) did not let through: the
/// error of setting it, and an event on its own type.
///
/// # Examples
///
/// ```
/// use ventix::{Emitter, Linker, Observable, Strategy};
///
/// # actix::System::new().block_on(async {
/// # let (tell, told) = std::sync::mpsc::channel();
/// let linker = Linker::start();
/// let emitter = Emitter::start(&linker, Strategy::inline());
/// let even = Observable::builder("numbers.even", 0_u32)
///     .validate(|n| if n % 2 == 0 { Ok(()) } else { Err("it is odd") })
///     .start(&emitter)?;
/// linker.subscribe(even.on_refused().call(move |it| tell.send(*it.value())))?;
///
/// let refused = even.set(7).unwrap_err();
/// assert_eq!(refused.to_string(), "numbers.even: the value was refused");
/// assert_eq!(refused.error().to_string(), "it is odd");
/// assert_eq!(told.try_recv()?, 7);
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
pub struct ValueRefused<T> {
    pub(super) topic: Topic,
    pub(super) value: Arc<T>,
    pub(super) error: SharedError,
}

impl<T> ValueRefused<T> {
    /// Returns the topic of the observable.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Emitter, Linker, Observable, Strategy};
    /// # actix::System::new().block_on(async {
    /// let emitter = Emitter::start(&Linker::start(), Strategy::inline());
    /// let even = Observable::builder("numbers.even", 0_u32)
    ///     .validate(|n| if n % 2 == 0 { Ok(()) } else { Err("it is odd") })
    ///     .start(&emitter)?;
    /// assert_eq!(even.set(7).unwrap_err().topic().as_str(), "numbers.even");
    /// # Ok::<(), ventix::ObservableError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn topic(&self) -> &Topic {
        &self.topic
    }

    /// Returns the value.
    ///
    /// # Examples
    ///
    /// See [`ValueRefused`].
    #[must_use]
    pub fn value(&self) -> &T {
        &self.value
    }

    /// Returns what the validator said.
    ///
    /// # Examples
    ///
    /// See [`ValueRefused`].
    #[must_use]
    pub fn error(&self) -> &(dyn Error + Send + Sync) {
        &*self.error
    }
}

impl<T> Clone for ValueRefused<T> {
    fn clone(&self) -> Self {
        Self {
            topic: self.topic.clone(),
            value: self.value.clone(),
            error: self.error.clone(),
        }
    }
}

impl<T> fmt::Display for ValueRefused<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: the value was refused", self.topic)
    }
}

impl<T> fmt::Debug for ValueRefused<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValueRefused")
            .field("topic", &self.topic)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

impl<T> Error for ValueRefused<T> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.error)
    }
}

/// Why an [`Observable`](crate::Observable) could not be started.
///
/// # Examples
///
/// ```
/// use ventix::{Emitter, Linker, Observable, ObservableError, Strategy};
///
/// # actix::System::new().block_on(async {
/// let emitter = Emitter::start(&Linker::start(), Strategy::inline());
/// let first = Observable::start(&emitter, "sensors.kitchen", 20.0)?;
/// let second = Observable::start(&emitter, "sensors.kitchen", 20.0);
/// assert!(matches!(second, Err(ObservableError::Taken { .. })));
/// # Ok::<(), ObservableError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ObservableError {
    /// The text is no topic.
    #[error("invalid topic")]
    InvalidTopic(#[from] TopicError),
    /// The last value of the topic is kept already: for another observable, or because
    /// [`Linker::keep_last`](crate::Linker::keep_last) said so.
    #[error("the last value of {topic} is kept already")]
    Taken {
        /// The topic.
        topic: Topic,
    },
    /// The emitter did not take the seed.
    #[error("the seed was not emitted")]
    Refused(#[source] Reason),
}
