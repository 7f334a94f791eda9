//! Several processes of one file, and a disk that is full: row 21.

use std::path::Path;
use std::process::Command;

use ventix::{Emitter, Linker, Strategy};

use crate::role::{Deed, Process, Role, Work};
use crate::world::{Place, World, emit, run};
use crate::*;

impl World {
    /// Checks the file, past the backend.
    pub(crate) fn assert_intact(&self) {
        let Place::File(path) = &self.place else {
            return;
        };
        let connection = rusqlite::Connection::open(path).unwrap();
        connection.busy_timeout(PATIENCE).unwrap();
        let check = "PRAGMA integrity_check";
        let answer: String = connection.query_row(check, [], |row| row.get(0)).unwrap();
        assert_eq!(answer, "ok");
    }
}

#[test]
fn four_processes_that_are_killed_as_they_write_leave_a_file_without_fault() {
    run(World::sqlite, killed_writers);
}

async fn killed_writers(world: World) {
    let roles = [
        Role::Emit(50),
        Role::Emit(1),
        Role::Work(Work::new(Deed::Quick).concurrency(32).attempts(1_000)),
        Role::Work(Work::new(Deed::Fails).concurrency(2).attempts(1_000)),
    ];
    let mut processes: Vec<Process> = roles.iter().map(|it| world.process(it.clone())).collect();
    for round in 0..12_usize {
        // Each is killed while it and the others write.
        let wrote = world.ledger.lines().len();
        world.until_lines(wrote + 100).await;
        let which = round % roles.len();
        processes[which].kill();
        world.assert_intact();
        processes[which] = world.process(roles[which].clone());
    }
    for process in &mut processes {
        process.kill();
    }
    world.assert_intact();
    let _last = world.work(Work::new(Deed::Quick).concurrency(32).attempts(1_000));
    let _last = _last.await;
    assert_eq!(world.settled().await.dead, 0);
    let balance = world.ledger.balance("killed as they wrote");
    assert!(balance.confirmed > 100);
    let acked = world.ledger.all("acked");
    assert_eq!(acked.len(), world.ledger.set("acked").len());
}

impl World {
    async fn until_lines(&self, count: usize) {
        until("more lines", || self.ledger.lines().len() >= count).await;
    }
}

/// A file system of 512 KiB, for as long as this is held.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    fn mount(at: &'a Path) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=512k", "ventix"]);
        let output = mount.arg(at).output();
        output.is_ok_and(|it| it.status.success()).then(|| Self(at))
    }

    /// Somebody makes room.
    fn grow(&self) {
        let mut mount = Command::new("mount");
        let status = mount.args(["-o", "remount,size=64m"]).arg(self.0).status();
        assert!(status.unwrap().success());
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).output();
    }
}

#[test]
fn a_full_disk_delays_emissions_and_loses_none() {
    run(World::sqlite, full_disk);
}

async fn full_disk(mut world: World) {
    let folder = world.folder.path().join("disk");
    std::fs::create_dir(&folder).unwrap();
    let Some(disk) = SmallDisk::mount(&folder) else {
        eprintln!("not run: a small disk is mounted by root alone, with CAP_SYS_ADMIN");
        return;
    };
    world.place = Place::File(folder.join("queue.db"));
    let remote = world.remote();
    let emitter = Emitter::builder(&Linker::start())
        .strategy(Strategy::remote(&remote).bounded(20_000, ventix::Overflow::Refuse))
        .start()
        .unwrap();
    let ledger = world.ledger.clone();
    let count = 5_000;
    let emitting = actix::spawn(async move { emit(&emitter, &ledger, 0..count).await });
    until("there is no room", || {
        assert!(
            !emitting.is_finished(),
            "what is emitted needs more than there is"
        );
        remote.stats().retried > 0
    })
    .await;
    // A worker cannot even join its group while nothing fits; it goes on when there is room.
    let working = world.work(Work::new(Deed::Quick).attempts(1_000));
    let (_worker, ()) = futures::join!(working, async { disk.grow() });
    assert_eq!(emitting.await.unwrap() as u64, count, "by itself");
    assert_eq!(world.settled().await.dead, 0);
    let balance = world.ledger.balance("full disk");
    assert_eq!(balance.handled as u64, count);
    world.assert_intact();
    drop(disk);
}
