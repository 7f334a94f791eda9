use std::sync::atomic::{AtomicU64, Ordering::Acquire, Ordering::Release};

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What has become of what a worker was handed.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct WorkerStats {
            $($(#[$doc])* pub $name: u64,)*
        }

        /// The same, while it changes.
        #[derive(Debug, Default)]
        pub(super) struct Counts {
            $(pub(super) $name: AtomicU64,)*
        }

        impl Counts {
            pub(super) fn read(&self) -> WorkerStats {
                WorkerStats { $($name: self.$name.load(Acquire),)* }
            }
        }
    };
}

counts! {
    /// How many were leased.
    leased,
    /// How many are done with: all handlers were, and they were acknowledged.
    acked,
    /// How many of these nobody on this linker listens to.
    unheard,
    /// How many are to be tried again.
    retried,
    /// How many went to the dead letters.
    dead,
    /// How many were given back because the worker was drained.
    released,
    /// How many had been handed to somebody else before they were settled here.
    lease_lost,
    /// How many could not be settled because the backend did not answer.
    unsettled,
}

/// Whoever reads it knows what was done before.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Release);
}
