use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, ThreadId};

use actix::Recipient;
use actix_rt::ArbiterHandle;

use crate::emitter::emission::Emission;
use crate::emitter::outward::Outlet;
use crate::handler::{Router, Routing, round};

use super::line::Line;

/// What a gear and those that run its emissions share.
pub(super) struct Work {
    pub(super) line: Line<Emission>,
    pub(super) how: How,
    seats: Vec<Seat>,
}

/// Where the emissions of a line are run, if not on the caller's thread.
struct Seat {
    arbiter: ArbiterHandle,
    thread: OnceLock<ThreadId>,
}

/// What is done with an emission whose turn it is.
pub(in crate::emitter) enum How {
    Run,
    RunBlocking,
    Hand(Recipients),
    /// It is not run here: it goes out before it becomes one.
    Outward(Arc<dyn Outlet>),
}

impl Work {
    pub(super) fn new(line: Line<Emission>, how: How, arbiters: Vec<ArbiterHandle>) -> Self {
        let seat = |arbiter| Seat {
            arbiter,
            thread: OnceLock::new(),
        };
        Self {
            line,
            how,
            seats: arbiters.into_iter().map(seat).collect(),
        }
    }

    /// Whether somebody is left who would run an emission.
    pub(super) fn is_alive(&self) -> bool {
        match &self.how {
            How::Hand(actors) if !actors.is_alive() => false,
            _ => self.line.is_clear() || self.line.is_alive(),
        }
    }

    /// How many can run an emission.
    pub(super) fn places(&self) -> usize {
        match &self.how {
            How::Hand(actors) => actors.actors.len(),
            How::Run | How::RunBlocking | How::Outward(_) => self.seats.len(),
        }
    }

    /// Runs one here and now, or hands it over. What sits on a seat hands it to the
    /// actor of that seat.
    pub(super) fn run(&self, emission: Emission, seat: Option<usize>) {
        match &self.how {
            How::Run => emission.run(),
            How::RunBlocking => emission.run_blocking(),
            How::Hand(actors) => {
                let seat = seat.filter(|_| self.line.plan().is_split);
                actors.hand(emission, seat);
            }
            // None gets here; if one did, it would be lost, and say so.
            How::Outward(_) => drop(emission),
        }
    }

    /// Runs one where a seat is: here and now, if that is on this thread.
    pub(super) fn run_at(self: &Arc<Self>, emission: Emission, seat: usize) {
        let at = match &self.how {
            How::Hand(_) => None,
            _ => self.seats.get(seat),
        };
        match at {
            Some(at) if at.thread.get() != Some(&thread::current().id()) => {
                let work = self.clone();
                // If the arbiter has stopped, the emission is dropped: it is lost,
                // and says so.
                at.arbiter
                    .spawn(async move { work.run(emission, Some(seat)) });
            }
            _ => self.run(emission, Some(seat)),
        }
    }

    /// Notes that a seat's thread is this one.
    pub(super) fn sit_down(&self, seat: usize) {
        if let Some(seat) = self.seats.get(seat) {
            seat.thread.get_or_init(|| thread::current().id());
        }
    }

    /// One that was handed to an actor has been started or dropped by it.
    pub(super) fn taken_by(&self, actor: usize) {
        if let How::Hand(actors) = &self.how {
            actors.loads[actor].fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Work")
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

/// The actors of the user's that run emissions.
pub(in crate::emitter) struct Recipients {
    actors: Vec<Recipient<Emission>>,
    /// How many each has been handed and has not started.
    loads: Vec<AtomicUsize>,
    router: Router,
}

impl Recipients {
    pub(in crate::emitter) fn new(actors: Vec<Recipient<Emission>>, routing: Routing) -> Self {
        Self {
            loads: actors.iter().map(|_| AtomicUsize::new(0)).collect(),
            router: Router::new(routing),
            actors,
        }
    }

    fn is_alive(&self) -> bool {
        self.actors.iter().any(Recipient::connected)
    }

    /// Hands one over. If the actor has stopped meanwhile, actix drops it: it is
    /// lost, and says so.
    fn hand(&self, mut emission: Emission, seat: Option<usize>) {
        let actor = match seat {
            Some(seat) => seat,
            None => self.pick(emission.metadata().key()),
        };
        if let Some(ticket) = emission.ticket() {
            self.loads[actor].fetch_add(1, Ordering::Relaxed);
            ticket.hand_to(actor);
        }
        self.actors[actor].do_send(emission);
    }

    fn pick(&self, key: Option<&str>) -> usize {
        let places = self.actors.len();
        if places == 1 {
            return 0;
        }
        let load = |actor: usize| self.loads[actor].load(Ordering::Relaxed);
        let picked = self.router.pick(places, key, load);
        // One that has stopped hands its share on.
        let alive = round(picked, places).find(|actor| self.actors[*actor].connected());
        alive.unwrap_or(picked)
    }
}
