//! A user's code may panic, hold on to things and hand things back in odd places.
//! One delivery may suffer from it; the others never do.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::task::{Wake, Waker};
use std::time::Duration;

use actix::prelude::*;
use ventix::{
    BoxError, DeadLetter, Debounce, Delivery, Emission, EmitAll, Emitter, HandlerGone, Linker,
    Outcome, Overflow, Reason, Report, Strategy, WhenPaused, on,
};

fn words(report: &Report) -> Vec<&'static str> {
    report.iter().map(|line| line.outcome().as_str()).collect()
}

/// Waits for a report, ten seconds at most: what is tested here might hang.
async fn within(report: impl Future<Output = Report>) -> Report {
    let report = actix_rt::time::timeout(Duration::from_secs(10), report);
    report.await.expect("every delivery ends")
}

/// Panics when it is dropped.
#[derive(Debug, Clone)]
struct Grenade;

impl Drop for Grenade {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("dropped");
        }
    }
}

/// Panics when it is printed.
#[derive(Debug)]
struct Unprintable;

impl fmt::Display for Unprintable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("printed");
    }
}

impl Error for Unprintable {}

/// Panics when it becomes an error.
struct Inconvertible;

impl From<Inconvertible> for BoxError {
    fn from(_: Inconvertible) -> Self {
        panic!("converted");
    }
}

fn strategies() -> [Strategy; 2] {
    [Strategy::inline(), Strategy::current()]
}

#[actix::test]
async fn a_callback_may_hand_its_delivery_back_as_error_or_answer() {
    for strategy in strategies() {
        let linker = Linker::start();
        let (sender, receiver) = channel();
        drop(receiver);
        let send = sender.clone();
        linker
            .subscribe(on::<u8>().call_blocking(move |n| send.send(n)).capacity(1))
            .unwrap();
        let send = sender.clone();
        let spec = on::<u8>().call_async(move |n| std::future::ready(send.send(n)));
        linker.subscribe(spec.capacity(1)).unwrap();
        let spec = on::<u8>().call_async(async |n| Ok::<_, BoxError>(n));
        linker.subscribe(spec.capacity(1)).unwrap();
        let emitter = Emitter::start(&linker, strategy);
        for _ in 0..3 {
            let report = within(emitter.emit_and_wait(1_u8)).await;
            assert_eq!(words(&report), ["failed", "failed", "handled"]);
        }
    }
}

#[actix::test]
async fn who_a_callback_passes_its_delivery_on_to_decides_how_it_ends() {
    let linker = Linker::start();
    let (sender, receiver) = channel::<Delivery<u8>>();
    linker
        .subscribe(on::<u8>().call_blocking(move |n| sender.send(n).unwrap_or(())))
        .unwrap();
    let worker = std::thread::spawn(move || {
        for n in receiver {
            match *n {
                0 => n.fail("zero"),
                1 => drop(n),
                _ => drop(std::panic::catch_unwind(std::panic::AssertUnwindSafe(
                    || {
                        let _held = n;
                        panic!("in hand");
                    },
                ))),
            }
        }
    });
    let emitter = Emitter::start(&linker, Strategy::inline());
    assert_eq!(
        words(&within(emitter.emit_and_wait(0_u8)).await),
        ["failed"]
    );
    assert_eq!(
        words(&within(emitter.emit_and_wait(1_u8)).await),
        ["handled"]
    );
    assert_eq!(
        words(&within(emitter.emit_and_wait(2_u8)).await),
        ["panicked"]
    );
    linker.clear();
    drop(emitter);
    worker.join().unwrap();
}

#[actix::test]
async fn a_panic_outside_of_a_handler_leaves_the_other_deliveries_alone() {
    let lines = tracing_subscriber::fmt()
        .with_writer(std::io::sink)
        .finish();
    let _guard = tracing::subscriber::set_default(lines);
    for strategy in strategies() {
        let linker = Linker::builder().debug(true).start().unwrap();
        let answer = || Ok::<_, BoxError>(Grenade);
        linker
            .subscribe(on::<u8>().call(move |_| answer()))
            .unwrap();
        linker
            .subscribe(on::<u8>().call(|_| Err::<(), _>(Unprintable)))
            .unwrap();
        linker
            .subscribe(on::<u8>().call(|_| Err::<(), _>(Inconvertible)))
            .unwrap();
        linker
            .subscribe(on::<u8>().call_async(async |_| Err::<(), _>(Inconvertible)))
            .unwrap();
        linker
            .subscribe(on::<u8>().call(|_| std::panic::panic_any(Grenade)))
            .unwrap();
        let held = Grenade;
        let spec = on::<u16>()
            .call(move |_| {
                let _ = &held;
            })
            .and(on::<u8>().call(|_| ()))
            .once();
        linker.subscribe(spec).unwrap();
        linker.subscribe(on::<u8>().call(|_| ())).unwrap();
        let emitter = Emitter::start(&linker, strategy);

        // Nobody takes the answer: it is dropped where the delivery ends.
        assert_eq!(emitter.emit(1_u8).accepted(), 7);
        while linker.subscription_count() > 6 {
            actix_rt::task::yield_now().await;
        }
        // The answer goes to the report, whose reader may drop it as it likes.
        let report = within(emitter.emit_and_wait(1_u8)).await;
        let expected = [
            "handled", "failed", "panicked", "panicked", "panicked", "handled",
        ];
        assert_eq!(words(&report), expected);
        for ended in report {
            if let Outcome::Handled(reply) = ended.into_outcome() {
                std::mem::forget(reply);
            }
        }
        assert_eq!(emitter.emit(1_u8).accepted(), 6, "the emitter lives on");
    }
}

#[test]
fn another_runtime_on_an_arbiters_thread_is_no_place_for_async_callbacks() {
    let system = System::new();
    let (linker, emitter) = system.block_on(async {
        let linker = Linker::start();
        let emitter = Emitter::start(&linker, Strategy::inline());
        (linker, emitter)
    });
    linker
        .subscribe(on::<u8>().call_async(async |_| ()))
        .unwrap();
    linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    let other = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let report = other.block_on(emitter.emit_and_wait(1_u8));
    assert_eq!(words(&report), ["refused", "handled"]);
}

/// Drops every emission.
struct Careless;

impl Actor for Careless {
    type Context = Context<Self>;
}

impl Handler<Emission> for Careless {
    type Result = ();

    fn handle(&mut self, emission: Emission, _: &mut Context<Self>) {
        drop(emission);
    }
}

#[actix::test]
async fn who_hears_that_an_emission_is_lost_can_emit_again_at_once() {
    let linker = Linker::start();
    let (sender, receipts) = channel();
    let retry = on::<u8>().call(|_| ()).on_failure(move |_| sender.send(()));
    linker.subscribe(retry).unwrap();
    let emitter = Emitter::builder(&linker)
        .strategy(Strategy::custom(Careless.start().recipient()).bounded(1, Overflow::Refuse))
        .start()
        .unwrap();
    let again = emitter.clone();
    let (second, refusal) = futures::channel::oneshot::channel();
    let second = std::sync::Mutex::new(Some(second));
    let first = on::<u16>().call(|_| ()).on_failure(move |_| {
        let receipt = again.emit(1_u8);
        let second = second.lock().unwrap().take().unwrap();
        second.send(receipt.refusal().cloned()).unwrap();
    });
    linker.subscribe(first).unwrap();
    assert_eq!(words(&within(emitter.emit_and_wait(1_u16)).await), ["lost"]);
    assert_eq!(refusal.await.unwrap(), None);
    while receipts.try_recv().is_err() {
        actix_rt::task::yield_now().await;
    }
    // The handler holds its own emitter: see the crate's page, under Shutdown.
    linker.stop();
}

struct Mortal;

impl Actor for Mortal {
    type Context = Context<Self>;
}

impl Handler<Delivery<u8>> for Mortal {
    type Result = ();

    fn handle(&mut self, _: Delivery<u8>, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}

async fn dead() -> Addr<Mortal> {
    let addr = Mortal.start();
    let linker = Linker::start();
    linker.subscribe(on::<u8>().actor(addr.clone())).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    assert_eq!(
        words(&within(emitter.emit_and_wait(0_u8)).await),
        ["handled"]
    );
    while addr.connected() {
        actix_rt::task::yield_now().await;
    }
    addr
}

#[actix::test]
async fn a_second_handler_takes_over_when_the_first_has_gone() {
    let linker = Linker::start();
    let pair = on::<u8>()
        .actor(dead().await)
        .and(on::<u8>().actor(Mortal.start()));
    linker.subscribe(pair).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    assert_eq!(
        emitter.emit(1_u8).refusals()[0].reason(),
        &Reason::HandlerGone
    );
    assert!(within(emitter.emit_and_wait(2_u8)).await.all_handled());
}

#[actix::test]
async fn a_handler_that_has_gone_takes_no_place_from_one_that_lives() {
    let linker = Linker::builder().max_subscribers(1).start().unwrap();
    let links = linker.subscribe(on::<u8>().actor(dead().await)).unwrap();
    linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    assert!(!links.is_active());
    let emitter = Emitter::start(&linker, Strategy::inline());
    assert!(emitter.emit_and_wait(1_u8).await.all_handled());
    assert!(
        linker.subscribe(on::<u8>().call(|_| ())).is_err(),
        "that one lives"
    );
}

#[actix::test]
async fn a_slow_handler_delays_only_its_own_lane() {
    let linker = Linker::start();
    let (open, gate) = channel::<()>();
    let gate = std::sync::Mutex::new(gate);
    let slow = on::<u8>().call_blocking(move |_| gate.lock().unwrap().recv());
    linker.subscribe(slow.capacity(600)).unwrap();
    linker
        .subscribe(on::<u8>().call_async(|_| std::future::pending::<()>()))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    for _ in 0..600 {
        assert!(emitter.emit(1_u8).is_complete());
    }
    linker.subscribe(on::<u16>().call_blocking(|_| ())).unwrap();
    linker
        .subscribe(on::<u16>().call_async(async |_| ()))
        .unwrap();
    linker.subscribe(on::<u16>().call(|_| ())).unwrap();
    assert!(within(emitter.emit_and_wait(1_u16)).await.all_handled());
    drop(open);
}

/// Listens to one dead letter, and panics when it is dropped.
fn listen_once_and_explode(linker: &Linker) {
    let grenade = Grenade;
    let listener = on::<DeadLetter>().call(move |_| {
        let _ = &grenade;
    });
    linker.subscribe(listener.once()).unwrap();
}

#[actix::test]
async fn a_listener_of_dead_letters_that_panics_when_dropped_takes_no_report_along() {
    for strategy in strategies() {
        let linker = Linker::start();
        listen_once_and_explode(&linker);
        let fails = on::<u8>().call(|_| Err::<(), _>("no"));
        linker.subscribe(fails).unwrap();
        let emitter = Emitter::start(&linker, strategy);
        let report = within(emitter.emit_and_wait(1_u8)).await;
        assert_eq!(words(&report), ["failed"]);
    }
}

/// A strategy that runs nothing.
struct Drops;

impl Actor for Drops {
    type Context = Context<Self>;
}

impl Handler<Emission> for Drops {
    type Result = ();

    fn handle(&mut self, _: Emission, _: &mut Context<Self>) {}
}

#[actix::test]
async fn all_deliveries_of_an_emission_that_is_dropped_end_whoever_panics() {
    let linker = Linker::start();
    listen_once_and_explode(&linker);
    let idle = || on::<u8>().call_async(async |_| ()).capacity(1);
    let both = [(); 2].map(|()| linker.subscribe(idle()).unwrap());
    let emitter = Emitter::with(&linker, Drops.start().recipient());
    let report = within(emitter.emit_and_wait(1_u8)).await;
    assert_eq!(words(&report), ["lost", "lost"]);
    for subscription in both {
        assert_eq!(subscription.counts().in_flight(), 0);
    }
    assert!(emitter.emit(2_u8).is_complete(), "their places are free");
}

#[actix::test]
async fn a_listener_of_gone_handlers_that_panics_takes_no_emission_along() {
    let linker = Linker::start();
    let first = linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    linker.subscribe(on::<u8>().actor(dead().await)).unwrap();
    let grenade = Grenade;
    let listener = on::<HandlerGone>().call(move |_| {
        let _ = &grenade;
    });
    linker.subscribe(listener.once()).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    let receipt = emitter.emit(1_u8);
    assert_eq!((receipt.matched(), receipt.accepted()), (2, 1));
    assert_eq!((first.counts().handled, first.counts().in_flight()), (1, 0));
}

/// A strategy that runs what it gets.
struct Runs;

impl Actor for Runs {
    type Context = Context<Self>;
}

impl Handler<Emission> for Runs {
    type Result = ();

    fn handle(&mut self, emission: Emission, _: &mut Context<Self>) {
        emission.run();
    }
}

#[actix::test]
async fn an_event_that_panics_when_dropped_leaves_the_strategy_alive() {
    let linker = Linker::start();
    linker.subscribe(on::<Grenade>().call(|_| ())).unwrap();
    linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    let emitter = Emitter::with(&linker, Runs.start().recipient());
    emitter.emit(Grenade);
    assert!(within(emitter.emit_and_wait(1_u8)).await.all_handled());
}

/// Panics when it wakes.
struct Alarm;

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        panic!("woken");
    }
}

#[actix::test]
async fn a_waker_that_panics_takes_no_report_along() {
    let linker = Linker::start();
    let (open, gate) = futures::channel::oneshot::channel::<()>();
    let gate = futures::FutureExt::shared(gate);
    let waits = on::<u8>().call_async(move |_| {
        let gate = gate.clone();
        async move {
            let _ = gate.await;
        }
    });
    let patient = Overflow::Wait(Duration::from_secs(10));
    linker
        .subscribe(waits.capacity(1).overflow(patient))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    let mut first = Box::pin(emitter.emit_and_wait(1_u8));
    assert!(futures::poll!(first.as_mut()).is_pending());
    let mut second = Box::pin(emitter.emit_when_ready(2_u8));
    let alarm = Waker::from(Arc::new(Alarm));
    let polled = second
        .as_mut()
        .poll(&mut std::task::Context::from_waker(&alarm));
    assert!(polled.is_pending());
    drop(open);
    assert_eq!(words(&within(first).await), ["handled"]);
}

#[actix::test]
async fn a_waiting_call_that_is_given_up_leaves_no_counts() {
    let linker = Linker::start();
    let full = || {
        on::<u8>()
            .call_async(|_| std::future::pending::<()>())
            .capacity(1)
    };
    let waits = |limit| full().overflow(Overflow::Wait(limit));
    let at_once = linker.subscribe(waits(Duration::ZERO)).unwrap();
    let patient = linker.subscribe(waits(Duration::from_secs(60))).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    assert!(emitter.emit(1_u8).is_complete());
    let before = (at_once.counts(), patient.counts());
    for _ in 0..10 {
        let waits = emitter.emit_when_ready(2_u8);
        // By then the first lane has refused, and the second one is waited for.
        let given_up = actix_rt::time::timeout(Duration::from_millis(5), waits);
        assert!(given_up.await.is_err());
    }
    assert_eq!((at_once.counts(), patient.counts()), before);
}

/// One that nobody listens to, that all refuse, that is refused as a whole, and whose
/// deadline has passed: the actor that emits them lives on, and every receipt comes.
#[actix::test]
async fn an_event_that_reaches_nobody_and_panics_when_dropped_leaves_the_emitter_alive() {
    for letters in [false, true] {
        let linker = Linker::start();
        if letters {
            linker.subscribe(on::<DeadLetter>().call(|_| ())).unwrap();
        }
        let emitter = Emitter::start(&linker, Strategy::current());
        let addr = emitter.addr();
        let unheard = addr.send(EmitAll([Grenade, Grenade])).await;
        assert_eq!(unheard.expect("it lives").iter().count(), 2);
        let filtered = on::<Grenade>().filter(|_, _| false).call(|_| ());
        linker.subscribe(filtered).unwrap();
        let paused = linker.subscribe(on::<Grenade>().call(|_| ()).paused());
        let refused = addr.send(EmitAll([Grenade, Grenade])).await;
        let refused = refused.expect("it lives");
        assert!(refused.iter().all(|receipt| receipt.accepted() == 0));
        assert!(paused.unwrap().is_active());
        let late = emitter.prepare(Grenade).expires_in(Duration::ZERO).emit();
        assert_eq!(late.refusal(), Some(&Reason::Expired));
        linker.stop();
        let late = addr.send(EmitAll([Grenade])).await.expect("it lives");
        assert_eq!(late.iter().count(), 1);
    }
}

#[actix::test]
async fn an_event_that_makes_room_and_panics_when_dropped_leaves_the_newer_one_alone() {
    // Printing a panic takes its time.
    tokio::time::pause();
    let debounces = || {
        let spec = on::<Grenade>().call(|_| ());
        spec.debounce(Debounce::quiet(Duration::from_millis(1)))
    };
    let makes_room = || {
        let held = on::<Grenade>().call(|_| ()).when_paused(WhenPaused::Hold);
        held.paused().capacity(1).overflow(Overflow::DropOldest)
    };
    for spec in [debounces(), makes_room()] {
        let linker = Linker::start();
        let first = linker.subscribe(on::<Grenade>().call(|_| ())).unwrap();
        let waits = linker.subscribe(spec).unwrap();
        let last = linker.subscribe(on::<Grenade>().call(|_| ())).unwrap();
        let emitter = Emitter::start(&linker, Strategy::inline());
        for _ in 0..3 {
            assert_eq!(emitter.emit(Grenade).accepted(), 3);
        }
        assert_eq!((first.counts().handled, last.counts().handled), (3, 3));
        waits.resume();
        assert!(linker.drain(Duration::from_secs(10)).await.is_complete());
        let counts = waits.counts();
        assert_eq!((counts.handled, counts.ended()), (1, 3));
    }
}

#[actix::test]
async fn a_handler_that_panics_when_dropped_takes_no_other_along() {
    let linker = Linker::start();
    for _ in 0..2 {
        let held = Grenade;
        let holding = on::<u8>().call(move |_| {
            let _ = &held;
        });
        linker.subscribe(holding).unwrap();
    }
    assert_eq!(linker.clear(), 2);
    assert!(linker.is_empty());
}

/// An error that panics when it is dropped.
#[derive(Debug)]
struct Shrapnel {
    _held: Grenade,
}

impl fmt::Display for Shrapnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("shrapnel")
    }
}

impl Error for Shrapnel {}

#[actix::test]
async fn an_error_that_panics_when_dropped_keeps_no_letter_from_being_requeued() {
    let linker = Linker::builder().dead_letters(4).start().unwrap();
    let failing = on::<u8>().call(|n| match **n {
        0 => Ok(()),
        _ => Err(Shrapnel { _held: Grenade }),
    });
    linker.subscribe(failing).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    emitter.emit(1_u8);
    emitter.emit(2_u8);
    assert_eq!(linker.dead_letters().requeue_all(|_| true), 2);
}
