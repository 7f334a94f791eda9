//! Batches: when they are handed over, how their deliveries end, and what the other
//! options of a subscription mean for them.

mod support;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::clock::{Instant, sleep};
use actix::prelude::*;
use actix_rt::task::yield_now;
use futures::FutureExt;
use futures::channel::oneshot;
use futures::executor::block_on;
use futures::future::join_all;
use ventix::{
    Batch, BoxError, DeadLetter, Debounce, Delivery, Emitter, Linker, Outcome, Overflow, Reason,
    Report, Retry, Selector, Strategy, SubscribeError, Subscription, SubscriptionSpec, Throttle,
    WhenPaused, on, on_any,
};

use support::settle;

const SECOND: Duration = Duration::from_secs(1);
/// As long as no test waits for it.
const AGES: Duration = Duration::from_secs(1_000_000);
/// What the clock of a runtime may be off by.
const TICK: Duration = Duration::from_millis(2);

/// The batches that a handler got.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<Vec<u32>>>>);

impl Seen {
    fn note(&self, batch: &Batch<u32>) {
        let numbers = batch.iter().map(|n| **n).collect();
        self.0.lock().unwrap().push(numbers);
    }

    /// A callback that notes its batches.
    fn noting(&self) -> impl Fn(&Batch<u32>) + Send + Sync + use<> {
        let seen = self.clone();
        move |batch| seen.note(batch)
    }

    fn take(&self) -> Vec<Vec<u32>> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// An actor that does as it is told with each number.
struct Store(Seen);

impl Actor for Store {
    type Context = Context<Self>;
}

impl Handler<Batch<u32>> for Store {
    type Result = ();

    fn handle(&mut self, batch: Batch<u32>, ctx: &mut Context<Self>) {
        self.0.note(&batch);
        for n in batch {
            match *n {
                400 => n.fail("bad request"),
                500 => panic!("out of order"),
                503 => ctx.stop(),
                42 => n.reply("the answer"),
                _ => {}
            }
        }
    }
}

struct Bus {
    linker: Linker,
    emitter: Emitter,
    subscription: Subscription,
}

impl Bus {
    fn new(spec: SubscriptionSpec, strategy: Strategy) -> Self {
        let linker = Linker::start();
        let subscription = linker.subscribe(spec).unwrap();
        let emitter = Emitter::start(&linker, strategy);
        Self {
            linker,
            emitter,
            subscription,
        }
    }

    fn emit(&self, numbers: impl IntoIterator<Item = u32>) {
        for n in numbers {
            assert_eq!(self.emitter.emit(n).accepted(), 1);
        }
    }

    async fn reports(&self, numbers: impl IntoIterator<Item = u32>) -> Vec<Report> {
        let reports = numbers.into_iter().map(|n| self.emitter.emit_and_wait(n));
        join_all(reports).await
    }

    /// How each of them ended.
    async fn ends(&self, numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
        let reports = self.reports(numbers).await;
        let ends = reports.iter().flat_map(Report::outcomes);
        ends.map(|end| end.as_str().to_owned()).collect()
    }
}

/// Where a batch is handed over as soon as it is complete.
fn inline(spec: SubscriptionSpec) -> Bus {
    Bus::new(spec, Strategy::inline())
}

#[actix::test]
async fn a_batch_is_handed_over_when_it_is_full() {
    let seen = Seen::default();
    let bus = inline(on::<u32>().batch(3, AGES).call(seen.noting()));
    bus.emit(0..2);
    assert!(seen.take().is_empty());
    bus.emit(2..7);
    assert_eq!(seen.take(), [[0, 1, 2], [3, 4, 5]]);
    assert_eq!(bus.subscription.counts().in_flight(), 1);
}

#[actix::test]
async fn a_batch_is_handed_over_in_time_after_its_first() {
    tokio::time::pause();
    let seen = Seen::default();
    let bus = inline(on::<u32>().batch(10, SECOND).call(seen.noting()));
    for round in 0..3 {
        let start = Instant::now();
        bus.emit([round]);
        tokio::time::advance(SECOND / 2).await;
        let report = bus.emitter.emit_and_wait(round + 10).await;
        assert!(report.all_handled());
        let took = start.elapsed();
        assert!(took >= SECOND && took <= SECOND + TICK, "{took:?}");
        assert_eq!(seen.take(), [[round, round + 10]]);
    }
}

#[actix::test]
async fn the_time_of_a_batch_starts_with_it_after_a_full_one() {
    tokio::time::pause();
    let seen = Seen::default();
    let bus = inline(on::<u32>().batch(2, SECOND).call(seen.noting()));
    bus.emit([0]);
    tokio::time::advance(SECOND / 2).await;
    bus.emit([1]);
    let start = Instant::now();
    assert!(bus.emitter.emit_and_wait(2_u32).await.all_handled());
    let took = start.elapsed();
    assert!(took >= SECOND && took <= SECOND + TICK, "{took:?}");
    assert_eq!(seen.take(), [vec![0, 1], vec![2]]);
}

#[actix::test]
async fn a_batch_of_one_never_waits() {
    let seen = Seen::default();
    let bus = inline(on::<u32>().batch(1, AGES).call(seen.noting()));
    bus.emit(0..2);
    assert_eq!(seen.take(), [[0], [1]]);
}

#[actix::test]
async fn a_batch_that_would_never_fill_is_an_error() {
    let linker = Linker::start();
    for (size, capacity) in [(0, 5), (6, 5)] {
        let spec = on::<u32>().batch(size, SECOND).call(|_| ());
        let error = linker.subscribe(spec.capacity(capacity)).unwrap_err();
        assert_eq!(error, SubscribeError::BatchSize { size, capacity });
    }
    let fits = on::<u32>().batch(5, SECOND).call(|_| ()).capacity(5);
    assert!(linker.subscribe(fits).is_ok());
}

#[actix::test]
async fn batches_of_any_event_keep_their_filter() {
    let names = Arc::new(Mutex::new(Vec::new()));
    let noted = names.clone();
    let linker = Linker::start();
    let spec = on_any()
        .filter(|_, about| about.key() != Some("no"))
        .batch(2, AGES)
        .call(move |batch| {
            let batch = batch.iter().map(|any| any.name().to_owned());
            noted.lock().unwrap().extend(batch);
        });
    linker.subscribe(spec).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    emitter.emit(1_u8);
    emitter.prepare(1_u16).key("no").emit();
    emitter.emit(1_u32);
    assert_eq!(*names.lock().unwrap(), ["u8", "u32"]);
}

#[actix::test]
async fn both_drains_hand_over_what_waits() {
    for drains_linker in [false, true] {
        for strategy in [Strategy::inline(), Strategy::dedicated()] {
            let seen = Seen::default();
            let bus = Bus::new(on::<u32>().batch(10, AGES).call(seen.noting()), strategy);
            bus.emit(0..4);
            let left = if drains_linker {
                bus.linker.drain(10 * SECOND).await
            } else {
                bus.emitter.drain(10 * SECOND).await
            };
            assert!(left.is_complete());
            assert_eq!(seen.take().concat(), [0, 1, 2, 3]);
            assert_eq!(bus.subscription.counts().handled, 4);
        }
    }
}

#[actix::test]
async fn what_comes_while_its_emitter_drains_does_not_wait() {
    let (open, opened) = oneshot::channel::<()>();
    let opened = opened.shared();
    let linker = Linker::start();
    let seen = Seen::default();
    // The emitter's arbiter is busy with it while the others are emitted.
    let gate = on::<u32>().call(move |_| block_on(opened.clone()).unwrap_or_default());
    linker.subscribe(gate.once()).unwrap();
    let batches = on::<u32>().batch(10, AGES).call(seen.noting());
    linker.subscribe(batches).unwrap();
    let emitter = Emitter::start(&linker, Strategy::dedicated());
    (0..3_u32).for_each(|n| assert!(emitter.emit(n).accepted() > 0));
    let drained = emitter.drain(10 * SECOND);
    let opening = async {
        settle().await;
        open.send(()).unwrap();
    };
    let (left, ()) = futures::join!(drained, opening);
    assert!(left.is_complete());
    assert_eq!(seen.take().concat(), [0, 1, 2]);
}

#[actix::test]
async fn nothing_stays_behind_when_a_drain_meets_what_arrives() {
    for round in 0..200 {
        let handled = Arc::new(AtomicUsize::new(0));
        let count = handled.clone();
        let linker = Linker::start();
        let spec = on::<u32>().batch(1_000, AGES).call(move |batch| {
            count.fetch_add(batch.len(), Ordering::SeqCst);
        });
        linker.subscribe(spec).unwrap();
        let emitter = Emitter::start(&linker, Strategy::inline());
        let emitting = emitter.clone();
        let (begin, begun) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            begin.send(()).unwrap();
            let accepted = (0..50_u32).map(|n| emitting.emit(n).accepted());
            accepted.sum::<usize>()
        });
        begun.await.unwrap();
        let left = if round % 2 == 0 {
            emitter.drain(10 * SECOND).await
        } else {
            linker.drain(10 * SECOND).await
        };
        assert!(left.is_complete(), "{left}");
        assert_eq!(thread.join().unwrap(), handled.load(Ordering::SeqCst));
    }
}

#[actix::test]
async fn every_way_to_unlink_hands_over_what_waits() {
    type Unlink = fn(&Bus);
    let ways: [Unlink; 4] = [
        |bus| assert!(bus.subscription.unsubscribe()),
        |bus| assert_eq!(bus.linker.clear(), 1),
        |bus| assert_eq!(bus.linker.stop(), 1),
        |bus| {
            let event = Selector::event::<u32>();
            assert_eq!(bus.linker.remove_event(&event), 1);
        },
    ];
    for unlink in ways {
        let seen = Seen::default();
        let bus = inline(on::<u32>().batch(10, AGES).call(seen.noting()));
        bus.emit(0..3);
        unlink(&bus);
        settle().await;
        assert_eq!(seen.take(), [[0, 1, 2]]);
        assert_eq!(bus.subscription.counts().handled, 3);
    }
}

#[actix::test]
async fn what_waits_when_its_time_is_over_is_handed_over() {
    tokio::time::pause();
    let seen = Seen::default();
    let spec = on::<u32>().batch(10, AGES).call(seen.noting());
    let bus = inline(spec.expires_in(SECOND));
    let start = Instant::now();
    assert_eq!(bus.ends(0..2).await, ["handled", "handled"]);
    assert!(start.elapsed() <= SECOND + TICK);
    assert_eq!(seen.take(), [[0, 1]]);
}

#[actix::test]
async fn what_comes_after_the_end_of_its_subscription_does_not_wait() {
    let seen = Seen::default();
    let spec = on::<u32>().batch(10, AGES).call(seen.noting());
    let bus = Bus::new(spec, Strategy::current());
    bus.emit(0..2);
    assert!(bus.subscription.unsubscribe());
    settle().await;
    assert_eq!(seen.take().concat(), [0, 1]);
}

#[actix::test]
async fn what_is_debounced_does_not_wait_for_an_end_that_has_come() {
    let seen = Seen::default();
    let noted = seen.clone();
    let spec = on::<u32>().call(move |n| noted.0.lock().unwrap().push(vec![**n]));
    let bus = inline(spec.debounce(Debounce::quiet(AGES)));
    bus.emit(0..3);
    assert!(bus.subscription.unsubscribe());
    settle().await;
    assert_eq!(seen.take(), [[2]]);
}

#[actix::test]
async fn a_callback_decides_about_all_of_which_nothing_was_said() {
    type Handle = fn(Batch<u32>) -> Result<(), BoxError>;
    let cases: [(Handle, [&str; 3]); 5] = [
        (|_| Ok(()), ["handled"; 3]),
        (|_| Err("no".into()), ["failed"; 3]),
        (|_| panic!("oh"), ["panicked"; 3]),
        (
            |batch| {
                let mut batch = batch.into_iter();
                batch.next().unwrap().fail("this one");
                drop(batch.next());
                Ok(())
            },
            ["failed", "handled", "handled"],
        ),
        (
            |mut batch| {
                batch.take_first().unwrap().reply(());
                drop(batch.take_first());
                Err("the second, perhaps".into())
            },
            ["handled", "failed", "failed"],
        ),
    ];
    for (handle, ends) in cases {
        let three = || on::<u32>().batch(3, AGES);
        let specs = [
            three().call_async(move |batch| async move { handle(batch) }),
            three().call_blocking(handle),
        ];
        for spec in specs {
            let bus = inline(spec);
            assert_eq!(bus.ends(0..3).await, ends);
            assert_eq!(bus.subscription.counts().in_flight(), 0);
        }
    }
}

#[actix::test]
async fn a_sync_callback_decides_about_its_batch() {
    let spec = on::<u32>()
        .batch(2, AGES)
        .call(|batch| match **batch.iter().next().unwrap() {
            0 => Ok(7),
            1 => Err("no"),
            _ => panic!("oh"),
        });
    let bus = inline(spec);
    let good = bus.reports([0, 9]).await;
    assert!(good.iter().all(Report::all_handled));
    assert_eq!(good.iter().flat_map(Report::replies::<i32>).count(), 0);
    assert_eq!(bus.ends([1, 9]).await, ["failed"; 2]);
    let bad = bus.reports([2, 9]).await;
    for report in &bad {
        let Some(Outcome::Panicked(panic)) = report.outcomes().next() else {
            panic!("{report:?}");
        };
        assert_eq!(panic.message(), Some("oh"));
    }
}

#[actix::test]
async fn one_error_fails_all_that_are_left() {
    let spec = on::<u32>()
        .batch(3, AGES)
        .call_async(async |mut batch: Batch<u32>| {
            batch.take_first().unwrap().reply("mine");
            batch.fail("ours");
        });
    let reports = inline(spec).reports(0..3).await;
    assert_eq!(reports[0].replies::<&str>().next(), Some(&"mine"));
    let errors: Vec<_> = reports.iter().flat_map(Report::errors).collect();
    assert_eq!(errors.len(), 2);
    assert!(Arc::ptr_eq(&errors[0], &errors[1]));
    assert_eq!(errors[0].to_string(), "ours");
}

#[actix::test]
async fn what_is_passed_on_ends_when_it_is_dropped() {
    let (pass, mut passed) = tokio::sync::mpsc::unbounded_channel::<Delivery<u32>>();
    let spec = on::<u32>().batch(2, AGES).call_async(move |batch| {
        let pass = pass.clone();
        async move { batch.into_iter().for_each(|n| pass.send(n).unwrap()) }
    });
    let bus = inline(spec);
    bus.emit(0..2);
    settle().await;
    assert_eq!(bus.subscription.counts().in_flight(), 2);
    drop(passed.recv().await);
    assert_eq!(bus.subscription.counts().handled, 1);
    passed.recv().await.unwrap().fail("no");
    assert_eq!(bus.subscription.counts().failed, 1);
}

#[actix::test]
async fn an_actor_ends_each_delivery_by_itself() {
    let seen = Seen::default();
    let store = Store(seen.clone()).start();
    let bus = inline(on::<u32>().batch(3, AGES).actor(store));
    let reports = bus.reports([1, 400, 42]).await;
    let ends: Vec<_> = reports.iter().flat_map(Report::outcomes).collect();
    let ends: Vec<_> = ends.iter().map(|end| end.as_str()).collect();
    assert_eq!(ends, ["handled", "failed", "handled"]);
    assert_eq!(reports[2].replies::<&str>().next(), Some(&"the answer"));
    assert_eq!(seen.take(), [[1, 400, 42]]);
}

#[actix::test]
async fn an_actor_that_panics_has_panicked_over_what_it_had_left() {
    let bus = inline(
        on::<u32>()
            .batch(3, AGES)
            .actor(Store(Seen::default()).start()),
    );
    let ends = bus.ends([1, 500, 2]);
    assert_eq!(ends.await, ["handled", "panicked", "panicked"]);
}

#[actix::test]
async fn a_batch_for_an_actor_that_has_stopped_is_lost() {
    let bus = inline(
        on::<u32>()
            .batch(2, AGES)
            .actor(Store(Seen::default()).start()),
    );
    bus.emit([503, 1]);
    bus.emit([2, 3]);
    settle().await;
    let counts = bus.subscription.counts();
    assert_eq!((counts.handled, counts.lost), (2, 2));
}

#[actix::test]
async fn batches_reach_their_actor_in_order() {
    let seen = Seen::default();
    let spec = on::<u32>().batch(7, Duration::from_millis(1));
    let spec = spec.actor(Store(seen.clone()).start()).capacity(20_000);
    let bus = Bus::new(spec, Strategy::dedicated());
    for n in 0..10_000 {
        bus.emit([n + 1_000]);
        if n % 100 == 0 {
            sleep(Duration::from_millis(1)).await;
        }
    }
    assert!(bus.emitter.drain(10 * SECOND).await.is_complete());
    let numbers = seen.take().concat();
    assert_eq!(numbers, (1_000..11_000).collect::<Vec<_>>());
}

#[actix::test]
async fn what_is_tried_again_joins_a_later_batch() {
    tokio::time::pause();
    let seen = Seen::default();
    let noted = seen.clone();
    let spec = on::<u32>().batch(3, SECOND).call_async(move |batch| {
        noted.note(&batch);
        async move {
            for n in batch {
                if *n == 1 && n.attempt() < 3 {
                    n.fail("not yet");
                }
            }
        }
    });
    let retry = Retry::constant(SECOND / 4).attempts(3);
    let bus = inline(spec.retry(retry));
    let (first, later) = (bus.ends(0..3), async {
        sleep(SECOND / 2).await;
        bus.ends(3..5).await
    });
    let (first, later) = futures::join!(first, later);
    assert_eq!(first, ["handled"; 3]);
    assert_eq!(later, ["handled"; 2]);
    assert_eq!(seen.take(), [vec![0, 1, 2], vec![1, 3, 4], vec![1]]);
    assert_eq!(bus.subscription.counts().handled, 5);
}

#[actix::test]
async fn a_batch_has_the_timeout_of_its_deliveries_from_when_it_is_handed_over() {
    tokio::time::pause();
    let stuck = |_: Batch<u32>| std::future::pending::<()>();
    let spec = on::<u32>().batch(3, 5 * SECOND).call_async(stuck);
    let bus = inline(spec.timeout(SECOND));
    let start = Instant::now();
    assert_eq!(bus.ends(0..2).await, ["timed out"; 2]);
    let took = start.elapsed();
    assert!(took >= 6 * SECOND && took <= 6 * SECOND + TICK, "{took:?}");
    assert_eq!(bus.subscription.counts().in_flight(), 0);
}

#[actix::test]
async fn a_delivery_whose_deadline_passes_while_it_is_collected_is_refused() {
    tokio::time::pause();
    let seen = Seen::default();
    let bus = inline(on::<u32>().batch(3, 2 * SECOND).call(seen.noting()));
    let hasty = bus
        .emitter
        .prepare(0_u32)
        .deadline(Instant::now() + SECOND)
        .emit_and_wait();
    let (hasty, patient) = futures::join!(hasty, bus.emitter.emit_and_wait(1_u32));
    assert!(matches!(
        hasty.outcomes().next(),
        Some(Outcome::Refused(Reason::Expired))
    ));
    assert!(patient.all_handled());
    assert_eq!(seen.take(), [[1]]);
}

#[actix::test]
async fn once_is_a_batch_of_one_and_the_last_are_not_waited_for() {
    for shots in [1, 5] {
        let seen = Seen::default();
        let spec = on::<u32>().batch(3, AGES).call(seen.noting());
        let bus = inline(spec.for_at_most(shots));
        for n in 0..10_u32 {
            bus.emitter.emit(n);
        }
        let seen = seen.take();
        assert_eq!(seen.concat().len(), shots);
        assert_eq!(seen.len(), shots.div_ceil(3));
        assert!(!bus.subscription.is_active());
    }
}

#[actix::test]
async fn a_held_lane_stays_held_in_a_drain_and_what_was_collected_is_handed_over() {
    let seen = Seen::default();
    let spec = on::<u32>().batch(3, AGES).call(seen.noting());
    let bus = inline(spec.when_paused(WhenPaused::Hold));
    bus.emit([0]);
    assert!(bus.subscription.pause());
    bus.emit([1]);
    let left = bus.emitter.drain(SECOND / 100).await;
    assert_eq!(left.emissions(), 1);
    assert_eq!(seen.take(), [[0]]);
    assert!(bus.subscription.resume());
    assert!(bus.emitter.drain(SECOND).await.is_complete());
    assert_eq!(seen.take(), [[1]]);
}

#[actix::test]
async fn a_throttle_keeps_its_pace_in_a_drain() {
    tokio::time::pause();
    let seen = Seen::default();
    let spec = on::<u32>().batch(2, AGES).call(seen.noting());
    let bus = inline(spec.throttle(Throttle::per(1, SECOND).hold()));
    bus.emit(0..3);
    let start = Instant::now();
    assert!(bus.emitter.drain(100 * SECOND).await.is_complete());
    assert!(start.elapsed() >= 2 * SECOND);
    assert_eq!(seen.take().concat(), [0, 1, 2]);
}

#[actix::test]
async fn the_last_of_each_burst_is_collected() {
    tokio::time::pause();
    let seen = Seen::default();
    let spec = on::<u32>().batch(2, AGES).call(seen.noting());
    let bus = inline(spec.debounce(Debounce::quiet(SECOND)));
    for burst in [0..3, 3..6] {
        bus.emit(burst);
        sleep(2 * SECOND).await;
    }
    assert_eq!(seen.take(), [[2, 5]]);
}

/// Batches whose handling ends when the test says so.
#[derive(Clone, Default)]
struct Gates(Arc<Mutex<Vec<oneshot::Receiver<()>>>>);

impl Gates {
    fn gate(&self) -> oneshot::Sender<()> {
        let (open, opened) = oneshot::channel();
        self.0.lock().unwrap().push(opened);
        open
    }

    /// A handler that notes its batches, and ends each when the next gate is open.
    fn batches(&self, size: usize, seen: &Seen) -> SubscriptionSpec {
        let (gates, seen) = (self.clone(), seen.clone());
        on::<u32>().batch(size, AGES).call_async(move |batch| {
            seen.note(&batch);
            let gate = gates.0.lock().unwrap().remove(0);
            async move {
                let _ = gate.await;
                drop(batch);
            }
        })
    }
}

#[actix::test]
async fn in_order_one_batch_is_handled_at_a_time() {
    let (seen, gates) = (Seen::default(), Gates::default());
    let bus = inline(gates.batches(2, &seen).in_order());
    let opens: Vec<_> = (0..3).map(|_| gates.gate()).collect();
    bus.emit(0..6);
    for (n, open) in (0_u32..).zip(opens) {
        settle().await;
        assert_eq!(seen.take(), [[2 * n, 2 * n + 1]]);
        open.send(()).unwrap();
    }
    settle().await;
    assert_eq!(bus.subscription.counts().handled, 6);
}

#[actix::test]
async fn in_order_a_drain_waits_for_the_batch_before() {
    let (seen, gates) = (Seen::default(), Gates::default());
    let bus = inline(gates.batches(2, &seen).in_order());
    let (first, second) = (gates.gate(), gates.gate());
    bus.emit(0..3);
    settle().await;
    let opening = async {
        settle().await;
        assert_eq!(seen.take(), [[0, 1]]);
        first.send(()).unwrap();
        settle().await;
        assert_eq!(seen.take(), [[2]]);
        second.send(()).unwrap();
    };
    let (left, ()) = futures::join!(bus.emitter.drain(10 * SECOND), opening);
    assert!(left.is_complete());
}

#[actix::test]
async fn in_order_what_is_tried_again_comes_before_what_waits() {
    tokio::time::pause();
    let seen = Seen::default();
    let noted = seen.clone();
    let spec = on::<u32>().batch(2, SECOND).call_async(move |batch| {
        noted.note(&batch);
        async move {
            match batch.iter().any(|n| **n < 2 && n.attempt() == 1) {
                true => Err("not yet"),
                false => Ok(()),
            }
        }
    });
    let retry = Retry::constant(SECOND / 4).attempts(3);
    let bus = inline(spec.retry(retry).in_order());
    assert_eq!(bus.ends(0..4).await, ["handled"; 4]);
    assert_eq!(seen.take(), [[0, 1], [0, 1], [2, 3]]);
}

#[actix::test]
async fn a_full_lane_drops_the_oldest_that_is_not_collected() {
    let (seen, gates) = (Seen::default(), Gates::default());
    let spec = gates.batches(2, &seen).capacity(4);
    let bus = inline(spec.overflow(Overflow::DropOldest));
    let opens = [gates.gate(), gates.gate()];
    bus.emit(0..6);
    for open in opens {
        settle().await;
        open.send(()).unwrap();
    }
    settle().await;
    assert_eq!(seen.take(), [[0, 1], [4, 5]]);
    let counts = bus.subscription.counts();
    assert_eq!((counts.handled, counts.dropped), (4, 2));
}

#[actix::test]
async fn batches_one_at_a_time_need_a_subscription_of_their_own() {
    let both = || {
        let batches = on::<u32>().batch(2, SECOND).call(|_| ());
        batches.and(on::<u8>().call(|_| ()))
    };
    let linker = Linker::start();
    assert!(linker.subscribe(both()).is_ok());
    let refused = [both().in_order(), both().overflow(Overflow::DropOldest)];
    for spec in refused {
        let error = linker.subscribe(spec).unwrap_err();
        assert_eq!(error, SubscribeError::BatchNotAlone);
    }
}

#[actix::test]
async fn a_batch_waits_in_its_lane_and_keeps_its_room() {
    let bus = inline(on::<u32>().batch(2, AGES).call(|_| ()).capacity(2));
    bus.emit([0]);
    assert_eq!(bus.subscription.counts().in_flight(), 1);
    bus.emit([1]);
    bus.emit([2]);
    let (seen, gates) = (Seen::default(), Gates::default());
    let bus = inline(gates.batches(2, &seen).capacity(2));
    let _shut = gates.gate();
    bus.emit(0..2);
    let refused = bus.emitter.emit(2_u32);
    assert_eq!(
        refused.refusals()[0].reason(),
        &Reason::LaneFull { capacity: 2 }
    );
}

#[test]
fn what_waits_when_the_linkers_arbiter_has_stopped_is_lost() {
    let bus = System::new().block_on(async { inline(on::<u32>().batch(3, AGES).call(|_| ())) });
    bus.emit(0..3);
    assert_eq!(bus.subscription.counts().lost, 3);
}

#[actix::test]
async fn no_delivery_of_a_hundred_thousand_is_lost() {
    const THREADS: u32 = 4;
    const EACH: u32 = 25_000;
    let largest = Arc::new(AtomicUsize::new(0));
    let (sum, peak) = (Arc::new(AtomicUsize::new(0)), largest.clone());
    let total = sum.clone();
    let spec = on::<u32>()
        .batch(100, Duration::from_millis(1))
        .call_blocking(move |batch: Batch<u32>| {
            peak.fetch_max(batch.len(), Ordering::Relaxed);
            let numbers = batch.iter().map(|n| **n as usize);
            total.fetch_add(numbers.sum(), Ordering::Relaxed);
        });
    let all = (THREADS * EACH) as usize;
    let bus = Bus::new(spec.capacity(all), Strategy::inline());
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let emitter = bus.emitter.clone();
            std::thread::spawn(move || {
                for n in thread * EACH..(thread + 1) * EACH {
                    assert_eq!(emitter.emit(n).accepted(), 1);
                }
            })
        })
        .collect();
    while !threads.iter().all(std::thread::JoinHandle::is_finished) {
        yield_now().await;
    }
    threads.into_iter().for_each(|t| t.join().unwrap());
    assert!(bus.emitter.drain(60 * SECOND).await.is_complete());
    assert_eq!(bus.subscription.counts().handled, all as u64);
    assert_eq!(sum.load(Ordering::Relaxed), all * (all - 1) / 2);
    assert_eq!(largest.load(Ordering::Relaxed), 100);
}

/// What the bus says of the last deliveries comes when the drain has begun already.
#[actix::test]
async fn a_drain_waits_for_no_batch_of_notices() {
    tokio::time::pause();
    let linker = Linker::start();
    let letters = on::<DeadLetter>().batch(100, AGES).call(|_| ());
    let letters = linker.subscribe(letters).unwrap();
    let failing = on::<u32>().call_async(|n: Delivery<u32>| async move {
        sleep(SECOND).await;
        n.fail("no");
    });
    linker.subscribe(failing).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    emitter.emit(1_u32);
    assert!(linker.drain(10 * SECOND).await.is_complete());
    assert_eq!(letters.counts().handled, 1);
}

#[actix::test]
async fn a_drain_waits_for_no_batch_of_what_is_delivered_again() {
    tokio::time::pause();
    for debounces in [false, true] {
        let linker = Linker::builder().dead_letters(10).start().unwrap();
        let fails = AtomicBool::new(true);
        let judge = move || match fails.swap(false, Ordering::Relaxed) {
            true => Err("no"),
            false => Ok(()),
        };
        let spec = if debounces {
            let quiet = Debounce::quiet(AGES);
            on::<u32>().call(move |_| judge()).debounce(quiet)
        } else {
            on::<u32>().batch(100, AGES).call(move |_| judge())
        };
        let subscription = linker.subscribe(spec).unwrap();
        let slow = on::<u64>().call_async(|_| sleep(SECOND));
        let emitter = Emitter::start(&linker, Strategy::inline());
        emitter.emit(1_u32);
        sleep(2 * AGES).await;
        assert_eq!(linker.dead_letters().requeue_all(|_| true), 1);
        // That takes a turn of the linker's arbiter, which comes while the drain waits.
        linker.subscribe(slow).unwrap();
        emitter.emit(1_u64);
        assert!(linker.drain(10 * SECOND).await.is_complete());
        assert_eq!(subscription.counts().handled, 1);
    }
}

#[actix::test]
async fn in_order_the_attempts_to_come_of_a_batch_keep_their_order() {
    tokio::time::pause();
    let seen = Seen::default();
    let again = seen.clone();
    let retry = Retry::constant(SECOND).jitter();
    let spec = on::<u32>().batch(8, AGES).call(move |batch: &Batch<u32>| {
        let is_first = batch.iter().all(|n| n.attempt() == 1);
        again.note(batch);
        if is_first { Err("no") } else { Ok(()) }
    });
    let bus = inline(spec.retry(retry).in_order());
    bus.emit(0..16);
    sleep(10 * SECOND).await;
    assert!(bus.emitter.drain(SECOND).await.is_complete());
    let (first, second): (Vec<_>, Vec<_>) = ((0..8).collect(), (8..16).collect());
    assert_eq!(seen.take(), [&*first, &*first, &*second, &*second]);
}
