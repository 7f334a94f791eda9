//! Two million emissions against one stuck handler, with the default options: memory
//! stays where it is, and every refusal is told. A binary of its own, because it
//! looks at the memory of its process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};

use actix::prelude::*;
use ventix::{DeadLetter, Delivery, Emitter, Linker, Reason, Strategy, on};

const EMISSIONS: u64 = 2_000_000;
/// In KiB.
const PEAK: u64 = 64 * 1_024;

struct Order(#[allow(dead_code, reason = "what is sent has a size")] [u64; 4]);

/// Blocks its thread over its first order, until it may go on.
struct Stuck(Receiver<()>);

impl Actor for Stuck {
    type Context = Context<Self>;
}

impl Handler<Delivery<Order>> for Stuck {
    type Result = ();

    fn handle(&mut self, order: Delivery<Order>, _: &mut Context<Self>) {
        // Nobody sends: it goes on when the other end is dropped.
        let _ = self.0.recv();
        drop(order);
    }
}

/// The most memory that the process has had, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[actix::test]
async fn a_stuck_handler_costs_no_memory_and_every_refusal_is_told() {
    let linker = Linker::start();
    let arbiter = Arbiter::new();
    let (unblock, blocked) = channel();
    let stuck = Stuck::start_in_arbiter(&arbiter.handle(), |_| Stuck(blocked));
    let stuck = linker.subscribe(on::<Order>().actor(stuck)).unwrap();
    let letters = Arc::new(AtomicU64::new(0));
    let count = letters.clone();
    linker
        .subscribe(on::<DeadLetter>().call(move |letter| {
            let reason = letter.error().downcast_ref();
            assert!(matches!(reason, Some(Reason::LaneFull { capacity: 1_024 })));
            count.fetch_add(1, Ordering::Relaxed);
        }))
        .unwrap();

    let inline = Emitter::start(&linker, Strategy::inline());
    let current = Emitter::start(&linker, Strategy::current());
    let mut refused = 0;
    for n in 0..EMISSIONS / 2 {
        for emitter in [&inline, &current] {
            let receipt = emitter.emit(Order([n; 4]));
            assert_eq!(receipt.matched(), 1);
            refused += receipt.refusals().len() as u64;
            assert_eq!(receipt.accepted() + receipt.refusals().len(), 1);
        }
    }
    assert_eq!(refused, EMISSIONS - 1_024);
    assert_eq!(letters.load(Ordering::Relaxed), refused);
    assert_eq!(linker.missed_notices(), 0);
    let counts = stuck.counts();
    assert_eq!((counts.matched, counts.refused), (EMISSIONS, refused));
    assert_eq!(counts.in_flight(), 1_024);
    assert!(peak() < PEAK, "{} KiB", peak());

    // Everything that was accepted is handled all the same.
    drop(unblock);
    let accepted = async {
        while stuck.counts().in_flight() > 0 {
            actix_rt::task::yield_now().await;
        }
    };
    let limit = std::time::Duration::from_secs(60);
    actix_rt::time::timeout(limit, accepted).await.unwrap();
    assert_eq!(stuck.counts().handled, 1_024);
    arbiter.stop();
}
