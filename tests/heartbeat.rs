//! Arbiters that do not answer are noticed.
//!
//! The tests take turns: one counts the threads of the process, and all of them
//! want theirs to be in time.
#![cfg(target_os = "linux")]

mod support;

use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use actix::prelude::*;
use actix_rt::time::timeout;
use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use tokio::sync::Mutex;
use ventix::{ArbiterBlocked, Delivery, Emitter, Linker, StartError, Strategy, on};

use support::until;

/// Lets one test run at a time.
static TURN: Mutex<()> = Mutex::const_new(());

/// Long enough for a healthy arbiter on a busy machine.
const PERIOD: Duration = Duration::from_millis(200);

/// How many heartbeats have a thread in this process. The kernel cuts their names
/// after 15 bytes.
fn heartbeats() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let name = |task: std::io::Result<std::fs::DirEntry>| {
        // A thread may end between the listing and the look.
        std::fs::read_to_string(task.ok()?.path().join("comm")).ok()
    };
    let names = tasks.filter_map(name);
    names
        .filter(|name| name.trim_end() == "ventix-heartbea")
        .count()
}

/// What is told of blocked arbiters, wherever that happens.
fn told(linker: &Linker) -> UnboundedReceiver<ArbiterBlocked> {
    let (tell, told) = unbounded();
    let tell = on::<ArbiterBlocked>().call(move |it| {
        let _ = tell.unbounded_send(it.event().clone());
    });
    linker.subscribe(tell).unwrap();
    told
}

/// Blocks an arbiter until the sender is dropped.
fn block(arbiter: &ArbiterHandle) -> Sender<()> {
    let (open, gate) = channel::<()>();
    assert!(arbiter.spawn_fn(move || gate.recv().unwrap_or_default()));
    open
}

struct Worker;

impl Actor for Worker {
    type Context = Context<Self>;
}

impl Handler<Delivery<u8>> for Worker {
    type Result = ();

    fn handle(&mut self, _: Delivery<u8>, _: &mut Context<Self>) {}
}

#[actix::test]
async fn a_blocked_arbiter_is_told_once_and_again_when_it_is_blocked_again() {
    let _turn = TURN.lock().await;
    let linker = Linker::builder().heartbeat(PERIOD).start().unwrap();
    let mut told = told(&linker);
    let arbiter = Arbiter::new().handle();
    linker
        .subscribe(on::<u8>().actor_in(&arbiter, || Worker))
        .unwrap();
    for _ in 0..2 {
        let open = block(&arbiter);
        let blocked = timeout(20 * PERIOD, told.next()).await.unwrap().unwrap();
        assert_eq!(blocked.of(), "handler");
        assert!(blocked.since() >= PERIOD, "{blocked}");
        let again = timeout(5 * PERIOD, told.next()).await;
        assert!(again.is_err(), "{again:?}");
        drop(open);
        // It has answered, and been asked again.
        actix_rt::time::sleep(3 * PERIOD).await;
    }
}

#[actix::test]
async fn the_linkers_own_arbiter_is_watched_too() {
    let _turn = TURN.lock().await;
    let home = Arbiter::new().handle();
    let linker = Linker::builder()
        .heartbeat(PERIOD)
        .arbiter(&home)
        .start()
        .unwrap();
    let mut told = told(&linker);
    let _open = block(&home);
    let blocked = timeout(20 * PERIOD, told.next()).await.unwrap().unwrap();
    assert_eq!(blocked.of(), "linker");
}

#[actix::test]
async fn healthy_arbiters_and_stopped_ones_are_not_told() {
    let _turn = TURN.lock().await;
    let linker = Linker::builder().heartbeat(PERIOD).start().unwrap();
    let mut told = told(&linker);
    let (stays, stops) = (Arbiter::new(), Arbiter::new());
    let spec = on::<u8>().actor_pool_in(
        [stays.handle(), stops.handle()],
        ventix::Routing::RoundRobin,
        || Worker,
    );
    linker.subscribe(spec).unwrap();
    stops.stop();
    let emitter = Emitter::start(&linker, Strategy::inline());
    let work = async {
        loop {
            let _ = emitter.emit_and_wait(1_u8).await;
            actix_rt::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(timeout(6 * PERIOD, work).await.is_err());
    let blocked = futures::FutureExt::now_or_never(told.next());
    assert!(blocked.is_none(), "{blocked:?}");
}

#[actix::test]
async fn a_handler_on_the_blocked_arbiter_hears_of_it_later() {
    let _turn = TURN.lock().await;
    let home = Arbiter::new().handle();
    let linker = Linker::builder()
        .heartbeat(PERIOD)
        .arbiter(&home)
        .start()
        .unwrap();
    let (tell, mut hears) = unbounded();
    let spec = on::<ArbiterBlocked>().call_async(move |it| {
        let tell = tell.clone();
        async move { tell.unbounded_send(it.of()) }
    });
    linker.subscribe(spec).unwrap();
    let open = block(&home);
    assert!(timeout(5 * PERIOD, hears.next()).await.is_err());
    drop(open);
    let of = timeout(20 * PERIOD, hears.next()).await.unwrap();
    assert_eq!(of, Some("linker"));
}

#[actix::test]
async fn its_thread_ends_with_the_linker_and_is_there_only_if_asked_for() {
    let _turn = TURN.lock().await;
    // Those of the tests before may be about to end.
    until("no heartbeat", || heartbeats() == 0).await;
    let silent = Linker::start();
    assert_eq!(heartbeats(), 0);
    // A period that nobody wants to wait for.
    let slow = Duration::from_secs(3_600);
    let linkers: Vec<_> = (0..3)
        .map(|_| Linker::builder().heartbeat(slow).start().unwrap())
        .collect();
    until("three heartbeats", || heartbeats() == 3).await;
    drop(linkers);
    until("no heartbeat", || heartbeats() == 0).await;
    drop(silent);
}

#[actix::test]
async fn a_period_of_nothing_is_an_error() {
    let error = Linker::builder()
        .heartbeat(Duration::ZERO)
        .start()
        .unwrap_err();
    assert_eq!(
        error,
        StartError::Zero {
            setting: "heartbeat"
        }
    );
}

#[actix::test]
async fn an_arbiter_of_many_emitters_is_told_of_once() {
    let _turn = TURN.lock().await;
    let linker = Linker::builder().heartbeat(PERIOD).start().unwrap();
    let mut told = told(&linker);
    let arbiter = Arbiter::new();
    let emitters: Vec<_> = (0..20)
        .map(|_| Emitter::start(&linker, Strategy::on(&arbiter.handle())))
        .collect();
    for _ in 0..100 {
        drop(Emitter::start(&linker, Strategy::on(&arbiter.handle())));
    }
    // They have answered once by then.
    actix_rt::time::sleep(3 * PERIOD).await;
    let gate = block(&arbiter.handle());
    let first = timeout(Duration::from_secs(10), told.next()).await;
    assert!(first.unwrap().is_some());
    assert!(timeout(3 * PERIOD, told.next()).await.is_err(), "once");
    drop((gate, emitters));
    arbiter.stop();
}
