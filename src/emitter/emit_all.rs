use std::fmt;

use actix::Message;

use crate::outcome::Receipts;

use super::gear::Batch;
use super::message::{Emit, Parent};
use super::shared::Shared;

/// Emits several events, as one message to [`Emitter::addr`](crate::Emitter::addr).
/// Made by the function of the same name.
///
/// It is the same as that many messages [`Emit`](struct@crate::Emit), with nothing in
/// between. See [`Emitter::emit_all`](crate::Emitter::emit_all).
///
/// # Examples
///
/// ```
/// use ventix::{on, EmitAll, Emitter, Linker, Strategy};
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<&str>().call(|line| println!("{}", **line)))?;
/// let emitter = Emitter::start(&linker, Strategy::current());
/// let receipts = emitter.addr().send(EmitAll(["hello", "world"])).await?;
/// assert_eq!(receipts.accepted(), 2);
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
pub struct EmitAll<E> {
    events: Vec<E>,
}

/// Makes the message that emits `events`. The iterator is run to its end here.
///
/// # Examples
///
/// ```
/// # use ventix::{on, EmitAll, Emitter, Linker, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<u32>().call(|n| println!("{}", **n)))?;
/// let emitter = Emitter::start(&linker, Strategy::current());
/// emitter.addr().do_send(EmitAll(1..=10_u32));
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
#[allow(non_snake_case, reason = "it reads as the message that it makes")]
pub fn EmitAll<E: Send + Sync + 'static>(events: impl IntoIterator<Item = E>) -> EmitAll<E> {
    EmitAll {
        events: Vec::from_iter(events),
    }
}

impl<E> EmitAll<E> {
    pub(super) fn into_events(self) -> Vec<E> {
        self.events
    }
}

impl<E: 'static> Message for EmitAll<E> {
    type Result = Receipts;
}

impl<E> fmt::Debug for EmitAll<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmitAll")
            .field("event", &std::any::type_name::<E>())
            .field("len", &self.events.len())
            .finish()
    }
}

impl Shared {
    /// Emits events one after the other, and never waits.
    pub(super) fn launch_all<E: Send + Sync + 'static>(
        &self,
        events: Vec<E>,
        parent: Option<&Parent>,
    ) -> Receipts {
        let mut batch = Batch::default();
        let mut receipts = Receipts::with_capacity(events.len());
        let cell = self.cell::<E>();
        let mut events = events.into_iter();
        if parent.is_none() {
            while events.len() > 1 && self.emit_together(&mut events, &cell, &mut receipts) {}
        }
        for event in events {
            receipts.push(match parent {
                None => self.emit_in(event, &cell, &mut batch),
                parent => self.launch_in(Emit(event).caused_by(parent), &mut batch),
            });
        }
        receipts
    }
}
