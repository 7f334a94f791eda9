use std::fmt;

/// How much an emitter has emitted, and how much of it is on its way, at one moment.
///
/// # Examples
///
/// ```
/// # use ventix::{on, Emitter, Linker, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<u8>().call(|_| ()))?;
/// let emitter = Emitter::start(&linker, Strategy::current());
/// emitter.emit(1_u8);
/// emitter.emit("nobody listens");
/// emitter.prepare(2_u8).topic("no topic").emit();
///
/// let stats = emitter.stats();
/// assert_eq!((stats.emitted, stats.refused), (3, 1));
/// // The arbiter has not come to it yet.
/// assert_eq!((stats.waiting, stats.in_flight), (1, 1));
/// assert_eq!(stats.to_string(), "3 emitted, 1 refused, 1 in flight, 1 waiting");
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EmitterStats {
    /// Calls of `emit` and its kin, whatever became of them.
    pub emitted: u64,
    /// Those of them that were [refused as a whole](crate::Receipt::refusal).
    pub refused: u64,
    /// Emissions that wait for their turn, under the current strategy. What a
    /// [switch](crate::Emitter::switch) has left to the one before is not counted.
    pub waiting: usize,
    /// Emissions that have not ended: those that wait, and those that are handled.
    pub in_flight: usize,
}

/// A line.
impl fmt::Display for EmitterStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            emitted,
            refused,
            waiting,
            in_flight,
        } = self;
        write!(
            f,
            "{emitted} emitted, {refused} refused, {in_flight} in flight, {waiting} waiting"
        )
    }
}
