use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_rt::Arbiter;
use futures::StreamExt;
use futures::stream::FuturesUnordered;

use crate::emitter::emission::Emission;
use crate::handler::PER_TURN;
use crate::shield::shielded;

use super::line::{End, Service};
use super::ticket::Ticket;
use super::work::{How, Work};

/// Sits on a seat and runs what the line gives it.
///
/// Dropped before its work is done, because its arbiter has stopped, it leaves an
/// empty seat: what only it would have run is lost.
pub(super) struct Runner {
    work: Arc<Work>,
    seat: usize,
    done: bool,
}

impl Runner {
    pub(super) fn new(work: &Arc<Work>, seat: usize) -> Self {
        Self {
            work: work.clone(),
            seat,
            done: false,
        }
    }

    /// Runs what comes, until nothing is to come any more.
    pub(super) async fn stay(mut self) {
        self.work.sit_down(self.seat);
        if self.work.line.plan().takes_all() {
            return self.stay_for_all().await;
        }
        let mut left = self.budget();
        let next = |cx: &mut Context<'_>| self.work.line.poll_take(self.seat, cx);
        while let Some(emission) = poll_fn(next).await {
            self.run(emission).await;
            self.pause(&mut left).await;
        }
        self.done = true;
    }

    /// Asks the line once for all that waits.
    async fn stay_for_all(mut self) {
        let mut left = self.budget();
        let mut batch = VecDeque::new();
        loop {
            poll_fn(|cx| self.work.line.poll_take_all(self.seat, &mut batch, cx)).await;
            if batch.is_empty() {
                break;
            }
            while let Some(slot) = batch.pop_front() {
                let count = slot.item.count();
                shielded(|| self.work.run(slot.item, Some(self.seat)));
                self.pause_after(count, &mut left).await;
            }
        }
        self.done = true;
    }

    /// Runs what there is. A thread without an arbiter serves itself, and leaves
    /// what others have emitted to the next place where this is polled.
    pub(super) async fn serve(mut self) {
        let mut left = self.budget();
        while let Some(emission) = self.work.line.take_or_leave() {
            self.run(emission).await;
            if Arbiter::try_current().is_none() && self.work.line.is_next_a_stranger() {
                left = 1;
            }
            self.pause(&mut left).await;
        }
        self.done = true;
    }

    /// A thread that is there to be blocked may be so for long: what its async
    /// callbacks wait for gets its turn after every emission.
    fn budget(&self) -> usize {
        match self.work.how {
            How::RunBlocking => 1,
            How::Run | How::Hand(_) | How::Outward(_) => PER_TURN,
        }
    }

    async fn pause(&self, left: &mut usize) {
        self.pause_after(1, left).await;
    }

    async fn pause_after(&self, count: usize, left: &mut usize) {
        *left = left.saturating_sub(count);
        if *left == 0 {
            *left = self.budget();
            tokio::task::yield_now().await;
        }
    }

    async fn run(&self, mut emission: Emission) {
        let plan = self.work.line.plan();
        if plan.in_order {
            return self.run_to_end(emission).await;
        }
        // What an actor has in its mailbox cannot be taken back: it gets the next
        // one when it has taken this one out.
        let hands_one = plan.service == Service::Stays && matches!(self.work.how, How::Hand(_));
        let ticket = emission.ticket().filter(|_| hands_one);
        let started = ticket.map(Ticket::until_started);
        shielded(|| self.work.run(emission, Some(self.seat)));
        if let Some(started) = started {
            // Dropped when it starts.
            let _ = started.await;
        }
    }

    /// Runs one, and waits until it has ended, and with it what it has waited for.
    async fn run_to_end(&self, mut emission: Emission) {
        let mut ends: FuturesUnordered<End> = FuturesUnordered::new();
        ends.push(Box::pin(emission.ended()));
        let stays = emission.ticket().map(|ticket| ticket.again());
        shielded(|| self.work.run(emission, Some(self.seat)));
        poll_fn(|cx| {
            loop {
                ends.extend(self.work.line.joined(self.seat, cx));
                match ends.poll_next_unpin(cx) {
                    Poll::Ready(Some(())) => {}
                    Poll::Ready(None) if self.work.line.try_end(self.seat) => {
                        return Poll::Ready(());
                    }
                    Poll::Ready(None) => {}
                    Poll::Pending => return Poll::Pending,
                }
            }
        })
        .await;
        drop(stays);
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        let line = &self.work.line;
        if line.plan().service == Service::Bypass {
            // It only waited for its turn: any thread will do.
            while let Some(emission) = line.take_or_leave() {
                shielded(|| self.work.run(emission, None));
            }
            return;
        }
        let (lost, ends) = line.vacate(self.seat);
        drop(ends);
        for emission in lost {
            shielded(|| drop(emission));
        }
    }
}
