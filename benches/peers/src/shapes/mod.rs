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

use crate::contest::Contestant;
use crate::contest::Row;
use crate::contestants::bursts::Audience;
use crate::contestants::{actix, broker, kameo, ractor, tokio};
use crate::effort::Effort;

/// What was measured of one shape.
#[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]
pub struct Shape {
    /// What it is.
    pub name: String,
    /// What the figures are.
    pub unit: String,
    /// The row that the others are divided by, if there is one.
    pub floor: Option<String>,
    /// What was measured of each contestant.
    pub rows: Vec<Row>,
}

/// A shape: its name, and what measures it.
pub type Measure = (&'static str, fn(Effort) -> Shape);

/// All shapes.
pub const ALL: [Measure; 11] = [
    (one::NAME, one::measure),
    (hundred::NAME, hundred::measure),
    (elsewhere::NAME, elsewhere::measure),
    (two_threads::NAME, two_threads::measure),
    (contention::NAME, contention::measure),
    (request::NAME, request::measure),
    (nobody::NAME, nobody::measure),
    (many_events::NAME, many_events::measure),
    (subscribes::NAME, subscribes::measure),
    (matrix::NAME, matrix::measure),
    (memory::NAME, memory::measure),
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
