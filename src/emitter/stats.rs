use std::fmt;

use crate::latency::Latency;
use crate::registry::Counts;

/// How much an emitter has emitted, how much of it is on its way, and what has become of the
/// rest; at one moment.
///
/// # Examples
///
/// ```
/// # use ventix::{on, Emitter, Linker, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<u8>().call(|n| n.checked_sub(2).ok_or("too little")))?;
/// let emitter = Emitter::start(&linker, Strategy::current());
/// emitter.emit(1_u8);
/// emitter.emit("nobody listens");
/// emitter.prepare(2_u8).topic("no topic").emit();
///
/// let stats = emitter.stats();
/// assert_eq!((stats.emitted, stats.refused), (3, 1));
/// // The arbiter has not come to it yet.
/// assert_eq!((stats.waiting, stats.in_flight), (1, 1));
/// assert_eq!(
///     stats.to_string(),
///     "3 emitted, 1 refused, 1 in flight, 1 waiting; 0 matched; queue not timed; run not timed",
/// );
///
/// assert!(emitter.emit_and_wait(3_u8).await.all_handled());
/// let deliveries = emitter.stats().deliveries;
/// assert_eq!((deliveries.matched, deliveries.handled, deliveries.failed), (2, 1, 1));
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
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
    /// What has become of the deliveries of its emissions, whichever subscriptions they were
    /// for. One that was handled counts when its emission has ended, with all its deliveries:
    /// so none of these is in flight, and the counts are exact when no emission is.
    pub deliveries: Counts,
    /// How long deliveries waited for their handler: of those that are
    /// [measured](crate::LinkerBuilder::sample_latency).
    pub queue: Latency,
    /// How long handlers took.
    pub run: Latency,
}

/// A line.
impl fmt::Display for EmitterStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            emitted,
            refused,
            waiting,
            in_flight,
            deliveries,
            queue,
            run,
        } = self;
        write!(
            f,
            "{emitted} emitted, {refused} refused, {in_flight} in flight, {waiting} waiting; \
             {deliveries}; queue {queue}; run {run}"
        )
    }
}
