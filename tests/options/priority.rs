//! `priority`.

use super::*;

#[test]
fn the_higher_the_earlier_and_equals_in_the_order_of_subscription() {
    in_virtual_time(async {
        for strategy in [
            Strategy::inline(),
            Strategy::current(),
            Strategy::blocking(1),
        ] {
            let (linker, log) = (Linker::start(), Log::new());
            for (number, priority) in [(1, 0), (2, -5), (3, 10), (4, 0), (5, 10), (6, i32::MIN)] {
                let log = log.clone();
                let spec = on::<Job>().call(move |_| log.note(number));
                // Nothing said is 0.
                let spec = if number == 4 {
                    spec
                } else {
                    spec.priority(priority)
                };
                linker.subscribe(spec).unwrap();
            }
            let emitter = Emitter::start(&linker, strategy);
            assert!(emitter.emit_and_wait(job(0)).await.all_handled());
            assert_eq!(log.numbers(), [3, 5, 1, 4, 2, 6]);
        }
    });
}

#[test]
fn one_that_comes_later_is_put_where_it_belongs() {
    in_virtual_time(async {
        let (linker, log) = (Linker::start(), Log::new());
        let emitter = Emitter::start(&linker, Strategy::inline());
        let subscribe = |number, priority| {
            let log = log.clone();
            let spec = on::<Job>()
                .call(move |_| log.note(number))
                .priority(priority);
            linker.subscribe(spec).unwrap()
        };
        subscribe(1, 1);
        let second = subscribe(2, 2);
        emitter.emit(job(0));
        subscribe(3, 3);
        second.unsubscribe();
        emitter.emit(job(0));
        assert_eq!(log.numbers(), [2, 1, 3, 1]);
    });
}

/// Deliveries are handed over in that order; when they start is another matter.
#[test]
fn a_lane_that_holds_the_first_does_not_hold_the_others() {
    in_virtual_time(async {
        let (linker, log) = (Linker::start(), Log::new());
        let held = log.spec().when_paused(ventix::WhenPaused::Hold).paused();
        let held = linker.subscribe(held.priority(9)).unwrap();
        let note = log.clone();
        linker
            .subscribe(on::<Job>().call(move |_| note.note(2)))
            .unwrap();
        Emitter::start(&linker, Strategy::current()).emit(job(1));
        settle().await;
        assert_eq!(log.numbers(), [2]);
        held.resume();
        settle().await;
        assert_eq!(log.numbers(), [2, 1]);
    });
}

#[test]
fn of_two_that_are_joined_the_first_ones_is_taken() {
    in_virtual_time(async {
        let (linker, log) = (Linker::start(), Log::new());
        let note = |number| {
            let log = log.clone();
            on::<Job>().call(move |_| log.note(number))
        };
        linker.subscribe(note(1).priority(1)).unwrap();
        let both = note(2).priority(2).and(on::<u8>().call(|_| ()).priority(0));
        linker.subscribe(both).unwrap();
        Emitter::start(&linker, Strategy::inline()).emit(job(0));
        assert_eq!(log.numbers(), [2, 1]);
    });
}
