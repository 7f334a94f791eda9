use std::fmt;
use std::sync::Arc;

use actix::{Actor, AsyncContext, Context, Handler, MessageResult};

use super::emission::Emission;
use super::emit_all::EmitAll;
use super::gear::Slot;
use super::message::Emit;
use super::shared::{Core, Shared};

/// The emitter as an actor: what [`Emitter::addr`](crate::Emitter::addr) is the
/// address of.
///
/// It lives on the arbiter that [`current`](crate::Strategy::current) or
/// [`on`](crate::Strategy::on) names, and else on the one that started the emitter,
/// or on the linker's; and stays there when the strategy is
/// [switched](crate::Emitter::switch). An [`Emit`](struct@Emit) goes the way of every
/// emission. An [`Emission`] it runs where it lives: so its address is a
/// [custom strategy](crate::Strategy::custom) for another emitter.
///
/// # Examples
///
/// ```
/// use actix::{Addr, MailboxError};
/// use ventix::{on, Emit, Emitter, EmitterActor, Linker, Strategy};
///
/// async fn tell(emitter: Addr<EmitterActor>) -> Result<usize, MailboxError> {
///     Ok(emitter.send(Emit("news")).await?.accepted())
/// }
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<&str>().call(|news| println!("{}", **news)))?;
/// let emitter = Emitter::start(&linker, Strategy::current());
/// assert_eq!(tell(emitter.addr()).await?, 1);
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
pub struct EmitterActor {
    core: Arc<Core>,
    slot: Arc<Slot>,
}

impl EmitterActor {
    pub(super) fn new(core: Arc<Core>, slot: Arc<Slot>) -> Self {
        Self { core, slot }
    }
}

impl Actor for EmitterActor {
    type Context = Context<Self>;
}

impl Handler<Emission> for EmitterActor {
    type Result = ();

    fn handle(&mut self, emission: Emission, _: &mut Context<Self>) {
        emission.run();
    }
}

impl<E: Send + Sync + 'static> Handler<Emit<E>> for EmitterActor {
    type Result = MessageResult<Emit<E>>;

    fn handle(&mut self, emit: Emit<E>, ctx: &mut Context<Self>) -> Self::Result {
        // The handles' half, made anew when only addresses are left.
        let shared = Shared::of(&self.core, &self.slot, Some(ctx.address()));
        MessageResult(shared.launch(emit, None))
    }
}

impl<E: Send + Sync + 'static> Handler<EmitAll<E>> for EmitterActor {
    type Result = MessageResult<EmitAll<E>>;

    fn handle(&mut self, all: EmitAll<E>, ctx: &mut Context<Self>) -> Self::Result {
        let shared = Shared::of(&self.core, &self.slot, Some(ctx.address()));
        MessageResult(shared.launch_all(all.into_events(), None))
    }
}

impl fmt::Debug for EmitterActor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.core.debug.name;
        f.debug_struct("EmitterActor")
            .field("name", name)
            .finish_non_exhaustive()
    }
}
