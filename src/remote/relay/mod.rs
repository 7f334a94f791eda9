//! The way out: a queue in memory, and the one that empties it into the engine.
//!
//! Parcels are published in the order in which they came, up to 1,024 at a time, one batch after
//! the other. What was not confirmed and may be tried again goes first in the next batch, with
//! the same id, after a pause: 50 ms, doubling up to 5 s, with up to as much again by chance.
//! What is tried again after others were confirmed has lost its place among them. The queue
//! and its groups are ensured before the first batch, and after each failure.

mod counts;
mod outbox;
mod relay;

pub(super) use counts::RelayCounts;
pub use counts::RelayStats;
pub(super) use outbox::Outbox;
pub(super) use relay::Relay;
