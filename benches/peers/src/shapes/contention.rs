//! One, two and four threads that emit the same event, or each one of its own, and how
//! much they are in each other's way.
//!
//! A figure is the processor time that a thread spends on one of its emits, beside that of
//! one thread alone: a thread that waits for its turn spends none, so that the figures hold
//! also where there are fewer cores than threads. The ratio is one where nothing is shared,
//! and also where a busy machine lets one thread run after the other: measure on a quiet one.
//! Each thread's events are counted on a cache line of its own.
//!
//! Actors are on another thread, which is held up as long as the threads emit: waking it
//! up over and over would be most of what is measured.

use std::fmt;
use std::hint::black_box;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use ::actix::{Actor, Addr, Arbiter, ArbiterHandle, Context, Handler, Recipient};
use futures::channel::oneshot;
use rustix::time::{ClockId, clock_gettime};
use ventix::{Delivery, Emitter, Linker, Strategy, on};

use super::{Shape, in_system};
use crate::contest::{Contestant, Entry, Turns, contest};
use crate::contestants::actix::{Counter, RAW};
use crate::crew::Crew;
use crate::event::{Event, Left, THREADS};
use crate::place::Place;

/// The name of the shape.
pub const NAME: &str = "threads that emit, the same event and different ones";

/// So many emits of each thread to callbacks, which run at once.
const TO_CALLBACKS: usize = 10_000;
/// So many of each thread that no lane, of 1,024 by default, is full.
const TO_ACTORS: usize = 250;

/// An event of one of four types, one for each thread.
struct Own<const N: usize>(Event);

/// Emits an event: its thread's and the number that it has there.
type Emit = Arc<dyn Fn(usize, usize) + Send + Sync>;

/// An actor for events of every type.
struct Listener(Left);

impl Actor for Listener {
    type Context = Context<Self>;
}

impl<const N: usize> Handler<Delivery<Own<N>>> for Listener {
    type Result = ();

    fn handle(&mut self, event: Delivery<Own<N>>, _: &mut Self::Context) {
        self.0.handle(&event.0);
    }
}

/// Measures the shape.
pub fn measure(entry: Entry) -> Shape<Turns> {
    let rows = in_system(async {
        let (crew, arbiter) = (Crew::start(), Arbiter::new());
        let place = Place::There(arbiter.handle());
        let mut contestants = Vec::new();

        let left = Left::default();
        let actor: Recipient<Event> = Counter::start(&left, &place).await.recipient();
        let emit: Emit = Arc::new(move |thread, n| actor.do_send(Event::of_thread(thread, n)));
        let turn = Turn {
            crew: crew.clone(),
            emit,
            left,
            emits: TO_ACTORS,
            hold_up: Some(arbiter.handle()),
        };
        contestants.extend(turn.contestants(format!("{RAW} to an actor")));

        let callbacks = [
            ("the same event", same as Share),
            ("events of their own", own_events),
            ("events and emitters of their own", own_emitters),
            ("events and linkers of their own", own_linkers),
        ];
        for (what, share) in callbacks {
            let left = Left::default();
            let turn = Turn {
                crew: crew.clone(),
                emit: share(&To::Callbacks(left.clone())),
                left,
                emits: TO_CALLBACKS,
                hold_up: None,
            };
            contestants.extend(turn.contestants(format!("inline to a callback, {what}")));
        }
        let actors = [
            ("the same event", same as Share),
            ("events of their own", own_events),
        ];
        for (what, share) in actors {
            let left = Left::default();
            let turn = Turn {
                crew: crew.clone(),
                emit: share(&To::actors(&left, &place).await),
                left,
                emits: TO_ACTORS,
                hold_up: Some(arbiter.handle()),
            };
            contestants.extend(turn.contestants(format!("inline to an actor, {what}")));
        }
        contest(contestants, entry).await
    });
    Shape {
        name: NAME.to_owned(),
        unit: "ns of its processor per emit of a thread".to_owned(),
        floor: None,
        rows,
    }
}

/// What the threads do, and how it is known that it is over.
#[derive(Clone)]
struct Turn {
    crew: Crew,
    emit: Emit,
    left: Left,
    /// How often each thread emits.
    emits: usize,
    /// Whose thread is held up meanwhile.
    hold_up: Option<ArbiterHandle>,
}

impl Turn {
    /// One thread alone, two and four.
    fn contestants(self, name: impl fmt::Display) -> [Contestant; 3] {
        let row = |threads| match threads {
            1 => format!("{name}: 1 thread"),
            _ => format!("{name}: {threads} threads"),
        };
        [1, 2, THREADS].map(|threads| {
            let this = self.clone();
            let contestant = Contestant::new(row(threads), self.emits, move || {
                let this = this.clone();
                async move { this.time(threads).await }
            });
            match threads {
                1 => contestant,
                _ => contestant.floor(row(1)),
            }
        })
    }

    /// The processor time that each of the threads spends, on average. The first burst is
    /// not timed: it warms up.
    async fn time(&self, threads: usize) -> Duration {
        self.burst(threads).await;
        let spent = self.burst(threads).await;
        spent / u32::try_from(threads).expect("there are few")
    }

    /// The processor time that the threads spend together.
    async fn burst(&self, threads: usize) -> Duration {
        let (emit, emits) = (self.emit.clone(), self.emits);
        for thread in 0..threads {
            self.left.expect(thread, emits);
        }
        let held = match &self.hold_up {
            Some(arbiter) => Some(hold_up(arbiter).await),
            None => None,
        };
        let work = move |thread| {
            let before = processor_time();
            for n in 0..emits {
                emit(thread, n);
            }
            processor_time() - before
        };
        let times = self.crew.run(threads, work).await;
        drop(held);
        assert!(self.left.are_over(32).await, "a delivery was lost");
        times.iter().sum()
    }
}

/// Holds up the thread of an arbiter until what is returned is dropped.
async fn hold_up(arbiter: &ArbiterHandle) -> mpsc::Sender<()> {
    let (hold, held) = mpsc::channel();
    let (tell, told) = oneshot::channel();
    let is_sent = arbiter.spawn_fn(move || {
        let _ = tell.send(());
        let _ = held.recv();
    });
    assert!(is_sent, "the arbiter runs");
    told.await.expect("the arbiter runs");
    hold
}

/// What this thread has spent.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("it is not negative")
}

/// To what.
enum To {
    Callbacks(Left),
    /// One for each type.
    Actors(Vec<Addr<Listener>>),
}

impl To {
    async fn actors(left: &Left, place: &Place) -> Self {
        let mut actors = Vec::new();
        for _ in 0..THREADS {
            let left = left.clone();
            let start = move || async move { Listener(left).start() };
            actors.push(place.make(start).await);
        }
        Self::Actors(actors)
    }

    /// Has the events of one type handled.
    fn link<const N: usize>(&self, linker: &Linker) {
        let spec = match self {
            Self::Callbacks(left) => {
                let left = left.clone();
                on::<Own<N>>().call(move |event| left.handle(&event.0))
            }
            Self::Actors(actors) => on::<Own<N>>().actor(actors[N].clone()),
        };
        linker.subscribe(spec).expect("no limit is set");
    }

    fn link_all(&self, linker: &Linker) {
        self.link::<0>(linker);
        self.link::<1>(linker);
        self.link::<2>(linker);
        self.link::<3>(linker);
    }
}

/// Which emitters emit which events.
type Share = fn(&To) -> Emit;

fn inline(linker: &Linker) -> Emitter {
    Emitter::start(linker, Strategy::inline())
}

fn emit<const N: usize>(emitter: &Emitter, event: Event) {
    drop(black_box(emitter.emit(Own::<N>(event))));
}

/// The event of a thread's own type.
fn emit_own(emitter: &Emitter, thread: usize, n: usize) {
    let event = Event::of_thread(thread, n);
    match thread {
        0 => emit::<0>(emitter, event),
        1 => emit::<1>(emitter, event),
        2 => emit::<2>(emitter, event),
        _ => emit::<3>(emitter, event),
    }
}

fn same(to: &To) -> Emit {
    let linker = Linker::start();
    to.link_all(&linker);
    let emitter = inline(&linker);
    Arc::new(move |thread, n| emit::<0>(&emitter, Event::of_thread(thread, n)))
}

fn own_events(to: &To) -> Emit {
    let linker = Linker::start();
    to.link_all(&linker);
    let emitter = inline(&linker);
    Arc::new(move |thread, n| emit_own(&emitter, thread, n))
}

fn own_emitters(to: &To) -> Emit {
    let linker = Linker::start();
    to.link_all(&linker);
    each(|| inline(&linker))
}

fn own_linkers(to: &To) -> Emit {
    each(|| {
        let linker = Linker::start();
        to.link_all(&linker);
        inline(&linker)
    })
}

fn each(start: impl Fn() -> Emitter) -> Emit {
    let emitters: [Emitter; THREADS] = std::array::from_fn(|_| start());
    Arc::new(move |thread, n| emit_own(&emitters[thread], thread, n))
}
