//! Everything at once, for a while: row 22. `VENTIX_SOAK` says for how many seconds.

use std::collections::BTreeSet;
use std::time::Instant;

use crate::dice::Dice;
use crate::proxy::{Proxy, Weather};
use crate::role::{Deed, Orders, Process, Role, Work};
use crate::world::{Place, World};
use crate::*;

on_engines! {
    nothing_that_was_confirmed_is_lost_whatever_is_killed
}

fn length() -> Duration {
    let seconds = std::env::var("VENTIX_SOAK").ok().map(|it| it.parse());
    Duration::from_secs(seconds.map_or(20, |it| it.expect("VENTIX_SOAK: seconds")))
}

async fn nothing_that_was_confirmed_is_lost_whatever_is_killed(mut world: World) {
    let nanos = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    let seed = u64::try_from(nanos & u128::from(u64::MAX)).unwrap();
    let mut dice = Dice::new(seed);
    let mut network = None;
    let mut through = world.place.clone();
    if matches!(world.place, Place::Server(_)) {
        let proxy = Proxy::start(world.server().port).await;
        through = Place::Server(proxy.url());
        network = Some(proxy);
    }
    // Killed at random, an emission may be at work in many that are.
    let work = Work::new(Deed::Chance).attempts(100_000).concurrency(16);
    let roles = [
        Role::Emit(16),
        Role::Emit(3),
        Role::Work(work),
        Role::Work(work),
    ];
    let ledger = world.ledger.path().to_owned();
    let start = |role: &Role| {
        Process::start(&Orders {
            place: through.clone(),
            ledger: ledger.clone(),
            role: role.clone(),
        })
    };
    let mut processes: Vec<_> = roles.iter().map(start).collect();
    let mut killed = BTreeSet::new();
    let (mut faults, mut restarts) = (0, 0);
    let begun = Instant::now();
    while begun.elapsed() < length() {
        actix::clock::sleep(dice.millis(200, 1_000)).await;
        match (&network, dice.below(10)) {
            (Some(_), 0) => {
                world.server().kill();
                restarts += 1;
                actix::clock::sleep(dice.millis(10, 500)).await;
                world.server().revive();
            }
            (Some(proxy), 1..=3) => {
                let weather = [
                    Weather::Down,
                    Weather::Silent,
                    Weather::Deaf,
                    Weather::Slow(dice.millis(50, 400)),
                ];
                proxy.set(weather[dice.below(weather.len())]);
                faults += 1;
                actix::clock::sleep(dice.millis(100, 800)).await;
                proxy.set(Weather::Fair);
            }
            _ => {
                let which = dice.below(processes.len());
                processes[which].kill();
                killed.insert(processes[which].id());
                world.assert_intact_now_and_then(&mut dice);
                processes[which] = start(&roles[which]);
            }
        }
    }
    for process in processes.drain(..2) {
        killed.insert(process.id());
    }
    let status = world.settled().await;
    world.assert_intact();
    assert_eq!(status.dead, 0, "seed {seed}");
    killed.extend(processes.drain(..).map(|process| process.id()));
    let balance = world.ledger.balance(&format!("soak, seed {seed}"));
    assert!(balance.confirmed > 100, "seed {seed}");
    let kills = killed.len();
    let runs = Runs::of(&world, &killed);
    println!("{kills} processes killed, {restarts} brokers, {faults} faults of the network");
    println!("{runs:?}");
    // What was acknowledged never ran again; what did run again was not acknowledged.
    assert_eq!(runs.acknowledged_twice, 0, "seed {seed}");
    let unfinished = runs.cut_off + runs.too_late + runs.unsettled;
    assert!(balance.duplicates <= unfinished, "seed {seed}");
}

/// How those runs went on that came to their end.
#[derive(Debug)]
struct Runs {
    acknowledged: usize,
    /// Their process was killed before they were acknowledged, or before it could write so.
    cut_off: usize,
    /// Their lease was over, and somebody else's.
    too_late: usize,
    /// The engine could not be reached.
    unsettled: usize,
    acknowledged_twice: usize,
}

impl Runs {
    fn of(world: &World, killed: &BTreeSet<u32>) -> Self {
        let (mut open, mut runs) = (
            BTreeSet::new(),
            Self {
                acknowledged: 0,
                cut_off: 0,
                too_late: 0,
                unsettled: 0,
                acknowledged_twice: 0,
            },
        );
        let mut acknowledged = BTreeSet::new();
        for line in world.ledger.lines() {
            let run = (line.id, line.process);
            match line.word.as_str() {
                "done" => {
                    runs.cut_off += usize::from(!open.insert(run));
                }
                "acked" => {
                    open.remove(&run);
                    runs.acknowledged += 1;
                    runs.acknowledged_twice += usize::from(!acknowledged.insert(line.id));
                }
                "late" => runs.too_late += usize::from(open.remove(&run)),
                "unsettled" => runs.unsettled += usize::from(open.remove(&run)),
                _ => {}
            }
        }
        for (_, process) in open {
            match killed.contains(&process) {
                true => runs.cut_off += 1,
                // Its lease was known to be lost before it ended: nothing was said to settle.
                false => runs.too_late += 1,
            }
        }
        runs
    }
}

impl World {
    /// It takes a while in a large file.
    fn assert_intact_now_and_then(&self, dice: &mut Dice) {
        if dice.below(4) == 0 {
            self.assert_intact();
        }
    }
}
