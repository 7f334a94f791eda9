use std::collections::HashMap;
use std::num::NonZeroU16;
use std::time::Duration;

use crate::remote::{Consumer, DeadReason, DeadSelection, Lease, Outgoing, Settled};
use crate::testing::case::{Case, Progress, acknowledge, group, is_silent, next, one, text};

/// The queue, ordered, and a consumer of it; none if the engine keeps no order.
async fn ordered(case: &Case) -> Option<Consumer> {
    if !case.capabilities().key_order {
        return None;
    }
    let partitions = NonZeroU16::new(4).expect("it is not 0");
    let topology = case.topology().ordered(partitions).group(group("group"));
    case.backend
        .ensure(&topology)
        .await
        .expect("it can be ensured");
    Some(Consumer {
        topology,
        ..case.consumer("one")
    })
}

pub(super) async fn one_of_a_key_is_out_at_a_time(case: Case) {
    let Some(consumer) = ordered(&case).await else {
        return;
    };
    case.publish(&[case.keyed("key", "first"), case.keyed("key", "second")])
        .await;
    let mut source = case.source_of(&consumer).await;
    let first = one(&mut source).await;
    assert_eq!(text(&first), "first");
    assert!(is_silent(&mut source, Duration::from_millis(200)).await);
    acknowledge(first).await;
    let second = one(&mut source).await;
    assert_eq!(text(&second), "second");
    acknowledge(second).await;
}

fn of_keys(case: &Case, keys: usize, count: usize) -> Vec<Outgoing> {
    let message = |number: usize| {
        let key = format!("key {}", number % keys);
        case.keyed(&key, format!("{key}/{number:06}"))
    };
    (0..count).map(message).collect()
}

/// Looks at what came, key by key.
fn assert_in_order(texts: &[String]) {
    let mut last: HashMap<&str, &str> = HashMap::new();
    for text in texts {
        let (key, number) = text.split_once('/').expect("rows write it so");
        let before = last.insert(key, number);
        assert!(
            before.is_none_or(|before| before < number),
            "{key}: {before:?}, {number}"
        );
    }
}

pub(super) async fn what_has_one_key_comes_in_order(case: Case) {
    let Some(consumer) = ordered(&case).await else {
        return;
    };
    let count = case.scaled(1_000);
    case.publish(&of_keys(&case, 16, count)).await;
    let mut source = case.source_of(&consumer).await;
    let mut seen = Vec::new();
    while seen.len() < count {
        for lease in next(&mut source, 50).await {
            seen.push(text(&lease));
            acknowledge(lease).await;
        }
    }
    assert_in_order(&seen);
}

pub(super) async fn a_retry_keeps_its_place(case: Case) {
    let Some(consumer) = ordered(&case).await else {
        return;
    };
    case.publish(&[case.keyed("key", "first"), case.keyed("key", "second")])
        .await;
    let mut source = case.source_of(&consumer).await;
    let first = one(&mut source).await;
    let bytes = Some(std::sync::Arc::from(*b"first again"));
    let delay = Duration::from_millis(200);
    first
        .retry(delay, bytes)
        .await
        .expect("it can be tried again");
    let again = one(&mut source).await;
    assert_eq!(text(&again), "first again", "what has its key waits for it");
    again.release().await.expect("it can be given back");
    let again = one(&mut source).await;
    assert_eq!(text(&again), "first again");
    acknowledge(again).await;
    let second = one(&mut source).await;
    assert_eq!(text(&second), "second");
    acknowledge(second).await;
}

pub(super) async fn two_consumers_keep_the_order_of_keys(case: Case) {
    let Some(consumer) = ordered(&case).await else {
        return;
    };
    let count = case.scaled(400);
    // Fewer keys than could be out at a time.
    case.publish(&of_keys(&case, 3, count)).await;
    let other = Consumer {
        name: "two".into(),
        ..consumer.clone()
    };
    let mut sources = [
        case.source_of(&consumer).await,
        case.source_of(&other).await,
    ];
    let mut seen = Vec::new();
    let mut held: Vec<Lease> = Vec::new();
    let mut progress = Progress::new();
    while progress.goes_on(seen.len(), count) {
        for source in &mut sources {
            // The other one may have all there is.
            let free = std::num::NonZeroUsize::new(3).expect("it is not 0");
            let patience = Duration::from_millis(30);
            let leases = actix::clock::timeout(patience, source.next(free)).await;
            held.extend(leases.into_iter().flatten().flatten());
        }
        // Whatever both have out at a time has different keys, so in any order.
        for lease in held.drain(..).rev() {
            seen.push(text(&lease));
            acknowledge(lease).await;
        }
    }
    assert_in_order(&seen);
}

pub(super) async fn what_runs_out_keeps_its_place(case: Case) {
    let Some(consumer) = ordered(&case).await else {
        return;
    };
    case.publish(&[case.keyed("key", "first"), case.keyed("key", "second")])
        .await;
    let lease = Duration::from_millis(400);
    let mut dies = case
        .source_of(&Consumer {
            name: "dies".into(),
            lease,
            ..consumer.clone()
        })
        .await;
    let held = one(&mut dies).await;
    assert_eq!(text(&held), "first");
    let mut lives = case.source_of(&consumer).await;
    let again = one(&mut lives).await;
    assert_eq!(text(&again), "first", "what has its key waits for it");
    let late = held.ack().await.expect("the engine answers");
    assert_eq!(late, Settled::LeaseLost);
    again.release().await.expect("it can be given back");
    let again = one(&mut lives).await;
    assert_eq!(text(&again), "first", "nor was it acknowledged");
    acknowledge(again).await;
    let second = one(&mut lives).await;
    assert_eq!(text(&second), "second");
    acknowledge(second).await;
}

pub(super) async fn a_dead_letter_holds_nothing_up(case: Case) {
    let Some(consumer) = ordered(&case).await else {
        return;
    };
    let messages = ["first", "second", "third"].map(|text| case.keyed("key", text));
    case.publish(&messages).await;
    let mut source = case.source_of(&consumer).await;
    let reason = DeadReason::new("failed", "");
    let settled = one(&mut source).await.dead(reason, None).await;
    assert_eq!(settled.expect("it can be buried"), Settled::Done);
    let second = one(&mut source).await;
    assert_eq!(text(&second), "second");
    let letters = vec![(case.dead().await.records[0].id.clone(), None)];
    let selection = DeadSelection {
        queue: case.queue.clone(),
        group: group("group"),
        letters,
    };
    let requeued = case.backend.requeue(&selection).await;
    assert_eq!(requeued.expect("it can be requeued"), 1);
    assert!(
        is_silent(&mut source, Duration::from_millis(200)).await,
        "a requeued letter still has its key"
    );
    acknowledge(second).await;
    let mut rest = Vec::new();
    for _ in 0..2 {
        let lease = one(&mut source).await;
        rest.push(text(&lease));
        acknowledge(lease).await;
    }
    rest.sort();
    assert_eq!(rest, ["first", "third"]);
}
