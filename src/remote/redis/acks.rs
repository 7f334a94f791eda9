use std::sync::{Mutex, PoisonError};

use redis::Value;
use tokio::sync::{Semaphore, oneshot};

use super::link::call;
use super::reply::Reply;
use super::script::ACKS;
use super::settle::Place;
use crate::remote::Settled;

/// How many messages one call of the script acknowledges at most: while it runs, the server
/// does nothing else.
const CHUNK: usize = 128;
/// How many calls are on their way at a time: the server has one while the next gathers.
const CALLS: usize = 2;

/// The acknowledgements of one consumer, gathered: what comes while others are on their way
/// goes in one call after them. One that comes alone goes at once.
///
/// Whoever has its turn sends for all that wait, so that nothing runs in between that could
/// end without them.
pub(super) struct Acks {
    waiting: Mutex<Vec<Ack>>,
    turns: Semaphore,
}

struct Ack {
    id: String,
    token: u64,
    /// Dropped, if there was no answer.
    tell: oneshot::Sender<Settled>,
}

impl Acks {
    pub(super) fn new() -> Self {
        Self {
            waiting: Mutex::default(),
            turns: Semaphore::new(CALLS),
        }
    }

    /// Acknowledges a message, along with others. `None` if the server has not answered: it
    /// may have done it all the same.
    pub(super) async fn ack(&self, place: &Place, id: String, token: u64) -> Option<Settled> {
        let (tell, mut told) = oneshot::channel();
        self.wait(Ack { id, token, tell });
        loop {
            let turn = tokio::select! {
                biased;
                settled = &mut told => return settled.ok(),
                turn = self.turns.acquire() => turn,
            };
            let chunk = self.take();
            if chunk.is_empty() {
                // Another has it under way.
                drop(turn);
                return told.await.ok();
            }
            send(place, chunk).await;
            drop(turn);
        }
    }

    fn wait(&self, ack: Ack) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(ack);
    }

    fn take(&self) -> Vec<Ack> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiting.len().min(CHUNK);
        waiting.drain(..count).collect()
    }
}

/// Sends one call, and tells all of them how it ended.
async fn send(place: &Place, chunk: Vec<Ack>) {
    let bytes = chunk.iter().map(|ack| ack.id.len() + 24).sum();
    let mut acks = call(&ACKS, &place.key, 2 * chunk.len(), bytes);
    acks.arg(place.consumer.group.as_str())
        .arg(&*place.consumer.name);
    for ack in &chunk {
        acks.arg(&*ack.id).arg(ack.token);
    }
    let answer = place.shared.link.eval(&ACKS, &acks).await;
    let Ok(mut reply) = answer.and_then(|value| Reply::new("acks", value)) else {
        return;
    };
    for ack in chunk {
        let settled = match reply.value() {
            Ok(Value::Int(1)) => Settled::Done,
            Ok(Value::Int(_)) => Settled::LeaseLost,
            _ => return,
        };
        // Whoever waited may have gone: then it is nobody's.
        let _ = ack.tell.send(settled);
    }
}
