//! Lanes: the bound on a subscription's deliveries in flight, and each policy for
//! what comes on top of it.
//!
//! One file for all policies: most promises are the same for each, and are shown
//! for each, with every kind of handler.

mod support;

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, RwLock, mpsc};
use std::time::Duration;

use actix::prelude::*;
use futures::channel::oneshot;
use futures::future::join_all;
use proptest::prelude::*;
use ventix::{
    BoxError, Counts, DeadLetter, Delivery, Emission, Emitter, Linker, Outcome, Overflow, Reason,
    Receipt, Report, Strategy, Subscription, SubscriptionSpec, on,
};

use support::{settle, until};

#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
struct Item(usize);

/// What handlers have begun with and not let go of.
#[derive(Clone, Default)]
struct Hands(Arc<Mutex<Held>>);

#[derive(Default)]
struct Held {
    begun: Vec<usize>,
    now: Vec<(usize, Box<dyn Any + Send>)>,
}

impl Hands {
    fn take(&self, number: usize, what: impl Send + 'static) {
        let mut held = self.0.lock().unwrap();
        held.begun.push(number);
        held.now.push((number, Box::new(what)));
    }

    /// Everything that has ever been in these hands, in order.
    fn begun(&self) -> Vec<usize> {
        self.0.lock().unwrap().begun.clone()
    }

    /// Takes what is held out: dropped, it is done.
    fn empty(&self) -> Vec<Box<dyn Any + Send>> {
        let now = std::mem::take(&mut self.0.lock().unwrap().now);
        now.into_iter().map(|(_, what)| what).collect()
    }

    /// Takes out what has been held the `nth` longest.
    fn remove(&self, nth: usize) -> Box<dyn Any + Send> {
        self.0.lock().unwrap().now.remove(nth).1
    }

    fn len(&self) -> usize {
        self.0.lock().unwrap().now.len()
    }
}

/// An actor with such hands.
struct Holder(Hands);

impl Actor for Holder {
    type Context = Context<Self>;
}

impl Handler<Delivery<Item>> for Holder {
    type Result = ();

    fn handle(&mut self, item: Delivery<Item>, _: &mut Context<Self>) {
        self.0.take(item.0, item);
    }
}

/// Replies once its hands are empty.
impl Handler<Item> for Holder {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, item: Item, _: &mut Context<Self>) -> Self::Result {
        let (held, gone) = oneshot::channel::<()>();
        self.0.take(item.0, held);
        Box::pin(async { gone.await.unwrap_or_default() })
    }
}

/// Handlers that hold on to what they get.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Actor,
    Plain,
    Made,
    Async,
    Blocking,
}

const KINDS: [Kind; 5] = [
    Kind::Actor,
    Kind::Plain,
    Kind::Made,
    Kind::Async,
    Kind::Blocking,
];

impl Kind {
    fn holding(self, hands: &Hands) -> SubscriptionSpec {
        let hands = hands.clone();
        match self {
            Self::Actor => on::<Item>().actor(Holder(hands).start()),
            Self::Plain => on::<Item>().plain_actor(Holder(hands).start()),
            Self::Made => {
                let make = move || Holder(hands.clone());
                on::<Item>().actor_in(&Arbiter::current(), make)
            }
            Self::Async => on::<Item>().call_async(move |item| {
                hands.take(item.0, item);
                async {}
            }),
            Self::Blocking => on::<Item>().call_blocking(move |item| hands.take(item.0, item)),
        }
    }
}

const POLICIES: [Overflow; 4] = [
    Overflow::Refuse,
    Overflow::DropNewest,
    Overflow::DropOldest,
    Overflow::Coalesce,
];

/// Each kind of handler with each policy.
fn everything() -> impl Iterator<Item = (Kind, Overflow)> {
    let with_all = |kind| POLICIES.map(|policy| (kind, policy));
    KINDS.into_iter().flat_map(with_all)
}

/// A linker with one subscription, and an emitter.
fn linked(spec: SubscriptionSpec, strategy: Strategy) -> (Linker, Subscription, Emitter) {
    let linker = Linker::start();
    let subscription = linker.subscribe(spec.named("lane")).unwrap();
    let emitter = Emitter::builder(&linker).strategy(strategy.bounded(100_000, Overflow::Refuse));
    let emitter = emitter.start().unwrap();
    (linker, subscription, emitter)
}

fn words(report: &Report) -> Vec<&'static str> {
    report.iter().map(|line| line.outcome().as_str()).collect()
}

/// Why the only subscription of a receipt refused.
fn reason(receipt: &Receipt) -> &Reason {
    receipt.refusals()[0].reason()
}

/// How the only delivery of a report was dropped.
fn dropped(report: &Report) -> &Reason {
    match report.outcomes().next() {
        Some(Outcome::Dropped(reason)) => reason,
        other => panic!("not dropped: {other:?}"),
    }
}

#[track_caller]
fn assert_adds_up(counts: &Counts) {
    let went_wrong = counts.failed + counts.panicked + counts.timed_out + counts.lost;
    let turned_away = counts.refused + counts.dropped + counts.skipped;
    assert_eq!(
        counts.matched,
        counts.handled + went_wrong + turned_away,
        "{counts:?}"
    );
}

/// Emits from four threads at once, `each` items from each.
fn emit_from_four_threads(emitter: &Emitter, each: usize) {
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let emitter = emitter.clone();
            scope.spawn(move || {
                for n in 0..each {
                    let item = emitter.prepare(Item(thread * each + n));
                    item.key((n % 4).to_string()).emit();
                }
            });
        }
    });
}

mod bound {
    use super::*;

    const EACH: usize = 100;
    const CAPACITY: usize = 8;

    #[actix::test]
    async fn no_more_are_in_flight_than_the_capacity_says_whoever_emits() {
        for (kind, policy) in everything() {
            let hands = Hands::default();
            let spec = kind.holding(&hands).capacity(CAPACITY).overflow(policy);
            let (linker, lane, emitter) = linked(spec, Strategy::dedicated());
            linker.subscribe(on::<()>().call(|_| ())).unwrap();
            emit_from_four_threads(&emitter, EACH);
            // The emitter has run them all when it has run this one.
            assert!(emitter.emit_and_wait(()).await.all_handled());
            let (at_once, in_flight) = match policy {
                Overflow::Refuse | Overflow::DropNewest => (CAPACITY, CAPACITY),
                _ => (1, CAPACITY),
            };
            until("as many begun as may", || hands.len() == at_once).await;
            let counts = lane.counts();
            assert_eq!(counts.matched, 4 * EACH as u64);
            assert_eq!(counts.in_flight(), in_flight as u64, "{kind:?} {policy:?}");
            let turned_away = 4 * EACH - CAPACITY;
            let expected = match policy {
                Overflow::Refuse => (turned_away, 0),
                Overflow::DropNewest | Overflow::DropOldest => (0, turned_away),
                // What has a key that none waits with is refused.
                _ => (
                    counts.refused as usize,
                    turned_away - counts.refused as usize,
                ),
            };
            let found = (counts.refused as usize, counts.dropped as usize);
            assert_eq!(found, expected, "{kind:?} {policy:?}");
            until("all have ended", || {
                drop(hands.empty());
                lane.counts().in_flight() == 0
            })
            .await;
            assert_eq!(
                lane.counts().handled,
                CAPACITY as u64,
                "{kind:?} {policy:?}"
            );
            assert_adds_up(&lane.counts());
            // Of each thread those that are left come in its order. Blocking ones
            // begin in it, side by side.
            if !(matches!(kind, Kind::Blocking) && at_once > 1) {
                for thread in 0..4 {
                    let begun = hands.begun().into_iter();
                    let mine: Vec<_> = begun.filter(|n| n / EACH == thread).collect();
                    assert!(mine.is_sorted(), "{kind:?} {policy:?} {mine:?}");
                }
            }
            assert!(emitter.emit(Item(0)).is_complete(), "there is room again");
        }
    }

    #[actix::test]
    async fn a_sync_callback_has_the_bound_that_it_is_given_on_all_threads_together() {
        for (policy, word) in [
            (Overflow::Refuse, "refused"),
            (Overflow::DropNewest, "dropped"),
        ] {
            let (open, gate) = mpsc::channel::<()>();
            let gate = Mutex::new(gate);
            let spec = on::<Item>().call(move |_| {
                let _ = gate.lock().unwrap().recv();
            });
            let spec = spec.capacity(2).overflow(policy);
            let (_linker, lane, emitter) = linked(spec, Strategy::inline());
            let (tell, told) = mpsc::channel();
            for n in 0..4 {
                let (emitter, tell) = (emitter.clone(), tell.clone());
                std::thread::spawn(move || tell.send(emitter.emit(Item(n))).unwrap());
            }
            // Two are in the callback, so those that come back were turned away.
            for _ in 0..2 {
                let receipt = told.recv().unwrap();
                let outcome = Outcome::from(reason(&receipt).clone());
                assert_eq!(outcome.as_str(), word);
            }
            drop(open);
            for _ in 0..2 {
                assert!(told.recv().unwrap().is_complete());
            }
            assert_eq!((lane.counts().handled, lane.counts().in_flight()), (2, 0));
            assert_adds_up(&lane.counts());
        }
    }

    #[actix::test]
    async fn sync_callbacks_of_a_lane_that_keeps_what_waits_run_one_at_a_time() {
        for policy in [Overflow::DropOldest, Overflow::Coalesce] {
            let (busy, most) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0)));
            let (entered, peak) = (busy.clone(), most.clone());
            let spec = on::<Item>().call(move |_| {
                let now = {
                    let mut busy = entered.lock().unwrap();
                    *busy += 1;
                    *busy
                };
                let mut peak = peak.lock().unwrap();
                *peak = now.max(*peak);
                drop(peak);
                std::thread::yield_now();
                *entered.lock().unwrap() -= 1;
            });
            let (_linker, lane, emitter) = linked(spec.overflow(policy), Strategy::inline());
            emit_from_four_threads(&emitter, 200);
            until("all have ended", || lane.counts().in_flight() == 0).await;
            assert_eq!(
                lane.counts().handled,
                800,
                "{policy:?}: its capacity is 1,024"
            );
            assert_eq!(*most.lock().unwrap(), 1);
        }
    }

    #[actix::test]
    async fn a_delivery_keeps_its_place_until_it_is_dropped_wherever_it_went() {
        for (kind, policy) in everything() {
            let hands = Hands::default();
            let spec = kind.holding(&hands).capacity(1).overflow(policy);
            let (_linker, lane, emitter) = linked(spec, Strategy::current());
            for n in 0..3 {
                assert!(emitter.emit(Item(n)).is_complete(), "{kind:?} {policy:?}");
                until("it has begun", || hands.len() == 1).await;
                let refused = emitter.emit(Item(9));
                let expected = match policy {
                    Overflow::DropNewest => Reason::DroppedNewest { capacity: 1 },
                    _ => Reason::LaneFull { capacity: 1 },
                };
                assert_eq!(reason(&refused), &expected, "{kind:?} {policy:?}");
                // Through a channel, to a thread, to its end.
                let what = hands.remove(0);
                let (send, receive) = mpsc::channel();
                let thread = std::thread::spawn(move || drop(receive.recv()));
                send.send(what).unwrap();
                thread.join().unwrap();
                until("it has ended", || lane.counts().in_flight() == 0).await;
            }
            assert_eq!(hands.begun(), [0, 1, 2]);
            assert_eq!(lane.counts().handled, 3);
        }
    }

    #[actix::test]
    async fn a_delivery_that_ends_badly_gives_its_place_back() {
        /// Fails, panics or forgets, in turn.
        async fn badly(item: Delivery<Item>) -> Result<(), BoxError> {
            match item.0 % 3 {
                0 => Err("no".into()),
                1 => panic!("as told"),
                _ => {
                    item.fail("by hand");
                    Ok(())
                }
            }
        }
        for policy in POLICIES {
            let spec = on::<Item>().call_async(badly).capacity(1).overflow(policy);
            let (_linker, lane, emitter) = linked(spec, Strategy::current());
            for n in 0..6 {
                let report = emitter.emit_and_wait(Item(n)).await;
                let expected = if n % 3 == 1 { "panicked" } else { "failed" };
                assert_eq!(words(&report), [expected], "{policy:?}");
            }
            assert_adds_up(&lane.counts());
        }
    }

    #[actix::test]
    async fn a_lane_that_could_wait_refuses_what_is_emitted_without_waiting() {
        let hands = Hands::default();
        let wait = Overflow::Wait(Duration::from_secs(60));
        let spec = Kind::Actor.holding(&hands).capacity(1).overflow(wait);
        let (_linker, _, emitter) = linked(spec, Strategy::inline());
        assert!(emitter.emit(Item(0)).is_complete());
        assert_eq!(
            reason(&emitter.emit(Item(1))),
            &Reason::LaneFull { capacity: 1 }
        );
        settle().await;
        drop(hands.empty());
        assert!(emitter.emit(Item(2)).is_complete());
    }

    #[actix::test]
    async fn a_stuck_handler_holds_up_its_own_lane_only() {
        for (kind, policy) in everything() {
            let hands = Hands::default();
            let spec = kind.holding(&hands).capacity(2).overflow(policy);
            let (linker, stuck, emitter) = linked(spec, Strategy::current());
            let free = linker
                .subscribe(on::<Item>().call_async(async |_| ()))
                .unwrap();
            let key = |n: usize| emitter.prepare(Item(n)).key("same");
            for n in 0..100 {
                key(n).emit();
                settle().await;
            }
            assert_eq!(free.counts().handled, 100, "{kind:?} {policy:?}");
            assert_eq!(stuck.counts().in_flight(), 2, "{kind:?} {policy:?}");
        }
    }
}

mod eviction {
    use super::*;

    #[actix::test]
    async fn what_is_evicted_is_in_its_report_and_counted_and_told_and_a_dead_letter() {
        for (policy, why) in [
            (Overflow::DropOldest, Reason::DroppedOldest { capacity: 2 }),
            (Overflow::Coalesce, Reason::Coalesced),
        ] {
            for kind in KINDS {
                let (hands, failures) = (Hands::default(), Arc::new(Mutex::new(Vec::new())));
                let letters = failures.clone();
                let told = failures.clone();
                let spec = kind.holding(&hands).capacity(2).overflow(policy);
                let spec = spec.on_failure(move |failure| {
                    let error = failure.error().downcast_ref::<Reason>().cloned();
                    told.lock().unwrap().push(("on_failure", error.unwrap()));
                });
                let (linker, lane, emitter) = linked(spec, Strategy::inline());
                let letter = on::<DeadLetter>().call(move |letter| {
                    let error = letter.error().downcast_ref::<Reason>().cloned();
                    letters.lock().unwrap().push(("letter", error.unwrap()));
                });
                linker.subscribe(letter).unwrap();
                let emit = |n| emitter.prepare(Item(n)).key("same").emit_and_wait();
                let (first, second, third, ()) = futures::join!(emit(0), emit(1), emit(2), async {
                    until("the third one has begun", || {
                        drop(hands.empty());
                        hands.begun().len() == 2
                    })
                    .await;
                    drop(hands.empty());
                });
                assert_eq!(words(&first), ["handled"]);
                assert_eq!(dropped(&second), &why, "{kind:?}");
                assert_eq!(words(&third), ["handled"]);
                assert_eq!(hands.begun(), [0, 2], "{kind:?}");
                let counts = lane.counts();
                assert_eq!((counts.handled, counts.dropped), (2, 1), "{kind:?}");
                assert_adds_up(&counts);
                let told = failures.lock().unwrap().clone();
                assert_eq!(told, [("on_failure", why.clone()), ("letter", why.clone())]);
            }
        }
    }

    #[actix::test]
    async fn the_newest_dropped_is_in_its_receipt_and_its_report_and_counted() {
        let hands = Hands::default();
        let spec = Kind::Actor.holding(&hands).capacity(1);
        let spec = spec.overflow(Overflow::DropNewest);
        let (_linker, lane, emitter) = linked(spec, Strategy::inline());
        emitter.emit(Item(0));
        let report = emitter.emit_and_wait(Item(1)).await;
        let why = Reason::DroppedNewest { capacity: 1 };
        assert_eq!(reason(report.receipt()), &why);
        assert_eq!(dropped(&report), &why);
        assert_eq!((lane.counts().dropped, lane.counts().refused), (1, 0));
    }

    #[actix::test]
    async fn those_that_survive_keep_their_order() {
        for kind in KINDS {
            let hands = Hands::default();
            let spec = kind.holding(&hands).capacity(4);
            let spec = spec.overflow(Overflow::DropOldest);
            let (_linker, lane, emitter) = linked(spec, Strategy::inline());
            for n in 0..10 {
                assert!(emitter.emit(Item(n)).is_complete());
            }
            until("all have ended", || {
                drop(hands.empty());
                lane.counts().in_flight() == 0
            })
            .await;
            assert_eq!(hands.begun(), [0, 7, 8, 9], "{kind:?}");
        }
    }

    #[actix::test]
    async fn of_each_key_the_latest_is_left_and_other_keys_are_left_alone() {
        for kind in KINDS {
            let hands = Hands::default();
            let spec = kind
                .holding(&hands)
                .capacity(4)
                .overflow(Overflow::Coalesce);
            let (_linker, lane, emitter) = linked(spec, Strategy::inline());
            let emit = |n: usize, key: &str| emitter.prepare(Item(n)).key(key.to_owned()).emit();
            // The first is being handled: nothing makes room for it.
            for (n, key) in ["a", "b", "c", "d"].iter().enumerate() {
                assert!(emit(n, key).is_complete());
            }
            assert_eq!(reason(&emit(4, "a")), &Reason::LaneFull { capacity: 4 });
            assert!(emit(5, "c").is_complete() && emit(6, "b").is_complete());
            assert!(emit(7, "c").is_complete());
            assert_eq!(
                reason(&emitter.emit(Item(8))),
                &Reason::LaneFull { capacity: 4 }
            );
            until("all have ended", || {
                drop(hands.empty());
                lane.counts().in_flight() == 0
            })
            .await;
            assert_eq!(hands.begun(), [0, 3, 6, 7], "{kind:?}");
            assert_eq!((lane.counts().dropped, lane.counts().refused), (3, 2));
        }
    }

    #[actix::test]
    async fn what_is_on_another_topic_or_of_another_type_has_another_key() {
        let hands = Hands::default();
        let take = hands.clone();
        let any = ventix::on_any().call_async(move |any| {
            take.take(any.downcast_ref::<usize>().copied().unwrap_or(99), any);
            async {}
        });
        let spec = any.capacity(4).overflow(Overflow::Coalesce);
        let (_linker, _, emitter) = linked(spec, Strategy::inline());
        emitter.emit(0_usize);
        let key = |n: usize| emitter.prepare(n).key("same");
        assert!(key(1).emit().is_complete());
        assert!(key(2).topic("one").emit().is_complete());
        assert!(key(3).topic("two").emit().is_complete());
        let other_type = emitter.prepare("text").key("same").topic("one").emit();
        assert_eq!(reason(&other_type), &Reason::LaneFull { capacity: 4 });
        assert!(key(4).topic("one").emit().is_complete());
        until("all have begun", || {
            drop(hands.empty());
            hands.begun().len() == 4
        })
        .await;
        assert_eq!(hands.begun(), [0, 1, 3, 4]);
    }

    #[actix::test]
    async fn with_room_for_one_only_the_latest_of_those_that_wait_is_left() {
        for kind in KINDS {
            let hands = Hands::default();
            let spec = kind.holding(&hands).capacity(1);
            let spec = spec.overflow(Overflow::DropOldest);
            let (_linker, lane, emitter) = linked(spec, Strategy::current());
            // They wait to be run.
            for n in 0..10 {
                assert!(emitter.emit(Item(n)).is_complete());
            }
            until("one has begun", || hands.len() == 1).await;
            assert_eq!(hands.begun(), [9], "{kind:?}");
            assert_eq!((lane.counts().dropped, lane.counts().in_flight()), (9, 1));
            // Nothing is dropped for what comes while it is being handled.
            let report = emitter.emit_and_wait(Item(10)).await;
            assert_eq!(words(&report), ["refused"]);
        }
    }

    #[actix::test]
    async fn a_sync_callback_gets_the_latest_of_those_that_wait() {
        let hands = Hands::default();
        let seen = hands.clone();
        let spec = on::<Item>()
            .call(move |item| seen.take(item.0, ()))
            .capacity(1);
        let spec = spec.overflow(Overflow::DropOldest);
        let (_linker, _, emitter) = linked(spec, Strategy::current());
        let reports = join_all((0..10).map(|n| emitter.emit_and_wait(Item(n)))).await;
        assert_eq!(hands.begun(), [9]);
        let ended: Vec<_> = reports.iter().flat_map(words).collect();
        assert_eq!(ended, [vec!["dropped"; 9], vec!["handled"]].concat());
    }

    #[actix::test]
    async fn what_waits_is_lost_when_its_arbiter_stops_however_much_it_is() {
        const MANY: usize = 5_000;
        let (hands, arbiter) = (Hands::default(), Arbiter::new());
        let spec = Kind::Async.holding(&hands).capacity(MANY);
        let spec = spec.overflow(Overflow::DropOldest);
        let (linker, lane, emitter) = linked(spec, Strategy::on(&arbiter.handle()));
        linker.subscribe(on::<()>().call(|_| ())).unwrap();
        for n in 0..MANY {
            assert!(emitter.emit(Item(n)).is_complete());
        }
        assert!(emitter.emit_and_wait(()).await.all_handled());
        arbiter.stop();
        arbiter.join().unwrap();
        drop(hands.empty());
        until("all have ended", || lane.counts().in_flight() == 0).await;
        assert_eq!(
            (lane.counts().handled, lane.counts().lost),
            (1, MANY as u64 - 1)
        );
    }
}

mod unrun {
    use super::*;

    /// A strategy that puts emissions aside.
    #[derive(Clone, Default)]
    pub(super) struct Aside(Arc<Mutex<Vec<Emission>>>);

    impl Aside {
        pub(super) fn strategy(&self) -> Strategy {
            Strategy::custom(self.clone().start().recipient())
        }

        /// Takes the oldest one out.
        pub(super) fn pop(&self) -> Emission {
            self.0.lock().unwrap().remove(0)
        }

        pub(super) fn len(&self) -> usize {
            self.0.lock().unwrap().len()
        }
    }

    impl Actor for Aside {
        type Context = Context<Self>;
    }

    impl Handler<Emission> for Aside {
        type Result = ();

        fn handle(&mut self, emission: Emission, _: &mut Context<Self>) {
            self.0.lock().unwrap().push(emission);
        }
    }

    #[actix::test]
    async fn an_emission_that_is_never_run_gives_its_places_back() {
        for (kind, policy) in everything() {
            let (hands, aside) = (Hands::default(), Aside::default());
            let spec = kind.holding(&hands).capacity(1).overflow(policy);
            let (_linker, lane, emitter) = linked(spec, aside.strategy());
            for n in 0..3 {
                let waiting = emitter.emit_and_wait(Item(n));
                let (report, ()) = futures::join!(waiting, async {
                    settle().await;
                    drop(aside.pop());
                });
                assert_eq!(words(&report), ["lost"], "{kind:?} {policy:?}");
            }
            let last = emitter.emit(Item(3));
            assert!(last.is_complete());
            settle().await;
            aside.pop().run();
            until("it has begun", || hands.begun() == [3]).await;
            assert_eq!((lane.counts().lost, lane.counts().in_flight()), (3, 1));
        }
    }

    #[actix::test]
    async fn one_that_was_evicted_and_is_never_run_gives_back_no_place_of_another() {
        for policy in [Overflow::DropOldest, Overflow::Coalesce] {
            let (hands, aside) = (Hands::default(), Aside::default());
            let spec = Kind::Async.holding(&hands).capacity(1).overflow(policy);
            let (_linker, lane, emitter) = linked(spec, aside.strategy());
            let emit = |n| emitter.prepare(Item(n)).key("same").emit();
            assert!(emit(0).is_complete() && emit(1).is_complete());
            settle().await;
            drop(aside.pop());
            aside.pop().run();
            assert_eq!(hands.begun(), [1]);
            assert_eq!(reason(&emit(2)), &Reason::LaneFull { capacity: 1 });
            let counts = lane.counts();
            assert_eq!((counts.lost, counts.refused, counts.in_flight()), (1, 1, 1));
        }
    }

    #[actix::test]
    async fn one_that_was_evicted_and_is_run_later_ends_as_dropped_then() {
        let (hands, aside) = (Hands::default(), Aside::default());
        let spec = Kind::Async.holding(&hands).capacity(1);
        let spec = spec.overflow(Overflow::DropOldest);
        let (_linker, _, emitter) = linked(spec, aside.strategy());
        let both = futures::future::join(
            emitter.emit_and_wait(Item(0)),
            emitter.emit_and_wait(Item(1)),
        );
        let ((first, second), ()) = futures::join!(both, async {
            settle().await;
            let evicted = aside.pop();
            aside.pop().run();
            drop(hands.empty());
            evicted.run();
        });
        assert_eq!(dropped(&first), &Reason::DroppedOldest { capacity: 1 });
        assert_eq!(words(&second), ["handled"]);
    }

    #[actix::test]
    async fn the_one_shot_is_free_again_when_its_emission_is_never_run() {
        for policy in POLICIES {
            let (hands, aside) = (Hands::default(), Aside::default());
            let spec = Kind::Async.holding(&hands).capacity(1).overflow(policy);
            let (linker, lane, emitter) = linked(spec.once(), aside.strategy());
            assert!(emitter.emit(Item(0)).accepted() == 1);
            assert_eq!(reason(&emitter.emit(Item(1))), &Reason::Spent);
            settle().await;
            drop(aside.pop());
            assert!(emitter.emit(Item(2)).accepted() == 1, "{policy:?}");
            settle().await;
            aside.pop().run();
            assert_eq!(hands.begun(), [2]);
            assert!(linker.is_empty());
            drop(hands.empty());
            settle().await;
            let counts = lane.counts();
            assert_eq!((counts.handled, counts.lost, counts.skipped), (1, 1, 1));
            assert_adds_up(&counts);
        }
    }

    #[actix::test]
    async fn once_fires_once_whoever_runs_into_it_and_no_policy_takes_it_away() {
        for policy in POLICIES {
            for _ in 0..100 {
                let hands = Hands::default();
                let spec = Kind::Async.holding(&hands).capacity(1).overflow(policy);
                let (linker, lane, emitter) = linked(spec.once(), Strategy::current());
                let start = Arc::new(std::sync::Barrier::new(4));
                let threads: Vec<_> = (0..4)
                    .map(|n| {
                        let (emitter, start) = (emitter.clone(), start.clone());
                        std::thread::spawn(move || {
                            start.wait();
                            emitter.prepare(Item(n)).key("same").emit()
                        })
                    })
                    .collect();
                let receipts = threads.into_iter().map(|thread| thread.join().unwrap());
                let receipts: Vec<_> = receipts.collect();
                settle().await;
                drop(hands.empty());
                assert!(linker.is_empty(), "{policy:?} {receipts:?}");
                assert_eq!(hands.begun().len(), 1, "{policy:?} {receipts:?}");
                let counts = lane.counts();
                let skipped = counts.matched - 1;
                assert_eq!((counts.handled, counts.skipped), (1, skipped), "{policy:?}");
            }
        }
    }
}

mod cycle {
    use super::*;

    #[derive(Debug, Clone, Copy)]
    struct Ping(usize);

    struct Pong;

    /// Emits to itself until it is told no, and tells why.
    fn flood<E>(ping: &Delivery<E>, next: impl Fn() -> Ping) -> String
    where
        E: Send + Sync + 'static,
    {
        let emitter = ping.emitter();
        for _ in 0..100 {
            let receipt = emitter.emit(next());
            if !receipt.is_complete() {
                return reason(&receipt).to_string();
            }
        }
        panic!("its lane is never full");
    }

    struct Flooder(mpsc::Sender<String>);

    impl Actor for Flooder {
        type Context = Context<Self>;
    }

    impl Handler<Delivery<Ping>> for Flooder {
        type Result = ();

        fn handle(&mut self, ping: Delivery<Ping>, _: &mut Context<Self>) {
            if ping.0 == 0 {
                self.0.send(flood(&ping, || Ping(1))).unwrap();
            }
        }
    }

    const FULL_OF_ITSELF: &str = "the lane is full (capacity 3) with what leads back to it: \
                                  #1 (lane) -> #1 (lane)";

    /// Floods its own lane once, and hears what the refusal says.
    async fn flooded(spec: SubscriptionSpec, strategy: Strategy, told: &mpsc::Receiver<String>) {
        let (_linker, lane, emitter) = linked(spec.capacity(3), strategy);
        let report = emitter.emit_and_wait(Ping(0)).await;
        assert_eq!(words(&report), ["handled"]);
        assert_eq!(told.recv().unwrap(), FULL_OF_ITSELF);
        until("all have ended", || lane.counts().in_flight() == 0).await;
        assert_adds_up(&lane.counts());
    }

    #[actix::test]
    async fn a_handler_that_fills_its_own_lane_is_refused_and_told_of_the_cycle() {
        for policy in [Overflow::Refuse, Overflow::Wait(Duration::from_secs(60))] {
            for strategy in [Strategy::inline(), Strategy::current()] {
                let (tell, told) = mpsc::channel();
                let (a, b) = (tell.clone(), tell.clone());
                let specs = [
                    on::<Ping>().actor(Flooder(tell).start()),
                    on::<Ping>().actor_in(&Arbiter::current(), move || Flooder(a.clone())),
                    on::<Ping>().call_async(move |ping| {
                        let tell = b.clone();
                        async move {
                            if ping.0 == 0 {
                                tell.send(flood(&ping, || Ping(1))).unwrap();
                            }
                        }
                    }),
                ];
                for spec in specs {
                    flooded(spec.overflow(policy), strategy.clone(), &told).await;
                }
            }
        }
    }

    #[actix::test]
    async fn a_blocking_callback_that_fills_its_own_lane_is_told_of_the_cycle() {
        for strategy in [Strategy::inline(), Strategy::dedicated()] {
            let (tell, told) = mpsc::channel();
            // The others wait until the first one has done.
            let turn = RwLock::new(());
            let spec = on::<Ping>().call_blocking(move |ping| {
                if ping.0 == 0 {
                    let _turn = turn.write().unwrap();
                    tell.send(flood(&ping, || Ping(1))).unwrap();
                } else {
                    drop(turn.read().unwrap());
                }
            });
            flooded(spec, strategy, &told).await;
        }
    }

    #[actix::test]
    async fn a_sync_callback_that_calls_itself_comes_as_deep_as_its_lane() {
        let (tell, told) = mpsc::channel();
        let spec = on::<Ping>().call(move |ping| {
            let receipt = ping.emitter().emit(Ping(ping.0 + 1));
            if let Some(refusal) = receipt.refusals().first() {
                tell.send(refusal.reason().to_string()).unwrap();
            }
        });
        let (_linker, lane, emitter) = linked(spec.capacity(3), Strategy::inline());
        emitter.emit(Ping(0));
        let path = "#1 (lane) -> #1 (lane)";
        let full = format!("the lane is full (capacity 3) with what leads back to it: {path}");
        assert_eq!(told.try_iter().collect::<Vec<_>>(), [full]);
        assert_eq!((lane.counts().handled, lane.counts().refused), (3, 1));
    }

    #[actix::test]
    async fn a_lane_that_keeps_what_waits_names_the_cycle_when_nothing_can_be_dropped() {
        for policy in [Overflow::DropOldest, Overflow::Coalesce] {
            let (tell, told) = mpsc::channel();
            let spec = on::<Ping>().actor(Flooder(tell).start()).capacity(1);
            let (_linker, _, emitter) = linked(spec.overflow(policy), Strategy::inline());
            assert_eq!(words(&emitter.emit_and_wait(Ping(0)).await), ["handled"]);
            assert_eq!(
                told.recv().unwrap(),
                "the lane is full (capacity 1) with what leads back to it: \
                 #1 (lane) -> #1 (lane)"
            );
        }
    }

    #[actix::test]
    async fn a_handler_that_evicts_its_own_emissions_goes_on_and_comes_to_an_end() {
        let handled = Arc::new(Mutex::new(Vec::new()));
        let log = handled.clone();
        let spec = on::<Ping>().call_async(move |ping| {
            log.lock().unwrap().push(ping.0);
            async move {
                if ping.0 == 0 {
                    let emitter = ping.emitter();
                    for n in 1..=100 {
                        assert!(emitter.emit(Ping(n)).is_complete());
                    }
                }
            }
        });
        let spec = spec.capacity(3).overflow(Overflow::DropOldest);
        let (_linker, lane, emitter) = linked(spec, Strategy::inline());
        let _ = emitter.emit_and_wait(Ping(0)).await;
        until("all have ended", || lane.counts().in_flight() == 0).await;
        assert_eq!(*handled.lock().unwrap(), [0, 99, 100]);
        assert_eq!(lane.counts().dropped, 98);
    }

    #[actix::test]
    async fn a_cycle_over_two_handlers_is_named_with_both() {
        for strategy in [
            Strategy::inline(),
            Strategy::current(),
            Strategy::dedicated(),
        ] {
            let (tell, told) = mpsc::channel();
            let linker = Linker::start();
            let forth = on::<Ping>().call_async(async |ping| {
                if ping.0 == 0 {
                    ping.emitter().emit(Pong);
                    // Full of what it has begun with, until the other one was told.
                    futures::future::pending::<()>().await;
                }
            });
            let forth = linker.subscribe(forth.named("forth").capacity(1)).unwrap();
            let back = on::<Pong>().call(move |pong| {
                tell.send(flood(pong, || Ping(1))).unwrap();
            });
            linker.subscribe(back.named("back")).unwrap();
            let emitter = Emitter::start(&linker, strategy);
            emitter.emit(Ping(0));
            until("it was refused", || forth.counts().refused == 1).await;
            assert_eq!(
                told.recv().unwrap(),
                "the lane is full (capacity 1) with what leads back to it: \
                 #1 (forth) -> #2 (back) -> #1 (forth)"
            );
        }
    }

    #[actix::test]
    async fn what_fills_a_lane_from_outside_is_no_cycle() {
        let hands = Hands::default();
        let spec = Kind::Actor.holding(&hands).capacity(1);
        let (linker, _, emitter) = linked(spec, Strategy::inline());
        let (tell, told) = mpsc::channel();
        let outside = on::<Pong>().call(move |pong| {
            let receipt = pong.emitter().emit(Item(1));
            tell.send(reason(&receipt).clone()).unwrap();
        });
        linker.subscribe(outside).unwrap();
        emitter.emit(Item(0));
        emitter.emit(Pong);
        assert_eq!(told.recv().unwrap(), Reason::LaneFull { capacity: 1 });
    }
}

/// The naive lane: everything in lists, everything searched.
mod model {
    use proptest::strategy::Strategy as _;

    use super::unrun::Aside;
    use super::*;

    #[derive(Debug, Clone, Copy)]
    enum Step {
        /// With one of three keys, or with none.
        Emit(u8),
        /// The strategy runs the emission that has waited longest.
        Run,
        /// The strategy drops it.
        Drop,
        /// The handler lets go of the nth one it holds; or says that it failed.
        End { nth: usize, well: bool },
    }

    fn steps() -> impl proptest::strategy::Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            4 => (0_u8..4).prop_map(Step::Emit),
            4 => Just(Step::Run),
            1 => Just(Step::Drop),
            3 => (0_usize..4, any::<bool>()).prop_map(|(nth, well)| Step::End { nth, well }),
        ];
        prop::collection::vec(step, 1..60)
    }

    #[derive(Default)]
    struct Lane {
        /// Accepted, and not run or dropped by the strategy.
        aside: Vec<usize>,
        /// Accepted, not evicted and not begun; by age, with their keys.
        waiting: Vec<(usize, u8)>,
        /// Run, and waiting for the handler.
        arrived: Vec<usize>,
        held: Vec<usize>,
        begun: Vec<usize>,
        counts: BTreeMap<&'static str, u64>,
    }

    impl Lane {
        fn count(&mut self, word: &'static str) {
            *self.counts.entry(word).or_default() += 1;
        }

        /// Whether it is accepted.
        fn emit(&mut self, policy: Overflow, capacity: usize, n: usize, key: u8) -> bool {
            self.count("matched");
            if self.waiting.len() + self.held.len() >= capacity {
                let evicted = match policy {
                    Overflow::DropOldest => (!self.waiting.is_empty()).then_some(0),
                    Overflow::Coalesce if key > 0 => self.waiting.iter().position(|w| w.1 == key),
                    _ => None,
                };
                let Some(evicted) = evicted else {
                    let dropped = policy == Overflow::DropNewest;
                    self.count(if dropped { "dropped" } else { "refused" });
                    return false;
                };
                let (evicted, _) = self.waiting.remove(evicted);
                if self.arrived.contains(&evicted) {
                    self.arrived.retain(|n| *n != evicted);
                    self.count("dropped");
                }
            }
            self.waiting.push((n, key));
            self.aside.push(n);
            true
        }

        fn run(&mut self, policy: Overflow) {
            let n = self.aside.remove(0);
            if !self.waiting.iter().any(|w| w.0 == n) {
                self.count("dropped");
                return;
            }
            self.arrived.push(n);
            self.begin(policy);
        }

        /// Lets the handler begin with what it may begin with.
        fn begin(&mut self, policy: Overflow) {
            let one_by_one = matches!(policy, Overflow::DropOldest | Overflow::Coalesce);
            while !one_by_one || self.held.is_empty() {
                let next = self.waiting.iter().find(|w| self.arrived.contains(&w.0));
                let Some(n) = next.map(|w| w.0) else {
                    return;
                };
                self.waiting.retain(|w| w.0 != n);
                self.arrived.retain(|a| *a != n);
                self.held.push(n);
                self.begun.push(n);
            }
        }

        fn drop(&mut self) {
            let n = self.aside.remove(0);
            self.waiting.retain(|w| w.0 != n);
            self.count("lost");
        }

        fn end(&mut self, policy: Overflow, nth: usize, well: bool) {
            self.held.remove(nth);
            self.count(if well { "handled" } else { "failed" });
            self.begin(policy);
        }
    }

    fn compare(model: &Lane, counts: &Counts, hands: &Hands) {
        let count = |word| model.counts.get(word).copied().unwrap_or(0);
        let found = [
            ("matched", counts.matched),
            ("handled", counts.handled),
            ("failed", counts.failed),
            ("lost", counts.lost),
            ("refused", counts.refused),
            ("dropped", counts.dropped),
        ];
        assert_eq!(found, found.map(|(word, _)| (word, count(word))));
        assert_eq!(hands.begun(), model.begun);
        // Evicted and not run yet: its report is still to come.
        let in_flight = model.aside.len() + model.arrived.len() + model.held.len();
        assert_eq!(counts.in_flight(), in_flight as u64);
    }

    async fn follow(policy: Overflow, capacity: usize, steps: &[Step]) {
        let (hands, aside, mut model) = (Hands::default(), Aside::default(), Lane::default());
        let spec = Kind::Async.holding(&hands).capacity(capacity);
        let (_linker, lane, emitter) = linked(spec.overflow(policy), aside.strategy());
        for (n, step) in steps.iter().enumerate() {
            match *step {
                Step::Emit(key) => {
                    let item = emitter.prepare(Item(n));
                    let receipt = match key {
                        0 => item.emit(),
                        key => item.key(key.to_string()).emit(),
                    };
                    let accepted = model.emit(policy, capacity, n, key);
                    assert_eq!(receipt.accepted() == 1, accepted, "{step:?} at {n}");
                }
                Step::Run if !model.aside.is_empty() => {
                    aside.pop().run();
                    model.run(policy);
                }
                Step::Drop if !model.aside.is_empty() => {
                    drop(aside.pop());
                    model.drop();
                }
                Step::End { nth, well } if !model.held.is_empty() => {
                    let nth = nth % model.held.len();
                    let delivery = hands.remove(nth).downcast::<Delivery<Item>>().unwrap();
                    if well {
                        drop(delivery);
                    } else {
                        delivery.fail("as told");
                    }
                    model.end(policy, nth, well);
                }
                _ => {}
            }
            settle().await;
            assert_eq!(aside.len(), model.aside.len());
            compare(&model, &lane.counts(), &hands);
        }
        // And to its end.
        while aside.len() > 0 || hands.len() > 0 {
            drop(hands.empty());
            if aside.len() > 0 {
                aside.pop().run();
            }
            settle().await;
        }
        assert_eq!(lane.counts().in_flight(), 0);
        assert_adds_up(&lane.counts());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_lane_does_what_a_naive_one_does(capacity in 1_usize..5, steps in steps()) {
            System::new().block_on(async {
                for policy in POLICIES {
                    follow(policy, capacity, &steps).await;
                }
            });
        }
    }
}
