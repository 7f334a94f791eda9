use std::any::{TypeId, type_name};
use std::fmt;
use std::hash::{Hash, Hasher};

/// The identity of an event's type.
///
/// Two values are equal when the types are the same type. The name is for
/// people: it takes no part in comparisons.
///
/// # Examples
///
/// ```
/// use ventix::EventType;
///
/// mod orders { pub struct Created; }
/// mod users { pub struct Created; }
///
/// assert_eq!(EventType::of::<orders::Created>(), EventType::of::<orders::Created>());
/// assert_ne!(EventType::of::<orders::Created>(), EventType::of::<users::Created>());
/// assert!(EventType::of::<orders::Created>().name().ends_with("orders::Created"));
/// ```
#[derive(Clone, Copy)]
pub struct EventType {
    /// One word, for what is part of every emission.
    about: fn() -> (TypeId, &'static str),
}

impl EventType {
    /// Returns the identity of `E`.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::{AnyEvent, EventType};
    ///
    /// assert_eq!(EventType::of::<String>().name(), "alloc::string::String");
    /// assert_ne!(EventType::of::<String>(), EventType::of::<AnyEvent>());
    /// ```
    #[must_use]
    pub fn of<E: ?Sized + 'static>() -> Self {
        Self {
            about: || (TypeId::of::<E>(), type_name::<E>()),
        }
    }

    /// Returns the type's printed name, as [`type_name`] gives it.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(ventix::EventType::of::<u8>().name(), "u8");
    /// ```
    #[must_use]
    pub fn name(&self) -> &'static str {
        (self.about)().1
    }

    pub(crate) fn id(&self) -> TypeId {
        (self.about)().0
    }
}

impl PartialEq for EventType {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for EventType {}

impl Hash for EventType {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id().hash(state);
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventType({})", self.name())
    }
}
