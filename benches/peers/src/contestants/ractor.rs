//! ractor's output port.

use ::ractor::{Actor, ActorProcessingErr, ActorRef, OutputPort};

use super::bursts::{Audience, each};
use crate::contest::Contestant;
use crate::event::{Event, Left};

/// The name of [`port`].
pub const PORT: &str = "ractor output port";

/// What it loses, and what that means for its figure.
const NOTE: &str = "in bursts of 10: it loses events beyond its lag";

/// What its buffer has room for: "10 should be plenty", it says. Beyond it is lost.
const LAG: usize = 10;

/// The actor whose handler is counted.
struct Counter;

impl Actor for Counter {
    type Msg = Event;
    type State = Left;
    type Arguments = Left;

    async fn pre_start(&self, _: ActorRef<Event>, left: Left) -> Result<Left, ActorProcessingErr> {
        Ok(left)
    }

    async fn handle(
        &self,
        _: ActorRef<Event>,
        event: Event,
        left: &mut Left,
    ) -> Result<(), ActorProcessingErr> {
        left.handle(&event);
        Ok(())
    }
}

/// The output port, with its subscribers' forwarding tasks on the thread that emits.
pub async fn port(audience: Audience) -> Contestant {
    let port = OutputPort::<Event>::default();
    for _ in 0..audience.handlers {
        let left = audience.left.clone();
        let start = || async { Actor::spawn(None, Counter, left).await };
        let started = audience.place.make(start).await;
        let (actor, _) = started.expect("the actor starts");
        port.subscribe(actor, Some);
    }
    audience
        .bursts(PORT, LAG, each(move |event| port.send(event)))
        .note(NOTE)
}
