use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use actix::clock::{Instant, timeout};
use futures::future::join_all;

use crate::remote::{Confirmed, Consumer, Topology};
use crate::testing::case::{
    Case, Progress, acknowledge, drain, group, is_silent, next, one, sorted, text, texts,
};

pub(super) async fn what_is_published_before_anybody_consumes_arrives_whole(case: Case) {
    case.ensure(&["group"]).await;
    case.publish_texts(texts(100)).await;
    let mut source = case.source("one").await;
    let arrived = drain(&mut source, 100).await;
    assert_eq!(sorted(arrived), sorted(texts(100).collect()));
    assert!(
        is_silent(&mut source, Duration::from_millis(50)).await,
        "and no more"
    );
}

pub(super) async fn many_publishers_and_consumers_lose_and_double_nothing(case: Case) {
    case.ensure(&["group"]).await;
    let case = Arc::new(case);
    let count = case.scaled(5_000);
    let all: Vec<String> = texts(count).collect();
    let publishing = join_all(all.chunks(count.div_ceil(50)).map(|part| {
        let case = case.clone();
        async move { case.publish_texts(part.iter().cloned()).await }
    }));
    let seen = std::sync::Mutex::new(Vec::new());
    let consuming = join_all((0..50).map(|number| {
        let (case, seen) = (case.clone(), &seen);
        async move {
            let mut source = case.source(&format!("consumer-{number}")).await;
            let mut progress = Progress::new();
            let so_far = || seen.lock().expect("no row panics with it").len();
            while progress.goes_on(so_far(), count) {
                let free = std::num::NonZeroUsize::new(20).expect("it is not 0");
                // Others may have the last ones.
                let leases = timeout(Duration::from_millis(200), source.next(free)).await;
                for lease in leases.into_iter().flatten().flatten() {
                    let text = text(&lease);
                    acknowledge(lease).await;
                    seen.lock().expect("no row panics with it").push(text);
                }
            }
        }
    }));
    tokio::join!(publishing, consuming);
    let seen = seen.into_inner().expect("no row panics with it");
    assert_eq!(seen.len(), count, "none twice");
    assert_eq!(sorted(seen), sorted(all));
}

pub(super) async fn queues_do_not_mix(case: Case) {
    case.ensure(&["group"]).await;
    let other = case.other_queue("other");
    let topology = Topology::new(other.clone()).group(group("group"));
    case.backend
        .ensure(&topology)
        .await
        .expect("it can be ensured");
    case.publish_texts(["here".to_owned()]).await;
    let elsewhere = case.message("elsewhere");
    let answers = case.backend.publish(&other, &[elsewhere]).await;
    assert!(answers.iter().all(Result::is_ok));
    let mut source = case.source("one").await;
    assert_eq!(drain(&mut source, 1).await, ["here"]);
    assert!(is_silent(&mut source, Duration::from_millis(50)).await);
}

pub(super) async fn many_queues_do_not_mix_under_load(case: Case) {
    let count = case.scaled(100);
    let case = &case;
    // First all publish, and then all consume, the last one first: so each could get what is
    // another's.
    let published = join_all((0..20).map(|number| async move {
        let queue = case.other_queue(&number.to_string());
        let topology = Topology::new(queue.clone()).group(group("group"));
        let ensured = case.backend.ensure(&topology).await;
        ensured.expect("it can be ensured");
        let expected: Vec<_> = texts(count)
            .map(|text| format!("{number} {text}"))
            .collect();
        let messages: Vec<_> = expected.iter().map(|text| case.message(text)).collect();
        let answers = case.backend.publish(&queue, &messages).await;
        assert!(answers.iter().all(Result::is_ok));
        (topology, expected)
    }));
    let consume = |(topology, expected)| async move {
        let consumer = Consumer {
            topology,
            ..case.consumer("one")
        };
        let mut source = case.source_of(&consumer).await;
        assert_eq!(sorted(drain(&mut source, count).await), sorted(expected));
    };
    join_all(published.await.into_iter().rev().map(consume)).await;
}

pub(super) async fn one_id_is_stored_once_within_the_window(case: Case) {
    if case.capabilities().dedup_window.is_none() {
        return;
    }
    case.ensure(&["group"]).await;
    let message = case.message("once");
    let both = [message.clone(), message.clone()];
    let first = case.backend.publish(&case.queue, &both).await;
    let second = case.connect().publish(&case.queue, &[message]).await;
    let answers: Vec<_> = first
        .into_iter()
        .chain(second)
        .collect::<Result<_, _>>()
        .expect("all are confirmed");
    assert_eq!(
        answers,
        [
            Confirmed::Stored,
            Confirmed::Duplicate,
            Confirmed::Duplicate
        ]
    );
    let mut source = case.source("one").await;
    assert_eq!(drain(&mut source, 1).await, ["once"]);
    assert!(is_silent(&mut source, Duration::from_millis(50)).await);
}

pub(super) async fn bytes_of_any_kind_arrive_as_they_were(case: Case) {
    case.ensure(&["group"]).await;
    let all: Vec<u8> = (0..=255).cycle().take(1_000).collect();
    let bodies = [
        all,
        vec![0; 3],
        b"\r\n\"'\\;".to_vec(),
        "✓ ä 😀".into(),
        Vec::new(),
    ];
    for body in &bodies {
        case.publish(&[case.keyed("Schlüssel ✓ {}:*", body)]).await;
    }
    let mut source = case.source("one").await;
    let mut arrived = BTreeSet::new();
    while arrived.len() < bodies.len() {
        let lease = one(&mut source).await;
        arrived.insert(lease.body().to_vec());
        acknowledge(lease).await;
    }
    assert_eq!(arrived, BTreeSet::from(bodies));
}

pub(super) async fn no_messages_are_no_error(case: Case) {
    case.ensure(&["group"]).await;
    assert!(case.backend.publish(&case.queue, &[]).await.is_empty());
}

pub(super) async fn a_delayed_message_comes_when_it_is_due(case: Case) {
    case.ensure(&["group"]).await;
    let mut source = case.source("one").await;
    let delay = Duration::from_millis(400);
    let begun = Instant::now();
    case.publish(&[case.delayed(delay, "later"), case.message("now")])
        .await;
    let now = one(&mut source).await;
    assert_eq!(text(&now), "now");
    acknowledge(now).await;
    let later = one(&mut source).await;
    let took = begun.elapsed();
    assert_eq!(
        (text(&later).as_str(), later.deliveries().unwrap_or(1)),
        ("later", 1)
    );
    // An engine may count in whole milliseconds.
    assert!(took >= delay - Duration::from_millis(5), "{took:?}");
    acknowledge(later).await;
}

pub(super) async fn closing_loses_nothing_that_was_confirmed(case: Case) {
    case.ensure(&["group"]).await;
    let count = case.scaled(10_000);
    let all: Vec<String> = texts(count).collect();
    let messages: Vec<_> = all.iter().map(|text| case.message(text)).collect();
    let publisher = case.connect();
    let parts = messages.chunks(count.div_ceil(20));
    let publishing = join_all(parts.map(|part| publisher.publish(&case.queue, part)));
    for answer in publishing.await.into_iter().flatten() {
        answer.expect("it is confirmed");
    }
    publisher
        .close(Duration::from_secs(10))
        .await
        .expect("it closes");
    let mut source = case.source("one").await;
    let mut arrived = Vec::new();
    while arrived.len() < count {
        for lease in next(&mut source, 100).await {
            arrived.push(text(&lease));
            acknowledge(lease).await;
        }
    }
    assert_eq!(sorted(arrived), sorted(all));
}

pub(super) async fn one_id_in_two_queues_is_two_messages(case: Case) {
    case.ensure(&["group"]).await;
    let other = case.other_queue("other");
    let topology = Topology::new(other.clone()).group(group("group"));
    let ensured = case.backend.ensure(&topology).await;
    ensured.expect("it can be ensured");
    let message = [case.message("once in each")];
    for queue in [&case.queue, &other] {
        let answers = case.backend.publish(queue, &message).await;
        assert!(
            matches!(answers[..], [Ok(Confirmed::Stored)]),
            "{answers:?}"
        );
    }
    let elsewhere = Consumer {
        topology,
        ..case.consumer("other")
    };
    for consumer in [case.consumer("one"), elsewhere] {
        let mut source = case.source_of(&consumer).await;
        assert_eq!(drain(&mut source, 1).await, ["once in each"]);
    }
}
