use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix::clock::Instant;

use crate::event::TopicError;
use crate::handler::Restart;
use crate::middleware::{DeliveryLayer, Stack};
use crate::outcome::{Failure, IntoOutcome, Success};
use crate::policy::{Breaker, Debounce, Retry, Throttle, WhenPaused};
use crate::registry::{Callbacks, Expects, Overflow};

use super::making::{Kinds, MakePart};
use super::options::Options;

/// A subscription that has not been linked yet: selectors, handlers, options.
///
/// Options belong to the whole subscription, whichever of its handlers runs; what they
/// do where two of them meet is told [on a page of its own](crate::options).
/// [`Linker::subscribe`](crate::Linker::subscribe) links it.
///
/// # Examples
///
/// ```
/// use ventix::{on, Emitter, Linker, Strategy};
///
/// struct OrderPlaced { id: u64 }
///
/// let spec = on::<OrderPlaced>()
///     .call(|order| println!("{}", order.id))
///     .named("printer")
///     .once();
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// let printer = linker.subscribe(spec)?;
/// Emitter::start(&linker, Strategy::inline()).emit(OrderPlaced { id: 1 });
/// assert!(!printer.is_active(), "it has fired");
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[must_use = "nothing is subscribed until `Linker::subscribe` gets it"]
pub struct SubscriptionSpec {
    pub(super) parts: Vec<MakePart>,
    pub(super) kinds: Kinds,
    /// The sizes of the batches that its handlers take.
    pub(super) batches: Vec<usize>,
    pub(super) invalid: Option<TopicError>,
    pub(super) name: Option<Arc<str>>,
    pub(super) weak: bool,
    pub(super) in_order: bool,
    pub(super) is_paused: bool,
    pub(super) replays_last: bool,
    pub(super) options: Options,
    pub(super) layers: Stack<dyn DeliveryLayer>,
    pub(super) callbacks: Callbacks,
    pub(super) expects: Vec<Arc<dyn Expects>>,
}

impl SubscriptionSpec {
    pub(super) fn new(part: MakePart, kinds: Kinds, invalid: Option<TopicError>) -> Self {
        Self {
            parts: vec![part],
            kinds,
            batches: Vec::new(),
            invalid,
            name: None,
            weak: false,
            in_order: false,
            is_paused: false,
            replays_last: false,
            options: Options::default(),
            layers: Stack::default(),
            callbacks: Callbacks::default(),
            expects: Vec::new(),
        }
    }

    /// Lets a handler of it follow what is on its way.
    pub(super) fn followed_by(mut self, expects: Arc<dyn Expects>) -> Self {
        self.expects.push(expects);
        self
    }

    /// With batches of so many deliveries.
    pub(super) fn with_batches_of(mut self, size: usize) -> Self {
        self.batches.push(size);
        self
    }

    /// Adds the selectors and handlers of `other` to this subscription.
    ///
    /// Options that both set are taken from `self`; it holds its actors weakly, handles
    /// one at a time, starts paused, and gets the last values, if either is to. Where
    /// several of its handlers take an event, as its own type or as any event, the one
    /// that was added first runs.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::{on, Emitter, Linker, Strategy};
    ///
    /// struct Opened;
    /// struct Closed;
    ///
    /// # actix::System::new().block_on(async {
    /// let either = on::<Opened>().call(|_| println!("opened"))
    ///     .and(on::<Closed>().call(|_| println!("closed")))
    ///     .once();
    /// let linker = Linker::start();
    /// linker.subscribe(either)?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// assert_eq!(emitter.emit(Closed).accepted(), 1);
    /// assert!(emitter.emit(Opened).is_unheard(), "there was one shot for both");
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn and(mut self, other: Self) -> Self {
        self.parts.extend(other.parts);
        self.batches.extend(other.batches);
        self.kinds.queued |= other.kinds.queued;
        self.kinds.actors |= other.kinds.actors;
        self.kinds.made |= other.kinds.made;
        self.invalid = self.invalid.or(other.invalid);
        self.name = self.name.or(other.name);
        self.weak |= other.weak;
        self.in_order |= other.in_order;
        self.is_paused |= other.is_paused;
        self.replays_last |= other.replays_last;
        self.options = self.options.or(other.options);
        self.layers = self.layers.and(&other.layers);
        self.callbacks = self.callbacks.or(&other.callbacks);
        self.expects.extend(other.expects);
        self
    }

    /// Gives the subscription a name: for reports, snapshots and the debug mode.
    /// Names need not differ.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Linker};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// for _ in 0..2 {
    ///     linker.subscribe(on::<u8>().call(|_| ()).named("mailer"))?;
    /// }
    /// assert_eq!(linker.snapshot().to_string(), "#1 (mailer) on u8\n#2 (mailer) on u8\n");
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn named(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Makes it fire once: at most once across all its selectors, however many
    /// emitters there are.
    ///
    /// The shot is spent when the emission that claimed it is run, and the
    /// subscription is unlinked then. An emission that was refused, or was
    /// dropped without being run, spends nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()).once())?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// assert_eq!(emitter.emit(1_u8).accepted(), 1);
    /// assert!(emitter.emit(2_u8).is_unheard());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn once(self) -> Self {
        self.for_at_most(1)
    }

    /// Delivers to it before others: the higher, the earlier, those with the same
    /// priority in the order of subscription. By default 0.
    ///
    /// That is the order in which the deliveries of one emission are handed over: sync
    /// callbacks run in it, everything else starts when its own arbiter or thread gets to
    /// it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let first = tell.clone();
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(move |_| tell.send("mail it")))?;
    /// linker.subscribe(on::<u8>().call(move |_| first.send("check it")).priority(10))?;
    /// Emitter::start(&linker, Strategy::inline()).emit(1_u8);
    /// assert_eq!(told.try_iter().collect::<Vec<_>>(), ["check it", "mail it"]);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn priority(mut self, priority: i32) -> Self {
        self.options.priority = Some(priority);
        self
    }

    /// Makes it fire that often at most, across all its selectors and all emitters, and
    /// unlinks it then. What is tried again is one delivery. [`once`](Self::once) is one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let samples = linker.subscribe(on::<u8>().call(|_| ()).for_at_most(3))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// let heard = (0_u8..10).filter(|n| !emitter.emit(*n).is_unheard()).count();
    /// assert_eq!((heard, samples.is_active()), (3, false));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn for_at_most(mut self, deliveries: usize) -> Self {
        self.options.shots = Some(deliveries);
        self
    }

    /// Ends the subscription then: from that moment on nothing is delivered, and it is
    /// unlinked. What has been accepted is handled.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use actix::clock::Instant;
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// # tokio::time::pause();
    /// let linker = Linker::start();
    /// let hour = Instant::now() + Duration::from_secs(3_600);
    /// let guest = linker.subscribe(on::<u8>().call(|_| ()).until(hour))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// assert_eq!(emitter.emit(1_u8).accepted(), 1);
    /// tokio::time::sleep_until(hour).await;
    /// assert_eq!(emitter.emit(2_u8).accepted(), 0);
    /// # tokio::task::yield_now().await;
    /// assert!(!guest.is_active());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn until(mut self, end: Instant) -> Self {
        self.options.until = Some(end);
        self
    }

    /// Ends the subscription that long from now: see [`until`](Self::until).
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{on, Emitter, Linker, Reason, Strategy};
    /// # actix::System::new().block_on(async {
    /// # tokio::time::pause();
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()).expires_in(Duration::from_secs(3_600)))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// assert_eq!(emitter.emit(1_u8).accepted(), 1);
    /// tokio::time::sleep(Duration::from_secs(3_600)).await;
    /// assert_eq!(emitter.emit(2_u8).accepted(), 0);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn expires_in(self, time: Duration) -> Self {
        match Instant::now().checked_add(time) {
            Some(end) => self.until(end),
            None => self,
        }
    }

    /// Starts it paused: see [`Subscription::pause`](crate::Subscription::pause).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Reason, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let later = linker.subscribe(on::<u8>().call(|_| ()).paused())?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// assert_eq!(emitter.emit(1_u8).refusals()[0].reason(), &Reason::Paused);
    /// later.resume();
    /// assert_eq!(emitter.emit(2_u8).accepted(), 1);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn paused(mut self) -> Self {
        self.is_paused = true;
        self
    }

    /// Sets what happens to what is emitted while it is paused: by default it is refused.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy, WhenPaused};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let spec = on::<u8>().call(|_| ()).when_paused(WhenPaused::Hold);
    /// let later = linker.subscribe(spec.paused())?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// assert_eq!(emitter.emit(1_u8).accepted(), 1);
    /// assert_eq!(later.counts().in_flight(), 1);
    /// later.resume();
    /// # tokio::task::yield_now().await;
    /// assert_eq!(later.counts().handled, 1);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn when_paused(mut self, when: WhenPaused) -> Self {
        self.options.when_paused = Some(when);
        self
    }

    /// Limits the rate of its deliveries. By default what comes too fast is refused, as
    /// [`Reason::Throttled`](crate::Reason::Throttled); with
    /// [`Throttle::hold`](crate::Throttle::hold) it waits in the lane for its turn.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy, Throttle};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()).throttle(Throttle::per_second(2)))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// let accepted = [1_u8, 2, 3].map(|n| emitter.emit(n).accepted());
    /// assert_eq!(accepted, [1, 1, 0]);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn throttle(mut self, throttle: Throttle) -> Self {
        self.options.throttle = Some(throttle);
        self
    }

    /// Delivers the last of a burst only, when nothing newer has come for a while.
    ///
    /// What belongs together is of the same event type, topic and key; emissions without
    /// a key belong together as well. A newer one takes over what the older one holds:
    /// its place in the lane, its shot. The older one ends as skipped, with
    /// [`Reason::Debounced`](crate::Reason::Debounced). When a linker or emitter drains,
    /// what waits is delivered at once.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{on, Debounce, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// # tokio::time::pause();
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let linker = Linker::start();
    /// let search = on::<&str>().call(move |text| tell.send(*text.event()));
    /// linker.subscribe(search.debounce(Debounce::quiet(Duration::from_millis(200))))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// for text in ["v", "ve", "ven"] {
    ///     emitter.emit(text);
    /// }
    /// tokio::time::sleep(Duration::from_millis(201)).await;
    /// assert_eq!(told.try_iter().collect::<Vec<_>>(), ["ven"]);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn debounce(mut self, debounce: Debounce) -> Self {
        self.options.debounce = Some(debounce);
        self
    }

    /// Refuses what comes while too much of what came before has failed: see
    /// [`Breaker`]. That it opens or closes is the notice
    /// [`BreakerChanged`](crate::BreakerChanged).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Breaker, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let down = on::<u8>().call(|_| Err::<(), _>("the server is down"));
    /// linker.subscribe(down.breaker(Breaker::new().window(2)))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// let accepted = [1_u8, 2, 3].map(|n| emitter.emit(n).accepted());
    /// assert_eq!(accepted, [1, 1, 0]);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn breaker(mut self, breaker: Breaker) -> Self {
        self.options.breaker = Some(breaker);
        self
    }

    /// Tries deliveries again that failed, panicked or took too long: see
    /// [`Retry`].
    ///
    /// A delivery that waits to be tried again keeps its room in the lane and lets others
    /// go first, unless they are handled [`in_order`](Self::in_order). It is made where
    /// the first attempt was. Only the end of the last attempt is the delivery's: success
    /// and failure callbacks, reports and dead letters hear of that one, and the latter
    /// know the errors of all attempts. A delivery whose deadline would pass is not tried
    /// again, and neither is one that took too long and that its handler still holds.
    /// While a [`breaker`](Self::breaker) is open, it waits for longer.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::sync::atomic::{AtomicU32, Ordering};
    /// # use std::time::Duration;
    /// # use ventix::{on, Emitter, Linker, Retry, Strategy};
    /// # actix::System::new().block_on(async {
    /// # tokio::time::pause();
    /// let calls = AtomicU32::new(0);
    /// let linker = Linker::start();
    /// let flaky = on::<u8>().call(move |_| match calls.fetch_add(1, Ordering::Relaxed) {
    ///     0 => Err("no connection"),
    ///     _ => Ok(()),
    /// });
    /// let flaky = flaky.retry(Retry::exponential(Duration::from_millis(100)));
    /// let flaky = linker.subscribe(flaky)?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// assert!(emitter.emit_and_wait(1_u8).await.all_handled());
    /// assert_eq!(flaky.counts().retried, 1);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn retry(mut self, retry: Retry) -> Self {
        self.options.retry = Some(retry);
        self
    }

    /// Handles one delivery at a time, to its end, in the order of emission: the next
    /// waits in the lane, also while one is tried again. By default an async callback, an
    /// actor that answers later, or a thread may finish out of order.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// # tokio::time::pause();
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let linker = Linker::start();
    /// let slow_first = on::<u64>().call_async(move |n| {
    ///     let tell = tell.clone();
    ///     async move {
    ///         tokio::time::sleep(Duration::from_millis(10 - *n)).await;
    ///         tell.send(*n)
    ///     }
    /// });
    /// linker.subscribe(slow_first.in_order())?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// emitter.emit(1_u64);
    /// emitter.emit_and_wait(9_u64).await.all_handled();
    /// assert_eq!(told.try_iter().collect::<Vec<_>>(), [1, 9]);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn in_order(mut self) -> Self {
        self.in_order = true;
        self
    }

    /// Bounds the deliveries that may be in flight: accepted, and neither
    /// finished nor dropped. What comes on top is refused with
    /// [`Reason::LaneFull`](crate::Reason::LaneFull), which says what to do then, or
    /// treated as [`overflow`](Self::overflow) says.
    ///
    /// By default 1,024, or what
    /// [`LinkerBuilder::capacity`](crate::LinkerBuilder::capacity) says. Sync
    /// callbacks never wait in a queue, and have no bound unless this gives one, or
    /// another option makes deliveries wait: [`retry`](Self::retry),
    /// [`in_order`](Self::in_order), [`debounce`](Self::debounce), a throttle or a pause
    /// that holds.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Reason, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call_async(|_| std::future::pending::<()>()).capacity(1))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// assert!(emitter.emit(1_u8).is_complete());
    /// let receipt = emitter.emit(2_u8);
    /// assert_eq!(receipt.refusals()[0].reason(), &Reason::LaneFull { capacity: 1 });
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn capacity(mut self, deliveries: usize) -> Self {
        self.options.capacity = Some(deliveries);
        self
    }

    /// Sets what happens to the next delivery when the lane is full: by default it
    /// is refused. See [`Overflow`].
    ///
    /// A sync callback, which needs no lane, gets one by it, with the linker's
    /// default capacity if none is given.
    ///
    /// # Examples
    ///
    /// Prices that change faster than they can be stored: when 500 wait, a new one drops
    /// the one of the same share.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{on, Emitter, Linker, Overflow, Strategy};
    /// # struct Price;
    /// # async fn store(_: &Price) {}
    /// # actix::System::new().block_on(async {
    /// # let linker = Linker::start();
    /// let prices = on::<Price>().call_async(|price| async move { store(&price).await });
    /// let prices = linker.subscribe(prices.capacity(500).overflow(Overflow::Coalesce))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// for _ in 0..600 {
    ///     emitter.prepare(Price).key("ACME").emit();
    /// }
    /// assert!(emitter.drain(Duration::from_secs(5)).await.is_complete());
    /// assert_eq!((prices.counts().handled, prices.counts().dropped), (500, 100));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.options.overflow = Some(overflow);
        self
    }

    /// Ends a delivery as [`TimedOut`](crate::Outcome::TimedOut) that has not ended
    /// this long after it was handed to the handler, waiting in an actor's mailbox
    /// included. By default there is no limit.
    ///
    /// The future of an async callback is dropped then, unless its arbiter is stuck.
    /// An actor or a thread cannot be told to stop: the delivery keeps its place in the
    /// lane until its handler lets go of it, so what is stuck cannot pile up. Time is
    /// taken on the linker's [arbiter](crate::LinkerBuilder::arbiter), which must not be
    /// the one that is stuck; for an async callback on its own, and 100 milliseconds
    /// later on the linker's.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let slow = on::<u8>().call_async(|_| std::future::pending::<()>());
    /// linker.subscribe(slow.timeout(Duration::from_millis(1)))?;
    /// let report = Emitter::start(&linker, Strategy::current()).emit_and_wait(1_u8).await;
    /// assert_eq!(report.outcomes().next().unwrap().as_str(), "timed out");
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.options.timeout = Some(limit);
        self
    }

    /// Does not keep the actor alive: when all other addresses of it have gone, it
    /// stops, and is unlinked. By default a subscription keeps its actor.
    ///
    /// For [`actor`](crate::On::actor), [`recipient`](crate::On::recipient) and
    /// [`plain_actor`](crate::On::plain_actor); otherwise subscribing is an error.
    ///
    /// # Examples
    ///
    /// ```
    /// # use actix::prelude::*;
    /// # use ventix::{on, Delivery, Linker};
    /// # struct Session;
    /// # impl Actor for Session { type Context = Context<Self>; }
    /// # impl Handler<Delivery<u8>> for Session {
    /// #     type Result = ();
    /// #     fn handle(&mut self, _: Delivery<u8>, _: &mut Context<Self>) {}
    /// # }
    /// # System::new().block_on(async {
    /// let linker = Linker::start();
    /// let session = Session.start();
    /// let seen = linker.subscribe(on::<u8>().actor(session.clone()).weak())?;
    /// drop(session); // the last one, so the session ends
    /// # for _ in 0..10 { actix_rt::task::yield_now().await; }
    /// assert_eq!(linker.sweep(), 1);
    /// assert!(!seen.is_active());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn weak(mut self) -> Self {
        self.weak = true;
        self
    }

    /// Sets what happens when an actor that the bus [made](crate::On::actor_in)
    /// dies. By default it is restarted 5 times within 60 seconds: see [`Restart`].
    /// For other handlers subscribing is an error.
    ///
    /// # Examples
    ///
    /// ```
    /// # use actix::prelude::*;
    /// # use ventix::{on, Delivery, Linker, Restart, SubscribeError};
    /// # struct Mailer;
    /// # impl Actor for Mailer { type Context = Context<Self>; }
    /// # impl Handler<Delivery<u8>> for Mailer {
    /// #     type Result = ();
    /// #     fn handle(&mut self, _: Delivery<u8>, _: &mut Context<Self>) {}
    /// # }
    /// # System::new().block_on(async {
    /// let linker = Linker::start();
    /// let mailer = on::<u8>().actor_in(&Arbiter::current(), || Mailer);
    /// linker.subscribe(mailer.restart(Restart::never()))?;
    ///
    /// let callback = on::<u8>().call(|_| ()).restart(Restart::default());
    /// assert_eq!(linker.subscribe(callback).unwrap_err(), SubscribeError::NotMade);
    /// # Ok::<(), SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn restart(mut self, restart: Restart) -> Self {
        self.options.restart = Some(restart);
        self
    }

    /// Puts a layer around its deliveries, inside those of the linker and those that were
    /// added before. See [`middleware`](crate::middleware).
    ///
    /// Of two subscriptions that are [joined](Self::and), the first one's stand outside.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{middleware::Deduplicate, on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let hourly = Deduplicate::by(Duration::from_secs(3_600), |about| about.key().map(Into::into));
    /// let news = linker.subscribe(on::<&str>().call(|_| ()).layer(hourly))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    /// emitter.prepare("moved").key("customer-7").emit();
    /// emitter.prepare("moved again").key("customer-7").emit();
    /// assert_eq!((news.counts().handled, news.counts().skipped), (1, 1));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn layer(mut self, layer: impl DeliveryLayer) -> Self {
        self.layers.push(Arc::new(layer));
        self
    }

    /// Calls back when a delivery was handled, with the handler's answer.
    ///
    /// It runs where the delivery ends, before the report hears of it, so it
    /// should be short. When it fails or panics itself, that is a line of its own
    /// in the report. Without one, the linker's default is called, if it has one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let linker = Linker::start();
    /// let parser = on::<&str>()
    ///     .call(|line| line.parse::<u64>())
    ///     .on_success(move |done| tell.send(done.value::<u64>().copied()));
    /// linker.subscribe(parser)?;
    /// Emitter::start(&linker, Strategy::inline()).emit("42");
    /// assert_eq!(told.try_recv()?, Some(42));
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn on_success<F, R>(mut self, callback: F) -> Self
    where
        F: Fn(&Success<'_>) -> R + Send + Sync + 'static,
        R: IntoOutcome + 'static,
    {
        self.callbacks.set_on_success(callback);
        self
    }

    /// Calls back when an accepted delivery did not end as handled, with the
    /// error.
    ///
    /// It runs where the delivery ends, before the report hears of it, so it
    /// should be short. When it fails or panics itself, that is a line of its own
    /// in the report. Without one, the linker's default is called, if it has one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let linker = Linker::start();
    /// let parser = on::<&str>()
    ///     .call(|line| line.parse::<u64>())
    ///     .on_failure(move |it| tell.send(format!("{}: {}", it.metadata().name(), it.error())));
    /// linker.subscribe(parser)?;
    /// Emitter::start(&linker, Strategy::inline()).emit("forty-two");
    /// assert_eq!(told.try_recv()?, "&str: invalid digit found in string");
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn on_failure<F, R>(mut self, callback: F) -> Self
    where
        F: Fn(&Failure<'_>) -> R + Send + Sync + 'static,
        R: IntoOutcome + 'static,
    {
        self.callbacks.set_on_failure(callback);
        self
    }

    /// Delivers the last values of what it selects first, when it is linked: of every event
    /// type and topic that is [kept](crate::Linker::keep_last) and has been emitted. See
    /// [`linker::last`](crate::linker::last).
    ///
    /// Each is a delivery like any other, by all other options, on the linker's arbiter;
    /// [`once`](Self::once) is spent by it. What is emitted from then on waits in the lane
    /// until they have been handed over, and no emission is delivered twice. A last value
    /// is left out whose deadline has passed, or whose type no handler takes.
    ///
    /// A sync callback, which needs no lane, gets one by it, with the linker's default
    /// capacity if none is given.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Selector, Strategy};
    /// # actix::System::new().block_on(async {
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let linker = Linker::start();
    /// linker.keep_last(&Selector::event::<&str>())?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// emitter.emit("red");
    /// emitter.emit("green");
    /// linker.subscribe(on::<&str>().call(move |light| tell.send(*light.event())).replay_last())?;
    /// emitter.emit_and_wait("yellow").await;
    /// assert_eq!(told.try_iter().collect::<Vec<_>>(), ["green", "yellow"]);
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub fn replay_last(mut self) -> Self {
        self.replays_last = true;
        self
    }
}

impl fmt::Debug for SubscriptionSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscriptionSpec")
            .field("name", &self.name)
            .field("handlers", &self.parts.len())
            .field("weak", &self.weak)
            .field("in_order", &self.in_order)
            .field("replays_last", &self.replays_last)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
