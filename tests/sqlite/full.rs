//! When there is no room.

use std::path::Path;
use std::process::Command;

use ventix::remote::PublishError;

use super::*;

fn big() -> Outgoing {
    Outgoing::new(fresh_id(), vec![7; 20_000])
}

async fn publish_until_full(backend: &Sqlite) -> usize {
    for stored in 0..10_000 {
        match backend.publish(&queue(), &[big()]).await.pop().unwrap() {
            Ok(confirmed) => assert_eq!(confirmed, Confirmed::Stored),
            Err(error) => {
                assert!(matches!(error, PublishError::Backpressure(_)), "{error:?}");
                return stored;
            }
        }
    }
    panic!("it is never full");
}

async fn drain_all(source: &mut Box<dyn Source>, number: usize) {
    for _ in 0..number {
        let lease = one(source).await;
        assert_eq!(lease.body().len(), 20_000);
        lease.ack().await.unwrap();
    }
}

#[actix::test]
async fn a_file_that_may_grow_no_more_pushes_back_until_workers_made_room() {
    let place = Place::new();
    let backend = Sqlite::builder(&place.path)
        .max_size(1 << 20)
        .open()
        .unwrap();
    let mut source = reader(&backend, unordered(), "billing").await;
    let stored = publish_until_full(&backend).await;
    assert!((20..=52).contains(&stored), "{stored}");
    let lease = one(&mut source).await;
    lease.retry(Duration::ZERO, None).await.unwrap();
    drain_all(&mut source, stored).await;
    assert_eq!(publish_until_full(&backend).await, stored);
}

/// A file system of 2 MB, for as long as this is held.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    fn mount(at: &'a Path) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", "size=2m", "ventix"])
            .arg(at);
        let is_mounted = mount.output().is_ok_and(|output| output.status.success());
        is_mounted.then_some(Self(at))
    }

    /// Somebody makes room.
    fn grow(&self) {
        let mut mount = Command::new("mount");
        mount.args(["-o", "remount,size=16m"]).arg(self.0);
        assert!(mount.status().unwrap().success());
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).output();
    }
}

#[actix::test]
async fn a_full_disk_pushes_back_and_is_forgotten_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(folder.path()) else {
        eprintln!("not run: a small disk is mounted by root alone, with CAP_SYS_ADMIN");
        return;
    };
    let path = folder.path().join("queue.db");
    let backend = Sqlite::open(&path).unwrap();
    let mut source = reader(&backend, unordered(), "billing").await;
    let stored = publish_until_full(&backend).await;
    assert!(stored > 10, "{stored}");
    assert_eq!(status(&backend, "billing").await.ready, stored as u64);
    disk.grow();
    publish(&backend, &[big()]).await;
    drain_all(&mut source, stored + 1).await;
    drop((source, backend));
    let look = rusqlite::Connection::open(&path).unwrap();
    let answer: String = look
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(answer, "ok");
}
