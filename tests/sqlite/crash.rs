//! Processes that are killed by SIGKILL.

use std::collections::BTreeSet;

use super::processes::Process;
use super::*;

#[actix::test]
async fn what_a_killed_process_was_told_is_confirmed_is_there() {
    let place = Place::new();
    let backend = place.open();
    backend
        .ensure(&unordered().group(group("billing")))
        .await
        .unwrap();
    let mut confirmed = BTreeSet::new();
    for round in 0..8 {
        let mut process = Process::start("publish without end", &place.path);
        let mut lines: Vec<_> = (0..10 + round * 7).map_while(|_| process.line()).collect();
        // It goes on to publish while it is killed.
        lines.append(&mut process.kill());
        confirmed.extend(
            lines
                .iter()
                .flat_map(|line| line.split(' '))
                .map(str::to_owned),
        );
    }
    assert!(confirmed.len() > 8 * 10 * 16 / 2);
    place.assert_intact();
    let mut source = reader(&backend, unordered(), "billing").await;
    let there = usize::try_from(status(&backend, "billing").await.ready).unwrap();
    let stored: BTreeSet<_> = drain(&mut source, there).await.into_iter().collect();
    assert_eq!(stored.len(), there, "one was stored twice");
    // A last line may be cut short by the kill: then it is the beginning of one.
    let is_lost = |id: &&String| id.len() == 36 && !stored.contains(*id);
    assert_eq!(confirmed.iter().filter(is_lost).count(), 0);
    // A batch is stored as a whole, or not at all.
    assert_eq!(there % 16, 0);
}

#[actix::test]
async fn what_a_killed_process_had_is_handed_out_again_when_its_lease_is_over() {
    let place = Place::new();
    let backend = place.open();
    let mut source = reader(&backend, unordered(), "billing").await;
    publish(
        &backend,
        &(0..8).map(|n| message(&n.to_string())).collect::<Vec<_>>(),
    )
    .await;
    let mut process = Process::start("hold", &place.path);
    let held: usize = process.line().unwrap().parse().unwrap();
    assert_eq!(held, 8);
    process.kill();
    let mut again = Vec::new();
    while again.len() < 8 {
        again.append(&mut next(&mut source, 8).await);
    }
    for lease in &again {
        assert_eq!(lease.deliveries(), Some(2));
    }
}
