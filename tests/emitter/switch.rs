use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use actix::prelude::*;
use futures::{FutureExt, StreamExt};
use ventix::{Emission, Emitter, Linker, Overflow, Routing, Strategy, on};

use super::{Log, Plain, words};

/// What one thread emits, of one key, in its order.
struct Numbered {
    thread: usize,
    key: usize,
    number: usize,
}

/// Emits from several threads without a break until it is told to stop, and
/// returns how many of each thread and key were accepted.
fn flood(
    emitter: &Emitter,
    stop: &Arc<AtomicBool>,
) -> Vec<thread::JoinHandle<HashMap<(usize, usize), usize>>> {
    let emit = |thread: usize| {
        let (emitter, stop) = (emitter.clone(), stop.clone());
        thread::spawn(move || {
            let keys: Vec<Arc<str>> = (0..5).map(|key| key.to_string().into()).collect();
            let mut accepted = HashMap::new();
            for n in 0.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let key = n % keys.len();
                let number = accepted.entry((thread, key)).or_insert(0);
                let event = Numbered {
                    thread,
                    key,
                    number: *number,
                };
                if emitter
                    .prepare(event)
                    .key(keys[key].clone())
                    .emit()
                    .is_complete()
                {
                    *number += 1;
                } else {
                    // It is full: let those run that make room.
                    thread::yield_now();
                }
            }
            accepted
        })
    };
    (0..2).map(emit).collect()
}

/// Switches among strategies under load, and checks that each emission is handled
/// exactly once; and in order, if they keep it.
async fn under_load(strategies: &[Strategy], rounds: usize, keeps_order: bool) {
    let linker = Linker::start();
    let handled = Arc::new(Mutex::new(HashMap::<(usize, usize), Vec<usize>>::new()));
    let writer = handled.clone();
    linker
        .subscribe(on::<Numbered>().call(move |event| {
            let mut handled = writer.lock().unwrap();
            let of_key = handled.entry((event.thread, event.key)).or_default();
            of_key.push(event.number);
        }))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::current());
    let stop = Arc::new(AtomicBool::new(false));
    let threads = flood(&emitter, &stop);
    for round in 0..rounds {
        for strategy in strategies {
            let name = format!("{strategy:?}");
            let switching = emitter.switch(strategy.clone());
            let switched = actix_rt::time::timeout(Duration::from_secs(20), switching).await;
            switched
                .unwrap_or_else(|_| panic!("still not switched to {name} in round {round}"))
                .unwrap();
            // Let it work for a moment.
            for _ in 0..3 {
                actix_rt::task::yield_now().await;
            }
        }
    }
    stop.store(true, Ordering::Relaxed);
    let mut accepted = HashMap::new();
    for thread in threads {
        while !thread.is_finished() {
            actix_rt::task::yield_now().await;
        }
        accepted.extend(thread.join().unwrap());
    }
    assert!(emitter.drain(Duration::from_secs(20)).await.is_complete());
    let mut handled = handled.lock().unwrap();
    for (of, count) in accepted {
        let numbers = handled.remove(&of).unwrap_or_default();
        if keeps_order {
            let out_of_turn = numbers.iter().zip(0..).position(|(n, turn)| *n != turn);
            assert_eq!(out_of_turn, None, "{of:?} {numbers:?}");
        }
        let mut sorted = numbers;
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..count), "each exactly once: {of:?}");
    }
}

fn custom() -> Strategy {
    Strategy::custom(Plain.start().recipient())
}

#[actix::test]
async fn under_load_order_per_key_holds_and_each_is_handled_once() {
    let arbiter = Arbiter::new();
    let keyed = || Strategy::pool(2).routing(Routing::Keyed);
    let custom_pool = || {
        let plain = |_| Plain.start_in(&Arbiter::new()).recipient();
        Strategy::custom_pool((0..2).map(plain)).routing(Routing::Keyed)
    };
    let strategies = [
        Strategy::inline(),
        Strategy::current(),
        Strategy::inline().in_order(),
        keyed(),
        Strategy::inline(),
        custom(),
        Strategy::dedicated(),
        keyed().in_order(),
        Strategy::on(&arbiter.handle()),
        custom_pool(),
        custom().in_order(),
        Strategy::blocking(1),
        Strategy::inline(),
        Strategy::pool(2).in_order(),
        custom().bounded(4_096, Overflow::DropOldest),
        Strategy::blocking(2).in_order(),
        Strategy::current().in_order(),
        custom_pool().in_order(),
    ];
    // What drops the oldest would lose some.
    let strategies: Vec<_> = strategies
        .into_iter()
        .filter(|strategy| !format!("{strategy:?}").contains("DropOldest"))
        .collect();
    under_load(&strategies, 6, true).await;
}

#[actix::test]
async fn under_load_each_is_handled_once_by_those_that_keep_no_order() {
    let strategies = [
        Strategy::pool(2),
        Strategy::inline(),
        Strategy::pool(2).routing(Routing::LeastLoaded),
        Strategy::blocking(2),
        custom(),
        Strategy::custom_pool([Plain.start().recipient(), Plain.start().recipient()]),
        Strategy::dedicated(),
    ];
    under_load(&strategies, 6, false).await;
}

/// Keeps emissions until it is told.
#[derive(Default)]
struct Hold(Vec<Emission>);

impl Actor for Hold {
    type Context = Context<Self>;
}

impl Handler<Emission> for Hold {
    type Result = ();

    fn handle(&mut self, emission: Emission, _: &mut Context<Self>) {
        self.0.push(emission);
    }
}

#[derive(Message)]
#[rtype(result = "usize")]
enum Let {
    Run,
    Drop,
}

impl Handler<Let> for Hold {
    type Result = usize;

    fn handle(&mut self, what: Let, _: &mut Context<Self>) -> usize {
        let run = |emission: Emission| match what {
            Let::Run => emission.run(),
            Let::Drop => drop(emission),
        };
        self.0.drain(..).map(run).count()
    }
}

fn log_of(linker: &Linker) -> Log<u32> {
    let log = Log::new();
    let writer = log.clone();
    linker
        .subscribe(on::<u32>().call(move |n| writer.push(**n)))
        .unwrap();
    log
}

fn every_next() -> Vec<Strategy> {
    vec![
        Strategy::inline(),
        Strategy::inline().in_order(),
        Strategy::current(),
        Strategy::dedicated().in_order(),
        Strategy::pool(2).in_order(),
        Strategy::blocking(1),
        custom(),
        custom().in_order(),
    ]
}

#[actix::test]
async fn the_new_one_accepts_at_once_and_runs_nothing_before_the_old_one_has() {
    for next in every_next() {
        for what in [Let::Run, Let::Drop] {
            let linker = Linker::start();
            let log = log_of(&linker);
            let hold = Hold::default().start();
            let emitter = Emitter::with(&linker, hold.clone().recipient());
            assert!(emitter.emit(1_u32).is_complete());
            let mut switching = Box::pin(emitter.switch(next.clone()));
            assert!(switching.as_mut().now_or_never().is_none());
            assert!(emitter.emit(2_u32).is_complete());
            let elsewhere = emitter.clone();
            let receipt = thread::spawn(move || elsewhere.emit(3_u32)).join().unwrap();
            assert!(receipt.is_complete());
            for _ in 0..50 {
                actix_rt::task::yield_now().await;
            }
            assert!(log.entries().is_empty(), "{next:?}");
            assert!(switching.as_mut().now_or_never().is_none());
            let runs = matches!(what, Let::Run);
            assert_eq!(hold.send(what).await.unwrap(), 1);
            switching.await.unwrap();
            assert!(emitter.emit_and_wait(4_u32).await.all_handled());
            let expected: &[u32] = if runs { &[1, 2, 3, 4] } else { &[2, 3, 4] };
            assert_eq!(log.entries(), expected, "{next:?}");
        }
    }
}

#[actix::test]
async fn inline_is_inline_again_after_the_hand_over() {
    let linker = Linker::start();
    let log = Log::new();
    let writer = log.clone();
    linker
        .subscribe(on::<u32>().call(move |_| writer.push(thread::current().id())))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::dedicated());
    emitter.switch(Strategy::inline()).await.unwrap();
    let caller = thread::spawn(move || {
        assert!(emitter.emit(1_u32).is_complete());
        thread::current().id()
    });
    let caller = caller.join().unwrap();
    assert_eq!(log.entries(), [caller]);
}

#[actix::test]
async fn a_switch_that_nobody_waits_for_is_carried_out_all_the_same() {
    for next in every_next() {
        let linker = Linker::start();
        let log = log_of(&linker);
        let hold = Hold::default().start();
        let emitter = Emitter::with(&linker, hold.clone().recipient());
        assert!(emitter.emit(1_u32).is_complete());
        drop(emitter.switch(Strategy::pool(0)));
        drop(emitter.switch(next.clone()));
        assert!(emitter.emit(2_u32).is_complete(), "nothing has begun");
        let mut switching = Box::pin(emitter.switch(next.clone()));
        assert!(switching.as_mut().now_or_never().is_none());
        drop(switching);
        let mut third = Box::pin(emitter.emit_and_wait(3_u32));
        assert!(third.as_mut().now_or_never().is_none());
        assert_eq!(hold.send(Let::Run).await.unwrap(), 2);
        assert!(third.await.all_handled(), "{next:?}");
        assert_eq!(log.entries(), [1, 2, 3]);
    }
}

#[actix::test]
async fn switches_that_come_together_are_carried_out_one_after_the_other() {
    let linker = Linker::start();
    let log = log_of(&linker);
    let hold = Hold::default().start();
    let emitter = Emitter::with(&linker, hold.clone().recipient());
    let mut switches = Vec::new();
    for (n, next) in (0_u32..).zip(every_next()) {
        assert!(emitter.emit(n).is_complete());
        let mut switching = Box::pin(emitter.switch(next));
        assert!(switching.as_mut().now_or_never().is_none());
        switches.push(switching);
    }
    let count = u32::try_from(switches.len()).unwrap();
    assert_eq!(hold.send(Let::Run).await.unwrap(), 1);
    for switched in futures::future::join_all(switches).await {
        switched.unwrap();
    }
    assert!(emitter.emit_and_wait(count).await.all_handled());
    assert_eq!(log.entries(), (0..=count).collect::<Vec<_>>());
}

#[actix::test]
async fn when_the_old_arbiter_dies_the_new_one_goes_on() {
    for next in every_next() {
        let linker = Linker::start();
        let log = log_of(&linker);
        let (go, gate) = std::sync::mpsc::channel::<()>();
        let (begin, begun) = std::sync::mpsc::channel();
        let gate = Mutex::new(gate);
        linker
            .subscribe(on::<&str>().call(move |_| {
                begin.send(()).unwrap();
                let _ = gate.lock().unwrap().recv();
            }))
            .unwrap();
        let arbiter = Arbiter::new();
        let emitter = Emitter::start(&linker, Strategy::on(&arbiter.handle()));
        assert!(emitter.emit("block").is_complete());
        begun.recv().unwrap();
        let mut lost = Box::pin(emitter.emit_and_wait(1_u32));
        assert!(lost.as_mut().now_or_never().is_none());
        let mut switching = Box::pin(emitter.switch(next.clone()));
        assert!(switching.as_mut().now_or_never().is_none());
        let mut next_one = Box::pin(emitter.emit_and_wait(2_u32));
        assert!(next_one.as_mut().now_or_never().is_none());
        arbiter.stop();
        drop(go);
        switching.await.unwrap();
        assert!(next_one.await.all_handled(), "{next:?}");
        let ended = words(&lost.await);
        assert!(ended == ["lost"] || ended == ["handled"], "{ended:?}");
        assert_eq!(log.entries().last(), Some(&2));
    }
}

#[actix::test]
async fn a_handler_may_begin_a_switch_of_its_own_emitter() {
    for next in every_next() {
        let linker = Linker::start();
        let log = log_of(&linker);
        let to = next.clone();
        linker
            .subscribe(on::<u8>().call(move |n| {
                let switching = n.emitter();
                let switched = switching.switch(to.clone()).now_or_never();
                assert!(switched.is_none(), "its own emission is still running");
                assert!(n.emitter().emit(1_u32).is_complete());
            }))
            .unwrap();
        let emitter = Emitter::start(&linker, Strategy::current());
        assert!(emitter.emit_and_wait(1_u8).await.all_handled());
        assert!(emitter.emit_and_wait(2_u32).await.all_handled());
        assert_eq!(log.entries(), [1, 2], "{next:?}");
    }
}

#[actix::test]
async fn those_that_wait_for_room_go_on_to_the_new_one() {
    let linker = Linker::start();
    let log = log_of(&linker);
    let hold = Hold::default().start();
    let wait = Overflow::Wait(Duration::from_secs(60));
    let strategy = Strategy::custom(hold.clone().recipient()).bounded(1, wait);
    let emitter = Emitter::start(&linker, strategy);
    assert!(emitter.emit(1_u32).is_complete());
    let mut second = Box::pin(emitter.emit_and_wait(2_u32));
    assert!(second.as_mut().now_or_never().is_none());
    let mut switching = Box::pin(emitter.switch(Strategy::current()));
    assert!(switching.as_mut().now_or_never().is_none());
    // It has a place with the new one now.
    assert!(second.as_mut().now_or_never().is_none());
    assert_eq!(hold.send(Let::Run).await.unwrap(), 1);
    switching.await.unwrap();
    assert!(second.await.all_handled());
    assert_eq!(log.entries(), [1, 2]);
}

#[actix::test]
async fn an_old_delivery_emits_through_the_new_one() {
    let linker = Linker::start();
    let (tell, told) = futures::channel::mpsc::unbounded();
    let (go, gate) = futures::channel::oneshot::channel::<()>();
    let gate = Mutex::new(Some(gate));
    linker
        .subscribe(on::<u8>().call_async(move |n| {
            let gate = gate.lock().unwrap().take().unwrap();
            async move {
                gate.await.unwrap();
                assert!(n.emitter().emit(1_u16).is_complete());
            }
        }))
        .unwrap();
    let emissions = Arc::new(AtomicUsize::new(0));
    let counter = emissions.clone();
    linker
        .subscribe(on::<u16>().call(move |_| {
            counter.fetch_add(1, Ordering::SeqCst);
            tell.unbounded_send(()).unwrap();
        }))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::dedicated());
    assert!(emitter.emit(1_u8).is_complete());
    emitter.switch(Strategy::pool(2)).await.unwrap();
    emitter.switch(Strategy::current()).await.unwrap();
    // Only the old delivery is left of it all.
    drop(emitter);
    go.send(()).unwrap();
    let mut told = told;
    told.next().await.unwrap();
    assert_eq!(emissions.load(Ordering::SeqCst), 1);
}

/// Waits for what would otherwise never come.
async fn in_time<F: Future>(what: &str, future: F) -> F::Output {
    let timed = actix_rt::time::timeout(Duration::from_secs(20), future).await;
    timed.unwrap_or_else(|_| panic!("it never came: {what}"))
}

fn every_in_order() -> Vec<Strategy> {
    let keyed = || Strategy::pool(2).routing(Routing::Keyed);
    [
        Strategy::inline(),
        Strategy::current(),
        Strategy::dedicated(),
        Strategy::pool(2),
        keyed(),
        Strategy::blocking(2),
        custom(),
    ]
    .map(Strategy::in_order)
    .to_vec()
}

/// A gate that one handler waits at.
fn gate() -> (
    futures::channel::oneshot::Sender<()>,
    Mutex<Option<futures::channel::oneshot::Receiver<()>>>,
) {
    let (go, gate) = futures::channel::oneshot::channel();
    (go, Mutex::new(Some(gate)))
}

#[actix::test]
async fn a_handler_may_wait_for_what_it_emits_while_its_strategy_hands_over() {
    let wait = Overflow::Wait(Duration::from_secs(3_600));
    let bounded = |strategy: Strategy| [strategy.clone(), strategy.bounded(1, wait)];
    for old in every_in_order().into_iter().flat_map(bounded) {
        for next in [Strategy::inline(), old.clone()] {
            let linker = Linker::start();
            let (go, gate) = gate();
            linker
                .subscribe(on::<u8>().call_async(move |n| {
                    let gate = gate.lock().unwrap().take().unwrap();
                    async move {
                        gate.await.unwrap();
                        let nested = n.emitter().emit_and_wait(7_u16).await;
                        assert_eq!(words(&nested), ["handled"]);
                    }
                }))
                .unwrap();
            // And what is nested in that.
            linker
                .subscribe(on::<u16>().call_async(async |n| {
                    assert!(n.emitter().emit_and_wait(1_u32).await.all_handled());
                }))
                .unwrap();
            let log = log_of(&linker);
            let emitter = Emitter::start(&linker, old.clone());
            // What has no key is in no order in a keyed pool.
            let keyed = |n: u32| emitter.prepare(n).key("the same");
            let first = emitter.emit_and_wait(1_u8);
            let switches = async {
                let mut twice = [next.clone(), next.clone()].map(|next| {
                    let mut switching = Box::pin(emitter.switch(next));
                    assert!(switching.as_mut().now_or_never().is_none());
                    switching
                });
                assert!(keyed(2).emit().is_complete());
                go.send(()).unwrap();
                for switching in &mut twice {
                    switching.await.unwrap();
                }
            };
            let both = futures::future::join(first, switches);
            let (first, ()) = in_time(&format!("{old:?}"), both).await;
            assert_eq!(words(&first), ["handled"], "{old:?}");
            assert!(keyed(3).emit_and_wait().await.all_handled());
            assert_eq!(log.entries(), [1, 2, 3], "{old:?}");
        }
    }
}

#[actix::test]
async fn what_is_nested_comes_right_after_its_cause_while_that_hands_over() {
    for old in every_in_order() {
        for waits_for_room in [false, true] {
            let linker = Linker::start();
            let (go, gate) = gate();
            let log = Log::new();
            let writer = log.clone();
            linker
                .subscribe(on::<u8>().call_async(move |n| {
                    let (gate, log) = (gate.lock().unwrap().take(), writer.clone());
                    async move {
                        log.push(u16::from(*n));
                        if let Some(gate) = gate {
                            gate.await.unwrap();
                            let receipt = if waits_for_room {
                                n.emitter().emit_when_ready(7_u16).await
                            } else {
                                n.emitter().emit(7_u16)
                            };
                            assert!(receipt.is_complete());
                        }
                    }
                }))
                .unwrap();
            let writer = log.clone();
            linker
                .subscribe(on::<u16>().call(move |n| writer.push(**n)))
                .unwrap();
            let emitter = Emitter::start(&linker, old.clone());
            let emit = |n: u8| emitter.prepare(n).key("the same").emit();
            assert!(emit(1).is_complete());
            assert!(emit(2).is_complete());
            let mut switching = Box::pin(emitter.switch(Strategy::current()));
            assert!(switching.as_mut().now_or_never().is_none());
            assert!(emit(3).is_complete());
            go.send(()).unwrap();
            in_time(&format!("{old:?}"), switching).await.unwrap();
            assert!(emitter.drain(Duration::from_secs(20)).await.is_complete());
            assert_eq!(log.entries(), [1, 7, 2, 3], "{old:?}");
        }
    }
}

#[actix::test]
async fn a_thread_may_be_blocked_by_what_it_emits_while_its_strategy_hands_over() {
    for old in [
        Strategy::inline(),
        Strategy::inline().in_order(),
        Strategy::blocking(2),
        Strategy::blocking(2).in_order(),
        Strategy::dedicated().in_order(),
    ] {
        let linker = Linker::start();
        let (go, gate) = std::sync::mpsc::channel::<()>();
        let (begin, begun) = std::sync::mpsc::channel();
        let (tell, mut told) = futures::channel::mpsc::unbounded();
        let gate = Mutex::new(gate);
        linker
            .subscribe(on::<u8>().call(move |n| {
                begin.send(()).unwrap();
                gate.lock().unwrap().recv().unwrap();
                let nested = n.emitter();
                let nested = futures::executor::block_on(nested.emit_and_wait(7_u16));
                tell.unbounded_send(words(&nested)).unwrap();
            }))
            .unwrap();
        linker.subscribe(on::<u16>().call(|_| ())).unwrap();
        let log = log_of(&linker);
        let emitter = Emitter::start(&linker, old.clone());
        let elsewhere = emitter.clone();
        thread::spawn(move || assert!(elsewhere.emit(1_u8).is_complete()));
        begun.recv().unwrap();
        let mut switching = Box::pin(emitter.switch(Strategy::current()));
        assert!(switching.as_mut().now_or_never().is_none());
        assert!(emitter.emit(1_u32).is_complete());
        go.send(()).unwrap();
        let name = format!("{old:?}");
        let told = in_time(&name, told.next()).await;
        assert_eq!(told, Some(vec!["handled"]), "{name}");
        in_time(&name, switching).await.unwrap();
        assert!(emitter.emit_and_wait(2_u32).await.all_handled());
        assert_eq!(log.entries(), [1, 2], "{name}");
    }
}

#[actix::test]
async fn a_switch_refuses_nothing_that_there_is_room_for() {
    let linker = Linker::start();
    linker.subscribe(on::<u32>().call(|_| ())).unwrap();
    let wait = Overflow::Wait(Duration::from_secs(60));
    let roomy = |strategy: Strategy| strategy.bounded(100_000, wait);
    let emitter = Emitter::start(&linker, roomy(Strategy::current()));
    let emitting = (0..3).map(|_| {
        let emitter = emitter.clone();
        thread::spawn(move || {
            let refused = |n| emitter.emit(n).refusal().cloned();
            (0..20_000_u32).find_map(refused)
        })
    });
    let emitting: Vec<_> = emitting.collect();
    while !emitting.iter().all(thread::JoinHandle::is_finished) {
        // All but the last go on by themselves.
        for _ in 0..50 {
            let _ = emitter.switch(roomy(Strategy::current())).now_or_never();
        }
        let switching = emitter.switch(roomy(Strategy::current()));
        in_time("a switch", switching).await.unwrap();
    }
    for thread in emitting {
        assert_eq!(thread.join().unwrap(), None);
    }
    assert!(emitter.drain(Duration::from_secs(20)).await.is_complete());
}

#[actix::test]
async fn any_number_of_switches_may_wait_for_one_emission() {
    let linker = Linker::start();
    let log = log_of(&linker);
    let hold = Hold::default().start();
    let emitter = Emitter::with(&linker, hold.clone().recipient());
    assert!(emitter.emit(1_u32).is_complete());
    for _ in 0..20_000 {
        let switching = emitter.switch(Strategy::inline());
        assert!(switching.now_or_never().is_none());
    }
    assert!(emitter.emit(2_u32).is_complete());
    assert_eq!(hold.send(Let::Run).await.unwrap(), 1);
    let last = emitter.emit_and_wait(3_u32);
    assert!(in_time("the last one", last).await.all_handled());
    assert_eq!(log.entries(), [1, 2, 3]);
}

#[actix::test]
async fn patience_is_one_for_all_strategies_that_one_waits_for() {
    tokio::time::pause();
    let linker = Linker::start();
    let log = log_of(&linker);
    let hold = Hold::default().start();
    let wait = Overflow::Wait(Duration::from_secs(10));
    let strategy = Strategy::custom(hold.clone().recipient()).bounded(1, wait);
    let emitter = Emitter::start(&linker, strategy.clone());
    assert!(emitter.emit(1_u32).is_complete());
    let begin = actix::clock::Instant::now();
    let mut waiting = Box::pin(emitter.emit_when_ready(9_u32));
    for n in [2_u32, 3] {
        let few = Duration::from_secs(4);
        let still = actix_rt::time::timeout(few, waiting.as_mut()).await;
        assert!(still.is_err(), "there is no room");
        let switching = emitter.switch(strategy.clone());
        assert!(switching.now_or_never().is_none());
        // It takes the room before the other one gets there.
        assert!(emitter.emit(n).is_complete());
    }
    let full = ventix::Reason::EmitterFull { capacity: 1 };
    assert_eq!(waiting.await.refusal(), Some(&full));
    assert_eq!(begin.elapsed().as_secs(), 10);
    while log.entries().len() < 3 {
        hold.send(Let::Run).await.unwrap();
    }
    assert_eq!(log.entries(), [1, 2, 3]);
}
