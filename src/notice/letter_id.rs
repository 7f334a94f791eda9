use std::fmt;

/// The number of a dead letter that its linker keeps: see [`DeadLetters`](crate::DeadLetters).
///
/// They rise in the order in which the letters were made, and each linker counts its own.
///
/// # Examples
///
/// See [`DeadLetter::id`](crate::DeadLetter::id).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LetterId(u64);

impl LetterId {
    pub(crate) const fn new(number: u64) -> Self {
        Self(number)
    }
}

impl fmt::Display for LetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "letter {}", self.0)
    }
}

impl fmt::Debug for LetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LetterId({})", self.0)
    }
}
