use std::fmt;
use std::sync::{Arc, Weak};

use actix::{Actor, AsyncContext, Context, Handler, MessageResult};

use super::emission::Emission;
use super::launch::Caller;
use super::message::Emit;
use super::shared::{Core, Shared};

/// The emitter as an actor: what [`Emitter::addr`](crate::Emitter::addr) is the
/// address of. With `current`, `on` and `dedicated` it lives where the
/// strategy says and runs emissions there; with `inline` it runs only what it is
/// sent as a message, and with `custom` it passes emissions on.
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
    /// The handles' half. Weak, so that the actor does not keep itself alive.
    shared: Weak<Shared>,
}

impl EmitterActor {
    pub(super) fn new(core: Arc<Core>) -> Self {
        let shared = Weak::new();
        Self { core, shared }
    }

    /// The handles' half, made anew when only addresses are left.
    fn shared(&mut self, ctx: &mut Context<Self>) -> Arc<Shared> {
        self.shared.upgrade().unwrap_or_else(|| {
            let (core, addr) = (self.core.clone(), ctx.address());
            let shared = Arc::new(Shared { core, addr });
            self.shared = Arc::downgrade(&shared);
            shared
        })
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
        MessageResult(self.shared(ctx).launch(emit, Caller::Actor, None))
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
