use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::error::TopicError;
use super::text;

/// A dotted name that an emission may carry, such as `orders.created`.
///
/// A topic is one or more parts between dots, at most 255 bytes in all, without
/// white space and without the wildcards `*` and `>`, which belong to a
/// [`Pattern`](crate::Pattern). Case matters. Cloning is cheap.
///
/// # Examples
///
/// ```
/// use ventix::Topic;
///
/// let topic = Topic::new("orders.created")?;
/// assert_eq!(topic.as_str(), "orders.created");
/// assert_eq!(topic.parts().collect::<Vec<_>>(), ["orders", "created"]);
/// # Ok::<(), ventix::TopicError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Topic(Arc<str>);

impl Topic {
    /// Checks `text` and makes it a topic.
    ///
    /// # Errors
    ///
    /// When `text` is empty, has an empty part, white space or a wildcard, or is
    /// longer than 255 bytes. The error names the fault and its position.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(ventix::Topic::new("orders.created").is_ok());
    /// assert!(ventix::Topic::new("orders.").is_err());
    /// ```
    pub fn new(text: &str) -> Result<Self, TopicError> {
        text::check(text, false)?;
        Ok(Self(text.into()))
    }

    /// Returns the topic as text.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(ventix::Topic::new("a.b")?.as_str(), "a.b");
    /// # Ok::<(), ventix::TopicError>(())
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the parts between the dots.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(ventix::Topic::new("a.b.c")?.parts().count(), 3);
    /// # Ok::<(), ventix::TopicError>(())
    /// ```
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('.')
    }
}

impl FromStr for Topic {
    type Err = TopicError;

    fn from_str(text: &str) -> Result<Self, TopicError> {
        Self::new(text)
    }
}

impl AsRef<str> for Topic {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Topic({})", self.0)
    }
}

/// What names a topic: a [`Topic`], or text that is checked when it is used.
///
/// Text is convenient; a `Topic` that is made once and cloned saves the check
/// and an allocation in every emission.
///
/// # Examples
///
/// ```
/// use ventix::{IntoTopic, Topic};
///
/// assert_eq!("a.b".into_topic()?, Topic::new("a.b")?);
/// # Ok::<(), ventix::TopicError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name a topic",
    note = "pass a `&str`, a `String`, a `Topic` or a `&Topic`"
)]
pub trait IntoTopic {
    /// Makes it a topic.
    ///
    /// # Errors
    ///
    /// When the text is no topic.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::IntoTopic;
    ///
    /// assert!(String::from("no topic").into_topic().is_err());
    /// ```
    fn into_topic(self) -> Result<Topic, TopicError>;
}

impl IntoTopic for Topic {
    fn into_topic(self) -> Result<Topic, TopicError> {
        Ok(self)
    }
}

impl IntoTopic for &Topic {
    fn into_topic(self) -> Result<Topic, TopicError> {
        Ok(self.clone())
    }
}

impl IntoTopic for &str {
    fn into_topic(self) -> Result<Topic, TopicError> {
        Topic::new(self)
    }
}

impl IntoTopic for &String {
    fn into_topic(self) -> Result<Topic, TopicError> {
        Topic::new(self)
    }
}

impl IntoTopic for String {
    fn into_topic(self) -> Result<Topic, TopicError> {
        Topic::new(&self)
    }
}
