//! Everything at once, for a while: four threads emit through two emitters that
//! change their strategies, to fifty subscriptions of every kind that fail, panic,
//! stop, dawdle, hang, and are replaced. In the end the ledger adds up, exactly,
//! for each of them, and memory is where it was.
//!
//! Runs for 24 seconds, or as many as `VENTIX_SOAK` says. A binary of its own, because
//! it looks at the memory of its process and silences the panics that it makes.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use actix::prelude::*;
use ventix::{
    Delivery, Emission, Emitter, Linker, Overflow, Restart, Routing, Strategy, Subscription,
    SubscriptionSpec, on,
};

const SUBSCRIPTIONS: u64 = 50;
const THREADS: u64 = 4;
const KINDS: u64 = 13;

/// What is emitted: every handler makes of it what it does by chance, but always
/// the same.
#[derive(Clone, Message)]
#[rtype(result = "()")]
struct Beat(u64);

enum Mood {
    Well,
    Slow,
    Fail,
    Panic,
    Stop,
}

impl Beat {
    /// How the handler number `of` takes it.
    fn mood(&self, of: u64) -> Mood {
        match chance(self.0 ^ (of << 40)) % 4_096 {
            0..16 => Mood::Slow,
            16..80 => Mood::Fail,
            80..84 => Mood::Panic,
            84..86 => Mood::Stop,
            _ => Mood::Well,
        }
    }
}

/// A well-mixed number (splitmix64, by Sebastiano Vigna).
fn chance(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// What a handler knows of itself.
#[derive(Default)]
struct Own {
    number: u64,
    handled: AtomicU64,
    failed: AtomicU64,
    panicked: AtomicU64,
    hung: AtomicU64,
}

impl Own {
    /// Handles a beat. Returns whether the handler is to stop.
    fn handle(&self, beat: &Beat) -> Result<bool, &'static str> {
        match beat.mood(self.number) {
            Mood::Fail => {
                self.failed.fetch_add(1, Relaxed);
                return Err("out of sorts");
            }
            Mood::Panic => {
                self.panicked.fetch_add(1, Relaxed);
                panic!("out of its mind");
            }
            Mood::Slow => std::thread::sleep(Duration::from_micros(200)),
            Mood::Well | Mood::Stop => {}
        }
        self.handled.fetch_add(1, Relaxed);
        Ok(matches!(beat.mood(self.number), Mood::Stop))
    }

    /// Like `handle`, for one whose panic would not be told from a loss.
    fn handle_calmly(&self) {
        self.handled.fetch_add(1, Relaxed);
    }
}

struct Worker(Arc<Own>);

impl Actor for Worker {
    type Context = Context<Self>;
}

impl Handler<Delivery<Beat>> for Worker {
    type Result = ();

    fn handle(&mut self, beat: Delivery<Beat>, ctx: &mut Context<Self>) {
        match self.0.handle(&beat) {
            Ok(true) => ctx.stop(),
            Ok(false) => {}
            Err(error) => beat.fail(error),
        }
    }
}

impl Handler<Beat> for Worker {
    type Result = ();

    fn handle(&mut self, _: Beat, _: &mut Context<Self>) {
        self.0.handle_calmly();
    }
}

/// A strategy of a user's.
struct Plain;

impl Actor for Plain {
    type Context = Context<Self>;
}

impl Handler<Emission> for Plain {
    type Result = ();

    fn handle(&mut self, emission: Emission, _: &mut Context<Self>) {
        emission.run();
    }
}

/// Where the actors live, and what keeps the weak ones alive.
struct Stage {
    arbiter: ArbiterHandle,
    kept: Vec<(u64, Addr<Worker>)>,
}

impl Stage {
    fn worker(&self, own: Arc<Own>) -> Addr<Worker> {
        Worker::start_in_arbiter(&self.arbiter, move |_| Worker(own))
    }

    /// A subscription of the kind that belongs to its number.
    fn spec(&mut self, own: &Arc<Own>) -> SubscriptionSpec {
        let (me, beat) = (own.clone(), on::<Beat>());
        let again = Restart::default()
            .budget(1_000, Duration::from_secs(1))
            .backoff(Duration::from_millis(1), Duration::from_millis(2));
        let call_async = |me: Arc<Own>| {
            on::<Beat>().call_async(move |beat: Delivery<Beat>| {
                let me = me.clone();
                async move {
                    actix_rt::task::yield_now().await;
                    me.handle(&beat).map(drop)
                }
            })
        };
        match own.number % KINDS {
            0 => beat.call(move |beat| me.handle(beat).map(drop)),
            1 => call_async(me),
            2 => {
                // Few, because idle threads come and go, and what they hold shows.
                let blocks = beat.call_blocking(move |beat| me.handle(&beat).map(drop));
                blocks.capacity(4)
            }
            3 => beat.actor(self.worker(me)),
            4 => beat.plain_actor(self.worker(me)),
            5 => {
                let make = move || Worker(me.clone());
                beat.actor_in(&self.arbiter, make).restart(again)
            }
            6 => {
                let make = move || Worker(me.clone());
                beat.actor_pool(2, Routing::Keyed, make).restart(again)
            }
            7 => beat.call(move |beat| me.handle(beat).map(drop)).once(),
            8 => call_async(me).capacity(4).overflow(Overflow::DropOldest),
            9 => {
                let worker = self.worker(me);
                let latest = beat.actor(worker).capacity(8);
                latest.overflow(Overflow::Coalesce)
            }
            10 => {
                let patient = Overflow::Wait(Duration::from_millis(20));
                call_async(me).capacity(16).overflow(patient)
            }
            11 => {
                let hangs = beat.call_async(move |beat| {
                    let me = me.clone();
                    async move {
                        match beat.mood(me.number) {
                            Mood::Stop => {
                                me.hung.fetch_add(1, Relaxed);
                                std::future::pending::<()>().await;
                            }
                            _ => me.handle_calmly(),
                        }
                    }
                });
                hangs.timeout(Duration::from_millis(100))
            }
            _ => {
                let worker = self.worker(me);
                self.kept.push((own.number, worker.clone()));
                beat.actor(worker)
                    .weak()
                    .capacity(64)
                    .overflow(Overflow::DropNewest)
            }
        }
    }
}

/// A subscription, and what its handler knows of itself.
struct Entry {
    own: Arc<Own>,
    subscription: Subscription,
}

impl Entry {
    fn new(number: u64, linker: &Linker, stage: &mut Stage) -> Self {
        let own = Arc::new(Own {
            number,
            ..Own::default()
        });
        let subscription = linker.subscribe(stage.spec(&own)).unwrap();
        Self { own, subscription }
    }

    /// Holds the bus's counts against the handler's own.
    fn check(&self) -> u64 {
        let (own, counts) = (&self.own, self.subscription.counts());
        let kind = own.number % KINDS;
        let about = format!("number {} of kind {kind}: {counts:?}", own.number);
        assert_eq!(counts.matched, counts.ended(), "{about}");
        assert_eq!(counts.failed, own.failed.load(Relaxed), "{about}");
        assert_eq!(counts.panicked, own.panicked.load(Relaxed), "{about}");
        // One that came late may have been in time by its own clock.
        let (handled, hung) = (own.handled.load(Relaxed), own.hung.load(Relaxed));
        assert!(counts.timed_out >= hung, "{about}");
        assert_eq!(counts.handled + counts.timed_out, handled + hung, "{about}");
        counts.matched
    }
}

fn strategies(arbiter: &ArbiterHandle) -> Vec<Strategy> {
    vec![
        Strategy::current(),
        Strategy::pool(2).routing(Routing::Keyed),
        Strategy::inline(),
        Strategy::blocking(2),
        Strategy::dedicated(),
        Strategy::current().in_order(),
        Strategy::pool(2).bounded(64, Overflow::DropOldest),
        Strategy::on(arbiter),
        Strategy::custom(Plain.start().recipient()),
    ]
}

/// Emits until told to stop, and returns how many subscriptions were matched in all
/// by what was not refused as a whole.
fn emit(emitters: &[Emitter; 2], thread: u64, stop: &AtomicBool) -> u64 {
    let mut matched = 0;
    let mut dice = chance(thread);
    let mut count = 0;
    while !stop.load(Relaxed) {
        dice = chance(dice);
        count += 1;
        let beat = Beat(count << 8 | thread);
        let emitter = &emitters[usize::from(dice % 3 == 0)];
        let prepared = emitter.prepare(beat).key(format!("{}", dice % 16));
        let receipt = match dice % 97 {
            // One that waits: for room, and for the end.
            0 => futures::executor::block_on(prepared.emit_when_ready()),
            _ => prepared.emit(),
        };
        if receipt.refusal().is_none() {
            matched += receipt.matched() as u64;
        }
        if !receipt.is_complete() {
            // Somebody is full: the others get a chance.
            std::thread::yield_now();
        }
    }
    matched
}

/// What the process holds in memory, in KiB.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.unwrap().parse().unwrap()
}

/// Runs in a process with one pool of memory for all threads: by default glibc
/// gives each thread one of its own, which grow by turns for minutes.
#[cfg(target_os = "linux")]
#[test]
fn the_ledger_adds_up_and_memory_is_flat() {
    const ARENAS: &str = "MALLOC_ARENA_MAX";
    if std::env::var(ARENAS).is_ok_and(|max| max == "1") {
        return System::new().block_on(soak());
    }
    let test = "the_ledger_adds_up_and_memory_is_flat";
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", test, "--nocapture"]);
    let status = again.env(ARENAS, "1").status().unwrap();
    assert!(status.success());
}

async fn soak() {
    std::panic::set_hook(Box::new(|panic| {
        if !panic.to_string().contains("out of its mind") {
            eprintln!("{panic}");
        }
    }));
    let seconds = std::env::var("VENTIX_SOAK").map_or(24, |text| text.parse().unwrap());
    let time = Duration::from_secs(seconds);

    let (actors, places) = (Arbiter::new(), Arbiter::new());
    let linker = Linker::start();
    let mut stage = Stage {
        arbiter: actors.handle(),
        kept: Vec::new(),
    };
    let mut next = SUBSCRIPTIONS;
    let entries = (0..SUBSCRIPTIONS).map(|n| Entry::new(n, &linker, &mut stage));
    let mut entries: Vec<_> = entries.collect();
    let mut retired: Vec<(Instant, Entry)> = Vec::new();
    let mut matched = 0;
    let emitters = [
        Emitter::start(&linker, Strategy::current()),
        Emitter::start(&linker, Strategy::dedicated()),
    ];

    let stop = Arc::new(AtomicBool::new(false));
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let (emitters, stop) = (emitters.clone(), stop.clone());
            std::thread::spawn(move || emit(&emitters, thread, &stop))
        })
        .collect();

    let start = Instant::now();
    let (mut first_half, mut second_half, mut switches) = (0, 0, 0);
    let strategies = strategies(&places.handle());
    let mut order = strategies.iter().cycle();
    let mut dice = 7;
    while start.elapsed() < time {
        for emitter in &emitters {
            let strategy = order.next().unwrap().clone();
            let switch = emitter.switch(strategy);
            let limit = Duration::from_secs(30);
            let switched = actix_rt::time::timeout(limit, switch).await;
            switched.expect("a switch ends").unwrap();
            switches += 1;
        }
        for _ in 0..3 {
            dice = chance(dice);
            let at = (dice % SUBSCRIPTIONS) as usize;
            let kind = entries[at].own.number % KINDS;
            next += 1 + (KINDS + kind - (next + 1) % KINDS) % KINDS;
            let entry = Entry::new(next, &linker, &mut stage);
            let old = std::mem::replace(&mut entries[at], entry);
            old.subscription.unsubscribe();
            stage.kept.retain(|(number, _)| *number != old.own.number);
            retired.push((Instant::now(), old));
        }
        // What was emitted before one was unsubscribed may reach it a moment later;
        // not after a second.
        retired.retain(|(since, entry)| {
            let over = since.elapsed() > Duration::from_secs(1);
            let done = over && entry.subscription.counts().in_flight() == 0;
            matched += if done { entry.check() } else { 0 };
            !done
        });
        // The first third is for everything to have been there once.
        let measured = start.elapsed().saturating_sub(time / 3);
        let half = if measured < time / 3 {
            &mut first_half
        } else {
            &mut second_half
        };
        if measured > Duration::ZERO {
            *half = memory().max(*half);
        }
        actix_rt::time::sleep(Duration::from_millis(5)).await;
    }
    stop.store(true, Relaxed);
    // The arbiter of this thread must run on: some wait for it.
    let receipts = actix_rt::task::spawn_blocking(move || {
        threads.into_iter().map(|t| t.join().unwrap()).sum::<u64>()
    });
    let receipts = receipts.await.unwrap();
    let left = linker.drain(Duration::from_secs(30)).await;
    assert!(left.is_complete(), "{left}");

    let left = entries.iter().chain(retired.iter().map(|(_, entry)| entry));
    matched += left.map(Entry::check).sum::<u64>();
    assert_eq!(matched, receipts);
    println!("{receipts} deliveries, {switches} switches, {next} subscriptions");
    println!("memory: {first_half} KiB, then {second_half} KiB");
    // A tenth, and what the allocator keeps of a peak: a leak of a byte a delivery is more.
    assert!(second_half * 10 <= first_half * 11 + 20 * 1_024);
    actors.stop();
    places.stop();
}
