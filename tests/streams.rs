//! Streams of deliveries, and emitters as sinks of events.

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use actix::prelude::*;
use actix_rt::task::yield_now;
use futures::stream::{self, FusedStream};
use futures::{FutureExt, Sink, SinkExt, Stream, StreamExt, future};
use ventix::{
    AnyEvent, DeadLetter, Delivery, Emission, Emitter, EventStream, HandlerGone, Linker, Outcome,
    Overflow, Reason, Received, Strategy, SubscribeError, on, on_any, on_topic,
};

/// A linker with an emitter that runs what it gets at once.
fn bus() -> (Linker, Emitter) {
    let linker = Linker::start();
    let emitter = Emitter::start(&linker, Strategy::inline());
    (linker, emitter)
}

fn wait() -> Overflow {
    Overflow::Wait(Duration::from_secs(3_600))
}

/// What is there now: deliveries by their value, and lag.
fn take_all(stream: &mut EventStream<u32>) -> Vec<Result<u32, u64>> {
    let mut items = Vec::new();
    while let Some(Some(item)) = stream.next().now_or_never() {
        items.push(match item {
            Received::Delivery(n) => Ok(*n),
            Received::Lagged(missed) => Err(missed),
        });
    }
    items
}

/// Counts how often it wakes.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Woken {
    fn times(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

fn poll<S: Stream + Unpin>(stream: &mut S, woken: &Arc<Woken>) -> Poll<Option<S::Item>> {
    let waker = Waker::from(woken.clone());
    Pin::new(stream).poll_next(&mut Context::from_waker(&waker))
}

/// Keeps emissions until it is told to run or drop them.
#[derive(Default)]
struct Hold(Arc<Mutex<Vec<Emission>>>);

impl Hold {
    fn emitter(linker: &Linker) -> (Emitter, Arc<Mutex<Vec<Emission>>>) {
        let hold = Self::default();
        let held = hold.0.clone();
        (Emitter::with(linker, hold.start().recipient()), held)
    }
}

impl Actor for Hold {
    type Context = actix::Context<Self>;
}

impl Handler<Emission> for Hold {
    type Result = ();

    fn handle(&mut self, emission: Emission, _: &mut Self::Context) {
        self.0.lock().unwrap().push(emission);
    }
}

#[actix::test]
async fn deliveries_come_in_the_order_of_emission() {
    for strategy in [
        Strategy::inline(),
        Strategy::current(),
        Strategy::dedicated(),
        Strategy::pool(3).in_order(),
    ] {
        let linker = Linker::start();
        let numbers = linker.stream::<u32>(100).unwrap().deliveries();
        let emitter = Emitter::start(&linker, strategy);
        for n in 0..100_u32 {
            emitter.emit(n);
        }
        let numbers = numbers.take(100).map(|n| *n).collect::<Vec<_>>().await;
        assert!(numbers.into_iter().eq(0..100));
        assert!(linker.is_empty(), "the stream has been dropped");
    }
}

#[actix::test]
async fn lag_is_told_in_its_place_and_what_is_dropped_is_counted_and_a_dead_letter() {
    let (linker, emitter) = bus();
    let dead = Arc::new(Mutex::new(Vec::new()));
    let tell = dead.clone();
    let letters = on::<DeadLetter>().call(move |letter| {
        let n = *letter.original().downcast_ref::<u32>().unwrap();
        tell.lock().unwrap().push((n, letter.error().to_string()));
    });
    linker.subscribe(letters).unwrap();
    let mut numbers = linker.stream::<u32>(3).unwrap();
    for n in 0..4_u32 {
        emitter.emit(n);
    }
    let first = numbers.next().await.unwrap();
    assert_eq!(first.lagged(), 1);
    assert_eq!(
        numbers.next().await.unwrap().into_delivery().as_deref(),
        Some(&1)
    );
    for n in 4..7_u32 {
        emitter.emit(n);
    }
    // 2 and 3 went for 5 and 6.
    assert_eq!(take_all(&mut numbers), [Err(2), Ok(4), Ok(5), Ok(6)]);
    let counts = numbers.counts();
    assert_eq!((counts.matched, counts.handled, counts.dropped), (7, 4, 3));
    assert_eq!(counts.in_flight(), 0);
    let dropped = |n| (n, Reason::DroppedOldest { capacity: 3 }.to_string());
    assert_eq!(*dead.lock().unwrap(), [dropped(0), dropped(2), dropped(3)]);
}

#[actix::test]
async fn every_delivery_has_its_outcome_in_the_report() {
    let (linker, emitter) = bus();
    let mut numbers = linker.stream::<u32>(2).unwrap();
    let mut reports: Vec<_> = (0..5_u32)
        .map(|n| Box::pin(emitter.emit_and_wait(n)))
        .collect();
    for report in &mut reports {
        // Emits it.
        let _ = report.as_mut().now_or_never();
    }
    drop(reports.drain(..2));
    assert_eq!(numbers.next().await.unwrap().lagged(), 3);
    numbers
        .next()
        .await
        .unwrap()
        .into_delivery()
        .unwrap()
        .fail("no paper");
    let last = numbers.next().await.unwrap().into_delivery().unwrap();
    assert_eq!(*last, 4);
    last.reply("an answer");
    let reports = future::join_all(reports).await;
    let dropped = reports[0].outcomes().next().unwrap();
    assert!(matches!(
        dropped,
        Outcome::Dropped(Reason::DroppedOldest { capacity: 2 })
    ));
    assert_eq!(reports[1].errors().next().unwrap().to_string(), "no paper");
    assert_eq!(reports[2].replies::<&str>().next(), Some(&"an answer"));
}

#[actix::test]
async fn dropping_the_stream_unsubscribes_and_loses_what_waits() {
    let (linker, emitter) = bus();
    let gone = Arc::new(AtomicUsize::new(0));
    let tell = gone.clone();
    let watch = on::<HandlerGone>().call(move |_| {
        tell.fetch_add(1, Ordering::Relaxed);
    });
    linker.subscribe(watch).unwrap();
    let (spec, mut numbers) = on::<u32>().stream(8);
    let subscription = linker.subscribe(spec).unwrap();
    for n in 0..3_u32 {
        emitter.emit(n);
    }
    let taken = numbers.next().await.unwrap().into_delivery().unwrap();
    std::thread::spawn(move || drop(numbers)).join().unwrap();
    assert!(!subscription.is_active());
    assert!(emitter.emit(3_u32).is_unheard());
    assert_eq!(subscription.counts().lost, 2);
    // Never read, and complete all the same: it was taken.
    drop(taken);
    assert_eq!(subscription.counts().handled, 1);
    assert_eq!(
        gone.load(Ordering::Relaxed),
        0,
        "it went because it was told to"
    );
}

#[actix::test]
async fn a_stream_ends_with_what_it_has_when_it_is_unsubscribed() {
    let (linker, emitter) = bus();
    let mut numbers = linker.stream::<u32>(2).unwrap();
    for n in 0..3_u32 {
        emitter.emit(n);
    }
    assert!(linker.unsubscribe(numbers.id().unwrap()));
    assert!(!numbers.is_terminated());
    assert_eq!(take_all(&mut numbers), [Err(1), Ok(1), Ok(2)]);
    assert!(numbers.is_terminated());
    assert!(numbers.next().await.is_none());
}

/// Whatever makes the end.
#[actix::test]
async fn a_consumer_that_waits_on_another_thread_hears_of_the_end() {
    type End = fn(&Linker, &EventStream<u32>) -> bool;
    let ends: [(&str, End); 4] = [
        ("stop", |linker, _| linker.stop() > 0),
        ("clear", |linker, _| linker.clear() > 0),
        ("unsubscribe", |linker, stream| {
            linker.unsubscribe(stream.id().unwrap())
        }),
        ("remove_event", |linker, _| {
            linker.remove_event(&ventix::Selector::event::<u32>()) > 0
        }),
    ];
    for (name, end) in ends {
        let (linker, emitter) = bus();
        // Its delivery keeps the list of subscriptions that it was matched against.
        let stuck = on::<u32>().call_async(|_| future::pending::<()>());
        linker.subscribe(stuck).unwrap();
        let stream = linker.stream::<u32>(2).unwrap();
        emitter.emit(1_u32);
        let held = Arc::new(Mutex::new(stream));
        let (ready, waiting) = mpsc::channel();
        let polled = held.clone();
        let consumer = std::thread::spawn(move || {
            futures::executor::block_on(future::poll_fn(|cx| {
                let next = polled.lock().unwrap().poll_next_unpin(cx);
                if next.is_pending() {
                    let _ = ready.send(());
                }
                match next {
                    Poll::Ready(Some(_)) => {
                        cx.waker().wake_by_ref();
                        Poll::Pending
                    }
                    Poll::Ready(None) => Poll::Ready(()),
                    Poll::Pending => Poll::Pending,
                }
            }));
        });
        waiting.recv().unwrap();
        {
            let polled = held.lock().unwrap();
            assert!(end(&linker, &polled));
        }
        consumer.join().unwrap();
        assert!(held.lock().unwrap().is_terminated(), "{name}");
    }
}

#[actix::test]
async fn the_end_of_the_linker_ends_its_streams() {
    let (linker, emitter) = bus();
    let woken = Arc::default();
    let mut numbers = linker.stream::<u32>(2).unwrap();
    assert!(poll(&mut numbers, &woken).is_pending());
    drop((linker, emitter));
    while poll(&mut numbers, &woken).is_pending() {
        yield_now().await;
    }
    assert_eq!(woken.times(), 1);
}

#[actix::test]
async fn what_was_accepted_comes_before_the_end_and_wakes() {
    let linker = Linker::start();
    let (emitter, held) = Hold::emitter(&linker);
    let woken = Arc::default();
    let mut numbers = linker.stream::<u32>(8).unwrap();
    for n in 1..=3_u32 {
        assert_eq!(emitter.emit(n).accepted(), 1);
    }
    while held.lock().unwrap().len() < 3 {
        yield_now().await;
    }
    linker.stop();
    assert!(
        poll(&mut numbers, &woken).is_pending(),
        "three are on their way"
    );
    let mut emissions = std::mem::take(&mut *held.lock().unwrap()).into_iter();
    emissions.next().unwrap().run();
    assert_eq!(woken.times(), 1);
    assert_eq!(take_all(&mut numbers), [Ok(1)]);
    assert!(
        poll(&mut numbers, &woken).is_pending(),
        "two are on their way"
    );
    emissions.next().unwrap().run();
    assert_eq!(take_all(&mut numbers), [Ok(2)]);
    assert!(poll(&mut numbers, &woken).is_pending());
    let before = woken.times();
    // Never to come: it is lost.
    drop(emissions.next().unwrap());
    assert_eq!(woken.times(), before + 1);
    assert!(matches!(poll(&mut numbers, &woken), Poll::Ready(None)));
    assert_eq!(numbers.counts().lost, 1);
}

#[actix::test]
async fn a_full_lane_and_one_that_gives_way_leave_nothing_on_its_way() {
    for overflow in [
        Overflow::Refuse,
        Overflow::DropNewest,
        Overflow::DropOldest,
        wait(),
    ] {
        let (linker, emitter) = bus();
        let (spec, mut numbers) = on::<u32>().stream(8);
        linker
            .subscribe(spec.capacity(2).overflow(overflow))
            .unwrap();
        for n in 0..5_u32 {
            emitter.emit(n);
        }
        // Given up while it waits, if it does.
        let _ = emitter.emit_when_ready(5_u32).now_or_never();
        linker.stop();
        let mut count = 0;
        while let Some(item) = numbers.next().await {
            assert!(item.into_delivery().is_some(), "the lane is smaller");
            count += 1;
        }
        assert_eq!(count, 2, "{overflow:?}");
        assert_eq!(numbers.counts().in_flight(), 0);
    }
}

#[actix::test]
async fn once_yields_one_delivery_and_ends() {
    for strategy in [
        Strategy::inline(),
        Strategy::current(),
        Strategy::dedicated(),
    ] {
        let linker = Linker::start();
        let emitter = Emitter::start(&linker, strategy);
        let (spec, numbers) = on::<u32>().stream(8);
        let first = linker.subscribe(spec.once().named("first")).unwrap();
        assert_eq!(first.name(), Some("first"));
        let all = numbers.deliveries().map(|n| (*n, n)).collect::<Vec<_>>();
        let emitting = async {
            for n in 1..=3_u32 {
                emitter.emit(n);
            }
        };
        // All are held, and it ends.
        let (all, ()) = future::join(all, emitting).await;
        assert!(all.iter().map(|(n, _)| *n).eq([1]));
        assert!(linker.is_empty());
    }
}

#[actix::test]
async fn a_lane_no_larger_than_the_stream_makes_the_emitter_wait_for_the_consumer() {
    let (linker, emitter) = bus();
    let (spec, numbers) = on::<u32>().stream(4);
    let subscription = linker.subscribe(spec.capacity(4).overflow(wait())).unwrap();
    let emitting = async {
        for n in 0..1_000_u32 {
            assert!(emitter.emit_when_ready(n).await.is_complete());
        }
        linker.stop();
    };
    let reading = numbers
        .map(|item| *item.into_delivery().unwrap())
        .collect::<Vec<_>>();
    let ((), numbers) = future::join(emitting, reading).await;
    assert!(numbers.into_iter().eq(0..1_000));
    assert_eq!(subscription.counts().handled, 1_000);
}

#[actix::test]
async fn a_stream_takes_topics_patterns_and_everything() {
    let (linker, emitter) = bus();
    let (spec, readings) = on_topic::<u32>("readings.*").or_topic("alarm").stream(8);
    linker.subscribe(spec).unwrap();
    let (spec, any) = on_any().stream(8);
    linker.subscribe(spec).unwrap();
    let (spec, mixed) = on_topic::<AnyEvent>("readings.>").stream(8);
    linker.subscribe(spec).unwrap();
    emitter.prepare(1_u32).topic("readings.indoor").emit();
    emitter.prepare(2_u32).topic("alarm").emit();
    emitter.prepare("text").topic("readings.a.b").emit();
    emitter.emit(3_u8);
    linker.stop();
    assert_eq!(
        readings.deliveries().map(|n| *n).collect::<Vec<_>>().await,
        [1, 2]
    );
    let name = |any: Delivery<AnyEvent>| any.name().to_owned();
    let names = any.deliveries().map(name).collect::<Vec<_>>().await;
    assert_eq!(names, ["readings.indoor", "alarm", "readings.a.b", "u8"]);
    let names = mixed.deliveries().map(name).collect::<Vec<_>>().await;
    assert_eq!(names, ["readings.indoor", "readings.a.b"]);
}

#[actix::test]
async fn several_streams_and_other_handlers_can_be_one_subscription() {
    let (linker, emitter) = bus();
    let (numbers_spec, mut numbers) = on::<u32>().stream(8);
    let (bytes_spec, mut bytes) = on::<u8>().stream(8);
    let calls = on::<u16>().call(|_| ());
    let spec = numbers_spec.and(bytes_spec).and(calls);
    let subscription = linker.subscribe(spec).unwrap();
    assert_eq!(numbers.id(), Some(subscription.id()));
    assert_eq!(bytes.id(), Some(subscription.id()));
    emitter.emit(1_u32);
    emitter.emit(2_u8);
    emitter.emit(3_u16);
    assert_eq!(numbers.waiting(), 1);
    assert_eq!(take_all(&mut numbers), [Ok(1)]);
    // Only its own handler goes ...
    drop(numbers);
    assert!(emitter.emit(1_u32).is_unheard());
    assert!(subscription.is_active());
    // ... or the one that is unlinked.
    let woken = Arc::default();
    assert!(bytes.next().await.is_some());
    assert!(poll(&mut bytes, &woken).is_pending());
    subscription.unsubscribe_from(&ventix::Selector::event::<u8>());
    assert_eq!(woken.times(), 1);
    assert!(bytes.next().await.is_none());
    assert_eq!(emitter.emit(3_u16).accepted(), 1);
}

#[actix::test]
async fn a_stream_lives_before_its_subscription_and_ends_without() {
    let woken = Arc::default();
    let (linker, emitter) = bus();
    let (spec, mut numbers) = on::<u32>().stream(8);
    assert!(poll(&mut numbers, &woken).is_pending());
    linker.subscribe(spec).unwrap();
    assert!(poll(&mut numbers, &woken).is_pending());
    emitter.emit(1_u32);
    assert_eq!((woken.times(), take_all(&mut numbers)), (1, vec![Ok(1)]));

    let (spec, mut numbers) = on::<u32>().stream(8);
    assert!(poll(&mut numbers, &woken).is_pending());
    drop(spec);
    assert_eq!(woken.times(), 2);
    assert!(matches!(poll(&mut numbers, &woken), Poll::Ready(None)));
    assert_eq!(numbers.id(), None);
}

#[actix::test]
async fn what_cannot_be_subscribed_is_not_and_its_stream_ends() {
    let linker = Linker::builder().max_subscribers(1).start().unwrap();
    let subscribed = |spec| linker.subscribe(spec).map(|_| ());
    let (spec, mut numbers) = on::<u32>().stream(0);
    assert_eq!(subscribed(spec), Err(SubscribeError::ZeroCapacity));
    assert!(numbers.next().await.is_none());

    let (spec, numbers) = on::<u32>().stream(1);
    drop(numbers);
    assert_eq!(subscribed(spec), Err(SubscribeError::StreamDropped));

    let (spec, numbers) = on::<u32>().stream(1);
    assert_eq!(subscribed(spec.weak()), Err(SubscribeError::NotWeak));
    drop(numbers);

    let _one = linker.stream::<u32>(1).unwrap();
    let (spec, mut numbers) = on::<u32>().stream(1);
    assert!(matches!(
        subscribed(spec),
        Err(SubscribeError::TooManySubscribers { max: 1, .. })
    ));
    assert!(numbers.next().await.is_none());
    assert_eq!((numbers.id(), linker.subscription_count()), (None, 1));

    linker.stop();
    let error = linker.stream::<u32>(1).unwrap_err();
    assert_eq!(error, SubscribeError::LinkerStopped);
}

#[actix::test]
async fn a_consumer_that_panics_ends_what_it_holds_as_panicked_and_loses_the_rest() {
    let (linker, emitter) = bus();
    let (spec, numbers) = on::<u32>().stream(8);
    let subscription = linker.subscribe(spec).unwrap();
    for n in 0..3_u32 {
        emitter.emit(n);
    }
    let consumer = std::thread::spawn(move || {
        // Declared first, so dropped after the stream.
        let mut held = None;
        let mut numbers = numbers;
        held.replace(futures::executor::block_on(numbers.next()));
        let second = futures::executor::block_on(numbers.next());
        panic!("over {second:?}");
    });
    assert!(consumer.join().is_err());
    let counts = subscription.counts();
    assert_eq!(
        (counts.panicked, counts.lost, counts.in_flight()),
        (2, 1, 0)
    );
    assert!(linker.is_empty());
}

#[actix::test]
async fn a_waker_that_panics_harms_nobody() {
    struct Bad;
    impl Wake for Bad {
        fn wake(self: Arc<Self>) {
            panic!("the waker");
        }
    }
    let (linker, emitter) = bus();
    let mut numbers = linker.stream::<u32>(8).unwrap();
    let waker = Waker::from(Arc::new(Bad));
    let mut cx = Context::from_waker(&waker);
    assert!(numbers.poll_next_unpin(&mut cx).is_pending());
    assert_eq!(emitter.emit(1_u32).accepted(), 1);
    assert_eq!(take_all(&mut numbers), [Ok(1)]);
    assert!(numbers.poll_next_unpin(&mut cx).is_pending());
    assert_eq!(linker.stop(), 1);
    assert!(numbers.next().await.is_none());
}

#[actix::test]
async fn a_handler_may_drop_the_stream_that_its_event_is_for() {
    let (linker, emitter) = bus();
    let (spec, numbers) = on::<u32>().stream(1);
    let numbers = Mutex::new(Some(numbers));
    // Runs when the stream drops its oldest, in the middle of an emission.
    let spec = spec.on_failure(move |_| {
        let stream = numbers.lock().unwrap().take();
        drop(stream);
    });
    let subscription = linker.subscribe(spec).unwrap();
    emitter.emit(1_u32);
    emitter.emit(2_u32);
    let counts = subscription.counts();
    assert_eq!((counts.dropped, counts.lost, counts.in_flight()), (1, 1, 0));
    assert!(linker.is_empty());
}

#[actix::test]
async fn what_waits_for_too_long_is_timed_out_and_passed_over() {
    tokio::time::pause();
    let (linker, emitter) = bus();
    let (spec, mut numbers) = on::<u32>().stream(8);
    let limit = Duration::from_secs(5);
    let subscription = linker.subscribe(spec.timeout(limit)).unwrap();
    let report = emitter.emit_and_wait(1_u32).await;
    assert_eq!(report.outcomes().next().unwrap().as_str(), "timed out");
    emitter.emit(2_u32);
    assert_eq!(take_all(&mut numbers), [Ok(2)]);
    let counts = subscription.counts();
    assert_eq!((counts.timed_out, counts.handled), (1, 1));
}

#[actix::test]
async fn a_stream_can_be_selected_with_others_and_loses_nothing() {
    let (linker, emitter) = bus();
    let mut numbers = linker.stream::<u32>(64).unwrap().deliveries();
    let mut texts = linker.stream::<&str>(64).unwrap().deliveries();
    for n in 0..20_u32 {
        emitter.emit(n);
        emitter.emit("text");
    }
    linker.stop();
    let (mut sum, mut count) = (0, 0);
    loop {
        futures::select! {
            n = numbers.select_next_some() => sum += *n,
            text = texts.select_next_some() => count += text.len() / 4,
            complete => break,
        }
    }
    assert_eq!((sum, count), (190, 20));
}

#[actix::test]
async fn next_takes_nothing_unless_it_resolves() {
    let (linker, emitter) = bus();
    let mut numbers = linker.stream::<u32>(8).unwrap();
    let woken: Arc<Woken> = Arc::default();
    let waker = Waker::from(woken.clone());
    {
        let mut next = numbers.next();
        assert!(
            next.poll_unpin(&mut Context::from_waker(&waker))
                .is_pending()
        );
        emitter.emit(1_u32);
        assert_eq!(woken.times(), 1);
        // Woken, and dropped before it is polled again.
    }
    assert_eq!(take_all(&mut numbers), [Ok(1)]);
}

#[actix::test]
async fn an_emission_that_comes_after_the_end_is_refused() {
    let linker = Linker::start();
    let (emitter, held) = Hold::emitter(&linker);
    let patient = on::<u32>().call(|_| ()).capacity(1).overflow(wait());
    let patient = linker.subscribe(patient).unwrap();
    let mut numbers = linker.stream::<u32>(8).unwrap();
    let first = emitter.emit(1_u32);
    assert_eq!(first.accepted(), 2);
    // It has found both, and waits for the first of them.
    let mut late = Box::pin(emitter.emit_when_ready(2_u32));
    assert!(late.as_mut().now_or_never().is_none());
    linker.stop();
    while held.lock().unwrap().is_empty() {
        yield_now().await;
    }
    held.lock().unwrap().drain(..).for_each(Emission::run);
    assert_eq!(take_all(&mut numbers), [Ok(1)]);
    assert!(numbers.is_terminated());
    let receipt = late.await;
    assert_eq!(receipt.accepted(), 1);
    assert_eq!(*receipt.refusals()[0].reason(), Reason::HandlerGone);
    assert_eq!(patient.counts().in_flight(), 1);
}

#[actix::test]
async fn a_stream_is_exact_under_threads() {
    let (linker, emitter) = bus();
    for round in 0..50 {
        let (spec, stream) = on::<u32>().stream(8);
        let subscription = linker.subscribe(spec).unwrap();
        let consumer = std::thread::spawn(move || {
            let (mut got, mut missed) = (0, 0);
            futures::executor::block_on(stream.for_each(|item| {
                missed += item.lagged();
                got += u64::from(item.into_delivery().is_some());
                ready(())
            }));
            (got, missed)
        });
        let emitters: Vec<_> = (0..3)
            .map(|_| {
                let emitter = emitter.clone();
                std::thread::spawn(move || {
                    let accepted = |n: u32| emitter.emit(n).accepted() as u64;
                    (0..200).map(accepted).sum::<u64>()
                })
            })
            .collect();
        if round % 2 == 0 {
            // While they emit.
            subscription.unsubscribe();
        }
        let accepted: u64 = emitters.into_iter().map(|e| e.join().unwrap()).sum();
        subscription.unsubscribe();
        let (got, missed) = consumer.join().unwrap();
        let counts = subscription.counts();
        assert_eq!(counts.in_flight(), 0);
        assert_eq!((counts.handled, counts.dropped), (got, missed));
        assert_eq!(accepted, got + missed + counts.lost);
    }
}

/// Whichever comes first: it is not subscribed, or is unlinked at once.
#[actix::test]
async fn a_stream_that_is_dropped_while_it_is_subscribed_leaves_nothing() {
    let linker = Linker::start();
    for _ in 0..2_000 {
        let (spec, stream) = on::<u32>().stream(1);
        let start = Arc::new(Barrier::new(2));
        let together = start.clone();
        let dropping = std::thread::spawn(move || {
            together.wait();
            drop(stream);
        });
        start.wait();
        let _ = linker.subscribe(spec);
        dropping.join().unwrap();
        assert!(linker.is_empty());
    }
}

#[actix::test]
async fn forwarding_to_an_emitter_that_waits_loses_nothing() {
    for strategy in [Strategy::current(), Strategy::dedicated()] {
        let linker = Linker::start();
        let received = Arc::new(Mutex::new(Vec::new()));
        let push = received.clone();
        let spec = on::<u32>().call(move |n| push.lock().unwrap().push(**n));
        linker.subscribe(spec).unwrap();
        let emitter = Emitter::start(&linker, strategy.bounded(16, wait()));
        let forwarded = emitter.forward(stream::iter(0..10_000_u32)).await;
        assert!(forwarded.is_complete());
        assert_eq!(
            (forwarded.emitted(), forwarded.accepted()),
            (10_000, 10_000)
        );
        assert!(emitter.drain(Duration::from_secs(60)).await.is_complete());
        assert!(received.lock().unwrap().iter().copied().eq(0..10_000));
    }
}

#[actix::test]
async fn forwarding_gives_way_to_what_it_is_emitted_to() {
    let linker = Linker::start();
    linker.subscribe(on::<u32>().call(|_| ())).unwrap();
    let emitter = Emitter::start(&linker, Strategy::current().bounded(122, Overflow::Refuse));
    // Nothing waits for room, and more come than there is: they run in between.
    let forwarded = emitter.forward(stream::iter(0..10_000_u32)).await;
    assert_eq!(forwarded.emitted(), 10_000);
}

#[actix::test]
async fn forwarding_stops_with_the_emitter_and_leaves_the_rest_of_the_stream() {
    let (linker, emitter) = bus();
    let stop = linker.clone();
    linker
        .subscribe(on::<u32>().call(move |n| {
            if **n == 2 {
                stop.stop();
            }
        }))
        .unwrap();
    let mut numbers = stream::iter(0..10_u32);
    let forwarded = emitter.forward(&mut numbers).await;
    assert_eq!((forwarded.emitted(), forwarded.refused()), (3, 1));
    assert_eq!(forwarded.stopped(), Some(&Reason::LinkerStopped));
    assert_eq!(numbers.collect::<Vec<_>>().await, [4, 5, 6, 7, 8, 9]);
}

#[actix::test]
async fn forwarding_that_is_given_up_loses_the_one_item_in_hand() {
    let linker = Linker::start();
    let (emitter, held) = Hold::emitter(&linker);
    let subscription = linker
        .subscribe(on::<u32>().call(|_| ()).capacity(2).overflow(wait()))
        .unwrap();
    let mut numbers = stream::iter(0..5_u32);
    {
        let mut forwarding = Box::pin(emitter.forward(&mut numbers));
        assert!(forwarding.as_mut().now_or_never().is_none());
    }
    assert_eq!(numbers.collect::<Vec<_>>().await, [3, 4]);
    assert_eq!(subscription.counts().matched, 2);
    while held.lock().unwrap().len() < 2 {
        yield_now().await;
    }
    held.lock().unwrap().drain(..).for_each(Emission::run);
    assert_eq!(subscription.counts().handled, 2);
}

#[actix::test]
async fn a_sink_waits_for_room() {
    let linker = Linker::start();
    let (emitter, held) = Hold::emitter(&linker);
    linker
        .subscribe(on::<u32>().call(|_| ()).capacity(1).overflow(wait()))
        .unwrap();
    let mut sink = emitter.sink::<u32>();
    sink.send(1).await.unwrap();
    sink.feed(2).await.unwrap();
    assert!(
        sink.flush().now_or_never().is_none(),
        "there is room for one"
    );
    let mut cx = Context::from_waker(Waker::noop());
    assert!(Pin::new(&mut sink).poll_ready(&mut cx).is_pending());
    while held.lock().unwrap().is_empty() {
        yield_now().await;
    }
    held.lock().unwrap().drain(..).for_each(Emission::run);
    sink.close().await.unwrap();
    assert_eq!((sink.counts().emitted(), sink.counts().accepted()), (2, 2));
}

#[actix::test]
async fn a_sink_that_is_dropped_emits_what_was_flushed_and_nothing_else() {
    let (linker, emitter) = bus();
    let numbers = linker.stream::<u32>(8).unwrap();
    let mut sink = emitter.sink::<u32>();
    sink.send(1).await.unwrap();
    sink.feed(2).await.unwrap();
    drop(sink);
    assert_eq!(numbers.waiting(), 1);
}

#[actix::test]
async fn a_refused_emission_is_an_error_of_the_sink_and_the_next_one_is_not() {
    let linker = Linker::start();
    let (tell, told) = mpsc::channel();
    linker
        .subscribe(on::<u32>().call(move |n| tell.send(**n)))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::current().bounded(1, Overflow::Refuse));
    let mut sink = emitter.sink::<u32>();
    sink.send(1).await.unwrap();
    let error = sink.send(2).await.unwrap_err();
    assert_eq!(*error.reason(), Reason::EmitterFull { capacity: 1 });
    let _ = emitter.drain(Duration::ZERO).await;
    let shut = sink.send(3).await.unwrap_err();
    assert_eq!(*shut.reason(), Reason::ShuttingDown);
    assert_eq!(sink.counts().stopped(), Some(&Reason::ShuttingDown));

    let emitter = Emitter::start(&linker, Strategy::current().bounded(1, Overflow::Refuse));
    let mut sink = emitter.sink::<u32>();
    sink.send(4).await.unwrap();
    sink.send(5).await.unwrap_err();
    while told.try_recv() != Ok(4) {
        yield_now().await;
    }
    sink.send(6).await.unwrap();
    assert_eq!((sink.counts().emitted(), sink.counts().refused()), (2, 1));
    let mut wrong = emitter.sink::<u32>().topic("no topic");
    let error = wrong.send(7).await.unwrap_err();
    assert!(matches!(error.reason(), Reason::InvalidTopic(_)));
}

#[actix::test]
async fn a_sink_and_a_stream_make_a_bridge_between_linkers() {
    let (from, emitter) = bus();
    let (to, onward) = bus();
    let source = from.stream::<u32>(100).unwrap().deliveries();
    let sink = to.stream::<u64>(100).unwrap().deliveries();
    for n in 0..100_u32 {
        emitter.emit(n);
    }
    from.stop();
    let forwarded = onward.forward(source.map(|n| u64::from(*n))).await;
    to.stop();
    assert!(forwarded.is_complete());
    assert!(
        sink.map(|n| *n)
            .collect::<Vec<_>>()
            .await
            .into_iter()
            .eq(0..100)
    );
}

#[actix::test]
#[should_panic(expected = "`start_send` before `poll_ready`")]
async fn a_sink_that_is_not_ready_panics() {
    let (_linker, emitter) = bus();
    let mut sink = emitter.sink::<u32>();
    Pin::new(&mut sink).start_send(1).unwrap();
    Pin::new(&mut sink).start_send(2).unwrap();
}

/// Both can be polled on any thread of any executor.
#[test]
fn streams_and_sinks_need_no_runtime_of_their_own() {
    let system = System::new();
    let (linker, emitter) = system.block_on(async { bus() });
    let numbers = linker.stream::<u32>(8).unwrap();
    let forwarding = async move {
        emitter.forward(stream::iter(0..8_u32)).await;
        linker.stop();
    };
    fn run(future: impl Future<Output = ()> + Send + 'static) {
        std::thread::spawn(|| futures::executor::block_on(future))
            .join()
            .unwrap();
    }
    run(forwarding);
    run(async move {
        let numbers = numbers.deliveries().map(|n| *n).collect::<Vec<_>>().await;
        assert!(numbers.into_iter().eq(0..8));
    });
}
