//! Last values: what is kept of an emission, and how those that come late get it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use actix::clock::{Instant, sleep, timeout};
use ventix::{
    AnyEvent, DeadLetter, Debounce, Delivery, Emitter, Linker, Overflow, Reason, Retry, Selector,
    Strategy, SubscriptionSpec, Throttle, WhenPaused, on, on_any, on_topic,
};

fn run<F: Future>(test: F) -> F::Output {
    actix::System::new().block_on(async {
        tokio::time::pause();
        test.await
    })
}

/// What a subscription has been told.
type Heard<T> = Arc<Mutex<Vec<T>>>;

fn note<T: Clone + Send + Sync + 'static>(
    heard: &Heard<T>,
) -> impl Fn(&Delivery<T>) + Send + Sync + use<T> {
    let heard = heard.clone();
    move |event| heard.lock().unwrap().push(event.event().clone())
}

fn heard<T: Clone>(heard: &Heard<T>) -> Vec<T> {
    heard.lock().unwrap().clone()
}

/// A linker that keeps bytes, and an emitter.
fn bytes() -> (Linker, Emitter) {
    let linker = Linker::start();
    linker.keep_last(&Selector::event::<u8>()).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    (linker, emitter)
}

/// Lets the linker's arbiter do what it has to.
async fn settle() {
    sleep(Duration::from_millis(1)).await;
}

#[test]
fn a_new_subscriber_gets_the_last_value_and_then_what_comes() {
    run(async {
        let (linker, emitter) = bytes();
        emitter.emit(1_u8);
        emitter.emit(2_u8);
        let told = Heard::default();
        let late = linker.subscribe(on::<u8>().call(note(&told)).replay_last());
        emitter.emit(3_u8);
        settle().await;
        emitter.emit(4_u8);
        settle().await;
        assert_eq!(heard(&told), [2, 3, 4]);
        let counts = late.unwrap().counts();
        assert_eq!((counts.matched, counts.handled), (3, 3));
    });
}

#[test]
fn who_does_not_ask_gets_none_and_what_is_not_kept_is_not_replayed() {
    run(async {
        let (linker, emitter) = bytes();
        emitter.emit(1_u8);
        emitter.emit("not kept");
        let (plain, other) = (Heard::default(), Heard::default());
        linker.subscribe(on::<u8>().call(note(&plain))).unwrap();
        linker
            .subscribe(on::<&str>().call(note(&other)).replay_last())
            .unwrap();
        settle().await;
        assert!(heard(&plain).is_empty() && heard(&other).is_empty());
        emitter.emit(2_u8);
        emitter.emit("live");
        settle().await;
        assert_eq!(
            (heard(&plain), heard(&other)),
            (vec![2_u8], vec!["live"]),
            "the lane is open"
        );
    });
}

#[test]
fn what_was_kept_before_anything_was_emitted_is_nothing() {
    run(async {
        let (linker, emitter) = bytes();
        let told = Heard::default();
        linker
            .subscribe(on::<u8>().call(note(&told)).replay_last())
            .unwrap();
        settle().await;
        assert!(heard(&told).is_empty() && linker.last::<u8>().is_none());
        emitter.emit(1_u8);
        settle().await;
        assert_eq!(heard(&told), [1]);
    });
}

#[test]
fn an_emission_that_nobody_hears_is_kept_and_one_that_is_refused_is_not() {
    run(async {
        let linker = Linker::start();
        linker.keep_last(&Selector::event::<u8>()).unwrap();
        let strategy = Strategy::current().bounded(1, Overflow::Refuse);
        let emitter = Emitter::start(&linker, strategy);
        assert!(emitter.emit(1_u8).is_unheard());
        assert_eq!(linker.last::<u8>().as_deref(), Some(&1));

        linker.subscribe(on::<u8>().call(|_| ())).unwrap();
        assert!(emitter.emit(2_u8).refusal().is_none());
        assert!(emitter.emit(3_u8).refusal().is_some(), "it is full");
        assert_eq!(linker.last::<u8>().as_deref(), Some(&2));
        settle().await;

        let past = Instant::now() - Duration::from_millis(1);
        assert!(
            emitter
                .prepare(4_u8)
                .deadline(past)
                .emit()
                .refusal()
                .is_some()
        );
        assert!(linker.drain(Duration::from_secs(1)).await.is_complete());
        assert!(emitter.emit(5_u8).refusal().is_some());
        assert_eq!(linker.last::<u8>().as_deref(), Some(&2));
    });
}

#[test]
fn an_emission_that_all_turn_away_is_kept() {
    run(async {
        let (linker, emitter) = bytes();
        linker
            .subscribe(on::<u8>().filter(|_, _| false).call(|_| ()))
            .unwrap();
        assert_eq!(emitter.emit(1_u8).accepted(), 0);
        assert_eq!(linker.last::<u8>().as_deref(), Some(&1));
    });
}

#[test]
fn a_value_whose_deadline_has_passed_is_neither_replayed_nor_read() {
    run(async {
        let (linker, emitter) = bytes();
        let soon = Duration::from_secs(1);
        emitter.prepare(1_u8).expires_in(soon).emit();
        assert_eq!(linker.last::<u8>().as_deref(), Some(&1));
        sleep(soon).await;
        let told = Heard::default();
        linker
            .subscribe(on::<u8>().call(note(&told)).replay_last())
            .unwrap();
        settle().await;
        assert!(heard(&told).is_empty() && linker.last::<u8>().is_none());
    });
}

#[test]
fn what_is_forgotten_is_dropped_and_not_replayed() {
    run(async {
        let linker = Linker::start();
        let selector = Selector::event::<Arc<u8>>();
        linker.keep_last(&selector).unwrap();
        let emitter = Emitter::start(&linker, Strategy::inline());
        let value = Arc::new(1_u8);
        emitter.emit(value.clone());
        emitter.emit(value.clone());
        assert_eq!(Arc::strong_count(&value), 2, "one is kept, and no more");
        assert!(linker.forget_last(&selector) && !linker.forget_last(&selector));
        assert_eq!(Arc::strong_count(&value), 1);
        emitter.emit(value.clone());
        assert_eq!(Arc::strong_count(&value), 1);
    });
}

#[test]
fn a_kept_emission_has_ended() {
    // Another thread works: by the real clock.
    actix::System::new().block_on(async {
        let linker = Linker::start();
        linker.keep_last(&Selector::event::<u8>()).unwrap();
        let emitter = Emitter::start(&linker, Strategy::dedicated());
        linker.subscribe(on::<u8>().call(|_| ())).unwrap();
        emitter.emit(1_u8);
        let weak = emitter.downgrade();
        drop(emitter);
        while weak.upgrade().is_some() {
            tokio::task::yield_now().await;
        }
        assert_eq!(linker.last::<u8>().as_deref(), Some(&1));
        let drained = linker.drain(Duration::from_secs(10)).await;
        assert!(drained.is_complete());
    });
}

#[test]
fn a_drain_waits_for_replays() {
    run(async {
        let (linker, emitter) = bytes();
        emitter.emit(1_u8);
        let told = Heard::default();
        let (asked, done) = (told.clone(), Duration::from_secs(1));
        let slow = on::<u8>().call_async(move |n| {
            let told = asked.clone();
            async move {
                sleep(done).await;
                told.lock().unwrap().push(*n);
            }
        });
        linker.subscribe(slow.replay_last()).unwrap();
        assert!(linker.drain(done * 2).await.is_complete());
        assert_eq!(heard(&told), [1]);
    });
}

#[test]
fn the_whole_algebra_holds_for_a_replay() {
    run(async {
        let (linker, emitter) = bytes();
        let letters = Heard::default();
        let noted = letters.clone();
        let listen = on::<DeadLetter>().call(move |letter| {
            noted.lock().unwrap().push(letter.error().to_string());
        });
        linker.subscribe(listen).unwrap();
        emitter.emit(1_u8);
        let subscribe = |told: &Heard<u8>, with: fn(SubscriptionSpec) -> SubscriptionSpec| {
            let spec = on::<u8>().call(note(told)).replay_last();
            linker.subscribe(with(spec)).unwrap()
        };

        // Once is spent by it.
        let once = Heard::default();
        let spent = subscribe(&once, SubscriptionSpec::once);
        settle().await;
        emitter.emit(2_u8);
        settle().await;
        assert_eq!((heard(&once), spent.is_active()), (vec![1], false));

        // A filter is asked.
        let filtered = Heard::default();
        let spec = on::<u8>().filter(|n, _| *n > 2).call(note(&filtered));
        let odd = linker.subscribe(spec.replay_last()).unwrap();
        settle().await;
        assert_eq!((heard(&filtered).len(), odd.counts().matched), (0, 1));

        // It takes the throttle's turn.
        let throttled = Heard::default();
        subscribe(&throttled, |spec| {
            spec.throttle(Throttle::per_second(1).burst(1))
        });
        assert_eq!(
            emitter.emit(3_u8).refusals().len(),
            1,
            "the throttle of the one"
        );
        settle().await;
        assert_eq!(heard(&throttled), [2]);
        assert!(
            letters
                .lock()
                .unwrap()
                .iter()
                .all(|l| l.contains("rate") || l.contains("fast")),
            "{letters:?}"
        );
        letters.lock().unwrap().clear();

        // Paused, it is refused, as a dead letter, or waits.
        let paused = Heard::default();
        subscribe(&paused, SubscriptionSpec::paused);
        assert_eq!(heard(&letters), [Reason::Paused.to_string()]);
        let held = subscribe(&paused, |spec| spec.when_paused(WhenPaused::Hold).paused());
        settle().await;
        assert!(heard(&paused).is_empty());
        held.resume();
        settle().await;
        assert_eq!(heard(&paused), [3]);
        letters.lock().unwrap().clear();

        // It is tried again, and ends as a dead letter.
        let calls = Arc::new(AtomicU64::new(0));
        let called = calls.clone();
        let failing = on::<u8>().call(move |_| {
            called.fetch_add(1, Ordering::Relaxed);
            Err::<(), _>("no")
        });
        let retry = Retry::constant(Duration::from_millis(1)).attempts(3);
        let failing = linker
            .subscribe(failing.retry(retry).replay_last())
            .unwrap();
        sleep(Duration::from_secs(1)).await;
        assert_eq!(calls.load(Ordering::Relaxed), 3);
        assert_eq!((failing.counts().failed, heard(&letters).len()), (1, 1));
    });
}

#[test]
fn a_debounced_subscriber_gets_the_newest_and_not_the_replay() {
    run(async {
        let (linker, emitter) = bytes();
        emitter.emit(1_u8);
        let told = Heard::default();
        let quiet = Debounce::quiet(Duration::from_millis(10));
        let spec = on::<u8>().call(note(&told)).debounce(quiet);
        linker.subscribe(spec.replay_last()).unwrap();
        settle().await;
        emitter.emit(2_u8);
        sleep(Duration::from_secs(1)).await;
        assert_eq!(heard(&told), [2]);
        emitter.emit(3_u8);
        sleep(Duration::from_secs(1)).await;
        assert_eq!(heard(&told), [2, 3]);
    });
}

#[test]
fn what_drives_the_replay_out_of_a_full_lane_is_delivered() {
    run(async {
        let (linker, emitter) = bytes();
        emitter.emit(1_u8);
        let told = Heard::default();
        let spec = on::<u8>().call(note(&told)).capacity(2);
        let spec = spec.overflow(Overflow::DropOldest);
        linker.subscribe(spec.replay_last()).unwrap();
        // The replay has not arrived yet.
        emitter.emit(2_u8);
        emitter.emit(3_u8);
        settle().await;
        assert_eq!(heard(&told), [2, 3]);
        emitter.emit(4_u8);
        settle().await;
        assert_eq!(heard(&told), [2, 3, 4]);
    });
}

#[test]
fn a_replay_comes_to_actors_and_threads_as_well_before_what_is_newer() {
    run(async {
        let (linker, emitter) = bytes();
        emitter.emit(1_u8);
        let (tell, told) = mpsc::channel();
        let blocking = on::<u8>().call_blocking(move |n: Delivery<u8>| tell.send(*n));
        linker.subscribe(blocking.in_order().replay_last()).unwrap();
        let streamed = {
            let (spec, stream) = on::<u8>().stream(8);
            linker.subscribe(spec.replay_last()).unwrap();
            stream.deliveries()
        };
        let report = emitter.emit_and_wait(2_u8);
        let take = async {
            use futures::StreamExt;
            streamed.take(2).map(|n| *n).collect::<Vec<_>>().await
        };
        let (report, taken) = futures::join!(report, take);
        assert!(report.all_handled());
        assert_eq!(taken, [1, 2]);
        assert_eq!(told.try_iter().collect::<Vec<_>>(), [1, 2]);
    });
}

#[test]
fn every_kept_topic_that_is_selected_is_replayed_once_in_the_order_of_emission() {
    run(async {
        let linker = Linker::start();
        let emitter = Emitter::start(&linker, Strategy::inline());
        for room in ["attic", "bath", "cellar"] {
            let selector = Selector::topic(&format!("rooms.{room}")).unwrap();
            assert!(linker.keep_last(&selector).unwrap());
        }
        linker.keep_last(&Selector::event::<u8>()).unwrap();
        let emit = |n: u8, topic: &'static str| emitter.prepare(n).topic(topic).emit();
        emit(1, "rooms.cellar");
        emit(2, "rooms.attic");
        emitter.emit(3_u8);
        emit(4, "rooms.cellar");
        emit(5, "rooms.unkept");
        emitter.prepare("another type").topic("rooms.bath").emit();

        let told = Heard::default();
        let spec = on_topic::<u8>("rooms.*").or_topic("rooms.attic");
        let spec = spec.or_topic("rooms.>").call(note(&told));
        linker.subscribe(spec.replay_last()).unwrap();
        settle().await;
        assert_eq!(heard(&told), [2, 4]);

        let names = Heard::default();
        let noted = names.clone();
        let all = on_any().call(move |any| noted.lock().unwrap().push(any.name().to_owned()));
        linker.subscribe(all.replay_last()).unwrap();
        settle().await;
        assert_eq!(
            heard(&names),
            ["rooms.attic", "u8", "rooms.cellar", "rooms.bath"]
        );
    });
}

#[test]
fn the_handler_that_the_topic_leads_to_gets_the_replay() {
    run(async {
        let linker = Linker::start();
        linker
            .keep_last(&Selector::topic("bytes.in").unwrap())
            .unwrap();
        let emitter = Emitter::start(&linker, Strategy::inline());
        emitter.prepare(1_u8).topic("bytes.in").emit();
        let (by_type, by_topic) = (Heard::default(), Heard::default());
        let spec = on::<u8>()
            .call(note(&by_type))
            .and(on_topic::<u8>("bytes.*").call(note(&by_topic)));
        linker.subscribe(spec.replay_last()).unwrap();
        settle().await;
        assert_eq!((heard(&by_type), heard(&by_topic)), (vec![], vec![1]));
    });
}

#[test]
fn a_report_is_not_confused_by_a_replay_of_its_emission() {
    run(async {
        let (linker, emitter) = bytes();
        let (open, gate) = futures::channel::oneshot::channel::<()>();
        let gate = Mutex::new(Some(gate));
        let waits = on::<u8>().call_async(move |_| {
            let gate = gate.lock().unwrap().take();
            async move {
                gate.unwrap().await.unwrap();
                Err::<(), _>("it was the other one that handled it")
            }
        });
        linker.subscribe(waits.once()).unwrap();
        let late = Arc::new(AtomicBool::new(false));
        let report = emitter.emit_and_wait(1_u8);
        let meanwhile = async {
            let handled = late.clone();
            let spec = on::<u8>().call(move |_| handled.store(true, Ordering::Relaxed));
            linker.subscribe(spec.replay_last()).unwrap();
            settle().await;
            assert!(late.load(Ordering::Relaxed));
            open.send(()).unwrap();
        };
        let (report, ()) = futures::join!(report, meanwhile);
        assert_eq!((report.handled(), report.outcomes().count()), (0, 1));
    });
}

#[test]
fn a_value_may_emit_and_subscribe_when_it_is_dropped() {
    struct Noisy(Emitter);
    impl Drop for Noisy {
        fn drop(&mut self) {
            let linker = self.0.linker();
            self.0.emit(1_u8);
            assert!(linker.keep_last(&Selector::event::<u16>()).is_ok());
            linker
                .subscribe(on::<Noisy>().call(|_| ()).replay_last())
                .ok();
        }
    }
    run(async {
        let (linker, emitter) = bytes();
        linker.keep_last(&Selector::event::<Noisy>()).unwrap();
        emitter.emit(Noisy(emitter.clone()));
        emitter.emit(Noisy(emitter.clone()));
        assert_eq!(linker.subscription_count(), 1);
        settle().await;
        assert!(linker.forget_last(&Selector::event::<Noisy>()));
        assert_eq!(linker.subscription_count(), 2);
        assert_eq!(linker.last::<u8>().as_deref(), Some(&1));
        linker.clear();
    });
}

#[test]
fn a_pattern_and_everything_have_no_one_last_value() {
    run(async {
        let linker = Linker::start();
        let pattern = Selector::topic("rooms.*").unwrap();
        assert_eq!(linker.keep_last(&pattern).unwrap_err().event, pattern);
        assert!(linker.keep_last(&Selector::everything()).is_err());
        assert!(linker.last_on::<AnyEvent>("rooms.*").is_none());
    });
}

#[test]
fn emissions_that_wait_for_room_are_kept_when_they_are_accepted() {
    run(async {
        let (linker, emitter) = bytes();
        let (open, gate) = futures::channel::oneshot::channel::<()>();
        let gate = Mutex::new(Some(gate));
        let full = on::<u8>().call_async(move |_| {
            let gate = gate.lock().unwrap().take();
            async move {
                if let Some(gate) = gate {
                    gate.await.unwrap();
                }
            }
        });
        let wait = Overflow::Wait(Duration::from_secs(60));
        linker.subscribe(full.capacity(1).overflow(wait)).unwrap();
        emitter.emit(1_u8);
        let told = Heard::default();
        let second = emitter.emit_when_ready(2_u8);
        let meanwhile = async {
            settle().await;
            assert_eq!(linker.last::<u8>().as_deref(), Some(&1), "2 waits");
            // Not matched by 2, which comes to it all the same.
            linker
                .subscribe(on::<u8>().call(note(&told)).replay_last())
                .unwrap();
            open.send(()).unwrap();
        };
        let (receipt, ()) = futures::join!(second, meanwhile);
        assert_eq!(receipt.accepted(), 1);
        settle().await;
        assert_eq!(heard(&told), [1, 2]);
    });
}

/// Subscribers come while threads emit: each hears one value, and then all later ones of
/// that thread, once each and in order.
#[test]
fn a_subscriber_hears_a_contiguous_suffix_whatever_is_emitted_meanwhile() {
    const LAST: u64 = 400;
    for strategy in [Strategy::inline, Strategy::dedicated as fn() -> Strategy] {
        for round in 0..40 {
            actix::System::new().block_on(async {
                let linker = Linker::builder().capacity(10_000).start().unwrap();
                linker.keep_last(&Selector::topic("n").unwrap()).unwrap();
                let emitter = Emitter::start(&linker, strategy());
                let emitting = {
                    let emitter = emitter.clone();
                    std::thread::spawn(move || {
                        for n in 1..=LAST {
                            emitter.prepare(n).topic("n").emit();
                        }
                    })
                };
                let subscribing = {
                    let linker = linker.clone();
                    std::thread::spawn(move || {
                        let subscribe = |at: usize| {
                            let told = Heard::default();
                            let on = if at % 2 == 0 { "n" } else { ">" };
                            let spec = on_topic::<u64>(on).call(note(&told)).replay_last();
                            linker.subscribe(spec).unwrap();
                            told
                        };
                        (0..50).map(subscribe).collect::<Vec<_>>()
                    })
                };
                while !(emitting.is_finished() && subscribing.is_finished()) {
                    tokio::task::yield_now().await;
                }
                emitting.join().unwrap();
                let subscribers = subscribing.join().unwrap();
                let all = async {
                    let is_done = |told: &Heard<u64>| heard(told).last() == Some(&LAST);
                    while !subscribers.iter().all(is_done) {
                        tokio::task::yield_now().await;
                    }
                };
                let done = timeout(Duration::from_secs(10), all).await;
                for told in subscribers {
                    let told = heard(&told);
                    assert!(done.is_ok(), "round {round}: {told:?}");
                    let suffix: Vec<_> = (told[0]..=LAST).collect();
                    assert_eq!(told, suffix, "round {round}");
                }
            });
        }
    }
}

/// Of several threads on one topic, each subscriber hears a suffix of the values of each
/// that it hears at all, and the one that is kept in the end.
#[test]
fn of_several_threads_none_is_heard_twice_and_the_newest_is_not_missed() {
    const EACH: u64 = 200;
    for round in 0..40 {
        actix::System::new().block_on(async {
            let linker = Linker::builder().capacity(10_000).start().unwrap();
            linker.keep_last(&Selector::event::<(u64, u64)>()).unwrap();
            let emitter = Emitter::start(&linker, Strategy::inline());
            let threads: Vec<_> = (0..3_u64)
                .map(|thread| {
                    let emitter = emitter.clone();
                    std::thread::spawn(move || {
                        for n in 1..=EACH {
                            emitter.emit((thread, n));
                        }
                    })
                })
                .collect();
            let mut subscribers = Vec::new();
            for _ in 0..40 {
                let told = Heard::default();
                let spec = on::<(u64, u64)>().call(note(&told)).replay_last();
                linker.subscribe(spec).unwrap();
                subscribers.push(told);
                tokio::task::yield_now().await;
            }
            for thread in threads {
                thread.join().unwrap();
            }
            assert!(linker.drain(Duration::from_secs(10)).await.is_complete());
            let newest = *linker.last::<(u64, u64)>().unwrap();
            for told in &subscribers {
                let told = heard(told);
                assert!(told.contains(&newest), "round {round}: {told:?}");
                for thread in 0..3 {
                    let of = told.iter().filter(|(t, _)| *t == thread);
                    let of: Vec<_> = of.map(|(_, n)| *n).collect();
                    let first = of.first().map_or(EACH + 1, |first| *first);
                    let suffix: Vec<_> = (first..=EACH).collect();
                    assert_eq!(of, suffix, "round {round}, thread {thread}");
                }
            }
        });
    }
}
