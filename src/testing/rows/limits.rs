use std::time::Duration;

use actix::clock::sleep;

use crate::remote::{Confirmed, PublishError, Settled};
use crate::testing::case::{Case, acknowledge, drain, is_silent, one, sorted, text, until};

pub(super) async fn what_is_too_large_is_rejected_and_nothing_else(case: Case) {
    let Some(most) = case.capabilities().max_bytes else {
        return;
    };
    case.ensure(&["group"]).await;
    let messages = [
        case.message("before"),
        case.message(vec![b'x'; most + 1]),
        case.message("after"),
    ];
    let answers = case.backend.publish(&case.queue, &messages).await;
    assert!(answers[0].is_ok() && answers[2].is_ok(), "{answers:?}");
    assert!(
        matches!(answers[1], Err(PublishError::Rejected(_))),
        "{:?}",
        answers[1]
    );
    let mut source = case.source("one").await;
    assert_eq!(sorted(drain(&mut source, 2).await), ["after", "before"]);
}

pub(super) async fn the_largest_message_arrives(case: Case) {
    case.ensure(&["group"]).await;
    let most = case
        .capabilities()
        .max_bytes
        .unwrap_or(1 << 20)
        .min(1 << 20);
    let body: Vec<u8> = (0..=255).cycle().take(most).collect();
    case.publish(&[case.message(&body)]).await;
    let lease = one(&mut case.source("one").await).await;
    assert!(**lease.body() == *body);
    acknowledge(lease).await;
}

/// The longest window that a row waits for.
const SHORT: Duration = Duration::from_secs(5);

pub(super) async fn an_id_is_new_after_a_short_window(case: Case) {
    let window = case.capabilities().dedup_window;
    let Some(window) = window.filter(|window| *window <= SHORT) else {
        return;
    };
    case.ensure(&["group"]).await;
    let message = [case.message("again")];
    case.publish(&message).await;
    // Engines look at what they may forget now and then.
    until("the id is new", || async {
        sleep(window / 4).await;
        let answers = case.backend.publish(&case.queue, &message).await;
        matches!(answers[..], [Ok(Confirmed::Stored)])
    })
    .await;
    let mut source = case.source("one").await;
    assert_eq!(drain(&mut source, 2).await, ["again", "again"]);
}

pub(super) async fn what_finds_no_room_is_not_stored(case: Case) {
    let Some(case) = case.bounded() else {
        return;
    };
    case.ensure(&["group"]).await;
    let mut stored = Vec::new();
    let refused = loop {
        let text = format!("{:>1000}", stored.len());
        let message = case.message(&text);
        match &case
            .backend
            .publish(&case.queue, std::slice::from_ref(&message))
            .await[..]
        {
            [Ok(_)] => stored.push(text),
            [Err(PublishError::Backpressure(_))] => break message,
            other => panic!("{other:?}"),
        }
        assert!(stored.len() < 100_000, "it is never full");
    };
    let mut source = case.source("one").await;
    assert_eq!(
        sorted(drain(&mut source, stored.len()).await),
        sorted(stored)
    );
    assert!(is_silent(&mut source, Duration::from_millis(50)).await);
    // Not stored, so its id is new.
    until("there is room again", || async {
        let answers = case
            .backend
            .publish(&case.queue, std::slice::from_ref(&refused))
            .await;
        matches!(answers[..], [Ok(Confirmed::Stored)])
    })
    .await;
    assert_eq!(drain(&mut source, 1).await.len(), 1);
}

pub(super) async fn the_longest_delay_is_not_the_shortest(case: Case) {
    case.ensure(&["group"]).await;
    let longest = case.capabilities().max_delay.unwrap_or(Duration::MAX);
    case.publish(&[case.delayed(longest, "never"), case.message("tried again")])
        .await;
    let mut source = case.source("one").await;
    let lease = one(&mut source).await;
    assert_eq!(text(&lease), "tried again");
    let settled = lease.retry(longest, None).await;
    assert_eq!(settled.expect("it can be tried again"), Settled::Done);
    assert!(is_silent(&mut source, Duration::from_millis(200)).await);
    assert_eq!(case.status().await.groups[0].delayed, 2);
}
