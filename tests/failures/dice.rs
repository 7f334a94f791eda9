use std::time::Duration;

/// Chance that can be told again: a xorshift generator (Marsaglia, 2003).
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.max(1))
    }

    /// A number below another.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap() % end
    }

    /// Milliseconds of a range.
    pub(crate) fn millis(&mut self, from: u64, to: u64) -> Duration {
        let span = usize::try_from(to - from).unwrap();
        Duration::from_millis(from + u64::try_from(self.below(span)).unwrap())
    }
}
