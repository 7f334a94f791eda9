use std::sync::Arc;

/// Free-form text that travels with an emission, in the order it was added.
///
/// A name may stand once; setting it again replaces its value. Names are
/// compared as they are, with their case. Meant for a handful of entries: a
/// look-up walks them.
///
/// # Examples
///
/// ```
/// use ventix::Headers;
///
/// let mut headers = Headers::default();
/// headers.set("tenant", "acme");
/// headers.set("tenant", "globex");
/// assert_eq!(headers.get("tenant"), Some("globex"));
/// assert_eq!(headers.len(), 1);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(
    /// Nothing where there are none. Shared: they are handed down to what handlers emit.
    Option<Arc<Entries>>,
);

type Entries = Vec<(Box<str>, Box<str>)>;

impl Headers {
    pub(super) const EMPTY: &Self = &Self(None);

    /// Sets `name` to `value` and returns the value it had.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut headers = ventix::Headers::default();
    /// assert_eq!(headers.set("a", "1"), None);
    /// assert_eq!(headers.set("a", "2").as_deref(), Some("1"));
    /// ```
    pub fn set(
        &mut self,
        name: impl Into<Box<str>>,
        value: impl Into<Box<str>>,
    ) -> Option<Box<str>> {
        let (name, value) = (name.into(), value.into());
        let entries = Arc::make_mut(self.0.get_or_insert_default());
        match entries.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => Some(std::mem::replace(old, value)),
            None => {
                entries.push((name, value));
                None
            }
        }
    }

    /// Returns the value of `name`.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut headers = ventix::Headers::default();
    /// headers.set("tenant", "acme");
    /// assert_eq!(headers.get("tenant"), Some("acme"));
    /// assert_eq!(headers.get("Tenant"), None, "case matters");
    /// ```
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.entries().iter().find(|(known, _)| &**known == name);
        found.map(|(_, value)| &**value)
    }

    /// Returns every name with its value, in the order they were added.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut headers = ventix::Headers::default();
    /// headers.set("b", "1");
    /// headers.set("a", "2");
    /// assert_eq!(headers.iter().collect::<Vec<_>>(), [("b", "1"), ("a", "2")]);
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let entries = self.entries().iter();
        entries.map(|(name, value)| (&**name, &**value))
    }

    /// Returns how many names there are.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut headers = ventix::Headers::default();
    /// headers.set("tenant", "acme");
    /// headers.set("tenant", "globex");
    /// assert_eq!(headers.len(), 1, "the second replaced the first");
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// Returns whether there is none.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(ventix::Headers::default().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }

    fn entries(&self) -> &[(Box<str>, Box<str>)] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }
}
