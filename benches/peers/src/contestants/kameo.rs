//! kameo's message bus and pubsub.

use ::kameo::mailbox;
use ::kameo::prelude::*;
use kameo_actors::DeliveryStrategy;
use kameo_actors::message_bus::{self, MessageBus, Register};
use kameo_actors::pubsub::{self, PubSub, Subscribe};

use super::bursts::{Audience, BURST, each};
use crate::contest::Contestant;
use crate::event::{Event, Left};
use crate::place::Place;

/// The name of [`bus`].
pub const BUS: &str = "kameo message bus";
/// The name of [`pubsub()`].
pub const PUBSUB: &str = "kameo pubsub";

/// As many as a lane of ventix has room for.
const MAILBOX: usize = 1_024;
/// The default: what a full mailbox has no room for is skipped.
const DELIVERY: DeliveryStrategy = DeliveryStrategy::BestEffort;

/// The actor whose handler is counted.
#[derive(Actor)]
pub struct Counter(Left);

impl Counter {
    async fn start(left: &Left, place: &Place) -> ActorRef<Self> {
        let left = left.clone();
        let make = || async {
            let actor = Self::spawn_with_mailbox(Self(left), mailbox::bounded(MAILBOX));
            actor.wait_for_startup().await;
            actor
        };
        place.make(make).await
    }
}

impl Message<Event> for Counter {
    type Reply = ();

    async fn handle(&mut self, event: Event, _: &mut Context<Self, ()>) {
        self.0.handle(&event);
    }
}

/// Asked for the first time by a request.
#[derive(Debug)]
struct Question(Event);

impl Message<Question> for Counter {
    type Reply = u64;

    async fn handle(&mut self, question: Question, _: &mut Context<Self, u64>) -> u64 {
        self.0.handle(&question.0);
        std::hint::black_box(1)
    }
}

/// Starts a bus with its actors.
pub async fn start_bus(audience: &Audience) -> ActorRef<MessageBus> {
    let bus = MessageBus::spawn_with_mailbox(MessageBus::new(DELIVERY), mailbox::bounded(MAILBOX));
    for _ in 0..audience.handlers {
        let actor = Counter::start(&audience.left, &audience.place).await;
        let register = Register(actor.recipient::<Event>());
        bus.tell(register).await.expect("the bus runs");
    }
    bus
}

/// Publishes by a bus.
pub fn publish(bus: &ActorRef<MessageBus>, event: Event) {
    let told = bus.tell(message_bus::Publish(event)).try_send();
    told.expect("there is room in the mailbox");
}

/// The message bus: by the type of the message.
pub async fn bus(audience: Audience) -> Contestant {
    let bus = start_bus(&audience).await;
    audience.bursts(BUS, BURST, each(move |event| publish(&bus, event)))
}

/// Pubsub: one type of message.
pub async fn pubsub(audience: Audience) -> Contestant {
    let pubsub = PubSub::<Event>::new(DELIVERY);
    let pubsub = PubSub::spawn_with_mailbox(pubsub, mailbox::bounded(MAILBOX));
    for _ in 0..audience.handlers {
        let actor = Counter::start(&audience.left, &audience.place).await;
        pubsub
            .tell(Subscribe(actor))
            .await
            .expect("the pubsub runs");
    }
    let emit = each(move |event| {
        let told = pubsub.tell(pubsub::Publish(event)).try_send();
        told.expect("there is room in the mailbox");
    });
    audience.bursts(PUBSUB, BURST, emit)
}

/// Questions to one actor, which no bus of kameo's carries.
pub async fn ask(audience: Audience) -> Contestant {
    let actor = Counter::start(&audience.left, &audience.place).await;
    super::bursts::one_by_one("kameo ask", audience.left, move |event| {
        let actor = actor.clone();
        async move {
            let reply = actor.ask(Question(event)).await;
            reply.expect("the actor runs");
        }
    })
}
