//! A post: the place of one actor that the bus makes, and makes anew.
//!
//! actix catches no panic, and its own supervisor does not restart after one. So
//! every actor gets a [`Tether`] on its context, which is dropped with it and sees
//! whether its thread is unwinding then. What lay unread in the mailbox is dropped
//! just before; each delivery hands itself back to the post.
//!
//! | phase | a delivery | ends by |
//! |---|---|---|
//! | hiring | waits | the actor being sent for: up |
//! | up | is sent to the actor, or waits for the next turn | its end |
//! | down | waits | the restart: hiring |
//! | suspended | is refused | `resume`: down |
//! | gone | is lost | never |
//!
//! An actor's end, in one of the first two phases, leads to down or suspended if it
//! was a panic, and else to gone.
//!
//! actix drains a mailbox to empty before anything else on the arbiter runs. So at
//! most [`PER_TURN`] deliveries are sent in one turn of it; what comes on top waits here,
//! and is sent by a task on the arbiter, which lets others have their turn in between.
//!
//! Whatever ends deliveries or tells of something runs on the linker's arbiter:
//! never in the middle of a panic, and one thing at a time. When that arbiter has
//! stopped, nobody is left to make another actor: a post that has none is gone.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use actix::clock::{Instant, sleep};
use actix::fut::{ActorFutureExt, wrap_future};
use actix::{Actor, ActorContext, Addr, AsyncContext, Context, Handler};
use actix_rt::ArbiterHandle;
use actix_rt::task::yield_now;
use futures::channel::oneshot;

use crate::delivery::{Delivery, Instance, Parcel};
use crate::event::{EmissionId, Metadata};
use crate::notice::{HandlerPanicked, HandlerRestarted, HandlerSuspended};
use crate::outcome::{Panicked, Reason, Verdict};
use crate::registry::Record;
use crate::shield::shielded;

use super::per_turn::PER_TURN;
use super::restart::{Budget, Queued, Restart};

/// What all posts of a crew have in common.
pub(super) struct Staffing<A> {
    pub(super) make: Arc<dyn Fn() -> A + Send + Sync>,
    pub(super) restart: Restart,
    pub(super) record: Arc<Record>,
    /// The linker's arbiter.
    pub(super) home: ArbiterHandle,
}

/// The place of one actor.
pub(super) struct Post<A: Actor<Context = Context<A>>> {
    staffing: Arc<Staffing<A>>,
    arbiter: ArbiterHandle,
    state: Mutex<State<A>>,
}

struct State<A: Actor<Context = Context<A>>> {
    phase: Phase<A>,
    waiting: VecDeque<Box<dyn Waiting<A>>>,
    /// How many were sent in this turn of the arbiter, as far as is known.
    sent: usize,
    /// Whether the task is there that sends what waits.
    pumped: bool,
    budget: Budget,
    /// Which of the actors that were here one after the other it is.
    generation: u64,
}

enum Phase<A: Actor<Context = Context<A>>> {
    Hiring,
    Up(Arc<Seat<A>>),
    Down,
    Suspended,
    Gone,
}

/// A delivery that waits for the actor, whatever its event is.
pub(super) trait Waiting<A: Actor<Context = Context<A>>>: Send {
    fn emission(&self) -> Option<EmissionId>;
    fn send(self: Box<Self>, seat: Arc<Seat<A>>);
    fn end(self: Box<Self>, verdict: Verdict);
}

impl<A, E> Waiting<A> for Parcel<E>
where
    A: Actor<Context = Context<A>> + Handler<Delivery<E>>,
    E: ?Sized + Send + Sync + 'static,
{
    fn emission(&self) -> Option<EmissionId> {
        self.metadata().map(Metadata::id)
    }

    fn send(self: Box<Self>, seat: Arc<Seat<A>>) {
        // One that waited for too long is dropped, and gives its place back.
        if self.is_over() {
            return;
        }
        // The delivery's own is the only one of the seat: they are counted.
        let addr = seat.addr.clone();
        if let Some(delivery) = self.into_delivery(seat) {
            addr.do_send(delivery);
        }
    }

    fn end(self: Box<Self>, verdict: Verdict) {
        Parcel::end(*self, verdict);
    }
}

/// An actor at a post. Every delivery on its way to it holds the seat, so when the
/// subscription has ended it is stopped after the last of them.
pub(super) struct Seat<A: Actor<Context = Context<A>>> {
    addr: Addr<A>,
    post: Weak<Post<A>>,
    /// A panic over a delivery, which has told so, is under way.
    panicking: Arc<AtomicBool>,
    /// Dropped with the seat: the actor is to stop.
    _release: oneshot::Sender<()>,
}

impl<A, E> Instance<E> for Seat<A>
where
    A: Actor<Context = Context<A>> + Handler<Delivery<E>>,
    E: ?Sized + Send + Sync + 'static,
{
    fn is_connected(&self) -> bool {
        self.addr.connected()
    }

    fn take_back(&self, parcel: Parcel<E>) {
        // Without a post the parcel is dropped: lost.
        if let Some(post) = self.post.upgrade() {
            post.take_back(Box::new(parcel));
        }
    }

    fn panicked(&self) {
        self.panicking.store(true, Ordering::Relaxed);
        // It may have been in a future beside the actor, which lives on.
        if let Some(post) = self.post.upgrade() {
            let panicking = self.panicking.clone();
            let over = move || panicking.store(false, Ordering::Relaxed);
            post.arbiter.spawn_fn(over);
        }
    }
}

/// How an actor ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Death {
    /// It stopped, or was stopped with its arbiter.
    Stop,
    /// A panic that a delivery has told of.
    ToldPanic,
    /// A panic over nothing of ours.
    Panic,
}

/// Lives in the actor's context and dies with it.
struct Tether<A: Actor<Context = Context<A>>> {
    post: Weak<Post<A>>,
    generation: u64,
    /// The seat's.
    panicking: Arc<AtomicBool>,
}

impl<A: Actor<Context = Context<A>>> Drop for Tether<A> {
    fn drop(&mut self) {
        let Some(post) = self.post.upgrade() else {
            return;
        };
        let generation = self.generation;
        let death = match std::thread::panicking() {
            false => Death::Stop,
            true if self.panicking.load(Ordering::Relaxed) => Death::ToldPanic,
            true => Death::Panic,
        };
        let (home, order) = (&post.staffing.home, Order::for_post(&post));
        home.spawn_fn(move || order.carry_out(|post| post.died(generation, death)));
    }
}

/// Goes with what the linker's arbiter is to do at a post. Dropped before that was
/// done, because the arbiter has stopped, it closes the post.
struct Order<A: Actor<Context = Context<A>>>(Option<Weak<Post<A>>>);

impl<A: Actor<Context = Context<A>>> Order<A> {
    fn for_post(post: &Arc<Post<A>>) -> Self {
        Self(Some(Arc::downgrade(post)))
    }

    /// Does it, if the post is still there.
    fn carry_out(mut self, act: impl FnOnce(&Arc<Post<A>>)) {
        if let Some(post) = self.0.take().and_then(|post| post.upgrade()) {
            shielded(|| act(&post));
        }
    }
}

impl<A: Actor<Context = Context<A>>> Drop for Order<A> {
    fn drop(&mut self) {
        if let Some(post) = self.0.take().and_then(|post| post.upgrade()) {
            post.close();
        }
    }
}

impl<A: Actor<Context = Context<A>>> Post<A> {
    /// Makes the post and the first actor at it.
    pub(super) fn start(arbiter: ArbiterHandle, staffing: Arc<Staffing<A>>) -> Arc<Self> {
        let post = Arc::new(Self {
            staffing,
            arbiter,
            state: Mutex::new(State {
                phase: Phase::Down,
                waiting: VecDeque::new(),
                sent: 0,
                pumped: false,
                budget: Budget::default(),
                generation: 0,
            }),
        });
        post.staff(None);
        post
    }

    /// Delivers, or lets it wait until it can be.
    pub(super) fn take(self: &Arc<Self>, parcel: Box<dyn Waiting<A>>) {
        let mut state = self.state();
        match &state.phase {
            Phase::Up(seat) if seat.addr.connected() && state.sent < PER_TURN => {
                let seat = seat.clone();
                state.sent += 1;
                // If the actor dies right now, the delivery comes back by itself.
                drop(state);
                parcel.send(seat);
            }
            Phase::Up(seat) if seat.addr.connected() => {
                state.waiting.push_back(parcel);
                self.pump(state);
            }
            Phase::Hiring | Phase::Up(_) | Phase::Down => state.waiting.push_back(parcel),
            Phase::Suspended => {
                drop(state);
                parcel.end(Verdict::Refused(self.suspended()));
            }
            Phase::Gone => drop(state),
        }
    }

    /// Takes a delivery back that lay unread in the mailbox of an actor that has
    /// gone.
    fn take_back(self: &Arc<Self>, parcel: Box<dyn Waiting<A>>) {
        let mut state = self.state();
        let connected = match &state.phase {
            // Or one that an older actor kept until now.
            Phase::Up(seat) => seat.addr.connected(),
            Phase::Hiring | Phase::Down => false,
            Phase::Suspended | Phase::Gone => {
                drop(state);
                return self.take(parcel);
            }
        };
        if self.staffing.restart.queued == Queued::DeadLetter {
            drop(state);
            drop(parcel);
        } else if connected {
            drop(state);
            self.take(parcel);
        } else {
            state.waiting.push_back(parcel);
        }
    }

    /// Sees to it that what waits is sent: some of it in each turn of the arbiter.
    fn pump(self: &Arc<Self>, mut state: MutexGuard<'_, State<A>>) {
        if std::mem::replace(&mut state.pumped, true) {
            return;
        }
        drop(state);
        let post = Arc::downgrade(self);
        self.arbiter.spawn(async move {
            while post.upgrade().is_some_and(|post| post.send_some()) {
                yield_now().await;
            }
        });
    }

    /// Sends what may be sent in one turn. Returns whether there is more to come.
    fn send_some(&self) -> bool {
        let mut state = self.state();
        let Phase::Up(seat) = &state.phase else {
            // It goes on with the next actor.
            state.pumped = false;
            return false;
        };
        let seat = seat.clone();
        let count = state.waiting.len().min(PER_TURN);
        if count == 0 || !seat.addr.connected() {
            state.sent = 0;
            state.pumped = false;
            return false;
        }
        // Until they are sent nothing goes before them.
        state.sent = PER_TURN;
        let some: Vec<_> = state.waiting.drain(..count).collect();
        drop(state);
        for parcel in some {
            parcel.send(seat.clone());
        }
        true
    }

    /// What there is to do here.
    pub(super) fn load(&self) -> usize {
        let state = self.state();
        match &state.phase {
            // The post holds one, each delivery on its way one.
            Phase::Up(seat) => Arc::strong_count(seat) - 1 + state.waiting.len(),
            Phase::Hiring | Phase::Down => state.waiting.len(),
            Phase::Suspended | Phase::Gone => usize::MAX,
        }
    }

    pub(super) fn is_gone(&self) -> bool {
        matches!(self.state().phase, Phase::Gone)
    }

    /// Why it takes nothing, if it does not.
    pub(super) fn check(&self) -> Result<(), Reason> {
        match self.state().phase {
            Phase::Suspended => Err(self.suspended()),
            Phase::Gone => Err(Reason::HandlerGone),
            _ => Ok(()),
        }
    }

    /// Tries again, with a budget as at the beginning. Returns whether it was
    /// suspended.
    pub(super) fn resume(self: &Arc<Self>) -> bool {
        let mut state = self.state();
        if !matches!(state.phase, Phase::Suspended) {
            return false;
        }
        state.budget.refill();
        state.phase = Phase::Down;
        drop(state);
        let (order, told) = (Order::for_post(self), (0, Duration::ZERO));
        let staff = move || order.carry_out(|post| post.staff(Some(told)));
        self.staffing.home.spawn_fn(staff);
        true
    }

    /// Nobody is left to make another actor.
    fn close(&self) {
        let mut state = self.state();
        state.phase = Phase::Gone;
        let lost = std::mem::take(&mut state.waiting);
        drop(state);
        drop(lost);
    }

    /// An actor has died. On the linker's arbiter.
    fn died(self: &Arc<Self>, generation: u64, death: Death) {
        let restart = &self.staffing.restart;
        let mut state = self.state();
        let there = matches!(state.phase, Phase::Hiring | Phase::Up(_));
        if !there || state.generation != generation {
            return;
        }
        if death == Death::Stop || restart.budget == 0 {
            state.phase = Phase::Gone;
            let lost = std::mem::take(&mut state.waiting);
            drop(state);
            self.tell_of(death);
            drop(lost);
            self.staffing.record.unlink_dead();
            return;
        }
        let Some((number, delay)) = state.budget.spend(restart, Instant::now()) else {
            state.phase = Phase::Suspended;
            let refused = std::mem::take(&mut state.waiting);
            drop(state);
            self.tell_of(death);
            for parcel in refused {
                parcel.end(Verdict::Refused(self.suspended()));
            }
            let record = &self.staffing.record;
            record.notify(|| HandlerSuspended {
                handler: record.handler.clone(),
                restarts: restart.budget,
                within: restart.within,
            });
            return;
        };
        state.phase = Phase::Down;
        drop(state);
        self.tell_of(death);
        // The post may be dropped before.
        let order = Order::for_post(self);
        let again = async move {
            sleep(delay).await;
            order.carry_out(|post| post.staff(Some((number, delay))));
        };
        self.staffing.home.spawn(again);
    }

    /// Tells of a panic that no delivery has told of.
    fn tell_of(&self, death: Death) {
        if death == Death::Panic {
            let record = &self.staffing.record;
            record.notify(|| HandlerPanicked {
                handler: record.handler.clone(),
                emission: None,
                panic: Panicked::seen(),
            });
        }
    }

    fn suspended(&self) -> Reason {
        Reason::Suspended {
            restarts: self.staffing.restart.budget,
            within: self.staffing.restart.within,
        }
    }

    /// Makes an actor, which gets what has waited. `again` is the number of the
    /// restart and its delay, if it is one.
    fn staff(self: &Arc<Self>, again: Option<(u32, Duration)>) {
        let mut state = self.state();
        if !matches!(state.phase, Phase::Down) {
            return;
        }
        state.phase = Phase::Hiring;
        state.generation += 1;
        let generation = state.generation;
        drop(state);
        // Where the arbiter has stopped, the actor dies in here.
        let seat = Arc::new(self.hire(generation, again));
        let mut state = self.state();
        if !matches!(state.phase, Phase::Hiring) || state.generation != generation {
            return;
        }
        state.phase = Phase::Up(seat);
        // A mailbox that is dropped hands back from its front; others may have come
        // in between. Ids rise with the emissions of an emitter.
        let waiting = state.waiting.make_contiguous();
        waiting.sort_by_key(|parcel| parcel.emission());
        // Nothing goes before what has waited.
        state.sent = PER_TURN;
        self.pump(state);
    }

    /// Starts an actor on the arbiter.
    fn hire(self: &Arc<Self>, generation: u64, again: Option<(u32, Duration)>) -> Seat<A> {
        let post = Arc::downgrade(self);
        let (release, released) = oneshot::channel::<()>();
        let panicking = Arc::new(AtomicBool::new(false));
        let tether = Tether {
            post: post.clone(),
            generation,
            panicking: panicking.clone(),
        };
        let staffing = self.staffing.clone();
        let addr = A::start_in_arbiter(&self.arbiter, move |ctx| {
            let actor = (staffing.make)();
            let tied = async move {
                let _tether = tether;
                // An error too says that the seat has gone.
                let _ = released.await;
            };
            let tied = wrap_future::<_, A>(tied);
            ctx.spawn(tied.map(|(), _, ctx| ctx.stop()));
            if let Some((restarts, after)) = again {
                let record = &staffing.record;
                record.notify(|| HandlerRestarted {
                    handler: record.handler.clone(),
                    restarts,
                    after,
                });
            }
            actor
        });
        Seat {
            addr,
            post,
            panicking,
            _release: release,
        }
    }

    fn state(&self) -> MutexGuard<'_, State<A>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
