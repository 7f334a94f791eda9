//! Blocking callbacks: a bounded number of threads each, and nothing is left
//! behind in their lines.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix::prelude::*;
use ventix::{Emitter, Linker, Strategy, on};

#[actix::test]
async fn at_most_32_run_at_a_time_and_all_of_them_run() {
    let linker = Linker::start();
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (now, peak) = (running.clone(), most.clone());
    let spec = on::<u32>().call_blocking(move |n| {
        peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::yield_now();
        now.fetch_sub(1, Ordering::SeqCst);
        assert_ne!(*n, 500, "a panic takes no thread along");
    });
    linker.subscribe(spec).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    let reports = (0..1_000_u32).map(|n| emitter.emit_and_wait(n));
    let reports = futures::future::join_all(reports).await;
    assert_eq!(
        reports.iter().filter(|report| report.all_handled()).count(),
        999
    );
    assert!(most.load(Ordering::SeqCst) <= 32);
    assert_eq!(running.load(Ordering::SeqCst), 0);
}

#[actix::test]
async fn a_job_that_comes_as_the_last_thread_leaves_is_not_left_behind() {
    let linker = Linker::start();
    linker.subscribe(on::<u32>().call_blocking(|_| ())).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    for n in 0..5_000_u32 {
        assert!(emitter.emit_and_wait(n).await.all_handled());
    }
}

#[test]
fn what_waits_for_a_thread_when_the_system_has_ended_is_lost() {
    let (linker, emitter) = System::new().block_on(async {
        let linker = Linker::start();
        let emitter = Emitter::start(&linker, Strategy::inline());
        (linker, emitter)
    });
    linker.subscribe(on::<u32>().call_blocking(|_| ())).unwrap();
    for n in 0..100_u32 {
        let report = futures::executor::block_on(emitter.emit_and_wait(n));
        assert_eq!(report.iter().next().unwrap().outcome().as_str(), "lost");
    }
}
