use std::fmt;

use crate::event::AnyValue;

/// What a handler answered: the value that a callback returned in `Ok`, that an
/// actor gave to [`Delivery::reply`](crate::Delivery::reply) or returned in a
/// [`settle`](crate::Delivery::settle), or a plain actor's reply. Empty for a handler
/// that only finished.
///
/// # Examples
///
/// ```
/// # use ventix::{on, Emitter, Linker, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<u32>().call(|n| -> Result<u32, ventix::BoxError> { Ok(**n * 2) }))?;
/// let emitter = Emitter::start(&linker, Strategy::inline());
/// let report = emitter.emit_and_wait(21_u32).await;
/// assert_eq!(report.replies::<u32>().collect::<Vec<_>>(), [&42]);
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Default)]
pub struct Reply(Option<Box<AnyValue>>);

impl Reply {
    /// Boxes `value`, unless it is `()`: finishing is no answer.
    pub(crate) fn new<T: Send + 'static>(value: T) -> Self {
        let value: Box<AnyValue> = Box::new(value);
        Self((!value.is::<()>()).then_some(value))
    }

    /// Returns whether the handler only finished, without an answer.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Outcome, Reply, Strategy};
    /// assert!(Reply::default().is_empty());
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()))?;
    /// let report = Emitter::start(&linker, Strategy::inline()).emit_and_wait("42").await;
    /// let Some(Outcome::Handled(reply)) = report.outcomes().next() else { panic!("{report:?}") };
    /// assert!(!reply.is_empty());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the answer, if it is a `T`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()).on_success(|done| {
    ///     assert_eq!(done.reply().downcast_ref::<u32>(), Some(&42));
    ///     assert_eq!(done.reply().downcast_ref::<i32>(), None);
    /// }))?;
    /// assert!(Emitter::start(&linker, Strategy::inline()).emit_and_wait("42").await.all_handled());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn downcast_ref<T: 'static>(&self) -> Option<&T> {
        self.0.as_ref()?.downcast_ref()
    }

    /// Returns the answer by value.
    ///
    /// # Errors
    ///
    /// Gives the reply back when it holds no `T`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Outcome, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()))?;
    /// let report = Emitter::start(&linker, Strategy::inline()).emit_and_wait("42").await;
    /// let outcome = report.into_iter().next().map(|ended| ended.into_outcome());
    /// let Some(Outcome::Handled(reply)) = outcome else { return Err("not handled".into()) };
    ///
    /// let reply = reply.downcast::<String>().unwrap_err();
    /// assert_eq!(reply.downcast::<u32>().unwrap(), 42);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn downcast<T: 'static>(self) -> Result<T, Self> {
        let Some(value) = self.0 else {
            return Err(Self(None));
        };
        match value.downcast() {
            Ok(value) => Ok(*value),
            Err(other) => Err(Self(Some(other))),
        }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() {
            "Reply"
        } else {
            "Reply(..)"
        })
    }
}
