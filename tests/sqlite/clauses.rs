//! What a message may expect, of any engine.

use ventix::remote::{PublishError, Settled};

use super::*;

#[actix::test]
async fn what_is_published_is_handed_out_in_order_and_acknowledged_for_good() {
    let place = Place::new();
    let backend = place.open();
    let mut source = reader(&backend, unordered(), "billing").await;
    publish(&backend, &[message("a"), message("b")]).await;
    publish(&backend, &[message("c")]).await;
    assert_eq!(drain(&mut source, 3).await, ["a", "b", "c"]);
    let after = status(&backend, "billing").await;
    assert_eq!((after.ready, after.in_flight, after.delayed), (0, 0, 0));
}

#[actix::test]
async fn each_group_gets_everything_from_when_it_is_ensured() {
    let place = Place::new();
    let backend = place.open();
    let topology = unordered().group(group("a")).group(group("b"));
    backend.ensure(&topology).await.unwrap();
    publish(&backend, &[message("1")]).await;
    let mut late = reader(&backend, unordered(), "late").await;
    publish(&backend, &[message("2")]).await;
    for name in ["a", "b"] {
        let mut source = reader(&backend, unordered(), name).await;
        assert_eq!(drain(&mut source, 2).await, ["1", "2"]);
    }
    assert_eq!(drain(&mut late, 1).await, ["2"]);
    assert_nothing(&mut late).await;
}

#[actix::test]
async fn what_is_published_without_a_group_waits_for_the_first_one() {
    let place = Place::new();
    let backend = place.open();
    publish(&backend, &[message("1"), message("2")]).await;
    let waiting = backend.status(&queue()).await.unwrap().unwrap();
    assert_eq!((waiting.unclaimed, waiting.groups.len()), (2, 0));
    let mut first = reader(&backend, unordered(), "first").await;
    let mut second = reader(&backend, unordered(), "second").await;
    assert_eq!(drain(&mut first, 2).await, ["1", "2"]);
    assert_nothing(&mut second).await;
    assert_eq!(
        backend.status(&queue()).await.unwrap().unwrap().unclaimed,
        0
    );
}

#[actix::test]
async fn ensuring_twice_changes_nothing_and_other_partitions_are_a_mismatch() {
    let place = Place::new();
    let backend = place.open();
    let topology = ordered().group(group("billing"));
    backend.ensure(&topology).await.unwrap();
    publish(&backend, &[message("a")]).await;
    backend.ensure(&topology).await.unwrap();
    let error = backend.ensure(&unordered()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the backend has another setting: the number of partitions is 8, not none"
    );
    let stranger = consumer(unordered(), "stranger", "other", LONG);
    assert!(backend.consume(&stranger).await.is_err());
    assert_eq!(status(&backend, "billing").await.ready, 1);
    assert_eq!(backend.queues().await.unwrap(), [queue()]);
    let elsewhere = QueueName::new("elsewhere").unwrap();
    assert_eq!(backend.status(&elsewhere).await.unwrap(), None);
}

#[actix::test]
async fn an_id_is_stored_once_within_the_window_and_per_queue() {
    let place = Place::new();
    let backend = place.open();
    let mut source = reader(&backend, unordered(), "billing").await;
    let message = message("a");
    let twice = [message.clone(), message.clone()];
    let answers = backend.publish(&queue(), &twice).await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers, [Confirmed::Stored, Confirmed::Duplicate]);
    drain(&mut source, 1).await;
    let again = backend.publish(&queue(), &twice[..1]).await.pop().unwrap();
    assert_eq!(again.unwrap(), Confirmed::Duplicate);
    assert_nothing(&mut source).await;
    let elsewhere = QueueName::new("elsewhere").unwrap();
    let other = backend.publish(&elsewhere, &[message]).await.pop().unwrap();
    assert_eq!(other.unwrap(), Confirmed::Stored);
}

#[actix::test]
async fn ids_older_than_the_window_are_new_again_and_are_forgotten() {
    let place = Place::new();
    let backend = Sqlite::builder(&place.path)
        .dedup_window(Duration::from_millis(1))
        .open()
        .unwrap();
    let old: Vec<_> = (0..64).map(|n| message(&n.to_string())).collect();
    publish(&backend, &old).await;
    let seen = || -> i64 {
        let count = "SELECT count(*) FROM ventix_seen";
        place.look().query_row(count, [], |row| row.get(0)).unwrap()
    };
    tokio::time::sleep(Duration::from_millis(5)).await;
    publish(&backend, &old[63..]).await;
    assert!(seen() <= 63, "{}", seen());
    for new in 0..32 {
        publish(&backend, &[message(&new.to_string())]).await;
    }
    assert!(seen() <= 33, "{}", seen());
}

#[actix::test]
async fn a_lease_that_runs_out_is_handed_out_again_and_counted() {
    let place = Place::new();
    let backend = place.open();
    let lease = Duration::from_millis(40);
    let mut source = read_with_lease(&backend, unordered(), "billing", lease).await;
    publish(&backend, &[message("a")]).await;
    let first = one(&mut source).await;
    assert_eq!((first.deliveries(), first.duration()), (Some(1), lease));
    let second = one(&mut source).await;
    assert_eq!(second.deliveries(), Some(2));
    assert_eq!(first.ack().await.unwrap(), Settled::LeaseLost);
    drop(second);
}

#[actix::test]
async fn who_has_lost_its_lease_changes_nothing() {
    let place = Place::new();
    let backend = place.open();
    let lease = Duration::from_millis(20);
    let mut brief = read_with_lease(&backend, unordered(), "billing", lease).await;
    let mut source = reader(&backend, unordered(), "billing").await;
    publish(&backend, &(0..5).map(|_| message("a")).collect::<Vec<_>>()).await;
    let mut lost = next(&mut brief, 5).await;
    let mut held = Vec::new();
    while held.len() < 5 {
        held.append(&mut next(&mut source, 5).await);
    }
    let other: Arc<[u8]> = Arc::from(*b"other");
    let reason = ventix::remote::DeadReason::new("failed", "");
    let (a, b, c, d) = (lost.pop(), lost.pop(), lost.pop(), lost.pop());
    assert_eq!(a.unwrap().ack().await.unwrap(), Settled::LeaseLost);
    let retried = b.unwrap().retry(Duration::ZERO, Some(other.clone())).await;
    assert_eq!(retried.unwrap(), Settled::LeaseLost);
    let dead = c.unwrap().dead(reason, Some(other)).await;
    assert_eq!(dead.unwrap(), Settled::LeaseLost);
    assert_eq!(d.unwrap().release().await.unwrap(), Settled::LeaseLost);
    let mut last = lost.pop().unwrap();
    assert_eq!(last.extend().await.unwrap(), Settled::LeaseLost);
    drop(last);
    let now = status(&backend, "billing").await;
    assert_eq!((now.in_flight, now.dead, now.ready), (5, 0, 0));
    for lease in held {
        assert_eq!(text(&lease), "a");
        assert_eq!(lease.ack().await.unwrap(), Settled::Done);
    }
}

#[actix::test]
async fn a_lease_that_is_extended_stays() {
    let place = Place::new();
    let backend = place.open();
    let lease = Duration::from_millis(400);
    let mut source = read_with_lease(&backend, unordered(), "billing", lease).await;
    publish(&backend, &[message("a")]).await;
    let mut held = one(&mut source).await;
    for _ in 0..6 {
        assert_nothing(&mut source).await;
        assert_eq!(held.extend().await.unwrap(), Settled::Done);
    }
    assert_eq!(held.ack().await.unwrap(), Settled::Done);
}

#[actix::test]
async fn a_retry_waits_for_its_delay_has_other_bytes_and_counts_from_one() {
    let place = Place::new();
    let backend = place.open();
    let mut source = reader(&backend, unordered(), "billing").await;
    publish(&backend, &[message("a")]).await;
    let lease = one(&mut source).await;
    let delay = Duration::from_millis(120);
    let since = std::time::Instant::now();
    let settled = lease.retry(delay, Some(Arc::from(*b"other"))).await;
    assert_eq!(settled.unwrap(), Settled::Done);
    assert_eq!(status(&backend, "billing").await.delayed, 1);
    let lease = one(&mut source).await;
    assert!(since.elapsed() >= delay);
    assert_eq!(
        (text(&lease).as_str(), lease.deliveries()),
        ("other", Some(1))
    );
    lease.retry(Duration::ZERO, None).await.unwrap();
    let lease = one(&mut source).await;
    assert_eq!(
        (text(&lease).as_str(), lease.deliveries()),
        ("other", Some(1))
    );
}

#[actix::test]
async fn what_is_released_or_dropped_comes_first_and_uncounted() {
    let place = Place::new();
    let backend = place.open();
    let mut source = reader(&backend, unordered(), "billing").await;
    publish(&backend, &[message("a"), message("b")]).await;
    let lease = one(&mut source).await;
    assert_eq!(lease.release().await.unwrap(), Settled::Done);
    let lease = one(&mut source).await;
    assert_eq!((text(&lease).as_str(), lease.deliveries()), ("a", Some(1)));
    drop(lease);
    let lease = one(&mut source).await;
    assert_eq!((text(&lease).as_str(), lease.deliveries()), ("a", Some(1)));
}

#[actix::test]
async fn a_first_delivery_can_be_delayed() {
    let place = Place::new();
    let backend = place.open();
    let mut source = reader(&backend, unordered(), "billing").await;
    let delay = Duration::from_millis(120);
    let since = std::time::Instant::now();
    publish(&backend, &[delayed(delay, "later"), message("now")]).await;
    assert_eq!(drain(&mut source, 1).await, ["now"]);
    assert_eq!(drain(&mut source, 1).await, ["later"]);
    assert!(since.elapsed() >= delay);
}

#[actix::test]
async fn no_more_is_handed_out_than_is_free() {
    let place = Place::new();
    let backend = place.open();
    let mut source = reader(&backend, unordered(), "billing").await;
    publish(&backend, &(0..10).map(|_| message("a")).collect::<Vec<_>>()).await;
    let held = next(&mut source, 4).await;
    assert_eq!(held.len(), 4);
    let now = status(&backend, "billing").await;
    assert_eq!((now.ready, now.in_flight), (6, 4));
    let [reader] = &now.consumers[..] else {
        panic!("{:?}", now.consumers)
    };
    assert_eq!((&*reader.name, reader.in_flight), ("reader", 4));
    assert!(reader.idle.is_some());
}

#[actix::test]
async fn a_next_that_is_dropped_loses_nothing() {
    let place = Place::new();
    let backend = place.open();
    let mut source = reader(&backend, unordered(), "billing").await;
    publish(
        &backend,
        &(0..20).map(|n| message(&n.to_string())).collect::<Vec<_>>(),
    )
    .await;
    for turn in 0..1000_u64 {
        let next = source.next(NonZeroUsize::new(3).unwrap());
        let _ = timeout(Duration::from_micros(turn % 900), next).await;
    }
    let mut texts = drain(&mut source, 20).await;
    texts.sort_by_key(|text| text.parse::<u32>().unwrap());
    assert_eq!(texts, (0..20).map(|n| n.to_string()).collect::<Vec<_>>());
    assert_nothing(&mut source).await;
}

#[actix::test]
async fn bytes_of_any_kind_and_size_up_to_the_limit_come_back() {
    let place = Place::new();
    let backend = Sqlite::builder(&place.path)
        .max_bytes(300_000)
        .open()
        .unwrap();
    let mut source = reader(&backend, unordered(), "billing").await;
    let body: Vec<u8> = (0..300_000_u32).map(|n| n as u8).collect();
    let batch = [
        Outgoing::new(fresh_id(), vec![0; 300_001]),
        Outgoing::new(fresh_id(), body.clone()),
        Outgoing::new(fresh_id(), vec![]),
    ];
    let mut answers = backend.publish(&queue(), &batch).await.into_iter();
    let error = answers.next().unwrap().unwrap_err();
    assert!(matches!(error, PublishError::Rejected(_)), "{error:?}");
    assert_eq!(answers.next().unwrap().unwrap(), Confirmed::Stored);
    assert_eq!(answers.next().unwrap().unwrap(), Confirmed::Stored);
    assert_eq!(one(&mut source).await.body()[..], body);
    assert_eq!(backend.capabilities().max_bytes, Some(300_000));
}

#[actix::test]
async fn what_is_confirmed_is_there_when_the_file_is_opened_again() {
    let place = Place::new();
    let backend = place.open();
    let mut source = reader(&backend, unordered(), "billing").await;
    publish(&backend, &[message("a"), message("b")]).await;
    one(&mut source).await.ack().await.unwrap();
    drop((source, backend));
    let backend = place.open();
    let mut source = reader(&backend, unordered(), "billing").await;
    assert_eq!(drain(&mut source, 1).await, ["b"]);
    assert_nothing(&mut source).await;
}

#[actix::test]
async fn a_stopped_source_gets_nothing_and_is_struck_off() {
    let place = Place::new();
    let backend = place.open();
    let mut source = reader(&backend, unordered(), "billing").await;
    publish(&backend, &[message("a"), message("b")]).await;
    let held = one(&mut source).await;
    source.stop();
    let error = source.next(NonZeroUsize::MIN).await.unwrap_err();
    assert!(matches!(error, ventix::remote::ConsumeError::Stopped));
    assert_eq!(held.ack().await.unwrap(), Settled::Done);
    let now = status(&backend, "billing").await;
    assert_eq!((now.ready, now.consumers.len()), (1, 0));
}

#[actix::test]
async fn fifty_consumers_share_what_fifty_publish() {
    let place = Place::new();
    let backend = place.open();
    backend
        .ensure(&unordered().group(group("billing")))
        .await
        .unwrap();
    let (found, mut taken) = tokio::sync::mpsc::unbounded_channel();
    for n in 0..50 {
        let (backend, found) = (backend.clone(), found.clone());
        actix::spawn(async move {
            let consumer = consumer(unordered(), &n.to_string(), "billing", LONG);
            let mut source = backend.consume(&consumer).await.unwrap();
            while let Ok(leases) = source.next(NonZeroUsize::new(5).unwrap()).await {
                for lease in leases {
                    let text = text(&lease);
                    lease.ack().await.unwrap();
                    let _ = found.send(text);
                }
            }
        });
    }
    for publisher in 0..50 {
        let backend = backend.clone();
        actix::spawn(async move {
            for n in 0..40 {
                publish(&backend, &[message(&format!("{publisher}-{n}"))]).await;
            }
        });
    }
    let mut texts = std::collections::BTreeSet::new();
    for _ in 0..2000 {
        let text = timeout(DEADLINE, taken.recv()).await.unwrap().unwrap();
        assert!(texts.insert(text), "twice");
    }
    backend.close(DEADLINE).await.unwrap();
    place.assert_intact();
}
