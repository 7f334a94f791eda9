use std::num::{NonZeroU16, NonZeroUsize};
use std::sync::Mutex;
use std::time::Duration;

use actix::clock::{sleep, timeout};
use futures::future::join_all;

use crate::remote::{BackendError, ConsumeError, DeadReason, PublishError, Settled};
use crate::testing::case::{
    Case, PATIENCE, acknowledge, drain, group, is_silent, next, one, sorted, text, texts, until,
};

pub(super) async fn ensuring_twice_changes_nothing(case: Case) {
    case.ensure(&["group"]).await;
    case.publish_texts(texts(5)).await;
    let mut source = case.source("one").await;
    let held = next(&mut source, 2).await;
    for _ in 0..3 {
        case.ensure(&["group", "other"]).await;
    }
    for lease in held {
        acknowledge(lease).await;
    }
    let left = case.status().await.groups;
    let left = left.iter().find(|it| it.group == group("group"));
    let left = left.map_or(0, |it| it.ready + it.in_flight);
    drain(&mut source, usize::try_from(left).expect("it is small")).await;
    assert!((3..=4).contains(&left), "{left}");
}

pub(super) async fn ensuring_otherwise_is_an_error(case: Case) {
    case.ensure(&["group"]).await;
    let partitions = NonZeroU16::new(8).expect("it is not 0");
    let otherwise = case.topology().ordered(partitions);
    let error = case
        .connect()
        .ensure(&otherwise)
        .await
        .expect_err("it is there without");
    assert!(matches!(error, BackendError::Mismatch { .. }), "{error}");
}

pub(super) async fn a_stopped_source_leases_nothing_and_settles_the_rest(case: Case) {
    case.ensure(&["group"]).await;
    case.publish_texts(texts(4)).await;
    let mut source = case.source("one").await;
    let held = next(&mut source, 2).await;
    let count = held.len();
    source.stop();
    let after = source.next(NonZeroUsize::MIN).await;
    assert!(matches!(after, Err(ConsumeError::Stopped)), "{after:?}");
    for lease in held {
        acknowledge(lease).await;
    }
    let mut other = case.source("other").await;
    assert_eq!(drain(&mut other, 4 - count).await.len(), 4 - count);
}

pub(super) async fn the_status_counts(case: Case) {
    case.ensure(&["group"]).await;
    case.publish_texts(texts(4)).await;
    case.publish(&[case.delayed(Duration::from_secs(3_600), "much later")])
        .await;
    let mut source = case.source("one").await;
    let held = one(&mut source).await;
    let reason = DeadReason::new("failed", "");
    one(&mut source)
        .await
        .dead(reason, None)
        .await
        .expect("it can be buried");
    acknowledge(one(&mut source).await).await;
    until("the status says so", || async {
        let status = case.status().await;
        let it = &status.groups[0];
        let counts = (it.ready, it.delayed, it.in_flight, it.dead);
        counts == (1, 1, 1, 1)
    })
    .await;
    let status = case.status().await;
    assert_eq!(status.queue, case.queue);
    let consumer = status.groups[0]
        .consumers
        .iter()
        .find(|it| &*it.name == "one");
    assert_eq!(consumer.expect("it reads").in_flight, 1);
    assert_eq!(text(&held).len(), "message 0".len());
    acknowledge(held).await;
    let queues = case.backend.queues().await.expect("queues can be listed");
    assert!(queues.contains(&case.queue));
}

pub(super) async fn a_queue_that_is_not_there_has_no_status(case: Case) {
    let nowhere = case.other_queue("nowhere");
    let status = case.backend.status(&nowhere).await;
    assert_eq!(status.expect("it can be asked for"), None);
}

pub(super) async fn a_restart_loses_nothing_that_was_confirmed(case: Case) {
    if case.restart().is_none() || !case.capabilities().persistent {
        return;
    }
    case.ensure(&["group"]).await;
    let count = case.scaled(10_000);
    let confirmed = Mutex::new(0);
    let seen = Mutex::new(Vec::new());
    let all: Vec<String> = texts(count).collect();
    let publishing = join_all(all.chunks(count.div_ceil(100)).map(|part| {
        let (case, confirmed) = (&case, &confirmed);
        async move {
            for text in part {
                let message = [case.message(text)];
                // The same id again, until it is confirmed.
                while case.backend.publish(&case.queue, &message).await[0].is_err() {
                    sleep(Duration::from_millis(20)).await;
                }
                *confirmed.lock().expect("no row panics with it") += 1;
            }
        }
    }));
    // Before the first restart: an engine that is away cannot be consumed.
    let mut source = case.source_with("one", Duration::from_secs(2)).await;
    let consuming = async {
        let mut distinct = std::collections::HashSet::new();
        while distinct.len() < count {
            let leases = timeout(PATIENCE * 3 / 4, next(&mut source, 50)).await;
            let Ok(leases) = leases else {
                let confirmed = *confirmed.lock().expect("no row panics with it");
                let status = case.backend.status(&case.queue).await;
                let seen = distinct.len();
                panic!("{seen} seen of {count}, {confirmed} confirmed, no more come: {status:?}");
            };
            for lease in leases {
                distinct.insert(text(&lease));
                // What the restart has interrupted comes again.
                let _ = lease.ack().await;
            }
        }
        seen.lock().expect("no row panics with it").extend(distinct);
    };
    let restarting = async {
        for share in [3, 2] {
            until("a share is confirmed", || async {
                *confirmed.lock().expect("no row panics with it") >= count / share
            })
            .await;
            if let Some(restarted) = case.restart() {
                restarted.await;
            }
        }
    };
    tokio::join!(publishing, consuming, restarting);
    let seen = seen.into_inner().expect("no row panics with it");
    assert_eq!(sorted(seen), sorted(all));
}

pub(super) async fn a_stopped_consumer_extends_what_it_has(case: Case) {
    case.ensure(&["group"]).await;
    case.publish_texts(["being drained".to_owned()]).await;
    let time = Duration::from_millis(400);
    let mut source = case.source_with("one", time).await;
    let mut held = one(&mut source).await;
    source.stop();
    drop(source);
    let mut other = case.source("other").await;
    let extend = async {
        for _ in 0..8 {
            sleep(time / 4).await;
            let extended = held.extend().await.expect("it can be extended");
            assert_eq!(extended, Settled::Done);
        }
    };
    let (silent, ()) = tokio::join!(is_silent(&mut other, 2 * time), extend);
    assert!(silent, "nobody else gets it");
    acknowledge(held).await;
}

pub(super) async fn the_status_names_who_has_leases(case: Case) {
    case.ensure(&["group"]).await;
    case.publish_texts(texts(1)).await;
    let mut source = case.source("stopped").await;
    let held = one(&mut source).await;
    source.stop();
    drop(source);
    let group = case.status().await.groups.remove(0);
    let stopped = group.consumers.iter().find(|it| &*it.name == "stopped");
    assert_eq!(stopped.map(|it| it.in_flight), Some(1), "{group:?}");
    acknowledge(held).await;
}

pub(super) async fn a_close_ends_those_that_wait(case: Case) {
    let backend = case.connect();
    let consumer = case.consumer("waits");
    let mut source = backend.consume(&consumer).await.expect("it is open");
    let mut again = backend.consume(&consumer).await.expect("it is open");
    let (waited, closed) = tokio::join!(
        timeout(PATIENCE, source.next(NonZeroUsize::MIN)),
        // Once it waits.
        async {
            sleep(Duration::from_millis(50)).await;
            backend.close(PATIENCE).await
        }
    );
    closed.expect("it closes");
    let waited = waited.expect("it does not wait for ever");
    assert!(matches!(waited, Err(ConsumeError::Stopped)), "{waited:?}");
    let after = again.next(NonZeroUsize::MIN).await;
    assert!(matches!(after, Err(ConsumeError::Stopped)), "{after:?}");
}

pub(super) async fn after_a_close_all_is_refused_and_other_connections_go_on(case: Case) {
    case.ensure(&["group"]).await;
    let closed = case.connect();
    closed.close(PATIENCE).await.expect("it closes");
    closed
        .close(PATIENCE)
        .await
        .expect("to close twice is to close");
    let answers = closed.publish(&case.queue, &[case.message("late")]).await;
    assert!(
        matches!(answers[..], [Err(PublishError::NotSent(_))]),
        "{answers:?}"
    );
    let refused = [
        closed.ensure(&case.topology()).await,
        closed.consume(&case.consumer("late")).await.map(drop),
        closed.queues().await.map(drop),
        closed.status(&case.queue).await.map(drop),
    ];
    for refused in refused {
        assert!(matches!(refused, Err(BackendError::Closed)), "{refused:?}");
    }
    case.publish_texts(["in time".to_owned()]).await;
    let mut source = case.source("one").await;
    assert_eq!(drain(&mut source, 1).await, ["in time"]);
}

pub(super) async fn leases_outlive_a_close(case: Case) {
    case.ensure(&["group"]).await;
    case.publish_texts(texts(2)).await;
    let backend = case.connect();
    let consumer = case.consumer("closes");
    let mut source = backend.consume(&consumer).await.expect("it is open");
    let mut held = Vec::new();
    while held.len() < 2 {
        held.extend(next(&mut source, 2).await);
    }
    backend.close(PATIENCE).await.expect("it closes");
    for lease in held.drain(..1) {
        acknowledge(lease).await;
    }
    for lease in held {
        let released = lease.release().await.expect("it can be given back");
        assert_eq!(released, Settled::Done);
    }
    let mut other = case.source("other").await;
    assert_eq!(drain(&mut other, 1).await.len(), 1);
    assert!(is_silent(&mut other, Duration::from_millis(50)).await);
}
