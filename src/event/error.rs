use std::fmt;
use std::sync::Arc;

/// A text that is no topic or no pattern: what is wrong with it, and where.
///
/// # Examples
///
/// ```
/// use ventix::{Topic, TopicFault};
///
/// let error = Topic::new("orders..created").unwrap_err();
/// assert_eq!(error.fault(), TopicFault::EmptyPart);
/// assert_eq!(error.position(), 7);
/// assert_eq!(
///     error.to_string(),
///     "invalid topic `orders..created`: a part is empty, at byte 7",
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid topic `{}`: {fault}, at byte {position}", Shortened(text))]
pub struct TopicError {
    text: Arc<str>,
    fault: TopicFault,
    position: usize,
}

impl TopicError {
    pub(crate) fn new(text: &str, fault: TopicFault, position: usize) -> Self {
        Self {
            text: text.into(),
            fault,
            position,
        }
    }

    /// Returns what is wrong.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::{Pattern, TopicFault};
    ///
    /// let error = Pattern::new("orders.>.created").unwrap_err();
    /// assert_eq!(error.fault(), TopicFault::RestNotLast);
    /// ```
    #[must_use]
    pub fn fault(&self) -> TopicFault {
        self.fault
    }

    /// Returns the byte offset of the first place where it is wrong.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(ventix::Topic::new("a b").unwrap_err().position(), 1);
    /// ```
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }

    /// Returns the text as it was given.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(ventix::Topic::new("a.").unwrap_err().text(), "a.");
    /// ```
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// What can be wrong with the text of a topic or pattern.
///
/// # Examples
///
/// ```
/// use ventix::{Topic, TopicFault};
///
/// assert_eq!(Topic::new("").unwrap_err().fault(), TopicFault::Empty);
/// assert_eq!(Topic::new("orders.*").unwrap_err().fault(), TopicFault::WildcardInTopic);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TopicFault {
    /// There is no text at all.
    #[error("it is empty")]
    Empty,
    /// Two dots stand side by side, or a dot stands first or last.
    #[error("a part is empty")]
    EmptyPart,
    /// A blank, tab, line break or other white space.
    #[error("it holds white space")]
    WhiteSpace,
    /// `>` stands for all the rest, so nothing may follow it.
    #[error("`>` is not the last part")]
    RestNotLast,
    /// `*` or `>` shares a part with other characters, as in `ord*`.
    #[error("a wildcard is not a part of its own")]
    PartialWildcard,
    /// `*` or `>` in a topic that is emitted on: only patterns have wildcards.
    #[error("a topic to emit on has no wildcard")]
    WildcardInTopic,
    /// Over 255 bytes.
    #[error("it is longer than 255 bytes")]
    TooLong,
}

/// The first bytes of a text that may be of any length.
struct Shortened<'a>(&'a str);

impl fmt::Display for Shortened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(64) {
            Some((end, _)) => write!(f, "{}...", self.0[..end].escape_debug()),
            None => write!(f, "{}", self.0.escape_debug()),
        }
    }
}

/// A text that is no UUID.
///
/// # Examples
///
/// ```
/// use ventix::EmissionId;
///
/// assert!("not an id".parse::<EmissionId>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an emission id")]
pub struct InvalidId(#[source] pub(super) uuid::Error);
