use crate::event::EmissionId;

/// Which emissions are timed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sampling {
    /// Of the 2^32 values of an id's mixed number, how many are.
    below: u64,
}

impl Sampling {
    /// One emission in so many, where nothing was said.
    pub(crate) const ONE_IN: u32 = 64;

    /// How many emissions are timed of each new route.
    pub(crate) const FIRST: u32 = 16;

    /// One in so many; none for 0.
    pub(crate) const fn one_in(emissions: u32) -> Self {
        let below = match emissions {
            0 => 0,
            n => (1 << 32) / n as u64,
        };
        Self { below }
    }

    /// Whether none is.
    pub(crate) fn is_off(self) -> bool {
        self.below == 0
    }

    pub(crate) fn picks(self, id: EmissionId) -> bool {
        /// 2^32 divided by the golden ratio.
        const STEP: u32 = 0x9e37_79b9;
        u64::from(id.number().wrapping_mul(STEP)) < self.below
    }
}

impl Default for Sampling {
    fn default() -> Self {
        Self::one_in(Self::ONE_IN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::IdSource;

    /// How many of 64,000 emissions are picked, of those at every `step`th place.
    fn picked(sampling: Sampling, step: usize) -> usize {
        let ids = IdSource::new();
        let ids = (0..64_000 * step).map(|_| ids.next()).step_by(step);
        ids.filter(|id| sampling.picks(*id)).count()
    }

    #[test]
    fn one_in_so_many_is_picked_of_what_comes_alone_and_of_what_comes_in_turns() {
        for step in [1, 2, 3, 10, 64] {
            let picked = picked(Sampling::default(), step);
            assert!((950..1_050).contains(&picked), "{picked} at every {step}th");
        }
    }

    #[test]
    fn all_or_none_is_all_or_none() {
        assert_eq!(picked(Sampling::one_in(1), 1), 64_000);
        assert_eq!(picked(Sampling::one_in(0), 1), 0);
        assert!(Sampling::one_in(0).is_off() && !Sampling::one_in(u32::MAX).is_off());
    }
}
