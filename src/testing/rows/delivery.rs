use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use actix::clock::{sleep, timeout};
use futures::future::join_all;

use crate::remote::{Consumer, Lease, Topology};
use crate::testing::case::{
    Case, Progress, acknowledge, drain, group, is_silent, next, one, sorted, text, texts,
};

pub(super) async fn no_more_is_leased_than_there_is_room_for(case: Case) {
    case.ensure(&["group"]).await;
    case.publish_texts(texts(50)).await;
    let mut source = case.source("one").await;
    for free in [1, 3, 20] {
        // `next` looks at how many there are.
        for lease in next(&mut source, free).await {
            acknowledge(lease).await;
        }
    }
}

pub(super) async fn next_waits_until_something_comes(case: Case) {
    case.ensure(&["group"]).await;
    let mut source = case.source("one").await;
    let publish = async {
        sleep(Duration::from_millis(100)).await;
        case.publish_texts(["at last".to_owned()]).await;
    };
    let (lease, ()) = tokio::join!(one(&mut source), publish);
    assert_eq!(text(&lease), "at last");
    acknowledge(lease).await;
}

pub(super) async fn next_is_cancel_safe(case: Case) {
    case.ensure(&["group"]).await;
    let count = case.scaled(300);
    let mut source = case.source_with("one", Duration::from_secs(2)).await;
    let mut seen = Vec::new();
    let publish = async {
        for text in texts(count) {
            case.publish_texts([text]).await;
        }
    };
    let consume = async {
        let mut number = 0;
        let mut progress = Progress::new();
        while progress.goes_on(seen.len(), count) {
            number += 1;
            // Dropped at all kinds of moments.
            let patience = Duration::from_micros(number * 97 % 3_000);
            let free = NonZeroUsize::new(7).expect("it is not 0");
            let leases = timeout(patience, source.next(free)).await;
            for lease in leases.into_iter().flatten().flatten() {
                seen.push(text(&lease));
                acknowledge(lease).await;
            }
        }
    };
    tokio::join!(publish, consume);
    assert_eq!(sorted(seen), sorted(texts(count).collect()));
}

pub(super) async fn a_slow_queue_does_not_hold_up_another(case: Case) {
    case.ensure(&["group"]).await;
    case.publish_texts(texts(100)).await;
    let mut slow = case.source("slow").await;
    let held = next(&mut slow, 10).await;
    let other = case.other_queue("other");
    let topology = Topology::new(other.clone()).group(group("group"));
    let consumer = Consumer {
        topology,
        ..case.consumer("quick")
    };
    let mut quick = case.source_of(&consumer).await;
    for number in 0..20 {
        let message = case.message(format!("quick {number}"));
        let answers = case.backend.publish(&other, &[message]).await;
        assert!(answers.iter().all(Result::is_ok));
        assert_eq!(drain(&mut quick, 1).await, [format!("quick {number}")]);
    }
    for lease in held {
        acknowledge(lease).await;
    }
}

pub(super) async fn consumers_that_come_and_go_lose_nothing(case: Case) {
    case.ensure(&["group"]).await;
    let count = case.scaled(5_000);
    let mut seen = Vec::new();
    let all: Vec<String> = texts(count).collect();
    for (round, part) in all.chunks(count.div_ceil(10)).enumerate() {
        case.publish_texts(part.iter().cloned()).await;
        let mut source = case.source(&format!("consumer-{round}")).await;
        // Half of it is left to those that come later.
        seen.extend(drain(&mut source, part.len() / 2).await);
        source.stop();
    }
    let mut source = case.source("last").await;
    let left = count - seen.len();
    seen.extend(drain(&mut source, left).await);
    assert_eq!(sorted(seen), sorted(all));
}

pub(super) async fn consumers_that_stop_at_the_same_time_lose_nothing(case: Case) {
    case.ensure(&["group"]).await;
    case.publish_texts(texts(50)).await;
    join_all((0..10).map(|number| {
        let case = &case;
        async move {
            let mut source = case.source(&format!("stops-{number}")).await;
            let held: Vec<Lease> = next(&mut source, 2).await;
            source.stop();
            drop(source);
            for lease in held {
                lease.release().await.expect("it can be given back");
            }
        }
    }))
    .await;
    let mut source = case.source("stays").await;
    assert_eq!(
        sorted(drain(&mut source, 50).await),
        sorted(texts(50).collect())
    );
}

pub(super) async fn what_a_dropped_consumer_held_goes_to_the_next(case: Case) {
    case.ensure(&["group"]).await;
    case.publish_texts(texts(5)).await;
    let lease = Duration::from_millis(500);
    let mut source = case.source_with("gone", lease).await;
    let mut held = Vec::new();
    while held.len() < 5 {
        held.extend(next(&mut source, 5).await);
    }
    drop(source);
    drop(held);
    let mut source = case.source("next").await;
    assert_eq!(
        sorted(drain(&mut source, 5).await),
        sorted(texts(5).collect())
    );
}

pub(super) async fn two_threads_use_one_backend(case: Case) {
    case.ensure(&["group"]).await;
    let case = Arc::new(case);
    let count = case.scaled(500);
    let publisher = case.clone();
    let publishing = std::thread::spawn(move || {
        actix_rt::System::new().block_on(publisher.publish_texts(texts(count)));
    });
    let mut source = case.source("one").await;
    let seen = drain(&mut source, count).await;
    publishing.join().expect("it publishes from there");
    assert_eq!(sorted(seen), sorted(texts(count).collect()));
    // The thread that has published has gone, and the backend lives on.
    case.publish_texts(["after".to_owned()]).await;
    assert_eq!(drain(&mut source, 1).await, ["after"]);
    assert!(is_silent(&mut source, Duration::from_millis(50)).await);
}
