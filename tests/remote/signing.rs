//! Signed envelopes.

use ventix::on;
use ventix::remote::{Codec, DeadReason, Envelope, Outgoing, Signing};

use super::*;

fn signing(id: &str) -> Signing {
    Signing::new(id, format!("the secret of {id}"))
}

async fn handled_by(world: &World, signing: Signing) -> (Worker, Log) {
    let remote = registered(world.engine.remote().signing(signing).start().unwrap());
    let linker = Linker::start();
    let log = Log::new();
    let seen = log.clone();
    linker
        .subscribe(on::<Order>().call(move |order| seen.add(order.id)))
        .unwrap();
    let worker = Worker::builder(&remote, &linker).group("group");
    (ready(worker).await, log)
}

async fn texts(world: &World, count: usize) -> Vec<String> {
    assert_eq!(world.codes(count).await, vec![DeadReason::UNSIGNED; count]);
    let records = world.dead().await.records;
    records
        .iter()
        .map(|it| it.reason.text().to_owned())
        .collect()
}

#[actix::test]
async fn a_key_is_rotated_without_a_gap() {
    let engine = engine::memory();
    let old = World::with(&engine, |it| it.signing(signing("old"))).await;
    let new = World::with(&engine, |it| it.signing(signing("new"))).await;
    let both = signing("new").accept("old", "the secret of old");
    let (worker, log) = handled_by(&old, both).await;
    old.emitter.emit(Order { id: 1 });
    new.emitter.emit(Order { id: 2 });
    until("both", || worker.stats().acked == 2).await;
    assert_eq!(log.len(), 2);
    worker.drain(PATIENCE).await;
    let (_worker, log) = handled_by(&old, signing("new")).await;
    old.emitter.emit(Order { id: 3 });
    assert_eq!(texts(&old, 1).await, ["the key is not known"]);
    assert_eq!(log.len(), 0);
}

#[actix::test]
async fn what_is_unsigned_altered_or_too_old_is_refused() {
    let engine = engine::memory();
    let world = World::with(&engine, |it| it.group("group").signing(signing("key"))).await;
    let unsigned = World::with(&engine, |it| it.group("group")).await;
    let _ = unsigned.emitter.emit_and_wait(Order { id: 1 }).await;
    // Those that the emitter signs are taken out again, to be altered.
    let _ = world.emitter.emit_and_wait(Order { id: 2 }).await;
    let mut source = world
        .remote
        .backend()
        .consume(&engine.consumer("group"))
        .await
        .unwrap();
    let two = std::num::NonZeroUsize::new(2).unwrap();
    let mut bodies = Vec::new();
    for lease in source.next(two).await.unwrap() {
        bodies.push(lease.body().clone());
        lease.ack().await.unwrap();
    }
    source.stop();
    let signed = String::from_utf8(bodies[1].to_vec()).unwrap();
    let altered = [
        signed.replace(r#"{"id":2}"#, r#"{"id":3}"#),
        signed.replace(r#""source":"ventix""#, r#""source":"someone""#),
        signed.replace(
            r#""dataversion":1"#,
            r##""dataversion":1,"done":"[\"#1\"]""##,
        ),
        signed.replace("test.order", "test.note"),
    ];
    assert!(altered.iter().all(|it| *it != signed));
    let (worker, log) = handled_by(&world, signing("key")).await;
    let republish = |number: usize, body: Vec<u8>| {
        let id = ventix::EmissionId::from_u128(1_000 + number as u128);
        let message = Outgoing::new(id, body);
        async {
            let messages = [message];
            let queue = world.remote.queue();
            let answers = world.remote.backend().publish(queue, &messages).await;
            assert!(answers.iter().all(Result::is_ok));
        }
    };
    republish(0, bodies[0].to_vec()).await;
    for (number, body) in altered.into_iter().enumerate() {
        republish(number + 1, body.into_bytes()).await;
    }
    let texts_seen = texts(&world, 5).await;
    assert!(texts_seen.contains(&"it is not signed".to_owned()));
    let changed = "it was changed, or signed with another secret";
    assert_eq!(texts_seen.iter().filter(|text| *text == changed).count(), 4);
    assert_eq!(log.len(), 0);

    republish(9, signed.clone().into_bytes()).await;
    until("the original", || worker.stats().acked == 1).await;
    worker.drain(PATIENCE).await;
    let (_worker, log) = handled_by(&world, signing("key").window(Duration::ZERO)).await;
    republish(10, signed.into_bytes()).await;
    let old = texts(&world, 6).await;
    assert_eq!(old[5], "it was signed too long ago");
    assert_eq!(log.len(), 0);
}

#[actix::test]
async fn a_worker_signs_what_it_has_tried_again() {
    let engine = engine::memory();
    let world = World::with(&engine, |it| it.signing(signing("key"))).await;
    let linker = Linker::start();
    let fails = on::<Order>().call(|_| -> Result<(), &str> { Err("again") });
    linker.subscribe(fails).unwrap();
    let _worker = world.start(&linker).await;
    world.emitter.emit(Order { id: 1 });
    assert_eq!(
        world.codes(1).await,
        [DeadReason::FAILED],
        "and not `unsigned`"
    );
    let body = &world.dead().await.records[0].body;
    let text = String::from_utf8(Envelope::from_bytes(body).unwrap().to_bytes(Codec::Json));
    assert!(text.unwrap().contains(r#""keyid":"key""#));
}

#[test]
fn no_secret_is_shown() {
    let shown = format!("{:?}", signing("key"));
    assert!(
        shown.contains("key") && !shown.contains("secret"),
        "{shown}"
    );
}
