//! What happens when as many emissions wait as may.

use std::sync::{Arc, Mutex, mpsc};
use std::task::{self, Wake, Waker};
use std::time::Duration;

use actix::prelude::*;
use futures::FutureExt;
use ventix::{Emission, Emitter, Linker, Outcome, Overflow, Reason, Report, Routing, Strategy, on};

use super::{Log, words};

/// An emitter that runs nothing before it is told to.
struct Blocked {
    emitter: Emitter,
    log: Log<u32>,
    go: mpsc::Sender<()>,
    threads: usize,
}

impl Blocked {
    /// `threads` of the strategy's own are blocked; those of this test are busy
    /// with it anyway.
    fn start(strategy: Strategy, threads: usize) -> Self {
        let linker = Linker::start();
        let (go, gate) = mpsc::channel();
        let (begin, begun) = mpsc::channel();
        let gate = Mutex::new(gate);
        linker
            .subscribe(on::<&str>().call(move |_| {
                begin.send(()).unwrap();
                // One at a time takes what opens the gate.
                loop {
                    if gate.lock().unwrap().try_recv().is_ok() {
                        break;
                    }
                    std::thread::yield_now();
                }
            }))
            .unwrap();
        let log = Log::new();
        let writer = log.clone();
        linker
            .subscribe(on::<u32>().call(move |n| writer.push(**n)))
            .unwrap();
        let emitter = Emitter::start(&linker, strategy);
        for _ in 0..threads {
            assert!(emitter.emit("block").is_complete());
            begun.recv().unwrap();
        }
        Self {
            emitter,
            log,
            go,
            threads,
        }
    }

    /// Emits each, lets go when all wait, and returns how they ended.
    async fn emit_all(&self, events: &[(u32, Option<&str>)]) -> Vec<Report> {
        self.emit_all_and(events, || ()).await
    }

    /// The same, with something to do before it lets go.
    async fn emit_all_and(
        &self,
        events: &[(u32, Option<&str>)],
        meanwhile: impl FnOnce(),
    ) -> Vec<Report> {
        let emit = |(n, key): &(u32, Option<&str>)| {
            let prepared = self.emitter.prepare(*n);
            match key {
                Some(key) => prepared.key(*key).emit_and_wait().boxed_local(),
                None => prepared.emit_and_wait().boxed_local(),
            }
        };
        let mut reports: Vec<_> = events.iter().map(emit).collect();
        let mut ended: Vec<_> = reports.iter_mut().map(FutureExt::now_or_never).collect();
        meanwhile();
        self.go();
        for (ended, report) in ended.iter_mut().zip(reports) {
            if ended.is_none() {
                *ended = Some(report.await);
            }
        }
        ended.into_iter().map(Option::unwrap).collect()
    }

    fn go(&self) {
        for _ in 0..self.threads {
            self.go.send(()).unwrap();
        }
    }
}

type Make = fn() -> (Strategy, usize);

/// Every strategy with a line of its own, and how many threads to block.
const STRATEGIES: [Make; 9] = [
    || (Strategy::current(), 0),
    || (Strategy::current().in_order(), 0),
    || (Strategy::dedicated(), 1),
    || (Strategy::dedicated().in_order(), 1),
    || (Strategy::pool(2), 2),
    || (Strategy::pool(2).routing(Routing::LeastLoaded), 2),
    || (Strategy::pool(2).in_order(), 1),
    || (Strategy::blocking(2), 2),
    || (Strategy::blocking(2).in_order(), 1),
];

fn reason(report: &Report) -> Option<Reason> {
    match report.outcomes().next() {
        Some(Outcome::Refused(reason) | Outcome::Dropped(reason)) => Some(reason.clone()),
        _ => None,
    }
}

fn sorted(log: &Log<u32>) -> Vec<u32> {
    let mut entries = log.entries();
    entries.sort_unstable();
    entries
}

#[actix::test]
async fn refuse_and_drop_newest_turn_the_newcomer_away() {
    for make in STRATEGIES {
        for (overflow, expected) in [
            (Overflow::Refuse, Reason::EmitterFull { capacity: 2 }),
            (Overflow::DropNewest, Reason::DroppedNewest { capacity: 2 }),
            (
                Overflow::Wait(Duration::ZERO),
                Reason::EmitterFull { capacity: 2 },
            ),
        ] {
            let (strategy, threads) = make();
            let blocked = Blocked::start(strategy.bounded(2, overflow), threads);
            let third = || {
                let third = blocked.emitter.emit(3_u32);
                assert_eq!(third.refusal(), Some(&expected), "{:?}", blocked.emitter);
            };
            let two = [(1, None), (2, None)];
            let reports = blocked.emit_all_and(&two, third).await;
            assert!(reports.iter().all(Report::all_handled));
            assert_eq!(sorted(&blocked.log), [1, 2]);
            assert!(blocked.emitter.emit_and_wait(4_u32).await.all_handled());
        }
    }
}

#[actix::test]
async fn drop_oldest_drops_what_has_waited_longest() {
    for make in STRATEGIES {
        let (strategy, threads) = make();
        let blocked = Blocked::start(strategy.bounded(2, Overflow::DropOldest), threads);
        let reports = blocked
            .emit_all(&[(1, None), (2, None), (3, None), (4, None)])
            .await;
        let dropped = Some(Reason::DroppedOldest { capacity: 2 });
        let reasons: Vec<_> = reports.iter().map(reason).collect();
        assert_eq!(reasons, [dropped.clone(), dropped, None, None]);
        assert_eq!(words(&reports[0]), ["dropped"]);
        assert_eq!(reports[0].receipt().accepted(), 1);
        assert_eq!(sorted(&blocked.log), [3, 4], "{:?}", blocked.emitter);
    }
}

#[actix::test]
async fn coalesce_lets_the_latest_of_a_key_win() {
    for make in STRATEGIES {
        let (strategy, threads) = make();
        let blocked = Blocked::start(strategy.bounded(2, Overflow::Coalesce), threads);
        let reports = blocked
            .emit_all(&[
                (1, Some("a")),
                (2, Some("b")),
                (3, Some("a")),
                (4, Some("c")),
                (5, None),
            ])
            .await;
        let full = Some(Reason::EmitterFull { capacity: 2 });
        let reasons: Vec<_> = reports.iter().map(reason).collect();
        let expected = [Some(Reason::Coalesced), None, None, full.clone(), full];
        assert_eq!(reasons, expected, "{:?}", blocked.emitter);
        assert_eq!(words(&reports[0]), ["dropped"]);
        assert_eq!(sorted(&blocked.log), [2, 3]);
    }
}

#[actix::test]
async fn a_custom_strategy_that_drops_is_handed_one_at_a_time() {
    #[derive(Default)]
    struct Hold(Option<Emission>);

    impl Actor for Hold {
        type Context = Context<Self>;
    }

    impl Handler<Emission> for Hold {
        type Result = ();

        fn handle(&mut self, emission: Emission, _: &mut Context<Self>) {
            assert!(self.0.is_none(), "one at a time");
            self.0 = Some(emission);
        }
    }

    #[derive(Message)]
    #[rtype(result = "bool")]
    struct Release;

    impl Handler<Release> for Hold {
        type Result = bool;

        fn handle(&mut self, _: Release, _: &mut Context<Self>) -> bool {
            self.0.take().map(Emission::run).is_some()
        }
    }

    let linker = Linker::start();
    let log = Log::new();
    let writer = log.clone();
    linker
        .subscribe(on::<u32>().call(move |n| writer.push(**n)))
        .unwrap();
    let hold = Hold::default().start();
    let strategy = Strategy::custom(hold.clone().recipient());
    let emitter = Emitter::start(&linker, strategy.bounded(2, Overflow::DropOldest));
    assert!(emitter.emit(1_u32).is_complete());
    for _ in 0..20 {
        actix_rt::task::yield_now().await;
    }
    // The actor holds the first, which cannot be taken back.
    for n in 2..=4_u32 {
        assert!(emitter.emit(n).is_complete());
    }
    while log.entries().len() < 2 {
        let _ = hold.send(Release).await.unwrap();
    }
    assert_eq!(log.entries(), [1, 4]);
}

#[actix::test]
async fn those_that_wait_for_room_get_it_in_their_order() {
    let linker = Linker::start();
    let log = Log::new();
    let writer = log.clone();
    linker
        .subscribe(on::<u32>().call(move |n| writer.push(**n)))
        .unwrap();
    let wait = Overflow::Wait(Duration::from_secs(60));
    let emitter = Emitter::start(&linker, Strategy::current().bounded(1, wait));
    assert!(emitter.emit(0_u32).is_complete());
    let mut waiting: Vec<_> = (1..=4_u32)
        .map(|n| Box::pin(emitter.emit_when_ready(n)))
        .collect();
    for waiting in &mut waiting {
        assert!(waiting.as_mut().now_or_never().is_none());
    }
    let full = Reason::EmitterFull { capacity: 1 };
    assert_eq!(
        emitter.emit(9_u32).refusal(),
        Some(&full),
        "`emit` never waits"
    );
    // The second goes away while it waits: its turn is the next one's.
    drop(waiting.remove(1));
    for receipt in futures::future::join_all(waiting).await {
        assert!(receipt.is_complete());
    }
    assert!(emitter.emit_and_wait(5_u32).await.all_handled());
    assert_eq!(log.entries(), [0, 1, 3, 4, 5]);
}

#[actix::test]
async fn patience_ends_and_a_deadline_ends_it_sooner() {
    tokio::time::pause();
    let linker = Linker::start();
    linker
        .subscribe(on::<u32>().call_async(|_| std::future::pending::<()>()))
        .unwrap();
    let wait = Overflow::Wait(Duration::from_secs(10));
    let strategy = Strategy::current().in_order().bounded(1, wait);
    let emitter = Emitter::start(&linker, strategy);
    assert!(emitter.emit_when_ready(1_u32).await.is_complete());
    assert!(emitter.emit_when_ready(2_u32).await.is_complete());
    let begin = actix::clock::Instant::now();
    let report = emitter.emit_and_wait(3_u32).await;
    assert_eq!(
        report.receipt().refusal(),
        Some(&Reason::EmitterFull { capacity: 1 })
    );
    assert_eq!(words(&report), ["refused"]);
    assert_eq!(begin.elapsed().as_secs(), 10);
    let soon = emitter.prepare(3_u32).expires_in(Duration::from_secs(3));
    assert_eq!(
        soon.emit_when_ready().await.refusal(),
        Some(&Reason::Expired)
    );
    assert_eq!(begin.elapsed().as_secs(), 13);
    // One that begins to wait when the emitter is shut is told at once.
    assert_eq!(emitter.drain(Duration::ZERO).await.emissions(), 2);
    let shut = emitter.emit_when_ready(4_u32).await;
    assert_eq!(shut.refusal(), Some(&Reason::ShuttingDown));
    assert_eq!(begin.elapsed().as_secs(), 13);
}

#[actix::test]
async fn off_an_arbiter_one_waits_by_the_linkers_clock() {
    let linker = Linker::start();
    linker
        .subscribe(on::<u32>().call_async(|_| std::future::pending::<()>()))
        .unwrap();
    let wait = Overflow::Wait(Duration::from_millis(5));
    let strategy = Strategy::current().in_order().bounded(1, wait);
    let emitter = Emitter::start(&linker, strategy);
    assert!(emitter.emit_when_ready(1_u32).await.is_complete());
    assert!(emitter.emit_when_ready(2_u32).await.is_complete());
    let (tell, told) = futures::channel::oneshot::channel();
    let thread = std::thread::spawn(move || {
        let receipt = futures::executor::block_on(emitter.emit_when_ready(3_u32));
        tell.send(receipt.refusal().cloned()).unwrap();
    });
    let refusal = told.await.unwrap();
    assert_eq!(refusal, Some(Reason::EmitterFull { capacity: 1 }));
    thread.join().unwrap();
}

#[actix::test]
async fn the_waiting_calls_emit_nothing_before_they_are_polled() {
    let linker = Linker::start();
    let log = Log::new();
    let writer = log.clone();
    linker
        .subscribe(on::<u32>().call(move |n| writer.push(**n)))
        .unwrap();
    for strategy in [Strategy::inline(), Strategy::current()] {
        let emitter = Emitter::start(&linker, strategy);
        drop(emitter.emit_when_ready(1_u32));
        drop(emitter.prepare(2_u32).emit_when_ready());
        drop(emitter.emit_and_wait(3_u32));
        assert!(emitter.emit_and_wait(4_u32).await.all_handled());
    }
    assert_eq!(log.entries(), [4, 4]);
}

#[actix::test]
async fn the_bound_holds_under_threads() {
    let linker = Linker::start();
    linker.subscribe(on::<u32>().call(|_| ())).unwrap();
    for overflow in [
        Overflow::Refuse,
        Overflow::DropOldest,
        Overflow::Wait(Duration::ZERO),
    ] {
        let emitter = Emitter::start(&linker, Strategy::current().bounded(100, overflow));
        let refused = Arc::new(Mutex::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for n in 0..1_000_u32 {
                        *refused.lock().unwrap() += usize::from(!emitter.emit(n).is_complete());
                    }
                });
            }
        });
        // This arbiter has run nothing meanwhile.
        let expected = if overflow == Overflow::DropOldest {
            0
        } else {
            3_900
        };
        assert_eq!(*refused.lock().unwrap(), expected, "{overflow:?}");
        assert!(emitter.drain(Duration::from_secs(10)).await.is_complete());
    }
}

#[actix::test]
async fn a_lane_that_one_waits_for_lifts_no_bound_of_the_emitter() {
    for make in STRATEGIES {
        for overflow in [Overflow::Refuse, Overflow::DropNewest, Overflow::DropOldest] {
            let (strategy, threads) = make();
            let blocked = Blocked::start(strategy.bounded(2, overflow), threads);
            let wait = Overflow::Wait(Duration::from_secs(3_600));
            let lane = on::<u32>().call_async(async |_| ()).overflow(wait);
            let lane = blocked.emitter.linker().subscribe(lane).unwrap();
            let emitting = (0..50_u32).map(|n| {
                let receipt = blocked.emitter.emit_when_ready(n).now_or_never();
                receipt.expect("there is room in the lane")
            });
            let accepted = emitting.filter(ventix::Receipt::is_complete).count();
            let expected = if overflow == Overflow::DropOldest {
                50
            } else {
                2
            };
            assert_eq!(accepted, expected, "{overflow:?} {:?}", blocked.emitter);
            blocked.go();
            let drained = blocked.emitter.drain(Duration::from_secs(20)).await;
            assert!(drained.is_complete());
            assert_eq!(blocked.log.entries().len(), 2, "{overflow:?}");
            assert_eq!(lane.counts().handled, 2);
        }
    }
}

#[actix::test]
async fn one_that_waits_for_a_lane_holds_its_place_and_gives_it_back() {
    let linker = Linker::start();
    let wait = Overflow::Wait(Duration::from_secs(3_600));
    let lane = on::<u32>().call_async(|_| std::future::pending::<()>());
    linker.subscribe(lane.capacity(1).overflow(wait)).unwrap();
    linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    let strategy = Strategy::current().bounded(1, Overflow::Refuse);
    let emitter = Emitter::start(&linker, strategy);
    assert!(emitter.emit_when_ready(1_u32).await.is_complete());
    // It runs, and so waits no longer.
    while emitter.emit_and_wait(1_u8).await.handled() == 0 {
        actix_rt::task::yield_now().await;
    }
    let mut waiting = Box::pin(emitter.emit_when_ready(2_u32));
    assert!(waiting.as_mut().now_or_never().is_none());
    let full = Reason::EmitterFull { capacity: 1 };
    assert_eq!(emitter.emit(2_u8).refusal(), Some(&full));
    drop(waiting);
    assert!(emitter.emit_and_wait(3_u8).await.all_handled());
    let late = emitter.prepare(3_u32).expires_in(Duration::from_millis(5));
    assert_eq!(
        late.emit_when_ready().await.refusal(),
        Some(&Reason::Expired)
    );
    assert!(emitter.emit_and_wait(4_u8).await.all_handled());
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

#[actix::test]
async fn whoever_drops_the_oldest_suffers_nothing_from_its_drop() {
    let linker = Linker::start();
    linker.subscribe(on::<Bomb>().call(|_| ())).unwrap();
    linker.subscribe(on::<u32>().call(|_| ())).unwrap();
    let strategy = Strategy::current().bounded(1, Overflow::DropOldest);
    let emitter = Emitter::start(&linker, strategy);
    assert!(emitter.emit(Bomb).is_complete());
    assert!(emitter.emit(1_u32).is_complete());
    assert!(emitter.emit_and_wait(2_u32).await.all_handled());
}

/// A waker of a careless executor.
struct Careless;

impl Wake for Careless {
    fn wake(self: Arc<Self>) {
        panic!("woken");
    }
}

#[actix::test]
async fn a_waker_that_panics_loses_no_emission() {
    let linker = Linker::start();
    linker.subscribe(on::<u32>().call(|_| ())).unwrap();
    let wait = Overflow::Wait(Duration::from_secs(3_600));
    let strategy = Strategy::current().bounded(1, wait);
    let emitter = Emitter::start(&linker, strategy.clone());
    let waker = Waker::from(Arc::new(Careless));
    let mut careless = task::Context::from_waker(&waker);
    // When the one before starts to run, and when all are sent on to the next gear.
    for switches in [false, true] {
        let mut first = Box::pin(emitter.emit_and_wait(1_u32));
        assert!(first.as_mut().now_or_never().is_none());
        let mut two = [2_u32, 3].map(|n| Box::pin(emitter.emit_when_ready(n)));
        for waiting in &mut two {
            assert!(waiting.as_mut().poll(&mut careless).is_pending());
        }
        if switches {
            emitter.switch(strategy.clone()).await.unwrap();
        }
        assert_eq!(words(&first.await), ["handled"]);
        for waiting in two {
            assert!(waiting.await.is_complete());
        }
        let report = emitter.emit_and_wait(4_u32).await;
        assert_eq!(words(&report), ["handled"]);
    }
}
