//! The shapes of use, one a file.

pub mod contention;
pub mod elsewhere;
pub mod hundred;
pub mod many_events;
pub mod matrix;
pub mod memory;
pub mod nobody;
pub mod one;
pub mod request;
pub mod subscribes;
pub mod two_threads;

use std::future::Future;

use ::actix::System;

use crate::contest::{Contestant, Entry, Row, Turns};
use crate::contestants::bursts::Audience;
use crate::contestants::{actix, broker, kameo, ractor, tokio};
use crate::effort::Effort;

/// What was measured of one shape.
#[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]
pub struct Shape<R = Row> {
    /// What it is.
    pub name: String,
    /// What the figures are.
    pub unit: String,
    /// The row that the others are divided by, if there is one.
    pub floor: Option<String>,
    /// What was measured of each contestant.
    pub rows: Vec<R>,
}

/// What measures a shape.
#[derive(Clone, Copy, Debug)]
pub enum Measure {
    /// Contestants, of which one takes its turns.
    Contest(fn(Entry) -> Shape<Turns>),
    /// All of it at once.
    Whole(fn(Effort) -> Shape),
}

use Measure::{Contest, Whole};

/// All shapes, by their names.
pub const ALL: [(&str, Measure); 11] = [
    (one::NAME, Contest(one::measure)),
    (hundred::NAME, Contest(hundred::measure)),
    (elsewhere::NAME, Contest(elsewhere::measure)),
    (two_threads::NAME, Contest(two_threads::measure)),
    (contention::NAME, Contest(contention::measure)),
    (request::NAME, Contest(request::measure)),
    (nobody::NAME, Contest(nobody::measure)),
    (many_events::NAME, Contest(many_events::measure)),
    (subscribes::NAME, Whole(subscribes::measure)),
    (matrix::NAME, Whole(matrix::measure)),
    (memory::NAME, Whole(memory::measure)),
];

/// Runs in a `System` of its own, so that nothing is left of another shape.
fn in_system<T>(run: impl Future<Output = T>) -> T {
    System::new().block_on(run)
}

/// Every peer that delivers events to several.
async fn peers(audience: impl Fn() -> Audience) -> Vec<Contestant> {
    vec![
        actix::raw(audience()).await,
        broker::broker(audience()).await,
        kameo::bus(audience()).await,
        kameo::pubsub(audience()).await,
        ractor::port(audience()).await,
        tokio::broadcast(audience()).await,
        tokio::mpsc(audience()).await,
    ]
}
