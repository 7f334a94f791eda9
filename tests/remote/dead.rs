//! What cannot be handled, and is a dead letter of its group.

use ventix::remote::{DeadLetters, DeadReason, Envelope, Outgoing};
use ventix::{EmissionId, on};

use super::*;

on_engines! {
    after_the_last_attempt_it_is_dead_with_the_errors_of_all
    a_requeued_letter_runs_where_it_had_failed_and_nowhere_else
    what_cannot_be_read_is_dead_and_the_rest_flows_on
    what_is_not_registered_in_this_version_is_dead
    what_is_too_late_is_shed
    a_panic_ends_one_attempt
    an_error_not_worth_another_attempt_is_the_last
    what_nobody_settles_is_dead_in_the_end
}

impl World {
    /// Puts bytes into the queue that no emitter of ours would.
    async fn publish(&self, id: u128, body: impl Into<Arc<[u8]>>) {
        let message = Outgoing::new(EmissionId::from_u128(id), body);
        let backend = self.remote.backend();
        let answers = backend.publish(self.remote.queue(), &[message]).await;
        assert!(answers.into_iter().all(|answer| answer.is_ok()));
    }

    async fn publish_order(&self, id: u128, attributes: &str) {
        let json = format!(
            r#"{{"specversion":"1.0","id":"{}","source":"test","type":"test.order",{attributes}
            "data":{{"id":1}}}}"#,
            EmissionId::from_u128(id),
        );
        self.publish(id, json.into_bytes()).await;
    }
}

fn counting(log: &Log) -> ventix::SubscriptionSpec {
    let log = log.clone();
    on::<Order>().call(move |order| log.add(order.id))
}

async fn after_the_last_attempt_it_is_dead_with_the_errors_of_all(engine: Engine) {
    let world = World::new(&engine).await;
    let linker = Linker::start();
    let log = Log::new();
    let failed = log.clone();
    let fails = on::<Order>().call(move |order| -> Result<(), String> {
        failed.add(order.id);
        Err(format!("no luck {}", failed.len()))
    });
    linker.subscribe(fails.named("charge")).unwrap();
    let worker = world.start(&linker).await;
    world.emitter.emit(Order { id: 9 });
    assert_eq!(world.codes(1).await, [DeadReason::FAILED]);
    assert_eq!(log.len(), 3);
    let page = world.dead().await;
    let envelope = Envelope::from_bytes(&page.records[0].body).unwrap();
    assert_eq!(envelope.attempt(), 3);
    assert_eq!(envelope.payload().as_bytes(), br#"{"id":9}"#);
    let errors = envelope.errors();
    assert_eq!(errors.len(), 3, "{errors:?}");
    assert!(
        errors[0].contains("charge") && errors[0].contains("no luck 1"),
        "{errors:?}"
    );
    assert!(page.records[0].reason.text().contains("no luck 3"));
    assert!(envelope.dead_reason().unwrap().contains("no luck 3"));
    until("it is counted", || worker.stats().dead == 1).await;
    assert_eq!(worker.stats().retried, 2);
}

async fn a_requeued_letter_runs_where_it_had_failed_and_nowhere_else(engine: Engine) {
    let world = World::with(&engine, |builder| builder.group("group").group("other")).await;
    let linker = Linker::start();
    let (good, bad, other) = (Log::new(), Log::new(), Log::new());
    linker.subscribe(counting(&good).named("good")).unwrap();
    let failed = bad.clone();
    let is_mended = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let mended = is_mended.clone();
    let fails = on::<Order>().call(move |order| {
        failed.add(order.id);
        let is_mended = mended.load(std::sync::atomic::Ordering::SeqCst);
        if is_mended { Ok(()) } else { Err("down") }
    });
    linker.subscribe(fails.named("bad")).unwrap();
    let worker = world.start(&linker).await;
    let others = Linker::start();
    others.subscribe(counting(&other)).unwrap();
    let _other = ready(world.worker(&others).group("other")).await;
    world.emitter.emit(Order { id: 4 });
    world.codes(1).await;
    is_mended.store(true, std::sync::atomic::Ordering::SeqCst);
    let group = GroupName::new("group").unwrap();
    let letters = DeadLetters::of(world.remote.backend(), world.remote.queue(), &group);
    let requeued = letters.requeue(|letter| letter.reason.code() == DeadReason::FAILED);
    let requeued = requeued.await.unwrap();
    assert_eq!(requeued, 1);
    until("it is done", || worker.stats().acked == 1).await;
    until("the other group has it", || other.len() > 0).await;
    assert_eq!((good.len(), bad.len(), other.len()), (1, 4, 1));
    assert!(world.dead().await.records.is_empty());
}

async fn what_cannot_be_read_is_dead_and_the_rest_flows_on(engine: Engine) {
    let world = World::new(&engine).await;
    let linker = Linker::start();
    let log = Log::new();
    linker.subscribe(counting(&log)).unwrap();
    let worker = world.start(&linker).await;
    world.publish(1, *b"no envelope \xff\x00").await;
    world.publish(2, *b"{}").await;
    world.publish(3, Vec::new()).await;
    world
        .publish_order(4, r#""dataversion":1,"datacontenttype":"text/xml","#)
        .await;
    world.publish(5, vec![b' '; 2 << 20]).await;
    let wrong =
        r#"{"specversion":"1.0","id":"6","source":"t","type":"test.order","data":"no order"}"#;
    world.publish(6, wrong.as_bytes()).await;
    world
        .publish(7, wrong.replace("1.0", "0.3").into_bytes())
        .await;
    world.emitter.emit(Order { id: 7 });
    let mut codes = world.codes(7).await;
    codes.sort();
    let undecodable = std::iter::repeat_n(DeadReason::UNDECODABLE, 6);
    let expected: Vec<_> = [DeadReason::TOO_LARGE]
        .into_iter()
        .chain(undecodable)
        .collect();
    assert_eq!(codes, expected);
    until("the good one", || worker.stats().acked == 1).await;
    assert_eq!(log.all(), [7]);
}

async fn what_is_not_registered_in_this_version_is_dead(engine: Engine) {
    let world = World::new(&engine).await;
    let linker = Linker::start();
    linker.subscribe(counting(&Log::new())).unwrap();
    let _worker = world.start(&linker).await;
    world.publish_order(1, r#""dataversion":2,"#).await;
    assert_eq!(world.codes(1).await, [DeadReason::UNKNOWN_VERSION]);
    let newer = registered_elsewhere(&world);
    let emitter = Emitter::start(&Linker::start(), Strategy::remote(&newer));
    emitter.emit(7_u8);
    assert_eq!(
        world.codes(2).await,
        [DeadReason::UNKNOWN_VERSION, DeadReason::UNKNOWN_EVENT]
    );
}

/// A newer program at the same queue.
fn registered_elsewhere(world: &World) -> Remote {
    let remote = world.engine.remote().start().unwrap();
    remote.register::<u8>("test.newer", 1).unwrap();
    remote
}

async fn what_is_too_late_is_shed(engine: Engine) {
    let world = World::new(&engine).await;
    let linker = Linker::start();
    let log = Log::new();
    linker.subscribe(counting(&log)).unwrap();
    let _worker = world.start(&linker).await;
    world
        .publish_order(1, r#""expirytime":"2020-01-01T00:00:00Z","#)
        .await;
    assert_eq!(world.codes(1).await, [DeadReason::EXPIRED]);
    assert_eq!(log.len(), 0);
}

async fn a_panic_ends_one_attempt(engine: Engine) {
    #[derive(Serialize)]
    struct Mine;
    impl<'de> Deserialize<'de> for Mine {
        fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            panic!("in Deserialize");
        }
    }
    let world = World::new(&engine).await;
    world.remote.register::<Mine>("test.mine", 1).unwrap();
    let linker = Linker::start();
    let log = Log::new();
    let seen = log.clone();
    let panics = on::<Order>().call(move |order| {
        seen.add(order.id);
        assert!(seen.len() != 1, "the first time");
    });
    linker.subscribe(panics).unwrap();
    linker.subscribe(on::<Mine>().call(|_| ())).unwrap();
    let worker = world.start(&linker).await;
    world.emitter.emit(Mine);
    assert_eq!(world.codes(1).await, [DeadReason::UNDECODABLE]);
    world.emitter.emit(Order { id: 3 });
    until("the second attempt", || worker.stats().acked == 1).await;
    assert_eq!(log.all(), [3, 3]);
}

async fn an_error_not_worth_another_attempt_is_the_last(engine: Engine) {
    let world = World::new(&engine).await;
    let linker = Linker::start();
    let log = Log::new();
    let failed = log.clone();
    let fails = on::<Order>().call(move |order| -> Result<(), &str> {
        failed.add(order.id);
        Err("for good")
    });
    linker.subscribe(fails).unwrap();
    let retry = Retry::constant(MS).attempts(5);
    let retry = retry.when(|case| case.error().to_string() != "for good");
    let _worker = ready(world.worker(&linker).retry(retry)).await;
    world.emitter.emit(Order { id: 1 });
    assert_eq!(world.codes(1).await, [DeadReason::FAILED]);
    assert_eq!(log.len(), 1);
}

async fn what_nobody_settles_is_dead_in_the_end(engine: Engine) {
    use std::num::NonZeroUsize;
    let world = World::with(&engine, |builder| builder.group("group")).await;
    world.remote.ensure().await.unwrap();
    world.emitter.emit(Order { id: 1 });
    // Like workers that die of it: they lease it, and are never heard of again.
    let mut consumer = world.engine.consumer("group");
    for round in 0..3 {
        consumer.name = format!("dies-{round}").into();
        consumer.lease = 50 * MS;
        let source = world.remote.backend().consume(&consumer).await;
        let mut source = source.unwrap();
        let leases = source.next(NonZeroUsize::MIN).await.unwrap();
        assert_eq!(leases.len(), 1);
        assert_eq!(leases[0].deliveries(), Some(round + 1));
        leases.into_iter().for_each(std::mem::forget);
        source.stop();
    }
    let linker = Linker::start();
    let log = Log::new();
    linker.subscribe(counting(&log)).unwrap();
    let _worker = world.start(&linker).await;
    assert_eq!(world.codes(1).await, [DeadReason::ABANDONED]);
    assert_eq!(log.len(), 0);
}
