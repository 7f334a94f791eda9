use std::fmt;
use std::sync::Arc;

use super::id::SubscriptionId;

/// Whose handler it is: a subscription, by its id and its name.
///
/// # Examples
///
/// ```
/// # use ventix::{on, Emitter, Linker, Reason, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// let echo = on::<u8>().call(|n| n.emitter().emit(**n).refusals().first().map_or(Ok(()), |refusal| {
///     Err(refusal.reason().clone())
/// }));
/// let id = linker.subscribe(echo.named("echo").capacity(1))?.id();
/// let report = Emitter::start(&linker, Strategy::inline()).emit_and_wait(1_u8).await;
/// let error = report.errors().next().unwrap();
/// let Some(Reason::Cycle { path, .. }) = error.downcast_ref() else { unreachable!() };
/// assert_eq!((path[0].subscription(), path[0].name()), (id, Some("echo")));
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandlerRef {
    pub(crate) subscription: SubscriptionId,
    pub(crate) name: Option<Arc<str>>,
}

/// How many handlers an emission remembers: what is made in a chain without end
/// must not grow with it.
const MAX_HOPS: usize = 16;

impl HandlerRef {
    /// Returns the subscription.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{HandlerRef, Linker, Subscription};
    /// fn drop_out(linker: &Linker, path: &[HandlerRef]) -> bool {
    ///     path.first().is_some_and(|hop| linker.unsubscribe(hop.subscription()))
    /// }
    /// # actix::System::new().block_on(async {
    /// assert!(!drop_out(&Linker::start(), &[]));
    /// # });
    /// ```
    #[must_use]
    pub fn subscription(&self) -> SubscriptionId {
        self.subscription
    }

    /// Returns the subscription's name, if it was given one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::HandlerRef;
    /// fn names(path: &[HandlerRef]) -> Vec<&str> {
    ///     path.iter().filter_map(HandlerRef::name).collect()
    /// }
    /// assert!(names(&[]).is_empty());
    /// ```
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The path one handler further, without its beginning when it gets long.
    /// What it is called where its subscription's number is not known: by its name, or else
    /// by its number, which is the same as long as a program subscribes in the same order.
    pub(crate) fn label(&self) -> Box<str> {
        match &self.name {
            Some(name) => (&**name).into(),
            None => self.subscription.to_string().into(),
        }
    }

    pub(crate) fn extend(path: &[Self], hop: Self) -> Arc<[Self]> {
        let from = (path.len() + 1).saturating_sub(MAX_HOPS);
        path[from..].iter().cloned().chain([hop]).collect()
    }

    /// The path from the last time it led through `subscription`, if it did.
    pub(crate) fn back_to(path: &[Self], subscription: SubscriptionId) -> Option<Arc<[Self]>> {
        let at = path
            .iter()
            .rposition(|hop| hop.subscription == subscription)?;
        Some(Arc::from(&path[at..]))
    }

    /// Prints a path that leads back to where it began.
    pub(crate) fn chain(path: &[Self]) -> String {
        let hops = path.iter().chain(path.first());
        let shown: Vec<_> = hops.map(ToString::to_string).collect();
        shown.join(" -> ")
    }
}

impl fmt::Display for HandlerRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{} ({name})", self.subscription),
            None => self.subscription.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(number: u64) -> HandlerRef {
        HandlerRef {
            subscription: SubscriptionId::new(number),
            name: None,
        }
    }

    #[test]
    fn a_path_forgets_its_beginning_and_finds_its_way_back() {
        let mut path: Arc<[HandlerRef]> = Arc::from([]);
        for number in 0..100 {
            path = HandlerRef::extend(&path, of(number));
        }
        assert_eq!(path.len(), MAX_HOPS);
        assert_eq!(path.last(), Some(&of(99)));
        let back = HandlerRef::back_to(&path, SubscriptionId::new(98)).unwrap();
        assert_eq!(HandlerRef::chain(&back), "#98 -> #99 -> #98");
        assert_eq!(HandlerRef::back_to(&path, SubscriptionId::new(1)), None);
    }
}
