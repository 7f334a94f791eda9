//! Queues in which what has the same key stays in order.

use ventix::remote::{DeadQuery, DeadReason, DeadSelection};

use super::*;

#[actix::test]
async fn one_message_of_a_key_is_out_at_a_time() {
    let place = Place::new();
    let backend = place.open();
    let mut source = reader(&backend, ordered(), "billing").await;
    publish(
        &backend,
        &[
            keyed("a", "a1"),
            keyed("a", "a2"),
            keyed("b", "b1"),
            message("x"),
            message("y"),
        ],
    )
    .await;
    let held = next(&mut source, 9).await;
    let texts: Vec<_> = held.iter().map(text).collect();
    assert_eq!(texts, ["a1", "b1", "x", "y"]);
    assert_nothing(&mut source).await;
    for lease in held {
        lease.ack().await.unwrap();
    }
    assert_eq!(drain(&mut source, 1).await, ["a2"]);
}

#[actix::test]
async fn a_retried_message_keeps_its_place() {
    let place = Place::new();
    let backend = place.open();
    let mut source = reader(&backend, ordered(), "billing").await;
    publish(
        &backend,
        &[keyed("a", "a1"), keyed("a", "a2"), keyed("b", "b1")],
    )
    .await;
    let a1 = one(&mut source).await;
    a1.retry(Duration::from_millis(80), Some(Arc::from(*b"a1 again")))
        .await
        .unwrap();
    assert_eq!(drain(&mut source, 3).await, ["b1", "a1 again", "a2"]);
}

#[actix::test]
async fn what_is_released_or_has_run_out_keeps_its_place() {
    let place = Place::new();
    let backend = place.open();
    let lease = Duration::from_millis(30);
    let mut brief = read_with_lease(&backend, ordered(), "billing", lease).await;
    let mut source = reader(&backend, ordered(), "billing").await;
    publish(&backend, &[keyed("a", "a1"), keyed("a", "a2")]).await;
    one(&mut source).await.release().await.unwrap();
    let lost = one(&mut brief).await;
    let a1 = one(&mut source).await;
    assert_eq!((text(&a1).as_str(), a1.deliveries()), ("a1", Some(2)));
    lost.ack().await.unwrap();
    assert_nothing(&mut source).await;
    a1.ack().await.unwrap();
    assert_eq!(drain(&mut source, 1).await, ["a2"]);
}

#[actix::test]
async fn a_delayed_message_is_waited_for_by_its_key() {
    let place = Place::new();
    let backend = place.open();
    let mut source = reader(&backend, ordered(), "billing").await;
    let mut first = keyed("a", "a1");
    first.delay = Some(Duration::from_millis(80));
    publish(&backend, &[first, keyed("a", "a2"), keyed("b", "b1")]).await;
    assert_eq!(drain(&mut source, 3).await, ["b1", "a1", "a2"]);
}

#[actix::test]
async fn a_dead_message_lets_the_next_of_its_key_go_and_comes_back_behind_it() {
    let place = Place::new();
    let backend = place.open();
    let mut source = reader(&backend, ordered(), "billing").await;
    publish(
        &backend,
        &[keyed("a", "a1"), keyed("a", "a2"), keyed("a", "a3")],
    )
    .await;
    let a1 = one(&mut source).await;
    a1.dead(DeadReason::new("failed", ""), None).await.unwrap();
    let a2 = one(&mut source).await;
    let page = backend
        .dead(&DeadQuery::new(queue(), group("billing")))
        .await
        .unwrap();
    let letters = page.records.into_iter().map(|record| (record.id, None));
    let selection = DeadSelection {
        queue: queue(),
        group: group("billing"),
        letters: letters.collect(),
    };
    assert_eq!(backend.requeue(&selection).await.unwrap(), 1);
    assert_nothing(&mut source).await;
    a2.ack().await.unwrap();
    assert_eq!(drain(&mut source, 2).await, ["a3", "a1"]);
}

#[actix::test]
async fn each_group_has_an_order_of_its_own() {
    let place = Place::new();
    let backend = place.open();
    let topology = ordered().group(group("a")).group(group("b"));
    backend.ensure(&topology).await.unwrap();
    publish(&backend, &[keyed("k", "1"), keyed("k", "2")]).await;
    let mut a = reader(&backend, ordered(), "a").await;
    let mut b = reader(&backend, ordered(), "b").await;
    let held = one(&mut a).await;
    assert_eq!(drain(&mut b, 2).await, ["1", "2"]);
    held.ack().await.unwrap();
    assert_eq!(drain(&mut a, 1).await, ["2"]);
}

#[actix::test]
async fn what_waited_for_a_first_group_is_in_order_if_the_queue_is() {
    let place = Place::new();
    let backend = place.open();
    publish(&backend, &[keyed("k", "1"), keyed("k", "2")]).await;
    let mut source = reader(&backend, ordered(), "billing").await;
    let held = one(&mut source).await;
    assert_nothing(&mut source).await;
    held.ack().await.unwrap();
    assert_eq!(drain(&mut source, 1).await, ["2"]);
}

#[actix::test]
async fn what_waited_for_a_first_group_is_in_no_order_if_the_queue_is_not() {
    let place = Place::new();
    let backend = place.open();
    publish(&backend, &[keyed("k", "1"), keyed("k", "2")]).await;
    let mut source = reader(&backend, unordered(), "billing").await;
    assert_eq!(next(&mut source, 2).await.len(), 2);
}

#[actix::test]
async fn keys_stay_in_order_among_many_workers() {
    let place = Place::new();
    let backend = place.open();
    backend
        .ensure(&ordered().group(group("billing")))
        .await
        .unwrap();
    let (found, mut taken) = tokio::sync::mpsc::unbounded_channel();
    for n in 0..8_u64 {
        let (backend, found) = (backend.clone(), found.clone());
        actix::spawn(async move {
            let consumer = consumer(ordered(), &n.to_string(), "billing", LONG);
            let mut source = backend.consume(&consumer).await.unwrap();
            let mut turn = n;
            while let Ok(leases) = source.next(NonZeroUsize::new(3).unwrap()).await {
                for lease in leases {
                    turn += 1;
                    let is_settled = match turn % 5 {
                        0 => lease.retry(Duration::from_millis(turn % 3), None).await,
                        1 => lease.release().await,
                        _ => {
                            let _ = found.send(text(&lease));
                            lease.ack().await
                        }
                    };
                    is_settled.unwrap();
                }
            }
        });
    }
    for n in 0..40 {
        let batch: Vec<_> = (0..10)
            .map(|key| keyed(&key.to_string(), &format!("{key} {n}")))
            .collect();
        publish(&backend, &batch).await;
    }
    let mut last = std::collections::HashMap::new();
    for _ in 0..400 {
        let text = timeout(DEADLINE, taken.recv()).await.unwrap().unwrap();
        let (key, n) = text.split_once(' ').unwrap();
        let n: i32 = n.parse().unwrap();
        assert_eq!(last.insert(key.to_owned(), n).unwrap_or(-1) + 1, n);
    }
}
