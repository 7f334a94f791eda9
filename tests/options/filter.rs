//! [`On::filter`](ventix::On::filter).

use std::sync::atomic::{AtomicU32, Ordering};

use ventix::{AnyEvent, DeadLetter, on_any, on_topic};

use super::*;

#[test]
fn it_sees_the_event_and_what_is_known_of_it() {
    in_virtual_time(async {
        let log = Log::new();
        let note = log.clone();
        let spec = on::<Job>()
            .filter(|job, about| job.number > 1 && about.key() != Some("test"))
            .call(move |job| note.note(job.number));
        let world = World::new(spec);
        assert_eq!(world.refused(job(1)), Some(Reason::Filtered));
        assert_eq!(world.refused(job(2)), None);
        let tested = world.emitter.prepare(job(3)).key("test").emit();
        assert_eq!(reason(&tested), Some(Reason::Filtered));
        settle().await;
        assert_eq!(log.numbers(), [2]);
        assert_eq!(world.subscription.counts().skipped, 2);
        world.is_at_rest().await;
    });
}

#[test]
fn it_is_asked_when_it_is_emitted_on_that_thread() {
    in_virtual_time(async {
        let asked = Arc::new(Mutex::new(None));
        let seen = asked.clone();
        let spec = on::<Job>().filter(move |_, _| {
            *seen.lock().unwrap() = Some(std::thread::current().id());
            true
        });
        let world = World::with(spec.call(|_| ()), Strategy::dedicated());
        let emitter = world.emitter.clone();
        let emitting = std::thread::spawn(move || {
            emitter.emit(job(1));
            std::thread::current().id()
        });
        let thread = emitting.join().unwrap();
        assert_eq!(*asked.lock().unwrap(), Some(thread));
    });
}

#[test]
fn with_several_all_of_them_must_want_it_and_the_first_that_does_not_is_the_last_asked() {
    in_virtual_time(async {
        let asked = Arc::new(AtomicU32::new(0));
        let second = asked.clone();
        let spec = on::<Job>()
            .filter(|job, _| job.number > 1)
            .filter(move |job, _| {
                second.fetch_add(1, Ordering::Relaxed);
                job.number < 3
            });
        let world = World::new(spec.call(|_| ()));
        let accepted = [1, 2, 3].map(|number| world.emit(job(number)).accepted());
        assert_eq!((accepted, asked.load(Ordering::Relaxed)), ([0, 1, 0], 2));
    });
}

#[test]
fn one_that_panics_refuses_and_what_is_filtered_out_is_no_dead_letter() {
    in_virtual_time(async {
        let letters = Log::new();
        let heard = letters.clone();
        let spec = on::<Job>().filter(|job, _| match job.number {
            0 => panic!("it cannot say"),
            number => number > 1,
        });
        let world = World::new(spec.call(|_| ()));
        let dead = on::<DeadLetter>().call(move |_| heard.note(0));
        world.linker.subscribe(dead).unwrap();
        assert_eq!(world.refused(job(1)), Some(Reason::Filtered));
        assert_eq!(letters.numbers().len(), 0);
        assert_eq!(world.refused(job(0)), Some(Reason::FilterPanicked));
        settle().await;
        assert_eq!(letters.numbers().len(), 1);
        let counts = world.subscription.counts();
        assert_eq!((counts.skipped, counts.refused), (1, 1));
        world.is_at_rest().await;
    });
}

#[test]
fn what_it_turns_away_has_claimed_nothing() {
    in_virtual_time(async {
        let spec = on::<Job>().filter(|job, _| job.number > 1).call(|_| ());
        let slow = ventix::Throttle::per(1, ms(100));
        let world = World::new(spec.once().capacity(1).throttle(slow));
        assert_eq!(world.refused(job(1)), Some(Reason::Filtered));
        assert_eq!(world.refused(job(2)), None, "shot, room and turn are there");
        settle().await;
        world.is_at_rest().await;
    });
}

#[test]
fn the_first_handler_that_takes_an_events_type_is_the_one_whose_filter_is_asked() {
    in_virtual_time(async {
        let log = Log::new();
        let (first, second) = (log.clone(), log.clone());
        let never = on::<Job>()
            .filter(|_, _| false)
            .call(move |_| first.note(1));
        let any = on_any().filter(|_, _| true).call(move |_| second.note(2));
        let world = World::new(never.and(any));
        assert_eq!(world.refused(job(1)), Some(Reason::Filtered));
        settle().await;
        assert_eq!(log.numbers(), [] as [u32; 0]);
        world.emitter.emit(7_u8);
        settle().await;
        assert_eq!(log.numbers(), [2]);
    });
}

#[test]
fn what_is_of_another_type_is_a_mismatch_and_no_filter_is_asked() {
    in_virtual_time(async {
        let spec = on_topic::<Job>("jobs")
            .filter(|_, _| unreachable!())
            .call(|_| ());
        let world = World::new(spec);
        let seen = on_topic::<AnyEvent>("jobs")
            .filter(|any, _| any.is::<u8>())
            .call(|_| ());
        world.linker.subscribe(seen).unwrap();
        let receipt = world.emitter.prepare(7_u8).topic("jobs").emit();
        assert_eq!(receipt.accepted(), 1);
        assert!(matches!(reason(&receipt), Some(Reason::Mismatch { .. })));
    });
}

/// No lock is held while it is asked.
#[test]
fn a_filter_may_emit_and_unsubscribe_though_it_should_not() {
    in_virtual_time(async {
        let own = Arc::new(Mutex::new(None::<(Emitter, Subscription)>));
        let world = own.clone();
        let spec = on::<Job>().filter(move |_, _| {
            let own = world.lock().unwrap().take();
            own.is_none_or(|(emitter, subscription)| {
                emitter.emit(job(2)).is_complete() && subscription.unsubscribe()
            })
        });
        let log = Log::new();
        let note = log.clone();
        let spec = spec.call(move |job| note.note(job.number)).in_order();
        let world = World::with(spec, Strategy::inline());
        *own.lock().unwrap() = Some((world.emitter.clone(), world.subscription.clone()));
        assert!(world.emit(job(1)).is_complete(), "it had been found before");
        assert_eq!(log.numbers(), [2, 1]);
        world.is_at_rest().await;
    });
}
