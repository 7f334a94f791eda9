use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix::prelude::*;
use ventix::{Delivery, Emitter, Linker, Reason, Strategy, on};

/// Handles what it gets at leisure.
struct Slow(Arc<AtomicUsize>);

impl Actor for Slow {
    type Context = Context<Self>;
}

impl Handler<Delivery<u32>> for Slow {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, n: Delivery<u32>, _: &mut Context<Self>) -> Self::Result {
        let counter = self.0.clone();
        Box::pin(async move {
            actix_rt::time::sleep(Duration::from_millis(2)).await;
            counter.fetch_add(1, Ordering::SeqCst);
            drop(n);
        })
    }
}

#[test]
fn after_a_drain_the_end_of_the_system_loses_nothing() {
    for (name, strategy) in super::promises::every_strategy_by_name() {
        let (handled, lost) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (counter, losses) = (handled.clone(), lost.clone());
        System::new().block_on(async move {
            let linker = Linker::builder()
                .on_failure(move |_| {
                    losses.fetch_add(1, Ordering::SeqCst);
                })
                .start()
                .unwrap();
            let (a, b) = (counter.clone(), counter.clone());
            linker
                .subscribe(on::<u32>().call(move |_| {
                    a.fetch_add(1, Ordering::SeqCst);
                }))
                .unwrap();
            linker
                .subscribe(on::<u32>().call_blocking(move |_| {
                    b.fetch_add(1, Ordering::SeqCst);
                }))
                .unwrap();
            linker
                .subscribe(on::<u32>().actor(Slow(counter).start()))
                .unwrap();
            let emitter = Emitter::start(&linker, strategy());
            for n in 0..10_u32 {
                assert!(emitter.emit(n).is_complete());
            }
            assert!(linker.drain(Duration::from_secs(20)).await.is_complete());
            System::current().stop();
        });
        assert_eq!(handled.load(Ordering::SeqCst), 30, "{name}");
        assert_eq!(lost.load(Ordering::SeqCst), 0, "{name}");
    }
}

#[actix::test]
async fn what_does_not_end_in_time_is_counted_and_may_be_waited_for_again() {
    tokio::time::pause();
    let linker = Linker::start();
    linker
        .subscribe(on::<u64>().call_async(async |seconds| {
            actix_rt::time::sleep(Duration::from_secs(*seconds)).await;
        }))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::current());
    let other = Emitter::start(&linker, Strategy::current());
    for seconds in [1_u64, 100, 200] {
        assert!(emitter.emit(seconds).is_complete());
    }
    assert!(other.emit(150_u64).is_complete());
    let begin = actix::clock::Instant::now();
    assert_eq!(emitter.drain(Duration::from_secs(10)).await.emissions(), 2);
    assert_eq!(begin.elapsed().as_secs(), 10);
    assert_eq!(linker.drain(Duration::from_secs(10)).await.emissions(), 3);
    assert_eq!(begin.elapsed().as_secs(), 20, "one time for all");
    assert_eq!(linker.drain(Duration::from_secs(100)).await.emissions(), 2);
    assert!(linker.drain(Duration::MAX).await.is_complete());
    assert_eq!(begin.elapsed().as_secs(), 200);
}

#[actix::test]
async fn a_drain_that_nobody_waits_for_any_more_stays_closed() {
    let linker = Linker::start();
    linker
        .subscribe(on::<u8>().call_async(|_| std::future::pending::<()>()))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::current());
    assert!(emitter.emit(1_u8).is_complete());
    let unpolled = emitter.drain(Duration::from_secs(60));
    drop(unpolled);
    assert!(emitter.emit(1_u8).is_complete(), "it had not begun");
    let drain = Box::pin(emitter.drain(Duration::from_secs(60)));
    let drain = futures::future::select(drain, std::future::ready(()));
    drop(drain.await);
    assert_eq!(emitter.emit(1_u8).refusal(), Some(&Reason::ShuttingDown));
}

#[actix::test]
async fn an_emitter_that_starts_on_a_drained_linker_is_closed() {
    let linker = Linker::start();
    linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    assert!(linker.drain(Duration::ZERO).await.is_complete());
    let emitter = Emitter::start(&linker, Strategy::inline());
    assert_eq!(emitter.emit(1_u8).refusal(), Some(&Reason::ShuttingDown));
}

#[actix::test]
async fn each_heard_emission_is_counted_once_however_it_ends() {
    let linker = Linker::start();
    linker.subscribe(on::<u8>().call(|_| ()).once()).unwrap();
    let emitter = Emitter::start(
        &linker,
        Strategy::current().bounded(1, ventix::Overflow::DropOldest),
    );
    let held = emitter.emit(1_u8);
    let spent = emitter.emit(2_u8);
    assert_eq!((held.accepted(), spent.accepted()), (1, 0));
    let _ = emitter
        .prepare(3_u8)
        .deadline(actix::clock::Instant::now())
        .emit();
    let _ = emitter.prepare(3_u8).topic("no..topic").emit();
    linker.subscribe(on::<u16>().call(|_| ())).unwrap();
    for n in 0..10_u16 {
        let _ = emitter.emit(n);
    }
    assert!(emitter.drain(Duration::from_secs(10)).await.is_complete());
}

#[actix::test]
async fn off_an_arbiter_a_drain_has_the_linkers_clock() {
    let linker = Linker::start();
    linker
        .subscribe(on::<u8>().call_async(|_| std::future::pending::<()>()))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::current());
    assert!(emitter.emit(1_u8).is_complete());
    let (tell, told) = futures::channel::oneshot::channel();
    let drain = std::thread::spawn(move || {
        let drained = futures::executor::block_on(emitter.drain(Duration::from_millis(5)));
        tell.send(drained.emissions()).unwrap();
    });
    assert_eq!(told.await.unwrap(), 1);
    drain.join().unwrap();
}
