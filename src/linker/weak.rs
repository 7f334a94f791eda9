use std::fmt;
use std::sync::{Arc, Weak};

use actix::{Addr, WeakAddr};

use super::actor::LinkerActor;
use super::linker::Linker;
use super::shared::Core;

/// A handle to a linker that does not keep it alive: for what the linker itself
/// keeps, such as its handlers. Made by [`Linker::downgrade`].
///
/// # Examples
///
/// ```
/// # use ventix::Linker;
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// let weak = linker.downgrade();
/// assert!(weak.upgrade().is_some_and(|linker| linker.is_empty()));
/// drop(linker);
/// # while weak.upgrade().is_some() {
/// #     tokio::task::yield_now().await;
/// # }
/// // ... and a moment later, when its actor has stopped:
/// assert!(weak.upgrade().is_none());
/// # });
/// ```
#[derive(Clone)]
pub struct WeakLinker {
    core: Weak<Core>,
    addr: WeakAddr<LinkerActor>,
}

impl WeakLinker {
    pub(super) fn new(core: &Arc<Core>, addr: &Addr<LinkerActor>) -> Self {
        Self {
            core: Arc::downgrade(core),
            addr: addr.downgrade(),
        }
    }

    /// Returns a handle, unless the linker's actor has stopped.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker, SubscribeError, WeakLinker};
    /// fn listen(linker: &WeakLinker) -> Result<bool, SubscribeError> {
    ///     let Some(linker) = linker.upgrade() else { return Ok(false) };
    ///     linker.subscribe(on::<u8>().call(|_| ()))?;
    ///     Ok(true)
    /// }
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// assert_eq!(listen(&linker.downgrade()), Ok(true));
    /// # });
    /// ```
    #[must_use]
    pub fn upgrade(&self) -> Option<Linker> {
        let (core, addr) = (self.core.upgrade()?, self.addr.upgrade()?);
        Some(Linker::new(core, addr))
    }
}

impl fmt::Debug for WeakLinker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakLinker").finish_non_exhaustive()
    }
}
