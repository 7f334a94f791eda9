use std::time::{Duration, Instant};

use ventix::remote::redis::Redis;
use ventix::remote::{Backend, BackendError, Confirmed, ConsumeError, PublishError, Settled};

use crate::clauses::server;
use crate::proxy::{Proxy, Weather};
use crate::server::Server;
use crate::support::*;

const SHORT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn slow_answers_kill_nothing() {
    let server = server!();
    let proxy = Proxy::start(server.port).await;
    let backend = Redis::connect(&proxy.url()).await.unwrap();
    let mut source = consume(&backend, &topology(&["g"]), "g", "one", LONG).await;
    proxy.set(Weather::Slow(Duration::from_millis(700)));
    for i in 0..3 {
        publish_bodies(&backend, &[&i.to_string()]).await;
        let lease = one(&mut source).await;
        assert_eq!((body(&lease), lease.deliveries()), (i.to_string(), Some(1)));
        assert_eq!(lease.ack().await.unwrap(), Settled::Done);
    }
    let group = group(&backend, "g").await;
    assert_eq!((group.ready, group.in_flight), (0, 0));
}

#[tokio::test]
async fn an_answer_that_is_cut_off_is_unknown_and_stored_once() {
    let server = server!();
    let proxy = Proxy::start(server.port).await;
    let backend = Redis::connect(&proxy.url()).await.unwrap();
    backend.ensure(&topology(&["g"])).await.unwrap();
    // From now on the server knows the script.
    publish_bodies(&backend, &["first"]).await;
    let message = message("a");
    proxy.set(Weather::Deaf);
    let answers = backend
        .publish(&queue(), std::slice::from_ref(&message))
        .await;
    assert!(
        matches!(answers[..], [Err(PublishError::Unknown(_))]),
        "{answers:?}"
    );
    proxy.set(Weather::Down);
    let answers = backend
        .publish(&queue(), std::slice::from_ref(&message))
        .await;
    assert!(
        matches!(answers[..], [Err(PublishError::NotSent(_))]),
        "{answers:?}"
    );
    proxy.set(Weather::Fair);
    let answer = backend.publish(&queue(), &[message]).await.remove(0);
    assert_eq!(answer.unwrap(), Confirmed::Duplicate);
    assert_eq!(group(&backend, "g").await.ready, 2);
}

#[tokio::test]
async fn a_settle_whose_answer_is_cut_off_is_done_once() {
    let server = server!();
    let proxy = Proxy::start(server.port).await;
    let backend = Redis::connect(&proxy.url()).await.unwrap();
    let direct = server.backend();
    let mut source = consume(&direct, &topology(&["g"]), "g", "direct", LONG).await;
    let mut cut = consume(&backend, &topology(&["g"]), "g", "cut", LONG).await;
    publish_bodies(&direct, &["first"]).await;
    assert_eq!(drain(&mut source, 1).await, ["first"]);
    publish_bodies(&direct, &["a"]).await;
    let lease = one(&mut cut).await;
    proxy.set(Weather::Deaf);
    let retried = tokio::spawn(lease.retry(Duration::ZERO, None));
    let again = one(&mut source).await;
    // The other may have it before the answer is on its way.
    proxy.has_cut().await;
    proxy.set(Weather::Fair);
    // Its own first attempt has settled it.
    assert_eq!(retried.await.unwrap().unwrap(), Settled::LeaseLost);
    assert_eq!(again.ack().await.unwrap(), Settled::Done);
    nothing(&mut source, SHORT).await;
}

#[tokio::test]
async fn a_silent_connection_is_given_up_and_made_anew() {
    for topology in [topology(&["g"]), ordered(&["g"], 2)] {
        let server = server!();
        let proxy = Proxy::start(server.port).await;
        let backend = Redis::builder(proxy.url())
            .command_timeout(Duration::from_millis(500))
            .poll(Duration::from_millis(500))
            .build()
            .unwrap();
        let mut source = consume(&backend, &topology, "g", "one", SHORT).await;
        publish_bodies(&backend, &["a"]).await;
        assert_eq!(drain(&mut source, 1).await, ["a"]);
        proxy.set(Weather::Silent);
        let answers = backend.publish(&queue(), &[message("lost?")]).await;
        assert!(
            matches!(answers[..], [Err(PublishError::Unknown(_))]),
            "{answers:?}"
        );
        let next = tokio::time::timeout(LONG, source.next(free(1)))
            .await
            .unwrap();
        assert!(
            matches!(next, Err(ConsumeError::Unavailable(_))),
            "{next:?}"
        );
        proxy.set(Weather::Fair);
        publish(&server.backend(), &[message("b")]).await;
        let start = Instant::now();
        assert_eq!(drain(&mut source, 1).await, ["b"]);
        assert!(start.elapsed() < Duration::from_secs(10));
        publish_bodies(&backend, &["c"]).await;
        assert_eq!(drain(&mut source, 1).await, ["c"]);
    }
}

#[tokio::test]
async fn a_source_that_is_asked_without_pause_does_not_spin() {
    let server = server!();
    let proxy = Proxy::start(server.port).await;
    let backend = Redis::connect(&proxy.url()).await.unwrap();
    let mut source = consume(&backend, &topology(&["g"]), "g", "one", LONG).await;
    proxy.set(Weather::Down);
    let start = Instant::now();
    let mut failures = 0;
    while start.elapsed() < Duration::from_secs(1) {
        if let Ok(Err(_)) = tokio::time::timeout(SHORT, source.next(free(1))).await {
            failures += 1;
        }
    }
    assert!((2..20).contains(&failures), "{failures} failures");
    proxy.set(Weather::Fair);
    publish(&server.backend(), &[message("a")]).await;
    assert_eq!(drain(&mut source, 1).await, ["a"]);
}

#[tokio::test]
async fn close_waits_for_what_is_being_published() {
    let server = server!();
    let proxy = Proxy::start(server.port).await;
    let backend = Redis::connect(&proxy.url()).await.unwrap();
    backend.ensure(&topology(&["g"])).await.unwrap();
    proxy.set(Weather::Slow(SHORT));
    let other = backend.clone();
    let publishing =
        tokio::spawn(async move { other.publish(&queue(), &[message("a")]).await.remove(0) });
    while group(&server.backend(), "g").await.ready == 0 {
        tokio::task::yield_now().await;
    }
    let hasty = backend.close(Duration::from_millis(1)).await;
    assert!(
        matches!(hasty, Err(BackendError::Unavailable(_))),
        "{hasty:?}"
    );
    backend.close(LONG).await.unwrap();
    assert_eq!(publishing.await.unwrap().unwrap(), Confirmed::Stored);
}
