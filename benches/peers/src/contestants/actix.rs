//! actix itself: the floor.

use std::hint::black_box;

use ::actix::prelude::*;
use actix_broker::{BrokerSubscribe, SystemBroker};
use ventix::Delivery;

use super::bursts::{Audience, BURST, each};
use crate::contest::Contestant;
use crate::event::{Event, Left};
use crate::place::Place;

/// The name of [`raw`].
pub const RAW: &str = "raw do_send";

/// The actor whose handler is counted.
#[derive(Debug)]
pub struct Counter {
    left: Left,
    is_of_broker: bool,
}

impl Counter {
    /// Starts one.
    pub async fn start(left: &Left, place: &Place) -> Addr<Self> {
        Self::start_as(left, place, false).await
    }

    /// Starts one that subscribes to the broker.
    pub async fn start_of_broker(left: &Left, place: &Place) -> Addr<Self> {
        Self::start_as(left, place, true).await
    }

    async fn start_as(left: &Left, place: &Place, is_of_broker: bool) -> Addr<Self> {
        let left = left.clone();
        let make = move || async move { Actor::start(Self { left, is_of_broker }) };
        place.make(make).await
    }
}

impl Actor for Counter {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        if self.is_of_broker {
            self.subscribe_async::<SystemBroker, Event>(ctx);
        }
    }
}

impl Handler<Event> for Counter {
    type Result = ();

    fn handle(&mut self, event: Event, _: &mut Self::Context) {
        self.left.handle(&event);
    }
}

impl Handler<Delivery<Event>> for Counter {
    type Result = ();

    fn handle(&mut self, event: Delivery<Event>, _: &mut Self::Context) {
        self.left.handle(&event);
    }
}

/// A question, with an answer.
#[derive(Debug, Message)]
#[rtype(result = "u64")]
pub struct Question(pub Event);

impl Handler<Question> for Counter {
    type Result = u64;

    fn handle(&mut self, question: Question, _: &mut Self::Context) -> u64 {
        self.left.handle(&question.0);
        black_box(1)
    }
}

impl Handler<Delivery<Question>> for Counter {
    type Result = ();

    fn handle(&mut self, question: Delivery<Question>, _: &mut Self::Context) {
        self.left.handle(&question.0);
        question.reply(black_box(1_u64));
    }
}

/// Addresses, one after the other, with an unbounded `do_send`.
pub async fn raw(audience: Audience) -> Contestant {
    let mut actors: Vec<Recipient<Event>> = Vec::new();
    for _ in 0..audience.handlers {
        actors.push(
            Counter::start(&audience.left, &audience.place)
                .await
                .recipient(),
        );
    }
    let emit = each(move |event| {
        for actor in &actors {
            actor.do_send(event.clone());
        }
    });
    audience.bursts(RAW, BURST, emit)
}
