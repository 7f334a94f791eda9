//! One subscriber, on another thread.

use actix::Arbiter;

use super::{Shape, in_system, peers};
use crate::contest::{Entry, Turns, contest};
use crate::contestants::actix::RAW;
use crate::contestants::bursts::Audience;
use crate::contestants::ventix::{By, How, To, Way, ventix_all};
use crate::place::Place;

/// The name of the shape.
pub const NAME: &str = "one subscriber, another thread";

/// Actors live on the other thread; callbacks get there by the strategy.
const WAYS: [Way; 14] = [
    Way(By::Inline, How::Emit, To::Actor),
    Way(By::Inline, How::Typed, To::Actor),
    Way(By::Inline, How::Emit, To::PlainActor),
    Way(By::Inline, How::EmitAll, To::Actor),
    Way(By::Current, How::Emit, To::Actor),
    Way(By::Dedicated, How::Emit, To::Actor),
    Way(By::Dedicated, How::Emit, To::Callback),
    Way(By::Dedicated, How::Emit, To::AsyncCallback),
    Way(By::Dedicated, How::EmitAll, To::Callback),
    Way(By::Dedicated, How::EmitAll, To::Actor),
    Way(By::Pool, How::Emit, To::Actor),
    Way(By::Pool, How::Emit, To::Callback),
    Way(By::Pool, How::Emit, To::AsyncCallback),
    Way(By::Pool, How::EmitAll, To::Callback),
];

/// Measures the shape.
pub fn measure(entry: Entry) -> Shape<Turns> {
    let rows = in_system(async {
        let arbiter = Arbiter::new();
        let audience = || Audience::new(1, Place::There(arbiter.handle()));
        let mut contestants = peers(audience).await;
        contestants.extend(ventix_all(&WAYS, audience).await);
        contest(contestants, entry).await
    });
    Shape {
        name: NAME.to_owned(),
        unit: "ns per delivery".to_owned(),
        floor: Some(RAW.to_owned()),
        rows,
    }
}
