//! Dead letters.

use ventix::remote::{DeadId, DeadPage, DeadQuery, DeadReason, DeadSelection, Settled};

use super::*;

fn query() -> DeadQuery {
    DeadQuery::new(queue(), group("billing"))
}

fn selection(letters: Vec<(DeadId, Option<Arc<[u8]>>)>) -> DeadSelection {
    DeadSelection {
        queue: queue(),
        group: group("billing"),
        letters,
    }
}

fn texts(page: &DeadPage) -> Vec<String> {
    let bodies = page.records.iter().map(|record| record.body.to_vec());
    bodies
        .map(|body| String::from_utf8(body).unwrap())
        .collect()
}

/// A file in which messages have died, in both groups.
async fn with_dead(place: &Place, number: usize) -> (Sqlite, Box<dyn Source>) {
    let backend = place.open();
    let topology = unordered().group(group("billing")).group(group("other"));
    backend.ensure(&topology).await.unwrap();
    let batch: Vec<_> = (0..number).map(|n| message(&n.to_string())).collect();
    publish(&backend, &batch).await;
    for name in ["other", "billing"] {
        let mut source = reader(&backend, unordered(), name).await;
        for n in 0..number {
            let code = if n % 2 == 0 { "failed" } else { "expired" };
            let reason = DeadReason::new(code, format!("ünlucky {n}"));
            let dead = one(&mut source).await.dead(reason, None).await;
            assert_eq!(dead.unwrap(), Settled::Done);
        }
        if name == "billing" {
            return (backend, source);
        }
    }
    unreachable!("billing is last");
}

#[actix::test]
async fn dead_letters_are_listed_by_group_the_oldest_first_in_pages() {
    let place = Place::new();
    let (backend, _source) = with_dead(&place, 5).await;
    let mut query = DeadQuery {
        limit: 2,
        ..query()
    };
    let mut pages = Vec::new();
    loop {
        let page = backend.dead(&query).await.unwrap();
        pages.push(texts(&page));
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    assert_eq!(pages, [vec!["0", "1"], vec!["2", "3"], vec!["4"]]);
    let page = backend
        .dead(&DeadQuery {
            code: Some("expired".into()),
            ..self::query()
        })
        .await;
    let page = page.unwrap();
    assert_eq!(texts(&page), ["1", "3"]);
    let record = &page.records[0];
    assert_eq!(record.reason, DeadReason::new("expired", "ünlucky 1"));
    assert!(record.time.elapsed().unwrap() < DEADLINE);
    assert_eq!(status(&backend, "billing").await.dead, 5);
    let nowhere = DeadQuery::new(queue(), group("nowhere"));
    assert!(backend.dead(&nowhere).await.unwrap().records.is_empty());
}

#[actix::test]
async fn a_requeued_letter_goes_to_its_group_alone_and_counts_from_one() {
    let place = Place::new();
    let (backend, mut source) = with_dead(&place, 3).await;
    let page = backend.dead(&query()).await.unwrap();
    let ids: Vec<_> = page.records.into_iter().map(|record| record.id).collect();
    let chosen = selection(vec![
        (ids[2].clone(), None),
        (ids[0].clone(), Some(Arc::from(*b"mended"))),
        (DeadId("none of ours".into()), None),
    ]);
    assert_eq!(backend.requeue(&chosen).await.unwrap(), 2);
    assert_eq!(backend.requeue(&chosen).await.unwrap(), 0);
    for expected in ["2", "mended"] {
        let lease = one(&mut source).await;
        assert_eq!(
            (text(&lease).as_str(), lease.deliveries()),
            (expected, Some(1))
        );
        lease.ack().await.unwrap();
    }
    assert_eq!(status(&backend, "billing").await.dead, 1);
    let other = status(&backend, "other").await;
    assert_eq!((other.dead, other.ready), (3, 0));
}

#[actix::test]
async fn a_purged_letter_is_gone_and_no_other_gets_its_id() {
    let place = Place::new();
    let (backend, mut source) = with_dead(&place, 2).await;
    let page = backend.dead(&query()).await.unwrap();
    let letters = page.records.into_iter().map(|record| (record.id, None));
    let chosen = selection(letters.collect());
    assert_eq!(backend.purge(&chosen).await.unwrap(), 2);
    publish(&backend, &[message("new")]).await;
    let lease = one(&mut source).await;
    let reason = DeadReason::new("failed", "");
    lease
        .dead(reason, Some(Arc::from(*b"newer")))
        .await
        .unwrap();
    assert_eq!(backend.purge(&chosen).await.unwrap(), 0);
    let page = backend.dead(&query()).await.unwrap();
    assert_eq!(texts(&page), ["newer"]);
    assert_eq!(status(&backend, "other").await.dead, 2);
}
