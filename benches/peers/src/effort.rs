//! How long to measure.

use std::time::Duration;

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// The time for all the rounds of one shape.
    pub per_shape: Duration,
    /// The time for Pyventus's matrix.
    pub matrix: Duration,
    /// The rounds that a shape has at least, whatever time they take.
    pub rounds: usize,
    /// The time for the turns of one contestant in one round.
    pub per_round: Duration,
}

impl Effort {
    /// Under two minutes in all.
    pub const QUICK: Self = Self {
        per_shape: Duration::from_secs(7),
        matrix: Duration::from_secs(18),
        rounds: 3,
        per_round: Duration::from_millis(25),
    };

    /// Under ten minutes in all.
    pub const FULL: Self = Self {
        per_shape: Duration::from_secs(35),
        matrix: Duration::from_secs(90),
        rounds: 5,
        per_round: Duration::from_millis(50),
    };
}
