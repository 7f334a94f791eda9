//! One subscriber, on the thread that emits.

use super::{Shape, in_system, peers};
use crate::contest::{Entry, Turns, contest};
use crate::contestants::actix::RAW;
use crate::contestants::bursts::Audience;
use crate::contestants::ventix::{By, How, To, Way, ventix_all};
use crate::place::Place;

/// The name of the shape.
pub const NAME: &str = "one subscriber, same thread";

/// ventix's ways on one thread.
pub(super) const WAYS: [Way; 13] = [
    Way(By::Inline, How::Emit, To::Actor),
    Way(By::Inline, How::Typed, To::Actor),
    Way(By::Inline, How::Emit, To::PlainActor),
    Way(By::Inline, How::Emit, To::Callback),
    Way(By::Inline, How::Typed, To::Callback),
    Way(By::Inline, How::Emit, To::AsyncCallback),
    Way(By::Inline, How::EmitAll, To::Actor),
    Way(By::Inline, How::EmitAll, To::Callback),
    Way(By::Current, How::Emit, To::Actor),
    Way(By::Current, How::Emit, To::PlainActor),
    Way(By::Current, How::Emit, To::Callback),
    Way(By::Current, How::Emit, To::AsyncCallback),
    Way(By::Current, How::EmitAll, To::Callback),
];

/// Measures the shape.
pub fn measure(entry: Entry) -> Shape<Turns> {
    of_handlers(NAME, 1, entry)
}

/// Measures handlers on the thread that emits.
pub(super) fn of_handlers(name: &str, handlers: usize, entry: Entry) -> Shape<Turns> {
    let rows = in_system(async {
        let audience = || Audience::new(handlers, Place::Here);
        let mut contestants = peers(audience).await;
        contestants.extend(ventix_all(&WAYS, audience).await);
        contest(contestants, entry).await
    });
    Shape {
        name: name.to_owned(),
        unit: "ns per delivery".to_owned(),
        floor: Some(RAW.to_owned()),
        rows,
    }
}
