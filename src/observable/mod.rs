//! Observables: a value that tells its changes, and a task that tells what it yields.
//!
//! There is nothing new to subscribe to: both emit ordinary events through an emitter, so
//! every selector, handler, option and strategy works on them.
//!
//! | | its items | what else it emits |
//! |---|---|---|
//! | [`Observable`] | every new value, on the topic of the observable | [`ValueRefused`] |
//! | [`Emitter::observe`](crate::Emitter::observe) | what the work yields, by its type | [`TaskCompleted`] or [`TaskFailed`] |
//!
//! ```
//! use ventix::{Emitter, Linker, Observable, Strategy};
//!
//! # actix::System::new().block_on(async {
//! # tokio::time::pause();
//! # let (tell, told) = std::sync::mpsc::channel();
//! let linker = Linker::start();
//! let emitter = Emitter::start(&linker, Strategy::current());
//! let kitchen = Observable::builder("sensors.kitchen", 20.0_f64)
//!     .validate(|degrees| match degrees {
//!         -40.0..=80.0 => Ok(()),
//!         _ => Err("the sensor is broken"),
//!     })
//!     .start(&emitter)?;
//!
//! // The value there is, and then every change.
//! let display = kitchen.on().call(move |degrees| tell.send(*degrees.event()));
//! linker.subscribe(display.replay_last())?;
//!
//! kitchen.set(21.5)?;
//! assert!(kitchen.set(1_000.0).is_err());
//! assert_eq!(*kitchen.get(), 21.5);
//! kitchen.update(|degrees| degrees + 1.0)?;
//! # tokio::time::sleep(std::time::Duration::from_millis(1)).await;
//! assert_eq!(told.try_iter().collect::<Vec<_>>(), [20.0, 21.5, 22.5]);
//! # Ok::<(), ventix::BoxError>(())
//! # }).unwrap();
//! ```
//!
//! # Guarantees
//!
//! - **Order.** The changes of a value are emitted in the order in which they were made,
//!   whichever threads made them, and one at a time. What a handler sets under `inline`
//!   is emitted after what it handles.
//! - **Loss.** Subscribers get every change that their options let through: see
//!   [`Observable::skipped`] for the one limit. With
//!   [`replay_last`](crate::SubscriptionSpec::replay_last) they get the value there is
//!   first. What the emitter refuses is a [`DeadLetter`](crate::DeadLetter), like any
//!   emission.
//! - **Back-pressure.** A task waits for room as
//!   [`emit_when_ready`](crate::Emitter::emit_when_ready) does; setting a value never
//!   waits.
//! - **End.** When the last handle of a value has gone, the linker keeps it no more; its
//!   subscriptions stay. A task ends with its future.

mod refused;
mod task;
mod value;

pub use refused::{ObservableError, ValueRefused};
pub use task::{TaskCompleted, TaskFailed, TaskStopped, Yielder};
pub use value::{Observable, ObservableBuilder};
