use std::error::Error;
use std::fmt;

use super::described::Described;
use super::error::BoxError;

/// Why a [layer](crate::middleware) turned a delivery or an emission away, in its own
/// words. Made by [`Reason::layer`](crate::Reason::layer).
///
/// Two are equal when they say the same.
///
/// # Examples
///
/// ```
/// use ventix::Reason;
///
/// let Reason::Layer(rejected) = Reason::layer("no tenant") else { unreachable!() };
/// assert_eq!(rejected.to_string(), "a layer turned it away: no tenant");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Rejected(Described);

impl Rejected {
    pub(super) fn new(error: BoxError) -> Self {
        Self(Described::new(error))
    }

    /// Returns the layer's own error.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::fmt::Error;
    /// use ventix::Reason;
    ///
    /// let Reason::Layer(rejected) = Reason::layer(Error) else { unreachable!() };
    /// assert!(rejected.error().is::<Error>());
    /// ```
    #[must_use]
    pub fn error(&self) -> &(dyn Error + Send + Sync + 'static) {
        self.0.error()
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a layer turned it away: {}", self.0)
    }
}

impl fmt::Debug for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rejected")
            .field(&self.0.to_string())
            .finish()
    }
}

impl Error for Rejected {
    /// What is behind the layer's error, which has been printed already.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}
