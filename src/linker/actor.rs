use std::fmt;
use std::sync::Arc;

use actix::{Actor, AsyncContext, Context, Handler, MessageResult};

use crate::registry::SubscribeError;

use super::linker::Linker;
use super::message::{Subscribe, Unsubscribe};
use super::query::Query;
use super::shared::Core;
use super::subscription::Subscription;

/// The linker as an actor: what [`Linker::addr`] is the address of.
///
/// It links, unlinks and answers as the methods of [`Linker`] do, through the same
/// code. Stopping a linker is left to its handles.
///
/// # Examples
///
/// ```
/// use actix::Addr;
/// use ventix::{on, BoxError, LinkerActor, Query, Subscribe};
///
/// async fn listen(linker: Addr<LinkerActor>) -> Result<usize, BoxError> {
///     linker.send(Subscribe(on::<u8>().call(|_| ()))).await??;
///     Ok(linker.send(Query::subscription_count()).await?)
/// }
/// # actix::System::new().block_on(async {
/// assert_eq!(listen(ventix::Linker::start().addr()).await?, 1);
/// # Ok::<(), BoxError>(())
/// # }).unwrap();
/// ```
pub struct LinkerActor {
    core: Arc<Core>,
}

impl LinkerActor {
    pub(super) fn new(core: Arc<Core>) -> Self {
        Self { core }
    }
}

impl Actor for LinkerActor {
    type Context = Context<Self>;
}

impl Handler<Subscribe> for LinkerActor {
    type Result = Result<Subscription, SubscribeError>;

    fn handle(&mut self, Subscribe(spec): Subscribe, _: &mut Context<Self>) -> Self::Result {
        self.core.subscribe(spec)
    }
}

impl Handler<Unsubscribe> for LinkerActor {
    type Result = usize;

    fn handle(&mut self, what: Unsubscribe, _: &mut Context<Self>) -> usize {
        what.carry_out(&self.core)
    }
}

impl<R: Send + 'static> Handler<Query<R>> for LinkerActor {
    type Result = MessageResult<Query<R>>;

    fn handle(&mut self, query: Query<R>, ctx: &mut Context<Self>) -> Self::Result {
        MessageResult(query.ask(&Linker::new(self.core.clone(), ctx.address())))
    }
}

impl fmt::Debug for LinkerActor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.core.name;
        f.debug_struct("LinkerActor")
            .field("name", name)
            .finish_non_exhaustive()
    }
}
