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
    /// With `Direct`, a user's actor that runs what it gets at once; [`Emission`]
    /// shows how to write one.
    ///
    /// ```
    /// # use actix::prelude::*;
    /// # use ventix::{Emission, Emitter, Linker, Strategy, on};
    /// # struct Direct;
    /// # impl Actor for Direct { type Context = Context<Self>; }
    /// # impl Handler<Emission> for Direct {
    /// #     type Result = ();
    /// #     fn handle(&mut self, emission: Emission, _: &mut Context<Self>) { emission.run() }
    /// # }
    /// # System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|n| println!("{}", **n)))?;
    /// let strategy = Strategy::custom(Direct.start().recipient());
    /// let emitter = Emitter::builder(&linker).strategy(strategy).name("direct").start()?;
    /// assert!(emitter.emit_and_wait(1_u8).await.all_handled());
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
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
