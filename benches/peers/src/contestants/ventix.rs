//! ventix, in its ways.

use std::fmt;
use std::hint::black_box;
use std::rc::Rc;

use ::ventix::{Emitter, Linker, Strategy, Subscription, SubscriptionSpec, on};

use super::actix::{Counter, Question};
use super::bursts::{Audience, BATCH, BURST, each, one_by_one};
use crate::contest::Contestant;
use crate::event::Event;

/// By which strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// [`Strategy::inline`].
    Inline,
    /// [`Strategy::current`].
    Current,
    /// [`Strategy::dedicated`].
    Dedicated,
    /// [`Strategy::pool`] of two.
    Pool,
}

/// With which call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// [`Emitter::emit`].
    Emit,
    /// [`TypedEmitter::emit`](::ventix::TypedEmitter::emit).
    Typed,
    /// [`Emitter::emit_all`], of a whole batch.
    EmitAll,
    /// [`Emitter::emit_and_wait`], one by one.
    EmitAndWait,
    /// [`Emitter::request`], one by one.
    Request,
}

/// To what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// Actors that handle `Delivery<E>`.
    Actor,
    /// Actors that handle `E`, and know nothing of ventix.
    PlainActor,
    /// Sync callbacks.
    Callback,
    /// Async callbacks.
    AsyncCallback,
}

/// One of ventix's ways; displayed, its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way(pub By, pub How, pub To);

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = match self.0 {
            By::Inline => "inline",
            By::Current => "current",
            By::Dedicated => "dedicated",
            By::Pool => "pool(2)",
        };
        let how = match self.1 {
            How::Emit => "emit",
            How::Typed => "typed emit",
            How::EmitAll => "emit_all",
            How::EmitAndWait => "emit_and_wait",
            How::Request => "request",
        };
        let to = match self.2 {
            To::Actor => "actor",
            To::PlainActor => "plain actor",
            To::Callback => "callback",
            To::AsyncCallback => "async callback",
        };
        write!(f, "ventix {by}, {how}, {to}")
    }
}

impl By {
    fn strategy(self) -> Strategy {
        match self {
            Self::Inline => Strategy::inline(),
            Self::Current => Strategy::current(),
            Self::Dedicated => Strategy::dedicated(),
            Self::Pool => Strategy::pool(2),
        }
    }
}

impl To {
    async fn spec(self, audience: &Audience) -> SubscriptionSpec {
        let left = audience.left.clone();
        match self {
            Self::Actor => on::<Event>().actor(Counter::start(&left, &audience.place).await),
            Self::PlainActor => {
                on::<Event>().plain_actor(Counter::start(&left, &audience.place).await)
            }
            Self::Callback => on::<Event>().call(move |event| left.handle(event)),
            Self::AsyncCallback => on::<Event>().call_async(move |event| {
                let left = left.clone();
                async move { left.handle(&event) }
            }),
        }
    }
}

/// Starts an emitter, with the handlers subscribed to its linker.
///
/// # Panics
///
/// Without an arbiter.
pub async fn emitter(by: By, to: To, audience: &Audience) -> Emitter {
    subscribed(by, to, audience).await.0
}

async fn subscribed(by: By, to: To, audience: &Audience) -> (Emitter, Vec<Subscription>) {
    let linker = Linker::start();
    let mut subscriptions = Vec::new();
    for _ in 0..audience.handlers {
        let spec = to.spec(audience).await;
        subscriptions.push(linker.subscribe(spec).expect("no limit is set"));
    }
    (Emitter::start(&linker, by.strategy()), subscriptions)
}

/// Whether every delivery has ended.
fn have_ended(subscriptions: &[Subscription]) -> bool {
    let mut counts = subscriptions.iter().map(Subscription::counts);
    counts.all(|counts| counts.handled == counts.matched)
}

/// Takes part in one of ventix's ways.
///
/// # Panics
///
/// Without an arbiter.
pub async fn ventix(way: Way, mut audience: Audience) -> Contestant {
    let Way(by, how, to) = way;
    let (emitter, subscriptions) = subscribed(by, to, &audience).await;
    if to == To::PlainActor {
        // That it has handled a message comes back through actix's reply channel, and
        // the room in its lane with it.
        audience.is_settled = Rc::new(move || have_ended(&subscriptions));
    }
    match how {
        How::Emit => {
            let emit = each(move |event| drop(black_box(emitter.emit(event))));
            audience.bursts(way, BURST, emit)
        }
        How::Typed => {
            let emitter = emitter.typed::<Event>();
            let emit = each(move |event| drop(black_box(emitter.emit(event))));
            audience.bursts(way, BURST, emit)
        }
        How::EmitAll => {
            let emit = move |burst| {
                let events = (0..burst).map(Event::new);
                drop(black_box(emitter.emit_all(events)));
            };
            audience.bursts(way, BATCH, emit)
        }
        How::EmitAndWait => {
            let emitter = Rc::new(emitter);
            one_by_one(way, audience.left, move |event| {
                let emitter = emitter.clone();
                async move {
                    drop(black_box(emitter.emit_and_wait(event).await));
                }
            })
        }
        How::Request => {
            let linker = Linker::start();
            let actor = Counter::start(&audience.left, &audience.place).await;
            let spec = on::<Question>().actor(actor);
            linker.subscribe(spec).expect("no limit is set");
            let emitter = Rc::new(Emitter::start(&linker, by.strategy()));
            one_by_one(way, audience.left, move |event| {
                let emitter = emitter.clone();
                async move {
                    let reply = emitter.request::<_, u64>(Question(event)).await;
                    black_box(reply.expect("it is answered"));
                }
            })
        }
    }
}

/// Takes part in several of ventix's ways, each with an audience of its own.
pub async fn ventix_all(ways: &[Way], audience: impl Fn() -> Audience) -> Vec<Contestant> {
    let mut contestants = Vec::new();
    for way in ways {
        contestants.push(ventix(*way, audience()).await);
    }
    contestants
}
