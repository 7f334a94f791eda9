use std::fmt;

use crate::event::AnyValue;

/// What a handler answered: the value that a callback returned in `Ok`, or that
/// an actor gave to [`Delivery::reply`](crate::Delivery::reply). Empty for a
/// handler that only finished.
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
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the answer, if it is a `T`.
    #[must_use]
    pub fn downcast_ref<T: 'static>(&self) -> Option<&T> {
        self.0.as_ref()?.downcast_ref()
    }

    /// Returns the answer by value.
    ///
    /// # Errors
    ///
    /// Gives the reply back when it holds no `T`.
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
