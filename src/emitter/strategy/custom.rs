use actix::Recipient;
use actix_rt::{Arbiter, ArbiterHandle};

use crate::handler::Site;
use crate::linker::StartError;

use super::super::emission::Emission;
use super::super::gear::{How, Recipients};
use super::{Flavor, Seating, Strategy};

impl Strategy {
    /// Hands emissions to an actor of the user's, which runs them when and where
    /// it likes. See [`Emission`].
    ///
    /// An emission that lies in the actor's mailbox, or that the actor keeps, waits:
    /// it counts for [`bounded`](Self::bounded) until it is run or dropped. The mailbox
    /// is actix's own: the actor is given all that lies in it before its arbiter turns
    /// to anything else. See [fairness](Self#fairness).
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
        Self::new(Flavor::Custom(strategy))
    }

    /// Hands emissions to several actors of the user's, by [routing](Self::routing).
    /// None at all is an error of [`start`](crate::EmitterBuilder::start).
    ///
    /// # Examples
    ///
    /// With `Direct`, a user's actor that runs what it gets at once, on two arbiters:
    ///
    /// ```
    /// # use actix::prelude::*;
    /// # use ventix::{BoxError, Emission, Emitter, Linker, Strategy, on};
    /// # use std::{collections::HashSet, thread::{self, ThreadId}};
    /// # struct Direct;
    /// # impl Actor for Direct { type Context = Context<Self>; }
    /// # impl Handler<Emission> for Direct {
    /// #     type Result = ();
    /// #     fn handle(&mut self, emission: Emission, _: &mut Context<Self>) { emission.run() }
    /// # }
    /// # System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| Ok::<_, BoxError>(thread::current().id())))?;
    /// let arbiters = [Arbiter::new(), Arbiter::new()];
    /// let actors = arbiters.iter().map(|arbiter| {
    ///     Direct::start_in_arbiter(&arbiter.handle(), |_| Direct).recipient()
    /// });
    /// let emitter = Emitter::start(&linker, Strategy::custom_pool(actors));
    /// let reports = futures::join!(emitter.emit_and_wait(1_u8), emitter.emit_and_wait(2_u8));
    /// let threads = [&reports.0, &reports.1].map(|report| report.replies::<ThreadId>().next());
    /// assert_ne!(threads[0], threads[1]);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn custom_pool(actors: impl IntoIterator<Item = Recipient<Emission>>) -> Self {
        Self::new(Flavor::CustomPool(actors.into_iter().collect()))
    }
}

/// Actors that the emitter hands to at once need nobody between; what may have to
/// be taken back, or to wait for the one before, waits in a line in front.
pub(super) fn seat(
    actors: Vec<Recipient<Emission>>,
    strategy: &Strategy,
    home: &ArbiterHandle,
) -> Result<Seating, StartError> {
    let setting = "custom_pool";
    let count = match actors.len() {
        0 => return Err(StartError::Zero { setting }),
        count => count,
    };
    let is_split = count > 1 && strategy.is_split_by_order();
    let arbiters = if strategy.overflow.takes_back() || strategy.in_order {
        let arbiter = Arbiter::try_current().unwrap_or_else(|| home.clone());
        vec![arbiter; if is_split { count } else { 1 }]
    } else {
        Vec::new()
    };
    Ok(Seating {
        how: How::Hand(Recipients::new(actors, strategy.routing)),
        is_split: is_split && !arbiters.is_empty(),
        site: Site::given(arbiters),
    })
}
