//! Envelopes: ours read by others, and theirs by us.

use cloudevents::{AttributesReader, Data, EventBuilder, EventBuilderV10};
use ventix::on;
use ventix::remote::{Codec, Envelope, Outgoing};

use super::*;

/// The bytes of what an emitter has put into a queue.
async fn on_the_wire(codec: Codec) -> Arc<[u8]> {
    let engine = engine::memory();
    let world = World::with(&engine, |it| it.group("group").codec(codec).source("/shop")).await;
    let order = world
        .emitter
        .prepare(Order { id: 7 })
        .topic("orders.placed");
    let order = order.key("customer-7").header("tenant", "acme ✓");
    assert!(order.emit_and_wait().await.receipt().is_confirmed());
    let consumer = engine.consumer("group");
    let mut source = world.remote.backend().consume(&consumer).await.unwrap();
    let leases = source.next(std::num::NonZeroUsize::MIN).await.unwrap();
    leases[0].body().clone()
}

#[actix::test]
async fn others_read_ours() {
    let bytes = on_the_wire(Codec::Json).await;
    let event: cloudevents::Event = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(event.ty(), "test.order");
    assert_eq!(event.source(), "/shop");
    assert_eq!(event.subject(), Some("orders.placed"));
    assert_eq!(event.datacontenttype(), Some("application/json"));
    assert!(event.time().is_some());
    assert_eq!(event.id().len(), 36);
    let data = serde_json::json!({ "id": 7 });
    assert!(matches!(event.data(), Some(Data::Json(json)) if *json == data));
    let extension = |name| event.extension(name).map(ToString::to_string);
    assert_eq!(extension("partitionkey").as_deref(), Some("customer-7"));
    assert_eq!(extension("dataversion").as_deref(), Some("1"));
    assert_eq!(
        extension("headers").as_deref(),
        Some(r#"{"tenant":"acme ✓"}"#)
    );
}

#[actix::test]
async fn we_read_theirs() {
    let engine = engine::memory();
    let world = World::with(&engine, |it| it.group("group")).await;
    let linker = Linker::start();
    let log = Log::<(u64, String, Option<String>)>::new();
    let seen = log.clone();
    let handler = on::<Order>().call(move |order| {
        let about = order.metadata();
        seen.add((
            order.id,
            about.id().to_string(),
            about.key().map(Into::into),
        ));
    });
    linker.subscribe(handler).unwrap();
    let worker = world.start(&linker).await;
    let build = |id: &str| {
        EventBuilderV10::new()
            .id(id)
            .ty("test.order")
            .source("http://elsewhere.example/shop")
            .time("2025-06-15T12:00:00+02:00")
            .extension("partitionkey", "k")
            .extension("somethingelse", 42_i64)
            .data(
                "application/json",
                serde_json::json!({ "id": 9, "new": "field" }),
            )
            .build()
            .unwrap()
    };
    for (number, id) in ["no uuid at all", "no uuid at all", "another"]
        .into_iter()
        .enumerate()
    {
        let body = serde_json::to_vec(&build(id)).unwrap();
        let message = Outgoing::new(ventix::EmissionId::from_u128(number as u128 + 1), body);
        let queue = world.remote.queue();
        let answers = world.remote.backend().publish(queue, &[message]).await;
        assert!(answers[0].is_ok());
        // Not only handled: of two at work with one id, the second would wait.
        until("it is settled", || {
            worker.stats().acked == number as u64 + 1
        })
        .await;
    }
    let seen = log.all();
    assert_eq!((seen[0].0, seen[0].2.as_deref()), (9, Some("k")));
    assert_eq!(seen[0].1, seen[1].1, "one id, one emission");
    assert_ne!(seen[0].1, seen[2].1);
}

#[actix::test]
async fn of_two_with_one_id_the_second_waits_for_the_first_and_not_for_its_lease() {
    let engine = engine::memory();
    let world = World::with(&engine, |it| it.group("group")).await;
    let linker = Linker::start();
    let log = Log::new();
    let go = shutdown::gated(&linker, &log);
    let worker = world.start(&linker).await;
    for number in 1..=2 {
        let json =
            r#"{"specversion":"1.0","id":"7","source":"s","type":"test.order","data":{"id":1}}"#;
        let message = Outgoing::new(ventix::EmissionId::from_u128(number), json.as_bytes());
        let queue = world.remote.queue();
        let answers = world.remote.backend().publish(queue, &[message]).await;
        assert!(answers[0].is_ok());
    }
    // It is put back each second, as long as the first is at work.
    until("the second is put back", || worker.stats().retried >= 1).await;
    until("the first is at work", || log.len() == 1).await;
    go.send(()).unwrap();
    until("both are done", || worker.stats().acked == 2).await;
    assert_eq!(log.len(), 2);
}

#[test]
fn what_is_not_known_is_kept() {
    let json = r#"{"specversion":"1.0","id":"7","source":"s","type":"t","newer":{"a":[1,2.5]},"data":null}"#;
    let envelope = Envelope::from_bytes(json.as_bytes()).unwrap();
    let again: serde_json::Value = serde_json::from_slice(&envelope.to_bytes(Codec::Json)).unwrap();
    assert_eq!(again["newer"], serde_json::json!({"a":[1,2.5]}));
}

#[cfg(feature = "messagepack")]
#[actix::test]
async fn the_second_codec_says_the_same() {
    let packed = on_the_wire(Codec::MessagePack).await;
    let json = on_the_wire(Codec::Json).await;
    assert!(
        packed.len() < json.len(),
        "{} and {}",
        packed.len(),
        json.len()
    );
    let packed = Envelope::from_bytes(&packed).unwrap();
    let json = Envelope::from_bytes(&json).unwrap();
    assert_eq!(
        (packed.event(), packed.key(), packed.topic()),
        (json.event(), json.key(), json.topic())
    );
    assert_eq!(packed.time().is_some(), json.time().is_some());
    // Written by the other codec, it is the same envelope still.
    let crossed = Envelope::from_bytes(&packed.to_bytes(Codec::Json)).unwrap();
    assert_eq!(crossed.payload().as_bytes(), packed.payload().as_bytes());
    let crossed = Envelope::from_bytes(&json.to_bytes(Codec::MessagePack)).unwrap();
    assert_eq!(crossed.payload().as_bytes(), json.payload().as_bytes());
}

#[cfg(feature = "messagepack")]
#[actix::test]
async fn a_worker_reads_both_codecs() {
    let engine = engine::memory();
    let packing = World::with(&engine, |it| it.codec(Codec::MessagePack)).await;
    let plain = World::new(&engine).await;
    let linker = Linker::start();
    let log = Log::new();
    let seen = log.clone();
    linker
        .subscribe(on::<Order>().call(move |order| seen.add(order.id)))
        .unwrap();
    let _worker = plain.start(&linker).await;
    packing.emitter.emit(Order { id: 1 });
    plain.emitter.emit(Order { id: 2 });
    until("both", || log.len() == 2).await;
}
