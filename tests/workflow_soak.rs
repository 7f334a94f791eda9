//! The options of subscriptions, thrown together, for a while: four threads emit
//! through three emitters whose strategies change, and another subscribes what a seed
//! says, pauses, resumes, requeues and unsubscribes it. In the end the ledger adds up
//! for each subscription, every stream has ended, and no event is left anywhere.
//!
//! Runs for 3 seconds, or as many as `VENTIX_SOAK` says, and with a seed that it prints
//! and `VENTIX_SEED` sets. A binary of its own: it silences the panics that it makes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use actix::clock::sleep;
use actix::prelude::*;
use futures::StreamExt;
use tokio::task::JoinHandle;
use ventix::middleware::{DeliveryLayer, Incoming};
use ventix::{
    Batch, Breaker, Debounce, Delivery, Emitter, Linker, Outcome, Overflow, Reason, Received,
    Retry, Routing, Selector, Strategy, Subscription, SubscriptionSpec, Throttle, WhenPaused, on,
};

const SUBSCRIPTIONS: usize = 24;
const THREADS: u64 = 4;

/// What is emitted. Every handler takes it by chance, but always the same way.
#[derive(Clone)]
struct Beat {
    number: u64,
    /// Counts those that are left.
    _alive: Arc<()>,
}

impl Beat {
    /// How the attempt of one handler ends.
    fn take(&self, of: u64, attempt: u32) -> Result<u64, &'static str> {
        match chance(self.number ^ (of << 32) ^ (u64::from(attempt) << 56)) % 16 {
            0..3 => Err("out of sorts"),
            3 => panic!("out of its mind"),
            _ => Ok(self.number),
        }
    }

    async fn take_a_while(&self, of: u64, attempt: u32) -> Result<u64, &'static str> {
        match chance(self.number ^ of) % 32 {
            0 => sleep(Duration::from_millis(2)).await,
            _ => actix_rt::task::yield_now().await,
        }
        self.take(of, attempt)
    }
}

/// A well-mixed number (splitmix64, by Sebastiano Vigna).
fn chance(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = chance(self.0);
        self.0 % sides
    }

    fn one_in(&mut self, sides: u64) -> bool {
        self.roll(sides) == 0
    }

    fn millis(&mut self, most: u64) -> Duration {
        Duration::from_millis(1 + self.roll(most))
    }
}

/// A layer that turns away, panics before, and panics after.
struct Moody(u64);

impl Moody {
    fn mood(&self, delivery: &Incoming<'_>) -> u64 {
        let beat = delivery.event().downcast_ref::<Beat>();
        beat.map_or(9, |beat| chance(beat.number ^ (self.0 << 24)) % 64)
    }
}

impl DeliveryLayer for Moody {
    fn before(&self, delivery: &mut Incoming<'_>) -> Result<(), Reason> {
        match self.mood(delivery) {
            0 => Err(Reason::Filtered),
            1 => Err(Reason::Paused),
            2 => panic!("out of its mind"),
            _ => Ok(()),
        }
    }

    fn after(&self, delivery: &mut Incoming<'_>, _: &Outcome) {
        assert!(self.mood(delivery) != 3, "out of its mind");
    }
}

/// A subscription, what it was made of, and the consumer of its stream.
struct Entry {
    about: String,
    subscription: Subscription,
    consumer: Option<JoinHandle<()>>,
}

impl Entry {
    fn new(linker: &Linker, of: u64, dice: &mut Dice) -> Self {
        let (size, within) = (1 + dice.roll(8) as usize, dice.millis(5));
        let mut base = on::<Beat>();
        if dice.one_in(4) {
            base = base.filter(move |beat, _| chance(beat.number ^ (of << 8)) % 3 > 0);
        }
        let mut stream = None;
        let (kind, spec) = match dice.roll(8) {
            0 => {
                let call = move |beat: &Delivery<Beat>| beat.take(of, beat.attempt());
                ("call", base.call(call))
            }
            1 | 2 => {
                let call = move |beat: Delivery<Beat>| async move {
                    beat.take_a_while(of, beat.attempt()).await
                };
                ("async", base.call_async(call))
            }
            3 => {
                let call = move |batch: &Batch<Beat>| {
                    batch.iter().try_for_each(|beat| beat.take(of, 1).map(drop))
                };
                ("batch call", base.batch(size, within).call(call))
            }
            4 => {
                let call = move |mut batch: Batch<Beat>| async move {
                    match batch.take_first() {
                        Some(beat) => beat.take_a_while(of, beat.attempt()).await.map(drop),
                        None => Ok(()),
                    }
                };
                ("batch async", base.batch(size, within).call_async(call))
            }
            5 => {
                let call = move |batch: Batch<Beat>| {
                    for beat in batch {
                        beat.settle(|beat| beat.take(of, beat.attempt()));
                    }
                };
                let batches = base.batch(size, within).call_blocking(call);
                ("batch blocking", batches)
            }
            _ => {
                let (spec, deliveries) = base.stream(4 * size);
                stream = Some(deliveries);
                ("stream", spec)
            }
        };
        let mut about = format!("number {of}: {kind} of {size}");
        let spec = options(spec, of, size, dice, &mut about);
        let subscription = linker.subscribe(spec).unwrap();
        // Some go away before the end.
        let patience = if dice.one_in(4) { 1_000 } else { usize::MAX };
        let consumer = stream.map(|deliveries| {
            actix_rt::spawn(deliveries.take(patience).for_each(move |next| async move {
                match next {
                    Received::Delivery(beat) => match beat.number % 5 {
                        0 => beat.fail("out of sorts"),
                        1 => drop(actix_rt::spawn(async move {
                            let _ = beat.take_a_while(of, beat.attempt()).await;
                        })),
                        _ => beat.reply(of),
                    },
                    Received::Lagged(_) => actix_rt::task::yield_now().await,
                }
            }))
        });
        Self {
            about,
            subscription,
            consumer,
        }
    }

    fn check(&self) {
        let counts = self.subscription.counts();
        assert_eq!(counts.matched, counts.ended(), "{}: {counts:?}", self.about);
    }
}

/// Some options, by chance, said in `about`.
fn options(
    mut spec: SubscriptionSpec,
    of: u64,
    size: usize,
    dice: &mut Dice,
    about: &mut String,
) -> SubscriptionSpec {
    let mut some = |name: &str, dice: &mut Dice| {
        let some = dice.one_in(4);
        if some {
            about.push_str(", ");
            about.push_str(name);
        }
        some
    };
    if some("retry", dice) {
        spec = spec.retry(Retry::constant(dice.millis(2)).attempts(3).jitter());
    }
    if some("breaker", dice) {
        spec = spec.breaker(Breaker::new().window(8).open_for(dice.millis(5)));
    }
    if some("throttle", dice) {
        let throttle = Throttle::per(5, Duration::from_millis(1));
        let holds = dice.one_in(2);
        spec = spec.throttle(if holds { throttle.hold() } else { throttle });
    }
    if some("debounce", dice) {
        let quiet = Debounce::quiet(dice.millis(2));
        spec = spec.debounce(quiet.max_wait(Duration::from_millis(5)));
    }
    if some("in order", dice) {
        spec = spec.in_order();
    }
    if some("at most", dice) {
        spec = spec.for_at_most(1 + dice.roll(200) as usize);
    }
    if some("a layer", dice) {
        spec = spec.layer(Moody(of));
    }
    if some("timeout", dice) {
        spec = spec.timeout(dice.millis(20));
    }
    if some("hold", dice) {
        spec = spec.when_paused(WhenPaused::Hold);
    }
    if some("replay", dice) {
        spec = spec.replay_last();
    }
    if some("expires", dice) {
        spec = spec.expires_in(dice.millis(500));
    }
    if some("room", dice) {
        let overflows = [
            Overflow::DropOldest,
            Overflow::DropNewest,
            Overflow::Coalesce,
            Overflow::Wait(Duration::from_millis(2)),
        ];
        let overflow = overflows[dice.roll(4) as usize];
        spec = spec
            .capacity(size + dice.roll(8) as usize)
            .overflow(overflow);
    }
    spec
}

fn strategies(place: &ArbiterHandle) -> Vec<Strategy> {
    vec![
        Strategy::current(),
        Strategy::pool(2).routing(Routing::Keyed),
        Strategy::inline(),
        Strategy::on(place).in_order(),
        Strategy::blocking(2),
        Strategy::current().bounded(64, Overflow::DropOldest),
    ]
}

/// Emits until told to stop.
fn emit(emitters: &[Emitter], seed: u64, alive: &Arc<()>, stop: &AtomicBool) {
    let mut dice = Dice(seed);
    while !stop.load(Relaxed) {
        let emitter = &emitters[dice.roll(emitters.len() as u64) as usize];
        let mut beat = || Beat {
            number: dice.roll(u64::MAX),
            _alive: alive.clone(),
        };
        let (first, second) = (beat(), beat());
        let key = (first.number % 8).to_string();
        let is_complete = match first.number % 61 {
            0 => emitter
                .emit_all([first, second])
                .iter()
                .all(|receipt| receipt.is_complete()),
            1 => {
                let prepared = emitter.prepare(first).key(key);
                futures::executor::block_on(prepared.emit_when_ready()).is_complete()
            }
            2 => {
                let soon = emitter.prepare(first).expires_in(Duration::from_millis(1));
                soon.emit().is_complete()
            }
            _ => emitter.prepare(first).key(key).emit().is_complete(),
        };
        if !is_complete {
            std::thread::yield_now();
        }
    }
}

/// What somebody does who looks after the bus.
fn meddle(linker: &Linker, entries: &[Entry], dice: &mut Dice, alive: &Arc<()>) {
    let entry = &entries[dice.roll(entries.len() as u64) as usize];
    let beats = Selector::event::<Beat>();
    match dice.roll(8) {
        0 | 1 => drop(entry.subscription.pause()),
        2..5 => drop(entry.subscription.resume()),
        5 => drop(linker.dead_letters().requeue_all(|_| true)),
        6 => {
            let beat = Beat {
                number: 1,
                _alive: alive.clone(),
            };
            assert!(linker.explain(&beat).lines().len() <= 2 * SUBSCRIPTIONS);
        }
        _ if dice.one_in(4) => drop(linker.forget_last(&beats)),
        _ => drop(linker.keep_last(&beats).unwrap()),
    }
}

#[test]
fn the_ledger_of_every_option_adds_up() {
    std::panic::set_hook(Box::new(|panic| {
        if !panic.to_string().contains("out of its mind") {
            eprintln!("{panic}");
        }
    }));
    let seed = std::env::var("VENTIX_SEED").map_or_else(
        |_| u64::from(std::process::id()),
        |text| text.parse().unwrap(),
    );
    println!("VENTIX_SEED={seed}");
    System::new().block_on(soak(seed));
}

async fn soak(seed: u64) {
    let seconds = std::env::var("VENTIX_SOAK").map_or(3, |text| text.parse().unwrap());
    let (mut dice, alive) = (Dice(seed), Arc::new(()));
    let place = Arbiter::new();
    let linker = Linker::builder()
        .dead_letters(64)
        .capacity(64)
        .start()
        .unwrap();
    let strategies = strategies(&place.handle());
    let emitters = [0, 1, 2].map(|n| Emitter::start(&linker, strategies[n].clone()));
    let mut next = 0;
    let mut entry = |dice: &mut Dice| {
        next += 1;
        Entry::new(&linker, next, dice)
    };
    let mut entries: Vec<_> = (0..SUBSCRIPTIONS).map(|_| entry(&mut dice)).collect();
    let mut retired = Vec::new();

    let stop = Arc::new(AtomicBool::new(false));
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let (emitters, alive, stop) = (emitters.clone(), alive.clone(), stop.clone());
            std::thread::spawn(move || emit(&emitters, chance(seed ^ thread), &alive, &stop))
        })
        .collect();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(seconds) {
        (0..8).for_each(|_| meddle(&linker, &entries, &mut dice, &alive));
        let at = dice.roll(SUBSCRIPTIONS as u64) as usize;
        let old = std::mem::replace(&mut entries[at], entry(&mut dice));
        old.subscription.unsubscribe();
        retired.push(old);
        if dice.one_in(8) {
            let strategy = strategies[dice.roll(6) as usize].clone();
            let emitter = emitters[dice.roll(3) as usize].clone();
            // What is paused may keep the old one for as long.
            actix_rt::spawn(async move { emitter.switch(strategy).await.unwrap() });
        }
        sleep(Duration::from_millis(2)).await;
    }
    stop.store(true, Relaxed);
    // The arbiter of this thread must run on: some wait for it.
    let joined = actix_rt::task::spawn_blocking(move || {
        threads
            .into_iter()
            .try_for_each(std::thread::JoinHandle::join)
    });
    joined.await.unwrap().unwrap();
    for entry in &entries {
        entry.subscription.resume();
    }
    let left = linker.drain(Duration::from_secs(30)).await;
    assert!(left.is_complete(), "{left}");
    linker.stop();
    entries.extend(retired);
    for entry in &mut entries {
        entry.check();
        let Some(consumer) = entry.consumer.take() else {
            continue;
        };
        let ended = actix_rt::time::timeout(Duration::from_secs(10), consumer).await;
        ended.expect(&entry.about).unwrap();
    }
    let matched = entries
        .iter()
        .map(|entry| entry.subscription.counts().matched);
    println!(
        "{} deliveries, {} subscriptions",
        matched.sum::<u64>(),
        entries.len()
    );
    drop((linker, emitters));
    let freed = async {
        while Arc::strong_count(&alive) > 1 {
            sleep(Duration::from_millis(1)).await;
        }
    };
    let freed = actix_rt::time::timeout(Duration::from_secs(10), freed).await;
    assert!(
        freed.is_ok(),
        "{} events are left",
        Arc::strong_count(&alive) - 1
    );
    place.stop();
}
