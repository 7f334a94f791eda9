use std::panic::AssertUnwindSafe;
use std::time::Duration;

use actix::clock::timeout;
use futures::FutureExt;

use crate::outcome::{IntoOutcome, Panicked, TimedOut, Verdict, guard};

/// Runs a callback's future to its end, or until its time is over, and says how it
/// ended.
pub(super) async fn to_the_end<R: IntoOutcome>(
    future: impl Future<Output = R>,
    limit: Option<Duration>,
) -> Verdict {
    let result = AssertUnwindSafe(future).catch_unwind();
    let result = match limit {
        Some(limit) => timeout(limit, result).await.map_err(|_| limit),
        None => Ok(result.await),
    };
    match result {
        Ok(Ok(result)) => guard(|| result.judge()),
        Ok(Err(panic)) => Verdict::Panicked(Panicked::caught(&*panic)),
        Err(limit) => Verdict::TimedOut(TimedOut::new(limit)),
    }
}
