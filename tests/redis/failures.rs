use std::time::Duration;

use ventix::remote::{Backend, Confirmed, DeadReason, PublishError, Settled};

use crate::clauses::server;
use crate::server::{FORGETFUL, Server};
use crate::support::*;

const SHORT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn what_was_confirmed_survives_a_kill() {
    let mut server = server!();
    let backend = server.backend();
    let topology = topology(&["g"]);
    let mut source = consume(&backend, &topology, "g", "one", SHORT * 5).await;
    let messages: Vec<_> = (0..50).map(|i| message(&i.to_string())).collect();
    publish(&backend, &messages).await;
    publish(&backend, &[delayed("late", SHORT)]).await;
    let held = next(&mut source, 10).await;
    server.kill();
    let answers = backend.publish(&queue(), &[message("nobody hears")]).await;
    assert!(matches!(
        answers[..],
        [Err(PublishError::NotSent(_) | PublishError::Unknown(_))]
    ));
    let answers = backend.publish(&queue(), &[message("nobody hears")]).await;
    assert!(matches!(answers[..], [Err(PublishError::NotSent(_))]));
    server.revive();
    drop(held);
    let mut got = drain(&mut source, 51).await;
    got.sort();
    let mut expected: Vec<_> = (0..50).map(|i| i.to_string()).collect();
    expected.push("late".into());
    expected.sort();
    assert_eq!(got, expected);
    publish_bodies(&backend, &["after"]).await;
    assert_eq!(drain(&mut source, 1).await, ["after"]);
    assert_eq!(backend.resets(), 0);
}

#[tokio::test]
async fn a_lease_can_be_settled_after_a_restart() {
    let mut server = server!();
    let backend = server.backend();
    let mut source = consume(&backend, &topology(&["g"]), "g", "one", LONG).await;
    publish_bodies(&backend, &["a"]).await;
    let lease = one(&mut source).await;
    server.kill();
    let acknowledged = tokio::spawn(lease.ack());
    tokio::time::sleep(SHORT).await;
    server.revive();
    assert_eq!(acknowledged.await.unwrap().unwrap(), Settled::Done);
}

#[tokio::test]
async fn groups_are_made_anew_by_whoever_finds_them_gone() {
    let Some(mut server) = Server::with(&FORGETFUL) else {
        return;
    };
    let backend = server.backend();
    let publisher = server.backend();
    let topology = topology(&["g", "h"]);
    publisher.ensure(&topology).await.unwrap();
    let mut g = consume(&backend, &topology, "g", "one", LONG).await;
    let mut h = consume(&backend, &topology, "h", "one", LONG).await;
    publish_bodies(&publisher, &["a"]).await;
    assert_eq!(drain(&mut g, 1).await, ["a"]);
    server.kill();
    server.revive();
    // The publisher comes first, and makes both groups.
    let before = message("b");
    loop {
        match publisher
            .publish(&queue(), std::slice::from_ref(&before))
            .await
            .remove(0)
        {
            Ok(confirmed) => break assert_eq!(confirmed, Confirmed::Stored),
            Err(error) => assert!(error.is_temporary()),
        }
    }
    assert_eq!(publisher.resets(), 1);
    assert_eq!(drain(&mut g, 1).await, ["b"]);
    assert_eq!(drain(&mut h, 1).await, ["b"]);
}

#[tokio::test]
async fn a_source_goes_on_after_everything_was_deleted() {
    for topology in [topology(&["g"]), ordered(&["g"], 4)] {
        let server = server!();
        let backend = server.backend();
        let mut source = consume(&backend, &topology, "g", "one", LONG).await;
        publish_bodies(&backend, &["a"]).await;
        let lease = one(&mut source).await;
        // While it waits.
        let flushed = async {
            tokio::time::sleep(SHORT).await;
            server.run("FLUSHALL").await;
            server.run("SCRIPT FLUSH").await;
            while backend.resets() == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            publish_bodies(&backend, &["b"]).await;
        };
        let (again, ()) = tokio::join!(one(&mut source), flushed);
        assert_eq!(body(&again), "b");
        assert_eq!(lease.ack().await.unwrap(), Settled::LeaseLost);
        assert_eq!(again.ack().await.unwrap(), Settled::Done);
        assert_eq!(backend.queues().await.unwrap(), [queue()]);
        assert_eq!(backend.resets(), 1);
    }
}

#[tokio::test]
async fn without_memory_publishing_waits_and_workers_go_on() {
    for topology in [topology(&["g"]), ordered(&["g"], 64)] {
        let server = server!();
        let backend = server.backend();
        let mut source = consume(&backend, &topology, "g", "one", SHORT * 5).await;
        let messages: Vec<_> = (0..20)
            .map(|i| keyed(&i.to_string(), &i.to_string()))
            .collect();
        publish(&backend, &messages).await;
        let mut leases = Vec::new();
        while leases.len() < 4 {
            leases.extend(next(&mut source, 4 - leases.len()).await);
        }
        server.run("CONFIG SET maxmemory 1").await;
        let refused = message("refused");
        for _ in 0..2 {
            let answers = backend
                .publish(&queue(), std::slice::from_ref(&refused))
                .await;
            assert!(
                matches!(answers[..], [Err(PublishError::Backpressure(_))]),
                "{answers:?}"
            );
        }
        let reason = DeadReason::new(DeadReason::FAILED, "no room");
        let mut settled = vec![
            leases.remove(0).dead(reason, None).await.unwrap(),
            leases.remove(0).retry(SHORT, None).await.unwrap(),
            leases.remove(0).release().await.unwrap(),
        ];
        // The fourth expires.
        drop(leases);
        let got = drain(&mut source, 19).await;
        assert_eq!(got.len(), 19);
        settled.dedup();
        assert_eq!(settled, [Settled::Done]);
        assert_eq!(group(&backend, "g").await.dead, 1);
        server.run("CONFIG SET maxmemory 0").await;
        publish(&backend, &[refused]).await;
        assert_eq!(drain(&mut source, 1).await, ["refused"]);
    }
}

#[tokio::test]
async fn what_others_trim_is_counted_and_nothing_loops() {
    let server = server!();
    let backend = server.backend();
    let mut source = consume(&backend, &topology(&["g"]), "g", "one", SHORT).await;
    publish_bodies(&backend, &["a", "b", "c", "d", "e"]).await;
    let held = next(&mut source, 2).await;
    // Two that are out and one that is not are trimmed; one that is out is deleted.
    server.run("XTRIM {ventix:orders}:g:g:s:0 MAXLEN 2").await;
    drop(held);
    assert_eq!(drain(&mut source, 2).await, ["d", "e"]);
    nothing(&mut source, SHORT * 2).await;
    assert_eq!(backend.lost(), 2);
    assert_eq!(group(&backend, "g").await.in_flight, 0);
    publish_bodies(&backend, &["f"]).await;
    assert_eq!(drain(&mut source, 1).await, ["f"]);
}

#[tokio::test]
async fn a_message_deleted_while_it_is_out_can_be_settled() {
    let server = server!();
    let backend = server.backend();
    let mut source = consume(&backend, &topology(&["g"]), "g", "one", LONG).await;
    publish_bodies(&backend, &["a"]).await;
    let lease = one(&mut source).await;
    server.run("XTRIM {ventix:orders}:g:g:s:0 MAXLEN 0").await;
    assert_eq!(
        lease.retry(Duration::ZERO, None).await.unwrap(),
        Settled::Done
    );
    assert_eq!(drain(&mut source, 1).await, ["a"]);
}

#[tokio::test]
async fn what_a_deleted_consumer_had_is_handed_out_again() {
    let server = server!();
    let backend = server.backend();
    let topology = topology(&["g"]);
    let mut first = consume(&backend, &topology, "g", "first", SHORT).await;
    let mut second = consume(&backend, &topology, "g", "second", SHORT).await;
    publish_bodies(&backend, &["a", "b"]).await;
    let held = next(&mut first, 2).await;
    server
        .run("XGROUP DELCONSUMER {ventix:orders}:g:g:s:0 g first")
        .await;
    let mut got = drain(&mut second, 2).await;
    got.sort();
    assert_eq!(got, ["a", "b"]);
    for lease in held {
        assert_eq!(lease.ack().await.unwrap(), Settled::LeaseLost);
    }
}
