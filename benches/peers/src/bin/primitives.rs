//! What the steps are made of costs on this machine, when nobody else has the cache line.

use std::cell::Cell;
use std::hint::black_box;
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Instant;

use arc_swap::ArcSwap;
use futures::channel::oneshot;
use rustix::time::{ClockId, clock_gettime};

/// How often a primitive is done in a row.
const IN_A_ROW: usize = 1_000;
/// How many times all of them take their turn.
const ROUNDS: usize = 2_000;

/// As large as what holds an event of 32 bytes on its way, more or less.
type Payload = [u64; 16];

thread_local! {
    static MINE: Cell<u64> = const { Cell::new(1) };
}

trait Virtual {
    fn call(&self) -> u64;
}

impl Virtual for AtomicU64 {
    fn call(&self) -> u64 {
        self.load(Ordering::Relaxed)
    }
}

/// The time of one, when it is done many times in a row: its best and its median.
struct Timed {
    name: &'static str,
    run: Box<dyn Fn()>,
    nanos: Vec<f64>,
}

fn timed<T>(name: &'static str, primitive: impl Fn() -> T + 'static) -> Timed {
    let run = Box::new(move || {
        for _ in 0..IN_A_ROW {
            black_box(primitive());
        }
    });
    Timed {
        name,
        run,
        nanos: Vec::with_capacity(ROUNDS),
    }
}

fn primitives() -> Vec<Timed> {
    let count = || AtomicU64::new(0);
    let (loaded, stored, added, exchanged) = (count(), count(), count(), count());
    let shared = Arc::new(0_u64);
    let weak = Arc::downgrade(&shared);
    let swap = Arc::new(ArcSwap::from_pointee(0_u64));
    let (mutex, lock) = (Mutex::new(0_u64), RwLock::new(0_u64));
    let object: Box<dyn Virtual> = Box::new(count());
    let full = swap.clone();
    let cloned = shared.clone();
    vec![
        timed("nothing: the loop itself", || ()),
        timed("atomic load", move || loaded.load(Ordering::Acquire)),
        timed("atomic store, release", move || {
            stored.store(1, Ordering::Release);
        }),
        timed("fetch_add", move || added.fetch_add(1, Ordering::Relaxed)),
        timed("compare_exchange", move || {
            let now = exchanged.load(Ordering::Relaxed);
            let (success, failure) = (Ordering::AcqRel, Ordering::Acquire);
            exchanged.compare_exchange(now, now + 1, success, failure)
        }),
        timed("call through dyn", move || black_box(&object).call()),
        timed("thread-local read", || MINE.get()),
        timed("Arc::clone and drop", move || cloned.clone()),
        timed("Weak::upgrade and drop", move || {
            let _ = &shared;
            weak.upgrade()
        }),
        timed("Box::new and drop, 128 bytes", || {
            Box::new(black_box(Payload::default()))
        }),
        timed("Arc::new and drop, 128 bytes", || {
            Arc::new(black_box(Payload::default()))
        }),
        timed("ArcSwap::load and drop", move || **swap.load()),
        timed("ArcSwap::load_full and drop", move || full.load_full()),
        timed("Mutex::lock and unlock", move || {
            *mutex.lock().expect("nobody panics") += 1;
        }),
        timed("RwLock::read and unlock", move || {
            *lock.read().expect("nobody panics")
        }),
        timed("catch_unwind", || catch_unwind(|| black_box(1))),
        timed("coarse clock", || clock_gettime(ClockId::MonotonicCoarse)),
        timed("Instant::now", Instant::now),
        timed("oneshot: new, send, receive", || {
            let (send, mut receive) = oneshot::channel();
            send.send(1_u64).expect("it is received");
            receive.try_recv()
        }),
    ]
}

fn main() {
    let mut all = primitives();
    for _ in 0..ROUNDS {
        for timed in &mut all {
            let begin = Instant::now();
            (timed.run)();
            let time = begin.elapsed().as_nanos() as f64;
            timed.nanos.push(time / IN_A_ROW as f64);
        }
    }
    println!("| primitive | ns, median | ns, best |");
    println!("|---|---:|---:|");
    for timed in &mut all {
        timed.nanos.sort_by(f64::total_cmp);
        let (median, best) = (timed.nanos[ROUNDS / 2], timed.nanos[0]);
        println!("| {} | {median:.1} | {best:.1} |", timed.name);
    }
}
