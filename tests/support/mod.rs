//! What several test programs wait with.

#![allow(dead_code, reason = "each program uses a part of it")]

use std::time::Duration;

use actix_rt::task::yield_now;

/// Lets the current arbiter do what it has to do.
pub(crate) async fn settle() {
    for _ in 0..50 {
        yield_now().await;
    }
}

/// Moves the paused clock on, in one go.
pub(crate) async fn pass(time: Duration) {
    tokio::time::advance(time).await;
    settle().await;
}

/// Waits, ten seconds at most, for what other threads bring about.
pub(crate) async fn until(what: &str, so: impl Fn() -> bool) {
    for _ in 0..10_000 {
        if so() {
            return;
        }
        actix_rt::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("still not so after ten seconds: {what}");
}
