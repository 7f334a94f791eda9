use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use actix::MailboxError;
use futures::task::AtomicWaker;

use crate::outcome::{Panicked, Verdict};

/// Waits for an actor's reply and, when none comes, finds out why.
///
/// actix says `Closed` for a handler that panicked and for a message that was
/// dropped unread. But it wakes the one that waits *while* it drops the reply
/// channel, on the actor's thread. So a waker that looks around right then sees
/// which it is: the handler that panicked drops its channel while its thread
/// unwinds and its mailbox is still there; the messages behind it go with the
/// mailbox.
///
/// The first look is taken before this returns, so only a handler on another
/// thread that panics within the some hundred nanoseconds from the sending to that
/// look is not seen, and counts as lost.
pub(super) fn witnessed<R>(
    reply: impl Future<Output = Result<R, MailboxError>> + Send,
    connected: impl Fn() -> bool + Send + Sync + 'static,
) -> impl Future<Output = Result<R, Verdict>> + Send
where
    R: Send,
{
    let witness = Arc::new(Witness {
        connected,
        saw_panic: AtomicBool::new(false),
        task: AtomicWaker::new(),
    });
    let waker = Waker::from(witness.clone());
    let mut reply = Box::pin(reply);
    let mut look = move || reply.as_mut().poll(&mut Context::from_waker(&waker));
    let mut early = Some(look()).filter(Poll::is_ready);
    async move {
        let answer = poll_fn(|cx| {
            witness.task.register(cx.waker());
            early.take().unwrap_or_else(&mut look)
        });
        answer.await.map_err(|_| {
            if witness.saw_panic.load(Ordering::Acquire) {
                Verdict::Panicked(Panicked::seen())
            } else {
                Verdict::Lost
            }
        })
    }
}

struct Witness<F> {
    connected: F,
    saw_panic: AtomicBool,
    task: AtomicWaker,
}

impl<F: Fn() -> bool + Send + Sync> Wake for Witness<F> {
    fn wake(self: Arc<Self>) {
        if std::thread::panicking() && (self.connected)() {
            self.saw_panic.store(true, Ordering::Release);
        }
        self.task.wake();
    }
}
