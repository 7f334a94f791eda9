use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::fault::Fault;
use super::read::{Blocking, Read};
use super::settle::{Handed, Place};
use super::sweep::{Swept, sweep};
use crate::remote::{Answer, ConsumeError, Lease, Source};

/// The most that one call leases, whatever is free.
const MOST: usize = 1000;
/// How long nothing is looked after at most, so that others see that the consumer is there.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// The same in an ordered queue, where what wakes a consumer may go to one that dies of it.
const LONGEST_ORDERED: Duration = Duration::from_secs(1);

/// Reads for one consumer.
///
/// Two things go on side by side, each in a task of its own, so that a call of `next` that is
/// dropped leaves them be: a *read* that blocks, on a connection of its own, until something
/// is ready or a wake-up comes; and a *sweep*, a script on the shared connection, that appends
/// what is due, takes over what others did not settle, and says when it is wanted next. In an
/// ordered queue it is the sweep that hands out messages, and the read only waits.
pub(super) struct RedisSource {
    place: Arc<Place>,
    ordered: bool,
    blocking: Blocking,
    reads: JoinSet<Read>,
    sweeps: JoinSet<Result<Swept, Fault>>,
    /// What was handed out to us and not yet returned, and since when.
    waiting: VecDeque<(Instant, Handed)>,
    next_sweep: Instant,
    /// The consumer's wake stream is to be made.
    join: bool,
    /// After a failure.
    pauses: ExponentialBackoff,
    paused: Option<Instant>,
    closing: watch::Receiver<bool>,
    stopped: bool,
}

impl RedisSource {
    pub(super) fn new(place: Place) -> Self {
        let closing = place.shared.closing();
        Self {
            ordered: place.consumer.topology.partitions().is_some(),
            place: Arc::new(place),
            blocking: Blocking::default(),
            reads: JoinSet::new(),
            sweeps: JoinSet::new(),
            waiting: VecDeque::new(),
            next_sweep: Instant::now(),
            join: true,
            pauses: pauses(),
            paused: None,
            closing,
            stopped: false,
        }
    }

    async fn advance(&mut self, free: usize) -> Result<Vec<Lease>, ConsumeError> {
        if self.ordered && self.sweeps.is_empty() {
            self.next_sweep = Instant::now();
        }
        loop {
            if self.stopped || *self.closing.borrow_and_update() {
                return Err(ConsumeError::Stopped);
            }
            let leases = self.take(free);
            if !leases.is_empty() {
                return Ok(leases);
            }
            if let Some(until) = self.paused {
                tokio::select! {
                    () = sleep_until(until) => self.paused = None,
                    _ = self.closing.changed() => {}
                }
                continue;
            }
            if self.sweeps.is_empty() && (self.join || Instant::now() >= self.next_sweep) {
                let work = sweep(self.place.clone(), self.ordered, free, self.join);
                self.sweeps.spawn(work);
            }
            if self.reads.is_empty() && self.sweeps.is_empty() {
                let read = self.blocking.read(&self.place, self.ordered, free);
                self.reads.spawn(read);
            }
            tokio::select! {
                Some(swept) = self.sweeps.join_next() => {
                    let swept = swept.unwrap_or_else(|e| Err(stopped(&e)));
                    self.swept(swept).await?;
                }
                Some(read) = self.reads.join_next() => {
                    let read = read.unwrap_or_else(|e| Read::failed(stopped(&e)));
                    self.read(read)?;
                }
                () = sleep_until(self.next_sweep), if self.sweeps.is_empty() => {}
                _ = self.closing.changed() => {}
            }
        }
    }

    /// Takes what is there already, unless its lease has run out meanwhile.
    fn take(&mut self, free: usize) -> Vec<Lease> {
        let lease = self.place.consumer.lease;
        self.waiting.retain(|(since, _)| since.elapsed() < lease);
        let count = free.min(self.waiting.len());
        self.waiting
            .drain(..count)
            .map(|(_, handed)| handed.into_lease(&self.place))
            .collect()
    }

    fn read(&mut self, read: Read) -> Result<(), ConsumeError> {
        match read.result {
            Ok((handed, woken)) => {
                self.blocking = read.blocking;
                self.hold(handed);
                self.recovered();
                if woken {
                    self.join = !self.ordered;
                    self.next_sweep = Instant::now();
                }
                Ok(())
            }
            Err(fault) if fault.is_no_group() => {
                // The sweep finds out what is gone.
                self.blocking = read.blocking;
                self.join = true;
                Ok(())
            }
            Err(fault) => self.fail(fault.into()),
        }
    }

    async fn swept(&mut self, swept: Result<Swept, Fault>) -> Result<(), ConsumeError> {
        match swept {
            Ok(Swept::Lost) => {
                self.join = true;
                let topology = &self.place.consumer.topology;
                match self.place.shared.ensure(topology).await {
                    Ok(()) => Ok(()),
                    Err(e) => self.fail(ConsumeError::Unavailable(e.into())),
                }
            }
            Ok(Swept::Done(done)) => {
                let queue = self.place.consumer.topology.queue();
                self.place.shared.count_lost(queue, done.lost);
                self.join = false;
                let longest = match self.ordered {
                    true => LONGEST_ORDERED,
                    false => LONGEST_PAUSE,
                };
                let pause = (done.shortest_lease / 4)
                    .clamp(Duration::from_millis(5), longest)
                    .min(done.next.unwrap_or(longest));
                self.next_sweep = Instant::now() + pause;
                self.hold(done.handed);
                self.recovered();
                Ok(())
            }
            Err(fault) => self.fail(fault.into()),
        }
    }

    fn hold(&mut self, handed: Vec<(Instant, Handed)>) {
        self.waiting.extend(handed);
    }

    fn recovered(&mut self) {
        self.pauses = pauses();
    }

    /// Whoever asks again at once waits a little first.
    fn fail(&mut self, error: ConsumeError) -> Result<(), ConsumeError> {
        let pause = self.pauses.next().unwrap_or_default();
        self.paused = Some(Instant::now() + pause);
        Err(error)
    }
}

impl Source for RedisSource {
    fn next<'a>(&'a mut self, free: NonZeroUsize) -> Answer<'a, Result<Vec<Lease>, ConsumeError>> {
        Box::pin(self.advance(free.get().min(MOST)))
    }

    fn stop(&mut self) {
        self.stopped = true;
        while let Some(Ok(read)) = self.reads.try_join_next() {
            let (handed, _) = read.result.unwrap_or_default();
            self.hold(handed);
        }
        while let Some(Ok(swept)) = self.sweeps.try_join_next() {
            if let Ok(Swept::Done(done)) = swept {
                self.hold(done.handed);
            }
        }
        self.reads.abort_all();
        self.sweeps.abort_all();
        self.blocking = Blocking::default();
        // What nobody has seen yet is given back uncounted; if there is no runtime to do it,
        // it is handed out again when its lease has run out.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            for (_, handed) in self.waiting.drain(..) {
                runtime.spawn(handed.into_lease(&self.place).release());
            }
        }
    }
}

fn pauses() -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(50))
        .with_max_delay(Duration::from_secs(1))
        .with_jitter()
        .without_max_times()
        .build()
}

fn stopped(_: &JoinError) -> Fault {
    Fault::Stopped
}
