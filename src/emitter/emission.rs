use std::fmt;
use std::sync::Arc;

use actix::Message;

use crate::delivery::{AnyFlight, Fleet, Held, Ledger};
use crate::event::Metadata;
use crate::outcome::{Reason, Verdict};
use crate::registry::{Accepted, Course};
use crate::shield::shielded;

use super::gear::Ticket;

/// An emitted event that waits to be run, with the deliveries that were accepted
/// for it: what a strategy handles.
///
/// It is self-contained: [`run`](Self::run) starts its deliveries on whichever
/// thread calls it. So any actor that handles `Emission` is a strategy. The
/// built-in ones run emissions by these methods too; what surrounds that, the bound,
/// the order and the switching, is the emitter's, and a custom strategy has it as well.
/// Dropping it without running it ends its deliveries as [`Lost`](crate::Outcome::Lost),
/// and gives back what they had claimed.
///
/// # Examples
///
/// A strategy that runs every emission a second later. In which order is its own
/// business: actix's timers that end together fire in any, so each runs the oldest.
///
/// ```
/// use std::collections::VecDeque;
/// use std::time::Duration;
/// use actix::prelude::*;
/// use ventix::{on, Emission, Emitter, Linker};
///
/// #[derive(Default)]
/// struct Later(VecDeque<Emission>);
///
/// impl Actor for Later {
///     type Context = Context<Self>;
/// }
///
/// impl Handler<Emission> for Later {
///     type Result = ();
///
///     fn handle(&mut self, emission: Emission, ctx: &mut Context<Self>) {
///         self.0.push_back(emission);
///         ctx.run_later(Duration::from_secs(1), |later, _| {
///             later.0.pop_front().map(Emission::run);
///         });
///     }
/// }
///
/// # System::new().block_on(async {
/// # tokio::time::pause();
/// # let start = actix::clock::Instant::now();
/// let linker = Linker::start();
/// linker.subscribe(on::<&str>().call(|news| println!("{}", **news)))?;
/// let emitter = Emitter::with(&linker, Later::default().start().recipient());
/// assert!(emitter.emit_and_wait("old news").await.all_handled());
/// # assert!(start.elapsed() >= Duration::from_secs(1));
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[must_use = "an emission that is dropped is lost: call `run`"]
pub struct Emission {
    cargo: Option<Cargo>,
    /// What it holds of the gear that runs it.
    ticket: Option<Ticket>,
}

struct Cargo {
    /// With its count, for the one that delivers it.
    flight: Arc<dyn AnyFlight>,
    ways: &'static Ways,
    accepted: Accepted,
    /// How many emissions it stands for, which wait together.
    count: usize,
}

impl Emission {
    pub(super) fn new<E: Send + Sync + 'static>(
        held: Held<E>,
        accepted: Accepted,
        ticket: Ticket,
    ) -> Self {
        let cargo = Cargo {
            flight: held.pass_on(),
            ways: Ways::of::<E>(),
            accepted,
            count: 1,
        };
        Self {
            cargo: Some(cargo),
            ticket: Some(ticket),
        }
    }

    /// Several, which nobody is to see but the one that runs them.
    pub(super) fn together<E: Send + Sync + 'static>(fleet: Together<E>, ticket: Ticket) -> Self {
        let cargo = Cargo {
            count: fleet.len(),
            flight: Arc::new(fleet),
            ways: Ways::of_fleet::<E>(),
            accepted: Accepted::All,
        };
        Self {
            cargo: Some(cargo),
            ticket: Some(ticket),
        }
    }

    /// How many it stands for.
    pub(super) fn count(&self) -> usize {
        self.cargo().count
    }

    pub(super) fn ticket(&mut self) -> Option<&mut Ticket> {
        self.ticket.as_mut()
    }

    /// Ends it unrun: its deliveries are refused.
    pub(super) fn refuse(mut self, reason: &Reason) {
        self.abandon(&|| Verdict::Refused(reason.clone()));
    }

    fn abandon(&mut self, verdict: &dyn Fn() -> Verdict) {
        // As in `run`: whoever hears of it can emit again at once.
        if let Some(ticket) = &mut self.ticket {
            ticket.start();
        }
        if let Some(cargo) = self.cargo.take() {
            (cargo.ways.abandon)(cargo.flight, &cargo.accepted, verdict);
        }
    }

    /// Starts every delivery, one after the other, on this thread: sync callbacks
    /// run here and now, async ones are spawned on this thread's arbiter,
    /// blocking ones go to their pool, and actors are sent theirs.
    ///
    /// Deliveries whose deadline has passed are refused instead.
    ///
    /// # Examples
    ///
    /// ```
    /// # use actix::prelude::*;
    /// # use ventix::{on, Emission, Emitter, Linker};
    /// # struct Direct;
    /// # impl Actor for Direct { type Context = Context<Self>; }
    /// impl Handler<Emission> for Direct {
    ///     type Result = ();
    ///
    ///     fn handle(&mut self, emission: Emission, _: &mut Context<Self>) {
    ///         emission.run();
    ///     }
    /// }
    ///
    /// # System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|n| println!("{}", **n)))?;
    /// let emitter = Emitter::with(&linker, Direct.start().recipient());
    /// assert!(emitter.emit_and_wait(1_u8).await.all_handled());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn run(self) {
        self.start(false);
    }

    /// Like [`run`](Self::run), for a thread that is there to be blocked: blocking
    /// callbacks run on it as well, one after the other, instead of in their pool.
    ///
    /// # Examples
    ///
    /// ```
    /// # use actix::prelude::*;
    /// # use ventix::{on, BoxError, Emission, Emitter, Linker};
    /// struct Worker;
    /// # impl Actor for Worker { type Context = Context<Self>; }
    /// impl Handler<Emission> for Worker {
    ///     type Result = ();
    ///
    ///     fn handle(&mut self, emission: Emission, _: &mut Context<Self>) {
    ///         emission.run_blocking();
    ///     }
    /// }
    ///
    /// # System::new().block_on(async {
    /// let linker = Linker::start();
    /// let thread = || Ok::<_, BoxError>(std::thread::current().id());
    /// linker.subscribe(on::<u8>().call_blocking(move |_| thread()))?;
    /// linker.subscribe(on::<u8>().call(move |_| thread()))?;
    /// let worker = Worker::start_in_arbiter(&Arbiter::new().handle(), |_| Worker);
    /// let report = Emitter::with(&linker, worker.recipient()).emit_and_wait(1_u8).await;
    /// let threads: Vec<&std::thread::ThreadId> = report.replies().collect();
    /// assert_eq!(threads[0], threads[1]);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn run_blocking(self) {
        self.start(true);
    }

    fn start(mut self, may_block: bool) {
        // It waits no longer: the next one may come in while this one runs.
        if let Some(ticket) = &mut self.ticket {
            ticket.start();
        }
        if self.metadata().is_expired() {
            return self.abandon(&|| Verdict::Refused(Reason::Expired));
        }
        if let Some(cargo) = self.cargo.take() {
            (cargo.ways.run)(cargo.flight, &cargo.accepted, may_block);
        }
    }

    /// Runs it, and waits until every delivery has ended.
    ///
    /// Nothing starts before the future is polled.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is first polled, the emission is lost. Dropped later,
    /// its deliveries go on, and nobody waits for them.
    ///
    /// # Examples
    ///
    /// A strategy that lets one emission end before the next begins:
    ///
    /// ```
    /// # use std::time::Duration;
    /// use actix::prelude::*;
    /// use ventix::Emission;
    /// # use ventix::{on, Emitter, Linker};
    ///
    /// struct OneByOne;
    ///
    /// impl Actor for OneByOne {
    ///     type Context = Context<Self>;
    /// }
    ///
    /// impl Handler<Emission> for OneByOne {
    ///     type Result = AtomicResponse<Self, ()>;
    ///
    ///     fn handle(&mut self, emission: Emission, _: &mut Context<Self>) -> Self::Result {
    ///         AtomicResponse::new(Box::pin(emission.run_to_end().into_actor(self)))
    ///     }
    /// }
    /// # System::new().block_on(async {
    /// # tokio::time::pause();
    /// # let (tell, told) = std::sync::mpsc::channel();
    /// # let linker = Linker::start();
    /// # linker.subscribe(on::<u64>().call_async(move |seconds| {
    /// #     let tell = tell.clone();
    /// #     async move {
    /// #         actix::clock::sleep(Duration::from_secs(*seconds)).await;
    /// #         tell.send(*seconds)
    /// #     }
    /// # }))?;
    /// # let emitter = Emitter::with(&linker, OneByOne.start().recipient());
    /// # futures::join!(emitter.emit_and_wait(2_u64), emitter.emit_and_wait(1_u64));
    /// # assert_eq!(told.try_iter().collect::<Vec<_>>(), [2, 1]);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub async fn run_to_end(self) {
        let ended = self.ended();
        self.run();
        ended.await;
    }

    /// Returns a future that resolves when every delivery has ended, wherever and
    /// by whom the emission is run; or dropped.
    ///
    /// # Cancel safety
    ///
    /// Nobody notices when the future is dropped.
    ///
    /// # Examples
    ///
    /// A strategy that knows how many are running:
    ///
    /// ```
    /// # use std::rc::Rc;
    /// use actix::prelude::*;
    /// use ventix::Emission;
    /// # use ventix::{on, Emitter, Linker};
    ///
    /// struct Counted(Rc<()>);
    /// # impl Actor for Counted { type Context = Context<Self>; }
    /// impl Handler<Emission> for Counted {
    ///     type Result = ();
    ///
    ///     fn handle(&mut self, emission: Emission, ctx: &mut Context<Self>) {
    ///         let (one_more, ended) = (self.0.clone(), emission.ended());
    ///         println!("running: {}", Rc::strong_count(&one_more) - 1);
    ///         emission.run();
    ///         ctx.spawn(async move { ended.await; drop(one_more) }.into_actor(self));
    ///     }
    /// }
    /// # System::new().block_on(async {
    /// # let linker = Linker::start();
    /// # linker.subscribe(on::<u8>().call(|_| ()))?;
    /// # let emitter = Emitter::with(&linker, Counted(Rc::new(())).start().recipient());
    /// # assert!(emitter.emit_and_wait(1_u8).await.all_handled());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    pub fn ended(&self) -> impl Future<Output = ()> + Send + use<> {
        let header = self.cargo().flight.header();
        let end = header.track(|| self.deliveries()).end();
        async move {
            // The sender lives in the emission's header: it cannot be dropped
            // before the last delivery has counted itself off.
            let _ = end.await;
        }
    }

    /// Returns what the emission says about itself.
    ///
    /// # Examples
    ///
    /// A strategy that lets through what has a key:
    ///
    /// ```
    /// # use actix::prelude::*;
    /// # use ventix::{on, Emission, Emitter, Linker};
    /// # struct Keyed;
    /// # impl Actor for Keyed { type Context = Context<Self>; }
    /// impl Handler<Emission> for Keyed {
    ///     type Result = ();
    ///
    ///     fn handle(&mut self, emission: Emission, _: &mut Context<Self>) {
    ///         if emission.metadata().key().is_some() {
    ///             emission.run();
    ///         } // else: dropped, and its deliveries are lost
    ///     }
    /// }
    /// # System::new().block_on(async {
    /// # let linker = Linker::start();
    /// # linker.subscribe(on::<u8>().call(|_| ()))?;
    /// # let emitter = Emitter::with(&linker, Keyed.start().recipient());
    /// # assert!(emitter.prepare(1_u8).key("customer-7").emit_and_wait().await.all_handled());
    /// # let report = emitter.emit_and_wait(1_u8).await;
    /// # assert!(report.outcomes().map(|outcome| outcome.as_str()).eq(["lost"]));
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.cargo().flight.header().metadata
    }

    /// Returns how many deliveries it has.
    ///
    /// # Examples
    ///
    /// A strategy that makes at most so many deliveries:
    ///
    /// ```
    /// # use actix::prelude::*;
    /// # use ventix::{on, Emission, Emitter, Linker};
    /// # struct Budget { left: usize }
    /// # impl Actor for Budget { type Context = Context<Self>; }
    /// impl Handler<Emission> for Budget {
    ///     type Result = ();
    ///
    ///     fn handle(&mut self, emission: Emission, _: &mut Context<Self>) {
    ///         if let Some(left) = self.left.checked_sub(emission.deliveries()) {
    ///             self.left = left;
    ///             emission.run();
    ///         }
    ///     }
    /// }
    /// # System::new().block_on(async {
    /// # let linker = Linker::start();
    /// # linker.subscribe(on::<u8>().call(|_| ()))?;
    /// # linker.subscribe(on::<u8>().call(|_| ()))?;
    /// # let emitter = Emitter::with(&linker, Budget { left: 3 }.start().recipient());
    /// # assert!(emitter.emit_and_wait(1_u8).await.all_handled());
    /// # assert!(!emitter.emit_and_wait(2_u8).await.all_handled());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn deliveries(&self) -> usize {
        let cargo = self.cargo();
        let matched = (cargo.ways.matched)(cargo.flight.ledger());
        cargo.accepted.count(matched)
    }

    fn cargo(&self) -> &Cargo {
        let cargo = self.cargo.as_ref();
        cargo.expect("only running and dropping, which end it, empty an emission")
    }
}

impl Drop for Emission {
    fn drop(&mut self) {
        self.abandon(&|| Verdict::Lost);
    }
}

impl Message for Emission {
    type Result = ();
}

impl fmt::Debug for Emission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emission")
            .field("metadata", self.metadata())
            .field("deliveries", &self.deliveries())
            .finish_non_exhaustive()
    }
}

/// What can be done with an emission by the one that knows its type. To run it or to abandon it
/// takes its count over.
struct Ways {
    run: fn(Arc<dyn AnyFlight>, &Accepted, bool),
    abandon: fn(Arc<dyn AnyFlight>, &Accepted, &dyn Fn() -> Verdict),
    matched: fn(&dyn Ledger) -> usize,
}

impl Ways {
    const fn of<E: Send + Sync + 'static>() -> &'static Self {
        &Self {
            run: |flight, accepted, may_block| {
                let held = Held::<E>::adopt::<Arc<Course<E>>>(flight);
                // A count up and down, so that the route can be borrowed while the
                // deliveries share it.
                let route = course::<E>(held.ledger()).route().clone();
                route.run(held, accepted, may_block);
            },
            abandon: |flight, accepted, verdict| {
                let held = Held::<E>::adopt::<Arc<Course<E>>>(flight);
                let course = course::<E>(held.ledger());
                course.route().abandon(&held, accepted, verdict);
                // The last to hold the event, perhaps.
                shielded(move || drop(held));
            },
            matched: |ledger| course::<E>(ledger).route().len(),
        }
    }

    const fn of_fleet<E: Send + Sync + 'static>() -> &'static Self {
        &Self {
            run: |flight, _, _| {
                let fleet = Together::<E>::adopt(flight);
                let course = fleet.ledger().clone();
                course
                    .route()
                    .run_together(fleet.part(), &**course.origin());
            },
            abandon: |flight, _, verdict| {
                let fleet = Together::<E>::adopt(flight);
                let course = fleet.ledger().clone();
                let (route, origin) = (course.route(), &**course.origin());
                route.abandon_together(fleet.part(), origin, verdict);
            },
            matched: |ledger| course::<E>(ledger).route().len(),
        }
    }
}

/// Emissions that wait together.
pub(super) type Together<E> = Fleet<E, Arc<Course<E>>>;

fn course<E: Send + Sync + 'static>(ledger: &dyn Ledger) -> &Course<E> {
    let course = ledger.as_any().downcast_ref();
    course.expect("an emission's ledger is the course of its type")
}
