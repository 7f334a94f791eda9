use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::remote::{Consumer, DeadQuery, DeadReason, DeadSelection, Settled};
use crate::testing::case::{Case, acknowledge, drain, group, is_silent, one, texts};

/// Publishes so many, and lets each die, with the codes in turn.
async fn bury(case: &Case, count: usize, codes: &[&'static str]) {
    case.ensure(&["group"]).await;
    let mut source = case.source("buries").await;
    for (number, text) in texts(count).enumerate() {
        case.publish_texts([text]).await;
        let reason = DeadReason::new(codes[number % codes.len()], format!("why {number} ✓"));
        let settled = one(&mut source).await.dead(reason, None).await;
        assert_eq!(settled.expect("it can be buried"), Settled::Done);
    }
    source.stop();
}

fn selection(
    case: &Case,
    letters: Vec<(crate::remote::DeadId, Option<Arc<[u8]>>)>,
) -> DeadSelection {
    DeadSelection {
        queue: case.queue.clone(),
        group: group("group"),
        letters,
    }
}

pub(super) async fn a_dead_letter_keeps_bytes_and_reason(case: Case) {
    let before = SystemTime::now() - Duration::from_secs(5);
    bury(&case, 1, &["failed"]).await;
    let page = case.dead().await;
    assert_eq!(page.records.len(), 1);
    let record = &page.records[0];
    assert_eq!(&*record.body, b"message 0");
    assert_eq!(
        (record.reason.code(), record.reason.text()),
        ("failed", "why 0 ✓")
    );
    assert!(record.time > before, "{:?}", record.time);
    assert!(
        page.next.is_none()
            || case
                .backend
                .dead(&DeadQuery {
                    after: page.next,
                    ..DeadQuery::new(case.queue.clone(), group("group"))
                })
                .await
                .expect("it can be listed")
                .records
                .is_empty()
    );
}

pub(super) async fn a_dead_letter_may_change_the_bytes(case: Case) {
    case.ensure(&["group"]).await;
    case.publish_texts(["before".to_owned()]).await;
    let mut source = case.source("one").await;
    let bytes: Arc<[u8]> = Arc::from(*b"after");
    let reason = DeadReason::new("failed", "");
    let settled = one(&mut source).await.dead(reason, Some(bytes)).await;
    assert_eq!(settled.expect("it can be buried"), Settled::Done);
    assert_eq!(&*case.dead().await.records[0].body, b"after");
}

pub(super) async fn dead_letters_are_paged_and_selected(case: Case) {
    bury(&case, 25, &["odd", "even"]).await;
    let mut query = DeadQuery::new(case.queue.clone(), group("group"));
    query.limit = 10;
    let mut bodies = Vec::new();
    loop {
        let page = case.backend.dead(&query).await.expect("it can be listed");
        assert!(page.records.len() <= 10);
        bodies.extend(page.records.into_iter().map(|it| it.body));
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    let expected: Vec<Arc<[u8]>> = texts(25).map(|text| Arc::from(text.into_bytes())).collect();
    assert_eq!(bodies, expected, "the oldest first, and each once");
    let query = DeadQuery {
        code: Some("even".into()),
        ..DeadQuery::new(case.queue.clone(), group("group"))
    };
    let page = case.backend.dead(&query).await.expect("it can be listed");
    assert_eq!(page.records.len(), 12);
    assert!(page.records.iter().all(|it| it.reason.code() == "even"));
}

pub(super) async fn a_requeued_letter_is_new_and_goes_to_its_group_alone(case: Case) {
    case.ensure(&["group", "other"]).await;
    bury(&case, 3, &["failed"]).await;
    let records = case.dead().await.records;
    let changed: Arc<[u8]> = Arc::from(*b"changed");
    let letters = vec![
        (records[0].id.clone(), None),
        (records[1].id.clone(), Some(changed)),
    ];
    let chosen = selection(&case, letters);
    let requeued = case.backend.requeue(&chosen).await;
    assert_eq!(requeued.expect("they can be requeued"), 2);
    let again = case.backend.requeue(&chosen).await;
    assert_eq!(
        again.expect("it can be asked for again"),
        0,
        "they are there no more"
    );
    let mut source = case.source("one").await;
    let mut seen = Vec::new();
    for _ in 0..2 {
        let lease = one(&mut source).await;
        if case.capabilities().counts_deliveries {
            assert_eq!(lease.deliveries(), Some(1));
        }
        seen.push(crate::testing::case::text(&lease));
        acknowledge(lease).await;
    }
    assert_eq!(crate::testing::case::sorted(seen), ["changed", "message 0"]);
    assert_eq!(case.dead().await.records.len(), 1);
    let other = Consumer {
        group: group("other"),
        ..case.consumer("other")
    };
    let mut other = case.source_of(&other).await;
    assert_eq!(drain(&mut other, 3).await.len(), 3);
    assert!(is_silent(&mut other, Duration::from_millis(50)).await);
}

pub(super) async fn a_purged_letter_is_gone(case: Case) {
    bury(&case, 3, &["failed"]).await;
    let records = case.dead().await.records;
    let letters = records
        .iter()
        .take(2)
        .map(|it| (it.id.clone(), None))
        .collect();
    let chosen = selection(&case, letters);
    for count in [2, 0] {
        let purged = case.backend.purge(&chosen).await;
        assert_eq!(purged.expect("they can be purged"), count);
    }
    let requeued = case.backend.requeue(&chosen).await;
    assert_eq!(requeued.expect("it can be asked for"), 0, "they are gone");
    let left = case.dead().await.records;
    assert_eq!((left.len(), &left[0].id), (1, &records[2].id));
}

pub(super) async fn what_is_dead_is_handed_out_no_more(case: Case) {
    bury(&case, 2, &["failed"]).await;
    let mut source = case.source_with("one", Duration::from_millis(200)).await;
    assert!(is_silent(&mut source, Duration::from_millis(600)).await);
}
