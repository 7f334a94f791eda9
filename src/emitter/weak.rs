use std::fmt;
use std::sync::{Arc, Weak};

use super::emitter::Emitter;
use super::shared::Shared;

/// A handle to an emitter that does not keep it alive: for what lives as long as
/// the emitter, such as its handlers. Made by [`Emitter::downgrade`].
///
/// # Examples
///
/// ```
/// # use ventix::{Emitter, Linker, Strategy};
/// # actix::System::new().block_on(async {
/// let emitter = Emitter::start(&Linker::start(), Strategy::inline());
/// let weak = emitter.downgrade();
/// assert!(weak.upgrade().is_some());
/// drop(emitter);
/// assert!(weak.upgrade().is_none());
/// # });
/// ```
#[derive(Clone)]
pub struct WeakEmitter(Weak<Shared>);

impl WeakEmitter {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        Self(Arc::downgrade(shared))
    }

    /// Returns a handle, unless the last one has gone. The emitter may still have
    /// something to run then.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{Emitter, Linker, Receipt, Strategy, WeakEmitter};
    /// fn tell(emitter: &WeakEmitter, news: &'static str) -> Option<Receipt> {
    ///     Some(emitter.upgrade()?.emit(news))
    /// }
    /// # actix::System::new().block_on(async {
    /// let emitter = Emitter::start(&Linker::start(), Strategy::inline());
    /// assert!(tell(&emitter.downgrade(), "nobody listens").is_some());
    /// # });
    /// ```
    #[must_use]
    pub fn upgrade(&self) -> Option<Emitter> {
        self.0.upgrade().map(Emitter::new)
    }
}

impl fmt::Debug for WeakEmitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakEmitter").finish_non_exhaustive()
    }
}
