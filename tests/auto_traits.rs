//! What can be sent, shared and cloned: part of the API, and easily lost.

use std::time::Duration;

use ventix::*;

fn send<T: Send>() {}
fn send_and_sync<T: Send + Sync>() {}
fn clone<T: Clone>() {}
fn unpin<T: Unpin>() {}
fn debug<T: std::fmt::Debug>() {}
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
    send::<OnBatch<AnyEvent>>();
    send_and_sync::<middleware::Timing>();
    send_and_sync::<std::sync::Arc<dyn DeliveryLayer>>();
    send_and_sync::<std::sync::Arc<dyn EmissionLayer>>();
    send::<SubscriptionGuard>();
    send::<Emission>();
    send::<Report>();
    send::<Outcome>();
    send::<Emit<String>>();
    send::<EmitAll<String>>();
    send::<Replies<String>>();
    send::<Query<usize>>();
    send::<Subscribe>();
    send::<Unsubscribe>();
}

#[test]
fn streams_and_sinks_are_sent_shared_and_polled_unpinned() {
    fn fused<T: futures::stream::FusedStream>() {}
    send_and_sync::<EventStream<String>>();
    send_and_sync::<EventStream<AnyEvent>>();
    send_and_sync::<Deliveries<AnyEvent>>();
    send_and_sync::<Received<AnyEvent>>();
    unpin::<EventStream<AnyEvent>>();
    unpin::<Deliveries<AnyEvent>>();
    debug::<EventStream<AnyEvent>>();
    debug::<Deliveries<AnyEvent>>();
    debug::<Received<AnyEvent>>();
    fused::<EventStream<AnyEvent>>();
    fused::<Deliveries<AnyEvent>>();
    send::<EmitterSink<String>>();
    unpin::<EmitterSink<String>>();
    debug::<EmitterSink<String>>();
    clone::<Forwarded>();
    send_and_sync::<Forwarded>();
}

#[test]
fn deliveries_and_receipts_can_be_shared() {
    send_and_sync::<Delivery<String>>();
    send_and_sync::<Delivery<AnyEvent>>();
    send_and_sync::<Batch<AnyEvent>>();
    send_and_sync::<Metadata>();
    send_and_sync::<Receipt>();
    clone::<Receipt>();
    send_and_sync::<Receipts>();
    clone::<Receipts>();
    send_and_sync::<Silent>();
    clone::<Topic>();
    clone::<Selector>();
    send_and_sync::<Graph>();
    clone::<Graph>();
    send_and_sync::<DeadLetters>();
    clone::<DeadLetters>();
    send_and_sync::<StoredLetter>();
    clone::<StoredLetter>();
    send_and_sync::<Explanation>();
    clone::<Explanation>();
}

/// The future must be `Send` although callbacks may be anything but.
#[test]
fn waiting_for_a_report_can_be_spawned_on_any_runtime() {
    fn is_send<T: Send>(_: impl FnOnce(Emitter) -> T) {}
    is_send(|emitter| async move { emitter.emit_and_wait(1_u8).await });
    is_send(|emitter| async move { emitter.prepare(1_u8).topic("a").emit_and_wait().await });
    is_send(|emitter| async move { emitter.emit_when_ready(1_u8).await });
    is_send(|emitter| async move { emitter.request::<_, u8>(1_u8).await });
    is_send(|emitter| async move { emitter.request::<_, u8>(1_u8).first().await });
    is_send(|emitter| async move { emitter.request::<_, u8>(1_u8).all().await });
    is_send(|emitter| async move {
        futures::StreamExt::next(&mut emitter.request::<_, u8>(1_u8).replies()).await
    });
    is_send(|emitter| async move { emitter.forward(futures::stream::iter([1_u8])).await });
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
    error::<RequestError>();
    error::<Described>();
    error::<Rejected>();
    error::<Panicked>();
    error::<Lost>();
    error::<InvalidId>();
    error::<RequeueError>();
    error::<EmitError>();
}

#[test]
fn schedules_are_handled_from_any_thread() {
    send_and_sync::<Schedule>();
    send_and_sync::<ScheduleGuard>();
    send_and_sync::<ScheduleInfo>();
    clone::<Schedule>();
    error::<ScheduleError>();
}
