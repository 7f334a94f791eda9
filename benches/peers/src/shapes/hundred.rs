//! A hundred subscribers, on the thread that emits.

use super::Shape;
use super::one::of_handlers;
use crate::effort::Effort;

/// The name of the shape.
pub const NAME: &str = "100 subscribers, same thread";

/// Measures the shape.
pub fn measure(effort: Effort) -> Shape {
    of_handlers(NAME, 100, effort)
}
