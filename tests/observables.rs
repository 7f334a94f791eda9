//! A value that tells its changes, and a task that tells what it yields.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::clock::sleep;
use futures::channel::{mpsc, oneshot};
use futures::{StreamExt, stream};
use ventix::{
    BoxError, Delivery, Emitter, Linker, Observable, ObservableError, Overflow, Reason, Strategy,
    TaskCompleted, TaskFailed, TaskStopped, Yielder, on, on_any, on_topic,
};

fn run<F: Future>(test: F) -> F::Output {
    actix::System::new().block_on(async {
        tokio::time::pause();
        test.await
    })
}

async fn settle() {
    sleep(Duration::from_millis(1)).await;
}

type Heard<T> = Arc<Mutex<Vec<T>>>;

fn note<T: Clone + Send + Sync + 'static>(
    heard: &Heard<T>,
) -> impl Fn(&Delivery<T>) + Send + Sync + use<T> {
    let heard = heard.clone();
    move |event| heard.lock().unwrap().push(event.event().clone())
}

fn take<T>(heard: &Heard<T>) -> Vec<T> {
    std::mem::take(&mut *heard.lock().unwrap())
}

fn started() -> (Linker, Emitter) {
    let linker = Linker::start();
    let emitter = Emitter::start(&linker, Strategy::inline());
    (linker, emitter)
}

#[test]
fn a_subscriber_is_primed_with_the_value_and_hears_each_change() {
    run(async {
        let (linker, emitter) = started();
        let value = Observable::start(&emitter, "rooms.kitchen", 1_u32).unwrap();
        let (primed, plain, pattern) = (Heard::default(), Heard::default(), Heard::default());
        value.set(2).unwrap();
        linker
            .subscribe(value.on().call(note(&primed)).replay_last())
            .unwrap();
        linker.subscribe(value.on().call(note(&plain))).unwrap();
        let rooms = on_topic::<u32>("rooms.*").call(note(&pattern));
        linker.subscribe(rooms.replay_last()).unwrap();
        settle().await;
        value.set(3).unwrap();
        value.clear();
        settle().await;
        assert_eq!(take(&primed), [2, 3, 1]);
        assert_eq!(take(&plain), [3, 1]);
        assert_eq!(take(&pattern), [2, 3, 1]);
        assert_eq!((*value.get(), value.skipped()), (1, 0));
    });
}

#[test]
fn what_a_validator_refuses_is_kept_with_its_error_until_the_next_value() {
    run(async {
        let (linker, emitter) = started();
        let start = |topic: &str| {
            Observable::builder(topic, 10_i32)
                .validate(|n| if *n > 0 { Ok(()) } else { Err("too small") })
                .validate(|n| if *n < 100 { Ok(()) } else { Err("too large") })
                .start(&emitter)
                .unwrap()
        };
        let (one, other) = (start("n.one"), start("n.other"));
        let (changes, errors) = (Heard::default(), Heard::default());
        linker.subscribe(one.on().call(note(&changes))).unwrap();
        let noted = errors.clone();
        let refused = one.on_refused().call(move |it| {
            let line = format!("{} {}: {}", it.topic(), it.value(), it.error());
            noted.lock().unwrap().push(line);
        });
        linker.subscribe(refused).unwrap();
        assert!(one.set(-1).is_err() && one.set(100).is_err());
        assert!(other.set(-7).is_err(), "nobody listens to that");
        assert_eq!(
            take(&errors),
            ["n.one -1: too small", "n.one 100: too large"]
        );
        assert_eq!((*one.get(), take(&changes)), (10, vec![]));
        assert_eq!(*one.refused().unwrap().value(), 100);
        assert!(one.update(|n| n * 10).is_err());
        assert_eq!(*one.update(|n| n + 1).unwrap(), 11);
        assert!(one.refused().is_none());
        one.set(0).unwrap_err();
        one.clear();
        assert!(one.refused().is_none());
        assert_eq!(take(&changes), [11, 10]);
    });
}

#[test]
fn a_topic_has_one_observable_at_a_time() {
    run(async {
        let (linker, emitter) = started();
        let value = Observable::start(&emitter, "a", 1_u8).unwrap();
        let clone = value.clone();
        drop(value);
        let taken = Observable::start(&emitter, "a", 1_u8).unwrap_err();
        assert!(matches!(taken, ObservableError::Taken { .. }));
        assert_eq!(*clone.get(), 1);
        drop(clone);
        assert!(Observable::start(&emitter, "a", 2_u8).is_ok());
        let invalid = Observable::start(&emitter, "a.*", 2_u8).unwrap_err();
        assert!(matches!(invalid, ObservableError::InvalidTopic(_)));
        linker.stop();
        let refused = Observable::start(&emitter, "b", 2_u8).unwrap_err();
        assert!(matches!(
            refused,
            ObservableError::Refused(Reason::LinkerStopped)
        ));
    });
}

#[test]
fn what_a_handler_sets_is_told_after_what_it_handles() {
    run(async {
        let (linker, emitter) = started();
        let value = Observable::start(&emitter, "n", 0_u32).unwrap();
        let setter = value.clone();
        let count_up = value.on().call(move |n| {
            if **n < 3 {
                setter.set(**n + 1).unwrap();
                assert_eq!(*setter.get(), **n + 1);
            }
        });
        let told = Heard::default();
        let up = linker.subscribe(count_up).unwrap();
        linker.subscribe(value.on().call(note(&told))).unwrap();
        value.set(1).unwrap();
        assert_eq!(take(&told), [1, 2, 3]);
        up.unsubscribe();
    });
}

#[test]
fn changes_of_many_threads_are_told_in_the_order_in_which_they_were_made() {
    actix::System::new().block_on(async {
        let linker = Linker::start();
        let strategy = Strategy::dedicated().bounded(100_000, Overflow::Refuse);
        let emitter = Emitter::start(&linker, strategy);
        let value = Observable::start(&emitter, "n", 0_u32).unwrap();
        let told = Heard::default();
        linker.subscribe(value.on().call(note(&told))).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        value.update(|n| n + 1).unwrap();
                    }
                });
            }
        });
        assert!(emitter.drain(Duration::from_secs(10)).await.is_complete());
        assert_eq!((*value.get(), value.skipped()), (800, 0));
        assert_eq!(take(&told), (1..=800).collect::<Vec<_>>());
    });
}

#[test]
fn a_value_whose_clone_panics_goes_on() {
    struct Fragile(u8);
    impl Clone for Fragile {
        fn clone(&self) -> Self {
            assert_ne!(self.0, 13);
            Self(self.0)
        }
    }
    run(async {
        let (_linker, emitter) = started();
        let value = Observable::start(&emitter, "n", Fragile(0)).unwrap();
        value.set(Fragile(13)).ok();
        value.set(Fragile(14)).ok();
        let last = emitter.linker().last_on::<Fragile>("n").unwrap();
        assert_eq!((value.get().0, last.0), (14, 14));
    });
}

#[test]
fn a_task_is_lazy_and_tells_its_items_and_its_end() {
    run(async {
        let (linker, emitter) = started();
        let told = Heard::default();
        let noted = told.clone();
        let all = on_any().call(move |any| {
            let about = any.metadata();
            noted
                .lock()
                .unwrap()
                .push((about.name().to_owned(), about.correlation()));
        });
        linker.subscribe(all).unwrap();
        let items = stream::iter([1_u8, 2]).map(Ok::<_, BoxError>);
        let task = emitter.observe("two", items);
        settle().await;
        assert!(take(&told).is_empty());
        assert_eq!(task.await.ok(), Some(2));
        let told = take(&told);
        let names: Vec<_> = told.iter().map(|(name, _)| name.as_str()).collect();
        let end = std::any::type_name::<TaskCompleted>();
        assert_eq!(names[..2], ["u8", "u8"]);
        assert!(end.ends_with("TaskCompleted") && names[2].ends_with("TaskCompleted"));
        assert!(
            told.iter().all(|(_, id)| *id == told[0].1),
            "one correlation"
        );
    });
}

#[test]
fn an_error_ends_a_task() {
    run(async {
        let (linker, emitter) = started();
        let (items, ends) = (Heard::default(), Heard::default());
        linker.subscribe(on::<u8>().call(note(&items))).unwrap();
        let noted = ends.clone();
        let failed = on::<TaskFailed>().call(move |it| {
            noted.lock().unwrap().push((it.items, it.error.to_string()));
        });
        linker.subscribe(failed).unwrap();
        let work = stream::iter([Ok(1_u8), Err("the disk is full"), Ok(2)]);
        let error = emitter.observe("copy", work).await.unwrap_err();
        assert_eq!(error.to_string(), "the disk is full");
        assert_eq!(take(&items), [1]);
        assert_eq!(take(&ends), [(1, error.to_string())]);
    });
}

#[test]
fn a_task_that_is_dropped_or_panics_says_so() {
    run(async {
        let (linker, emitter) = started();
        let ends = Heard::default();
        let noted = ends.clone();
        let failed = on::<TaskFailed>().call(move |it| {
            let why = *it.error.downcast_ref::<TaskStopped>().unwrap();
            noted.lock().unwrap().push((it.items, why));
        });
        linker.subscribe(failed).unwrap();

        let (source, items) = mpsc::unbounded::<Result<u8, BoxError>>();
        let owned = emitter.clone();
        let task = actix::spawn(async move { owned.observe("endless", items).await.ok() });
        source.unbounded_send(Ok(1)).unwrap();
        settle().await;
        task.abort();
        settle().await;
        assert_eq!(take(&ends), [(1, TaskStopped::Cancelled)]);
        assert!(source.is_closed());

        // Never begun, it was never there.
        drop(emitter.observe("unborn", stream::empty::<Result<u8, BoxError>>()));
        assert!(take(&ends).is_empty());

        let owned = emitter.clone();
        let task = actix::spawn(async move {
            let work = async |_: Yielder<u8>| -> Result<(), BoxError> { panic!("oh") };
            owned.observe_with("bad", work).await.ok()
        });
        assert!(task.await.is_err());
        assert_eq!(take(&ends), [(0, TaskStopped::Panicked)]);
    });
}

#[test]
fn a_task_waits_for_room_and_ends_with_its_emitter() {
    run(async {
        let linker = Linker::start();
        let (open, gate) = oneshot::channel::<()>();
        let gate = Mutex::new(Some(gate));
        let slow = on::<u8>().call_async(move |_| {
            let gate = gate.lock().unwrap().take();
            async move {
                if let Some(gate) = gate {
                    gate.await.ok();
                }
            }
        });
        let wait = Overflow::Wait(Duration::from_secs(60));
        linker.subscribe(slow.capacity(1).overflow(wait)).unwrap();
        let emitter = Emitter::start(&linker, Strategy::current());
        let taken = Arc::new(Mutex::new(0));
        let asked = taken.clone();
        let items = stream::iter(0_u8..10).map(move |n| {
            *asked.lock().unwrap() += 1;
            Ok::<_, BoxError>(n)
        });
        let meanwhile = async {
            settle().await;
            assert_eq!(*taken.lock().unwrap(), 2, "the second waits for room");
            open.send(()).unwrap();
        };
        let (ended, ()) = futures::join!(emitter.observe("slow", items), meanwhile);
        assert_eq!(ended.ok(), Some(10));

        linker.stop();
        let endless = stream::repeat(1_u8).map(Ok::<_, BoxError>);
        let error = emitter.observe("endless", endless).await.unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Reason::LinkerStopped));
    });
}
