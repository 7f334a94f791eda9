use std::pin::pin;

use actix_rt::ArbiterHandle;
use futures::channel::oneshot;
use futures::future::{Either, select};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::spawn::can_spawn;

/// Waits for a future until a time, if there is one.
///
/// On a thread without an arbiter, which has no clock to wake it, the one of `home`
/// does. When that has stopped, the time is over at once.
pub(crate) async fn in_time<F: Future>(
    home: &ArbiterHandle,
    until: Option<Instant>,
    future: F,
) -> Option<F::Output> {
    let Some(until) = until else {
        return Some(future.await);
    };
    if can_spawn() {
        return timeout_at(until, future).await.ok();
    }
    let (over, is_over) = oneshot::channel();
    home.spawn(async move {
        let mut over = over;
        let gone = over.cancellation();
        let _ = select(pin!(sleep_until(until)), gone).await;
        let _ = over.send(());
    });
    match select(pin!(future), is_over).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}
