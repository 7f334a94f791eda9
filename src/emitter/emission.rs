use std::fmt;
use std::sync::Arc;

use actix::Message;

use crate::delivery::{Emitted, Header};
use crate::event::Metadata;
use crate::outcome::{Reason, Tracker, Verdict};
use crate::registry::{Accepted, Route};

use super::gear::Ticket;

/// An emitted event that waits to be run, with the deliveries that were accepted
/// for it: what a strategy handles.
///
/// It is self-contained: [`run`](Self::run) starts its deliveries on whichever
/// thread calls it. So any actor that handles `Emission` is a strategy. The
/// built-in ones run emissions by these methods too; what surrounds that, the bound,
/// the order and the switching, is the emitter's, and a custom strategy has it as well.
/// Dropping it without running it ends its
/// deliveries as [`Lost`](crate::Outcome::Lost), and frees the one shot of those
/// that fire once.
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
    emitted: Arc<dyn Runnable>,
    accepted: Accepted,
}

impl Emission {
    pub(super) fn new<E: Send + Sync + 'static>(
        emitted: Arc<Emitted<E>>,
        accepted: Accepted,
        ticket: Ticket,
    ) -> Self {
        Self {
            cargo: Some(Cargo { emitted, accepted }),
            ticket: Some(ticket),
        }
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
        if let Some(Cargo { emitted, accepted }) = self.cargo.take() {
            emitted.abandon(&accepted, verdict);
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
        let Some(Cargo { emitted, accepted }) = self.cargo.take() else {
            return;
        };
        if emitted.header().metadata.is_expired() {
            return emitted.abandon(&accepted, &|| Verdict::Refused(Reason::Expired));
        }
        emitted.run(&accepted, may_block);
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
        let tracker = &self.cargo().emitted.header().tracker;
        let end = tracker
            .get_or_init(|| Tracker::new(self.deliveries()))
            .end();
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
        &self.cargo().emitted.header().metadata
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
        match &cargo.accepted {
            Accepted::All => cargo.emitted.matched(),
            Accepted::Only(positions) => positions.len(),
        }
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

/// An emitted event whose type only it knows.
trait Runnable: Send + Sync {
    fn run(self: Arc<Self>, accepted: &Accepted, may_block: bool);
    fn abandon(self: Arc<Self>, accepted: &Accepted, verdict: &dyn Fn() -> Verdict);
    fn matched(&self) -> usize;
    fn header(&self) -> &Header;
}

impl<E: Send + Sync + 'static> Runnable for Emitted<E> {
    fn run(self: Arc<Self>, accepted: &Accepted, may_block: bool) {
        // A count up and down, so that the route can be borrowed while the
        // deliveries share the emission it is in.
        let ledger = self.header.ledger.clone();
        let route = ledger.as_any().downcast_ref::<Route<E>>();
        route.expect(SAME_TYPE).run(self, accepted, may_block);
    }

    fn abandon(self: Arc<Self>, accepted: &Accepted, verdict: &dyn Fn() -> Verdict) {
        route(&self).abandon(&self, accepted, verdict);
    }

    fn matched(&self) -> usize {
        route(self).len()
    }

    fn header(&self) -> &Header {
        &self.header
    }
}

const SAME_TYPE: &str = "an emission's ledger is the route of its type";

fn route<E: Send + Sync + 'static>(emitted: &Emitted<E>) -> &Route<E> {
    let route = emitted.header.ledger.as_any().downcast_ref();
    route.expect(SAME_TYPE)
}
