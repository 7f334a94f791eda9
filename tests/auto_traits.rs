//! What can be sent, shared and cloned: part of the API, and easily lost.

use std::time::Duration;

use ventix::*;

fn send<T: Send>() {}
fn send_and_sync<T: Send + Sync>() {}
fn clone<T: Clone>() {}
fn error<T: std::error::Error + Send + Sync + 'static>() {}

#[test]
fn handles_are_cloned_and_shared_by_threads() {
    send_and_sync::<Emitter>();
    send_and_sync::<Linker>();
    send_and_sync::<Subscription>();
    send_and_sync::<WeakEmitter>();
    send_and_sync::<WeakLinker>();
    clone::<WeakEmitter>();
    clone::<WeakLinker>();
    clone::<Emitter>();
    clone::<Linker>();
    clone::<Subscription>();
    clone::<Strategy>();
    send::<Strategy>();
}

#[test]
fn what_travels_between_threads_is_send() {
    send::<SubscriptionSpec>();
    send::<SubscriptionGuard>();
    send::<Emission>();
    send::<Report>();
    send::<Outcome>();
    send::<Emit<String>>();
    send::<Query<usize>>();
    send::<Subscribe>();
    send::<Unsubscribe>();
}

#[test]
fn deliveries_and_receipts_can_be_shared() {
    send_and_sync::<Delivery<String>>();
    send_and_sync::<Delivery<AnyEvent>>();
    send_and_sync::<Metadata>();
    send_and_sync::<Receipt>();
    clone::<Receipt>();
    clone::<Topic>();
    clone::<Selector>();
}

/// The future must be `Send` although callbacks may be anything but.
#[test]
fn waiting_for_a_report_can_be_spawned_on_any_runtime() {
    fn is_send<T: Send>(_: impl FnOnce(Emitter) -> T) {}
    is_send(|emitter| async move { emitter.emit_and_wait(1_u8).await });
    is_send(|emitter| async move { emitter.prepare(1_u8).topic("a").emit_and_wait().await });
    is_send(|emitter| async move { emitter.emit_when_ready(1_u8).await });
    is_send(|emitter| async move { emitter.switch(Strategy::inline()).await });
    is_send(|emitter| async move { emitter.drain(Duration::ZERO).await });
    is_send(|emitter| async move { emitter.linker().drain(Duration::ZERO).await });
}

#[test]
fn errors_are_errors() {
    error::<TopicError>();
    error::<TopicFault>();
    error::<SubscribeError>();
    error::<StartError>();
    error::<Reason>();
    error::<Panicked>();
    error::<Lost>();
    error::<InvalidId>();
}
