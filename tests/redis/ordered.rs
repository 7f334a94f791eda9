use std::collections::HashMap;
use std::time::{Duration, Instant};

use ventix::remote::{Backend, BackendError, DeadReason, DeadSelection, Settled};

use crate::clauses::server;
use crate::server::Server;
use crate::support::*;

const SHORT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn one_message_of_a_key_is_out_at_a_time() {
    let server = server!();
    let backend = server.backend();
    let topology = ordered(&["g"], 4);
    let mut first = consume(&backend, &topology, "g", "first", LONG).await;
    let mut second = consume(&backend, &topology, "g", "second", LONG).await;
    let messages = ["a1", "a2", "a3"].map(|body| keyed("a", body));
    publish(&backend, &messages).await;
    let a1 = one(&mut first).await;
    nothing(&mut second, SHORT).await;
    nothing(&mut first, SHORT).await;
    // Whoever waits is woken by the end of the one before.
    let start = Instant::now();
    let (settled, a2) = tokio::join!(a1.ack(), one(&mut second));
    assert!(
        start.elapsed() < Duration::from_millis(900),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(
        (settled.unwrap(), body(&a2).as_str()),
        (Settled::Done, "a2")
    );
    a2.ack().await.unwrap();
    assert_eq!(body(&one(&mut first).await), "a3");
}

#[tokio::test]
async fn keys_stay_in_order_with_two_consumers() {
    let server = server!();
    let backend = server.backend();
    let topology = ordered(&["g"], 8);
    let mut first = consume(&backend, &topology, "g", "first", LONG).await;
    let mut second = consume(&backend, &topology, "g", "second", LONG).await;
    let messages: Vec<_> = (0..400)
        .map(|i| keyed(&format!("key-{}", i % 16), &format!("{} {i}", i % 16)))
        .collect();
    publish(&backend, &messages).await;
    let (done, mut rest) = tokio::sync::mpsc::unbounded_channel();
    let run = async |source: &mut Box<dyn ventix::remote::Source>| {
        let done = done.clone();
        while let Ok(leases) = source.next(free(5)).await {
            for lease in leases {
                // Every tenth is tried twice, and keeps its place.
                let body = body(&lease);
                if body.ends_with('7') {
                    let patch = Some(bytes(&format!("{body}!")));
                    lease.retry(Duration::from_millis(3), patch).await.unwrap();
                } else {
                    done.send(body).unwrap();
                    lease.ack().await.unwrap();
                }
            }
        }
    };
    let collect = async {
        let mut last = HashMap::new();
        for _ in 0..400 {
            let body = rest.recv().await.unwrap();
            let (key, number) = body.trim_end_matches('!').split_once(' ').unwrap();
            let number: u32 = number.parse().unwrap();
            let before = last.insert(key.to_owned(), number);
            assert!(
                before.is_none_or(|before| before < number),
                "{key}: {number}"
            );
        }
    };
    let all = async {
        tokio::select! {
            () = run(&mut first) => panic!("it ended"),
            () = run(&mut second) => panic!("it ended"),
            () = collect => {}
        }
    };
    tokio::time::timeout(LONG, all).await.expect("not all came");
}

#[tokio::test]
async fn a_retried_message_keeps_its_place() {
    let server = server!();
    let backend = server.backend();
    let topology = ordered(&["g"], 1);
    let mut first = consume(&backend, &topology, "g", "first", LONG).await;
    let mut second = consume(&backend, &topology, "g", "second", LONG).await;
    publish(&backend, &[keyed("a", "a1"), keyed("a", "a2")]).await;
    let start = Instant::now();
    let a1 = one(&mut first).await;
    a1.retry(SHORT, Some(bytes("a1 again"))).await.unwrap();
    let status = group(&backend, "g").await;
    assert_eq!((status.ready, status.delayed, status.in_flight), (1, 1, 0));
    let again = one(&mut second).await;
    let late = start.elapsed().checked_sub(SHORT).expect("too early");
    assert!(late < Duration::from_millis(900), "{late:?} late");
    assert_eq!(
        (body(&again).as_str(), again.deliveries()),
        ("a1 again", Some(1))
    );
    again.release().await.unwrap();
    let again = one(&mut first).await;
    assert_eq!(
        (body(&again).as_str(), again.deliveries()),
        ("a1 again", Some(1))
    );
    again.ack().await.unwrap();
    assert_eq!(body(&one(&mut first).await), "a2");
}

#[tokio::test]
async fn an_expired_lease_of_a_partition_is_lost_for_good() {
    let server = server!();
    let backend = server.backend();
    let topology = ordered(&["g"], 1);
    let mut source = consume(&backend, &topology, "g", "same", SHORT).await;
    publish(&backend, &[keyed("a", "a1"), keyed("a", "a2")]).await;
    let mut old = one(&mut source).await;
    assert_eq!(old.extend().await.unwrap(), Settled::Done);
    let new = one(&mut source).await;
    assert_eq!((body(&new).as_str(), new.deliveries()), ("a1", Some(2)));
    assert_eq!(old.extend().await.unwrap(), Settled::LeaseLost);
    assert_eq!(old.ack().await.unwrap(), Settled::LeaseLost);
    let reason = DeadReason::new(DeadReason::FAILED, "twice");
    assert_eq!(new.dead(reason, None).await.unwrap(), Settled::Done);
    assert_eq!(drain(&mut source, 1).await, ["a2"]);

    let letters = dead(&backend, "g").await;
    let selection = DeadSelection {
        queue: queue(),
        group: "g".parse().unwrap(),
        letters: vec![(letters[0].id.clone(), None)],
    };
    let (count, again) = tokio::join!(backend.requeue(&selection), one(&mut source));
    assert_eq!((count.unwrap(), body(&again).as_str()), (1, "a1"));
    assert_eq!(again.deliveries(), Some(1));
}

#[tokio::test]
async fn delayed_and_unclaimed_messages_find_their_partition() {
    let server = server!();
    let backend = server.backend();
    backend.ensure(&ordered(&[], 4)).await.unwrap();
    let messages: Vec<_> = (0..20)
        .map(|i| keyed(&i.to_string(), &i.to_string()))
        .collect();
    publish(&backend, &messages).await;
    let mut late = keyed("3", "late");
    late.delay = Some(SHORT);
    publish(&backend, &[late]).await;
    let status = backend.status(&queue()).await.unwrap().unwrap();
    assert_eq!((status.partitions, status.unclaimed), (Some(4), 21));
    let topology = ordered(&["g"], 4);
    let mut source = consume(&backend, &topology, "g", "one", LONG).await;
    let got = drain(&mut source, 21).await;
    assert_eq!(got.last().unwrap(), "late");
    let status = group(&backend, "g").await;
    assert_eq!((status.ready, status.delayed, status.in_flight), (0, 0, 0));
}

#[tokio::test]
async fn a_deleted_message_does_not_stop_its_partition() {
    let server = server!();
    let backend = server.backend();
    let topology = ordered(&["g"], 1);
    let mut source = consume(&backend, &topology, "g", "one", SHORT).await;
    publish(&backend, &[keyed("a", "a1"), keyed("a", "a2")]).await;
    let a1 = one(&mut source).await;
    server.run("XTRIM {ventix:orders}:g:g:s:0 MAXLEN 1").await;
    drop(a1);
    assert_eq!(drain(&mut source, 1).await, ["a2"]);
    assert_eq!(backend.lost(), 1);
}

#[tokio::test]
async fn the_number_of_partitions_cannot_change() {
    let server = server!();
    let backend = server.backend();
    backend.ensure(&ordered(&["g"], 4)).await.unwrap();
    for other in [ordered(&["g"], 8), topology(&["g"])] {
        let error = backend.ensure(&other).await.unwrap_err();
        assert!(matches!(error, BackendError::Mismatch { .. }));
    }
}
