use std::sync::Arc;

use actix::clock::Instant;
use actix_rt::ArbiterHandle;
use futures::{FutureExt, StreamExt};

use crate::delivery::Ledger;
use crate::event::{EventType, HandlerRef};
use crate::in_time::in_time;
use crate::outcome::{Receipt, Stage};

use super::super::watch::{Each, Line, Watch};
use super::error::RequestError;
use super::silent::{Silence, Silent};

/// The ends of the deliveries of one request, as they come.
///
/// Dropped, it leaves the deliveries alone: what they reply is nobody's then.
pub(in crate::emitter) struct Arrivals {
    pub(super) receipt: Receipt,
    /// Those that were turned away at once.
    known: std::vec::IntoIter<Line>,
    each: Each,
    until: Option<Instant>,
    /// Has a clock where the one that waits has none.
    home: ArbiterHandle,
    /// Who has replied, and who has ended otherwise.
    replied: Vec<usize>,
    silent: Vec<(usize, Silent)>,
    is_timed_out: bool,
}

/// One reply.
pub(super) struct Arrived<R> {
    /// Its place in the order of delivery.
    pub(super) position: usize,
    pub(super) handler: HandlerRef,
    pub(super) value: R,
}

impl Arrivals {
    pub(in crate::emitter) fn new(
        receipt: Receipt,
        watch: Watch,
        until: Option<Instant>,
        home: ArbiterHandle,
    ) -> Self {
        Self {
            receipt,
            known: watch.lines.into_iter(),
            each: watch.each.unwrap_or_default(),
            until,
            home,
            replied: Vec::new(),
            silent: Vec::new(),
            is_timed_out: false,
        }
    }

    /// Waits for the next reply that is an `R`, and notes who ends without one.
    pub(super) async fn next<R: 'static>(&mut self) -> Option<Arrived<R>> {
        while let Some((position, ended)) = self.next_line().await {
            if ended.stage() != Stage::Handler {
                continue;
            }
            match ended.into_reply() {
                Ok((handler, value)) => {
                    self.replied.push(position);
                    return Some(Arrived {
                        position,
                        handler,
                        value,
                    });
                }
                Err(ended) => self.silent.push((position, Silent::of(&ended))),
            }
        }
        None
    }

    async fn next_line(&mut self) -> Option<Line> {
        if let Some(line) = self.known.next() {
            return Some(line);
        }
        let lines = self.each.lines.as_mut()?;
        // What is there already is in time.
        if let Some(line) = lines.next().now_or_never() {
            return line;
        }
        let line = in_time(&self.home, self.until, lines.next()).await;
        self.is_timed_out = line.is_none();
        if self.is_timed_out {
            self.each.lines = None;
        }
        line.flatten()
    }

    /// Who has not replied, in the order of delivery.
    pub(super) fn into_silent(mut self) -> Vec<Silent> {
        if let (true, Some(ledger)) = (self.is_timed_out, self.each.ledger.take()) {
            self.add_open(&ledger);
        }
        self.silent.sort_by_key(|(position, _)| *position);
        self.silent.into_iter().map(|(_, silent)| silent).collect()
    }

    fn add_open(&mut self, ledger: &Arc<dyn Ledger>) {
        let mut has_ended = vec![false; self.receipt.matched()];
        let silent = self.silent.iter().map(|(position, _)| position);
        for position in silent.chain(&self.replied) {
            has_ended[*position] = true;
        }
        let open = (0..has_ended.len()).filter(|position| !has_ended[*position]);
        let open = open.map(|at| (at, Silent::new(ledger.handler(at), Silence::Open)));
        self.silent.extend(open);
    }

    /// Why there is no reply.
    pub(super) fn into_error(self, expected: EventType) -> RequestError {
        if self.receipt.is_unheard() {
            return RequestError::Unheard;
        }
        if let Some(reason) = self.receipt.refusal() {
            return RequestError::Refused(reason.clone());
        }
        let is_timed_out = self.is_timed_out;
        let handlers = self.into_silent();
        if is_timed_out {
            return RequestError::TimedOut { handlers };
        }
        RequestError::no_reply(expected, handlers)
    }
}
