use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Handler, Message, WeakAddr};
use actix_rt::ArbiterHandle;

use crate::delivery::Turn;
use crate::outcome::{Verdict, guard};
use crate::registry::Target;
use crate::spawn::{can_spawn, try_spawn};

use super::witness::witnessed;

/// An actor that takes the bare event and knows nothing of deliveries.
///
/// It gets a clone, and its reply is waited for: on the arbiter that runs the
/// emission, or else on the linker's.
pub(crate) struct PlainActorTarget<A: Actor, F> {
    pub(crate) addr: Lease<A>,
    pub(crate) judge: F,
    pub(crate) home: ArbiterHandle,
}

/// An address, held so that the actor stays, or so that it may go.
pub(crate) enum Lease<A: Actor> {
    Strong(Addr<A>),
    Weak(WeakAddr<A>),
}

impl<A: Actor> Lease<A> {
    pub(crate) fn new(addr: Addr<A>, weak: bool) -> Self {
        if weak {
            Self::Weak(addr.downgrade())
        } else {
            Self::Strong(addr)
        }
    }

    fn get(&self) -> Option<Addr<A>> {
        match self {
            Self::Strong(addr) => Some(addr.clone()),
            Self::Weak(addr) => addr.upgrade(),
        }
    }
}

impl<A, E, F> Target<E> for PlainActorTarget<A, F>
where
    A: Actor<Context: ToEnvelope<A, E>> + Handler<E>,
    E: Message<Result: Send> + Clone + Send + Sync + 'static,
    F: Fn(E::Result) -> Verdict + Clone + Send + Sync + 'static,
{
    fn start(&self, turn: Turn<'_, E>) {
        let (delivery, slip) = turn.into_shared();
        slip.begin();
        let mut prepared = None;
        // Cloning runs the user's code.
        let made = guard(|| {
            prepared = Some((E::clone(&delivery), self.judge.clone()));
            Verdict::Lost
        });
        let Some((event, judge)) = prepared else {
            return slip.returned(made);
        };
        let Some(addr) = self.addr.get() else {
            return slip.returned(Verdict::Lost);
        };
        let reply = witnessed(addr.send(event), move || addr.connected());
        let work = async move {
            // Held to the end: a delivery is complete when it is dropped.
            let _delivery = delivery;
            slip.returned(match reply.await {
                Ok(reply) => guard(|| judge(reply)),
                Err(verdict) => verdict,
            });
        };
        // Where the arbiter has stopped, the work is dropped, and the delivery
        // with it: it is lost, and says so.
        if can_spawn() {
            try_spawn(work);
        } else {
            self.home.spawn(work);
        }
    }

    fn is_alive(&self) -> bool {
        self.addr.get().is_some_and(|addr| addr.connected())
    }
}
