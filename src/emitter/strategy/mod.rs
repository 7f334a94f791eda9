//! Where an emitter runs emissions: plain values, one flavour a file.

mod blocking;
mod current;
mod custom;
mod dedicated;
mod inline;
mod on;
mod pool;
mod remote;

use std::fmt;
use std::sync::Arc;

use actix::Recipient;
use actix_rt::ArbiterHandle;

use crate::handler::{MAX_ARBITERS, Routing, Site};
use crate::linker::StartError;
use crate::registry::Overflow;

use super::emission::Emission;
use super::gear::{How, Placement, Plan, Service};
use super::outward::Outlet;

/// The default number of emissions that wait: the same burst as a lane of a
/// subscription takes.
const CAPACITY: usize = 1_024;

/// Where an emitter runs emissions, how many wait for it, and what happens when
/// there is no room.
///
/// | strategy | callbacks run on | `emit` returns | use it when |
/// |---|---|---|---|
/// | [`inline`](Self::inline) | the caller's thread | when the sync ones have run | handlers are short, or must have begun |
/// | [`current`](Self::current) | the arbiter that starts the emitter | at once | handlers belong to this part of the program |
/// | [`on`](Self::on) | an arbiter of the user's | at once | handlers share an arbiter with certain actors |
/// | [`dedicated`](Self::dedicated) | an arbiter of the emitter's own | at once | handlers would be in the way anywhere else |
/// | [`pool`](Self::pool) | several arbiters of the emitter's own | at once | one thread is not enough |
/// | [`blocking`](Self::blocking) | several threads of the emitter's own, whichever is free | at once | handlers compute or block for long |
/// | [`custom`](Self::custom) | wherever a user's actor runs them | at once | they are to be delayed, measured, ordered ... |
/// | [`custom_pool`](Self::custom_pool) | wherever several of them do | at once | one actor is not enough |
/// | [`remote`](Self::remote) | workers of a queue | at once | one process is not enough |
///
/// Each with [`bounded`](Self::bounded) and [`in_order`](Self::in_order); those with
/// several places with [`routing`](Self::routing). Actors that handle deliveries run
/// where they live, and blocking callbacks on their pool of threads (except under
/// `blocking`), whatever the strategy.
///
/// A strategy is a value: it starts nothing before an emitter is started with it or
/// [switched](crate::Emitter::switch) to it.
///
/// # Fairness
///
/// Where an arbiter runs emissions, it takes 61 of them at most before it looks
/// after its timers, its other actors and whatever else it has to do, however many
/// wait; a thread of `blocking` takes one.
///
/// [`custom`](Self::custom) and [`custom_pool`](Self::custom_pool) hand emissions to an
/// actor's mailbox, which is actix's own: the actor is given all that lies in it, and
/// what comes meanwhile, before its arbiter turns to anything else. In order, or with
/// an overflow policy that drops what waits, it is handed one at a time.
///
/// # Examples
///
/// ```
/// use ventix::{Emitter, Linker, Overflow, Routing, Strategy};
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// for strategy in [
///     Strategy::inline(),
///     Strategy::current().in_order(),
///     Strategy::dedicated().bounded(64, Overflow::DropOldest),
///     Strategy::pool(4).routing(Routing::Keyed),
/// ] {
///     let emitter = Emitter::start(&linker, strategy);
///     assert!(emitter.emit("nobody listens").is_unheard());
/// }
/// # });
/// ```
#[derive(Clone)]
pub struct Strategy {
    flavor: Flavor,
    routing: Routing,
    capacity: usize,
    overflow: Overflow,
    in_order: bool,
}

#[derive(Clone)]
enum Flavor {
    Inline,
    Current,
    On(ArbiterHandle),
    Dedicated,
    Pool(usize),
    Blocking(usize),
    Custom(Recipient<Emission>),
    CustomPool(Vec<Recipient<Emission>>),
    Remote(Arc<dyn Outlet>),
}

impl Strategy {
    /// The most threads that a [`pool`](Self::pool) or [`blocking`](Self::blocking)
    /// strategy may ask for: 1,024. More is an error of
    /// [`start`](crate::EmitterBuilder::start).
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::{Emitter, Linker, StartError, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let max = Strategy::MAX_THREADS;
    /// let emitter = Emitter::builder(&Linker::start()).strategy(Strategy::pool(max + 1));
    /// assert_eq!(emitter.start().unwrap_err(), StartError::TooMany { setting: "pool", max });
    /// # });
    /// ```
    pub const MAX_THREADS: usize = MAX_ARBITERS;

    fn new(flavor: Flavor) -> Self {
        Self {
            flavor,
            routing: Routing::default(),
            capacity: CAPACITY,
            overflow: Overflow::default(),
            in_order: false,
        }
    }

    /// Sets how many emissions may wait to be run, 1,024 by default, and what
    /// happens to the next one; by default it is refused with
    /// [`Reason::EmitterFull`](crate::Reason::EmitterFull).
    ///
    /// The bound is one for all threads of the emitter. Emissions that run do not
    /// count, nor do nested ones that are [run at once](Self::in_order). 0 is an
    /// error of [`start`](crate::EmitterBuilder::start). Under
    /// [`inline`](Self::inline) none waits, unless it is in order or the emitter is
    /// being [switched](crate::Emitter::switch).
    ///
    /// With [`Overflow::DropOldest`] and [`Overflow::Coalesce`] a
    /// [`custom`](Self::custom) strategy hands its actor one emission at a time, the
    /// next when that has been run or dropped: what lies in a mailbox cannot be taken
    /// back. What is dropped ends as [`Outcome::Dropped`](crate::Outcome::Dropped).
    /// [`Overflow::Coalesce`] looks through all that waits when there is no room.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::{on, Emitter, Linker, Overflow, Reason, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| ()))?;
    /// let emitter = Emitter::start(&linker, Strategy::current().bounded(1, Overflow::Refuse));
    /// assert!(emitter.emit(1_u8).is_complete());
    /// // Nothing has run yet: this arbiter is busy emitting.
    /// assert_eq!(emitter.emit(2_u8).refusal(), Some(&Reason::EmitterFull { capacity: 1 }));
    ///
    /// emitter.switch(Strategy::current().bounded(1, Overflow::DropOldest)).await?;
    /// let (first, second) = futures::join!(emitter.emit_and_wait(1_u8), emitter.emit_and_wait(2_u8));
    /// assert!(first.outcomes().map(|outcome| outcome.as_str()).eq(["dropped"]));
    /// assert!(second.all_handled());
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn bounded(mut self, emissions: usize, overflow: Overflow) -> Self {
        self.capacity = emissions;
        self.overflow = overflow;
        self
    }

    /// Lets one emission finish before the next begins: all its deliveries have
    /// ended, wherever these went.
    ///
    /// That holds for the whole emitter; in a pool with [`Routing::Keyed`] for each
    /// arbiter, and so for each key.
    ///
    /// **Nested** emissions, made by a handler of the running one through
    /// [`Delivery::emitter`](crate::Delivery::emitter), come right after it, in the
    /// order they were made and before everything that waited; what is nested in
    /// them comes right after them. In a keyed pool one with a key goes where its key
    /// says, and comes right after its cause if that is the same arbiter.
    ///
    /// A nested emission that the handler **waits** for runs at once, in the middle of
    /// the running one, where that runs: waiting for it is no deadlock. It takes no
    /// place among those that wait. In a keyed pool that holds for one with another key
    /// as well: it does not go where its key says, and so may run beside what runs
    /// there, of the same key too.
    ///
    /// What a handler emits through any other handle is not known as nested: it comes
    /// when its turn comes, and waiting for it there is waiting for oneself.
    ///
    /// A delivery that never ends holds up everything behind it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use ventix::{on, Emitter, Linker, Strategy};
    ///
    /// # actix::System::new().block_on(async {
    /// # tokio::time::pause();
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u64>().call_async(move |seconds| {
    ///     let tell = tell.clone();
    ///     async move {
    ///         actix::clock::sleep(Duration::from_secs(*seconds)).await;
    ///         tell.send(*seconds)
    ///     }
    /// }))?;
    /// let emitter = Emitter::start(&linker, Strategy::current().in_order());
    /// futures::join!(emitter.emit_and_wait(2_u64), emitter.emit_and_wait(1_u64));
    /// assert_eq!(told.try_iter().collect::<Vec<_>>(), [2, 1]);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn in_order(mut self) -> Self {
        self.in_order = true;
        self
    }

    /// Sets which of several places takes the next emission:
    /// [`Routing::RoundRobin`] by default. For [`pool`](Self::pool) and
    /// [`custom_pool`](Self::custom_pool); a strategy that has one place, or one queue
    /// for all of them, goes on as it is.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::{on, BoxError, Emitter, Linker, Routing, Strategy};
    /// use std::thread::{self, ThreadId};
    ///
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call(|_| Ok::<_, BoxError>(thread::current().id())))?;
    /// let emitter = Emitter::start(&linker, Strategy::pool(4).routing(Routing::Keyed));
    /// let mut threads: Vec<ThreadId> = Vec::new();
    /// for n in 0..8_u8 {
    ///     let report = emitter.prepare(n).key("customer 7").emit_and_wait().await;
    ///     threads.extend(report.replies::<ThreadId>());
    /// }
    /// threads.dedup();
    /// assert_eq!(threads.len(), 1, "one key, one arbiter");
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn routing(mut self, routing: Routing) -> Self {
        self.routing = routing;
        self
    }

    /// The arbiter that it names, which is where its emitter's actor belongs.
    pub(super) fn arbiter(&self) -> Option<ArbiterHandle> {
        match &self.flavor {
            Flavor::On(arbiter) => Some(arbiter.clone()),
            _ => None,
        }
    }

    /// Finds the places, and starts the arbiters that it needs.
    /// `home` is the linker's arbiter, for what needs one and has none.
    pub(super) fn place(self, home: &ArbiterHandle) -> Result<Placement, StartError> {
        if self.capacity == 0 {
            return Err(StartError::Zero { setting: "bounded" });
        }
        let seating = match self.flavor.clone() {
            Flavor::Inline => inline::seat(),
            Flavor::Current => current::seat()?,
            Flavor::On(arbiter) => on::seat(arbiter),
            Flavor::Dedicated => dedicated::seat()?,
            Flavor::Pool(threads) => pool::seat(threads, self.is_split_by_order())?,
            Flavor::Blocking(threads) => blocking::seat(threads)?,
            Flavor::Custom(actor) => custom::seat(vec![actor], &self, home)?,
            Flavor::CustomPool(actors) => custom::seat(actors, &self, home)?,
            Flavor::Remote(outlet) => remote::seat(outlet, &self)?,
        };
        let service = match (seating.site.arbiters().is_empty(), self.in_order) {
            (false, _) => Service::Stays,
            (true, true) => Service::OnDemand,
            (true, false) => Service::Bypass,
        };
        let plan = Plan {
            seats: seating.site.arbiters().len().max(1),
            is_split: seating.is_split,
            routing: self.routing,
            overflow: self.overflow,
            in_order: self.in_order,
            service,
        };
        Ok(Placement {
            how: seating.how,
            plan,
            capacity: self.capacity,
            site: seating.site,
        })
    }

    /// Whether several places may each have a queue: in order, only if each is to
    /// be in order by itself.
    fn is_split_by_order(&self) -> bool {
        !self.in_order || self.routing == Routing::Keyed
    }
}

/// Who runs emissions, and where they sit.
struct Seating {
    how: How,
    /// Without arbiters, if whoever emits does.
    site: Site,
    is_split: bool,
}

impl Seating {
    /// Threads of the emitter's own.
    fn own(how: How, threads: usize, is_split: bool) -> Result<Self, StartError> {
        Ok(Self {
            how,
            site: Site::own(threads).ok_or(StartError::NoArbiter)?,
            is_split,
        })
    }
}

/// Whether so many threads can be had.
fn check(setting: &'static str, threads: usize) -> Result<(), StartError> {
    let max = Strategy::MAX_THREADS;
    match threads {
        0 => Err(StartError::Zero { setting }),
        n if n > max => Err(StartError::TooMany { setting, max }),
        _ => Ok(()),
    }
}

impl fmt::Debug for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.flavor {
            Flavor::Inline => f.write_str("Strategy::inline()"),
            Flavor::Current => f.write_str("Strategy::current()"),
            Flavor::On(_) => f.write_str("Strategy::on(..)"),
            Flavor::Dedicated => f.write_str("Strategy::dedicated()"),
            Flavor::Pool(n) => write!(f, "Strategy::pool({n})"),
            Flavor::Blocking(n) => write!(f, "Strategy::blocking({n})"),
            Flavor::Custom(_) => f.write_str("Strategy::custom(..)"),
            Flavor::Remote(_) => f.write_str("Strategy::remote(..)"),
            Flavor::CustomPool(actors) => {
                write!(f, "Strategy::custom_pool([..; {}])", actors.len())
            }
        }?;
        if self.routing != Routing::default() {
            write!(f, ".routing({:?})", self.routing)?;
        }
        if (self.capacity, self.overflow) != (CAPACITY, Overflow::default()) {
            write!(f, ".bounded({}, {:?})", self.capacity, self.overflow)?;
        }
        if self.in_order {
            f.write_str(".in_order()")?;
        }
        Ok(())
    }
}
