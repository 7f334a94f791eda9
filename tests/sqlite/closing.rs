//! What closing does.

use ventix::remote::{BackendError, ConsumeError, PublishError, Settled};

use super::*;

#[actix::test]
async fn a_close_leaves_one_file_that_is_whole() {
    let place = Place::new();
    let backend = place.open();
    publish(&backend, &[message("a")]).await;
    backend.close(DEADLINE).await.unwrap();
    let files = std::fs::read_dir(place.path.parent().unwrap()).unwrap();
    let names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names, ["queue.db"]);
    place.assert_intact();
    backend.close(DEADLINE).await.unwrap();
}

#[actix::test]
async fn after_a_close_all_is_refused() {
    let place = Place::new();
    let backend = place.open();
    let mut source = reader(&backend, unordered(), "billing").await;
    backend.close(DEADLINE).await.unwrap();
    let answer = backend.publish(&queue(), &[message("a")]).await.pop();
    assert!(matches!(answer, Some(Err(PublishError::NotSent(_)))));
    let error = backend.ensure(&unordered()).await.unwrap_err();
    assert!(matches!(error, BackendError::Closed));
    let error = source.next(NonZeroUsize::MIN).await.unwrap_err();
    assert!(matches!(error, ConsumeError::Stopped));
    assert!(matches!(backend.queues().await, Err(BackendError::Closed)));
}

#[actix::test]
async fn a_close_ends_what_waits_and_confirms_what_came_before() {
    let place = Place::new();
    let backend = place.open();
    let mut source = reader(&backend, unordered(), "billing").await;
    let waiting = actix::spawn(async move { source.next(NonZeroUsize::MIN).await });
    tokio::task::yield_now().await;
    let batch: Vec<_> = (0..100).map(|n| message(&n.to_string())).collect();
    let other = backend.clone();
    let publishing = actix::spawn(async move { other.publish(&queue(), &batch).await });
    tokio::task::yield_now().await;
    backend.close(DEADLINE).await.unwrap();
    for answer in publishing.await.unwrap() {
        assert_eq!(answer.unwrap(), Confirmed::Stored);
    }
    // It had its first message before the close, or was told of it.
    match waiting.await.unwrap() {
        Ok(leases) => drop(leases),
        Err(error) => assert!(matches!(error, ConsumeError::Stopped)),
    }
    let again = place.open();
    assert_eq!(status(&again, "billing").await.ready, 100);
}

#[actix::test]
async fn leases_can_be_settled_after_a_close_and_then_the_file_is_closed() {
    let place = Place::new();
    let backend = place.open();
    let mut source = reader(&backend, unordered(), "billing").await;
    publish(&backend, &[message("a"), message("b"), message("c")]).await;
    let mut leases = next(&mut source, 3).await;
    backend.close(DEADLINE).await.unwrap();
    assert_eq!(leases.remove(0).ack().await.unwrap(), Settled::Done);
    assert_eq!(leases.remove(0).release().await.unwrap(), Settled::Done);
    drop(leases);
    let log = place.path.with_extension("db-wal");
    timeout(DEADLINE, async {
        while log.exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    let again = place.open();
    assert_eq!(status(&again, "billing").await.ready, 2);
}
