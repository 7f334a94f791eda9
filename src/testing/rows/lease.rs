use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use actix::clock::{Instant, sleep};

use crate::remote::{DeadReason, Settled};
use crate::testing::case::{Case, acknowledge, drain, is_silent, next, one, sorted, text, texts};

/// Short enough to be waited for, long enough to be worked within.
const LEASE: Duration = Duration::from_millis(1_000);

pub(super) async fn dropped_unsettled_it_is_handed_out_again(case: Case) {
    case.ensure(&["group"]).await;
    case.publish_texts(["kept".to_owned()]).await;
    let mut source = case.source_with("one", LEASE).await;
    drop(one(&mut source).await);
    let again = one(&mut source).await;
    assert_eq!(text(&again), "kept");
    acknowledge(again).await;
    assert!(
        is_silent(&mut source, 2 * LEASE).await,
        "once it is acknowledged, no more"
    );
}

pub(super) async fn a_lease_that_runs_out_is_handed_out_again_and_counted(case: Case) {
    case.ensure(&["group"]).await;
    case.publish_texts(["heavy".to_owned()]).await;
    let (mut held, mut is_late) = (Vec::new(), false);
    for number in 1..=3 {
        let mut source = case.source_with(&format!("dies-{number}"), LEASE).await;
        let asked = Instant::now();
        let lease = one(&mut source).await;
        if case.capabilities().counts_deliveries {
            let counted = lease.deliveries().expect("it says that it counts");
            // Where it took longer, one more lease may have run out on its way here.
            if asked.elapsed() < 2 * LEASE && !is_late {
                assert_eq!(counted, number);
            } else {
                is_late = true;
                assert!(counted >= number);
            }
        }
        // As if its process had died: it says nothing any more.
        held.push(lease);
    }
    let mut source = case.source_with("lives", LEASE).await;
    acknowledge(one(&mut source).await).await;
}

pub(super) async fn an_extended_lease_is_kept(case: Case) {
    case.ensure(&["group"]).await;
    case.publish_texts(["long".to_owned()]).await;
    let mut source = case.source_with("one", LEASE).await;
    let mut other = case.source_with("other", LEASE).await;
    let mut lease = one(&mut source).await;
    let extend = async {
        for _ in 0..10 {
            sleep(LEASE / 4).await;
            let extended = lease.extend().await.expect("it can be extended");
            assert_eq!(extended, Settled::Done);
        }
    };
    let (silent, ()) = tokio::join!(is_silent(&mut other, 10 * LEASE / 4), extend);
    assert!(silent, "nobody else gets it");
    acknowledge(lease).await;
}

pub(super) async fn a_late_settlement_changes_nothing(case: Case) {
    case.ensure(&["group"]).await;
    let mut late = Vec::new();
    case.publish_texts(texts(5)).await;
    let mut source = case.source_with("late", LEASE).await;
    while late.len() < 5 {
        late.extend(next(&mut source, 5).await);
    }
    let mut source = case.source("in time").await;
    let mut taken = Vec::new();
    while taken.len() < 5 {
        taken.extend(next(&mut source, 5).await);
    }
    let mut late = late.into_iter();
    let mut lease = late.next().expect("there are 5");
    let extended = lease.extend().await.expect("the engine answers");
    assert_eq!(extended, Settled::LeaseLost);
    let bytes: Option<Arc<[u8]>> = Some(Arc::from(*b"changed"));
    let reason = DeadReason::new("late", "");
    let mut lease = || late.next().expect("there are 5");
    let settled = [
        lease().ack().await,
        lease().retry(Duration::ZERO, bytes.clone()).await,
        lease().dead(reason, bytes).await,
        lease().release().await,
    ];
    for settled in settled {
        assert_eq!(settled.expect("the engine answers"), Settled::LeaseLost);
    }
    let texts_now: Vec<_> = taken.iter().map(text).collect();
    assert_eq!(sorted(texts_now), sorted(texts(5).collect()));
    assert!(case.dead().await.records.is_empty());
    assert!(is_silent(&mut source, Duration::from_millis(50)).await);
    for lease in taken {
        let released = lease.release().await.expect("it can be given back");
        assert_eq!(released, Settled::Done, "it is still this one's");
    }
    assert_eq!(
        sorted(drain(&mut source, 5).await),
        sorted(texts(5).collect())
    );
    assert!(is_silent(&mut source, Duration::from_millis(50)).await);
}

pub(super) async fn released_is_handed_out_again_at_once(case: Case) {
    case.ensure(&["group"]).await;
    case.publish_texts(["given back".to_owned()]).await;
    let mut source = case.source("one").await;
    for _ in 0..3 {
        let lease = one(&mut source).await;
        if case.capabilities().release_uncounted && case.capabilities().counts_deliveries {
            assert_eq!(lease.deliveries(), Some(1), "it does not count");
        }
        assert_eq!(
            lease.release().await.expect("it can be given back"),
            Settled::Done
        );
    }
    let mut other = case.source("other").await;
    acknowledge(one(&mut other).await).await;
}

pub(super) async fn a_retry_comes_after_its_delay_and_not_before(case: Case) {
    case.ensure(&["group"]).await;
    case.publish_texts(["again".to_owned(), "other".to_owned()])
        .await;
    let mut source = case.source("one").await;
    let delay = Duration::from_millis(300);
    let mut retried = None;
    for _ in 0..2 {
        let lease = one(&mut source).await;
        if text(&lease) == "again" {
            retried = Some(Instant::now());
            let settled = lease.retry(delay, None).await;
            assert_eq!(settled.expect("it can be tried again"), Settled::Done);
        } else {
            acknowledge(lease).await;
        }
    }
    let again = one(&mut source).await;
    let took = retried.expect("it came").elapsed();
    assert_eq!(text(&again), "again");
    assert!(took >= delay - Duration::from_millis(5), "{took:?}");
    acknowledge(again).await;
}

pub(super) async fn a_retry_may_change_the_bytes(case: Case) {
    case.ensure(&["group"]).await;
    case.publish_texts(["before".to_owned()]).await;
    let mut source = case.source("one").await;
    let bytes: Arc<[u8]> = Arc::from(*b"after");
    let lease = one(&mut source).await;
    let settled = lease.retry(Duration::ZERO, Some(bytes)).await;
    assert_eq!(settled.expect("it can be tried again"), Settled::Done);
    assert_eq!(drain(&mut source, 1).await, ["after"]);
    assert!(
        is_silent(&mut source, Duration::from_millis(50)).await,
        "it is there once"
    );
}

pub(super) async fn retries_and_their_number_are_not_the_engines(case: Case) {
    case.ensure(&["group"]).await;
    case.publish_texts(["stubborn".to_owned()]).await;
    let mut source = case.source("one").await;
    // More than any engine's own limit: it is the worker that gives up.
    for _ in 0..50 {
        let lease = one(&mut source).await;
        if case.capabilities().counts_deliveries {
            assert_eq!(lease.deliveries(), Some(1), "each begins anew");
        }
        let settled = lease.retry(Duration::ZERO, None).await;
        assert_eq!(settled.expect("it can be tried again"), Settled::Done);
    }
    acknowledge(one(&mut source).await).await;
}

pub(super) async fn it_goes_on_after_errors(case: Case) {
    case.ensure(&["group"]).await;
    case.publish_texts(texts(50)).await;
    let mut failed: HashMap<String, u32> = HashMap::new();
    for round in 0..3 {
        let mut source = case.source(&format!("round-{round}")).await;
        for _ in 0..50 {
            let lease = one(&mut source).await;
            *failed.entry(text(&lease)).or_default() += 1;
            lease
                .retry(Duration::ZERO, None)
                .await
                .expect("it can be tried again");
        }
        source.stop();
    }
    assert_eq!(failed.values().sum::<u32>(), 150);
    let mut source = case.source("last").await;
    assert_eq!(
        sorted(drain(&mut source, 50).await),
        sorted(texts(50).collect())
    );
}
