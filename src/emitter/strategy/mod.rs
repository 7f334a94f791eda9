//! Where an emitter runs emissions: plain values, one flavour a file.

mod current;
mod custom;
mod dedicated;
mod inline;
mod on;

use std::fmt;

use actix::Recipient;
use actix_rt::ArbiterHandle;

use crate::linker::StartError;

use super::emission::Emission;
use super::shared::{Dispatch, OwnedArbiter};

/// Where an emitter runs emissions.
///
/// | strategy | callbacks run on | `emit` returns | use it when |
/// |---|---|---|---|
/// | [`inline`](Self::inline) | the caller's thread | when the sync ones have run | handlers are short, or must have begun |
/// | [`current`](Self::current) | the arbiter that starts the emitter | at once | handlers belong to this part of the program |
/// | [`on`](Self::on) | an arbiter of the user's | at once | handlers share an arbiter with certain actors |
/// | [`dedicated`](Self::dedicated) | an arbiter of the emitter's own | at once | handlers would be in the way anywhere else |
/// | [`custom`](Self::custom) | wherever a user's actor runs them | at once | they are to be delayed, measured, ordered ... |
///
/// Actors that handle deliveries run where they live, and blocking callbacks on
/// their pool of threads, whatever the strategy.
///
/// # Examples
///
/// ```
/// use ventix::{Emitter, Linker, Strategy};
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// for strategy in [Strategy::inline(), Strategy::current(), Strategy::dedicated()] {
///     let emitter = Emitter::start(&linker, strategy);
///     assert!(emitter.emit("nobody listens").is_unheard());
/// }
/// # });
/// ```
#[derive(Clone)]
pub struct Strategy(Flavor);

#[derive(Clone)]
enum Flavor {
    Inline,
    Current,
    On(ArbiterHandle),
    Dedicated,
    Custom(Recipient<Emission>),
}

/// Where a strategy puts the emitter's actor, and who runs emissions.
pub(super) struct Placement {
    pub(super) arbiter: ArbiterHandle,
    pub(super) owned: Option<OwnedArbiter>,
    pub(super) dispatch: Dispatch,
}

impl Strategy {
    /// Finds the place. `home` is the linker's arbiter, for emitters that only
    /// need one for their address.
    pub(super) fn place(self, home: &ArbiterHandle) -> Result<Placement, StartError> {
        match self.0 {
            Flavor::Inline => Ok(inline::place(home)),
            Flavor::Current => current::place(),
            Flavor::On(arbiter) => Ok(on::place(arbiter)),
            Flavor::Dedicated => dedicated::place(),
            Flavor::Custom(recipient) => Ok(custom::place(home, recipient)),
        }
    }
}

impl fmt::Debug for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Flavor::Inline => "Strategy::inline",
            Flavor::Current => "Strategy::current",
            Flavor::On(_) => "Strategy::on",
            Flavor::Dedicated => "Strategy::dedicated",
            Flavor::Custom(_) => "Strategy::custom",
        })
    }
}
