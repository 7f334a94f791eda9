use std::sync::Arc;
use std::time::Duration;

use actix::clock::timeout;
use actix::{Actor, AsyncContext, Context, Handler, Message, ResponseFuture, WrapFuture};

use super::reader::read;
use super::run::{Desk, Phase};
use super::worker::WorkerDrained;

/// The actor that reads from a backend, on the arbiter that talks to it. Its handle is
/// [`Worker`](super::Worker).
#[derive(Debug)]
pub struct WorkerActor {
    desk: Arc<Desk>,
}

/// Has a worker end: see [`Worker::drain`](super::Worker::drain).
#[derive(Debug, Message)]
#[rtype(result = "WorkerDrained")]
pub(super) struct Drain(pub(super) Duration);

impl WorkerActor {
    pub(super) fn new(desk: Arc<Desk>) -> Self {
        Self { desk }
    }
}

impl Actor for WorkerActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.spawn(read(self.desk.clone()).into_actor(self));
    }
}

impl Drop for WorkerActor {
    fn drop(&mut self) {
        self.desk.enter(Phase::Draining);
    }
}

impl Handler<Drain> for WorkerActor {
    type Result = ResponseFuture<WorkerDrained>;

    fn handle(&mut self, Drain(within): Drain, _: &mut Self::Context) -> Self::Result {
        let desk = self.desk.clone();
        Box::pin(async move {
            desk.enter(Phase::Draining);
            let all = u32::try_from(desk.settings.concurrency).unwrap_or(u32::MAX);
            let idle = || desk.free.acquire_many(all);
            let is_idle = timeout(within, idle()).await.is_ok();
            let mut released = 0;
            if !is_idle {
                released = desk.in_flight();
                desk.enter(Phase::Releasing);
                // An engine that does not answer is not waited for for ever.
                let _ = timeout(GIVING_BACK, idle()).await;
            }
            WorkerDrained { released }
        })
    }
}

/// How long it may take to give leases back.
const GIVING_BACK: Duration = Duration::from_secs(5);
