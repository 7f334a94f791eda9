/// Why a linker or an emitter could not be started.
///
/// # Examples
///
/// ```
/// use ventix::{Linker, StartError};
///
/// // This thread runs no System.
/// let error = Linker::builder().start().unwrap_err();
/// assert_eq!(error, StartError::NoArbiter);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// There is no arbiter on this thread. Start it inside a `System`, or name
    /// an arbiter.
    #[error("no arbiter runs on this thread: start it inside a `System`, or name an arbiter")]
    NoArbiter,
    /// The arbiter on which it was to start has stopped.
    #[error("the arbiter has stopped")]
    ArbiterStopped,
    /// The operating system gave no thread for the heartbeat.
    #[error("no thread could be started")]
    NoThread,
    /// With room for nothing, everything would be refused.
    #[error("`{setting}` must be 1 at least")]
    Zero {
        /// The setting, by the name of its method.
        setting: &'static str,
    },
    /// More threads than any machine has a use for.
    #[error("`{setting}` must be {max} at most")]
    TooMany {
        /// The setting, by the name of its method.
        setting: &'static str,
        /// How many are allowed.
        max: usize,
    },
    /// The strategy cannot do that. Leave the setting out.
    #[error("`{setting}` does not fit the strategy `{strategy}`")]
    Unfit {
        /// The setting, by the name of its method.
        setting: &'static str,
        /// The strategy, by the name of its method.
        strategy: &'static str,
    },
}
