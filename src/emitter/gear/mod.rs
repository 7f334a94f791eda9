//! A strategy at work: who runs emissions, what waits for them, and how one
//! strategy takes over from another.
//!
//! - [`Gear`] is the whole of it. Every emission holds the gear that runs it, so a
//!   gear, and the arbiters that it started, live until their work is done.
//! - [`Room`](crate::registry::Room) bounds what waits, [`Line`](line::Line) decides what comes
//!   next, and [`Runner`](runner::Runner) takes it from there, on an arbiter of the
//!   gear or wherever the line is served.
//! - [`Turnstile`](turnstile::Turnstile) counts what a gear has let in and not yet
//!   run.
//! - [`Slot`] says which gear is in.
//!
//! # Handing over
//!
//! To switch, the next gear is started, **held**: it lets emissions in and runs
//! none. Then it is put into the slot, and the old one's turnstile is closed. An
//! emission that comes to a closed turnstile goes on to the next gear; one that came
//! before is counted, and whoever counts the last one off opens the next gear. So
//! what one thread emits passes from one gear to the other in its order, nothing is
//! lost, and nothing runs twice, without a lock on the way of an emission. Nobody
//! has to wait for it: when the one who asked for the switch has gone, the hand-over
//! goes on.
//!
//! What a handler emits meanwhile may belong to what the old gear still has to run:
//! in order, all that comes right after its cause; and otherwise what is waited for
//! by a thread that is blocked until it has run. The old gear lets that in as long as
//! it has not handed over: the next one would have it wait for its own cause.

mod batch;
mod gear;
mod line;
mod pass;
mod places;
mod runner;
mod slot;
mod ticket;
mod turnstile;
mod work;

pub(super) use batch::Batch;
pub(super) use gear::{Gear, Placement};
pub(super) use line::{Plan, Service};
pub(super) use pass::{NoPlace, Pass, Reserved};
pub(super) use slot::Slot;
pub(super) use ticket::Ticket;
pub(super) use work::{How, Recipients};
