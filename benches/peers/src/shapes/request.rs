//! Request and reply: each awaited before the next.

use ::actix::Addr;

use super::{Shape, in_system};
use crate::contest::{Contestant, Entry, Turns, contest};
use crate::contestants::actix::{Counter, Question};
use crate::contestants::bursts::{Audience, one_by_one};
use crate::contestants::ventix::{By, How, To, Way, ventix_all};
use crate::contestants::{kameo, tokio};
use crate::event::Event;
use crate::place::Place;

/// The name of the shape.
pub const NAME: &str = "request and reply, one by one, same thread";

/// The name of the floor.
pub const RAW: &str = "raw send().await";

const WAYS: [Way; 8] = [
    Way(By::Inline, How::EmitAndWait, To::Actor),
    Way(By::Inline, How::EmitAndWait, To::PlainActor),
    Way(By::Inline, How::EmitAndWait, To::Callback),
    Way(By::Inline, How::EmitAndWait, To::AsyncCallback),
    Way(By::Inline, How::Request, To::Actor),
    Way(By::Current, How::EmitAndWait, To::Actor),
    Way(By::Current, How::EmitAndWait, To::Callback),
    Way(By::Current, How::Request, To::Actor),
];

/// Measures the shape.
pub fn measure(entry: Entry) -> Shape<Turns> {
    let rows = in_system(async {
        let audience = || Audience::new(1, Place::Here);
        let mut contestants = vec![
            raw(audience()).await,
            raw_question(audience()).await,
            kameo::ask(audience()).await,
            tokio::ask(audience()).await,
        ];
        contestants.extend(ventix_all(&WAYS, audience).await);
        contest(contestants, entry).await
    });
    Shape {
        name: NAME.to_owned(),
        unit: "ns per request".to_owned(),
        floor: Some(RAW.to_owned()),
        rows,
    }
}

async fn raw(audience: Audience) -> Contestant {
    let actor: Addr<Counter> = Counter::start(&audience.left, &audience.place).await;
    one_by_one(RAW, audience.left, move |event: Event| {
        let actor = actor.clone();
        async move { actor.send(event).await.expect("the actor runs") }
    })
}

async fn raw_question(audience: Audience) -> Contestant {
    let actor = Counter::start(&audience.left, &audience.place).await;
    one_by_one(
        "raw send().await, with a reply",
        audience.left,
        move |event| {
            let actor = actor.clone();
            async move {
                let reply = actor.send(Question(event)).await;
                reply.expect("the actor runs");
            }
        },
    )
}
