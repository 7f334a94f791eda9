use std::error::Error;
use std::fmt;
use std::sync::Arc;

use super::error::{BoxError, SharedError};

/// Any error, with what it says: part of a [`Reason`](crate::Reason).
///
/// Two are equal when they say the same.
///
/// # Examples
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use ventix::remote::{Memory, Remote};
/// use ventix::{Emitter, Linker, Reason, Strategy};
///
/// #[derive(Serialize, Deserialize)]
/// struct Odd(#[serde(serialize_with = "never")] u8);
///
/// fn never<S: serde::Serializer>(_: &u8, _: S) -> Result<S::Ok, S::Error> {
///     Err(serde::ser::Error::custom("odd"))
/// }
///
/// # actix::System::new().block_on(async {
/// let remote = Remote::start(Memory::new())?;
/// remote.register::<Odd>("odd", 1)?;
/// let emitter = Emitter::start(&Linker::start(), Strategy::remote(&remote));
/// let receipt = emitter.emit(Odd(1));
/// let Some(Reason::Unencodable(error)) = receipt.refusal() else { unreachable!() };
/// assert_eq!(error.error().source().unwrap().to_string(), "odd");
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Described {
    /// What the error says, asked once: it is a user's, and printed in many places.
    text: Arc<str>,
    error: SharedError,
}

impl Described {
    pub(crate) fn new(error: BoxError) -> Self {
        Self {
            text: error.to_string().into(),
            error: error.into(),
        }
    }

    /// Returns the error itself.
    #[must_use]
    pub fn error(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.error
    }
}

impl PartialEq for Described {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Described {}

impl fmt::Display for Described {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Described {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Described").field(&self.text).finish()
    }
}

impl Error for Described {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}
