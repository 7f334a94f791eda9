//! `in_order`.

use futures::future::join_all;
use ventix::{Overflow, Routing};

use super::*;

/// Finishes the sooner the later it comes, unless it is made to wait.
fn hasty(log: &Log) -> SubscriptionSpec {
    let log = log.clone();
    on::<Job>().call_async(move |job| {
        let log = log.clone();
        async move {
            sleep(ms(u64::from(10 - job.number))).await;
            log.note(job.number);
        }
    })
}

#[test]
fn by_default_they_may_finish_out_of_order_and_with_it_they_do_not() {
    in_virtual_time(async {
        for (in_order, ended) in [(false, [2, 1, 0]), (true, [0, 1, 2])] {
            let log = Log::new();
            let spec = hasty(&log);
            let world = World::new(if in_order { spec.in_order() } else { spec });
            for number in 0..3 {
                assert!(world.emit(job(number)).is_complete());
            }
            pass(100).await;
            assert_eq!(log.numbers(), ended);
            world.is_at_rest().await;
        }
    });
}

#[test]
fn one_is_handled_at_a_time_to_its_end_under_every_strategy_and_by_every_kind() {
    in_virtual_time(async {
        for kind in KINDS {
            for strategy in [
                Strategy::inline(),
                Strategy::current(),
                Strategy::dedicated(),
                Strategy::blocking(1),
            ] {
                if kind == "async" && format!("{strategy:?}").contains("locking") {
                    continue;
                }
                let log = Log::new();
                let world = World::with(of_kind(kind, &log).in_order(), strategy);
                let reports = (0..50).map(|number| world.emitter.emit_and_wait(job(number)));
                assert!(
                    join_all(reports)
                        .await
                        .iter()
                        .all(ventix::Report::all_handled)
                );
                assert_eq!(log.numbers(), (0..50).collect::<Vec<_>>(), "{kind}");
                world.is_at_rest().await;
            }
        }
    });
}

#[test]
fn a_pool_of_actors_has_one_at_work_then() {
    in_virtual_time(async {
        let log = Log::new();
        let make = log.clone();
        let pool = on::<Job>().actor_pool(3, Routing::RoundRobin, move || Worker(make.clone()));
        let world = World::new(pool.in_order());
        let reports = (0..50).map(|number| world.emitter.emit_and_wait(job(number)));
        join_all(reports).await;
        assert_eq!(log.numbers(), (0..50).collect::<Vec<_>>());
        world.is_at_rest().await;
    });
}

#[test]
fn what_waits_for_its_turn_is_in_flight_and_may_be_dropped_for_newer_ones() {
    in_virtual_time(async {
        let log = Log::new();
        let spec = hasty(&log)
            .in_order()
            .capacity(2)
            .overflow(Overflow::DropOldest);
        let world = World::new(spec);
        for number in 0..4 {
            world.emit(job(number));
            settle().await;
        }
        assert_eq!(world.subscription.counts().in_flight(), 2);
        pass(100).await;
        assert_eq!(log.numbers(), [0, 3]);
        world.is_at_rest().await;
    });
}

#[test]
fn one_that_is_still_held_after_its_timeout_keeps_the_next_waiting() {
    in_virtual_time(async {
        let held = Arc::new(Mutex::new(Vec::new()));
        struct Holder(Arc<Mutex<Vec<Delivery<Job>>>>);
        impl Actor for Holder {
            type Context = Context<Self>;
        }
        impl Handler<Delivery<Job>> for Holder {
            type Result = ();
            fn handle(&mut self, job: Delivery<Job>, _: &mut Context<Self>) {
                self.0.lock().unwrap().push(job);
            }
        }
        let spec = on::<Job>().actor(Holder(held.clone()).start());
        let world = World::new(spec.in_order().timeout(ms(10)));
        world.emit(job(1));
        world.emit(job(2));
        pass(50).await;
        assert_eq!(world.subscription.counts().timed_out, 1);
        assert_eq!(held.lock().unwrap().len(), 1);
        let first = held.lock().unwrap().pop();
        drop(first);
        pass(50).await;
        let second = held.lock().unwrap().pop();
        assert_eq!(second.unwrap().number, 2);
    });
}
