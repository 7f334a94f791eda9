//! A hundred subscribers, on the thread that emits.

use super::Shape;
use super::one::of_handlers;
use crate::contest::{Entry, Turns};

/// The name of the shape.
pub const NAME: &str = "100 subscribers, same thread";

/// Measures the shape.
pub fn measure(entry: Entry) -> Shape<Turns> {
    of_handlers(NAME, 100, entry)
}
