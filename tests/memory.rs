//! What the bus holds in memory. A binary of its own, because it counts what is allocated.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use futures::FutureExt;
use ventix::{Emitter, Linker, Strategy, Subscription, on};

const SUBSCRIPTIONS: usize = 10_000;

/// The most that an idle one may hold, in bytes.
const BOUND: usize = 512;

struct Tick;

/// What the linker holds for each of many callbacks to one event, by which each captures
/// one pointer: after one emission, so that the route is there, and with the handles
/// dropped or kept.
fn held(keeps_handles: bool) -> usize {
    actix::System::new().block_on(async {
        let linker = Linker::start();
        let emitter = Emitter::start(&linker, Strategy::inline());
        let calls = Arc::new(AtomicUsize::new(0));
        let mut handles = Vec::with_capacity(SUBSCRIPTIONS);
        let allocated = allocation_counter::measure(|| {
            for _ in 0..SUBSCRIPTIONS {
                let calls = calls.clone();
                let counts = on::<Tick>().call(move |_| {
                    calls.fetch_add(1, Relaxed);
                });
                let handle = linker.subscribe(counts).unwrap();
                handles.extend(keeps_handles.then_some(handle));
            }
            assert_eq!(emitter.emit(Tick).accepted(), SUBSCRIPTIONS);
        });
        assert_eq!(calls.load(Relaxed), SUBSCRIPTIONS);
        assert_eq!(linker.subscription_count(), SUBSCRIPTIONS);
        usize::try_from(allocated.bytes_current).unwrap() / SUBSCRIPTIONS
    })
}

#[test]
fn an_idle_callback_subscription_holds_512_bytes_at_most() {
    for keeps_handles in [false, true] {
        let bytes = held(keeps_handles);
        println!("{bytes} bytes a subscription");
        assert!(bytes > 0 && bytes <= BOUND, "{bytes} bytes");
    }
}

#[test]
fn what_is_unsubscribed_holds_nothing() {
    actix::System::new().block_on(async {
        let linker = Linker::start();
        // What is made once.
        drop(linker.subscribe(on::<Tick>().call(|_| ())).unwrap().guard());
        let allocated = allocation_counter::measure(|| {
            for _ in 0..100 {
                let link = || linker.subscribe(on::<Tick>().call(|_| ())).unwrap();
                let handles: Vec<_> = (0..100).map(|_| link()).collect();
                assert!(handles.iter().all(Subscription::unsubscribe));
            }
        });
        assert_eq!(allocated.bytes_current, 0);
    });
}

#[test]
fn to_emit_to_a_callback_allocates_nothing_and_to_wait_for_it_three_times() {
    actix::System::new().block_on(async {
        let linker = Linker::start();
        linker.subscribe(on::<Tick>().call(|_| ())).unwrap();
        let emitter = Emitter::start(&linker, Strategy::inline());
        // Some emissions are timed, which takes more.
        let least = |emit: &dyn Fn()| {
            let counts = (0..100).map(|_| allocation_counter::measure(emit).count_total);
            counts.min().unwrap()
        };
        let emitted = least(&|| assert!(emitter.emit(Tick).is_complete()));
        let awaited = least(&|| {
            let report = emitter.emit_and_wait(Tick).now_or_never();
            assert_eq!(report.unwrap().handled(), 1);
        });
        assert_eq!((emitted, awaited), (0, 3));
    });
}
