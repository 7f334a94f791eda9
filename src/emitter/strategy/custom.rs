use actix::Recipient;
use actix_rt::{Arbiter, ArbiterHandle};

use super::super::emission::Emission;
use super::super::shared::Dispatch;
use super::{Flavor, Placement, Strategy};

impl Strategy {
    /// Hands emissions to an actor of the user's, which runs them when and where
    /// it likes. See [`Emission`].
    ///
    /// # Examples
    ///
    /// ```
    /// use actix::Recipient;
    /// use ventix::{Emission, Emitter, Linker, StartError, Strategy};
    ///
    /// fn start(linker: &Linker, measured: Recipient<Emission>) -> Result<Emitter, StartError> {
    ///     Emitter::builder(linker).strategy(Strategy::custom(measured)).name("measured").start()
    /// }
    /// ```
    #[must_use]
    pub fn custom(strategy: Recipient<Emission>) -> Self {
        Self(Flavor::Custom(strategy))
    }
}

pub(super) fn place(home: &ArbiterHandle, strategy: Recipient<Emission>) -> Placement {
    Placement {
        arbiter: Arbiter::try_current().unwrap_or_else(|| home.clone()),
        owned: None,
        dispatch: Dispatch::Custom(strategy),
    }
}
