use std::sync::Arc;
use std::time::Duration;

use actix::clock::Instant;

use crate::remote::{Consumer, DeadQuery, DeadReason, Settled};
use crate::testing::case::{
    Case, acknowledge, drain, group, is_silent, next, one, sorted, text, texts,
};

fn consumer_of(case: &Case, name: &str) -> Consumer {
    Consumer {
        topology: case.topology().group(group(name)),
        group: group(name),
        ..case.consumer("one")
    }
}

pub(super) async fn every_group_gets_everything(case: Case) {
    case.ensure(&["first", "second"]).await;
    case.publish_texts(texts(50)).await;
    for name in ["first", "second"] {
        let mut source = case.source_of(&consumer_of(&case, name)).await;
        assert_eq!(
            sorted(drain(&mut source, 50).await),
            sorted(texts(50).collect())
        );
        assert!(is_silent(&mut source, Duration::from_millis(50)).await);
    }
}

pub(super) async fn consumers_of_a_group_share(case: Case) {
    case.ensure(&["group"]).await;
    let (mut one, mut two) = (case.source("one").await, case.source("two").await);
    case.publish_texts(texts(2)).await;
    let first = next(&mut one, 1).await;
    let second = next(&mut two, 1).await;
    assert_ne!(text(&first[0]), text(&second[0]));
    for lease in first.into_iter().chain(second) {
        acknowledge(lease).await;
    }
    assert!(is_silent(&mut one, Duration::from_millis(50)).await);
}

pub(super) async fn what_nobody_has_claimed_goes_to_the_first_group(case: Case) {
    case.ensure(&[]).await;
    case.publish_texts(texts(10)).await;
    assert_eq!(case.status().await.unclaimed, 10);
    case.ensure(&["group"]).await;
    let mut source = case.source("one").await;
    assert_eq!(
        sorted(drain(&mut source, 10).await),
        sorted(texts(10).collect())
    );
    assert_eq!(case.status().await.unclaimed, 0);
}

pub(super) async fn a_later_group_gets_what_comes_later(case: Case) {
    case.ensure(&["group"]).await;
    case.publish_texts(["before".to_owned()]).await;
    case.ensure(&["later"]).await;
    case.publish_texts(["after".to_owned()]).await;
    let mut source = case.source_of(&consumer_of(&case, "later")).await;
    assert_eq!(drain(&mut source, 1).await, ["after"]);
    assert!(is_silent(&mut source, Duration::from_millis(50)).await);
    let mut source = case.source("one").await;
    assert_eq!(sorted(drain(&mut source, 2).await), ["after", "before"]);
}

pub(super) async fn a_removed_group_is_gone_and_no_other(case: Case) {
    case.ensure(&["group", "old"]).await;
    case.publish_texts(texts(3)).await;
    let removed = case.backend.remove(&case.queue, &group("old")).await;
    assert!(removed.expect("it can be removed"));
    let again = case.backend.remove(&case.queue, &group("old")).await;
    assert!(!again.expect("it can be asked for again"));
    let names: Vec<_> = case
        .status()
        .await
        .groups
        .into_iter()
        .map(|it| it.group)
        .collect();
    assert_eq!(names, [group("group")]);
    let mut source = case.source("one").await;
    assert_eq!(drain(&mut source, 3).await.len(), 3);
    // Made anew, it begins anew.
    case.ensure(&["old"]).await;
    let mut source = case.source_of(&consumer_of(&case, "old")).await;
    assert!(is_silent(&mut source, Duration::from_millis(50)).await);
}

pub(super) async fn what_one_group_does_is_nothing_to_another(case: Case) {
    case.ensure(&["group", "other"]).await;
    case.publish_texts(texts(4)).await;
    let mut source = case.source("one").await;
    let mut held = Vec::new();
    while held.len() < 4 {
        held.extend(next(&mut source, 4).await);
    }
    let bytes: Arc<[u8]> = Arc::from(*b"changed");
    let mut held = held.into_iter();
    let mut lease = || held.next().expect("there are 4");
    let settled = [
        lease().ack().await,
        lease()
            .retry(Duration::from_secs(3_600), Some(bytes.clone()))
            .await,
        lease()
            .dead(DeadReason::new("failed", ""), Some(bytes))
            .await,
    ];
    for settled in settled {
        assert_eq!(settled.expect("it can be settled"), Settled::Done);
    }
    let mut other = case.source_of(&consumer_of(&case, "other")).await;
    for _ in 0..4 {
        let lease = one(&mut other).await;
        assert!(text(&lease).starts_with("message "), "{}", text(&lease));
        if case.capabilities().counts_deliveries {
            assert_eq!(lease.deliveries(), Some(1));
        }
        acknowledge(lease).await;
    }
    let query = DeadQuery::new(case.queue.clone(), group("other"));
    let page = case.backend.dead(&query).await.expect("it can be listed");
    assert!(page.records.is_empty());
    acknowledge(lease()).await;
}

pub(super) async fn what_nobody_has_claimed_keeps_its_delay(case: Case) {
    case.ensure(&[]).await;
    let delay = Duration::from_millis(500);
    let begun = Instant::now();
    case.publish(&[case.delayed(delay, "later"), case.message("now")])
        .await;
    case.ensure(&["group"]).await;
    let mut source = case.source("one").await;
    assert_eq!(drain(&mut source, 2).await, ["now", "later"]);
    let took = begun.elapsed();
    assert!(took >= delay - Duration::from_millis(5), "{took:?}");
}
