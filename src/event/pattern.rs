use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::error::TopicError;
use super::text;
use super::topic::Topic;

/// A set of topics: dotted parts, of which `*` stands for any one part and a
/// last `>` for all the rest, at least one part.
///
/// # Examples
///
/// ```
/// use ventix::{Pattern, Topic};
///
/// let created = Topic::new("orders.created")?;
/// let eu = Topic::new("orders.eu.created")?;
///
/// let one = Pattern::new("orders.*")?;
/// assert!(one.matches(&created) && !one.matches(&eu));
///
/// let rest = Pattern::new("orders.>")?;
/// assert!(rest.matches(&created) && rest.matches(&eu));
/// assert!(!rest.matches(&Topic::new("orders")?));
/// # Ok::<(), ventix::TopicError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pattern(Arc<str>);

impl Pattern {
    /// Checks `text` and makes it a pattern. Text without a wildcard is a
    /// pattern of one topic.
    ///
    /// # Errors
    ///
    /// When `text` is empty, has an empty part or white space, mixes a wildcard
    /// with other characters in one part, has `>` before the last part, or is
    /// longer than 255 bytes. The error names the fault and its position.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::Pattern;
    ///
    /// assert!(Pattern::new("*.created").is_ok());
    /// assert_eq!(Pattern::new("a.>.b").unwrap_err().position(), 2);
    /// assert_eq!(Pattern::new("a.b*").unwrap_err().position(), 3);
    /// ```
    pub fn new(text: &str) -> Result<Self, TopicError> {
        text::check(text, true)?;
        Ok(Self(text.into()))
    }

    /// Returns whether `topic` is in the set.
    ///
    /// Takes time in proportion to the number of parts, and allocates nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::{Pattern, Topic};
    ///
    /// assert!(Pattern::new("a.*.c")?.matches(&Topic::new("a.b.c")?));
    /// # Ok::<(), ventix::TopicError>(())
    /// ```
    #[must_use]
    pub fn matches(&self, topic: &Topic) -> bool {
        let mut parts = topic.parts();
        for wanted in self.0.split('.') {
            match (wanted, parts.next()) {
                (_, None) => return false,
                (">", Some(_)) => return true,
                ("*", Some(_)) => {}
                (wanted, Some(part)) if wanted == part => {}
                _ => return false,
            }
        }
        parts.next().is_none()
    }

    /// Returns the pattern as text.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(ventix::Pattern::new("a.>")?.as_str(), "a.>");
    /// # Ok::<(), ventix::TopicError>(())
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Pattern {
    type Err = TopicError;

    fn from_str(text: &str) -> Result<Self, TopicError> {
        Self::new(text)
    }
}

impl AsRef<str> for Pattern {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({})", self.0)
    }
}
