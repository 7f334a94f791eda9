//! When others have the lock of the file.

use std::time::Instant;

use ventix::remote::{BackendError, PublishError};

use super::*;

#[actix::test]
async fn a_lock_that_stays_is_an_error_after_the_timeout_and_harmless_afterwards() {
    let place = Place::new();
    let timeout = Duration::from_millis(200);
    let backend = Sqlite::builder(&place.path)
        .busy_timeout(timeout)
        .open()
        .unwrap();
    let mut source = reader(&backend, unordered(), "billing").await;
    publish(&backend, &[message("before")]).await;
    let lease = one(&mut source).await;
    let other = place.look();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let since = Instant::now();
    let message = message("a");
    let batch = std::slice::from_ref(&message);
    let error = backend
        .publish(&queue(), batch)
        .await
        .pop()
        .unwrap()
        .unwrap_err();
    assert!(matches!(error, PublishError::NotSent(_)), "{error:?}");
    assert!(since.elapsed() >= timeout);
    let error = lease.ack().await.unwrap_err();
    assert_eq!(error.within, timeout);
    let error = backend.ensure(&unordered()).await.unwrap_err();
    assert!(matches!(error, BackendError::Unavailable(_)), "{error:?}");
    // Reading needs no lock.
    assert_eq!(status(&backend, "billing").await.in_flight, 1);
    other.execute_batch("ROLLBACK").unwrap();
    publish(&backend, batch).await;
    assert_eq!(drain(&mut source, 1).await, ["a"]);
}

#[actix::test]
async fn a_lock_that_is_let_go_in_time_is_no_error() {
    let place = Place::new();
    let backend = place.open();
    let other = place.look();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let batch = [message("a")];
    let name = queue();
    let publishing = backend.publish(&name, &batch);
    let unlock = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        other.execute_batch("ROLLBACK").unwrap();
    };
    let (mut answers, ()) = futures::future::join(publishing, unlock).await;
    assert_eq!(answers.pop().unwrap().unwrap(), Confirmed::Stored);
}

#[actix::test]
async fn a_storm_of_locks_costs_time_and_nothing_else() {
    let place = Place::new();
    let backend = Sqlite::builder(&place.path)
        .busy_timeout(DEADLINE)
        .open()
        .unwrap();
    let mut source = reader(&backend, unordered(), "billing").await;
    let over = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let storm: Vec<_> = (0..4)
        .map(|n| {
            let (other, over) = (place.look(), Arc::clone(&over));
            std::thread::spawn(move || {
                while !over.load(std::sync::atomic::Ordering::Relaxed) {
                    other.execute_batch("BEGIN IMMEDIATE").unwrap();
                    std::thread::sleep(Duration::from_millis(n));
                    other.execute_batch("ROLLBACK").unwrap();
                    std::thread::yield_now();
                }
            })
        })
        .collect();
    for n in 0..30 {
        publish(&backend, &[message(&n.to_string())]).await;
        one(&mut source).await.ack().await.unwrap();
    }
    over.store(true, std::sync::atomic::Ordering::Relaxed);
    for thread in storm {
        thread.join().unwrap();
    }
    let after = status(&backend, "billing").await;
    assert_eq!((after.ready, after.in_flight), (0, 0));
}
