//! How long deliveries wait, and how long handlers take.
//!
//! Two times of a delivery are measured: the **queue** time, from the acceptance of its
//! emission to the moment its handler begins, and the **run** time, from there to its
//! end. Each attempt of a delivery that is tried again is a run; only the first has
//! queued.
//!
//! ```
//! use std::time::Duration;
//! use ventix::{on, Emitter, Linker, Strategy};
//!
//! # actix::System::new().block_on(async {
//! # tokio::time::pause();
//! let linker = Linker::start();
//! let naps = linker.subscribe(on::<u64>().call_async(async |seconds| {
//!     actix::clock::sleep(Duration::from_secs(*seconds)).await;
//! }))?;
//! let emitter = Emitter::start(&linker, Strategy::current());
//! for seconds in [1_u64, 2, 9] {
//!     emitter.emit_and_wait(seconds).await;
//! }
//!
//! let run = naps.stats().run;
//! assert_eq!(run.count(), 3);
//! // Within an eighth above, and a tick of the clock.
//! let median = run.quantile(0.5).unwrap().as_secs_f64();
//! assert!((2.0..2.3).contains(&median));
//! assert!(run.max().unwrap() >= Duration::from_secs(9));
//! # Ok::<(), ventix::SubscribeError>(())
//! # }).unwrap();
//! ```
//!
//! # Sampling
//!
//! Not every delivery is timed: the clock would cost as much as a delivery. Timed are the
//! deliveries of **one emission in 64** and, so that what is rare has figures too, those
//! of the **first 16 emissions** that go a new way: an event's first, and the first after
//! a change of who listens to it. [`LinkerBuilder::sample_latency`] sets the rate, to
//! all, or to none. An emission that is not timed costs a multiplication and a
//! comparison, and each of its deliveries two branches.
//!
//! Which emission it is depends on its number alone, by a Weyl sequence: the multiples
//! of the golden ratio, whose fractional parts spread evenly over any arithmetic
//! progression of numbers (H. Weyl, "Über die Gleichverteilung von Zahlen mod. Eins",
//! 1916). Every 64th would never time one half of what comes in turns.
//!
//! # When a handler begins
//!
//! A sync or async callback begins when it is called, and a blocking one when it has its
//! thread. An actor begins when it first looks at its delivery, so what waits in its
//! mailbox queues; a plain actor, into whose mailbox nobody sees, when it is sent the
//! event. What never gets to a handler, as a delivery that is dropped or times out in a
//! mailbox, has no times.
//!
//! # Figures
//!
//! Times are counted in buckets whose width is at most an eighth of where they start, as
//! in an HDR histogram (G. Tene, <https://hdrhistogram.org>), kept by the crate
//! `histogram`: so [`quantile`](Latency::quantile) is at most 12.5 % above what was
//! measured, and never below. Count, mean, minimum and maximum are exact. Times have
//! nanoseconds; what takes more than 73 minutes counts as that long in the buckets. The
//! first 16 times of a subscription are kept as they are, 16 bytes each; with the next it
//! gets its buckets, 5 KiB. They are counted under a lock of its own, which only timed
//! deliveries take.
//!
//! [`LinkerBuilder::sample_latency`]: crate::LinkerBuilder::sample_latency

mod latency;
mod meter;
mod sampling;

pub use latency::Latency;

pub(crate) use meter::{Meter, Timed};
pub(crate) use sampling::Sampling;
