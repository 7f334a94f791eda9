use std::time::{Duration, Instant};

use ventix::remote::{
    Backend, BackendError, Confirmed, ConsumeError, DeadId, DeadQuery, DeadReason, DeadSelection,
    PublishError, Settled,
};

use crate::server::Server;
use crate::support::*;

macro_rules! server {
    () => {
        match Server::start() {
            Some(server) => server,
            None => return,
        }
    };
}
pub(crate) use server;

const SHORT: Duration = Duration::from_millis(200);
/// Far less than any pause, and much on a machine that has much else to do.
const PROMPT: Duration = Duration::from_millis(900);

#[tokio::test]
async fn each_group_gets_everything_and_consumers_compete() {
    let server = server!();
    let backend = server.backend();
    let topology = topology(&["billing", "mail"]);
    backend.ensure(&topology).await.unwrap();
    publish_bodies(&backend, &["a", "b", "c", "d"]).await;

    let mut first = consume(&backend, &topology, "billing", "first", LONG).await;
    let mut second = consume(&backend, &topology, "billing", "second", LONG).await;
    let mut mail = consume(&backend, &topology, "mail", "first", LONG).await;
    let mut billing = bodies(&next(&mut first, 2).await);
    billing.extend(bodies(&next(&mut second, 4).await));
    assert_eq!(billing, ["a", "b", "c", "d"]);
    assert_eq!(bodies(&next(&mut mail, 10).await), ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn what_no_group_has_claimed_waits_for_the_first() {
    let server = server!();
    let backend = server.backend();
    publish_bodies(&backend, &["a", "b"]).await;
    publish(&backend, &[delayed("late", SHORT)]).await;
    let status = backend.status(&queue()).await.unwrap().unwrap();
    assert_eq!((status.unclaimed, status.groups.len()), (3, 0));
    assert_eq!(backend.queues().await.unwrap(), [queue()]);

    let both = topology(&["billing"]);
    let mut billing = consume(&backend, &both, "billing", "one", LONG).await;
    assert_eq!(drain(&mut billing, 3).await, ["a", "b", "late"]);
    backend.ensure(&topology(&["later"])).await.unwrap();
    publish_bodies(&backend, &["c"]).await;
    let mut later = consume(&backend, &topology(&["later"]), "later", "one", LONG).await;
    assert_eq!(bodies(&next(&mut later, 10).await), ["c"]);
    assert_eq!(
        backend.status(&queue()).await.unwrap().unwrap().unclaimed,
        0
    );
}

#[tokio::test]
async fn a_batch_is_confirmed_in_order_beyond_one_call() {
    let server = server!();
    let backend = server.backend();
    let topology = topology(&["g"]);
    let mut source = consume(&backend, &topology, "g", "one", LONG).await;
    let messages: Vec<_> = (0..3000).map(|i| message(&i.to_string())).collect();
    publish(&backend, &messages).await;
    let expected: Vec<_> = (0..3000).map(|i| i.to_string()).collect();
    assert_eq!(drain(&mut source, 3000).await, expected);
    assert_eq!(group(&backend, "g").await.in_flight, 0);
    // What is acknowledged takes no room.
    assert_eq!(
        server.run("XLEN {ventix:orders}:g:g:s:0").await,
        redis::Value::Int(0)
    );
}

#[tokio::test]
async fn one_id_is_stored_once_within_the_window() {
    let server = server!();
    let backend = server.builder().dedup_window(SHORT).build().unwrap();
    let topology = topology(&["g"]);
    let mut source = consume(&backend, &topology, "g", "one", LONG).await;
    let twice = message("twice");
    let answers = backend
        .publish(&queue(), &[twice.clone(), twice.clone()])
        .await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers, [Confirmed::Stored, Confirmed::Duplicate]);
    tokio::time::sleep(SHORT * 2).await;
    publish(&backend, &[twice]).await;
    assert_eq!(drain(&mut source, 2).await, ["twice", "twice"]);
}

#[tokio::test]
async fn what_is_too_large_fails_alone() {
    let server = server!();
    let backend = server.builder().max_bytes(10).build().unwrap();
    let mut source = consume(&backend, &topology(&["g"]), "g", "one", LONG).await;
    let messages = [message("a"), message("more than ten bytes"), message("b")];
    let answers = backend.publish(&queue(), &messages).await;
    assert!(matches!(
        answers[..],
        [
            Ok(Confirmed::Stored),
            Err(PublishError::Rejected(_)),
            Ok(Confirmed::Stored)
        ]
    ));
    assert_eq!(drain(&mut source, 2).await, ["a", "b"]);
}

#[tokio::test]
async fn what_is_not_stored_is_not_known_by_its_id() {
    let server = server!();
    let backend = server.backend();
    backend.ensure(&topology(&["g"])).await.unwrap();
    server.run("DEL {ventix:orders}:g:g:s:0").await;
    server.run("SET {ventix:orders}:g:g:s:0 foreign").await;
    let message = message("a");
    let answers = backend
        .publish(&queue(), std::slice::from_ref(&message))
        .await;
    assert!(matches!(answers[..], [Err(PublishError::Rejected(_))]));
    server.run("DEL {ventix:orders}:g:g:s:0").await;
    publish(&backend, &[message]).await;
}

#[tokio::test]
async fn an_expired_lease_is_handed_out_again_and_counted() {
    let server = server!();
    let backend = server.backend();
    let topology = topology(&["g"]);
    let mut first = consume(&backend, &topology, "g", "first", SHORT).await;
    let mut second = consume(&backend, &topology, "g", "second", SHORT).await;
    publish_bodies(&backend, &["a"]).await;
    let lost = one(&mut first).await;
    assert_eq!(lost.deliveries(), Some(1));
    let start = Instant::now();
    let again = one(&mut second).await;
    assert!(start.elapsed() < SHORT * 25, "after {:?}", start.elapsed());
    assert_eq!(again.deliveries(), Some(2));
    assert_eq!(lost.ack().await.unwrap(), Settled::LeaseLost);
    assert_eq!(again.ack().await.unwrap(), Settled::Done);
    assert_eq!(group(&backend, "g").await.in_flight, 0);
}

#[tokio::test]
async fn a_long_lease_is_not_taken_over_by_one_with_a_short_lease() {
    let server = server!();
    let backend = server.backend();
    let topology = topology(&["g"]);
    let mut first = consume(&backend, &topology, "g", "first", LONG).await;
    let mut second = consume(&backend, &topology, "g", "second", SHORT).await;
    publish_bodies(&backend, &["a"]).await;
    let held = one(&mut first).await;
    nothing(&mut second, SHORT * 3).await;
    assert_eq!(held.ack().await.unwrap(), Settled::Done);
}

#[tokio::test]
async fn an_old_token_settles_nothing_under_the_same_name() {
    let server = server!();
    let backend = server.backend();
    let topology = topology(&["g"]);
    let mut source = consume(&backend, &topology, "g", "same", SHORT * 5).await;
    publish_bodies(&backend, &["a"]).await;
    let mut old = one(&mut source).await;
    let new = one(&mut source).await;
    assert_eq!(new.deliveries(), Some(2));
    assert_eq!(old.extend().await.unwrap(), Settled::LeaseLost);
    let reason = DeadReason::new(DeadReason::FAILED, "too late");
    assert_eq!(old.dead(reason, None).await.unwrap(), Settled::LeaseLost);
    assert!(dead(&backend, "g").await.is_empty());
    // Released and taken once more, neither of the two counts.
    assert_eq!(new.release().await.unwrap(), Settled::Done);
    let last = one(&mut source).await;
    assert_eq!(last.deliveries(), Some(2));
    assert_eq!(last.ack().await.unwrap(), Settled::Done);
}

#[tokio::test]
async fn an_extended_lease_is_kept() {
    let server = server!();
    let backend = server.backend();
    let topology = topology(&["g"]);
    let mut first = consume(&backend, &topology, "g", "first", SHORT * 5).await;
    let mut second = consume(&backend, &topology, "g", "second", SHORT * 5).await;
    publish_bodies(&backend, &["a"]).await;
    let mut held = one(&mut first).await;
    for _ in 0..8 {
        nothing(&mut second, SHORT).await;
        assert_eq!(held.extend().await.unwrap(), Settled::Done);
    }
    assert_eq!(held.deliveries(), Some(1));
    assert_eq!(held.ack().await.unwrap(), Settled::Done);
}

#[tokio::test]
async fn a_retry_comes_in_time_with_new_bytes_and_counts_from_one() {
    let server = server!();
    let backend = server.backend();
    let topology = topology(&["g"]);
    let mut source = consume(&backend, &topology, "g", "one", SHORT).await;
    publish_bodies(&backend, &["a"]).await;
    let lease = one(&mut source).await;
    drop(lease);
    let lease = one(&mut source).await;
    assert_eq!(lease.deliveries(), Some(2));
    let start = Instant::now();
    let settled = lease.retry(SHORT, Some(bytes("b"))).await.unwrap();
    assert_eq!(settled, Settled::Done);
    let again = one(&mut source).await;
    let late = start.elapsed().saturating_sub(SHORT);
    assert!(start.elapsed() >= SHORT && late < PROMPT, "{late:?}");
    assert_eq!((body(&again).as_str(), again.deliveries()), ("b", Some(1)));
    assert_eq!(
        again.retry(Duration::ZERO, None).await.unwrap(),
        Settled::Done
    );
    let again = one(&mut source).await;
    assert_eq!((body(&again).as_str(), again.deliveries()), ("b", Some(1)));
}

#[tokio::test]
async fn delayed_work_is_on_time_for_whoever_is_free() {
    let server = server!();
    let backend = server.backend();
    let elsewhere = server.backend();
    let topology = topology(&["g"]);
    let mut sources = Vec::new();
    for name in ["a", "b", "c"] {
        sources.push(consume(&backend, &topology, "g", name, LONG).await);
    }
    let [mut a, mut b, mut c] = <[_; 3]>::try_from(sources).ok().unwrap();
    // All three wait before anything is published.
    let due = async {
        tokio::time::sleep(SHORT).await;
        let start = Instant::now();
        publish(
            &elsewhere,
            &[delayed("late", SHORT), message("now"), message("too")],
        )
        .await;
        start
    };
    let one = |source| async move {
        let lease = one(source).await;
        (Instant::now(), body(&lease))
    };
    let (start, a, b, c) = tokio::join!(due, one(&mut a), one(&mut b), one(&mut c));
    let (at, _) = [a, b, c]
        .into_iter()
        .find(|(_, body)| body == "late")
        .unwrap();
    let late = (at - start).checked_sub(SHORT).expect("too early");
    // Without being woken, they would look again after seconds.
    assert!(late < PROMPT, "{late:?} late");
}

#[tokio::test]
async fn a_released_message_is_there_at_once_and_uncounted() {
    let server = server!();
    let backend = server.backend();
    let topology = topology(&["g"]);
    let mut first = consume(&backend, &topology, "g", "first", LONG).await;
    let mut second = consume(&backend, &topology, "g", "second", LONG).await;
    publish_bodies(&backend, &["a"]).await;
    let lease = one(&mut first).await;
    let (settled, again) = tokio::join!(lease.release(), one(&mut second));
    assert_eq!(settled.unwrap(), Settled::Done);
    assert_eq!(again.deliveries(), Some(1));
}

#[tokio::test]
async fn dead_letters_are_listed_requeued_and_purged() {
    let server = server!();
    let backend = server.backend();
    let topology = topology(&["g", "other"]);
    let mut source = consume(&backend, &topology, "g", "one", LONG).await;
    let all: Vec<_> = (0..7).map(|i| i.to_string()).collect();
    publish_bodies(
        &backend,
        &all.iter().map(String::as_str).collect::<Vec<_>>(),
    )
    .await;
    for lease in next(&mut source, 10).await {
        let code = match body(&lease).as_str() {
            "3" => DeadReason::EXPIRED,
            _ => DeadReason::FAILED,
        };
        let patch = (body(&lease) == "0").then(|| bytes("zero"));
        lease
            .dead(DeadReason::new(code, "because"), patch)
            .await
            .unwrap();
    }
    assert_eq!(group(&backend, "g").await.dead, 7);
    assert_eq!(group(&backend, "other").await.dead, 0);

    let mut query = DeadQuery::new(queue(), "g".parse().unwrap());
    query.limit = 3;
    let (mut pages, mut records) = (0, Vec::new());
    loop {
        let page = backend.dead(&query).await.unwrap();
        pages += 1;
        records.extend(page.records);
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    assert_eq!(pages, 3);
    let read: Vec<_> = records
        .iter()
        .map(|r| String::from_utf8_lossy(&r.body))
        .collect();
    assert_eq!(read, ["zero", "1", "2", "3", "4", "5", "6"]);
    assert_eq!(records[3].reason, DeadReason::new("expired", "because"));
    assert!(records[0].time.elapsed().unwrap() < LONG);
    query.after = None;
    query.code = Some("expired".into());
    assert_eq!(backend.dead(&query).await.unwrap().records.len(), 1);

    let id = |i: usize| records[i].id.clone();
    let mut selection = DeadSelection {
        queue: queue(),
        group: "g".parse().unwrap(),
        letters: vec![
            (id(1), None),
            (id(2), Some(bytes("two"))),
            (DeadId("1-1".into()), None),
            (DeadId("no id".into()), None),
        ],
    };
    assert_eq!(backend.requeue(&selection).await.unwrap(), 2);
    assert_eq!(backend.requeue(&selection).await.unwrap(), 0);
    let again = next(&mut source, 10).await;
    assert_eq!(bodies(&again), ["1", "two"]);
    assert_eq!(again[0].deliveries(), Some(1));
    selection.letters = records.iter().map(|r| (r.id.clone(), None)).collect();
    assert_eq!(backend.purge(&selection).await.unwrap(), 5);
    assert!(dead(&backend, "g").await.is_empty());
}

#[tokio::test]
async fn next_can_be_dropped_and_loses_nothing() {
    let server = server!();
    let backend = server.backend();
    let topology = topology(&["g"]);
    let mut source = consume(&backend, &topology, "g", "one", LONG).await;
    let publisher = async {
        for i in 0..200 {
            publish(&backend, &[message(&i.to_string())]).await;
        }
    };
    let mut got = Vec::new();
    let reader = async {
        let mut dropped = 0;
        while got.len() < 200 || dropped < 1000 {
            let moment = Duration::from_micros(dropped % 7 * 100);
            match tokio::time::timeout(moment, source.next(free(3))).await {
                Ok(leases) => {
                    for lease in leases.unwrap() {
                        assert_eq!(lease.deliveries(), Some(1));
                        got.push(body(&lease));
                        lease.ack().await.unwrap();
                    }
                }
                Err(_) => dropped += 1,
            }
        }
    };
    let both = async { tokio::join!(publisher, reader) };
    tokio::time::timeout(LONG, both)
        .await
        .expect("something was lost");
    let expected: Vec<_> = (0..200).map(|i| i.to_string()).collect();
    assert_eq!(got, expected);
}

#[tokio::test]
async fn ensure_is_idempotent_and_detects_mismatch() {
    let server = server!();
    let backend = server.backend();
    backend.ensure(&topology(&["g"])).await.unwrap();
    publish_bodies(&backend, &["a"]).await;
    backend.ensure(&topology(&["g", "h"])).await.unwrap();
    backend.ensure(&topology(&[])).await.unwrap();
    assert_eq!(group(&backend, "g").await.ready, 1);
    assert_eq!(group(&backend, "h").await.ready, 0);
    let error = backend.ensure(&ordered(&["g"], 4)).await.unwrap_err();
    let text = "the backend has another setting: the number of partitions is none, not 4";
    assert!(matches!(&error, BackendError::Mismatch { .. } if error.to_string() == text));
}

#[tokio::test]
async fn status_counts_what_there_is() {
    let server = server!();
    let backend = server.backend();
    assert_eq!(backend.status(&queue()).await.unwrap(), None);
    let topology = topology(&["g"]);
    let mut source = consume(&backend, &topology, "g", "one", LONG).await;
    publish_bodies(&backend, &["a", "b", "c", "d"]).await;
    publish(&backend, &[delayed("later", LONG)]).await;
    let mut leases = next(&mut source, 3).await;
    let reason = DeadReason::new(DeadReason::FAILED, "");
    leases.remove(0).dead(reason, None).await.unwrap();
    leases.remove(0).retry(LONG, None).await.unwrap();
    let group = group(&backend, "g").await;
    let counts = (group.ready, group.delayed, group.in_flight, group.dead);
    assert_eq!(counts, (1, 2, 1, 1));
    assert_eq!(
        (&*group.consumers[0].name, group.consumers[0].in_flight),
        ("one", 1)
    );
}

#[tokio::test]
async fn stopped_and_closed_sources_say_so_and_leases_can_be_settled() {
    let server = server!();
    let backend = server.backend();
    let topology = topology(&["g"]);
    let mut stopped = consume(&backend, &topology, "g", "one", LONG).await;
    let mut closed = consume(&backend, &topology, "g", "two", LONG).await;
    publish_bodies(&backend, &["a"]).await;
    let lease = one(&mut stopped).await;
    stopped.stop();
    let end = stopped.next(free(1)).await;
    assert!(matches!(end, Err(ConsumeError::Stopped)));
    let (end, done) = tokio::join!(closed.next(free(1)), backend.close(LONG));
    assert!(matches!(end, Err(ConsumeError::Stopped)));
    done.unwrap();
    assert_eq!(lease.ack().await.unwrap(), Settled::Done);
    let answers = backend.publish(&queue(), &[message("b")]).await;
    assert!(matches!(answers[..], [Err(PublishError::NotSent(_))]));
    let error = backend.ensure(&topology).await.unwrap_err();
    assert!(matches!(error, BackendError::Closed));
}

#[tokio::test]
async fn an_idle_source_is_woken_by_what_is_published() {
    let server = server!();
    let backend = server.backend();
    let mut source = consume(&backend, &topology(&["g"]), "g", "one", LONG).await;
    let mut times = Vec::new();
    for i in 0..30 {
        let message = message(&i.to_string());
        let publisher = async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let start = Instant::now();
            publish(&backend, &[message]).await;
            start
        };
        let handled = async {
            let lease = one(&mut source).await;
            (Instant::now(), lease)
        };
        let (start, (end, lease)) = tokio::join!(publisher, handled);
        times.push(end.saturating_duration_since(start));
        lease.ack().await.unwrap();
    }
    times.sort();
    assert!(times[15] < PROMPT, "median of {times:?}");
}
