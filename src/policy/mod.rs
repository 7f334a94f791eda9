//! Options of a subscription that carry a decision: whether a delivery may start now,
//! and whether it is tried again.
//!
//! | option | what it decides |
//! |---|---|
//! | [`Retry`] | whether, and when, what went wrong is tried again |
//! | [`Breaker`] | whether the handler fails too often to be given more |
//! | [`Throttle`] | how many deliveries it gets in a time |
//! | [`Debounce`] | which one of a burst it gets, and when |
//! | [`WhenPaused`] | what becomes of what is emitted while it is paused |
//!
//! Each is set by the method of [`SubscriptionSpec`](crate::SubscriptionSpec) that has its
//! name. They are plain values, and can be kept in constants:
//!
//! ```
//! use std::time::Duration;
//! use ventix::{Breaker, Retry, Throttle};
//!
//! const PATIENT: Retry = Retry::exponential(Duration::from_secs(1)).attempts(5).jitter();
//! const WARY: Breaker = Breaker::new().window(50).failure_rate(0.2);
//! const GENTLE: Throttle = Throttle::per_second(10).burst(1).hold();
//! # let _ = (PATIENT, WARY, GENTLE);
//! ```
//!
//! # Guarantees
//!
//! - **Settings that make no sense** are named when the subscription is made
//!   ([`SettingError`]), and nothing is subscribed then.
//! - **Time** is that of `actix::clock`: a test that pauses it and moves it on moves them
//!   too.
//! - **Over all threads.** A subscription has one breaker and one throttle, whichever
//!   emitter its deliveries come from.

mod backoff;
mod breaker;
mod circuit;
mod debounce;
mod error;
mod pace;
mod retry;
#[cfg(test)]
mod tests;
mod throttle;
mod when_paused;

pub use breaker::{Breaker, BreakerState};
pub use debounce::Debounce;
pub use error::SettingError;
pub use retry::{Retry, RetryCase};
pub use throttle::Throttle;
pub use when_paused::WhenPaused;

pub(crate) use backoff::{Backoff, Growth};
pub(crate) use circuit::{Change, Circuit, Pass};
pub(crate) use pace::Pace;
