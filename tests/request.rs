//! Request and reply: who replies, who does not and why, limits, and what is left
//! behind.

use std::error::Error as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::clock::Instant;
use actix::prelude::*;
use futures::channel::oneshot;
use futures::{FutureExt, StreamExt};
use ventix::{
    BoxError, Delivery, EmissionId, Emitter, Linker, Overflow, Panicked, Reason, RequestError,
    Silence, Strategy, on, on_topic,
};

const SECOND: Duration = Duration::from_secs(1);

fn start() -> (Linker, Emitter) {
    let linker = Linker::start();
    let emitter = Emitter::start(&linker, Strategy::current());
    (linker, emitter)
}

/// A handler that replies when it is told to.
fn gated(linker: &Linker, name: &str) -> oneshot::Sender<u32> {
    let (go, gate) = oneshot::channel();
    let gate = Mutex::new(Some(gate));
    let spec = on::<&str>().call_async(move |_| gate.lock().unwrap().take().unwrap());
    linker.subscribe(spec.named(name)).unwrap();
    go
}

/// Whether the limit of a second is just over: timers count milliseconds.
fn is_over(from: Instant) -> bool {
    (SECOND..SECOND + Duration::from_millis(3)).contains(&from.elapsed())
}

fn lines(error: &RequestError) -> Vec<String> {
    error.handlers().iter().map(ToString::to_string).collect()
}

#[actix::test]
async fn the_first_reply_waits_for_no_other_handler_and_cancels_none() {
    let (linker, emitter) = start();
    let slow = gated(&linker, "slow");
    let fast = gated(&linker, "fast");
    let mut asked = Box::pin(emitter.request::<_, u32>("?").first());
    assert!(asked.as_mut().now_or_never().is_none());
    fast.send(7).unwrap();
    assert_eq!(asked.await.unwrap(), 7);
    // The other one runs on, and its reply is nobody's.
    assert!(!slow.is_canceled());
    slow.send(8).unwrap();
    assert!(emitter.drain(SECOND).await.is_complete());
}

#[actix::test]
async fn late_replies_are_dropped_once_and_count_as_handled() {
    struct Precious(Arc<AtomicUsize>);
    impl Drop for Precious {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
            panic!("the drop of a reply that nobody waits for");
        }
    }
    let (linker, emitter) = start();
    let (go, gate) = oneshot::channel::<()>();
    let gate = gate.shared();
    let dropped = Arc::new(AtomicUsize::new(0));
    let theirs = dropped.clone();
    let late = linker
        .subscribe(on::<u8>().call_async(move |_| {
            let (gate, dropped) = (gate.clone(), theirs.clone());
            async move { gate.await.map(|()| Precious(dropped)) }
        }))
        .unwrap();
    for asked in [
        emitter.request::<_, Precious>(1_u8).first().boxed(),
        emitter.request::<_, Precious>(1_u8).into_future(),
    ] {
        let mut asked = asked;
        assert!(asked.as_mut().now_or_never().is_none());
        drop(asked);
    }
    go.send(()).unwrap();
    assert!(emitter.drain(SECOND).await.is_complete());
    assert_eq!(late.counts().handled, 2);
    assert_eq!(dropped.load(Ordering::SeqCst), 2);
}

#[actix::test]
async fn nothing_is_asked_before_the_request_is_polled() {
    let (linker, emitter) = start();
    let asked = linker
        .subscribe(on::<u8>().call(|n| Ok::<_, BoxError>(**n)))
        .unwrap();
    drop(emitter.request::<_, u8>(1_u8).first());
    drop(emitter.request::<_, u8>(1_u8).all());
    drop(emitter.request::<_, u8>(1_u8).replies());
    drop(emitter.request::<_, u8>(1_u8).into_future());
    assert_eq!(asked.counts().matched, 0);
}

#[actix::test]
async fn nobody_listens_and_refused_are_told_apart() {
    let (linker, emitter) = start();
    let error = emitter.request::<_, u8>(1_u8).await.unwrap_err();
    assert!(matches!(error, RequestError::Unheard), "{error:?}");
    assert!(error.source().is_none() && error.handlers().is_empty());

    let error = emitter
        .prepare(1_u8)
        .topic("no topic")
        .request::<u8>()
        .await;
    let error = error.unwrap_err();
    assert!(
        matches!(error, RequestError::Refused(Reason::InvalidTopic(_))),
        "{error:?}"
    );

    linker
        .subscribe(on::<u8>().call(|n| Ok::<_, BoxError>(**n)))
        .unwrap();
    assert!(emitter.drain(SECOND).await.is_complete());
    let error = emitter.request::<_, u8>(1_u8).await.unwrap_err();
    assert!(
        matches!(error, RequestError::Refused(Reason::ShuttingDown)),
        "{error:?}"
    );
    let source = error.source().unwrap();
    assert_eq!(source.downcast_ref(), Some(&Reason::ShuttingDown));
    let replies = emitter.request::<_, u8>(1_u8).all().await;
    assert_eq!(replies.receipt().refusal(), Some(&Reason::ShuttingDown));
    assert_eq!((replies.len(), replies.silent().len()), (0, 1));
}

#[actix::test]
async fn every_handler_without_a_reply_says_why_in_the_order_of_delivery() {
    let (linker, emitter) = start();
    let topic = || on_topic::<u8>("t");
    let stuck = topic().call_async(|_| std::future::pending::<()>());
    let specs = [
        topic().call(|_| ()).named("nothing"),
        topic()
            .call(|n| Ok::<_, BoxError>(u64::from(**n)))
            .named("other"),
        topic().call(|_| Err::<u32, _>("broken")).named("failed"),
        topic()
            .call_async(async |_| -> Result<u32, BoxError> { panic!("ouch") })
            .named("panicked"),
        on_topic::<u16>("t").call(|_| ()).named("mismatch"),
        stuck.capacity(1).named("full"),
    ];
    for spec in specs {
        linker.subscribe(spec).unwrap();
    }
    emitter.prepare(1_u8).topic("t").emit();
    let asked = emitter.prepare(1_u8).topic("t").request::<u32>().await;
    let error = asked.unwrap_err();
    assert!(matches!(error, RequestError::NoReply { .. }), "{error:?}");
    let expected = [
        "#1 (nothing) replied nothing",
        "#2 (other) replied with another type",
        "#3 (failed) failed: broken",
        "#4 (panicked) panicked: the handler panicked: ouch",
        "#5 (mismatch) was refused: the subscription expects u16, the emission has u8",
        "#6 (full) was refused: the lane is full (capacity 1)",
    ];
    assert_eq!(lines(&error), expected);
    assert!(error.source().is_none(), "there are several causes");
    let replies = emitter
        .prepare(1_u8)
        .topic("t")
        .request::<u64>()
        .all()
        .await;
    assert_eq!(replies.iter().collect::<Vec<_>>(), [&1]);
    let (handler, _) = replies.by_handler().next().unwrap();
    assert_eq!(handler.name(), Some("other"));
    let why: Vec<_> = replies
        .silent()
        .iter()
        .map(|it| it.handler().name().unwrap())
        .collect();
    assert_eq!(why, ["nothing", "failed", "panicked", "mismatch", "full"]);
}

#[actix::test]
async fn one_cause_is_the_source() {
    let (linker, emitter) = start();
    linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    linker
        .subscribe(on::<u8>().call(|_| -> Result<u8, BoxError> { panic!("ouch") }))
        .unwrap();
    let error = emitter.request::<_, u8>(1_u8).await.unwrap_err();
    assert!(error.source().unwrap().is::<Panicked>());
    assert_eq!(
        error.to_string(),
        "no reply is a u8: #1 replied nothing, #2 panicked"
    );
    let boxed = BoxError::from(error);
    assert!(boxed.is::<RequestError>());
}

#[actix::test]
async fn all_replies_come_in_the_order_of_delivery() {
    let (linker, emitter) = start();
    let gates = ["a", "b", "c"].map(|name| gated(&linker, name));
    let mut asked = Box::pin(emitter.request::<_, u32>("?").all());
    for (at, gate) in gates.into_iter().enumerate().rev() {
        assert!(asked.as_mut().now_or_never().is_none());
        actix_rt::task::yield_now().await;
        gate.send(at as u32).unwrap();
    }
    let replies = asked.await;
    assert_eq!(replies.iter().collect::<Vec<_>>(), [&0, &1, &2]);
    assert!(replies.silent().is_empty() && !replies.is_timed_out());
}

#[actix::test]
async fn a_stream_yields_replies_as_they_come_and_ends_with_the_handlers() {
    let (linker, emitter) = start();
    let [a, b, c] = ["a", "b", "c"].map(|name| gated(&linker, name));
    let mut replies = emitter.request::<_, u32>("?").replies();
    assert!(replies.next().now_or_never().is_none());
    c.send(3).unwrap();
    assert_eq!(replies.next().await, Some(3));
    assert!(replies.next().now_or_never().is_none());
    drop(b);
    a.send(1).unwrap();
    assert_eq!(replies.next().await, Some(1));
    assert_eq!(replies.next().await, None);
}

#[actix::test]
async fn the_limit_ends_the_waiting_and_says_who_is_open() {
    tokio::time::pause();
    let (linker, emitter) = start();
    let slow = gated(&linker, "slow");
    linker
        .subscribe(on::<&str>().call(|_| Err::<u32, _>("no")))
        .unwrap();
    let from = Instant::now();
    let error = emitter
        .request::<_, u32>("?")
        .within(SECOND)
        .await
        .unwrap_err();
    assert!(error.is_timed_out());
    assert!(is_over(from));
    assert_eq!(lines(&error), ["#1 (slow) has not ended", "#2 failed: no"]);
    assert!(matches!(error.handlers()[0].why(), Silence::Open));
    slow.send(1).unwrap();

    let (linker, emitter) = start();
    let slow = gated(&linker, "slow");
    gated(&linker, "fast").send(7).unwrap();
    let replies = emitter.request::<_, u32>("?").within(SECOND).all().await;
    assert!(replies.is_timed_out());
    assert_eq!(replies.silent()[0].to_string(), "#1 (slow) has not ended");
    assert_eq!(replies.into_iter().collect::<Vec<_>>(), [7]);
    drop(slow);
}

#[actix::test]
async fn a_stream_ends_at_the_limit() {
    tokio::time::pause();
    let (linker, emitter) = start();
    let _slow = gated(&linker, "slow");
    gated(&linker, "fast").send(7).unwrap();
    let replies = emitter.request::<_, u32>("?").within(SECOND).replies();
    assert_eq!(replies.collect::<Vec<_>>().await, [7]);
}

#[actix::test]
async fn the_earliest_limit_counts_and_is_the_deadline() {
    tokio::time::pause();
    let (linker, emitter) = start();
    let deadline = |n: &Delivery<u8>| n.metadata().deadline().ok_or("none");
    linker.subscribe(on::<u8>().call(deadline)).unwrap();
    let now = Instant::now();
    let ask = || {
        emitter
            .prepare(1_u8)
            .deadline(now + 2 * SECOND)
            .request::<Instant>()
    };
    assert_eq!(ask().await.unwrap(), now + 2 * SECOND);
    assert_eq!(ask().within(SECOND).await.unwrap(), now + SECOND);
    let later = ask()
        .until(now + SECOND)
        .within(3 * SECOND)
        .within(Duration::MAX);
    assert_eq!(later.await.unwrap(), now + SECOND);
    let none = emitter.request::<_, Instant>(1_u8).within(Duration::MAX);
    assert!(none.await.is_err());
}

#[actix::test]
async fn what_has_not_started_by_the_limit_is_shed() {
    tokio::time::pause();
    let linker = Linker::start();
    let emitter = Emitter::start(&linker, Strategy::current().in_order());
    let slow = gated(&linker, "slow");
    let seen = linker
        .subscribe(on::<u8>().call(|n| Ok::<_, BoxError>(**n)))
        .unwrap();
    emitter.emit("holds up what comes");
    actix_rt::task::yield_now().await;
    let error = emitter
        .request::<_, u8>(1_u8)
        .within(SECOND)
        .await
        .unwrap_err();
    assert!(matches!(error, RequestError::TimedOut { .. }), "{error:?}");
    slow.send(1).unwrap();
    assert!(emitter.drain(SECOND).await.is_complete());
    assert_eq!((seen.counts().handled, seen.counts().refused), (0, 1));
}

#[actix::test]
async fn waiting_for_room_is_part_of_the_limit() {
    tokio::time::pause();
    let linker = Linker::start();
    let wait = Overflow::Wait(60 * SECOND);
    let emitter = Emitter::start(&linker, Strategy::current());
    let spec = on::<u8>().call_async(|_| std::future::pending::<()>());
    linker.subscribe(spec.capacity(1).overflow(wait)).unwrap();
    emitter.emit(1_u8);
    let from = Instant::now();
    let error = emitter
        .request::<_, u8>(1_u8)
        .within(SECOND)
        .await
        .unwrap_err();
    assert!(error.is_timed_out(), "{error:?}");
    assert!(is_over(from));
}

#[actix::test]
async fn a_nested_request_ends_with_the_one_it_serves() {
    tokio::time::pause();
    let (linker, emitter) = start();
    linker
        .subscribe(on::<u16>().call_async(|_| std::future::pending::<()>()))
        .unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    linker
        .subscribe(on::<u8>().call_async(move |n| {
            let tell = tell.clone();
            async move {
                let nested = n.emitter().request::<_, u16>(1_u16).first().await;
                let is_late = nested.as_ref().is_err_and(RequestError::is_timed_out);
                tell.send(is_late).unwrap();
                nested
            }
        }))
        .unwrap();
    let from = Instant::now();
    let asked = emitter.request::<_, u16>(1_u8).within(SECOND).first().await;
    assert!(asked.is_err());
    actix_rt::task::yield_now().await;
    assert!(told.try_recv().unwrap());
    assert!(is_over(from));
}

struct Doubler;

impl Actor for Doubler {
    type Context = Context<Self>;
}

impl Handler<Delivery<u32>> for Doubler {
    type Result = ();

    fn handle(&mut self, n: Delivery<u32>, _: &mut Context<Self>) {
        let double = *n * 2;
        n.reply(double);
    }
}

#[derive(Message, Clone)]
#[rtype(result = "Result<u32, std::num::ParseIntError>")]
struct Parse(&'static str);

impl Handler<Parse> for Doubler {
    type Result = Result<u32, std::num::ParseIntError>;

    fn handle(&mut self, text: Parse, _: &mut Context<Self>) -> Self::Result {
        text.0.parse()
    }
}

#[actix::test]
async fn actors_reply_and_so_do_plain_ones_and_every_kind_of_callback() {
    let (linker, emitter) = start();
    linker
        .subscribe(on::<u32>().actor(Doubler.start()))
        .unwrap();
    linker
        .subscribe(on::<u32>().call(|n| Ok::<_, BoxError>(**n + 1)))
        .unwrap();
    linker
        .subscribe(on::<u32>().call_async(async |n| Ok::<_, BoxError>(*n + 2)))
        .unwrap();
    linker
        .subscribe(on::<u32>().call_blocking(|n| Ok::<_, BoxError>(*n + 3)))
        .unwrap();
    let replies = emitter.request::<_, u32>(10_u32).all().await;
    assert_eq!(replies.into_iter().collect::<Vec<_>>(), [20, 11, 12, 13]);

    linker
        .subscribe(on::<Parse>().plain_actor(Doubler.start()))
        .unwrap();
    type Parsed = Result<u32, std::num::ParseIntError>;
    let parsed: Parsed = emitter.request(Parse("42")).await.unwrap();
    assert_eq!(parsed, Ok(42));
}

#[test]
fn a_request_works_from_a_plain_thread_and_its_limit_too() {
    System::new().block_on(async {
        let linker = Linker::start();
        let emitter = Emitter::start(&linker, Strategy::dedicated());
        linker
            .subscribe(on::<u8>().call(|n| Ok::<_, BoxError>(**n)))
            .unwrap();
        linker
            .subscribe(on::<u16>().call_async(|_| std::future::pending::<()>()))
            .unwrap();
        let (tell, told) = oneshot::channel();
        std::thread::spawn(move || {
            let asked = futures::executor::block_on(async {
                let first = emitter.request::<_, u8>(7_u8).within(60 * SECOND).await;
                let never = emitter.request::<_, u16>(7_u16).within(SECOND / 100).await;
                (first.unwrap(), never.unwrap_err().is_timed_out())
            });
            tell.send(asked).unwrap();
        });
        assert_eq!(told.await, Ok((7, true)));
    });
}

#[actix::test]
async fn a_request_carries_what_was_prepared() {
    let (linker, emitter) = start();
    linker
        .subscribe(on_topic::<u8>("ask.*").call(|n| {
            let about = n.metadata();
            let header = about.headers().get("lang").map(str::to_owned);
            Ok::<_, BoxError>((about.key().map(str::to_owned), header, about.correlation()))
        }))
        .unwrap();
    let id = emitter.emit("nobody").id();
    let prepared = emitter
        .prepare(1_u8)
        .topic("ask.me")
        .key("k")
        .header("lang", "en");
    type Carried = (Option<String>, Option<String>, EmissionId);
    let asked = prepared.correlation(id).request::<Carried>().await;
    assert_eq!(
        asked.unwrap(),
        (Some("k".to_owned()), Some("en".to_owned()), id)
    );
}
